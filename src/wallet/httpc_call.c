#include "wallet/httpc_call.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/url.h"
#include <sys/socket.h>

/* Idle connections are closed by peers after 5 s or more: one that is younger is not about to be closed under a
 * request, which would then be lost (nothing is resent). */
#define CONNECTION_IDLE_MAX_S 4L
#define HEADER_VALUE_MAX ((size_t)256)

static bool has_line_break(const char *s)
{
    return strpbrk(s, "\r\n") != NULL;
}

static void headers_copy(struct httpc_call *c, const char *const *headers)
{
    for (size_t i = 0; headers && headers[i]; i++)
        c->headers = curl_slist_append(c->headers, headers[i]);
    /* libcurl would wait a second for a "100 Continue" that nobody sends */
    c->headers = curl_slist_append(c->headers, "Expect:");
}

static void text_copy(struct buf *b, struct str s)
{
    buf_init(b, s.n);
    buf_str(b, s);
}

static void tls_copy(struct httpc_call *c, const struct httpc_request *rq)
{
    text_copy(&c->tls_certificate, rq->tls_certificate);
    text_copy(&c->tls_key, rq->tls_key);
    text_copy(&c->tls_issuers, rq->tls_issuers);
}

struct httpc_call *httpc_call_new(const struct httpc_request *rq)
{
    struct httpc_call *c = mem_alloc(sizeof(*c));
    c->url = mem_strndup(rq->url.p, rq->url.n);
    if (rq->proxy.n > 0)
        c->proxy = mem_strndup(rq->proxy.p, rq->proxy.n);
    tls_copy(c, rq);
    c->post = strcmp(rq->method, "POST") == 0;
    c->has_body = !str_absent(rq->body);
    buf_init(&c->body, rq->body.n);
    buf_str(&c->body, rq->body);
    headers_copy(c, rq->headers);
    c->slow_ms = rq->slow_ms;
    c->timeout_ms = rq->timeout_ms;
    c->connect_timeout_ms = rq->connect_timeout_ms;
    c->truncate = rq->truncate;
    c->public_only = rq->public_only;
    c->fresh_connect = rq->fresh_connect;
    c->secret = rq->secret;
    c->done = rq->done;
    c->arg = rq->arg;
    c->submitted_ms = c->started_ms = clock_mono_ms();
    buf_init(&c->reply, rq->reply_max);
    buf_init(&c->retry_after, HEADER_VALUE_MAX);
    buf_init(&c->content_type, HEADER_VALUE_MAX);
    return c;
}

void httpc_call_free(struct httpc_call *c)
{
    if (c->easy)
        curl_easy_cleanup(c->easy);
    if (c->secret) {
        for (struct curl_slist *h = c->headers; h; h = h->next)
            mem_wipe(h->data, strlen(h->data));
        buf_wipe(&c->body);
        buf_wipe(&c->reply);
    }
    curl_slist_free_all(c->headers);
    buf_clear(&c->body);
    buf_clear(&c->reply);
    buf_clear(&c->retry_after);
    buf_clear(&c->content_type);
    buf_clear(&c->tls_certificate);
    buf_wipe(&c->tls_key);
    buf_clear(&c->tls_issuers);
    mem_free(c->url);
    mem_free(c->proxy);
    mem_free(c);
}

/* The address here is the one that is connected to, whatever the name resolved to before. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct httpc_call *c = arg;
    (void)purpose;
    if (c->public_only && address_is_private(&address->addr)) {
        c->address_blocked = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Called right before the request is sent. A second time means that libcurl found a kept connection dead and wants
 * to send again, which is for the caller to decide. */
static int on_request(void *arg, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
    struct httpc_call *c = arg;
    (void)primary_ip;
    (void)local_ip;
    (void)primary_port;
    (void)local_port;
    if (c->request_began)
        return CURL_PREREQFUNC_ABORT;
    c->request_began = true;
    return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
    struct httpc_call *c = arg;
    size_t n = size * count;
    size_t room = c->reply.max - c->reply.n;
    if (n <= room) {
        buf_add(&c->reply, p, n);
        return n;
    }
    if (!c->truncate) {
        c->reply_too_large = true;
        return 0;
    }
    buf_add(&c->reply, p, room);
    c->reply_cut = true;
    return 0;
}

