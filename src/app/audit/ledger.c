/* Entries sum to zero; each ledger account's postings are a chain from zero to its balance; balances are what payments and
 * credits say. */
#include "app/audit/parts.h"

#include <inttypes.h>

struct entries {
    struct audit *audit;
    int64_t id; /* of the entry whose postings are being read */
    __int128 sum;
    int64_t count; /* of its postings; 0: no entry yet */
    int64_t loose;
};

static void entry_end(struct entries *x)
{
    if (x->count == 0) {
        return;
    }
    x->audit->r.entries++;
    if (x->sum != 0) {
        audit_tell(x->audit, "entry-sum", "entry", x->id,
            "its postings sum to %" PRId64 " poisha, not to zero", (int64_t)x->sum);
    } else if (x->count < 2) {
        audit_tell(x->audit, "entry-sum", "entry", x->id, "it has a single posting");
    }
}

/* Entries are numbered in the order of their commits, so each posting begins with what the one before it ended with. */
static void chain_add(struct audit *a, const struct posting_item *p)
{
    struct audit_sum *s = audit_sum(a, p->kind, p->owner);
    __int128 before = (__int128)p->balance_after.poisha - p->amount.poisha;
    if (before != s->last && !s->broken) {
        s->broken = true;
        audit_tell(a, "balance-after", "entry", p->entry_id,
            "the running balance of %s %" PRId64 " is broken: it begins with %" PRId64
            " poisha, the one before it ended with %" PRId64,
            ledger_kind_text(p->kind), p->owner, (int64_t)before, s->last);
    }
    s->last = p->balance_after.poisha;
    s->postings += p->amount.poisha;
    s->posting_count++;
}

static enum err posting_add(void *arg, const struct posting_item *p)
{
    struct entries *x = arg;
    if (p->loose) {
        x->loose++;
        return ERR_OK;
    }
    if (x->count == 0 || p->entry_id != x->id) {
        entry_end(x);
        x->id = p->entry_id;
        x->sum = 0;
        x->count = 0;
    }
    x->sum += p->amount.poisha;
    x->count++;
    x->audit->r.postings++;
    chain_add(x->audit, p);
    return ERR_OK;
}

enum err audit_postings(struct audit *a)
{
    struct entries x = {.audit = a};
    int64_t bare = 0;
    enum err e = store_posting_each(a->db, posting_add, &x);
    e = e == ERR_OK ? store_books_entries_bare(a->db, &bare) : e;
    if (e != ERR_OK) {
        return e;
    }
    entry_end(&x);
    if (bare) {
        audit_tell(a, "entries", "ledger", 0, "%" PRId64 " entries have no posting", bare);
    }
    if (x.loose) {
        audit_tell(a, "postings", "ledger", 0,
            "%" PRId64 " postings have no entry or no ledger account", x.loose);
    }
    return ERR_OK;
}

static enum err balance_add(void *arg, const struct balance_item *b)
{
    struct audit_sum *s = audit_sum(arg, b->kind, b->owner);
    s->has_row = true;
    s->balance = b->balance.poisha;
    return ERR_OK;
}

/* Of the other kinds no rows but the postings themselves tell anything. */
static bool kind_is_known(enum ledger_kind k)
{
    return k == LEDGER_MERCHANT_PAYABLE || k == LEDGER_WALLET_CLEARING || k == LEDGER_OUR_FEE ||
           k == LEDGER_SUSPENSE || k == LEDGER_REFUNDS;
}

static void posted_check(struct audit *a, const struct audit_sum *s)
{
    const char *kind = ledger_kind_text(s->kind);
    int64_t sum = (int64_t)s->postings;
    if (!s->has_row) {
        audit_tell(a, "balance", kind, s->owner, "it has no ledger account");
    } else if (s->balance != s->postings) {
        audit_tell(a, "balance", kind, s->owner,
            "its balance is %" PRId64 " poisha, its postings sum to %" PRId64, s->balance, sum);
    }
    if (kind_is_known(s->kind) && s->wanted != s->postings) {
        audit_tell(a, "balance-by-rows", kind, s->owner,
            "its postings sum to %" PRId64 " poisha, payments, credits and refunds give %" PRId64,
            sum, (int64_t)s->wanted);
    }
}

static void bare_check(struct audit *a, const struct audit_sum *s)
{
    const char *kind = ledger_kind_text(s->kind);
    if (s->balance != 0) {
        audit_tell(a, "balance", kind, s->owner,
            "its balance is %" PRId64 " poisha without a posting", s->balance);
    }
    if (s->wanted != 0) {
        audit_tell(a, "balance-by-rows", kind, s->owner,
            "it has no posting, payments, credits and refunds give %" PRId64 " poisha",
            (int64_t)s->wanted);
    }
}

enum err audit_balances(struct audit *a)
{
    enum err e = store_balance_each(a->db, balance_add, a);
    if (e != ERR_OK) {
        return e;
    }
    audit_sums_sort(a);
    for (size_t i = 0; i < a->sums.count; i++) {
        const struct audit_sum *s = &a->sums.items[i];
        if (s->posting_count) {
            posted_check(a, s);
        } else {
            bare_check(a, s);
        }
    }
    return ERR_OK;
}
