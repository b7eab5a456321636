#include "service/doctor.h"

#include "base/mem.h"
#include "base/text.h"
#include "store/store_account.h"
#include <stdio.h>

#define KEYS_MAX 1024
#define ACCOUNTS_MAX 1024

/* ---- a request's text ---- */

struct lines {
    struct str text;
    size_t at;
};

/* Without its end; false: there is none left. */
static bool line_next(struct lines *x, struct str *ret)
{
    if (x->at >= x->text.n) {
        return false;
    }
    size_t end = str_find(x->text, '\n', x->at);
    struct str line = str_sub(x->text, x->at, end);
    x->at = end < x->text.n ? end + 1 : end;
    if (line.n && line.p[line.n - 1] == '\r') {
        line.n--;
    }
    *ret = line;
    return true;
}

/* "POST /v1/payment HTTP/1.1" */
static bool request_line(struct str line, struct str *ret_path)
{
    size_t a = str_find(line, ' ', 0), b = str_find(line, ' ', a + 1);
    if (b >= line.n || a == 0 || !str_starts(str_sub(line, b + 1, line.n), STR("HTTP/"))) {
        return false;
    }
    *ret_path = str_sub(line, a + 1, b);
    return true;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c != '-' && c != '_' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
            !(c >= 'A' && c <= 'Z')) {
            return false;
        }
    }
    return s.n > 0;
}

/* Where its value went; NULL: nobody asks for it. */
static struct str *header_take(struct str line, size_t colon, struct doctor_request *rq)
{
    struct str name = str_trim(str_sub(line, 0, colon));
    struct str value = str_trim(str_sub(line, colon + 1, line.n));
    struct {
        struct str name;
        struct str *to;
    } known[] = {{STR("Account"), &rq->account}, {STR("Sign"), &rq->sign},
        {STR("Content-Type"), &rq->content_type}, {STR("Content-Encoding"), &rq->content_encoding}};
    for (size_t i = 0; i < array_len(known); i++) {
        if (str_ieq(name, known[i].name)) {
            *known[i].to = value;
            return known[i].to;
        }
    }
    return NULL;
}

/* What base64 was wrapped to stands on lines of its own: they belong to the header before. */
static bool header_goes_on(struct str line, struct str *value)
{
    if (!value || str_absent(*value) || str_find(line, ':', 0) < line.n) {
        return false;
    }
    value->n = (size_t)(line.p + line.n - value->p);
    return true;
}

static struct str without_mark(struct str line)
{
    size_t n = str_starts(line, STR("> ")) ? 2 : str_is(line, ">") ? 1 : 0;
    return str_sub(line, n, line.n);
}

enum err doctor_request_parse(struct str text, struct doctor_request *ret)
{
    struct doctor_request rq = {.path = STR_ABSENT,
        .account = STR_ABSENT,
        .sign = STR_ABSENT,
        .content_type = STR_ABSENT,
        .content_encoding = STR_ABSENT,
        .body = STR("")};
    struct lines x = {.text = text};
    struct str line, *last = NULL;
    int headers = 0;
    while (line_next(&x, &line)) {
        line = without_mark(line);
        if (str_trim(line).n == 0) {
            break;
        }
        size_t colon = str_find(line, ':', 0);
        if (headers == 0 && request_line(line, &rq.path)) {
            continue;
        }
        if (header_goes_on(line, last)) {
            continue;
        }
        if (colon == line.n || !is_name(str_sub(line, 0, colon))) {
            return ERR_SYNTAX;
        }
        last = header_take(line, colon, &rq);
        headers++;
    }
    if (headers == 0) {
        return ERR_SYNTAX;
    }
    rq.body = str_sub(text, x.at, text.n);
    *ret = rq;
    return ERR_OK;
}

static void header_write(struct buf *b, const char *name, struct str value)
{
    if (!str_absent(value)) {
        buf_printf(b, "%s: ", name);
        buf_str(b, value);
        buf_cstr(b, "\r\n");
    }
}

void doctor_request_write(const struct doctor_request *rq, struct buf *b)
{
    buf_cstr(b, "POST ");
    buf_str(b, rq->path);
    buf_cstr(b, " HTTP/1.1\r\n");
    header_write(b, "Account", rq->account);
    header_write(b, "Sign", rq->sign);
    header_write(b, "Content-Type", rq->content_type);
    header_write(b, "Content-Encoding", rq->content_encoding);
    buf_cstr(b, "\r\n");
    buf_str(b, rq->body);
}

/* ---- the rows ---- */

struct gathering {
    struct db *db;
    struct arena *arena;
    int64_t merchant_id;
    const struct doctor_account *account; /* whose certificates are read */
    struct doctor_account *accounts;
    struct doctor_key *keys;
    int account_count, key_count;
    bool full; /* the arena */
};

static struct str keep(struct gathering *g, struct str s)
{
    struct str copy = arena_copy(g->arena, s);
    g->full = g->full || (!str_absent(s) && str_absent(copy));
    return copy;
}

static enum err account_see(void *arg, const struct account_row *r)
{
    struct gathering *g = arg;
    if (r->merchant_id != g->merchant_id) {
        return ERR_OK;
    }
    if (g->account_count == ACCOUNTS_MAX) {
        return ERR_LIMIT;
    }
    g->accounts[g->account_count++] =
        (struct doctor_account){.id = r->id, .uuid = keep(g, r->uuid), .enabled = r->enabled};
    return g->full ? ERR_LIMIT : ERR_OK;
}

