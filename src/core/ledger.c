#include "core/ledger.h"

#include "base/mem.h"
#include <assert.h>

static const char *const kinds[LEDGER_KIND_COUNT] = {
    [LEDGER_MERCHANT_PAYABLE] = "merchant_payable",
    [LEDGER_WALLET_CLEARING] = "wallet_clearing",
    [LEDGER_WALLET_FEE] = "wallet_fee",
    [LEDGER_OUR_FEE] = "our_fee",
    [LEDGER_SUSPENSE] = "suspense",
    [LEDGER_REFUNDS] = "refunds",
    [LEDGER_REVERSALS] = "reversals",
    [LEDGER_SETTLEMENT] = "settlement",
};

static void entry_debit(
    struct ledger_entry *e, enum ledger_kind kind, int64_t owner, struct money amount)
{
    if (amount.poisha == 0) {
        return;
    }
    assert(e->count < LEDGER_POSTINGS_MAX);
    e->postings[e->count++] =
        (struct ledger_posting){.kind = kind, .owner = owner, .amount = amount};
}

static void entry_credit(
    struct ledger_entry *e, enum ledger_kind kind, int64_t owner, struct money amount)
{
    entry_debit(e, kind, owner, money_neg(amount));
}

/* An amount received is split between the merchant and us; nothing can be kept that was not received. */
static void entry_credit_split(
    struct ledger_entry *e, int64_t account_id, struct money amount, struct money commission)
{
    assert(amount.poisha > 0 && commission.poisha >= 0 && commission.poisha <= amount.poisha);
    entry_credit(e, LEDGER_MERCHANT_PAYABLE, account_id, money_sub(amount, commission));
    entry_credit(e, LEDGER_OUR_FEE, 0, commission);
}

void ledger_paid(struct ledger_entry *e, int64_t account_id, int64_t credential_id,
    struct money amount, struct money commission)
{
    *e = (struct ledger_entry){.count = 0};
    entry_debit(e, LEDGER_WALLET_CLEARING, credential_id, amount);
    entry_credit_split(e, account_id, amount, commission);
    assert(ledger_sums_to_zero(e));
}

void ledger_suspense(
    struct ledger_entry *e, int64_t account_id, int64_t credential_id, struct money amount)
{
    assert(amount.poisha > 0);
    *e = (struct ledger_entry){.count = 0};
    entry_debit(e, LEDGER_WALLET_CLEARING, credential_id, amount);
    entry_credit(e, LEDGER_SUSPENSE, account_id, amount);
    assert(ledger_sums_to_zero(e));
}

void ledger_attach(
    struct ledger_entry *e, int64_t account_id, struct money amount, struct money commission)
{
    *e = (struct ledger_entry){.count = 0};
    entry_debit(e, LEDGER_SUSPENSE, account_id, amount);
    entry_credit_split(e, account_id, amount, commission);
    assert(ledger_sums_to_zero(e));
}

static void entry_move(struct ledger_entry *e, struct ledger_posting from, struct ledger_posting to)
{
    assert(to.amount.poisha > 0);
    *e = (struct ledger_entry){.count = 0};
    entry_debit(e, to.kind, to.owner, to.amount);
    entry_credit(e, from.kind, from.owner, to.amount);
    assert(ledger_sums_to_zero(e));
}

void ledger_refund(struct ledger_entry *e, int64_t account_id, struct money amount)
{
    entry_move(e, (struct ledger_posting){.kind = LEDGER_REFUNDS, .owner = account_id},
        (struct ledger_posting){LEDGER_MERCHANT_PAYABLE, account_id, amount});
}

void ledger_refund_done(
    struct ledger_entry *e, int64_t account_id, int64_t credential_id, struct money amount)
{
    entry_move(e, (struct ledger_posting){.kind = LEDGER_WALLET_CLEARING, .owner = credential_id},
        (struct ledger_posting){LEDGER_REFUNDS, account_id, amount});
}

void ledger_refund_returned(struct ledger_entry *e, int64_t account_id, struct money amount)
{
    entry_move(e, (struct ledger_posting){.kind = LEDGER_MERCHANT_PAYABLE, .owner = account_id},
        (struct ledger_posting){LEDGER_REFUNDS, account_id, amount});
}

bool ledger_sums_to_zero(const struct ledger_entry *e)
{
    int64_t sum = 0;
    for (int i = 0; i < e->count; i++) {
        int64_t poisha = e->postings[i].amount.poisha;
        if (poisha == 0 || __builtin_add_overflow(sum, poisha, &sum)) {
            return false;
        }
    }
    return e->count >= 2 && sum == 0;
}

const char *ledger_kind_text(enum ledger_kind k)
{
    assert((unsigned)k < LEDGER_KIND_COUNT);
    return kinds[k];
}

enum err ledger_kind_parse(struct str s, enum ledger_kind *ret)
{
    for (size_t i = 0; i < array_len(kinds); i++) {
        if (str_is(s, kinds[i])) {
            *ret = (enum ledger_kind)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

struct money fee_commission(struct money amount, int64_t basis_points, struct money fixed)
{
    assert(amount.poisha >= 0 && fixed.poisha >= 0);
    assert(basis_points >= 0 && basis_points <= 10000);
    /* Split at the divisor, so that no product leaves 64 bits whatever the amount. */
    int64_t whole = amount.poisha / 10000 * basis_points;
    int64_t part = (amount.poisha % 10000 * basis_points + 5000) / 10000;
    int64_t fee = 0;
    if (__builtin_add_overflow(whole + part, fixed.poisha, &fee) || fee > amount.poisha) {
        return amount;
    }
    return money_poisha(fee);
}
