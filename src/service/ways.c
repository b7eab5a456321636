#include "service/ways.h"

#include "service/credentials.h"
#include "store/store_number_wait.h"

static bool number_is_first(const struct config *c, enum wallet_kind wallet)
{
    const char *first = NULL;
    switch (wallet) {
    case WALLET_BKASH:
        first = c->ways_bkash;
        break;
    case WALLET_NAGAD:
        first = c->ways_nagad;
        break;
    case WALLET_ROCKET:
        first = c->ways_rocket;
        break;
    case WALLET_COUNT:
        break;
    }
    return first && str_is(str_from(first), "number");
}

enum checkout_health { CHECKOUT_NONE, CHECKOUT_ILL, CHECKOUT_WELL };

static enum checkout_health checkout_health(struct service *s, const struct payment_row *p)
{
    int64_t credential_id = 0;
    const char *why = NULL;
    if (!s->credentials ||
        !credentials_find(s->credentials, p->wallet, p->account_id, &credential_id))
        return CHECKOUT_NONE;
    return wallets_healthy(s->wallets, credential_id, &why) ? CHECKOUT_WELL : CHECKOUT_ILL;
}

static bool is_bound(const struct page_view *v)
{
    return v->payment.paid.poisha > 0 || !str_absent(v->number.waits);
}

/* Who has chosen is not asked again: what he wants, and what he has begun, comes before the operator's order. */
static bool open_number(
    struct service *s, enum page_way wanted, enum checkout_health health, struct page_view *v)
{
    bool begun = v->stage == PAGE_AT_WALLET;
    v->may_switch = begun || health == CHECKOUT_WELL;
    if (!v->may_switch)
        return true;
    if (wanted != PAGE_WAY_NONE)
        return wanted == PAGE_WAY_NUMBER;
    return !begun && str_absent(v->last_reason) && number_is_first(s->config, v->payment.wallet);
}

/* Of an ended payment it takes the TrxID of money that was sent all the same. */
static bool ended_number(
    struct service *s, enum page_way wanted, enum checkout_health health, const struct page_view *v)
{
    return wanted == PAGE_WAY_NUMBER || health == CHECKOUT_NONE || is_bound(v) ||
           number_is_first(s->config, v->payment.wallet);
}

static bool number_is_on(
    struct service *s, enum page_way wanted, enum checkout_health health, struct page_view *v)
{
    switch (v->stage) {
    case PAGE_OPEN:
    case PAGE_AT_WALLET:
        return is_bound(v) || open_number(s, wanted, health, v);
    case PAGE_WAITING:
        return is_bound(v);
    case PAGE_CONFIRMING:
    case PAGE_PAID:
        break;
    case PAGE_CANCELLED:
    case PAGE_FAILED:
    case PAGE_EXPIRED:
        return ended_number(s, wanted, health, v);
    }
    return false;
}

void ways_choose(struct service *s, enum page_way wanted, struct page_view *v)
{
    enum checkout_health health = checkout_health(s, &v->payment);
    v->wallet_healthy = health == CHECKOUT_WELL;
    v->may_switch = false;
    v->number.on = v->number.there && number_is_on(s, wanted, health, v);
    if (v->number.on && (v->stage == PAGE_AT_WALLET || v->stage == PAGE_WAITING)) {
        v->stage = PAGE_OPEN;
        v->wallet_url = STR_ABSENT;
    }
    v->wallet_healthy = v->wallet_healthy || v->number.on;
}

static enum err wait_see(void *arg, const struct number_wait_row *r)
{
    bool *found = arg;
    (void)r;
    *found = true;
    return ERR_OK;
}

enum err ways_bound_to_number(struct db *db, const struct payment_row *p, bool *ret)
{
    *ret = p->paid.poisha > 0;
    return *ret ? ERR_OK : store_number_wait_each_of(db, p->id, wait_see, ret);
}
