/* The payer's side: where to send the money, and the TrxID that is typed. */
#include "service/number.h"

#include "core/payer_end.h"
#include "core/sms_trxid.h"
#include "service/checkout_act.h"
#include "service/funnel.h"
#include "service/links.h"
#include "service/phone.h"
#include "store/store_guess.h"
#include "store/store_number_wait.h"

#define ROW_BYTES_MAX 65536

bool number_is_there(struct service *s, enum wallet_kind wallet, int64_t account_id)
{
    struct arena a;
    struct number_row n;
    struct db *db = store_reader(s->store);
    if (!db)
        return false;
    arena_init(&a, ROW_BYTES_MAX);
    enum err e = store_number_for(db, &a, wallet, account_id, &n);
    arena_clear(&a);
    return e == ERR_OK;
}

/* ---- the page ---- */

struct waits {
    struct arena *arena;
    struct str newest, payer_end;
    struct str typed; /* absent: none */
    bool is_there;    /* what was typed waits already */
    int count;
};

static enum err wait_see(void *arg, const struct number_wait_row *r)
{
    struct waits *x = arg;
    x->count++;
    x->is_there = x->is_there || str_eq(r->trx_id, x->typed);
    if (x->arena) {
        x->newest = arena_copy(x->arena, r->trx_id);
        x->payer_end = arena_copy(x->arena, r->payer_end);
    }
    return ERR_OK;
}

enum err number_view(struct service *s, struct db *db, struct arena *a, const struct payment_row *p,
    struct page_number *ret)
{
    struct number_row n;
    struct waits x = {.arena = a, .newest = STR_ABSENT, .payer_end = STR_ABSENT};
    int64_t seen_at = 0;
    *ret = (struct page_number){
        .number = STR_ABSENT, .kind = STR_ABSENT, .waits = STR_ABSENT, .waits_payer = STR_ABSENT};
    enum err e = store_number_for(db, a, p->wallet, p->account_id, &n);
    if (e == ERR_OK)
        e = store_number_seen(db, n.id, &seen_at);
    if (e == ERR_OK)
        e = store_number_wait_each_of(db, p->id, wait_see, &x);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    bool whole = money_cmp(p->paid, p->amount) >= 0;
    *ret = (struct page_number){.there = true,
        .number = n.number,
        .kind = n.kind,
        .left = whole ? MONEY_ZERO : money_sub(p->amount, p->paid),
        .waits = x.newest,
        .waits_payer = x.payer_end,
        .silent = clock_now_ms(s->clock) - seen_at > PHONE_SILENT_MS};
    return ERR_OK;
}

/* ---- a TrxID ---- */

/* In their normal forms. */
struct typed {
    struct str trx_id, payer_end;
};

struct look {
    struct tx *tx;
    struct arena *arena;
    const struct payment_row *payment;
    struct str typed;
    int alike;
};

static enum err alike_see(void *arg, struct str trx_id, int64_t number_id)
{
    struct look *x = arg;
    bool fits = false;
    if (!trxid_looks_like(x->typed, trx_id))
        return ERR_OK;
    enum err e = number_fits(x->tx, x->arena, number_id, x->payment, &fits);
    x->alike += fits;
    return e;
}

/* It is not there (yet), as far as this payer may know: it is kept until its SMS comes, if not too many are kept. Typed again
 * with other digits it takes no further place. */
static enum err not_there(struct checkout_act *c, struct act_own *own, struct tx *tx,
    const struct payment_row *p, const struct typed *typed)
{
    struct waits waits = {.arena = NULL, .typed = typed->trx_id};
    struct look look = {.tx = tx, .arena = &own->arena, .payment = p, .typed = typed->trx_id};
    struct number_wait_row row = {.payment_id = p->id,
        .wallet = p->wallet,
        .trx_id = typed->trx_id,
        .payer_end = typed->payer_end,
        .typed_at = tx_now_ms(tx)};
    enum err e = store_number_wait_each_of(tx_db(tx), p->id, wait_see, &waits);
    if (e == ERR_OK)
        e = store_number_alike_each(tx_db(tx), p->wallet, money_sub(p->amount, p->paid),
            typed->payer_end, p->created_at - PHONE_STALE_SKEW_MS, alike_see, &look);
    if (e != ERR_OK)
        return e;
    c->answer = look.alike == 1 ? NUMBER_LOOK : NUMBER_WAITS;
    if (!waits.is_there && waits.count >= c->service->config->number_waits_max) {
        c->answer = look.alike == 1 ? NUMBER_LOOK : NUMBER_TOO_MANY;
        return ERR_OK;
    }
    return store_number_wait_add(tx, &row);
}

/* The number that the payer was shown, or where the money came in, if that is one of his too: an operator may show another
 * number from one minute to the next. */
