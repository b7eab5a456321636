/* What a merchant sees at a glance, from counters (store/store_stat.h): no payment is read for it but those that were created since
 * the last look. */
#ifndef KASSA_SERVICE_OVERVIEW_H
#define KASSA_SERVICE_OVERVIEW_H

#include "service/service.h"
#include "store/store_stat.h"

#define OVERVIEW_DAYS_MAX 400
#define OVERVIEW_ACCOUNTS_MAX 200

/* Counts what creates left, some thousands at most, in the background of whoever calls. Not on the writer's thread. */
void overview_count(struct service *s, struct db *db);

struct overview_sums {
    int64_t v[STAT_FIELDS];
};

struct overview {
    int32_t day_from, day_to;
    struct overview_sums total;
    struct overview_sums wallets[WALLET_COUNT];
    struct overview_sums days[OVERVIEW_DAYS_MAX]; /* the first is day_from */
    /* Whatever day they are of: */
    int64_t open_count;     /* payments that may still be paid */
    struct money open;      /* what they ask for */
    int64_t review_count;   /* of these, those that a person must look at */
    struct money suspense;  /* money that came and counts for no payment yet */
    struct money refunding; /* refunds under way */
    struct money balance;   /* what the accounts are owed */
};
/* Of these accounts together, on the days from..to, OVERVIEW_DAYS_MAX at most (ERR_RANGE). */
enum err overview_load(struct service *s, struct db *db, const int64_t *accounts, int count,
    int32_t day_from, int32_t day_to, struct overview *ret) must_check;

#endif
