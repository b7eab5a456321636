/* Entries sum to zero; each ledger account's postings are a chain from zero to its balance; balances are what payments and
 * credits say. */
#include "app/cli/audit.h"

#include "base/mem.h"
#include <inttypes.h>
#include <stdlib.h>

static enum audit_entry entry_kind(struct str s)
{
    return str_is(s, "paid")       ? AUDIT_PAID
           : str_is(s, "suspense") ? AUDIT_SUSPENSE
           : str_is(s, "attach")   ? AUDIT_ATTACH
                                   : AUDIT_OTHER;
}

static enum err posting_add(void *arg, const struct posting_item *p)
{
    struct audit *a = arg;
    audit_grow(a->postings, a->posting_count, a->posting_room);
    a->postings[a->posting_count++] = (struct audit_posting){
        .entry_id = p->entry_id,
        .at = p->at,
        .payment_id = p->payment_id,
        .entry_kind = entry_kind(p->entry_kind),
        .kind = p->kind,
        .owner = p->owner,
        .amount = p->amount.poisha,
        .after = p->balance_after.poisha,
    };
    return ERR_OK;
}

enum err audit_postings_load(struct audit *a)
{
    int64_t entries = 0, postings = 0;
    enum err e = store_posting_each(a->db, posting_add, a);
    e = e == ERR_OK ? store_books_loose(a->db, &entries, &postings) : e;
    if (e == ERR_OK && entries) {
        audit_fault(a, "entries", "ledger", 0, "%" PRId64 " entries have no posting", entries);
    }
    if (e == ERR_OK && postings) {
        audit_fault(a, "postings", "ledger", 0,
            "%" PRId64 " postings have no entry or no ledger account", postings);
    }
    return e;
}

static void entries_check(struct audit *a)
{
    for (size_t i = 0; i < a->posting_count;) {
        const struct audit_posting *first = &a->postings[i];
        __int128 sum = 0;
        size_t n = 0;
        for (; i < a->posting_count && a->postings[i].entry_id == first->entry_id; i++, n++) {
            sum += a->postings[i].amount;
        }
        a->entries++;
        if (sum != 0) {
            audit_fault(a, "entry-sum", "entry", first->entry_id,
                "its postings sum to %" PRId64 " poisha, not to zero", (int64_t)sum);
        } else if (n < 2) {
            audit_fault(a, "entry-sum", "entry", first->entry_id, "it has a single posting");
        }
    }
}

static int compare(int64_t x, int64_t y)
{
    return (x > y) - (x < y);
}

static int by_ledger_account(const void *px, const void *py)
{
    const struct audit_posting *x = px, *y = py;
    int c = compare((int64_t)x->kind, (int64_t)y->kind);
    c = c ? c : compare(x->owner, y->owner);
    c = c ? c : compare(x->at, y->at);
    return c ? c : compare(x->entry_id, y->entry_id);
}

struct link {
    int64_t value;
    int64_t entry_id;
};

static int by_value(const void *px, const void *py)
{
    const struct link *x = px, *y = py;
    int c = compare(x->value, y->value);
    return c ? c : compare(x->entry_id, y->entry_id);
}

/* Ids and times do not tell in which order entries were committed, but every balance that a posting began with is one that
 * another ended with: as sets, with the zero at the start and the balance at the end, they are equal. */
static void chain_check(struct audit *a, const struct audit_posting *p, size_t n, int64_t balance)
{
    struct link *before = mem_array(n + 1, sizeof *before),
                *after = mem_array(n + 1, sizeof *after);
    for (size_t i = 0; i < n; i++) {
        before[i] = (struct link){p[i].after - p[i].amount, p[i].entry_id};
        after[i] = (struct link){p[i].after, p[i].entry_id};
    }
    before[n] = (struct link){balance, 0};
    after[n] = (struct link){0, 0};
    qsort(before, n + 1, sizeof *before, by_value);
    qsort(after, n + 1, sizeof *after, by_value);
    for (size_t i = 0; i <= n; i++) {
        if (before[i].value != after[i].value) {
            bool lone_after = after[i].value < before[i].value;
            audit_fault(a, "balance-after", "entry",
                lone_after ? after[i].entry_id : before[i].entry_id,
                "the running balance of %s %" PRId64 " is broken at %" PRId64 " poisha",
                ledger_kind_text(p->kind), p->owner, lone_after ? after[i].value : before[i].value);
            break;
        }
    }
    mem_free(before);
    mem_free(after);
}

