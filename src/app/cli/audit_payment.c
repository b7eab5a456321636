/* Payments against their credits, postings, attempts and notifications, by the fee rule. */
#include "app/cli/audit.h"

#include "base/crypto.h"
#include "base/mem.h"
#include "service/links.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void book_postings(struct audit *a)
{
    int64_t entry = 0;
    for (size_t i = 0; i < a->posting_count; i++) {
        const struct audit_posting *p = &a->postings[i];
        struct audit_book *b = p->payment_id ? audit_book_find(a, p->payment_id) : NULL;
        if (p->payment_id && !b) {
            audit_fault(a, "entry-payment", "entry", p->entry_id,
                "it is of payment %" PRId64 ", which there is not", p->payment_id);
        }
        if (b) {
            b->sums[p->kind] += p->amount;
            b->entries[p->entry_kind] += p->entry_id != entry;
        }
        entry = p->entry_id;
    }
}

static enum err book_add(void *arg, const struct books_payment *p)
{
    struct audit *a = arg;
    audit_grow(a->books, a->book_count, a->book_room);
    a->books[a->book_count++] = (struct audit_book){.p = *p};
    audit_want(a, LEDGER_MERCHANT_PAYABLE, p->account_id, -p->credited.poisha);
    audit_want(a, LEDGER_OUR_FEE, 0, -p->commission.poisha);
    return ERR_OK;
}

enum err audit_books_load(struct audit *a)
{
    enum err e = store_books_payment_each(a->db, book_add, a);
    if (e == ERR_OK) {
        book_postings(a);
    }
    return e;
}

struct audit_book *audit_book_find(struct audit *a, int64_t id)
{
    size_t low = 0, high = a->book_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (a->books[mid].p.id < id) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < a->book_count && a->books[low].p.id == id ? &a->books[low] : NULL;
}

void audit_want(struct audit *a, enum ledger_kind kind, int64_t owner, int64_t amount)
{
    for (size_t i = 0; i < a->wanted_count; i++) {
        if (a->wanted[i].kind == kind && a->wanted[i].owner == owner) {
            a->wanted[i].amount += amount;
            return;
        }
    }
    audit_grow(a->wanted, a->wanted_count, a->wanted_room);
    a->wanted[a->wanted_count++] =
        (struct audit_sum){.kind = kind, .owner = owner, .amount = amount};
}

struct trx {
    uint8_t digest[SHA256_LEN]; /* of wallet, credential and the TrxID as people compare it */
    int64_t credit_id;
};

struct trxs {
    struct audit *audit;
    struct trx *items;
    size_t count, room;
};

static void trx_digest(const struct credit_row *r, uint8_t out[SHA256_LEN])
{
    struct buf b;
    buf_init(&b, 65536);
    buf_printf(&b, "%s %" PRId64 " ", wallet_kind_code(r->wallet), r->credential_id);
    for (size_t i = 0; i < r->trx_id.n; i++) {
        char ch = r->trx_id.p[i];
        if (ch != ' ' && ch != '\t') {
            buf_char(&b, ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch);
        }
    }
    sha256(b.p, b.n, out);
    buf_clear(&b);
}

static enum err credit_add(void *arg, const struct credit_row *r)
{
    struct trxs *t = arg;
    struct audit *a = t->audit;
    audit_grow(t->items, t->count, t->room);
    trx_digest(r, t->items[t->count].digest);
    t->items[t->count++].credit_id = r->id;
    a->credits++;
    audit_want(a, LEDGER_WALLET_CLEARING, r->credential_id, r->amount.poisha);
    if (!r->attached) {
        audit_want(a, LEDGER_SUSPENSE, r->account_id, -r->amount.poisha);
    }
    struct audit_book *b = r->payment_id ? audit_book_find(a, r->payment_id) : NULL;
    if (r->payment_id && !b) {
        audit_fault(a, "credit-payment", "credit", r->id,
            "it is of payment %" PRId64 ", which there is not", r->payment_id);
    }
    if (b) {
        b->credited_in += r->amount.poisha;
        b->credits++;
        b->attached_in += r->attached ? r->amount.poisha : 0;
        b->attached += r->attached;
        if (b->p.account_id != r->account_id) {
            audit_fault(a, "credit-payment", "credit", r->id,
                "it is of account %" PRId64 ", its payment of %" PRId64, r->account_id,
                b->p.account_id);
        }
    }
    return ERR_OK;
}

