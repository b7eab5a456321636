#include "base/mem.h"
#include "kassa_client.h"

#include <curl/curl.h>
#include <stdio.h>

#define CONNECT_TIMEOUT_DEFAULT_MS 5000
#define TIMEOUT_DEFAULT_MS 30000
#define TIMEOUT_MAX_MS 3600000

struct kassa_http {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
};

static long timeout_of(int64_t given_ms, int64_t default_ms)
{
    int64_t ms = given_ms > 0 ? given_ms : default_ms;
    return (long)(ms < TIMEOUT_MAX_MS ? ms : TIMEOUT_MAX_MS);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct buf *body = arg;
    size_t n = size * count;
    buf_add(body, data, n);
    return buf_ok(body) ? n : 0;
}

/* Refuses to work rather than with an option that is not set. */
static bool options_set(struct kassa_http *h, const struct kassa_options *o)
{
    CURL *c = h->curl;
    return curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
               timeout_of(o->connect_timeout_ms, CONNECT_TIMEOUT_DEFAULT_MS)) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_of(o->timeout_ms, TIMEOUT_DEFAULT_MS)) ==
               CURLE_OK &&
           /* an empty text keeps curl from the environment's proxies */
           curl_easy_setopt(c, CURLOPT_PROXY, o->proxy ? o->proxy : "") == CURLE_OK &&
           (!o->ca_file || curl_easy_setopt(c, CURLOPT_CAINFO, o->ca_file) == CURLE_OK) &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "libkassa/" KASSA_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error) == CURLE_OK;
}

struct kassa_http *kassa_http_new(const struct kassa_options *options)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return NULL;
    }
    struct kassa_http *h = mem_alloc(sizeof(*h));
    h->curl = curl_easy_init();
    if (!h->curl || !options_set(h, options)) {
        kassa_http_free(h);
        return NULL;
    }
    return h;
}

void kassa_http_free(struct kassa_http *h)
{
    if (!h) {
        return;
    }
    curl_easy_cleanup(h->curl);
    mem_free(h);
    curl_global_cleanup();
}

static struct curl_slist *header_add(struct curl_slist *list, const char *name, const char *value)
{
    struct buf line;
    buf_init(&line, 4096);
    buf_printf(&line, "%s: %s", name, value);
    struct curl_slist *longer = buf_ok(&line) ? curl_slist_append(list, line.p) : NULL;
    buf_clear(&line);
    if (!longer) {
        curl_slist_free_all(list);
    }
    return longer;
}

static struct curl_slist *headers_make(const char *account, const char *sign)
{
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    /* without it curl waits for a 100 Continue before larger bodies */
    static const char *const more[] = {"Accept: application/json", "Expect:"};
    for (size_t i = 0; list && i < array_len(more); i++) {
        struct curl_slist *longer = curl_slist_append(list, more[i]);
        if (!longer) {
            curl_slist_free_all(list);
        }
        list = longer;
    }
    list = list ? header_add(list, "Account", account) : NULL;
    return list ? header_add(list, "Sign", sign) : NULL;
}

static void reply_read(CURL *curl, struct kassa_http_reply *ret)
{
    long status = 0;
    curl_off_t retry_after = 0;
    struct curl_header *replayed = NULL;
    if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK) {
        status = 0;
    }
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after) != CURLE_OK) {
        retry_after = 0;
    }
    *ret = (struct kassa_http_reply){.status = (int)status,
        .retry_after_s = (int64_t)retry_after,
        .replayed = curl_easy_header(curl, "Idempotent-Replayed", 0, CURLH_HEADER, -1, &replayed) ==
                        CURLHE_OK &&
                    str_ieq(str_from(replayed->value), STR("true"))};
}

/* Whether the request may have left: curl tells the time at which it was about to. */
static bool maybe_sent(CURL *curl)
{
    curl_off_t at_us = 0;
    return curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &at_us) != CURLE_OK || at_us > 0;
}

enum kassa_result kassa_http_post(struct kassa_http *h, const char *url, const char *account,
    const char *sign, struct str body, struct buf *reply_body, struct kassa_http_reply *ret,
    char why[KASSA_WHY_MAX])
{
    struct curl_slist *headers = headers_make(account, sign);
    CURL *c = h->curl;
    h->error[0] = '\0';
    bool ready = headers && curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
                 curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
                 curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.p) == CURLE_OK &&
                 curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) == CURLE_OK &&
                 curl_easy_setopt(c, CURLOPT_WRITEDATA, reply_body) == CURLE_OK;
    CURLcode code = ready ? curl_easy_perform(c) : CURLE_FAILED_INIT;
    enum kassa_result result = KASSA_OK;
    if (code == CURLE_OK) {
        reply_read(c, ret);
    } else {
        result = !ready || !maybe_sent(c) ? KASSA_NOT_SENT
                 : reply_body->overflowed ? KASSA_ANSWER
                                          : KASSA_MAYBE_SENT;
        snprintf(why, KASSA_WHY_MAX, "%s", h->error[0] ? h->error : curl_easy_strerror(code));
    }
    curl_slist_free_all(headers);
    return result;
}
