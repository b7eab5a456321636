/* A payer's TrxID against what phones told. */
#include "service/phone.h"

static enum err unknown(struct tx *tx, int64_t number_id, enum phone_claim_result *ret)
{
    int64_t seen_at = 0;
    enum err e = store_number_seen(tx_db(tx), number_id, &seen_at);
    if (e == ERR_OK)
        *ret = tx_now_ms(tx) - seen_at > PHONE_SILENT_MS ? PHONE_CLAIM_NOT_SYNCED
                                                         : PHONE_CLAIM_UNKNOWN;
    return e;
}

/* What forbids the claim; PHONE_CLAIM_TAKEN: nothing. Who does not know the payer's digits comes first, as he must not learn even
 * that there is such money; then a claimed row's reasons, so that a payer who asks again learns nothing of another's. */
static enum phone_claim_result judge(
    const struct phone_claim *c, const struct number_credit_row *row)
{
    bool claimed = row->state == NUMBER_CREDIT_CLAIMED;
    if (claimed && row->payment_id == c->payment_id)
        return PHONE_CLAIM_MINE_BEFORE;
    if (str_absent(row->payer_end) || !str_eq(row->payer_end, c->payer_end))
        return PHONE_CLAIM_OTHER_PAYER;
    if (claimed)
        return PHONE_CLAIM_TAKEN_BEFORE;
    if (row->number_id != c->number_id)
        return PHONE_CLAIM_WRONG_NUMBER;
    if (row->state != NUMBER_CREDIT_FREE)
        return PHONE_CLAIM_REVIEW;
    if (row->received_at < c->payment_created_at - PHONE_STALE_SKEW_MS)
        return PHONE_CLAIM_STALE;
    return PHONE_CLAIM_TAKEN;
}

enum err phone_claim(struct tx *tx, struct arena *a, const struct phone_claim *c,
    struct number_credit_row *ret_credit, enum phone_claim_result *ret)
{
    char normal[TRXID_CAP];
    if (trxid_normal(c->wallet, c->trx_id, normal) != ERR_OK) {
        *ret = PHONE_CLAIM_MALFORMED;
        return ERR_OK;
    }
    struct number_credit_row row;
    enum err e = store_number_credit_find(tx_db(tx), a, c->wallet, str_from(normal), &row);
    if (e == ERR_NO_ROW)
        return unknown(tx, c->number_id, ret);
    if (e != ERR_OK)
        return e;
    enum phone_claim_result result = judge(c, &row);
    e = store_wallet_credit_untaken(tx_db(tx), c->wallet, row.trx_id);
    if (e != ERR_OK && e != ERR_DUPLICATE)
        return e;
    if (e == ERR_DUPLICATE && result != PHONE_CLAIM_MINE_BEFORE &&
        result != PHONE_CLAIM_OTHER_PAYER)
        result = PHONE_CLAIM_TAKEN_BEFORE;
    if (result == PHONE_CLAIM_TAKEN) {
        int64_t now = tx_now_ms(tx);
        e = store_number_credit_claim(tx, row.id, NUMBER_CREDIT_FREE, c->payment_id, now);
        if (e != ERR_OK)
            return e;
        row.state = NUMBER_CREDIT_CLAIMED;
        row.payment_id = c->payment_id;
        row.claimed_at = now;
    }
    *ret_credit = row;
    *ret = result;
    return ERR_OK;
}
