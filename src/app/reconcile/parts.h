/* The parts of the reconciliation, each a file; nothing outside this folder includes it. */
#ifndef KASSA_APP_RECONCILE_PARTS_H
#define KASSA_APP_RECONCILE_PARTS_H

#include "app/reconcile/reconcile.h"
#include "base/arena.h"

/* An SMS as a link of its number's chain of balances. */
struct reconcile_link {
    struct reconcile_till *till;
    int64_t sms_id, at;
    struct money before[3]; /* what it may have been: fees are in some balances and not in others */
    int before_count;
    struct money after;
    bool follows, followed;
};

struct reconcile {
    const struct reconcile_options *o;
    struct db *db;
    struct reconcile_result r;
    struct reconcile_till *tills; /* in order of id */
    size_t till_count, till_room;
    struct reconcile_link *links;
    size_t link_count, link_room;
    bool links_full;
    struct arena arena; /* of one row */
};

/* NULL: there is none, or it is not among those that were asked for. */
struct reconcile_till *reconcile_till(const struct reconcile *x, int64_t id);
void reconcile_tell(struct reconcile *x, struct reconcile_till *t, struct reconcile_difference d);
static inline bool reconcile_in_day(const struct reconcile *x, int64_t at)
{
    return at >= x->o->day.from && at < x->o->day.to;
}

/* tills.c: which there are; frees nothing on failure, reconcile_day does. */
enum err reconcile_tills_read(struct reconcile *x) must_check;
/* rows.c: credits, refunds, attempts and the ledger. */
enum err reconcile_rows(struct reconcile *x) must_check;
/* told.c: notices, SMS and the money that these told of. */
enum err reconcile_told(struct reconcile *x) must_check;
/* chain.c: balances of numbers, from the links that told.c collected. */
void reconcile_link_add(struct reconcile *x, const struct reconcile_link *l);
void reconcile_chains(struct reconcile *x);
/* lines.c: the statement's lines that are none of ours. */
enum err reconcile_lines(struct reconcile *x) must_check;

#endif
