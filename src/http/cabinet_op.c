/* The operator's glance: what works, what does not, and what waits for a person. */
#include "http/cabinet.h"
#include "service/phone.h"
#include "store/store_day.h"
#include "store/store_outbox.h"
#include "store/store_sms.h"
#include "store/store_wallet.h"
#include "wallet/wallet.h"

#define DOUBTS_MAX 100
#define SMS_MAX 100
/* What is in doubt for longer has been looked at by a person, or never will be. */
#define DOUBTS_MS (INT64_C(90) * 86400000)

static const char *store_text(enum store_state s)
{
    switch (s) {
    case STORE_GOOD:
        return "good";
    case STORE_UNWRITABLE:
        return "unwritable";
    case STORE_SILENT:
        return "silent";
    case STORE_CLOCK_APART:
        return "clock_apart";
    }
    return "silent";
}

/* ---- wallets ---- */

struct credential_list {
    struct cabinet_call *c;
    struct json_writer *w;
    struct wallet_health found; /* of the credential that is asked about; credential_id 0: none */
    const struct credential_row *asked;
};

static void health_take(void *arg, const struct wallet_health *h)
{
    struct credential_list *l = arg;
    if (h->credential_id == l->asked->id && h->wallet == l->asked->wallet)
        l->found = *h;
}

static void account_name(struct cabinet_call *c, struct json_writer *w, int64_t account_id)
{
    struct account_row a;
    bool known = account_id && store_account_by_id(c->db, c->arena, account_id, &a) == ERR_OK;
    json_w_kstr(w, "account", known ? a.uuid : STR_ABSENT);
}