struct balances {
    struct audit_sum *items;
    size_t count, room;
};

static enum err balance_add(void *arg, const struct balance_item *b)
{
    struct balances *x = arg;
    audit_grow(x->items, x->count, x->room);
    x->items[x->count++] =
        (struct audit_sum){.kind = b->kind, .owner = b->owner, .amount = b->balance.poisha};
    return ERR_OK;
}

/* Takes the item out, so that what is left at the end was met by nothing. */
static bool sum_take(
    struct audit_sum *items, size_t *count, enum ledger_kind kind, int64_t owner, int64_t *ret)
{
    for (size_t i = 0; i < *count; i++) {
        if (items[i].kind == kind && items[i].owner == owner) {
            *ret = items[i].amount;
            items[i] = items[--*count];
            return true;
        }
    }
    return false;
}

/* Of the other kinds no rows but the postings themselves tell anything. */
static bool kind_is_known(enum ledger_kind k)
{
    return k == LEDGER_MERCHANT_PAYABLE || k == LEDGER_WALLET_CLEARING || k == LEDGER_OUR_FEE ||
           k == LEDGER_SUSPENSE;
}

static void account_check(
    struct audit *a, struct balances *b, const struct audit_posting *p, size_t n)
{
    __int128 total = 0;
    int64_t balance = 0, wanted = 0;
    for (size_t i = 0; i < n; i++) {
        total += p[i].amount;
    }
    int64_t sum = (int64_t)total;
    if (!sum_take(b->items, &b->count, p->kind, p->owner, &balance)) {
        audit_fault(a, "balance", ledger_kind_text(p->kind), p->owner, "it has no ledger account");
    } else if (balance != sum) {
        audit_fault(a, "balance", ledger_kind_text(p->kind), p->owner,
            "its balance is %" PRId64 " poisha, its postings sum to %" PRId64, balance, sum);
    }
    chain_check(a, p, n, sum);
    bool found = sum_take(a->wanted, &a->wanted_count, p->kind, p->owner, &wanted);
    if (kind_is_known(p->kind) && wanted != sum) {
        audit_fault(a, "balance-by-rows", ledger_kind_text(p->kind), p->owner,
            "its postings sum to %" PRId64 " poisha, payments and credits give %" PRId64, sum,
            found ? wanted : 0);
    }
}

static void rest_check(struct audit *a, const struct balances *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->items[i].amount != 0) {
            audit_fault(a, "balance", ledger_kind_text(b->items[i].kind), b->items[i].owner,
                "its balance is %" PRId64 " poisha without a posting", b->items[i].amount);
        }
    }
    for (size_t i = 0; i < a->wanted_count; i++) {
        if (a->wanted[i].amount != 0) {
            audit_fault(a, "balance-by-rows", ledger_kind_text(a->wanted[i].kind),
                a->wanted[i].owner,
                "it has no posting, payments and credits give %" PRId64 " poisha",
                a->wanted[i].amount);
        }
    }
}

enum err audit_ledger(struct audit *a)
{
    struct balances b = {.count = 0};
    entries_check(a);
    enum err e = store_balance_each(a->db, balance_add, &b);
    if (e == ERR_OK) {
        if (a->posting_count > 1) {
            qsort(a->postings, a->posting_count, sizeof *a->postings, by_ledger_account);
        }
        for (size_t i = 0; i < a->posting_count;) {
            const struct audit_posting *p = &a->postings[i];
            size_t n = 0;
            for (; i < a->posting_count && a->postings[i].kind == p->kind &&
                   a->postings[i].owner == p->owner;
                 i++) {
                n++;
            }
            account_check(a, &b, p, n);
        }
        rest_check(a, &b);
    }
    mem_free(b.items);
    return e;
}