static enum err claim_number(
    struct tx *tx, struct arena *a, const struct payment_row *p, struct str normal, int64_t *ret_id)
{
    struct number_row shown;
    struct number_credit_row credit;
    bool fits = false;
    enum err e = store_number_for(tx_db(tx), a, p->wallet, p->account_id, &shown);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_STATE : e;
    *ret_id = shown.id;
    e = store_number_credit_find(tx_db(tx), a, p->wallet, normal, &credit);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    e = number_fits(tx, a, credit.number_id, p, &fits);
    if (e == ERR_OK && fits)
        *ret_id = credit.number_id;
    return e;
}

static const char *refusal_text(enum phone_claim_result r)
{
    switch (r) {
    case PHONE_CLAIM_TAKEN_BEFORE:
        return "taken_before";
    case PHONE_CLAIM_WRONG_NUMBER:
        return "wrong_number";
    case PHONE_CLAIM_STALE:
        return "stale";
    case PHONE_CLAIM_REVIEW:
        return "review";
    case PHONE_CLAIM_TAKEN:
    case PHONE_CLAIM_MINE_BEFORE:
    case PHONE_CLAIM_OTHER_PAYER:
    case PHONE_CLAIM_UNKNOWN:
    case PHONE_CLAIM_NOT_SYNCED:
    case PHONE_CLAIM_MALFORMED:
        break;
    }
    return NULL;
}

static enum err claim(struct checkout_act *c, struct act_own *own, struct tx *tx,
    struct payment_row *p, const struct typed *typed)
{
    struct number_credit_row credit;
    enum phone_claim_result result = PHONE_CLAIM_MALFORMED;
    struct phone_claim claim = {.wallet = p->wallet,
        .trx_id = typed->trx_id,
        .payer_end = typed->payer_end,
        .payment_id = p->id,
        .payment_created_at = p->created_at};
    enum err e = claim_number(tx, &own->arena, p, typed->trx_id, &claim.number_id);
    if (e == ERR_OK)
        e = phone_claim(tx, &own->arena, &claim, &credit, &result);
    if (e != ERR_OK)
        return e;
    e = result == PHONE_CLAIM_MALFORMED ? ERR_OK : funnel_typed(tx, p, typed->trx_id);
    if (e != ERR_OK)
        return e;
    const char *refusal = refusal_text(result);
    if (refusal) {
        c->answer = NUMBER_UNUSABLE;
        return act_event(tx, p->id, 0, "trx_id_refused", str_from(refusal));
    }
    if (result == PHONE_CLAIM_OTHER_PAYER)
        e = act_event(tx, p->id, 0, "trx_id_refused", STR("other_payer"));
    if (e != ERR_OK)
        return e;
    if (result == PHONE_CLAIM_OTHER_PAYER || result == PHONE_CLAIM_UNKNOWN ||
        result == PHONE_CLAIM_NOT_SYNCED)
        return not_there(c, own, tx, p, typed);
    c->answer = result == PHONE_CLAIM_MALFORMED ? NUMBER_MALFORMED : NUMBER_TAKEN;
    if (result != PHONE_CLAIM_TAKEN)
        return ERR_OK;
    own->wake_deliver = true;
    return number_money(tx, p, &credit, STR("payer"),
        money_poisha(c->service->config->number_over_tolerance_poisha));
}

/* Each node limits what it is asked before it waits for the writer; here all of them together. */
static enum err guess_take(const struct checkout_act *c, struct tx *tx, const struct payment_row *p)
{
    int64_t max = c->service->config->limits_trxids_per_minute;
    enum err e = store_guess_take(tx, p->uuid, max);
    struct str address = {(const char *)c->address, sizeof c->address};
    return e == ERR_OK ? store_guess_take(tx, address, NUMBER_ADDRESS_FACTOR * max) : e;
}

static enum err submit_run(struct checkout_act *c, struct act_own *own, struct tx *tx)
{
    struct payment_row p;
    char normal[TRXID_CAP], end[PAYER_END_CAP];
    enum err e = links_payment(c->service->links, tx_db(tx), &own->arena, str_from(c->uuid), &p);
    if (e != ERR_OK)
        return e;
    if (p.state == PAYMENT_PAID)
        return ERR_STATE;
    c->answer = NUMBER_MALFORMED;
    if (trxid_normal(p.wallet, str_from(c->ref), normal) != ERR_OK)
        return ERR_OK;
    c->answer = NUMBER_NO_PAYER;
    if (payer_end_parse(str_from(c->payer), end) != ERR_OK)
        return ERR_OK;
    struct typed typed = {.trx_id = str_from(normal), .payer_end = str_from(end)};
    e = guess_take(c, tx, &p);
    return e != ERR_OK ? e : claim(c, own, tx, &p, &typed);
}

enum err number_submit(struct service *s, struct checkout_act *c)
{
    return act_submit(s, c, submit_run);
}
