/* Create, and place where the wallet has it: how an attempt gets to the wallet's page. */
#include "base/crypto.h"
#include "base/log.h"
#include "base/url.h"
#include "service/funnel.h"
#include "service/outcome.h"
#include <stdio.h>

#define CREATE_MARGIN_MS INT64_C(5000)
#define REF_MAX 128
#define URL_MAX 4096

static bool ref_usable(const struct wallet_answer *w)
{
    return w->outcome == WALLET_OK && w->ref.n > 0 && w->ref.n <= REF_MAX;
}

static bool page_usable(const struct wallet_answer *w)
{
    struct url u;
    return ref_usable(w) && w->url.n > 0 && w->url.n <= URL_MAX && url_parse(w->url, &u) == ERR_OK;
}

/* After this the row alone says that the call was lost. */
static int64_t call_end(const struct errand *c, int64_t now)
{
    return now + c->service->config->wallet_timeout_ms + CREATE_MARGIN_MS;
}

/* Losing the reference would lose the payment, so it is committed before the wallet is told to take money for it. */
static enum err apply_initialized(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    struct attempt_row to = *a;
    to.wallet_ref = c->answer.ref;
    to.next_ask_at = call_end(c, tx_now_ms(tx));
    c->goes_on = true;
    c->next = ERRAND_PLACE;
    c->decided_ms = clock_mono_ms();
    return store_attempt_cas(tx, a, &to);
}

/* Somebody else uses this merchant's numbers, or a store was restored: what is added keeps ours apart. */
static enum err apply_renamed(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    struct attempt_row to = *a;
    uint8_t raw[3];
    char text[64];
    random_bytes(raw, sizeof raw);
    int n = snprintf(text, sizeof text, "%.*sR", STR_FMT(a->invoice));
    for (size_t i = 0; i < sizeof raw; i++) {
        text[n++] = letters[raw[i] % (sizeof letters - 1)];
    }
    c->next_invoice = arena_copy(&c->arena, (struct str){text, (size_t)n});
    c->goes_on = true;
    c->next = ERRAND_CREATE;
    c->decided_ms = clock_mono_ms();
    to.invoice = c->next_invoice;
    to.next_ask_at = call_end(c, tx_now_ms(tx));
    return store_attempt_cas(tx, a, &to);
}

static enum err apply_failed(struct errand *c, struct tx *tx, const struct attempt_row *a);

static enum err apply_page(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    struct attempt_row to = *a;
    struct payment_row p;
    enum err e = store_payment_by_id(tx_db(tx), &c->scratch, a->payment_id, &p);
    if (e != ERR_OK) {
        return e;
    }
    to.wallet_ref = c->answer.ref;
    to.wallet_url = c->answer.url;
    to.next_ask_at =
        outcome_takes_at_page(a->wallet) ? outcome_next_verify(a, &p, tx_now_ms(tx)) : 0;
    bool first = false;
    e = funnel_is_first(tx, p.id, &first);
    if (e != ERR_OK) {
        return e;
    }
    e = transition_attempt(tx, a, ATTEMPT_EV_CREATED, STR("wallet"), &to);
    if (e != ERR_DUPLICATE) {
        if (e == ERR_OK && first) {
            store_stat_note(tx, &p, STAT_REACHED);
        }
        return e;
    }
    /* A reference that names another payment's money would have this one paid by it. */
    log_alarm("wallet_gave_a_reference_twice", LOG_I("payment", a->payment_id),
        LOG_I("attempt", a->id), LOG_C("wallet", wallet_kind_code(a->wallet)));
    c->answer.outcome = WALLET_BROKEN;
    return apply_failed(c, tx, a);
}

/* A lost create is a failed one: no money can move, so the payer simply tries again. A lost place may have been done, and whoever
 * knows how the wallet makes its page's address could pay there: it is asked all the same. */
static enum err apply_failed(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    struct attempt_row to = *a;
    bool placed = c->kind == ERRAND_PLACE &&
                  (c->answer.outcome == WALLET_UNKNOWN || c->answer.outcome == WALLET_OK);
    to.next_ask_at = placed ? tx_now_ms(tx) : 0;
    to.reason = c->answer.outcome == WALLET_DECLINED ? STR("declined") : STR("unavailable");
    return transition_attempt(tx, a, ATTEMPT_EV_CREATE_FAILED, STR("wallet"), &to);
}

enum err outcome_apply_create(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    const struct wallet_ops *ops = wallet_ops_find(a->wallet);
    bool first = c->kind == ERRAND_CREATE && ops->place;
    if (a->state != ATTEMPT_CREATING) {
        return ERR_OK;
    }
    if (first && ref_usable(&c->answer)) {
        return apply_initialized(c, tx, a);
    }
    if (first && c->answer.invoice_taken && str_eq(a->invoice, c->invoice) && !c->renamed) {
        return apply_renamed(c, tx, a);
    }
    return !first && page_usable(&c->answer) ? apply_page(c, tx, a) : apply_failed(c, tx, a);
}
