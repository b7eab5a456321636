/* Payments against their credits, refunds, postings, attempts and notifications, by the fee rule: a window of them at a time, in order of id.
 * Rows of no payment belong to the window around their number. */
#include "app/audit/parts.h"

#include "base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum entry {
    ENTRY_PAID,
    ENTRY_SUSPENSE,
    ENTRY_ATTACH,
    ENTRY_REFUND,
    ENTRY_REFUND_DONE,
    ENTRY_REFUND_RETURNED,
    ENTRY_OTHER,
    ENTRY_COUNT
};

/* A payment with what its other rows add up to. */
struct book {
    struct books_payment p;
    __int128 credited_in, attached_in; /* sums of its credits: all, attached */
    int64_t credits, attached;         /* how many */
    __int128 refunding, refunded;      /* sums of its refunds: under way, done */
    int64_t refunds_live, refunds_done, refunds_declined;
    __int128 sums[LEDGER_KIND_COUNT]; /* of its postings */
    int64_t entries[ENTRY_COUNT];
    int64_t attempts, attempt_last; /* how many, the highest number */
    int64_t notes, note_last;       /* how many, the highest sequence number */
    int64_t note_amount, note_commission;
    char note_status[16];
};

struct window {
    struct audit *audit;
    struct book *books; /* in order of id */
    size_t count;
    size_t at;     /* other rows come in the same order: where to look next */
    int64_t entry; /* whose postings are being read */
};

static enum err book_add(void *arg, const struct books_payment *p)
{
    struct window *w = arg;
    w->books[w->count++] = (struct book){.p = *p};
    w->audit->r.payments++;
    audit_want(w->audit, LEDGER_MERCHANT_PAYABLE, p->account_id, money_neg(p->credited));
    audit_want(w->audit, LEDGER_OUR_FEE, 0, money_neg(p->commission));
    audit_day_see(w->audit, p);
    audit_stat_see(w->audit, p);
    return ERR_OK;
}

/* NULL: there is no such payment. */
static struct book *book_find(struct window *w, int64_t id)
{
    while (w->at < w->count && w->books[w->at].p.id < id) {
        w->at++;
    }
    return w->at < w->count && w->books[w->at].p.id == id ? &w->books[w->at] : NULL;
}

static enum err attempt_add(void *arg, const struct books_attempt *t)
{
    struct window *w = arg;
    struct book *b = book_find(w, t->payment_id);
    if (!b) {
        audit_tell(w->audit, "attempts", "attempt", t->id,
            "it is of payment %" PRId64 ", which there is not", t->payment_id);
        return ERR_OK;
    }
    b->attempts++;
    b->attempt_last = t->number > b->attempt_last ? t->number : b->attempt_last;
    if (t->state == ATTEMPT_PAID && t->credits == 0) {
        audit_tell(w->audit, "attempts", "attempt", t->id, "it is paid, and no credit is of it");
    }
    return ERR_OK;
}

/* Also of a credit that names no payment. */
static enum err credit_count(void *arg, const struct books_credit *c)
{
    struct audit *a = arg;
    a->r.credits++;
    audit_want(a, LEDGER_WALLET_CLEARING, c->credential_id, c->amount);
    if (!c->attached) {
        audit_want(a, LEDGER_SUSPENSE, c->account_id, money_neg(c->amount));
    }
    return ERR_OK;
}

static enum err credit_add(void *arg, const struct books_credit *c)
{
    struct window *w = arg;
    struct book *b = book_find(w, c->payment_id);
    if (!b) {
        audit_tell(w->audit, "credit-payment", "credit", c->id,
            "it is of payment %" PRId64 ", which there is not", c->payment_id);
        return credit_count(w->audit, c);
    }
    b->credited_in += c->amount.poisha;
    b->credits++;
    b->attached_in += c->attached ? c->amount.poisha : 0;
    b->attached += c->attached;
    if (b->p.account_id != c->account_id) {
        audit_tell(w->audit, "credit-payment", "credit", c->id,
            "it is of account %" PRId64 ", its payment of %" PRId64, c->account_id,
            b->p.account_id);
    }
    return credit_count(w->audit, c);
}

