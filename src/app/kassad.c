/* kassad, the gateway. Start here: the configuration is read and checked (base/config, app/preflight), the service starts
 * (service/service: store, keys, accounts, wallets, settle, deliver), then two HTTP servers (http/server) with the routes of
 * http/routes.c. A signal ends it in the opposite order: no new connections, what is under way is answered, then the rest. */
#include "app/preflight.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/cabinet.h"
#include "http/page_limit.h"
#include "http/page_pay.h"
#include "http/routes.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define WHY_MAX ((size_t)64 * 1024)
/* What a connection may hold of headers; 10000 idle ones then cost 90 MB. */
#define CONNECTION_MEMORY ((size_t)8192)
#define IDLE_TIMEOUT_S 75
#define OPS_THREADS 2
#define OPS_CONNECTIONS_MAX 64
#define OPS_DRAIN_MS 1000
/* Files, outgoing calls, the store. */
#define DESCRIPTORS_BESIDE 2048
#define EXIT_USAGE 2

struct arguments {
    const char *config;
    bool check;
};

struct program {
    struct config config;
    struct clock clock;
    struct preflight files;
    struct service service;
    struct gateway gateway;
    struct server *public, *ops;
};

/* ---- the command line ---- */

static void usage(FILE *out)
{
    fputs("usage: kassad --config FILE [--check-config]\n"
          "       kassad --version | --help\n"
          "\n"
          "Kassa's gateway: merchant API, payment page, wallet callbacks, notifications.\n"
          "\n"
          "  --config FILE     the configuration (kassa init writes one)\n"
          "  --check-config    read and check the configuration and the files it names, print\n"
          "                    'ok' or each fault, and end\n"
          "  --version         print the version and end\n"
          "  --help            print this and end\n"
          "\n"
          "SIGTERM and SIGINT end it: requests under way are answered first, a second signal\n"
          "ends at once. Exit codes: 0 good, 1 it could not start or a fault was found, 2 usage.\n",
        out);
}

/* True when the program is to go on. */
static bool arguments_read(int argc, char **argv, struct arguments *ret, int *ret_exit)
{
    struct arguments a = {0};
    *ret_exit = EXIT_SUCCESS;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return false;
        }
        if (strcmp(argv[i], "--version") == 0) {
            puts("kassad " KASSA_VERSION);
            return false;
        }
        if (strcmp(argv[i], "--check-config") == 0) {
            a.check = true;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            a.config = argv[++i];
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            a.config = argv[i] + 9;
        } else {
            fprintf(stderr, "kassad: what is '%s'?\n\n", argv[i]);
            *ret_exit = EXIT_USAGE;
        }
    }
    if (!a.config || !a.config[0])
        *ret_exit = EXIT_USAGE;
    if (*ret_exit != EXIT_SUCCESS)
        usage(stderr);
    *ret = a;
    return *ret_exit == EXIT_SUCCESS;
}

/* ---- signals and the system ---- */

static void signals_block(sigset_t *ret)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    /* A file that may not grow any more is an error of the write, as a full disk is. */
    sigaction(SIGXFSZ, &ignore, NULL);
    *ret = set;
}

static void signal_await(const sigset_t *set)
{
    int number = 0;
    while (sigwait(set, &number) != 0)
        ;
    log_info("signal", LOG_I("number", number));
}

/* What is durable stays so: an end at once is what a crash is, and a start recovers from it. */
static void *second_signal(void *arg)
{
    signal_await(arg);
    log_warn("ended_at_once");
    _exit(EXIT_FAILURE);
}

static void second_signal_watch(sigset_t *set)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, second_signal, set) == 0)
        pthread_detach(thread);
}

static void descriptors_raise(int64_t connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t want = (rlim_t)(connections + DESCRIPTORS_BESIDE);
    if (limit.rlim_cur >= want)
        return;
    limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < want)
        log_warn("descriptors_few", LOG_I("limit", limit.rlim_cur), LOG_I("wanted", want));
}

static void supervisor_tell(const char *state)
{
#ifdef HAVE_SYSTEMD
    sd_notify(0, state);
#else
    (void)state;
#endif
}

static enum log_level level_of(const char *text)
{
    static const char *const names[] = {
        [LOG_LEVEL_DEBUG] = "debug",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_WARN] = "warn",
        [LOG_LEVEL_ERROR] = "error",
    };
    for (size_t i = 0; i < array_len(names); i++)
        if (strcmp(text, names[i]) == 0)
            return (enum log_level)i;
    return LOG_LEVEL_INFO;
}

/* ---- the servers ---- */

static enum err public_start(struct program *p, struct buf *why)
{
    struct server_options o = {
        .listen = str_from(p->config.server_listen),
        .routes = routes_public,
        .ctx = &p->gateway,
        .threads = (int)p->config.server_threads,
        .connections_max = (int)p->config.server_connections_max,
        .connection_memory = CONNECTION_MEMORY,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .header_timeout_s = (int)p->config.server_header_timeout_s,
        .body_timeout_s = (int)p->config.server_body_timeout_s,
        .trusted_proxy = str_from(p->config.server_trusted_proxy),
        .tls_cert = p->files.tls_cert.n ? buf_view(&p->files.tls_cert) : STR_ABSENT,
        .tls_key = p->files.tls_key.n ? buf_view(&p->files.tls_key) : STR_ABSENT,
        .error_page = page_error,
    };
    return server_start(&o, why, &p->public);
}

