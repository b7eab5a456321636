/* What the machine can do at most: one RSA-2048 operation, OpenSSL's bare one and Kassa's own, and one write that is on the disk. */
#include "base/crypto.h"
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SYNCS 200

struct keys {
    struct rsa_private *private;
    struct rsa_public *public;
    uint8_t sig[RSA_SIG_MAX];
    size_t sig_n;
};

static struct str message(void)
{
    return STR(
        "{\"amount\":\"100.00\",\"order_id\":\"order-1\",\"service\":\"payment_card_bdt_hpp\"}");
}

static void verify_once(void *arg)
{
    struct keys *k = arg;
    if (rsa_verify(k->public, message(), (struct str){(char *)k->sig, k->sig_n}) != RSA_GOOD_SHA1) {
        bench_die("verify");
    }
}

static void sign_once(void *arg)
{
    struct keys *k = arg;
    if (rsa_sign(k->private, RSA_DIGEST_SHA1, message(), k->sig, sizeof k->sig, &k->sig_n) !=
        ERR_OK) {
        bench_die("sign");
    }
}

/* Microseconds of writing 4 KiB behind a file's end and waiting for the disk: the median. */
static int64_t fdatasync_us(const char *folder)
{
    char path[4096], page[4096] = {1};
    snprintf(path, sizeof path, "%s/fdatasync", folder);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        bench_die(path);
    }
    struct bench_times t;
    bench_times_init(&t);
    for (int i = 0; i < SYNCS; i++) {
        int64_t from = bench_now_ns();
        if (write(fd, page, sizeof page) != (ssize_t)sizeof page || fdatasync(fd) != 0) {
            bench_die("fdatasync");
        }
        bench_times_add(&t, (bench_now_ns() - from) / 1000);
    }
    close(fd);
    unlink(path);
    int64_t median = bench_times_quantile(&t, 0.5);
    bench_times_clear(&t);
    return median;
}

int bench_floor(int argc, char **argv)
{
    (void)argc;
    double bare_sign, bare_verify;
    struct keys k;
    if (rsa_private_generate(2048, &k.private) != ERR_OK ||
        rsa_private_public(k.private, &k.public) != ERR_OK) {
        bench_die("key");
    }
    bench_rsa(&bare_sign, &bare_verify);
    double sign = bench_cpu_us(sign_once, &k), verify = bench_cpu_us(verify_once, &k);
    printf("{\"rsa_verify_cpu_us\":%.2f,\"rsa_sign_cpu_us\":%.2f,\"kassa_verify_cpu_us\":%.2f,"
           "\"kassa_sign_cpu_us\":%.2f,\"fdatasync_us\":%lld}\n",
        bare_verify, bare_sign, verify, sign, (long long)fdatasync_us(argv[0]));
    rsa_private_free(k.private);
    rsa_public_free(k.public);
    return 0;
}
