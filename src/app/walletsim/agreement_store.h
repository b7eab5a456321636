/* What the simulator keeps of agreements, beside sim_store.h's payments. */
#ifndef KASSA_APP_SIM_AGREEMENT_STORE_H
#define KASSA_APP_SIM_AGREEMENT_STORE_H

#include "sim_store.h"

struct sim_agreement {
    struct str id, payer_reference;
    int64_t made_ms, cancelled_ms; /* 0: not cancelled */
};

enum err agreement_insert(struct sim_store *st, const struct sim_agreement *g) must_check;
/* ERR_NO_ROW. */
enum err agreement_find(
    struct sim_store *st, struct arena *a, struct str id, struct sim_agreement *ret) must_check;
enum err agreement_cancel(struct sim_store *st, struct str id, int64_t at_ms) must_check;

#endif
