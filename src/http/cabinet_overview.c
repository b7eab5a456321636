/* What a merchant sees first. */
#include "base/mem.h"
#include "http/cabinet_find.h"
#include "service/overview.h"

#define DAYS_USUAL 30

static void sums_write(struct json_writer *w, const struct overview_sums *s)
{
    json_w_kint(w, "created", s->v[STAT_CREATED]);
    json_w_kint(w, "opened", s->v[STAT_OPENED]);
    json_w_kint(w, "reached", s->v[STAT_REACHED]);
    json_w_kint(w, "paid", s->v[STAT_PAID]);
    json_w_kint(w, "cancelled", s->v[STAT_CANCELLED]);
    json_w_kint(w, "failed", s->v[STAT_FAILED]);
    cabinet_w_money(w, "received_poisha", money_poisha(s->v[STAT_RECEIVED]));
    cabinet_w_money(w, "commission_poisha", money_poisha(s->v[STAT_COMMISSION]));
    cabinet_w_money(w, "refunded_poisha", money_poisha(s->v[STAT_REFUNDED]));
}

static void accounts_write(struct json_writer *w, const struct cabinet_accounts *a)
{
    json_w_key(w, "accounts");
    json_w_open(w, '[');
    for (int i = 0; i < a->count; i++) {
        json_w_open(w, '{');
        json_w_kstr(w, "uuid", a->uuids[i]);
        json_w_kstr(w, "name", a->names[i]);
        json_w_close(w);
    }
    json_w_close(w);
}

static void waiting_write(
    const struct cabinet_call *c, struct json_writer *w, const struct overview *o)
{
    json_w_key(w, "waiting");
    json_w_open(w, '{');
    json_w_kint(w, "open", o->open_count);
    cabinet_w_money(w, "open_poisha", o->open);
    json_w_kint(w, "review", o->review_count);
    cabinet_w_money(w, "suspense_poisha", o->suspense);
    cabinet_w_money(w, "refunding_poisha", o->refunding);
    json_w_close(w);
    json_w_key(w, "balance_poisha");
    if (cabinet_may(c, ACTION_balance_see))
        json_w_int(w, o->balance.poisha);
    else
        json_w_null(w);
}

static struct reply *overview_reply(
    struct cabinet_call *c, const struct cabinet_accounts *accounts, const struct overview *o)
{
    struct json_writer *w = cabinet_begin(c);
    cabinet_w_day(w, "from", o->day_from);
    cabinet_w_day(w, "to", o->day_to);
    accounts_write(w, accounts);
    json_w_key(w, "total");
    json_w_open(w, '{');
    sums_write(w, &o->total);
    json_w_close(w);
    waiting_write(c, w, o);
    json_w_key(w, "wallets");
    json_w_open(w, '[');
    for (int i = 0; i < WALLET_COUNT; i++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "wallet", wallet_kind_code((enum wallet_kind)i));
        sums_write(w, &o->wallets[i]);
        json_w_close(w);
    }
    json_w_close(w);
    json_w_key(w, "days");
    json_w_open(w, '[');
    for (int32_t day = o->day_from; day <= o->day_to; day++) {
        json_w_open(w, '{');
        cabinet_w_day(w, "day", day);
        sums_write(w, &o->days[day - o->day_from]);
        json_w_close(w);
    }
    json_w_close(w);
    return cabinet_done(c);
}

struct reply *cabinet_overview_get(struct cabinet_call *c)
{
    struct cabinet_accounts accounts;
    int32_t today = dhaka_day(c->now);
    enum err e = cabinet_accounts_asked(c, &accounts);
    if (e != ERR_OK)
        return cabinet_err(e);
    int32_t to = cabinet_day(c, "to", today);
    int32_t from = cabinet_day(c, "from", to - DAYS_USUAL + 1);
    if (to < from || to - from >= OVERVIEW_DAYS_MAX)
        cabinet_fault(c, "from", FAULT_out_of_range);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    struct overview *o = mem_alloc(sizeof *o);
    e = overview_load(c->service, c->db, accounts.ids, accounts.count, from, to, o);
    struct reply *r = e == ERR_OK ? overview_reply(c, &accounts, o) : cabinet_err(e);
    mem_free(o);
    return r;
}