static enum err ops_start(struct program *p, struct buf *why)
{
    struct server_options o = {
        .listen = str_from(p->config.server_ops_listen),
        .routes = p->config.sandbox_sandbox ? routes_ops_sandbox : routes_ops,
        .ctx = &p->gateway,
        .threads = OPS_THREADS,
        .connections_max = OPS_CONNECTIONS_MAX,
        .connection_memory = CONNECTION_MEMORY,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .header_timeout_s = (int)p->config.server_header_timeout_s,
        .body_timeout_s = (int)p->config.server_body_timeout_s,
    };
    return server_start(&o, why, &p->ops);
}

static void program_stop(struct program *p)
{
    atomic_store(&p->gateway.stopping, true);
    if (p->public)
        server_stop(p->public, p->config.server_drain_s * 1000);
    if (p->ops)
        server_stop(p->ops, OPS_DRAIN_MS);
    cabinet_free(p->gateway.cabinet);
    if (p->gateway.service)
        service_stop(&p->service);
    page_limit_free(p->gateway.devices);
    pages_free(p->gateway.pages); /* a commit's completion may have needed them until now */
    preflight_clear(&p->files);
}

static enum err program_start(struct program *p, struct buf *why)
{
    enum err e = preflight_lock(&p->config, &p->files, why);
    if (e == ERR_OK)
        e = preflight_sandbox(&p->config, &p->clock, why);
    if (e == ERR_OK)
        e = service_start(&p->config, &p->clock, true, why, &p->service);
    if (e != ERR_OK)
        return e;
    p->gateway.service = &p->service;
    p->gateway.pages = pages_new(&p->service);
    p->gateway.devices = page_limit_new(p->service.config->limits_device_requests_per_minute);
    atomic_store(&p->gateway.starting, true);
    e = cabinet_new(&p->service, &p->gateway.cabinet);
    if (e == ERR_OK)
        e = ops_start(p, why);
    if (e == ERR_OK)
        e = public_start(p, why);
    atomic_store(&p->gateway.starting, false);
    return e;
}

static void started_log(const struct program *p)
{
    log_info("started", LOG_C("version", KASSA_VERSION),
        LOG_C("http_library", server_library_version()), LOG_C("listen", p->config.server_listen),
        LOG_I("port", server_port(p->public)), LOG_C("ops_listen", p->config.server_ops_listen),
        LOG_I("ops_port", server_port(p->ops)), LOG_C("api_url", p->config.server_api_url),
        LOG_C("pay_url", p->config.server_pay_url),
        LOG_C("tls", p->files.tls_cert.n ? "yes" : "no"),
        LOG_C("sandbox", p->config.sandbox_sandbox ? "yes" : "no"), LOG_I("pid", getpid()));
}

static int run(struct program *p, sigset_t *signals, struct buf *why)
{
    log_init(&p->clock, level_of(p->config.log_level), STDERR_FILENO);
    log_info("starting", LOG_C("version", KASSA_VERSION));
    descriptors_raise(p->config.server_connections_max);
    enum err e = program_start(p, why);
    if (e != ERR_OK) {
        program_stop(p);
        if (why->n == 0)
            buf_printf(why, "%s\n", err_info(e)->text);
        fprintf(
            stderr, "kassad: can't start:\n%s%s", why->p, why->p[why->n - 1] == '\n' ? "" : "\n");
        return EXIT_FAILURE;
    }
    started_log(p);
    supervisor_tell("READY=1");
    signal_await(signals);
    supervisor_tell("STOPPING=1");
    second_signal_watch(signals);
    program_stop(p);
    log_info("stopped");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct program p;
    static sigset_t signals;
    struct arguments arguments;
    struct buf why;
    int status;
    if (!arguments_read(argc, argv, &arguments, &status))
        return status;
    buf_init(&why, WHY_MAX);
    signals_block(&signals);
    clock_init(&p.clock);
    enum err e = config_load(arguments.config, &p.config, &why);
    bool loaded = e == ERR_OK;
    if (e == ERR_OK)
        e = config_check(&p.config, &why);
    if (e == ERR_OK)
        e = preflight_files(&p.config, &p.files, &why);
    if (e != ERR_OK) {
        fprintf(stderr, "kassad: %s:\n%s\n", arguments.config,
            why.n ? why.p : "the configuration can't be read");
        status = EXIT_FAILURE;
    } else if (arguments.check) {
        puts("ok");
        preflight_clear(&p.files);
    } else {
        status = run(&p, &signals, &why);
    }
    if (loaded)
        config_clear(&p.config);
    buf_clear(&why);
    return status;
}
