/* Money: a whole number of poisha (1/100 taka) in a type of its own, so that it never mixes with other
 * numbers and never meets a float. */
#ifndef KASSA_BASE_MONEY_H
#define KASSA_BASE_MONEY_H

#include "base/buf.h"

struct money {
    int64_t poisha;
};

#define MONEY_ZERO ((struct money){0})
/* 999999999.99, the API's largest amount. */
#define MONEY_API_MAX_POISHA INT64_C(99999999999)

/* The API's amount text: (0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?, greater than 0. ERR_SYNTAX, ERR_RANGE (zero). */
enum err money_parse_amount(struct str s, struct money *ret) must_check;
/* A wallet's amount text: digits, optional 1 or 2 decimals ("15", "15.5", "15.00", more decimals only if zeros);
 * leading zeros and zero allowed; at most 12 digits before the point. ERR_SYNTAX. */
enum err money_parse_wallet(struct str s, struct money *ret) must_check;

static inline struct money money_poisha(int64_t poisha)
{
    return (struct money){poisha};
}
static inline int money_cmp(struct money a, struct money b)
{
    return (a.poisha > b.poisha) - (a.poisha < b.poisha);
}
static inline bool money_eq(struct money a, struct money b)
{
    return a.poisha == b.poisha;
}
/* Assert that no overflow happens: the caller's amounts are bounded by MONEY_API_MAX_POISHA. */
struct money money_add(struct money a, struct money b);
struct money money_sub(struct money a, struct money b);
struct money money_neg(struct money a);

/* "300.00" with `decimals` digits behind the point (2, 8 or 9; those beyond 2 are zeros). Negative: "-0.05". */
void money_format(struct buf *b, struct money m, int decimals);
/* For people: "1,23,456.00" with South Asian grouping. */
void money_format_grouped(struct buf *b, struct money m);

#endif
