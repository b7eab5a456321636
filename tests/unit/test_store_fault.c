/* Each statement, savepoint and commit of each kind of unit fails once: what is left is all or nothing. */
#include "store/store_refund.h"
#include "store_batch.h"

/* The content of every table, as one number. */
static void digest_rows(struct db *db, const char *text, struct buf *out)
{
    const struct db_ops *ops = db_ops_of(db);
    void *st;
    ok(ops->prepare(db_conn_of(db), text, &st));
    enum err e;
    while ((e = ops->step(st)) == ERR_OK) {
        for (int i = 0; i < ops->column_count(st); i++) {
            bool null = ops->column_null(st, i);
            buf_char(out, null ? '-' : '+');
            if (!null)
                buf_str(out, ops->column_bytes(st, i));
            buf_char(out, '|');
        }
        buf_char(out, '\n');
    }
    assert_int_equal(e, ERR_NO_ROW);
    ops->finalize(st);
}

static void digest(struct fixture *f, uint8_t out[SHA256_LEN])
{
    static const char *const tables[] = {"merchant", "account", "certificate", "redirect",
        "endpoint", "payment", "day_count", "payment_stat", "ledger_day", "attempt",
        "payment_event", "credit", "refund", "ledger_account", "ledger_entry", "posting", "outbox",
        "outbox_try", "audit_log", "id_block", "change_counter", "wallet_credential",
        "wallet_token", "wallet_token_call"};
    struct buf all;
    buf_init(&all, 1 << 24);
    for (size_t i = 0; i < array_len(tables); i++) {
        char text[64];
        snprintf(text, sizeof text, "SELECT * FROM %s ORDER BY 1, 2", tables[i]);
        buf_printf(&all, "%s\n", tables[i]);
        digest_rows(store_reader(f->s), text, &all);
    }
    assert_true(buf_ok(&all));
    sha256(all.p, all.n, out);
    buf_clear(&all);
}

/* The kinds of units. Each can be run again after a failure and does a new thing each time it works. */
struct work {
    struct fixture *f;
    int round;
    int64_t payment_id, attempt_id;
    char names[4][48];
};

static void name(struct work *w, int i, const char *what)
{
    snprintf(w->names[i], sizeof w->names[i], "%s-%d", what, w->round);
}

static enum err work_create(void *arg, struct tx *tx)
{
    struct work *w = arg;
    struct sample x;
    name(w, 0, "F");
    sample_init(&x, w->f, w->names[0], T0);
    enum err e = sample_insert(&x, tx);
    struct event_row ev = {
        .payment_id = x.p.row.id, .at = T0, .actor = STR("merchant"), .event = STR("created")};
    if (e == ERR_OK)
        e = store_event_add(tx, &ev);
    if (e == ERR_OK)
        w->payment_id = x.p.row.id;
    return e;
}

static enum err work_attempt(void *arg, struct tx *tx)
{
    struct work *w = arg;
    name(w, 0, "token");
    name(w, 1, "invoice");
    struct attempt_row r = {.payment_id = w->payment_id,
        .number = w->round + 1,
        .wallet = WALLET_BKASH,
        .credential_id = w->f->credential_id,
        .state = ATTEMPT_CREATING,
        .callback_token = str_from(w->names[0]),
        .invoice = str_from(w->names[1]),
        .amount = money_poisha(10000),
        .currency = STR("BDT"),
        .created_at = T0};
    enum err e = store_attempt_add(tx, &r);
    struct attempt_row to = r;
    to.state = ATTEMPT_REFUSED;
    to.reason = STR("wallet");
    return e == ERR_OK ? store_attempt_cas(tx, &r, &to) : e;
}