static void refund_count(struct book *b, const struct books_refund *r)
{
    if (refund_is_live(r->state)) {
        b->refunding += r->amount.poisha;
        b->refunds_live++;
    } else if (r->state == REFUND_DONE) {
        b->refunded += r->amount.poisha;
        b->refunds_done++;
    } else {
        b->refunds_declined++;
    }
}

static enum err refund_add(void *arg, const struct books_refund *r)
{
    struct window *w = arg;
    struct audit *a = w->audit;
    struct book *b = book_find(w, r->payment_id);
    a->r.refunds++;
    if (r->state != REFUND_DECLINED) {
        audit_want(a, LEDGER_MERCHANT_PAYABLE, r->account_id, r->amount);
    }
    if (r->state == REFUND_DONE) {
        audit_want(a, LEDGER_WALLET_CLEARING, r->credential_id, money_neg(r->amount));
    } else if (refund_is_live(r->state)) {
        audit_want(a, LEDGER_REFUNDS, r->account_id, money_neg(r->amount));
    }
    if (!b) {
        audit_tell(a, "refund-payment", "refund", r->id,
            "it is of payment %" PRId64 ", which there is not", r->payment_id);
        return ERR_OK;
    }
    refund_count(b, r);
    if (b->p.account_id != r->account_id) {
        audit_tell(a, "refund-payment", "refund", r->id,
            "it is of account %" PRId64 ", its payment of %" PRId64, r->account_id,
            b->p.account_id);
    }
    return ERR_OK;
}

static enum err refund_wrong(void *arg, const struct books_refund_wrong *r)
{
    struct window *w = arg;
    audit_tell(w->audit, "refund-credit", "refund", r->id,
        "%" PRId64 " poisha go back of its credit, which is %" PRId64, r->amount.poisha,
        r->credit.poisha);
    return ERR_OK;
}

static enum entry entry_kind(struct str s)
{
    static const char *const words[ENTRY_OTHER] = {
        [ENTRY_PAID] = "paid",
        [ENTRY_SUSPENSE] = "suspense",
        [ENTRY_ATTACH] = "attach",
        [ENTRY_REFUND] = "refund",
        [ENTRY_REFUND_DONE] = "refund_done",
        [ENTRY_REFUND_RETURNED] = "refund_returned",
    };
    int i = 0;
    while (i < ENTRY_OTHER && !str_is(s, words[i])) {
        i++;
    }
    return (enum entry)i;
}

static enum err posting_add(void *arg, const struct posting_item *p)
{
    struct window *w = arg;
    struct book *b = book_find(w, p->payment_id);
    if (!b && p->entry_id != w->entry) {
        audit_tell(w->audit, "entry-payment", "entry", p->entry_id,
            "it is of payment %" PRId64 ", which there is not", p->payment_id);
    } else if (b) {
        b->sums[p->kind] += p->amount.poisha;
        b->entries[entry_kind(p->entry_kind)] += p->entry_id != w->entry;
    }
    w->entry = p->entry_id;
    return ERR_OK;
}

static enum err note_add(void *arg, const struct books_note *n)
{
    struct window *w = arg;
    struct book *b = book_find(w, n->payment_id);
    w->audit->r.notifications++;
    if (!b) {
        audit_tell(w->audit, "notifications", "notification", n->id,
            "it is of payment %" PRId64 ", which there is not", n->payment_id);
        return ERR_OK;
    }
    b->notes++;
    if (n->sequence > b->note_last) {
        b->note_last = n->sequence;
        b->note_amount = n->payment_amount.poisha;
        b->note_commission = n->commission_amount.poisha;
        snprintf(b->note_status, sizeof b->note_status, "%.*s", STR_FMT(n->payment_status));
    }
    return ERR_OK;
}

/* The fee rule, worked out here once more: basis points of the amount, half up, plus the fixed sum, at most the amount. */
static __int128 fee_of(const struct books_payment *p, __int128 amount)
{
    __int128 fee = (amount * p->fee_bp * 2 + 10000) / 20000 + p->fee_fixed.poisha;
    return fee > amount ? amount : fee;
}

