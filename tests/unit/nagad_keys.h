/* Key pairs of a merchant and of Nagad, and texts sealed between them. Header only, for unit tests. */
#ifndef KASSA_TESTS_UNIT_NAGAD_KEYS_H
#define KASSA_TESTS_UNIT_NAGAD_KEYS_H

#include "base/crypto_sealed.h"
#include "base/json.h"
#include "base/text.h"

#define NAGAD_MERCHANT "683002007104225"
#define NAGAD_REF "MDIwMjEyNTQ0NTEyMy42ODMwMDIwMDcxMDQyMjUuSzFOMS5hYg=="

struct nagad_pair {
    struct rsa_private *own;
    struct rsa_public *public;
};

static inline struct nagad_pair nagad_pair_new(void)
{
    struct nagad_pair p;
    assert_int_equal(rsa_private_generate(2048, &p.own), ERR_OK);
    assert_int_equal(rsa_private_public(p.own, &p.public), ERR_OK);
    return p;
}

static inline void nagad_pair_free(struct nagad_pair *p)
{
    rsa_private_free(p->own);
    rsa_public_free(p->public);
}

/* base64 of the DER, as the credential has them */
static inline void nagad_key_texts(const struct nagad_pair *merchant,
    const struct nagad_pair *wallet, struct buf *own_key, struct buf *wallet_key)
{
    struct buf der;
    buf_init(&der, 8192);
    assert_int_equal(rsa_private_to_der(merchant->own, &der), ERR_OK);
    base64_encode(own_key, der.p, der.n);
    buf_wipe(&der);
    buf_init(&der, 8192);
    assert_int_equal(rsa_public_to_der(wallet->public, &der), ERR_OK);
    base64_encode(wallet_key, der.p, der.n);
    buf_clear(&der);
}

/* {"sensitiveData","signature"}: sealed for `reader`, signed by `writer`. */
static inline void nagad_sealed_body(const struct nagad_pair *reader,
    const struct nagad_pair *writer, const char *plain, char *out, size_t cap)
{
    struct buf data, sign;
    buf_init(&data, 4096);
    buf_init(&sign, 4096);
    assert_int_equal(
        sealed_make(reader->public, writer->own, str_from(plain), &data, &sign), ERR_OK);
    snprintf(out, cap, "{\"sensitiveData\":\"%.*s\",\"signature\":\"%.*s\"}",
        STR_FMT(buf_view(&data)), STR_FMT(buf_view(&sign)));
    buf_clear(&data);
    buf_clear(&sign);
}

#endif