/* The end of a payment: state, event, credit, ledger, notification. */
static enum err work_end(void *arg, struct tx *tx)
{
    struct work *w = arg;
    struct sample x;
    name(w, 0, "E");
    name(w, 1, "TRX");
    name(w, 2, "msg");
    sample_init(&x, w->f, w->names[0], T0);
    enum err e = sample_insert(&x, tx);
    struct payment_row to = x.p.row;
    to.state = PAYMENT_PAID;
    to.paid = to.amount;
    to.final_at = T0;
    to.sequence = 1;
    struct credit_row credit = {.wallet = WALLET_BKASH,
        .credential_id = w->f->credential_id,
        .trx_id = str_from(w->names[1]),
        .amount = to.amount,
        .currency = to.currency,
        .account_id = to.account_id,
        .payment_id = to.id,
        .attached = true,
        .seen_at = T0};
    struct outbox_row out = {.payment_id = to.id,
        .account_id = to.account_id,
        .sequence = 1,
        .webhook_id = str_from(w->names[2]),
        .payment_status = STR("paid"),
        .state = STR("waiting"),
        .due_at = T0};
    struct ledger_entry entry;
    int64_t id;
    ledger_paid(&entry, to.account_id, w->f->credential_id, to.amount, money_poisha(250));
    if (e == ERR_OK)
        e = store_payment_cas(tx, &x.p.row, &to);
    if (e == ERR_OK)
        e = store_credit_add(tx, &credit, &id);
    if (e == ERR_OK)
        e = store_ledger_post(tx, &entry, "paid", to.id, &id);
    return e == ERR_OK ? store_outbox_add(tx, &out) : e;
}

static enum err refund_rows(
    struct work *w, struct tx *tx, int64_t payment_id, struct refund_row *ret)
{
    struct attempt_row a = {.payment_id = payment_id,
        .number = 1,
        .wallet = WALLET_BKASH,
        .credential_id = w->f->credential_id,
        .state = ATTEMPT_PAID,
        .callback_token = str_from(w->names[0]),
        .invoice = str_from(w->names[1]),
        .amount = money_poisha(10000),
        .currency = STR("BDT"),
        .created_at = T0};
    enum err e = store_attempt_add(tx, &a);
    *ret = (struct refund_row){.payment_id = payment_id,
        .attempt_id = a.id,
        .account_id = w->f->account_id,
        .wallet = WALLET_BKASH,
        .credential_id = w->f->credential_id,
        .wallet_ref = STR("TR"),
        .trx_id = STR("AAA"),
        .amount = money_poisha(5000),
        .currency = STR("BDT"),
        .reason = STR("why"),
        .actor = STR("operator:x"),
        .created_at = T0,
        .next_ask_at = T0};
    return e == ERR_OK ? store_refund_add(tx, ret) : e;
}

/* A refund from its begin to its end: the row, the money on its way, what the wallet said, the money gone. */
static enum err work_refund(void *arg, struct tx *tx)
{
    struct work *w = arg;
    struct sample x;
    struct refund_row r = {.id = 0}, to;
    struct ledger_entry entry;
    int64_t id;
    name(w, 0, "R");
    name(w, 1, "RI");
    name(w, 2, "RT");
    sample_init(&x, w->f, w->names[0], T0);
    enum err e = sample_insert(&x, tx);
    if (e == ERR_OK)
        e = refund_rows(w, tx, x.p.row.id, &r);
    ledger_refund(&entry, w->f->account_id, money_poisha(5000));
    if (e == ERR_OK)
        e = store_ledger_post(tx, &entry, "refund", x.p.row.id, &id);
    to = r;
    to.state = REFUND_DONE;
    to.known = STR(" ");
    to.refund_trx_id = str_from(w->names[2]);
    to.next_ask_at = 0;
    to.final_at = T0;
    if (e == ERR_OK)
        e = store_refund_cas(tx, &r, &to);
    ledger_refund_done(&entry, w->f->account_id, w->f->credential_id, money_poisha(5000));
    return e == ERR_OK ? store_ledger_post(tx, &entry, "refund_done", x.p.row.id, &id) : e;
}