/* "Name: value" of one line; absent when it is another header. */
static struct str header_value(struct str line, struct str name)
{
    size_t colon = str_find(line, ':', 0);
    if (colon == line.n || !str_ieq(str_sub(line, 0, colon), name))
        return STR_ABSENT;
    return str_trim(str_sub(line, colon + 1, line.n));
}

static void header_keep(struct buf *b, struct str value)
{
    if (str_absent(value))
        return;
    buf_reset(b);
    buf_str(b, value);
}

static size_t on_header(char *p, size_t size, size_t count, void *arg)
{
    struct httpc_call *c = arg;
    size_t n = size * count;
    if (n > HTTPC_HEADERS_MAX - c->header_bytes) {
        c->reply_too_large = true;
        return 0;
    }
    c->header_bytes += n;
    struct str line = {p, n};
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
        line.n--;
    if (str_starts(line, STR("HTTP/"))) {
        buf_clear(&c->retry_after);
        buf_clear(&c->content_type);
        return n;
    }
    header_keep(&c->retry_after, header_value(line, STR("retry-after")));
    header_keep(&c->content_type, header_value(line, STR("content-type")));
    return n;
}

/* How much of a slow body may have left by now. */
static size_t slow_allowed(const struct httpc_call *c)
{
    int64_t pieces = (clock_mono_ms() - c->started_ms) * HTTPC_SLOW_PIECES / c->slow_ms + 1;
    if (pieces >= HTTPC_SLOW_PIECES)
        return c->body.n;
    return (c->body.n * (size_t)pieces + HTTPC_SLOW_PIECES - 1) / HTTPC_SLOW_PIECES;
}

static size_t on_read(char *p, size_t size, size_t count, void *arg)
{
    struct httpc_call *c = arg;
    size_t room = size * count, n = slow_allowed(c) - c->slow_sent;
    if (c->slow_sent == c->body.n)
        return 0;
    if (n == 0) {
        c->slow_paused = true;
        return CURL_READFUNC_PAUSE;
    }
    n = n < room ? n : room;
    memcpy(p, c->body.p + c->slow_sent, n);
    c->slow_sent += n;
    return n;
}

int64_t httpc_call_slow_at(const struct httpc_call *c)
{
    int64_t pieces = (int64_t)(c->slow_sent * HTTPC_SLOW_PIECES / (c->body.n ? c->body.n : 1));
    return c->slow_paused ? c->started_ms + (pieces * c->slow_ms) / HTTPC_SLOW_PIECES + 1
                          : INT64_MAX;
}

void httpc_call_slow_go(struct httpc_call *c)
{
    c->slow_paused = false;
    curl_easy_pause(c->easy, CURLPAUSE_CONT);
}

/* Remembers the first option that libcurl refused, such as a url that it cannot read. */
#define set(c, ret, option, value)                                                                 \
    do {                                                                                           \
        if (*(ret) == CURLE_OK)                                                                    \
            *(ret) = curl_easy_setopt((c)->easy, (option), (value));                               \
    } while (0)

static void set_request(struct httpc_call *c, CURLcode *ret)
{
    set(c, ret, CURLOPT_URL, c->url);
    set(c, ret, CURLOPT_HTTPHEADER, c->headers);
    if (!c->post) {
        set(c, ret, CURLOPT_HTTPGET, 1L);
        return;
    }
    set(c, ret, CURLOPT_POST, 1L);
    set(c, ret, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n);
    if (c->slow_ms > 0) {
        set(c, ret, CURLOPT_READFUNCTION, on_read);
        set(c, ret, CURLOPT_READDATA, c);
        return;
    }
    set(c, ret, CURLOPT_POSTFIELDS, c->has_body && c->body.p ? c->body.p : "");
}

