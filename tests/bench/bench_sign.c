#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench.h"

#include <stdio.h>

#define PEM_MAX 16384

static struct rsa_private *key_load(const char *pem_path, const char *password_path)
{
    struct buf pem, password;
    struct rsa_private *key;
    buf_init(&pem, PEM_MAX);
    buf_init(&password, 1024);
    if (buf_read_file(&pem, pem_path) != ERR_OK ||
        buf_read_file(&password, password_path) != ERR_OK ||
        rsa_private_from_pem(buf_view(&pem), buf_view(&password), &key) != ERR_OK) {
        bench_die("the key cannot be read");
    }
    buf_wipe(&pem);
    buf_wipe(&password);
    return key;
}

static void body_write(struct buf *b, int64_t i)
{
    uint8_t raw[16];
    char uuid[UUID_LEN + 1];
    random_uuid(raw);
    uuid_format(raw, uuid);
    buf_reset(b);
    buf_printf(b,
        "{\"amount\":\"%d.50\",\"order_id\":\"order-%s\",\"service\":\"payment_card_bdt_hpp\","
        "\"customer_ip\":\"203.0.113.%d\",\"customer_code\":\"bkash\","
        "\"success_redirect_url\":\"https:\\/\\/shop.example.com\\/thanks\","
        "\"fail_redirect_url\":\"https:\\/\\/shop.example.com\\/sorry\",\"desc\":\"Order %lld\","
        "\"customer_phone\":\"01711111111\",\"customer_first_name\":\"Rahim\"}",
        (int)(i % 900) + 100, uuid, (int)(i % 250) + 1, (long long)i);
}

int bench_sign(int argc, char **argv)
{
    (void)argc;
    struct rsa_private *key = key_load(argv[0], argv[1]);
    FILE *out = fopen(argv[3], "w");
    if (!out) {
        bench_die(argv[3]);
    }
    struct buf body, line;
    buf_init(&body, 4096);
    buf_init(&line, 8192);
    for (int64_t i = 0, n = bench_number(argv[2]); i < n; i++) {
        uint8_t sig[RSA_SIG_MAX];
        size_t sig_n;
        body_write(&body, i);
        if (rsa_sign(key, RSA_DIGEST_SHA1, buf_view(&body), sig, sizeof sig, &sig_n) != ERR_OK) {
            bench_die("sign");
        }
        buf_reset(&line);
        base64_encode(&line, sig, sig_n);
        buf_printf(&line, " %.*s\n", STR_FMT(buf_view(&body)));
        if (fwrite(line.p, 1, line.n, out) != line.n) {
            bench_die("write");
        }
    }
    buf_clear(&body);
    buf_clear(&line);
    rsa_private_free(key);
    return fclose(out) == 0 ? 0 : 1;
}