static enum err work_deliver(void *arg, struct tx *tx)
{
    struct work *w = arg;
    enum err e = work_end(arg, tx);
    int64_t ids[4];
    int count = 0;
    if (e == ERR_OK)
        e = store_outbox_lease(tx, T0, STR("w"), T0 + 1000, 4, ids, &count);
    for (int i = 0; e == ERR_OK && i < count; i++) {
        struct outbox_try_row t = {
            .outbox_id = ids[i], .number = 1, .at = T0, .status = 200, .url = STR("http://x")};
        e = store_outbox_try_add(tx, &t);
        if (e == ERR_OK)
            e = store_outbox_delivered(tx, ids[i], STR("w"), T0 + w->round);
    }
    return e;
}

static enum err work_admin(void *arg, struct tx *tx)
{
    struct work *w = arg;
    name(w, 0, "home");
    struct redirect_row r = {.account_id = w->f->account_id,
        .name = str_from(w->names[0]),
        .url = STR("https://shop.example")};
    struct audit_log_row audit = {
        .actor = STR("cli:root"), .action = STR("redirect.add"), .target = STR("account")};
    enum err e = store_redirect_add(tx, &r);
    if (e == ERR_OK)
        e = store_audit_log_add(tx, &audit);
    return e == ERR_OK ? store_change_bump(tx) : e;
}

static enum err work_token(void *arg, struct tx *tx)
{
    struct work *w = arg;
    struct token_row t = {
        .credential_id = w->f->credential_id, .token_box = STR("t"), .expires_at = w->round};
    enum err e = store_token_renewal_take(tx, w->f->credential_id, T0 + w->round, T0, 1000000);
    return e == ERR_OK ? store_token_put(tx, &t) : e;
}

struct kind {
    const char *name;
    job_fn fn;
};

static const struct kind KINDS[] = {
    {"create", work_create},
    {"attempt", work_attempt},
    {"end", work_end},
    {"refund", work_refund},
    {"deliver", work_deliver},
    {"admin", work_admin},
    {"token", work_token},
};

static int64_t steps(struct fixture *f, enum fault_point p)
{
    return atomic_load(&f->fault.count[p]);
}

/* Every n-th point fails until the unit has no n-th one any more. */
static int64_t torture(struct work *w, const struct kind *k, enum fault_point p, enum err error)
{
    struct fixture *f = w->f;
    for (int64_t n = 1;; n++) {
        uint8_t before[SHA256_LEN], after[SHA256_LEN];
        digest(f, before);
        db_fault_arm(&f->fault, p, n, error, false);
        enum err e = run(f->s, k->fn, w);
        bool struck = atomic_load(&f->fault.fail_in[p]) == 0;
        db_fault_clear(&f->fault);
        digest(f, after);
        if (!struck) {
            assert_int_equal(e, ERR_OK);
            assert_memory_not_equal(before, after, SHA256_LEN);
            w->round++;
            return n - 1;
        }
        if (e != error)
            fail_msg("%s, %lld: %s", k->name, (long long)n, err_name(e));
        assert_memory_equal(before, after, SHA256_LEN);
    }
}

static void each_failing_statement_leaves_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    static const enum err errors[] = {ERR_STORE_IO, ERR_STORE_FULL, ERR_INTERNAL};
    struct work w = {.f = f};
    ok(run(f->s, work_create, &w));
    w.round++;
    for (size_t i = 0; i < array_len(KINDS); i++)
        for (size_t j = 0; j < array_len(errors); j++)
            assert_true(torture(&w, &KINDS[i], FAULT_STEP, errors[j]) >= 2);
}

/* After a unit that failed among others the next batches keep their units apart by savepoints. */
static void savepoints_begin(struct fixture *f, int round)
{
    static struct queued q[2];
    char prefix[32];
    snprintf(prefix, sizeof prefix, "apart-%d", round);
    queued_init(q, f, prefix, 2);
    q[1].after = ERR_CONFLICT;
    run_as_a_batch(f, q, 2);
    assert_int_equal(q[0].result, ERR_OK);
    assert_int_equal(q[1].result, ERR_CONFLICT);
}

