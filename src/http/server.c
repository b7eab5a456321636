/* Starting and stopping. The threads are in worker.c, the life of one request is in request.c. */
#include "http/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/url.h"
#include "http/server_private.h"
#include <poll.h>
#include <stdio.h>

#define DRAIN_POLL_MS 5
/* Busy clients on open connections send their next request within this time and are then told that it was the last, instead
 * of being cut off. */
#define DRAIN_QUIET_MS 100
/* How long the answers to abandoned requests may take to leave. */
#define ABANDON_MS 1000
#define OPTIONS_MAX 24
#define PROXY_TEXTS_MAX 8192

/* ---- libmicrohttpd's calls ---- */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
    return request_new(cls, c, uri);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *n, void **slot)
{
    (void)cls;
    (void)c;
    (void)url;
    return *slot ? request_step(*slot, method, version, data, n) : MHD_NO;
}

static void on_completed(
    void *cls, struct MHD_Connection *c, void **slot, enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)c;
    (void)code;
    if (*slot)
        request_completed(*slot);
    *slot = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *c, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    struct worker *w = cls;
    metric_add(METRIC_http_connections, code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = worker_deadline_new(w, c);
        return;
    }
    deadline_free(*socket_context);
    atomic_fetch_sub(&worker_server(w)->connections, 1);
}

/* Paths and queries stay as they were sent. */
static size_t on_unescape(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls;
    (void)c;
    return strlen(s);
}

