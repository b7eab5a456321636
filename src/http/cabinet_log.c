/* The audit log: a list, and the whole of it as a file that can be verified without Kassa. */
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_private.h"
#include "service/audit_log_file.h"

#define PIECE_ROWS 200

/* Whose: one's own merchant's; the operator's people may ask for one merchant's, and else see all. */
static bool whose(struct cabinet_call *c, int64_t *ret)
{
    struct str text = cabinet_query(c, "merchant");
    *ret = c->merchant_id;
    if (str_absent(text) || text.n == 0)
        return true;
    return c->merchant_id == 0 && int64_parse(text, ret) == ERR_OK && *ret > 0;
}

static bool number_get(struct cabinet_call *c, const char *key, int64_t *ret)
{
    struct str text = cabinet_query(c, key);
    return str_absent(text) || text.n == 0 || (int64_parse(text, ret) == ERR_OK && *ret >= 0);
}

static bool query_read(struct cabinet_call *c, struct audit_log_query *q)
{
    *q = (struct audit_log_query){
        .action = cabinet_query(c, "action"),
        .target = cabinet_query(c, "target"),
        .limit = cabinet_query_limit(c) + 1,
    };
    q->action = q->action.n ? q->action : STR_ABSENT;
    return whose(c, &q->merchant_id) && number_get(c, "after", &q->below_id) &&
           number_get(c, "person", &q->person_id) && number_get(c, "from", &q->from_ms) &&
           number_get(c, "until", &q->until_ms);
}

struct listing {
    struct json_writer *w;
    int64_t left, last_id;
    bool more;
};

/* What was stored as text is shown as the JSON that it is. */
static void json_member(struct json_writer *w, const char *key, struct str s)
{
    json_w_key(w, key);
    if (str_absent(s))
        json_w_null(w);
    else
        json_w_raw(w, s);
}

static enum err log_item(void *arg, const struct audit_log_row *r)
{
    struct listing *l = arg;
    if (l->left-- == 0) {
        l->more = true;
        return ERR_OK;
    }
    l->last_id = r->id;
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    cabinet_w_time(l->w, "at", r->at);
    cabinet_w_id(l->w, "person_id", r->person_id);
    json_w_kstr(l->w, "actor", r->actor);
    cabinet_w_id(l->w, "merchant_id", r->merchant_id);
    json_w_kstr(l->w, "action", r->action);
    json_w_kstr(l->w, "target", r->target);
    json_member(l->w, "before", r->before);
    json_member(l->w, "after", r->after);
    json_w_kstr(l->w, "client_ip", r->client_ip);
    json_w_close(l->w);
    return ERR_OK;
}

struct reply *cabinet_audit_log_get(struct cabinet_call *c)
{
    struct audit_log_query q;
    if (!query_read(c, &q))
        return cabinet_error(CABINET_request_invalid);
    struct listing l = {.w = cabinet_begin(c), .left = q.limit - 1};
    json_w_key(l.w, "items");
    json_w_open(l.w, '[');
    enum err e = store_audit_log_list(c->db, &q, log_item, &l);
    json_w_close(l.w);
    cabinet_w_id(l.w, "next", l.more ? l.last_id : 0);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

/* ---- the file ---- */

struct exporting {
    struct store *store;
    int64_t merchant_id; /* 0: all rows */
    int64_t next;        /* id or number of the next row */
    struct buf *out;
    int64_t count; /* of this piece */
};

static void exporting_end(void *arg)
{
    mem_free(arg);
}

#define FULL ERR_LIMIT

static enum err line_add(void *arg, const struct audit_log_row *r)
{
    struct exporting *x = arg;
    if (x->out->n > x->out->max / 2)
        return FULL;
    audit_log_line(r, x->merchant_id != 0, x->out);
    x->next = (x->merchant_id ? r->merchant_number : r->id) + 1;
    x->count++;
    return ERR_OK;
}

static enum err exporting_more(void *arg, struct buf *piece, bool *ret_last)
{
    struct exporting *x = arg;
    struct db *db = store_reader(x->store);
    x->out = piece;
    x->count = 0;
    if (!db)
        return ERR_STORE_IO;
    enum err e = store_audit_log_piece(db, x->merchant_id, x->next, PIECE_ROWS, line_add, x);
    *ret_last = e == ERR_OK && x->count < PIECE_ROWS;
    return e == FULL ? ERR_OK : e;
}

struct reply *cabinet_audit_log_export_get(struct cabinet_call *c)
{
    int64_t merchant;
    if (!whose(c, &merchant))
        return cabinet_error(CABINET_request_invalid);
    struct exporting *x = mem_alloc(sizeof(*x));
    *x = (struct exporting){.store = c->service->store, .merchant_id = merchant, .next = 1};
    struct reply_source source = {.more = exporting_more, .end = exporting_end, .arg = x};
    struct reply *r = reply_stream(200, "application/x-ndjson", &source);
    return reply_header(
        r, "Content-Disposition", STR("attachment; filename=\"kassa-audit-log.jsonl\""));
}