static int by_digest(const void *x, const void *y)
{
    return memcmp(((const struct trx *)x)->digest, ((const struct trx *)y)->digest, SHA256_LEN);
}

enum err audit_credits(struct audit *a)
{
    struct trxs t = {.audit = a};
    enum err e = store_credit_each(a->db, 0, false, credit_add, &t);
    if (t.count > 1) {
        qsort(t.items, t.count, sizeof *t.items, by_digest);
    }
    for (size_t i = 1; e == ERR_OK && i < t.count; i++) {
        if (by_digest(&t.items[i - 1], &t.items[i]) == 0) {
            audit_fault(a, "trx-id", "credit", t.items[i].credit_id,
                "its TrxID is also that of credit %" PRId64, t.items[i - 1].credit_id);
        }
    }
    mem_free(t.items);
    return e;
}

static enum err attempt_add(void *arg, const struct books_attempt *t)
{
    struct audit *a = arg;
    struct audit_book *b = audit_book_find(a, t->payment_id);
    if (!b) {
        audit_fault(a, "attempts", "attempt", t->id,
            "it is of payment %" PRId64 ", which there is not", t->payment_id);
        return ERR_OK;
    }
    b->attempts++;
    b->attempt_last = t->number > b->attempt_last ? t->number : b->attempt_last;
    if (t->state == ATTEMPT_PAID && t->credits == 0) {
        audit_fault(a, "attempts", "attempt", t->id, "it is paid, and no credit is of it");
    }
    return ERR_OK;
}

enum err audit_attempts(struct audit *a)
{
    return store_books_attempt_each(a->db, attempt_add, a);
}

static enum err note_add(void *arg, const struct outbox_row *r)
{
    struct audit *a = arg;
    struct audit_book *b = audit_book_find(a, r->payment_id);
    a->notifications++;
    if (!b) {
        audit_fault(a, "notifications", "notification", r->id,
            "it is of payment %" PRId64 ", which there is not", r->payment_id);
        return ERR_OK;
    }
    b->notes++;
    if (r->sequence > b->note_last) {
        b->note_last = r->sequence;
        b->note_amount = r->payment_amount.poisha;
        b->note_commission = r->commission_amount.poisha;
        snprintf(b->note_status, sizeof b->note_status, "%.*s", STR_FMT(r->payment_status));
    }
    return ERR_OK;
}

enum err audit_notifications(struct audit *a)
{
    return store_outbox_each(a->db, 0, STR_ABSENT, INT64_MAX, note_add, a);
}

/* The fee rule, worked out here once more: basis points of the amount, half up, plus the fixed sum, at most the amount. */
static int64_t fee_of(const struct books_payment *p, int64_t amount)
{
    __int128 fee = ((__int128)amount * p->fee_bp * 2 + 10000) / 20000 + p->fee_fixed.poisha;
    return fee > amount ? amount : (int64_t)fee;
}

static void money_check(struct audit *a, const struct audit_book *b)
{
    const struct books_payment *p = &b->p;
    int64_t fee = fee_of(p, b->attached_in);
    if (p->paid.poisha != b->credited_in) {
        audit_fault(a, "paid-amount", "payment", p->id,
            "it says that %" PRId64 " poisha were paid, its credits sum to %" PRId64,
            p->paid.poisha, b->credited_in);
    }
    if (p->commission.poisha != fee) {
        audit_fault(a, "commission", "payment", p->id,
            "its commission is %" PRId64 " poisha, the fee rule gives %" PRId64,
            p->commission.poisha, fee);
    }
    if (p->credited.poisha != b->attached_in - fee) {
        audit_fault(a, "credited-amount", "payment", p->id,
            "%" PRId64 " poisha are credited to the merchant, it must be %" PRId64,
            p->credited.poisha, b->attached_in - fee);
    }
    if ((p->state == PAYMENT_PAID) != (b->attached == 1)) {
        audit_fault(a, "credits", "payment", p->id, "it is %s with %" PRId64 " attached credits",
            payment_state_text(p->state), b->attached);
    }
}