static void each_failing_frame_of_a_unit_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    static const enum fault_point points[] = {
        FAULT_BEGIN, FAULT_SAVEPOINT, FAULT_RELEASE, FAULT_COMMIT};
    int round = 0;
    struct work w = {.f = f};
    ok(run(f->s, work_create, &w));
    w.round++;
    for (size_t i = 0; i < array_len(KINDS); i++)
        for (size_t j = 0; j < array_len(points); j++) {
            savepoints_begin(f, round++);
            assert_int_equal(torture(&w, &KINDS[i], points[j], ERR_STORE_IO), 1);
        }
}

static void a_busy_engine_is_tried_again_and_not_for_ever(void **state)
{
    struct fixture *f = *state;
    struct work w = {.f = f};
    db_fault_arm(&f->fault, FAULT_BEGIN, 1, ERR_STORE_BUSY, false);
    ok(run(f->s, work_create, &w));
    w.round++;
    db_fault_arm(&f->fault, FAULT_STEP, 2, ERR_STORE_BUSY, false);
    ok(run(f->s, work_create, &w));
    w.round++;
    int64_t begins = steps(f, FAULT_BEGIN);
    db_fault_arm(&f->fault, FAULT_BEGIN, 1, ERR_STORE_BUSY, true);
    assert_int_equal(run(f->s, work_create, &w), ERR_STORE_BUSY);
    assert_true(steps(f, FAULT_BEGIN) - begins <= 5);
    assert_false(store_writable(f->s));
    db_fault_clear(&f->fault);
    ok(run(f->s, work_create, &w));
    assert_true(store_writable(f->s));
}

static bool writable_soon(struct store *s)
{
    for (int i = 0; i < 400; i++) {
        if (store_writable(s))
            return true;
        usleep(5000);
    }
    return false;
}

static void a_store_that_cannot_write_says_so_and_recovers_by_itself(void **state)
{
    struct fixture *f = *state;
    struct work w = {.f = f};
    ok(run(f->s, work_create, &w));
    assert_true(store_writable(f->s));
    db_fault_arm(&f->fault, FAULT_COMMIT, 1, ERR_STORE_FULL, true);
    w.round++;
    assert_int_equal(run(f->s, work_create, &w), ERR_STORE_FULL);
    assert_false(store_writable(f->s));
    struct payment_row r;
    ok(store_payment_by_order(store_reader(f->s), &f->arena, f->account_id, STR("F-0"), &r));
    usleep(20000);
    assert_false(store_writable(f->s));
    db_fault_clear(&f->fault);
    assert_true(writable_soon(f->s));
    ok(run(f->s, work_create, &w));
}

/* The disk took the commit and then failed: the caller hears an error, and its retry finds the order. */
static void a_commit_that_landed_all_the_same_is_found_by_the_retry(void **state)
{
    struct fixture *f = *state;
    struct sample x;
    sample_init(&x, f, "ambiguous", T0);
    f->fault.commit_lands = true;
    db_fault_arm(&f->fault, FAULT_COMMIT, 1, ERR_STORE_IO, false);
    assert_int_equal(run(f->s, sample_insert, &x), ERR_STORE_IO);
    assert_int_equal(run(f->s, sample_insert, &x), ERR_DUPLICATE);
    assert_true(x.same);
    assert_string_equal(x.first_uuid, x.uuid);
    int64_t id = sample_make(f, "next", T0);
    assert_true(id > x.id);
}

static enum err script(void *arg, struct tx *tx)
{
    return db_script(tx_db(tx), arg);
}

static void a_full_file_fails_whole_units_and_reading_goes_on(void **state)
{
    struct fixture *f = *state;
    struct work w = {.f = f};
    ok(run(f->s, script, (void *)(uintptr_t) "PRAGMA max_page_count = 120"));
    int stored = 0;
    enum err e = ERR_OK;
    for (; e == ERR_OK && stored < 5000; w.round++) {
        e = run(f->s, work_end, &w);
        stored += e == ERR_OK;
    }
    assert_int_equal(e, ERR_STORE_FULL);
    uint8_t before[SHA256_LEN], after[SHA256_LEN];
    digest(f, before);
    for (int i = 0; i < 5; i++)
        assert_int_equal(run(f->s, work_end, &w), ERR_STORE_FULL);
    digest(f, after);
    assert_memory_equal(before, after, SHA256_LEN);
    int64_t total;
    int32_t day = dhaka_day(T0);
    ok(store_history_total(store_reader(f->s), f->account_id, day, day, &total));
    assert_int_equal(total, stored);
    ok(run(f->s, script, (void *)(uintptr_t) "PRAGMA max_page_count = 1000000"));
    ok(run(f->s, work_end, &w));
    assert_true(writable_soon(f->s));
}

