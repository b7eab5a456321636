/* Nagad's payments in the simulator's state. The rules are those of sim_store.h. */
#ifndef KASSA_APP_SIM_NAGAD_STORE_H
#define KASSA_APP_SIM_NAGAD_STORE_H

#include "sim_store.h"

struct nagad_pay {
    struct str ref, order_id, challenge;
    struct str callback_url; /* absent until completed */
    struct str status;       /* the wallet's word; "Initialized" until completed */
    struct str issuer_ref;   /* absent until paid */
    struct str cancel_ref;   /* absent until refunded */
    struct str info;         /* additionalMerchantInfo, JSON; absent: none */
    struct str reference;    /* the merchant's, of the last refund; absent: none */
    struct money amount;
    struct money cancelled; /* given back */
    int64_t cancels;
    int64_t day; /* Dhaka's, of the order */
    int64_t created_ms, paid_ms, cancelled_ms;
    int64_t verifies;
};

/* ERR_DUPLICATE: the order was there before on this day. */
enum err nagad_pay_insert(struct sim_store *st, const struct nagad_pay *p) must_check;
/* ERR_NO_ROW. */
enum err nagad_pay_find(
    struct sim_store *st, struct arena *a, struct str ref, struct nagad_pay *ret) must_check;
/* Writes all but ref, order, day, challenge and time of creation. ERR_DUPLICATE: a ref of the issuer is taken. */
enum err nagad_pay_update(struct sim_store *st, const struct nagad_pay *p) must_check;
/* Newest first, at most `limit`; `order_id` absent: any. */
enum err nagad_pay_list(struct sim_store *st, struct str order_id, int64_t limit,
    void (*fn)(void *arg, const struct nagad_pay *p), void *arg) must_check;
struct nagad_totals {
    int64_t payments, paid, paid_poisha;
};
enum err nagad_totals_get(struct sim_store *st, struct nagad_totals *ret) must_check;

#endif
