#include "app/cli/listen.h"

#include "base/mem.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1U << 20)
#define VALUE_MAX 65536

/* What the receiver adds; a received field of such a name is left out, so that none can be forged. */
static const char *const added[] = {"mode", "sign_ok", "webhook_signature_ok", "webhook_fresh",
    "webhook_id", "webhook_sequence", "webhook_timestamp", "received_at"};

static bool name_is_added(struct str name)
{
    for (size_t i = 0; i < array_len(added); i++) {
        if (str_is(name, added[i])) {
            return true;
        }
    }
    return false;
}

struct verdicts {
    enum kassa_mode mode;
    bool readable; /* one of the three modes */
    bool sign_ok, webhook_ok, webhook_fresh;
};

static const char *text_of(struct request *rq, struct str s)
{
    struct str copy = arena_copy(&rq->arena, str_absent(s) ? STR("") : s);
    return copy.p ? copy.p : "";
}

static bool sign_check(const struct listen *l, enum kassa_mode mode, struct str payload)
{
    bool good = false;
    for (int i = 0; i < l->public_count && !good; i++) {
        struct kassa_notification *n = NULL;
        good =
            kassa_notification_verify(l->publics[i].p, mode, payload.p, payload.n, &n) == KASSA_OK;
        kassa_notification_free(n);
    }
    return good;
}

static void webhook_check(
    const struct listen *l, struct request *rq, struct str payload, struct verdicts *v)
{
    int64_t now_s = clock_now_ms(l->clock) / 1000;
    const char *id = text_of(rq, request_header(rq, "webhook-id"));
    const char *timestamp = text_of(rq, request_header(rq, "webhook-timestamp"));
    const char *signature = text_of(rq, request_header(rq, "webhook-signature"));
    for (int i = 0; i < l->secret_count; i++) {
        enum kassa_result r = kassa_webhook_verify(
            l->secrets[i].p, id, timestamp, payload.p, payload.n, signature, now_s, 0);
        if (r == KASSA_OK || r == KASSA_STALE) {
            v->webhook_ok = true;
            v->webhook_fresh = r == KASSA_OK;
            return;
        }
    }
}

