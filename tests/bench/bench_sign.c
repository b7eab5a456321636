#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench.h"

#include <stdio.h>
#include <string.h>

#define PEM_MAX 16384
#define ORDER_MAX 64

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

/* "order-000000001234", or a uuid in its place. */
static void order_write(char order[ORDER_MAX], int64_t i, bool sequential)
{
    uint8_t raw[16];
    char uuid[UUID_LEN + 1];
    random_uuid(raw);
    uuid_format(raw, uuid);
    if (sequential) {
        snprintf(order, ORDER_MAX, "order-%012lld", (long long)i);
    } else {
        snprintf(order, ORDER_MAX, "order-%s", uuid);
    }
}

static void body_write(struct buf *b, int64_t i, bool sequential)
{
    char order[ORDER_MAX];
    order_write(order, i, sequential);
    buf_reset(b);
    buf_printf(b,
        "{\"amount\":\"%d.50\",\"order_id\":\"%s\",\"service\":\"payment_card_bdt_hpp\","
        "\"customer_ip\":\"203.0.113.%d\",\"customer_code\":\"bkash\","
        "\"success_redirect_url\":\"https:\\/\\/shop.example.com\\/thanks\","
        "\"fail_redirect_url\":\"https:\\/\\/shop.example.com\\/sorry\",\"desc\":\"Order %lld\","
        "\"customer_phone\":\"01711111111\",\"customer_first_name\":\"Rahim\"}",
        (int)(i % 900) + 100, order, (int)(i % 250) + 1, (long long)i);
}

struct signer {
    struct rsa_private *key;
    FILE *out;
    struct buf line;
};

static void signer_open(struct signer *s, const char *pem, const char *password, const char *out)
{
    s->key = key_load(pem, password);
    s->out = fopen(out, "w");
    if (!s->out) {
        bench_die(out);
    }
    buf_init(&s->line, 8192);
}

static void signer_add(struct signer *s, struct str body)
{
    uint8_t sig[RSA_SIG_MAX];
    size_t sig_n;
    if (rsa_sign(s->key, RSA_DIGEST_SHA1, body, sig, sizeof sig, &sig_n) != ERR_OK) {
        bench_die("sign");
    }
    buf_reset(&s->line);
    base64_encode(&s->line, sig, sig_n);
    buf_printf(&s->line, " %.*s\n", STR_FMT(body));
    if (fwrite(s->line.p, 1, s->line.n, s->out) != s->line.n) {
        bench_die("write");
    }
}

static int signer_close(struct signer *s)
{
    buf_clear(&s->line);
    rsa_private_free(s->key);
    return fclose(s->out) == 0 ? 0 : 1;
}

int bench_sign(int argc, char **argv)
{
    (void)argc;
    struct signer s;
    struct buf body;
    int64_t first = bench_number(argv[2]), count = bench_number(argv[3]);
    bool sequential = strcmp(argv[4], "sequential") == 0;
    signer_open(&s, argv[0], argv[1], argv[5]);
    buf_init(&body, 4096);
    for (int64_t i = first; i < first + count; i++) {
        body_write(&body, i, sequential);
        signer_add(&s, buf_view(&body));
    }
    buf_clear(&body);
    return signer_close(&s);
}

/* Other bodies, a line each. */
int bench_sign_lines(int argc, char **argv)
{
    (void)argc;
    struct signer s;
    struct bench_feed bodies;
    signer_open(&s, argv[0], argv[1], argv[3]);
    bench_feed_open(&bodies, argv[2]);
    for (int64_t i = 0; i < bodies.count; i++) {
        signer_add(&s, bench_feed_line(&bodies, i));
    }
    bench_feed_close(&bodies);
    return signer_close(&s);
}
