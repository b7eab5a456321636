/* The signature doctor: refused requests that were kept, and a look at one of them, or at one that was pasted. */
#include "base/text.h"
#include "http/cabinet_private.h"
#include "service/refused.h"
#include "store/store_refused.h"

#define LOOK_BYTES_MAX ((size_t)160 * 1024)
#define PASTED_MAX (DOCTOR_BODY_MAX + 8192)

static enum err refused_item(void *arg, const struct refused_row *r)
{
    struct json_writer *w = arg;
    json_w_open(w, '{');
    cabinet_w_id(w, "id", r->id);
    cabinet_w_time(w, "at", r->at);
    json_w_kstr(w, "client_ip", r->client_ip);
    json_w_kstr(w, "path", r->path);
    json_w_kint(w, "body_bytes", r->body_bytes);
    json_w_close(w);
    return ERR_OK;
}

struct reply *cabinet_refused_get(struct cabinet_call *c)
{
    struct json_writer *w = cabinet_begin(c);
    json_w_key(w, "items");
    json_w_open(w, '[');
    enum err e = store_refused_each(
        c->db, c->account.id, c->now - REFUSED_MS, REFUSED_OF_ACCOUNT, refused_item, w);
    json_w_close(w);
    cabinet_w_id(w, "next", 0);
    json_w_kint(w, "kept_days", REFUSED_DAYS);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

/* A header may hold any bytes. */
static void header_member(struct json_writer *w, const char *key, struct str s)
{
    json_w_kstr(w, key, utf8_valid(s) && str_find(s, '\0', 0) == s.n ? s : STR("?"));
}

static struct reply *report_reply(
    struct cabinet_call *c, const struct doctor_request *rq, const struct doctor_report *report)
{
    struct json_writer *w = cabinet_begin(c);
    cabinet_w_time(w, "at", rq->at);
    header_member(w, "account_header", rq->account);
    header_member(w, "sign_header", rq->sign);
    doctor_report_json(w, rq, report);
    return cabinet_done(c);
}

static struct reply *examine(struct cabinet_call *c, const struct doctor_request *rq)
{
    struct arena a;
    struct doctor_report report;
    arena_init(&a, DOCTOR_ARENA_MAX);
    enum err e = doctor_examine(c->db, &a, c->account.merchant_id, c->account.id, rq, &report);
    struct reply *r =
        e == ERR_OK ? report_reply(c, rq, &report) : cabinet_err(e == ERR_LIMIT ? ERR_INTERNAL : e);
    arena_clear(&a);
    return r;
}

static struct reply *examine_kept(struct cabinet_call *c, int64_t id)
{
    struct refused_row row;
    struct doctor_request rq;
    struct buf text;
    enum err e = store_refused_get(c->db, c->arena, c->account.id, id, &row);
    if (e == ERR_NO_ROW) {
        cabinet_fault(c, "refused_id", FAULT_unknown);
        return cabinet_faults(c);
    }
    if (e != ERR_OK)
        return cabinet_err(e);
    buf_init(&text, LOOK_BYTES_MAX);
    e = refused_open(c->service->keys, &row, &text, &rq);
    struct reply *r = e == ERR_OK ? examine(c, &rq) : cabinet_err(ERR_INTERNAL);
    buf_wipe(&text);
    return r;
}

/* As base64, so that no byte is lost on the way: a paste is UTF-8, a file may be anything. */
static bool pasted_read(struct cabinet_call *c, struct str base64, struct doctor_request *ret)
{
    size_t n = 0;
    uint8_t *raw = arena_alloc(c->arena, PASTED_MAX);
    enum err e = raw ? base64_decode(base64, raw, PASTED_MAX, &n) : ERR_LIMIT;
    struct str text = {(const char *)raw, n};
    if (e == ERR_LIMIT)
        cabinet_fault(c, "request_base64", FAULT_too_long);
    else if (e != ERR_OK || doctor_request_parse(text, ret) != ERR_OK)
        cabinet_fault(c, "request_base64", FAULT_invalid);
    ret->at = c->now;
    return c->fault_count == 0;
}

struct reply *cabinet_doctor_post(struct cabinet_call *c)
{
    struct doctor_request rq;
    int64_t id = 0;
    struct str pasted = json_get_string(c->body, "request_base64");
    bool picked = cabinet_int_or_none(c, "refused_id", 1, INT64_MAX, &id) && id;
    if (!picked && (str_absent(pasted) || pasted.n == 0))
        cabinet_fault(c, "request_base64", FAULT_required);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    if (picked)
        return examine_kept(c, id);
    return pasted_read(c, pasted, &rq) ? examine(c, &rq) : cabinet_faults(c);
}