static void out_json(struct json_writer *w, const struct json *j)
{
    switch (j->type) {
    case JSON_NULL:
        json_w_null(w);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        json_w_bool(w, j->type == JSON_TRUE);
        break;
    case JSON_NUMBER:
        json_w_raw(w, j->text);
        break;
    case JSON_STRING:
        json_w_str(w, j->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_w_null(w); /* no notification has one */
        break;
    }
}

static void out_member(struct json_writer *w, struct request *rq, struct str key)
{
    json_w_key(w, text_of(rq, utf8_valid(key) ? key : STR("?")));
}

static void out_json_fields(struct json_writer *w, struct request *rq, struct str payload)
{
    struct json *root = NULL;
    const char *why = NULL;
    if (json_parse(&rq->arena, payload, &root, &why) != ERR_OK || root->type != JSON_OBJECT) {
        return;
    }
    JSON_FOR_EACH (m, root) {
        if (!name_is_added(m->key)) {
            out_member(w, rq, m->key);
            out_json(w, m);
        }
    }
}

static bool seen_before(struct str payload, size_t at, struct str raw_key)
{
    for (size_t i = 0; i < at;) {
        size_t end = str_find(payload, '&', i);
        struct str pair = str_sub(payload, i, end);
        if (str_eq(str_sub(pair, 0, str_find(pair, '=', 0)), raw_key)) {
            return true;
        }
        i = end + 1;
    }
    return false;
}

static void out_pair(struct json_writer *w, struct request *rq, struct str key, struct str value)
{
    struct buf k, v;
    buf_init(&k, VALUE_MAX);
    buf_init(&v, VALUE_MAX);
    if (percent_decode(&k, key, true) == ERR_OK && percent_decode(&v, value, true) == ERR_OK &&
        k.n > 0 && !name_is_added(buf_view(&k))) {
        out_member(w, rq, buf_view(&k));
        json_w_str(w, utf8_valid(buf_view(&v)) ? buf_view(&v) : STR("(not UTF-8)"));
    }
    buf_clear(&k);
    buf_clear(&v);
}

static void out_form_fields(struct json_writer *w, struct request *rq, struct str payload)
{
    for (size_t i = 0; i < payload.n;) {
        size_t end = str_find(payload, '&', i);
        struct str pair = str_sub(payload, i, end);
        size_t eq = str_find(pair, '=', 0);
        struct str key = str_sub(pair, 0, eq);
        if (!seen_before(payload, i, key)) {
            out_pair(w, rq, key, eq < pair.n ? str_sub(pair, eq + 1, pair.n) : STR(""));
        }
        i = end + 1;
    }
}

static void out_header(struct json_writer *w, struct request *rq, const char *key, const char *name)
{
    struct str s = request_header(rq, name);
    int64_t number = 0;
    json_w_key(w, key);
    if (strcmp(name, "webhook-id") != 0 && int64_parse(s, &number) == ERR_OK) {
        json_w_int(w, number);
    } else {
        json_w_str(w, str_absent(s) || utf8_valid(s) ? s : STR("(not UTF-8)"));
    }
}

static void line_make(const struct listen *l, struct request *rq, struct str payload,
    const struct verdicts *v, struct buf *line)
{
    static const char *const modes[] = {"GET", "POST", "POST_JSON"};
    struct json_writer w;
    char at[25];
    json_w_init(&w, line);
    json_w_open(&w, '{');
    if (v->readable && v->mode == KASSA_MODE_JSON) {
        out_json_fields(&w, rq, payload);
    } else if (v->readable) {
        out_form_fields(&w, rq, payload);
    }
    utc_time_format(clock_now_ms(l->clock), at);
    json_w_kcstr(&w, "mode", v->readable ? modes[v->mode] : NULL);
    json_w_kbool(&w, "sign_ok", v->sign_ok);
    json_w_kbool(&w, "webhook_signature_ok", v->webhook_ok);
    json_w_kbool(&w, "webhook_fresh", v->webhook_fresh);
    out_header(&w, rq, "webhook_id", "webhook-id");
    out_header(&w, rq, "webhook_sequence", "webhook-sequence");
    out_header(&w, rq, "webhook_timestamp", "webhook-timestamp");
    json_w_kcstr(&w, "received_at", at);
    json_w_close(&w);
    buf_char(line, '\n');
}

/* For people: the line again, as far as it says something at a glance. */
static void print_short(struct request *rq, const struct buf *line, const struct verdicts *v)
{
    struct json *o = NULL;
    const char *why = NULL;
    if (json_parse(&rq->arena, buf_view(line), &o, &why) != ERR_OK) {
        return;
    }
    static const char *const shown[] = {
        "received_at", "id", "order_id", "payment_status", "payment_amount"};
    struct buf text;
    buf_init(&text, LINE_MAX_BYTES);
    for (size_t i = 0; i < array_len(shown); i++) {
        cli_add_plain(&text, json_get_scalar(o, shown[i]));
        buf_cstr(&text, "  ");
    }
    printf("%ssign %s  webhook-signature %s\n", text.p, v->sign_ok ? "good" : "WRONG",
        v->webhook_ok ? v->webhook_fresh ? "good" : "good but old" : "WRONG");
    fflush(stdout);
    buf_clear(&text);
}

/* One write, so that lines of one file stay whole. */
static bool line_keep(const struct listen *l, const struct buf *line)
{
    ssize_t n = -1;
    if (l->json) {
        fwrite(line->p, 1, line->n, stdout);
        fflush(stdout);
    }
    if (l->out_fd < 0) {
        return true;
    }
    do {
        n = write(l->out_fd, line->p, line->n);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)line->n;
}

struct reply *listen_notify(struct request *rq)
{
    const struct listen *l = rq->ctx;
    struct verdicts v = {.mode = KASSA_MODE_GET};
    struct buf line;
    bool get = !str_is(rq->method, "POST");
    struct str payload = get ? rq->query : rq->body;
    payload = str_absent(payload) ? STR("") : payload;
    struct str type = request_header(rq, "Content-Type");
    if (str_is(rq->method, "HEAD")) {
        return reply_bytes(200, "text/plain", STR(""));
    }
    v.readable = kassa_mode_of(get ? "GET" : "POST", str_absent(type) ? NULL : text_of(rq, type),
                     &v.mode) == KASSA_OK;
    v.sign_ok = v.readable && sign_check(l, v.mode, payload);
    webhook_check(l, rq, payload, &v);
    buf_init(&line, LINE_MAX_BYTES);
    line_make(l, rq, payload, &v, &line);
    bool kept = buf_ok(&line) && line_keep(l, &line);
    if (!l->json) {
        print_short(rq, &line, &v);
    }
    buf_clear(&line);
    bool genuine = v.sign_ok && (v.webhook_ok || l->secret_count == 0);
    if (!kept) {
        return reply_bytes(500, "text/plain", STR("It could not be kept.\n"));
    }
    return genuine ? reply_bytes((int)l->answer, "text/plain", STR("OK"))
                   : reply_bytes(400, "text/plain", STR("The signature does not fit.\n"));
}