static void set_limits(struct httpc_call *c, CURLcode *ret)
{
    set(c, ret, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
    set(c, ret, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_timeout_ms);
    set(c, ret, CURLOPT_NOSIGNAL, 1L);
    /* a name server that does not answer must not hold the loop when its call has run out of time */
    set(c, ret, CURLOPT_QUICK_EXIT, 1L);
    set(c, ret, CURLOPT_FOLLOWLOCATION, 0L);
    set(c, ret, CURLOPT_PROTOCOLS_STR, "http,https");
    set(c, ret, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    set(c, ret, CURLOPT_HTTP09_ALLOWED, 0L);
    set(c, ret, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    set(c, ret, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S);
    /* an empty proxy and an empty exception list keep the environment's out */
    set(c, ret, CURLOPT_PROXY, c->proxy ? c->proxy : "");
    set(c, ret, CURLOPT_NOPROXY, "");
    set(c, ret, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_tls(struct httpc_call *c, const char *ca_file, CURLcode *ret)
{
    set(c, ret, CURLOPT_SSL_VERIFYPEER, 1L);
    set(c, ret, CURLOPT_SSL_VERIFYHOST, 2L);
    set(c, ret, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca_file)
        set(c, ret, CURLOPT_CAINFO, ca_file);
}

/* The call's own memory, which outlives the handle. */
static void set_blob(struct httpc_call *c, CURLoption option, const struct buf *b, CURLcode *ret)
{
    struct curl_blob blob = {b->p, b->n, CURL_BLOB_NOCOPY};
    if (b->n && *ret == CURLE_OK)
        *ret = curl_easy_setopt(c->easy, option, &blob);
}

static void set_identity(struct httpc_call *c, CURLcode *ret)
{
    set_blob(c, CURLOPT_CAINFO_BLOB, &c->tls_issuers, ret);
    if (!c->tls_certificate.n)
        return;
    set_blob(c, CURLOPT_SSLCERT_BLOB, &c->tls_certificate, ret);
    set_blob(c, CURLOPT_SSLKEY_BLOB, &c->tls_key, ret);
    set(c, ret, CURLOPT_SSLCERTTYPE, "PEM");
    set(c, ret, CURLOPT_SSLKEYTYPE, "PEM");
    set(c, ret, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void set_connection(struct httpc_call *c, CURLcode *ret)
{
    /* A kept connection was not checked for public_only, and could carry a request a second time. */
    bool own = c->tls_certificate.n || c->tls_issuers.n;
    if (!c->fresh_connect && !c->public_only && !own)
        return;
    set(c, ret, CURLOPT_FRESH_CONNECT, 1L);
    set(c, ret, CURLOPT_FORBID_REUSE, 1L);
}

static void set_callbacks(struct httpc_call *c, CURLcode *ret)
{
    set(c, ret, CURLOPT_PRIVATE, c);
    set(c, ret, CURLOPT_ERRORBUFFER, c->fault);
    set(c, ret, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    set(c, ret, CURLOPT_OPENSOCKETDATA, c);
    set(c, ret, CURLOPT_PREREQFUNCTION, on_request);
    set(c, ret, CURLOPT_PREREQDATA, c);
    set(c, ret, CURLOPT_WRITEFUNCTION, on_body);
    set(c, ret, CURLOPT_WRITEDATA, c);
    set(c, ret, CURLOPT_HEADERFUNCTION, on_header);
    set(c, ret, CURLOPT_HEADERDATA, c);
}

bool httpc_call_prepare(struct httpc_call *c, const char *ca_file)
{
    for (const struct curl_slist *h = c->headers; h; h = h->next)
        if (has_line_break(h->data))
            return false;
    c->easy = curl_easy_init();
    if (!c->easy)
        return false;
    CURLcode ret = CURLE_OK;
    set_request(c, &ret);
    set_limits(c, &ret);
    set_tls(c, ca_file, &ret);
    set_identity(c, &ret);
    set_connection(c, &ret);
    set_callbacks(c, &ret);
    c->started_ms = clock_mono_ms();
    return ret == CURLE_OK;
}

struct code_word {
    CURLcode code;
    const char *word;
};

/* What is not here is "protocol" before an answer's end was due, or "reset" after. */
static const struct code_word words[] = {
    {CURLE_OPERATION_TIMEDOUT, "timeout"},
    {CURLE_COULDNT_RESOLVE_HOST, "resolve"},
    {CURLE_COULDNT_RESOLVE_PROXY, "resolve"},
    {CURLE_COULDNT_CONNECT, "connect"},
    {CURLE_PROXY, "connect"},
    {CURLE_SSL_CONNECT_ERROR, "tls"},
    {CURLE_PEER_FAILED_VERIFICATION, "tls"},
    {CURLE_SSL_CERTPROBLEM, "tls_client"},
    {CURLE_SSL_CLIENTCERT, "tls_client"},
    {CURLE_SSL_CIPHER, "tls"},
    {CURLE_SSL_CACERT_BADFILE, "tls"},
    {CURLE_SSL_ISSUER_ERROR, "tls"},
    {CURLE_SSL_INVALIDCERTSTATUS, "tls"},
    {CURLE_GOT_NOTHING, "reset"},
    {CURLE_SEND_ERROR, "reset"},
    {CURLE_RECV_ERROR, "reset"},
    {CURLE_PARTIAL_FILE, "reset"},
    {CURLE_ABORTED_BY_CALLBACK, "reset"},
};

/* An alert that a peer sends about a certificate is about ours. With TLS 1.3 it comes when we think that the handshake is over. */
static bool certificate_refused(const struct httpc_call *c)
{
    static const char *const alerts[] = {"certificate required", "bad certificate",
        "certificate unknown", "certificate expired", "certificate revoked",
        "unsupported certificate", "unknown ca", "access denied"};
    const char *alert = strstr(c->fault, " alert ");
    for (size_t i = 0; alert && c->header_bytes == 0 && i < array_len(alerts); i++)
        if (strstr(alert, alerts[i]))
            return true;
    return false;
}

static const char *error_word(const struct httpc_call *c, CURLcode code)
{
    if (c->reply_too_large)
        return "too_large";
    if (c->address_blocked && !c->request_began && code == CURLE_COULDNT_CONNECT)
        return "blocked";
    if (certificate_refused(c))
        return "tls_client";
    for (size_t i = 0; i < array_len(words); i++)
        if (words[i].code == code)
            return words[i].word;
    return "protocol";
}

static struct str view_or_absent(const struct buf *b)
{
    return b->n && buf_ok(b) ? buf_view(b) : STR_ABSENT;
}

static void call_end(struct httpc_call *c, struct httpc_result *r)
{
    r->duration_ms = clock_mono_ms() - c->started_ms;
    c->done(c->arg, r);
    httpc_call_free(c);
}

void httpc_call_abort(struct httpc_call *c, const char *error)
{
    bool unread = strcmp(error, "tls_client") == 0;
    struct httpc_result r = {
        .outcome = c->request_began && !unread ? HTTPC_MAYBE_SENT : HTTPC_NOT_SENT,
        .error = error,
    };
    call_end(c, &r);
}

void httpc_call_finish(struct httpc_call *c, CURLcode code)
{
    if (code != CURLE_OK && !c->reply_cut) {
        httpc_call_abort(c, error_word(c, code));
        return;
    }
    long status = 0;
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    struct httpc_result r = {
        .outcome = HTTPC_ANSWERED,
        .status = (int)status,
        .body = buf_view(&c->reply),
        .truncated = c->reply_cut,
        .retry_after = view_or_absent(&c->retry_after),
        .content_type = view_or_absent(&c->content_type),
    };
    call_end(c, &r);
}