static void money_check(struct audit *a, const struct book *b)
{
    const struct books_payment *p = &b->p;
    __int128 fee = fee_of(p, b->attached_in);
    if (p->paid.poisha != b->credited_in) {
        audit_tell(a, "paid-amount", "payment", p->id,
            "it says that %" PRId64 " poisha were paid, its credits sum to %" PRId64,
            p->paid.poisha, (int64_t)b->credited_in);
    }
    if (p->commission.poisha != fee) {
        audit_tell(a, "commission", "payment", p->id,
            "its commission is %" PRId64 " poisha, the fee rule gives %" PRId64,
            p->commission.poisha, (int64_t)fee);
    }
    if (p->credited.poisha != b->attached_in - fee) {
        audit_tell(a, "credited-amount", "payment", p->id,
            "%" PRId64 " poisha are credited to the merchant, it must be %" PRId64,
            p->credited.poisha, (int64_t)(b->attached_in - fee));
    }
    if ((p->state == PAYMENT_PAID) != (b->attached >= 1)) {
        audit_tell(a, "credits", "payment", p->id, "it is %s with %" PRId64 " attached credits",
            payment_state_text(p->state), b->attached);
    }
}

/* Never more goes back than was paid, and one refund at a time. */
static void refunds_check(struct audit *a, const struct book *b)
{
    const struct books_payment *p = &b->p;
    if (p->refunded.poisha != b->refunded) {
        audit_tell(a, "refunded-amount", "payment", p->id,
            "it says that %" PRId64 " poisha were refunded, its refunds sum to %" PRId64,
            p->refunded.poisha, (int64_t)b->refunded);
    }
    if (b->refunded + b->refunding > b->attached_in) {
        audit_tell(a, "refunds", "payment", p->id,
            "%" PRId64 " poisha go back of the %" PRId64 " that were paid",
            (int64_t)(b->refunded + b->refunding), (int64_t)b->attached_in);
    }
    if (b->refunds_live > 1) {
        audit_tell(
            a, "refunds", "payment", p->id, "%" PRId64 " are under way at once", b->refunds_live);
    }
    int64_t all = b->refunds_live + b->refunds_done + b->refunds_declined;
    if (b->entries[ENTRY_REFUND] != all || b->entries[ENTRY_REFUND_DONE] != b->refunds_done ||
        b->entries[ENTRY_REFUND_RETURNED] != b->refunds_declined) {
        audit_tell(a, "refund-entries", "payment", p->id,
            "it has %" PRId64 " refund, %" PRId64 " refund_done and %" PRId64
            " refund_returned entries for %" PRId64 " refunds, %" PRId64
            " of them done and %" PRId64 " declined",
            b->entries[ENTRY_REFUND], b->entries[ENTRY_REFUND_DONE],
            b->entries[ENTRY_REFUND_RETURNED], all, b->refunds_done, b->refunds_declined);
    }
}

static void postings_check(struct audit *a, const struct book *b)
{
    const struct books_payment *p = &b->p;
    const struct {
        enum ledger_kind kind;
        __int128 wanted;
    } sums[] = {
        {LEDGER_MERCHANT_PAYABLE,
            b->refunding + b->refunded - (b->attached_in - fee_of(p, b->attached_in))},
        {LEDGER_OUR_FEE, -fee_of(p, b->attached_in)},
        {LEDGER_SUSPENSE, -(b->credited_in - b->attached_in)},
        {LEDGER_WALLET_CLEARING, b->credited_in - b->refunded},
        {LEDGER_REFUNDS, -b->refunding},
    };
    for (size_t i = 0; i < array_len(sums); i++) {
        if (b->sums[sums[i].kind] != sums[i].wanted) {
            audit_tell(a, "payment-postings", "payment", p->id,
                "its postings on %s sum to %" PRId64 " poisha, it must be %" PRId64,
                ledger_kind_text(sums[i].kind), (int64_t)b->sums[sums[i].kind],
                (int64_t)sums[i].wanted);
        }
    }
    int64_t in = b->entries[ENTRY_PAID] + b->entries[ENTRY_SUSPENSE];
    int64_t counted = b->entries[ENTRY_PAID] + b->entries[ENTRY_ATTACH];
    if (in != b->credits || counted != b->attached || b->entries[ENTRY_OTHER] != 0) {
        audit_tell(a, "payment-entries", "payment", p->id,
            "it has %" PRId64 " paid, %" PRId64 " suspense, %" PRId64 " attach and %" PRId64
            " other entries for %" PRId64 " credits, %" PRId64 " of them attached",
            b->entries[ENTRY_PAID], b->entries[ENTRY_SUSPENSE], b->entries[ENTRY_ATTACH],
            b->entries[ENTRY_OTHER], b->credits, b->attached);
    }
}

