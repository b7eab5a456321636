/* What the simulator keeps of refunds, beside sim_store.h's payments. */
#ifndef KASSA_APP_SIM_REFUND_STORE_H
#define KASSA_APP_SIM_REFUND_STORE_H

#include "sim_store.h"

struct sim_refund {
    struct str trx_id; /* of the refund */
    struct money amount;
    int64_t completed_ms;
};

/* ERR_DUPLICATE: the refund's trx_id is taken. */
enum err refund_insert(
    struct sim_store *st, struct str payment_trx_id, const struct sim_refund *r) must_check;
/* Of a payment, oldest first; `fn` sees each only during its call. */
enum err refund_list(struct sim_store *st, struct str payment_trx_id,
    void (*fn)(void *arg, const struct sim_refund *r), void *arg) must_check;

#endif
