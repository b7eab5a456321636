#include "app/cli/listen.h"

#include "base/mem.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define BODY_MAX 65536
#define DRAIN_MS 2000

static struct reply *front(struct request *rq)
{
    (void)rq;
    return reply_bytes(200, "text/plain; charset=utf-8",
        STR("kassa listen: notifications go to /notify, payers return to /return.\n"));
}

static const struct route routes[] = {
    {"GET", "/", ROUTE_PLAIN, 0, front},
    {"GET", "/notify", ROUTE_PLAIN, 0, listen_notify},
    {"POST", "/notify", ROUTE_PLAIN, BODY_MAX, listen_notify},
    {"GET", "/return", ROUTE_PLAIN, 0, listen_return},
    {"POST", "/return", ROUTE_PLAIN, BODY_MAX, listen_return},
    {.method = NULL},
};

static int keys_load(struct cli *c, struct listen *l)
{
    for (int i = 0; cli_get_nth(c, "account-public", i); i++) {
        const char *path = cli_get_nth(c, "account-public", i);
        if (l->public_count == LISTEN_KEYS_MAX) {
            return cli_usage(c, "--account-public: at most %d", LISTEN_KEYS_MAX);
        }
        struct buf *pem = &l->publics[l->public_count++];
        buf_init(pem, BODY_MAX);
        if (buf_read_file(pem, path) != ERR_OK) {
            return cli_fail("--account-public: %s can't be read", path);
        }
    }
    for (int i = 0; cli_get_nth(c, "secret", i) || cli_get_nth(c, "secret-file", i); i++) {
        if (l->secret_count + 2 > LISTEN_KEYS_MAX) {
            return cli_usage(c, "--secret: at most %d", LISTEN_KEYS_MAX);
        }
        if (cli_get_nth(c, "secret", i)) {
            struct buf *secret = &l->secrets[l->secret_count++];
            buf_init(secret, BODY_MAX);
            buf_cstr(secret, cli_get_nth(c, "secret", i));
        }
        if (cli_get_nth(c, "secret-file", i)) {
            struct buf *secret = &l->secrets[l->secret_count++];
            buf_init(secret, BODY_MAX);
            if (!cli_secret_read("secret-file", cli_get_nth(c, "secret-file", i), secret)) {
                return CLI_FAILED;
            }
        }
    }
    return CLI_OK;
}

static int out_open(struct cli *c, struct listen *l)
{
    const char *path = cli_get(c, "out");
    l->out_fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    return path && l->out_fd < 0 ? cli_fail("--out: %s can't be opened", path) : CLI_OK;
}

static int serve(struct cli *c, struct listen *l, int64_t port)
{
    struct server *server = NULL;
    struct buf why;
    sigset_t set;
    int number = 0;
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", (int)port);
    struct server_options o = {
        .listen = str_from(address),
        .routes = routes,
        .ctx = l,
        .threads = 1,
        .connections_max = 256,
        .connection_memory = 32768,
        .idle_timeout_s = 60,
        .header_timeout_s = 10,
        .body_timeout_s = 60,
    };
    /* Before the threads are made, so that none of them is ended by a signal. */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    buf_init(&why, 4096);
    enum err e = server_start(&o, &why, &server);
    int code = e == ERR_OK ? CLI_OK : cli_fail("%s: %s", address, why.n ? why.p : err_name(e));
    buf_clear(&why);
    if (code != CLI_OK) {
        return code;
    }
    printf(c->json ? "{\"listening\":\"http:\\/\\/127.0.0.1:%d\\/notify\"}\n"
                   : "listening on http://127.0.0.1:%d/notify\n",
        server_port(server));
    fflush(stdout);
    while (sigwait(&set, &number) != 0) {
        continue;
    }
    server_stop(server, DRAIN_MS);
    return CLI_OK;
}

static int listen_run(struct cli *c)
{
    struct listen l = {.clock = &c->clock, .out_fd = -1, .json = c->json, .answer = 200};
    int64_t port = 8091;
    if (!cli_get_int(c, "port", 0, 65535, &port) ||
        !cli_get_int(c, "answer", 200, 599, &l.answer)) {
        return CLI_USAGE;
    }
    int code = keys_load(c, &l);
    code = code == CLI_OK ? out_open(c, &l) : code;
    code = code == CLI_OK ? serve(c, &l, port) : code;
    for (int i = 0; i < LISTEN_KEYS_MAX; i++) {
        buf_clear(&l.publics[i]);
        buf_wipe(&l.secrets[i]);
    }
    if (l.out_fd >= 0) {
        close(l.out_fd);
    }
    return code;
}

static const struct cli_option listen_options[] = {
    {.name = "port", .arg = "N", .help = "on loopback; else 8091; 0: any free one"},
    {.name = "account-public",
        .arg = "FILE",
        .help = "public.pem of a notifications certificate",
        .required = true,
        .repeats = true},
    {.name = "secret",
        .arg = "whsec_...",
        .help = "of the endpoint; other users of the machine see it",
        .repeats = true},
    {.name = "secret-file", .arg = "FILE", .help = "holds it", .repeats = true},
    {.name = "out", .arg = "FILE", .help = "appends each as a line of JSON"},
    {.name = "answer", .arg = "STATUS", .help = "answers so, to try what Kassa does; else 200"},
    {.name = NULL},
};

const struct cli_command cli_listen_commands[] = {
    {.noun = "listen",
        .options = listen_options,
        .run = listen_run,
        .help = "merchant: a local receiver that checks and prints notifications",
        .more = "Takes GET, form and JSON at /notify, and the payer's return at /return. What is "
                "not genuine\n"
                "is answered with 400. A line has the fields as received and sign_ok, "
                "webhook_signature_ok,\n"
                "webhook_fresh (within five minutes of this clock), webhook_id, webhook_sequence, "
                "received_at."},
    {.noun = NULL},
};