static void rows_check(struct audit *a, const struct book *b)
{
    const struct books_payment *p = &b->p;
    bool final = payment_is_final(p->state);
    if (final != (p->final_at != 0)) {
        audit_tell(a, "final", "payment", p->id, "it is %s and %s", payment_state_text(p->state),
            p->final_at ? "has an end" : "has no end");
    }
    if (!links_match(a->o->links, p->uuid, p->id)) {
        audit_tell(a, "link", "payment", p->id, "its link does not lead to it");
    }
    if (b->attempts != p->attempts || b->attempt_last != p->attempts) {
        audit_tell(a, "attempts", "payment", p->id,
            "it counts %" PRId64 " attempts, there are %" PRId64 " up to number %" PRId64,
            p->attempts, b->attempts, b->attempt_last);
    }
    if (b->notes != p->sequence || b->note_last != p->sequence || final != (b->notes > 0)) {
        audit_tell(a, "notifications", "payment", p->id,
            "it is %s and counts %" PRId64 " notifications, there are %" PRId64
            " up to number %" PRId64,
            payment_state_text(p->state), p->sequence, b->notes, b->note_last);
    } else if (final && (strcmp(b->note_status, payment_status_text(p->state)) != 0 ||
                            b->note_amount != p->paid.poisha ||
                            b->note_commission != p->commission.poisha)) {
        audit_tell(a, "notifications", "payment", p->id,
            "its last notification tells %s with %" PRId64 " and %" PRId64 " poisha, not %s with"
            " %" PRId64 " and %" PRId64,
            b->note_status, b->note_amount, b->note_commission, payment_status_text(p->state),
            p->paid.poisha, p->commission.poisha);
    }
}

static enum err window_rows(struct window *w, struct books_range r)
{
    struct db *db = w->audit->db;
    w->at = 0;
    enum err e = store_books_attempt_each(db, r, attempt_add, w);
    w->at = 0;
    e = e == ERR_OK ? store_books_credit_each(db, r, credit_add, w) : e;
    w->at = 0;
    w->entry = 0;
    e = e == ERR_OK ? store_books_posting_each(db, r, posting_add, w) : e;
    w->at = 0;
    e = e == ERR_OK ? store_books_refund_each(db, r, refund_add, w) : e;
    e = e == ERR_OK ? store_books_refund_wrong_each(db, r, refund_wrong, w) : e;
    w->at = 0;
    return e == ERR_OK ? store_books_note_each(db, r, note_add, w) : e;
}

static void window_check(const struct window *w)
{
    for (size_t i = 0; i < w->count; i++) {
        money_check(w->audit, &w->books[i]);
        refunds_check(w->audit, &w->books[i]);
        postings_check(w->audit, &w->books[i]);
        rows_check(w->audit, &w->books[i]);
    }
}

enum err audit_payments(struct audit *a)
{
    size_t room = (size_t)a->o->window;
    struct window w = {.audit = a, .books = mem_array(room, sizeof *w.books)};
    /* The windows cover all numbers there are: no row falls between two of them. */
    struct books_range r = {INT64_MIN, INT64_MAX};
    enum err e = store_books_credit_loose_each(a->db, credit_count, a);
    do {
        w.count = 0;
        e = e == ERR_OK ? store_books_payment_each(a->db, r.from, a->o->window, book_add, &w) : e;
        r.to = w.count == room ? w.books[w.count - 1].p.id : INT64_MAX;
        e = e == ERR_OK ? window_rows(&w, r) : e;
        if (e == ERR_OK) {
            window_check(&w);
            r.from = r.to < INT64_MAX ? r.to + 1 : r.to;
        }
    } while (e == ERR_OK && r.to < INT64_MAX);
    mem_free(w.books);
    return e;
}
