/* POST /wallets/search: what a wallet knows of a TrxID, for a person who compares. kassad asks, because it has the token; nothing is
 * stored and no payment changes. */
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "core/sms_trxid.h"
#include "http/routes.h"
#include "store/store_wallet.h"

#define ANSWER_MAX ((size_t)16384)
/* Each holds a connection of the few that payments need, too. */
#define SEARCHES_MAX 4

/* In the request's arena. */
struct search {
    struct request *rq;
    const struct wallet_ops *ops;
    int64_t credential_id;
    char trx_id[TRXID_CAP];
    struct str answer;
};

static struct reply *message(int status, const char *field, const char *text)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, 1024);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "message", "The given data was invalid.");
    json_w_key(&w, "errors");
    json_w_open(&w, '{');
    json_w_key(&w, field);
    json_w_open(&w, '[');
    json_w_cstr(&w, text);
    json_w_close(&w);
    json_w_close(&w);
    json_w_close(&w);
    struct reply *r = reply_json(status, buf_view(&b));
    buf_clear(&b);
    return r;
}

static const char *result_text(const struct wallet_answer *a)
{
    if (a->outcome == WALLET_OK)
        return "found";
    if (a->outcome == WALLET_DECLINED)
        return "not_found";
    return str_is(a->code, "not_offered") ? "not_offered" : "no_answer";
}

static void found_write(struct json_writer *w, const struct wallet_answer *a)
{
    char at[25];
    struct buf amount;
    buf_init(&amount, 32);
    money_format(&amount, a->amount, 2);
    json_w_kstr(w, "trx_id", a->trx_id);
    json_w_kstr(w, "amount", buf_view(&amount));
    json_w_kstr(w, "currency", a->currency);
    json_w_kstr(w, "state", a->state);
    json_w_kstr(w, "kind", a->kind);
    json_w_kstr(w, "payer", a->payer);
    json_w_kstr(w, "receiver", a->receiver);
    if (a->happened_at) {
        utc_time_format(a->happened_at, at);
        json_w_kcstr(w, "completed_at", at);
    }
    buf_clear(&amount);
}

static struct reply *search_reply(void *arg)
{
    const struct search *s = arg;
    return str_absent(s->answer) ? reply_error(s->rq, ERR_LIMIT) : reply_json(200, s->answer);
}

/* On the outgoing thread; the answer's texts end with this call. */
static void search_done(void *arg, const struct wallet_answer *a)
{
    struct search *s = arg;
    struct gateway *g = s->rq->ctx;
    struct json_writer w;
    struct buf b;
    atomic_fetch_sub(&g->searches, 1);
    buf_init(&b, ANSWER_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "result", result_text(a));
    json_w_kstr(&w, "code", a->code);
    json_w_kstr(&w, "message", a->message);
    if (a->outcome == WALLET_OK)
        found_write(&w, a);
    json_w_close(&w);
    s->answer = buf_ok(&b) ? arena_copy(&s->rq->arena, buf_view(&b)) : STR_ABSENT;
    buf_clear(&b);
    request_answer_with(s->rq, search_reply, s);
}

/* NULL when it may be asked. */
static struct reply *search_judge(struct search *s)
{
    struct gateway *g = s->rq->ctx;
    struct json *body = NULL;
    const char *why;
    struct credential_row r;
    if (json_parse(&s->rq->arena, s->rq->body, &body, &why) != ERR_OK || body->type != JSON_OBJECT)
        return reply_error(s->rq, ERR_BODY);
    struct db *db = store_reader(g->service->store);
    if (!db)
        return reply_error(s->rq, ERR_STORE_IO);
    if (int64_parse(json_get_scalar(body, "credential"), &s->credential_id) != ERR_OK)
        return message(400, "credential", "The credential must be a number.");
    enum err e = store_credential_get(db, &s->rq->arena, s->credential_id, &r);
    if (e == ERR_NO_ROW)
        return message(404, "credential", "There is no such credential.");
    if (e != ERR_OK)
        return reply_error(s->rq, e);
    s->ops = wallet_ops_find(r.wallet);
    if (!s->ops || !s->ops->search)
        return message(400, "credential", "This wallet can't be asked about a TrxID.");
    if (trxid_normal(r.wallet, json_get_scalar(body, "trx_id"), s->trx_id) != ERR_OK)
        return message(400, "trx_id", "This is no TrxID of this wallet.");
    return NULL;
}

struct reply *ops_search_post(struct request *rq)
{
    struct gateway *g = rq->ctx;
    struct search *s = arena_alloc(&rq->arena, sizeof(*s));
    ensure(s, "a new request's arena has room");
    *s = (struct search){.rq = rq};
    struct reply *refusal = search_judge(s);
    if (refusal)
        return refusal;
    if (atomic_fetch_add(&g->searches, 1) >= SEARCHES_MAX) {
        atomic_fetch_sub(&g->searches, 1);
        return reply_error(rq, ERR_BUSY);
    }
    struct reply *parked = request_park(rq);
    s->ops->search(g->service->wallets, s->credential_id, str_from(s->trx_id), search_done, s);
    return parked;
}
