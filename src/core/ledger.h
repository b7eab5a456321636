/* Double entry. A posting is a signed amount on a ledger account: debit positive, credit negative. The postings
 * of one entry sum to zero, asserted before they are written and after they are read. Pure. */
#ifndef KASSA_CORE_LEDGER_H
#define KASSA_CORE_LEDGER_H

#include "base/money.h"

enum ledger_kind {
    LEDGER_MERCHANT_PAYABLE, /* what we owe a merchant's account; owner: account id. Its balance is the negated sum */
    LEDGER_WALLET_CLEARING, /* what a wallet holds for us; owner: credential id */
    LEDGER_WALLET_FEE,      /* what the wallet keeps; owner: credential id */
    LEDGER_OUR_FEE,         /* our commission; owner: 0 */
    LEDGER_SUSPENSE,        /* money that belongs to no payment yet; owner: account id */
    LEDGER_REFUNDS,         /* refunds under way; owner: account id */
    LEDGER_REVERSALS,       /* taken back by the wallet; owner: credential id */
    LEDGER_SETTLEMENT,      /* paid out to the merchant; owner: account id */
    LEDGER_KIND_COUNT
};

struct ledger_posting {
    enum ledger_kind kind;
    int64_t owner;
    struct money amount; /* debit > 0, credit < 0, never zero */
};

#define LEDGER_POSTINGS_MAX 4

struct ledger_entry {
    struct ledger_posting postings[LEDGER_POSTINGS_MAX];
    int count;
};

/* Commission = amount * basis points / 10000, rounded half up to a poisha, plus a fixed sum, at most the amount. */
struct money fee_commission(struct money amount, int64_t basis_points, struct money fixed);

/* The wallet holds `amount` more; the merchant is owed amount - commission; the commission is ours. */
void ledger_paid(struct ledger_entry *e, int64_t account_id, int64_t credential_id,
    struct money amount, struct money commission);
/* Late money: the wallet holds it, nobody is owed it yet. */
void ledger_suspense(
    struct ledger_entry *e, int64_t account_id, int64_t credential_id, struct money amount);
/* Late money attached to its payment. */
void ledger_attach(
    struct ledger_entry *e, int64_t account_id, struct money amount, struct money commission);

/* A refund begins: the merchant is owed that much less, whatever the commission was. */
void ledger_refund(struct ledger_entry *e, int64_t account_id, struct money amount);
/* The wallet gave it back. */
void ledger_refund_done(
    struct ledger_entry *e, int64_t account_id, int64_t credential_id, struct money amount);
/* The wallet did not: the merchant is owed it again. */
void ledger_refund_returned(struct ledger_entry *e, int64_t account_id, struct money amount);

bool ledger_sums_to_zero(const struct ledger_entry *e);
const char *ledger_kind_text(enum ledger_kind k);
enum err ledger_kind_parse(struct str s, enum ledger_kind *ret) must_check;

#endif
