#include "base/crypto_sealed.h"

#include "base/mem.h"
#include "base/text.h"

enum err sealed_make(const struct rsa_public *reader, const struct rsa_private *writer,
    struct str plain, struct buf *ret_data, struct buf *ret_sign)
{
    uint8_t data[RSA_SIG_MAX], sign[RSA_SIG_MAX];
    size_t data_n = 0, sign_n = 0;
    enum err e = rsa_encrypt(reader, plain, data, sizeof data, &data_n);
    if (e == ERR_OK)
        e = rsa_sign(writer, RSA_DIGEST_SHA256, plain, sign, sizeof sign, &sign_n);
    if (e != ERR_OK)
        return e;
    base64_encode(ret_data, data, data_n);
    base64_encode(ret_sign, sign, sign_n);
    return ERR_OK;
}

/* Something that is no plain text of anybody's stands for what can't be decrypted, so that the signature is checked against it
 * as it is against any other text. */
static size_t plain_take(
    const struct rsa_private *reader, struct str data, uint8_t plain[SEALED_PLAIN_MAX], bool *ok)
{
    uint8_t sealed[RSA_SIG_MAX];
    uint8_t open[SEALED_PLAIN_MAX];
    size_t n = 0;
    random_bytes(plain, SHA256_LEN);
    *ok = base64_decode(data, sealed, sizeof sealed, &n) == ERR_OK;
    if (!*ok) {
        random_bytes(sealed, sizeof sealed);
        n = sizeof sealed;
    }
    struct str block = {(const char *)sealed, n};
    bool opened = rsa_decrypt(reader, block, open, sizeof open, &n) == ERR_OK;
    *ok = *ok && opened;
    if (*ok)
        memcpy(plain, open, n);
    mem_wipe(open, sizeof open);
    return *ok ? n : SHA256_LEN;
}

enum err sealed_open(const struct rsa_private *reader, const struct rsa_public *writer,
    struct str data, struct str sign, struct buf *ret_plain)
{
    uint8_t plain[SEALED_PLAIN_MAX], raw[RSA_SIG_MAX];
    size_t raw_n = 0;
    bool opened = false;
    size_t n = plain_take(reader, data, plain, &opened);
    struct str text = {(const char *)plain, n};
    if (base64_decode(sign, raw, sizeof raw, &raw_n) != ERR_OK)
        raw_n = 0;
    struct str signature = {(const char *)raw, raw_n};
    bool good = rsa_verify(writer, text, signature) == RSA_GOOD_SHA256 && opened;
    if (good)
        buf_str(ret_plain, text);
    mem_wipe(plain, sizeof plain);
    return good ? ERR_OK : ERR_CRYPTO;
}