static void on_log(void *cls, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
static void on_log(void *cls, const char *fmt, va_list args)
{
    (void)cls;
    char text[256];
    vsnprintf(text, sizeof(text), fmt, args);
    log_debug("http_library", LOG_S("text", str_trim(str_from(text))));
}

static void on_panic(void *cls, const char *file, unsigned line, const char *reason)
{
    (void)cls;
    log_bug(file ? file : "libmicrohttpd", (int)line, "libmicrohttpd", reason ? reason : "");
}

/* ---- starting ---- */

static struct str text_copy(struct str s)
{
    return s.n ? (struct str){mem_strndup(s.p, s.n), s.n} : STR_ABSENT;
}

static void text_free(struct str s)
{
    void *p = (void *)(uintptr_t)s.p;
    if (p)
        mem_wipe(p, s.n);
    mem_free(p);
}

void server_unref(struct server *s)
{
    if (atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    text_free(s->options.listen);
    text_free(s->options.trusted_proxy);
    text_free(s->options.tls_cert);
    text_free(s->options.tls_key);
    text_free(s->options.tls_client_issuers);
    mem_free(s);
}

static struct MHD_Daemon *daemon_start(struct server *s, struct worker *w)
{
    const struct server_options *o = &s->options;
    struct MHD_OptionItem items[OPTIONS_MAX];
    int n = 0;
#define ITEM(option, number, pointer)                                                              \
    (items[n++] = (struct MHD_OptionItem){(option), (intptr_t)(number), (pointer)})
    /* The true limit is the acceptor's, over all workers. */
    ITEM(MHD_OPTION_CONNECTION_LIMIT, o->connections_max, NULL);
    ITEM(MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->connection_memory, NULL);
    ITEM(MHD_OPTION_CONNECTION_TIMEOUT, o->idle_timeout_s, NULL);
    if (!str_absent(o->tls_cert)) {
        ITEM(MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->tls_cert.p);
        ITEM(MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->tls_key.p);
        ITEM(MHD_OPTION_HTTPS_PRIORITIES, 0,
            (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE");
        if (!str_absent(o->tls_client_issuers))
            ITEM(MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)o->tls_client_issuers.p);
    }
    ITEM(MHD_OPTION_END, 0, NULL);
#undef ITEM
    /* Without the library's own signal (ITC): worker.c has ours. */
    unsigned flags = MHD_USE_EPOLL | (MHD_ALLOW_SUSPEND_RESUME & ~MHD_USE_ITC) | MHD_USE_ERROR_LOG |
                     MHD_USE_NO_LISTEN_SOCKET | (str_absent(o->tls_cert) ? 0 : MHD_USE_TLS);
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log,
        NULL, MHD_OPTION_URI_LOG_CALLBACK, on_uri, w, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape,
        NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, w, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

static void workers_stop(struct server *s)
{
    for (int i = 0; i < s->worker_count; i++)
        worker_stop(s->workers[i]);
    mem_free(s->workers);
}

static enum err worker_add(struct server *s, struct buf *why)
{
    bool tls = !str_absent(s->options.tls_cert);
    enum err e = worker_start(s, daemon_start, &s->workers[s->worker_count]);
    if (e == ERR_OK) {
        s->worker_count++;
        return ERR_OK;
    }
    const char *what = e == ERR_IO ? "no thread could be started"
                       : tls       ? "the TLS certificate or its key was refused"
                                   : "the HTTP library refused to start";
    buf_printf(why, "can't serve HTTP on %.*s: %s\n", STR_FMT(s->options.listen), what);
    return tls ? e : ERR_IO;
}

static enum err server_run(struct server *s, struct buf *why)
{
    enum err e = ERR_OK;
    s->linger = linger_new();
    s->streams = streams_new();
    s->workers = mem_array((size_t)s->options.threads, sizeof(*s->workers));
    for (int i = 0; e == ERR_OK && i < s->options.threads; i++)
        e = worker_add(s, why);
    if (e == ERR_OK) {
        e = acceptor_run(s->acceptor, s);
        if (e != ERR_OK)
            buf_cstr(why, "can't start the thread that accepts connections\n");
    }
    if (e != ERR_OK)
        workers_stop(s);
    return e;
}

/* Kept as the texts that a peer's address is compared with. */
static enum err proxy_set(struct server *s, struct str addresses, struct buf *why)
{
    struct buf texts;
    struct str entry;
    enum err e = ERR_OK;
    s->options.trusted_proxy = STR_ABSENT;
    buf_init(&texts, PROXY_TEXTS_MAX);
    while (e == ERR_OK && ip_list_next(&addresses, &entry)) {
        struct sockaddr_storage sa;
        char text[IP_TEXT_LEN];
        if (ip_parse(entry, &sa) != ERR_OK) {
            buf_printf(why, "trusted_proxy: '%.*s' is no IP address\n", STR_FMT(entry));
            e = ERR_CONFIG;
            break;
        }
        ip_format((const struct sockaddr *)&sa, text);
        buf_printf(&texts, "%s%s", texts.n > 0 ? "," : "", text);
    }
    if (e == ERR_OK && texts.n > 0)
        s->options.trusted_proxy = text_copy(buf_view(&texts));
    buf_clear(&texts);
    return e;
}

enum err server_start(const struct server_options *o, struct buf *why, struct server **ret)
{
    struct server *s = mem_alloc(sizeof(*s));
    s->options = *o;
    s->options.listen = text_copy(o->listen);
    s->options.tls_cert = text_copy(o->tls_cert);
    s->options.tls_key = text_copy(o->tls_key);
    s->options.tls_client_issuers = text_copy(o->tls_client_issuers);
    atomic_init(&s->refs, 1);
    MHD_set_panic_func(on_panic, NULL);
    enum err e = proxy_set(s, o->trusted_proxy, why);
    if (e == ERR_OK)
        e = acceptor_new(s->options.listen, why, &s->acceptor);
    if (e == ERR_OK)
        e = server_run(s, why);
    if (e != ERR_OK) {
        if (s->acceptor)
            acceptor_free(s->acceptor);
        if (s->linger)
            linger_free(s->linger);
        if (s->streams)
            streams_free(s->streams);
        server_unref(s);
        return e;
    }
    *ret = s;
    return ERR_OK;
}

int server_port(const struct server *s)
{
    return acceptor_port(s->acceptor);
}

const char *server_library_version(void)
{
    return MHD_get_version();
}

/* ---- stopping ---- */

/* Until the count was 0 for `quiet_ms`, at most limit_ms. */
static void wait_zero(atomic_int *count, int64_t quiet_ms, int64_t limit_ms)
{
    int64_t now = clock_mono_ms(), end = now + limit_ms, busy_at = now;
    while (now < end && now - busy_at < quiet_ms) {
        poll(NULL, 0, DRAIN_POLL_MS);
        now = clock_mono_ms();
        if (atomic_load(count) > 0)
            busy_at = now;
    }
}

void server_stop(struct server *s, int64_t drain_ms)
{
    atomic_store(&s->stopping, true);
    acceptor_free(s->acceptor);
    wait_zero(&s->open, DRAIN_QUIET_MS, drain_ms);
    requests_abandon(s);
    wait_zero(&s->open, 2 * DRAIN_POLL_MS, ABANDON_MS);
    /* Whoever answers later finds its request abandoned and leaves the daemons alone. */
    while (atomic_load(&s->answering) > 0)
        poll(NULL, 0, 1);
    workers_stop(s);
    streams_free(s->streams);
    linger_free(s->linger);
    server_unref(s);
}
