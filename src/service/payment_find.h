/* Looks through payments for those that a person wants, the newest first, in bounded steps: each says where it ended, and the next
 * goes on there, in another request if need be. No index knows amounts and states, so what is rare takes several steps. */
#ifndef KASSA_SERVICE_PAYMENT_FIND_H
#define KASSA_SERVICE_PAYMENT_FIND_H

#include "service/service.h"
#include "store/store_search.h"

struct payment_filter {
    const int64_t *accounts;  /* the caller's, as long as the search */
    int account_count;        /* 0: all accounts */
    unsigned states;          /* bits by enum payment_state; 0: any */
    unsigned wallets;         /* bits by enum wallet_kind; 0: any */
    struct money least, most; /* zero: no limit */
    int32_t day_first, day_last;
};

/* Whatever is older than this is still to be looked at. */
struct payment_place {
    int64_t day, id;
};

struct payment_find;

/* From a place, or the newest: `from` NULL. Owner: the caller. Rows that were read and not told stay in it for the next step. */
struct payment_find *payment_find_new(
    const struct payment_filter *filter, const struct payment_place *from);
void payment_find_free(struct payment_find *f);
/* Tells at most `max` payments, looks at no more than `looks`. *ret_end: there are no more. One thread at a time. */
enum err payment_find_step(struct payment_find *f, struct db *db, int64_t max, int64_t looks,
    store_search_fn fn, void *arg, bool *ret_end) must_check;
struct payment_place payment_find_place(const struct payment_find *f);

#define PAYMENT_NAMED_MAX 20
/* Payments that a text names, of these accounts: uuid, id, order, TrxID of the payment or of a refund, invoice at the wallet,
 * webhook-id. At most PAYMENT_NAMED_MAX. */
enum err payment_named(struct service *s, struct db *db, const int64_t *accounts, int count,
    struct str text, store_search_fn fn, void *arg) must_check;

#endif
