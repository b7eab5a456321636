/* kassa wallet add nagad: the merchant's number and the two keys, in any form in which they are handed round. */
#include "app/cli/cli.h"

#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"

#define KEY_FILE_MAX ((size_t)65536)
#define DER_MAX ((size_t)8192)
#define MERCHANT_ID_MAX 20

/* The DER of a file that has base64 alone, without a PEM's lines, broken into lines or not. */
static enum err bare_der(struct str text, struct buf *ret_der)
{
    struct buf packed;
    uint8_t der[DER_MAX];
    size_t n = 0;
    buf_init(&packed, KEY_FILE_MAX);
    for (size_t i = 0; i < text.n; i++) {
        if (!strchr(" \t\r\n", text.p[i])) {
            buf_char(&packed, text.p[i]);
        }
    }
    enum err e = base64_decode(buf_view(&packed), der, sizeof der, &n);
    if (e == ERR_OK) {
        buf_add(ret_der, der, n);
    }
    mem_wipe(der, sizeof der);
    buf_wipe(&packed);
    return e;
}

static enum err private_read(struct str text, struct rsa_private **ret)
{
    struct buf der;
    enum err e = rsa_private_from_pem(text, STR_ABSENT, ret);
    if (e != ERR_SYNTAX) {
        return e;
    }
    buf_init(&der, DER_MAX);
    e = bare_der(text, &der);
    e = e == ERR_OK ? rsa_private_from_der(buf_view(&der), ret) : e;
    buf_wipe(&der);
    return e;
}

static enum err public_read(struct str text, struct rsa_public **ret)
{
    struct buf der;
    enum err e = rsa_public_from_pem(text, ret);
    if (e != ERR_SYNTAX) {
        return e;
    }
    buf_init(&der, DER_MAX);
    e = bare_der(text, &der);
    e = e == ERR_OK ? rsa_public_from_der(buf_view(&der), ret) : e;
    buf_clear(&der);
    return e;
}

/* The content of the option's file; told when there is none. */
static bool file_text(struct cli *c, const char *option, struct buf *ret)
{
    if (!cli_has(c, option)) {
        cli_usage(c, "--%s: nagad needs it", option);
        return false;
    }
    return cli_secret_read(option, cli_get(c, option), ret);
}

static bool key_told(struct cli *c, const char *option, enum err e)
{
    if (e != ERR_OK) {
        cli_usage(c,
            e == ERR_RANGE ? "--%s: the key must be RSA of 2048 to 4096 bits"
                           : "--%s: holds no key in PEM, or base64, without a pass phrase",
            option);
    }
    return e == ERR_OK;
}

static bool keys_read(struct cli *c, struct rsa_private **own, struct rsa_public **nagad)
{
    struct buf own_text, nagad_text;
    buf_init(&own_text, KEY_FILE_MAX);
    buf_init(&nagad_text, KEY_FILE_MAX);
    bool good = file_text(c, "private-key-file", &own_text) &&
                file_text(c, "nagad-key-file", &nagad_text) &&
                key_told(c, "private-key-file", private_read(buf_view(&own_text), own)) &&
                key_told(c, "nagad-key-file", public_read(buf_view(&nagad_text), nagad));
    buf_wipe(&own_text);
    buf_clear(&nagad_text);
    return good;
}

static void key_write(struct json_writer *w, const char *name, struct buf *der)
{
    struct buf text;
    buf_init(&text, DER_MAX * 2);
    base64_encode(&text, der->p, der->n);
    json_w_kstr(w, name, buf_view(&text));
    buf_wipe(&text);
    buf_wipe(der);
}

/* The merchant's own public key lies beside Nagad's in the portal, and is easily taken for it. */
static bool keys_write(struct cli *c, const struct rsa_private *own, const struct rsa_public *nagad,
    struct json_writer *w)
{
    struct rsa_public *own_public = NULL;
    struct buf private_der, nagad_der, own_der;
    buf_init(&private_der, DER_MAX);
    buf_init(&nagad_der, DER_MAX);
    buf_init(&own_der, DER_MAX);
    bool good = rsa_private_public(own, &own_public) == ERR_OK &&
                rsa_private_to_der(own, &private_der) == ERR_OK &&
                rsa_public_to_der(nagad, &nagad_der) == ERR_OK &&
                rsa_public_to_der(own_public, &own_der) == ERR_OK;
    bool same = good && str_eq(buf_view(&nagad_der), buf_view(&own_der));
    if (same) {
        cli_usage(c, "--nagad-key-file: is the merchant's own public key, not Nagad's");
    }
    key_write(w, "own_key", &private_der);
    key_write(w, "wallet_key", &nagad_der);
    buf_clear(&own_der);
    rsa_public_free(own_public);
    return good && !same;
}

static bool merchant_id_check(struct cli *c, struct str *ret)
{
    struct str s = cli_has(c, "merchant-id") ? str_from(cli_get(c, "merchant-id")) : STR("");
    bool good = s.n > 0 && s.n <= MERCHANT_ID_MAX;
    for (size_t i = 0; i < s.n; i++) {
        good = good && s.p[i] >= '0' && s.p[i] <= '9';
    }
    if (!good) {
        cli_usage(c, "--merchant-id: nagad needs it, as digits");
    }
    *ret = s;
    return good;
}

bool cli_nagad_secrets(struct cli *c, struct buf *plain)
{
    struct str merchant_id;
    struct rsa_private *own = NULL;
    struct rsa_public *nagad = NULL;
    struct json_writer w;
    bool good = merchant_id_check(c, &merchant_id) && keys_read(c, &own, &nagad);
    if (good) {
        json_w_init(&w, plain);
        json_w_open(&w, '{');
        json_w_kstr(&w, "merchant_id", merchant_id);
        good = keys_write(c, own, nagad, &w);
        json_w_close(&w);
    }
    rsa_private_free(own);
    rsa_public_free(nagad);
    return good;
}
