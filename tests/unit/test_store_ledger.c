/* Ledger entries, balances, credits. */
#include "store_fixture.h"

#include <signal.h>

struct post {
    struct ledger_entry entry;
    const char *kind;
    int64_t payment_id;
    int64_t entry_id;
};

static enum err post_run(void *arg, struct tx *tx)
{
    struct post *p = arg;
    return store_ledger_post(tx, &p->entry, p->kind, p->payment_id, &p->entry_id);
}

static void post_paid(struct fixture *f, struct post *p, int64_t amount, int64_t payment_id)
{
    *p = (struct post){.kind = "paid", .payment_id = payment_id};
    ledger_paid(&p->entry, f->account_id, f->credential_id, money_poisha(amount),
        money_poisha(amount / 50));
    ok(run(f->s, post_run, p));
}

static void a_payments_balances_are_those_before_and_after_it(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t first = sample_make(f, "B-1", T0), second = sample_make(f, "B-2", T0);
    struct money old, new, sum;
    assert_int_equal(store_ledger_payment_balance(db, first, &old, &new), ERR_NO_ROW);
    struct post p;
    post_paid(f, &p, 10000, first);
    assert_int_equal(p.entry_id, 1);
    post_paid(f, &p, 5000, second);
    assert_int_equal(p.entry_id, 2);
    ok(store_ledger_payment_balance(db, first, &old, &new));
    assert_int_equal(old.poisha, 0);
    assert_int_equal(new.poisha, 9800);
    ok(store_ledger_payment_balance(db, second, &old, &new));
    assert_int_equal(old.poisha, 9800);
    assert_int_equal(new.poisha, 14700);
    ok(store_ledger_balance(db, LEDGER_MERCHANT_PAYABLE, f->account_id, &sum));
    assert_int_equal(sum.poisha, -14700);
    ok(store_ledger_balance(db, LEDGER_WALLET_CLEARING, f->credential_id, &sum));
    assert_int_equal(sum.poisha, 15000);
    ok(store_ledger_balance(db, LEDGER_OUR_FEE, 0, &sum));
    assert_int_equal(sum.poisha, -300);
    ok(store_ledger_balance(db, LEDGER_SUSPENSE, f->account_id, &sum));
    assert_int_equal(sum.poisha, 0);
}

struct books {
    int64_t entry_id, entry_sum;
    struct balance_item accounts[64];
    int count;
};

static struct balance_item *books_account(struct books *b, enum ledger_kind kind, int64_t owner)
{
    for (int i = 0; i < b->count; i++)
        if (b->accounts[i].kind == kind && b->accounts[i].owner == owner)
            return &b->accounts[i];
    b->accounts[b->count] = (struct balance_item){kind, owner, MONEY_ZERO};
    return &b->accounts[b->count++];
}

static enum err books_add(void *arg, const struct posting_item *p)
{
    struct books *b = arg;
    if (p->entry_id != b->entry_id) {
        assert_int_equal(b->entry_sum, 0);
        assert_int_equal(p->entry_id, b->entry_id + 1);
        b->entry_id = p->entry_id;
    }
    struct balance_item *a = books_account(b, p->kind, p->owner);
    a->balance = money_add(a->balance, p->amount);
    assert_int_equal(a->balance.poisha, p->balance_after.poisha);
    assert_int_equal(p->at, T0);
    b->entry_sum += p->amount.poisha;
    return ERR_OK;
}

static enum err books_compare(void *arg, const struct balance_item *item)
{
    struct books *b = arg;
    assert_int_equal(
        books_account(b, item->kind, item->owner)->balance.poisha, item->balance.poisha);
    return ERR_OK;
}

static void books_are_right(struct fixture *f, int64_t entries)
{
    struct books b = {0};
    ok(store_posting_each(store_reader(f->s), books_add, &b));
    assert_int_equal(b.entry_id, entries);
    assert_int_equal(b.entry_sum, 0);
    int known = b.count;
    ok(store_balance_each(store_reader(f->s), books_compare, &b));
    assert_int_equal(b.count, known);
}

