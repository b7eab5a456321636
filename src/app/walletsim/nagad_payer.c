/* What a payer does on Nagad's page, by a browser or through the control API. The money moves here. */
#include "base/mem.h"
#include "base/text.h"
#include "nagad.h"

static const char *const UNDER_WAY[] = {"OrderInitiated", "Ready", "InProgress",
    "TransactionInProgress", "OtpSent", "OtpVerified", "PinGiven"};

static bool word_is_under_way(struct str word)
{
    for (size_t i = 0; i < array_len(UNDER_WAY); i++)
        if (str_is(word, UNDER_WAY[i]))
            return true;
    return false;
}

bool nagad_is_open(const struct nagad_pay *p)
{
    return word_is_under_way(p->status);
}

void nagad_time_compact(int64_t at_ms, char out[15])
{
    char text[20];
    size_t n = 0;
    dhaka_time_format(at_ms, text);
    for (const char *p = text; *p; p++)
        if (*p >= '0' && *p <= '9')
            out[n++] = *p;
    out[n] = 0;
}

void nagad_issuer_ref(char out[9])
{
    random_text(out, 8, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* Nagad puts "/?" behind the merchant's address, whatever that looks like. */
static void callback_write(const struct sim *s, const struct nagad_pay *p, struct buf *b)
{
    char time[15];
    bool paid = str_is(p->status, "Success");
    buf_str(b, p->callback_url);
    buf_printf(b, "/?merchant=%s&order_id=%.*s&payment_ref_id=", s->nagad->merchant_id,
        STR_FMT(p->order_id));
    percent_encode(b, p->ref);
    if (!paid) {
        bool aborted = str_is(p->status, "Aborted");
        buf_printf(b, "&status=%.*s&status_code=%s&message=%s", STR_FMT(p->status),
            aborted ? "50_0000_999" : "50_0026_851", aborted ? "Aborted" : "Transaction%20Failed.");
        return;
    }
    nagad_time_compact(p->paid_ms, time);
    buf_printf(b,
        "&status=Success&status_code=00_0000_000&message=Successful%%20Transaction&payment_dt=%s"
        "&issuer_payment_ref=%.*s",
        time, STR_FMT(p->issuer_ref));
}

static enum err act_pay(struct sim *s, struct arena *a, struct nagad_pay *p)
{
    char ref[9];
    nagad_issuer_ref(ref);
    p->issuer_ref = arena_copy(a, str_from(ref));
    p->status = STR("Success");
    p->paid_ms = clock_now_ms(&s->clock);
    return nagad_pay_update(s->store, p);
}

/* By Nagad's own people, whole or the half of it. */
static enum err act_refund(struct sim *s, struct arena *a, struct nagad_pay *p, bool half)
{
    char ref[9];
    nagad_issuer_ref(ref);
    p->cancel_ref = arena_copy(a, str_from(ref));
    p->cancelled = half ? money_poisha(p->amount.poisha / 2) : p->amount;
    p->cancelled_ms = clock_now_ms(&s->clock);
    p->status = half ? STR("PartialRefunded") : STR("Refunded");
    return nagad_pay_update(s->store, p);
}

static enum err act_end(struct sim *s, struct nagad_pay *p, struct str word)
{
    p->status = word;
    return nagad_pay_update(s->store, p);
}

static enum err act_apply(struct sim *s, struct arena *a, struct nagad_pay *p, struct str action)
{
    bool open = nagad_is_open(p);
    if (str_is(action, "approve") || str_is(action, "leave"))
        return open ? act_pay(s, a, p) : str_is(p->status, "Success") ? ERR_OK : ERR_STATE;
    if (str_is(action, "decline"))
        return open                          ? act_end(s, p, STR("Failed"))
               : str_is(p->status, "Failed") ? ERR_OK
                                             : ERR_STATE;
    if (str_is(action, "cancel"))
        return open                           ? act_end(s, p, STR("Aborted"))
               : str_is(p->status, "Aborted") ? ERR_OK
                                              : ERR_STATE;
    if (str_is(action, "refund") || str_is(action, "refund-half"))
        return str_is(p->status, "Success") ? act_refund(s, a, p, str_is(action, "refund-half"))
                                            : ERR_STATE;
    if (!word_is_under_way(action))
        return ERR_SYNTAX;
    return open ? act_end(s, p, action) : ERR_STATE;
}

enum err nagad_act(
    struct sim *s, struct arena *a, struct str ref, struct str action, struct buf *callback_url)
{
    struct nagad_pay p;
    enum err e = sim_store_begin(s->store);
    if (e != ERR_OK)
        return e;
    e = nagad_pay_find(s->store, a, ref, &p);
    if (e == ERR_OK)
        e = act_apply(s, a, &p, action);
    e = sim_store_end(s->store, e);
    bool leaves =
        str_is(action, "approve") || str_is(action, "decline") || str_is(action, "cancel");
    if (e == ERR_OK && leaves)
        callback_write(s, &p, callback_url);
    return e;
}