struct storm {
    struct fixture *f;
    int number;
    int stored;
    _Atomic bool *stop;
};

static void *storm_main(void *arg)
{
    struct storm *s = arg;
    for (int i = 0; i < 150; i++) {
        char order[32];
        snprintf(order, sizeof order, "ST-%d-%d", s->number, i);
        struct sample x;
        sample_init(&x, s->f, order, T0);
        enum err e = run(s->f->s, sample_insert, &x);
        if (e == ERR_OK)
            s->stored++;
        else if (e != ERR_STORE_IO)
            s->stored = -100000;
    }
    return NULL;
}

static void *storm_faults(void *arg)
{
    struct storm *s = arg;
    for (int i = 1; !atomic_load(s->stop); i++) {
        enum fault_point p = i % 3 == 0 ? FAULT_COMMIT : FAULT_STEP;
        atomic_store(&s->f->fault.fail_in[p], 1 + i % 7);
        usleep(2000);
    }
    return NULL;
}

static void what_was_told_is_what_is_there_under_faults_and_threads(void **state)
{
    struct fixture *f = *state;
    struct storm s[8];
    pthread_t threads[8], faults;
    _Atomic bool stop = false;
    f->fault.error = ERR_STORE_IO;
    struct storm breaker = {.f = f, .stop = &stop};
    assert_int_equal(pthread_create(&faults, NULL, storm_faults, &breaker), 0);
    int stored = 0;
    for (int i = 0; i < 8; i++) {
        s[i] = (struct storm){.f = f, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, storm_main, &s[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        stored += s[i].stored;
    }
    atomic_store(&stop, true);
    pthread_join(faults, NULL);
    db_fault_clear(&f->fault);
    fixture_reopen(f);
    int64_t total;
    int32_t day = dhaka_day(T0);
    ok(store_history_total(store_reader(f->s), f->account_id, day, day, &total));
    assert_int_equal(total, stored);
}

struct traced {
    int count;
    char last[200];
};

static void trace(void *arg, const char *text)
{
    struct traced *t = arg;
    t->count++;
    snprintf(t->last, sizeof t->last, "%s", text);
}

static void a_create_is_one_statement_and_a_batch_one_more(void **state)
{
    struct fixture *f = *state;
    struct traced t = {0};
    sample_make(f, "warm", T0);
    f->fault.trace_arg = &t;
    f->fault.trace = trace;
    sample_make(f, "traced", T0);
    f->fault.trace = NULL;
    /* The payment, and the counter of the batch. Ids are leased already; a shared store leases them anew for each batch. */
    assert_int_equal(t.count, test_store_is_pg() ? 3 : 2);
    assert_non_null(strstr(t.last, "day_count"));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup_fault, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(each_failing_statement_leaves_all_or_nothing),
        WITH(each_failing_frame_of_a_unit_leaves_nothing),
        WITH(a_busy_engine_is_tried_again_and_not_for_ever),
        WITH(a_store_that_cannot_write_says_so_and_recovers_by_itself),
        WITH(a_commit_that_landed_all_the_same_is_found_by_the_retry),
        WITH(what_was_told_is_what_is_there_under_faults_and_threads),
        WITH(a_create_is_one_statement_and_a_batch_one_more),
    };
    /* Only SQLite's file has a limit that a test can set. */
    const struct CMUnitTest of_files[] = {
        WITH(a_full_file_fails_whole_units_and_reading_goes_on),
    };
    int failed = cmocka_run_group_tests_name("store_fault", tests, NULL, NULL);
    if (!test_store_is_pg())
        failed += cmocka_run_group_tests_name("store_fault: its file", of_files, NULL, NULL);
    return failed;
}
