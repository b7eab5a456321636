#include "service/received.h"

#include "service/number.h"
#include "store/store_payment.h"

/* Whom it concerns: the payment's merchant, else the number's, if it is one merchant's alone. */
static enum err owner_find(struct tx *tx, const struct received_act *x, int64_t *ret_account)
{
    struct number_credit_row r;
    struct number_row n;
    struct payment_row p;
    enum err e = store_number_credit_get(tx_db(tx), x->arena, x->decision.credit_id, &r);
    int64_t payment_id = x->payment_id ? x->payment_id : e == ERR_OK ? r.payment_id : 0;
    if (e == ERR_OK && payment_id) {
        e = store_payment_by_id(tx_db(tx), x->arena, payment_id, &p);
        *ret_account = e == ERR_OK ? p.account_id : 0;
    } else if (e == ERR_OK) {
        e = store_number_get(tx_db(tx), x->arena, r.number_id, &n);
        *ret_account = e == ERR_OK ? n.account_id : 0;
    }
    return e;
}

static enum err note_begin(
    struct tx *tx, const struct received_act *x, const char *action, struct change_note *note)
{
    note->action = action;
    change_target_id(note, "received", x->decision.credit_id);
    json_w_kstr(&note->w, "reason", x->decision.reason);
    return owner_find(tx, x, &note->account_id);
}

enum err received_ask(struct tx *tx, void *act, struct change_note *note)
{
    const struct received_act *x = act;
    enum err e = note_begin(tx, x, x->payment_id ? "received.attach" : "received.release", note);
    json_w_kint(&note->w, "payment", x->payment_id);
    return e == ERR_OK ? store_number_credit_ask(
                             tx, x->decision.credit_id, x->decision.person, x->payment_id)
                       : e;
}

enum err received_ask_void(struct tx *tx, void *act, struct change_note *note)
{
    const struct received_act *x = act;
    struct sms_row truth;
    enum err e = note_begin(tx, x, "received.void", note);
    if (e == ERR_OK && x->decision.sms_id)
        e = store_sms_get(tx_db(tx), x->arena, x->decision.sms_id, &truth);
    if (e == ERR_OK)
        e = store_number_credit_ask_void(
            tx, x->decision.credit_id, x->decision.person, x->decision.sms_id);
    json_w_kint(&note->w, "sms", x->decision.sms_id);
    return e;
}

enum err received_confirm(struct tx *tx, void *act, struct change_note *note)
{
    struct received_act *x = act;
    x->decision.payment_id = x->payment_id;
    x->ret_payment_id = 0;
    enum err e = note_begin(tx, x, "received.confirm", note);
    json_w_kint(&note->w, "payment", x->payment_id);
    json_w_kbool(&note->w, "void", x->decision.is_void);
    json_w_kint(&note->w, "sms", x->decision.sms_id);
    if (e == ERR_OK)
        e = phone_confirm(tx, x->arena, &x->decision, &x->ret_payment_id);
    return e == ERR_OK ? number_match(tx, x->over_tolerance) : e;
}

enum err received_mark(struct tx *tx, void *act, struct change_note *note)
{
    const struct received_act *x = act;
    enum err e = note_begin(tx, x, "received.mark", note);
    return e == ERR_OK ? phone_mark(tx, x->arena, &x->decision) : e;
}