static enum err cert_see(void *arg, const struct cert_row *r)
{
    struct gathering *g = arg;
    if (g->key_count == KEYS_MAX) {
        return ERR_LIMIT;
    }
    g->keys[g->key_count++] = (struct doctor_key){
        .cert_id = r->id,
        .account_id = r->account_id,
        .account_uuid = g->account->uuid,
        .purpose = keep(g, r->purpose),
        .fingerprint = keep(g, r->fingerprint),
        .public_der = keep(g, r->public_der),
        .not_before = r->not_before,
        .not_after = r->not_after,
        .revoked_at = r->revoked_at,
    };
    return g->full ? ERR_LIMIT : ERR_OK;
}

static enum err gather(struct gathering *g)
{
    enum err e = store_account_each(g->db, account_see, g);
    for (int i = 0; e == ERR_OK && i < g->account_count; i++) {
        g->account = &g->accounts[i];
        e = store_cert_each(g->db, g->account->id, cert_see, g);
    }
    return e;
}

enum err doctor_examine(struct db *db, struct arena *a, int64_t merchant_id, int64_t account_id,
    const struct doctor_request *rq, struct doctor_report *ret)
{
    struct gathering g = {.db = db, .arena = a, .merchant_id = merchant_id};
    g.accounts = arena_alloc(a, ACCOUNTS_MAX * sizeof *g.accounts);
    g.keys = arena_alloc(a, KEYS_MAX * sizeof *g.keys);
    enum err e = g.accounts && g.keys ? gather(&g) : ERR_LIMIT;
    if (e != ERR_OK) {
        return e;
    }
    struct doctor_input in = {
        .account = rq->account,
        .sign = rq->sign,
        .path = rq->path,
        .content_type = rq->content_type,
        .content_encoding = rq->content_encoding,
        .body = rq->body,
        .now = rq->at,
        .accounts = g.accounts,
        .account_count = g.account_count,
        .account_id = account_id,
        .keys = g.keys,
        .key_count = g.key_count,
    };
    doctor_look(a, &in, ret);
    return ERR_OK;
}

/* ---- telling ---- */

static void base64_member(struct json_writer *w, const char *key, struct str s)
{
    struct buf b;
    if (str_absent(s)) {
        json_w_kstr(w, key, s);
        return;
    }
    buf_init(&b, 8 * DOCTOR_BODY_MAX);
    base64_encode(&b, s.p, s.n);
    json_w_kstr(w, key, buf_view(&b));
    buf_clear(&b);
}

static void findings_json(struct json_writer *w, const struct doctor_report *r)
{
    json_w_key(w, "findings");
    json_w_open(w, '[');
    for (int i = 0; i < r->count; i++) {
        const struct doctor_finding *f = &r->findings[i];
        json_w_open(w, '{');
        json_w_kcstr(w, "code", doctor_code_name(f->code));
        json_w_kcstr(w, "text", doctor_code_text(f->code));
        json_w_kstr(w, "detail", utf8_valid(f->detail) ? f->detail : STR("?"));
        json_w_close(w);
    }
    json_w_close(w);
}

static void key_json(struct json_writer *w, const struct doctor_report *r)
{
    char id[24];
    json_w_key(w, "certificate");
    if (!r->key) {
        json_w_null(w);
        return;
    }
    snprintf(id, sizeof id, "%lld", (long long)r->key->cert_id);
    json_w_open(w, '{');
    json_w_kcstr(w, "id", id);
    json_w_kstr(w, "account", r->key->account_uuid);
    json_w_kstr(w, "purpose", r->key->purpose);
    json_w_kstr(w, "fingerprint", r->key->fingerprint);
    json_w_kint(w, "not_before", r->key->not_before);
    json_w_kint(w, "not_after", r->key->not_after);
    json_w_kint(w, "revoked_at", r->key->revoked_at);
    json_w_close(w);
}

void doctor_report_json(
    struct json_writer *w, const struct doctor_request *rq, const struct doctor_report *r)
{
    static const char *const forms[] = {
        [RSA_FORM_PKCS1] = "PKCS#1 v1.5", [RSA_FORM_BARE] = "bare", [RSA_FORM_PSS] = "PSS"};
    bool named = r->form == RSA_FORM_PKCS1 || r->form == RSA_FORM_PSS;
    json_w_kcstr(w, "verdict", r->count ? "refused" : "good");
    findings_json(w, r);
    key_json(w, r);
    json_w_kcstr(w, "padding", r->form == RSA_FORM_NONE ? NULL : forms[r->form]);
    json_w_kcstr(w, "digest", named ? hash_kind_text(r->hash) : NULL);
    json_w_kint(w, "signature_bytes", (int64_t)r->signature_n);
    json_w_kstr(w, "signed_digest", r->signed_digest);
    json_w_kstr(w, "body_digest", r->body_digest);
    json_w_kint(w, "body_bytes", (int64_t)rq->body.n);
    json_w_kint(w, "differs_at", (int64_t)r->differs_at);
    base64_member(w, "body_base64", rq->body);
    base64_member(w, "signed_base64", r->signed_text);
}