static enum err credential_item(void *arg, const struct credential_row *r)
{
    struct credential_list *l = arg;
    l->found = (struct wallet_health){.credential_id = 0};
    l->asked = r;
    wallets_each_health(l->c->service->wallets, health_take, l);
    const struct wallet_health *h = &l->found;
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    json_w_kcstr(l->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(l->w, "name", r->name);
    account_name(l->c, l->w, r->account_id);
    json_w_kcstr(l->w, "state",
        !r->enabled         ? "off"
        : !h->credential_id ? "not_seen"
        : h->hidden         ? "out_of_use"
        : h->reason         ? "being_tried"
                            : "good");
    json_w_kstr(l->w, "reason", h->reason ? str_from(h->reason) : STR_ABSENT);
    cabinet_w_time(l->w, "since", h->reason ? h->since_at : 0);
    json_w_close(l->w);
    return ERR_OK;
}

static enum err wallets_write(struct cabinet_call *c, struct json_writer *w)
{
    struct credential_list l = {.c = c, .w = w};
    json_w_key(w, "wallets");
    json_w_open(w, '[');
    enum err e = store_credential_each(c->db, credential_item, &l);
    json_w_close(w);
    return e;
}

/* ---- numbers and phones ---- */

struct listing {
    struct cabinet_call *c;
    struct json_writer *w;
    int64_t count, max;
};

static enum err number_item(void *arg, const struct number_row *r)
{
    struct listing *l = arg;
    int64_t seen_at = 0;
    enum err e = store_number_seen(l->c->db, r->id, &seen_at);
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    json_w_kcstr(l->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(l->w, "number", r->number);
    json_w_kstr(l->w, "kind", r->kind);
    account_name(l->c, l->w, r->account_id);
    json_w_kbool(l->w, "enabled", r->enabled);
    json_w_key(l->w, "balance_poisha");
    if (r->balance_at)
        json_w_int(l->w, r->balance.poisha);
    else
        json_w_null(l->w);
    cabinet_w_time(l->w, "balance_at", r->balance_at);
    cabinet_w_time(l->w, "seen_at", seen_at);
    json_w_kbool(l->w, "silent", r->enabled && l->c->now - seen_at > PHONE_SILENT_MS);
    json_w_close(l->w);
    return e;
}

static enum err device_item(void *arg, const struct device_row *r)
{
    struct listing *l = arg;
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    json_w_kstr(l->w, "name", r->name);
    json_w_kstr(l->w, "model", r->model);
    json_w_kbool(l->w, "enabled", r->enabled);
    cabinet_w_time(l->w, "seen_at", r->seen_at);
    cabinet_w_time(l->w, "synced_at", r->synced_at);
    json_w_close(l->w);
    return ERR_OK;
}

static enum err phones_write(struct cabinet_call *c, struct json_writer *w)
{
    struct listing l = {.c = c, .w = w};
    json_w_key(w, "numbers");
    json_w_open(w, '[');
    enum err e = store_number_each(c->db, number_item, &l);
    json_w_close(w);
    json_w_key(w, "devices");
    json_w_open(w, '[');
    e = e == ERR_OK ? store_device_each(c->db, device_item, &l) : e;
    json_w_close(w);
    return e;
}

/* ---- what waits for a person ---- */

static enum err received_count(void *arg, const struct number_credit_row *r)
{
    (void)r;
    ++*(int64_t *)arg;
    return ERR_OK;
}

static enum err sms_count(void *arg, const struct sms_row *r)
{
    (void)r;
    ++*(int64_t *)arg;
    return ERR_OK;
}

static bool is_doubt(const struct day_attempt *r)
{
    return str_is(r->state, "unknown") || str_is(r->state, "review");
}

static struct day_range doubts_range(const struct cabinet_call *c)
{
    return (struct day_range){c->now - DOUBTS_MS, c->now + 1};
}

static enum err doubt_count(void *arg, const struct day_attempt *r)
{
    *(int64_t *)arg += is_doubt(r);
    return ERR_OK;
}

static enum err queues_write(struct cabinet_call *c, struct json_writer *w)
{
    int64_t received = 0, sms = 0, doubts = 0, notifications = 0;
    enum err e = store_number_credit_each_open(c->db, received_count, &received);
    e = e == ERR_OK ? store_sms_each_open(c->db, 0, sms_count, &sms) : e;
    e = e == ERR_OK ? store_day_attempt_each(c->db, doubts_range(c), doubt_count, &doubts) : e;
    e = e == ERR_OK ? store_outbox_waiting(c->db, &notifications) : e;
    json_w_key(w, "waiting");
    json_w_open(w, '{');
    json_w_kint(w, "received", received);
    json_w_kint(w, "sms", sms);
    json_w_kint(w, "doubts", doubts);
    json_w_kint(w, "notifications", notifications);
    json_w_close(w);
    return e;
}

struct reply *cabinet_op_health_get(struct cabinet_call *c)
{
    struct json_writer *w = cabinet_begin(c);
    json_w_kcstr(w, "store", store_text(store_state(c->service->store)));
    json_w_kcstr(w, "node", c->service->node);
    cabinet_w_time(w, "now", c->now);
    enum err e = queues_write(c, w);
    e = e == ERR_OK ? wallets_write(c, w) : e;
    e = e == ERR_OK ? phones_write(c, w) : e;
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

/* ---- lists: the oldest, at most so many; what is done away with makes room for the next ---- */

static struct reply *list_end(struct cabinet_call *c, const struct listing *l, enum err e)
{
    if (e != ERR_OK)
        return cabinet_err(e);
    json_w_close(l->w);
    json_w_kbool(l->w, "more", l->count > l->max);
    return cabinet_done(c);
}

static struct listing list_begin(struct cabinet_call *c, int64_t max)
{
    struct listing l = {.c = c, .w = cabinet_begin(c), .max = max};
    json_w_key(l.w, "items");
    json_w_open(l.w, '[');
    return l;
}

static enum err doubt_item(void *arg, const struct day_attempt *r)
{
    struct listing *l = arg;
    if (!is_doubt(r) || l->count++ >= l->max)
        return ERR_OK;
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    cabinet_w_id(l->w, "payment_id", r->payment_id);
    json_w_kcstr(l->w, "wallet", wallet_kind_code(r->wallet));
    cabinet_w_money(l->w, "amount_poisha", r->amount);
    json_w_kstr(l->w, "state", r->state);
    json_w_close(l->w);
    return ERR_OK;
}

struct reply *cabinet_op_doubts_get(struct cabinet_call *c)
{
    struct listing l = list_begin(c, DOUBTS_MAX);
    return list_end(c, &l, store_day_attempt_each(c->db, doubts_range(c), doubt_item, &l));
}

static enum err sms_item(void *arg, const struct sms_row *r)
{
    struct listing *l = arg;
    if (l->count++ >= l->max)
        return ERR_OK;
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    json_w_kstr(l->w, "state", r->state);
    json_w_kstr(l->w, "why", r->why);
    json_w_kstr(l->w, "sender", r->sender);
    json_w_kstr(l->w, "text", r->body);
    json_w_kstr(l->w, "trx_id", r->trx_id);
    cabinet_w_id(l->w, "number_id", r->number_id);
    cabinet_w_time(l->w, "happened_at", r->happened_at);
    json_w_close(l->w);
    return ERR_OK;
}

struct reply *cabinet_op_sms_get(struct cabinet_call *c)
{
    struct listing l = list_begin(c, SMS_MAX);
    return list_end(c, &l, store_sms_each_open(c->db, 0, sms_item, &l));
}
