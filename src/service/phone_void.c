/* A phone that lied, as one does whose key is stolen, may have told a TrxID before the phone that got the money. Two persons say so:
 * its money never counts, and the true SMS makes the money. */
#include "core/payer_end.h"
#include "service/phone_private.h"

/* Else it goes on lying, and what is put right is held again a moment later. */
static enum err liar_is_silent(struct tx *tx, struct arena *a, const struct sms_row *lie)
{
    struct device_row d;
    if (!lie->device_id)
        return ERR_OK; /* a person pasted it */
    enum err e = store_device_get(tx_db(tx), a, lie->device_id, &d);
    return e == ERR_OK && d.enabled ? ERR_UNAUTHORIZED : e;
}

static enum err truth_read(struct tx *tx, struct arena *a, const struct number_credit_row *lie,
    int64_t sms_id, struct sms_row *ret_row, struct sms *ret)
{
    enum err e = store_sms_get(tx_db(tx), a, sms_id, ret_row);
    if (e != ERR_OK)
        return e;
    sms_parse(ret_row->sender, ret_row->body, ret);
    bool held = str_is(ret_row->state, "conflict") && ret_row->number_id != 0;
    return held && sms_is_received(ret->kind) && ret->wallet == lie->wallet &&
                   str_is(lie->trx_id, ret->trx_id)
               ? ERR_OK
               : ERR_RANGE;
}

/* Two persons have looked, so it waits for nobody else; but its place in the chain it has to find like any other, if it
 * has not while it was held. */
static enum err truth_take(struct tx *tx, const struct sms_row *row, const struct sms *s)
{
    char end[PAYER_END_CAP];
    bool follows = str_eq(row->why, PHONE_WHY_LINKED);
    payer_end_of_number(s->number, end);
    struct number_credit_row c = {.wallet = s->wallet,
        .trx_id = str_from(s->trx_id),
        .number_id = row->number_id,
        .sms_id = row->id,
        .amount = s->amount,
        .balance = s->balance,
        .payer_mask = s->number_masked[0] ? str_from(s->number_masked) : STR_ABSENT,
        .payer_end = end[0] ? str_from(end) : STR_ABSENT,
        .received_at = s->at_ms,
        .seen_at = row->seen_at,
        .state = end[0] ? NUMBER_CREDIT_FREE : NUMBER_CREDIT_REVIEW,
        .reason = end[0] ? STR_ABSENT : PHONE_REASON_NO_PAYER};
    enum err e = follows ? ERR_OK : phone_chain_go(tx, row->number_id, s, &follows);
    if (e == ERR_OK)
        e = store_sms_set_state(tx, row->id, follows ? STR("done") : STR("broken"));
    return e == ERR_OK ? store_number_credit_add(tx, &c) : e;
}

enum err phone_void(struct tx *tx, struct arena *a, const struct number_credit_row *c,
    const struct phone_decision *d)
{
    struct sms_row lie, truth;
    struct sms s;
    if (c->state == NUMBER_CREDIT_CLAIMED || c->state == NUMBER_CREDIT_VOID)
        return ERR_STATE;
    enum err e = store_sms_get(tx_db(tx), a, c->sms_id, &lie);
    if (e == ERR_OK)
        e = liar_is_silent(tx, a, &lie);
    if (e == ERR_OK && d->sms_id)
        e = truth_read(tx, a, c, d->sms_id, &truth, &s);
    if (e == ERR_OK)
        e = store_number_credit_move(tx, c->id, c->state, NUMBER_CREDIT_VOID, d->reason);
    if (e == ERR_OK)
        e = store_sms_set_state(tx, c->sms_id, STR("void"));
    return e == ERR_OK && d->sms_id ? truth_take(tx, &truth, &s) : e;
}