static void postings_check(struct audit *a, const struct audit_book *b)
{
    const struct books_payment *p = &b->p;
    const struct {
        enum ledger_kind kind;
        int64_t wanted;
    } sums[] = {
        {LEDGER_MERCHANT_PAYABLE, -(b->attached_in - fee_of(p, b->attached_in))},
        {LEDGER_OUR_FEE, -fee_of(p, b->attached_in)},
        {LEDGER_SUSPENSE, -(b->credited_in - b->attached_in)},
        {LEDGER_WALLET_CLEARING, b->credited_in},
        {LEDGER_REFUNDS, -p->refunded.poisha},
    };
    for (size_t i = 0; i < array_len(sums); i++) {
        if (b->sums[sums[i].kind] != sums[i].wanted) {
            audit_fault(a, "payment-postings", "payment", p->id,
                "its postings on %s sum to %" PRId64 " poisha, it must be %" PRId64,
                ledger_kind_text(sums[i].kind), b->sums[sums[i].kind], sums[i].wanted);
        }
    }
    int64_t in = b->entries[AUDIT_PAID] + b->entries[AUDIT_SUSPENSE];
    int64_t counted = b->entries[AUDIT_PAID] + b->entries[AUDIT_ATTACH];
    if (in != b->credits || counted != b->attached || b->entries[AUDIT_OTHER] != 0) {
        audit_fault(a, "payment-entries", "payment", p->id,
            "it has %" PRId64 " paid, %" PRId64 " suspense, %" PRId64 " attach and %" PRId64
            " other entries for %" PRId64 " credits, %" PRId64 " of them attached",
            b->entries[AUDIT_PAID], b->entries[AUDIT_SUSPENSE], b->entries[AUDIT_ATTACH],
            b->entries[AUDIT_OTHER], b->credits, b->attached);
    }
}

static void rows_check(struct audit *a, const struct audit_book *b)
{
    const struct books_payment *p = &b->p;
    bool final = payment_is_final(p->state);
    if (final != (p->final_at != 0)) {
        audit_fault(a, "final", "payment", p->id, "it is %s and %s", payment_state_text(p->state),
            p->final_at ? "has an end" : "has no end");
    }
    if (!links_match(a->c->service.links, p->uuid, p->id)) {
        audit_fault(a, "link", "payment", p->id, "its link does not lead to it");
    }
    if (b->attempts != p->attempts || b->attempt_last != p->attempts) {
        audit_fault(a, "attempts", "payment", p->id,
            "it counts %" PRId64 " attempts, there are %" PRId64 " up to number %" PRId64,
            p->attempts, b->attempts, b->attempt_last);
    }
    if (b->notes != p->sequence || b->note_last != p->sequence || final != (b->notes > 0)) {
        audit_fault(a, "notifications", "payment", p->id,
            "it is %s and counts %" PRId64 " notifications, there are %" PRId64
            " up to number %" PRId64,
            payment_state_text(p->state), p->sequence, b->notes, b->note_last);
    } else if (final && (strcmp(b->note_status, payment_status_text(p->state)) != 0 ||
                            b->note_amount != p->paid.poisha ||
                            b->note_commission != p->commission.poisha)) {
        audit_fault(a, "notifications", "payment", p->id,
            "its last notification tells %s with %" PRId64 " and %" PRId64 " poisha, not %s with"
            " %" PRId64 " and %" PRId64,
            b->note_status, b->note_amount, b->note_commission, payment_status_text(p->state),
            p->paid.poisha, p->commission.poisha);
    }
}

void audit_payments(struct audit *a)
{
    for (size_t i = 0; i < a->book_count; i++) {
        money_check(a, &a->books[i]);
        postings_check(a, &a->books[i]);
        rows_check(a, &a->books[i]);
    }
}