/* Entries keep the order of their commits, whatever process wrote them. */
static void the_postings_add_up_to_the_balances_with_two_processes(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    pid_t pid = fork();
    fixture_open(f);
    struct post p;
    for (int i = 0; i < 60; i++) {
        post_paid(f, &p, 1000 + i * 37, 0);
        struct post s = {.kind = "suspense"};
        ledger_suspense(&s.entry, f->account_id, f->credential_id, money_poisha(77 + i));
        ok(run(f->s, post_run, &s));
    }
    fixture_close(f);
    if (pid == 0)
        _exit(0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    fixture_open(f);
    books_are_right(f, 240);
}

static void every_kind_of_ledger_account_can_be_stored(void **state)
{
    struct fixture *f = *state;
    for (int k = 0; k < LEDGER_KIND_COUNT; k++) {
        struct post p = {.kind = "test",
            .entry = {.count = 2,
                .postings = {{(enum ledger_kind)k, 5, money_poisha(7)},
                    {(enum ledger_kind)k, 6, money_poisha(-7)}}}};
        ok(run(f->s, post_run, &p));
        struct money m;
        ok(store_ledger_balance(store_reader(f->s), (enum ledger_kind)k, 6, &m));
        assert_int_equal(m.poisha, -7);
    }
    books_are_right(f, LEDGER_KIND_COUNT);
}

static void an_entry_that_does_not_sum_to_zero_ends_the_program(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        fixture_open(f);
        struct post p = {.kind = "wrong",
            .entry = {.count = 2,
                .postings = {
                    {LEDGER_OUR_FEE, 0, money_poisha(7)}, {LEDGER_SUSPENSE, 1, money_poisha(-6)}}}};
        enum err e = run(f->s, post_run, &p);
        _exit(e == ERR_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    fixture_open(f);
    books_are_right(f, 0);
}

static enum err script(void *arg, struct tx *tx)
{
    return db_script(tx_db(tx), arg);
}

static void postings_are_never_changed(void **state)
{
    struct fixture *f = *state;
    struct post p;
    post_paid(f, &p, 1000, 0);
    const char *const changes[] = {"UPDATE posting SET amount = amount + 1", "DELETE FROM posting",
        "UPDATE ledger_entry SET kind = 'x'", "DELETE FROM ledger_entry",
        "UPDATE ledger_account SET kind = 'mine'"};
    for (size_t i = 0; i < array_len(changes); i++)
        if (run(f->s, script, (void *)(uintptr_t)changes[i]) != ERR_INTERNAL)
            fail_msg("%s", changes[i]);
    books_are_right(f, 1);
}

struct crediting {
    struct credit_row row;
    int64_t id;
    int64_t payment_id;
};

static enum err credit_add(void *arg, struct tx *tx)
{
    struct crediting *c = arg;
    return store_credit_add(tx, &c->row, &c->id);
}

static enum err credit_attach(void *arg, struct tx *tx)
{
    struct crediting *c = arg;
    return store_credit_attach(tx, c->id, c->payment_id);
}

static enum err credit_count(void *arg, const struct credit_row *r)
{
    int *n = arg;
    assert_true(r->amount.poisha > 0);
    ++*n;
    return ERR_OK;
}

static int credits(struct fixture *f, int64_t payment_id, bool unattached)
{
    int n = 0;
    ok(store_credit_each(store_reader(f->s), payment_id, unattached, credit_count, &n));
    return n;
}

static void a_trx_id_counts_once_for_ever_and_is_attached_once(void **state)
{
    struct fixture *f = *state;
    struct crediting c = {.row = {.wallet = WALLET_BKASH,
                              .credential_id = f->credential_id,
                              .trx_id = STR("BFD90JRLST"),
                              .amount = money_poisha(10000),
                              .currency = STR("BDT"),
                              .payer_mask = STR("017******23"),
                              .account_id = f->account_id,
                              .seen_at = T0}};
    ok(run(f->s, credit_add, &c));
    int64_t first = c.id;
    struct crediting again = c;
    again.row.amount = money_poisha(1);
    again.id = 0;
    assert_int_equal(run(f->s, credit_add, &again), ERR_DUPLICATE);
    assert_int_equal(again.id, first);
    struct crediting other = c;
    other.row.wallet = WALLET_NAGAD;
    ok(run(f->s, credit_add, &other));
    assert_int_equal(credits(f, 0, true), 2);
    c.payment_id = sample_make(f, "late", T0);
    ok(run(f->s, credit_attach, &c));
    assert_int_equal(run(f->s, credit_attach, &c), ERR_CONFLICT);
    assert_int_equal(credits(f, 0, true), 1);
    assert_int_equal(credits(f, 0, false), 2);
    assert_int_equal(credits(f, c.payment_id, false), 1);
    assert_int_equal(credits(f, c.payment_id, true), 0);
    struct credit_row r;
    ok(store_credit_get(store_reader(f->s), &f->arena, first, &r));
    assert_true(r.attached);
    assert_int_equal(r.payment_id, c.payment_id);
    assert_int_equal(r.amount.poisha, 10000);
    assert_true(str_is(r.trx_id, "BFD90JRLST"));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_payments_balances_are_those_before_and_after_it),
        WITH(the_postings_add_up_to_the_balances_with_two_processes),
        WITH(every_kind_of_ledger_account_can_be_stored),
        WITH(an_entry_that_does_not_sum_to_zero_ends_the_program),
        WITH(postings_are_never_changed),
        WITH(a_trx_id_counts_once_for_ever_and_is_attached_once),
    };
    return cmocka_run_group_tests_name("store_ledger", tests, NULL, NULL);
}
