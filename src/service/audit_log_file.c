#include "service/audit_log_file.h"

#include "base/json.h"
#include "base/text.h"
#include <stdio.h>

static void id_member(struct json_writer *w, const char *key, int64_t id)
{
    json_w_key(w, key);
    if (id) {
        json_w_int(w, id);
    } else {
        json_w_null(w);
    }
}

void audit_log_line(const struct audit_log_row *r, bool own, struct buf *b)
{
    struct json_writer w;
    json_w_init(&w, b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "chain", own ? "merchant" : "all");
    json_w_kint(&w, "number", own ? r->merchant_number : r->id);
    json_w_kint(&w, "at", r->at);
    id_member(&w, "person_id", r->person_id);
    json_w_kstr(&w, "actor", r->actor);
    id_member(&w, "merchant_id", r->merchant_id);
    json_w_kstr(&w, "action", r->action);
    json_w_kstr(&w, "target", r->target);
    json_w_kstr(&w, "before", r->before);
    json_w_kstr(&w, "after", r->after);
    json_w_kstr(&w, "client_ip", r->client_ip);
    if (!own) {
        id_member(&w, "merchant_number", r->merchant_number);
        json_w_kstr(&w, "merchant_prev_hash", r->merchant_prev_hash);
        json_w_kstr(&w, "merchant_hash", r->merchant_hash);
    }
    json_w_kstr(&w, "prev_hash", own ? r->merchant_prev_hash : r->prev_hash);
    json_w_kstr(&w, "hash", own ? r->merchant_hash : r->hash);
    json_w_close(&w);
    buf_char(b, '\n');
}

/* ---- reading one back ---- */

static int64_t number_of(const struct json *o, const char *key)
{
    int64_t n = 0;
    struct str s = json_get_scalar(o, key);
    return str_absent(s) || int64_parse(s, &n) != ERR_OK ? 0 : n;
}

static bool line_read(struct arena *a, struct str line, struct audit_log_row *ret, bool *ret_own)
{
    struct json *o = NULL;
    const char *why;
    if (json_parse(a, line, &o, &why) != ERR_OK || o->type != JSON_OBJECT) {
        return false;
    }
    bool own = str_is(json_get_string(o, "chain"), "merchant");
    struct str prev = json_get_string(o, "prev_hash"), hash = json_get_string(o, "hash");
    int64_t number = number_of(o, "number");
    *ret_own = own;
    *ret = (struct audit_log_row){
        .id = own ? 0 : number,
        .at = number_of(o, "at"),
        .person_id = number_of(o, "person_id"),
        .actor = json_get_string(o, "actor"),
        .merchant_id = number_of(o, "merchant_id"),
        .action = json_get_string(o, "action"),
        .target = json_get_string(o, "target"),
        .before = json_get_string(o, "before"),
        .after = json_get_string(o, "after"),
        .client_ip = json_get_string(o, "client_ip"),
        .prev_hash = own ? STR_ABSENT : prev,
        .hash = own ? STR_ABSENT : hash,
        .merchant_number = own ? number : number_of(o, "merchant_number"),
        .merchant_prev_hash = own ? prev : json_get_string(o, "merchant_prev_hash"),
        .merchant_hash = own ? hash : json_get_string(o, "merchant_hash"),
    };
    return number > 0 && hash.n == AUDIT_HASH_LEN;
}

static bool own_hash_fits(const struct audit_log_row *r)
{
    char hash[AUDIT_HASH_LEN + 1];
    store_audit_log_merchant_hash(r, hash);
    return str_is(r->merchant_hash, hash);
}

static bool hash_fits(const struct audit_log_row *r)
{
    char hash[AUDIT_HASH_LEN + 1];
    store_audit_log_hash(r, hash);
    return str_is(r->hash, hash) && (r->merchant_id == 0 || own_hash_fits(r));
}

static const char *fault_of(
    const struct audit_log_check *x, const struct audit_log_row *r, bool own)
{
    char zeros[AUDIT_HASH_LEN + 1] = "";
    int64_t number = own ? r->merchant_number : r->id;
    struct str prev = own ? r->merchant_prev_hash : r->prev_hash;
    memset(zeros, '0', AUDIT_HASH_LEN);
    if (x->lines && own != x->own) {
        return "it is of another chain than the line before";
    }
    if (x->lines && number != x->last + 1) {
        return "its number does not follow: lines are missing, or were put in";
    }
    if (!(own ? own_hash_fits(r) : hash_fits(r))) {
        return "it was altered: its hash does not fit";
    }
    if (x->lines ? !str_is(prev, x->head) : number == 1 && !str_is(prev, zeros)) {
        return "it does not follow the line before";
    }
    return NULL;
}

bool audit_log_check_line(
    struct audit_log_check *x, struct arena *a, struct str line, const char **ret_why)
{
    struct audit_log_row r;
    bool own = false;
    const char *why =
        line_read(a, line, &r, &own) ? fault_of(x, &r, own) : "it is no line of an audit log";
    if (why) {
        *ret_why = why;
        return false;
    }
    x->own = own;
    x->last = own ? r.merchant_number : r.id;
    x->first = x->lines ? x->first : x->last;
    x->lines++;
    snprintf(x->head, sizeof x->head, "%.*s", STR_FMT(own ? r.merchant_hash : r.hash));
    return true;
}
