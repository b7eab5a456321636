/* kassa wallet add rocket: the certificate by which DBBL knows the merchant, its key, and where payers go. */
#include "app/cli/cli.h"

#include "base/crypto_cert.h"
#include "base/mem.h"
#include "store/store_wallet.h"

#define PEM_MAX ((size_t)12288)

/* The content of the option's file; told when there is none. */
static bool file_text(struct cli *c, const char *option, struct buf *ret)
{
    if (!cli_has(c, option)) {
        cli_usage(c, "--%s: rocket needs it", option);
        return false;
    }
    return cli_secret_read(option, cli_get(c, option), ret);
}

static bool told(struct cli *c, bool good, const char *text)
{
    if (!good) {
        cli_usage(c, "%s", text);
    }
    return good;
}

static bool key_is_of(const struct rsa_private *key, const struct cert *cert)
{
    struct rsa_public *public = NULL;
    struct buf own, theirs;
    buf_init(&own, PEM_MAX);
    buf_init(&theirs, PEM_MAX);
    bool same = rsa_private_public(key, &public) == ERR_OK &&
                rsa_public_to_der(public, &own) == ERR_OK &&
                rsa_public_to_der(cert_key(cert), &theirs) == ERR_OK &&
                str_eq(buf_view(&own), buf_view(&theirs));
    rsa_public_free(public);
    buf_clear(&own);
    buf_clear(&theirs);
    return same;
}

/* What the bank would only say with a refused handshake. */
static bool pair_check(struct cli *c, struct str certificate, struct str key_text)
{
    struct cert *cert = NULL;
    struct rsa_private *key = NULL;
    bool good =
        told(c, cert_from_pem(certificate, &cert) == ERR_OK,
            "--certificate-file: holds no certificate in PEM with an RSA key of 2048 to 4096 "
            "bits") &&
        told(c, rsa_private_from_pem(key_text, STR_ABSENT, &key) == ERR_OK,
            "--private-key-file: holds no RSA key in PEM without a pass phrase") &&
        told(c, key_is_of(key, cert), "--private-key-file: is not the key of the certificate") &&
        told(c, cert_holds_at(cert, clock_now_ms(&c->clock)),
            "--certificate-file: the certificate is not valid now");
    rsa_private_free(key);
    cert_free(cert);
    return good;
}

/* Empty when the option is not given: the system's issuers are then trusted. */
static bool issuers_read(struct cli *c, struct buf *ret)
{
    struct cert *cert = NULL;
    if (!cli_has(c, "issuers-file")) {
        return true;
    }
    if (!cli_secret_read("issuers-file", cli_get(c, "issuers-file"), ret)) {
        return false;
    }
    bool good = told(c, cert_from_pem(buf_view(ret), &cert) == ERR_OK,
        "--issuers-file: holds no certificate in PEM with an RSA key of 2048 to 4096 bits");
    cert_free(cert);
    return good;
}

static bool page_url_read(struct cli *c, struct str *ret)
{
    if (!cli_has(c, "page-url")) {
        cli_usage(c, "--page-url: rocket needs it");
        return false;
    }
    *ret = str_from(cli_get(c, "page-url"));
    return cli_wallet_url_check(c, "page-url", *ret);
}

bool cli_rocket_secrets(struct cli *c, struct buf *plain)
{
    struct str page_url = STR_ABSENT;
    struct buf certificate, key, issuers;
    struct json_writer w;
    buf_init(&certificate, PEM_MAX);
    buf_init(&key, PEM_MAX);
    buf_init(&issuers, PEM_MAX);
    bool good = page_url_read(c, &page_url) && file_text(c, "certificate-file", &certificate) &&
                file_text(c, "private-key-file", &key) &&
                pair_check(c, buf_view(&certificate), buf_view(&key)) && issuers_read(c, &issuers);
    if (good) {
        json_w_init(&w, plain);
        json_w_open(&w, '{');
        json_w_kstr(&w, "page_url", page_url);
        json_w_kstr(&w, "own_certificate", buf_view(&certificate));
        json_w_kstr(&w, "own_key", buf_view(&key));
        json_w_kstr(&w, "wallet_key", buf_view(&issuers));
        json_w_close(&w);
    }
    buf_clear(&certificate);
    buf_wipe(&key);
    buf_clear(&issuers);
    return good;
}

int64_t cli_rocket_certificate_end(struct cli *c, const struct credential_row *r)
{
    struct buf plain;
    struct arena a;
    struct json *o = NULL;
    struct cert *cert = NULL;
    const char *why = NULL;
    int64_t end = 0;
    buf_init(&plain, 4 * PEM_MAX);
    arena_init(&a, 8 * PEM_MAX);
    if (box_open(c->service.keys, "wallet", r->secret_box, &plain) == ERR_OK &&
        json_parse(&a, buf_view(&plain), &o, &why) == ERR_OK &&
        cert_from_pem(json_get_string(o, "own_certificate"), &cert) == ERR_OK) {
        end = cert_ends_at(cert);
        cert_free(cert);
    }
    struct str key = o ? json_get_string(o, "own_key") : STR_ABSENT;
    if (key.n > 0) {
        mem_wipe((void *)(uintptr_t)key.p, key.n);
    }
    buf_wipe(&plain);
    arena_clear(&a);
    return end;
}
