/* The audit reads payments a window at a time: however they fall into windows, it sees the same books. */
#include "app/audit/audit.h"
#include "service/refund.h"
#include "service_world.h"
#include "store/store_refund.h"
#include "store/tx.h"

enum { PAYMENTS = 6 };

struct shop {
    struct world w;
    /* In their order. The fourth one is open, the others are paid; a refund of the first is done, one of the third was declined,
     * and one of the last is under way. */
    int64_t ids[PAYMENTS];
};

/* An audit of edited books: inside a unit of work that fails, so nothing of the edit stays. */
struct look {
    struct store_unit unit;
    struct links *links;
    const char *edit;
    int64_t window;
    enum err edited, audited;
    struct audit_result r;
    struct buf faults; /* a line for each */
};

static void fault_note(void *arg, const struct audit_fault *f)
{
    struct look *l = arg;
    buf_printf(&l->faults, "%s %s %lld: %s\n", f->check, f->object, (long long)f->id, f->text);
}

static enum err look_run(struct store_unit *u, struct tx *tx)
{
    struct look *l = unit_owner(u, struct look, unit);
    struct audit_options o = {
        .db = tx_db(tx), .links = l->links, .window = l->window, .fault = fault_note, .arg = l};
    buf_reset(&l->faults);
    l->edited = test_store_script(tx_db(tx), l->edit);
    l->audited = l->edited == ERR_OK ? audit_books(&o, &l->r) : l->edited;
    return ERR_CONFLICT;
}

static int by_line(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The order of faults is that in which windows come to them. */
static void lines_sort(struct buf *b)
{
    char *lines[512];
    size_t count = 0;
    struct buf sorted;
    buf_char(b, 0);
    for (char *at, *line = strtok_r(b->p, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
        assert_true(count < array_len(lines));
        lines[count++] = line;
    }
    if (count > 1) {
        qsort(lines, count, sizeof *lines, by_line);
    }
    buf_init(&sorted, 1U << 20);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&sorted, "%s\n", lines[i]);
    }
    buf_char(&sorted, 0);
    buf_clear(b);
    *b = sorted;
}

static void look_at(struct shop *s, const char *edit, int64_t window, struct look *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->unit.run = look_run;
    ret->links = s->w.s.links;
    ret->edit = edit;
    ret->window = window;
    buf_init(&ret->faults, 1U << 20);
    assert_int_equal(store_run(s->w.s.store, &ret->unit), ERR_CONFLICT);
    ok(ret->edited);
    ok(ret->audited);
    lines_sort(&ret->faults);
}

/* The same faults and the same rows, whether all payments are in one window or their borders lie anywhere. `wanted` is the
 * beginning of a fault; NULL: there is none. */
static void same_in_all_windows(struct shop *s, const char *edit, const char *wanted)
{
    struct look whole, l;
    look_at(s, edit, AUDIT_WINDOW, &whole);
    if (!wanted) {
        assert_string_equal(whole.faults.p, "");
    } else if (!strstr(whole.faults.p, wanted)) {
        fail_msg("no \"%s\" after %s in:\n%s", wanted, edit, whole.faults.p);
    }
    for (int64_t window = 1; window <= PAYMENTS + 1; window++) {
        look_at(s, edit, window, &l);
        assert_string_equal(l.faults.p, whole.faults.p);
        assert_memory_equal(&l.r, &whole.r, sizeof l.r);
        buf_clear(&l.faults);
    }
    buf_clear(&whole.faults);
}

/* `edit` and `wanted` hold the payment's number where they have %1$lld. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void found_at_each_payment(struct shop *s, const char *edit, const char *wanted)
{
    char edit_text[2048], wanted_text[128];
    for (int i = 0; i < PAYMENTS; i++) {
        if (i != 3) {
            snprintf(edit_text, sizeof edit_text, edit, (long long)s->ids[i]);
            snprintf(wanted_text, sizeof wanted_text, wanted, (long long)s->ids[i]);
            same_in_all_windows(s, edit_text, wanted_text);
        }
    }
}
#pragma GCC diagnostic pop

static void right_books_are_right(void **state)
{
    struct shop *s = *state;
    struct look l;
    same_in_all_windows(s, "", NULL);
    look_at(s, "", 2, &l);
    assert_int_equal(l.r.payments, PAYMENTS);
    assert_int_equal(l.r.credits, PAYMENTS - 1);
    assert_int_equal(l.r.refunds, 3);
    assert_int_equal(l.r.entries, PAYMENTS - 1 + 5);
    assert_int_equal(l.r.notifications, PAYMENTS - 1);
    buf_clear(&l.faults);
}

static void an_altered_payment_is_found(void **state)
{
    found_at_each_payment(*state, "UPDATE payment SET paid = paid + 1 WHERE id = %1$lld",
        "paid-amount payment %1$lld:");
}

static void a_lost_credit_is_found(void **state)
{
    found_at_each_payment(*state, "DELETE FROM credit WHERE payment_id = %1$lld",
        "credits payment %1$lld: it is paid with 0");
}

static void a_lost_attempt_and_a_lost_notification_are_found(void **state)
{
    found_at_each_payment(*state, "UPDATE payment SET attempts = 2, sequence = 2 WHERE id = %1$lld",
        "notifications payment %1$lld: it is paid and counts 2");
}

static void counters_that_differ_from_what_they_count_are_found(void **state)
{
    same_in_all_windows(
        *state, "UPDATE payment_stat SET paid = paid + 1", "overview-counter account_id");
    same_in_all_windows(*state, "DELETE FROM payment_stat", "overview-counter account_id");
    same_in_all_windows(*state, "UPDATE ledger_day SET fee = fee - 1", "ledger-day account_id");
}

static void t37_an_altered_entry_is_found(void **state)
{
    found_at_each_payment(*state,
        "DROP TRIGGER posting_update; UPDATE posting SET amount = amount + CASE number WHEN 2 THEN "
        "100"
        " ELSE -100 END WHERE number > 1 AND entry_id ="
        " (SELECT MIN(id) FROM ledger_entry WHERE payment_id = %1$lld)",
        "payment-postings payment %1$lld:");
}

static void an_entry_moved_to_a_neighbour_is_found(void **state)
{
    found_at_each_payment(*state,
        "DROP TRIGGER ledger_entry_update; UPDATE ledger_entry SET payment_id = payment_id + 1"
        " WHERE payment_id = %1$lld",
        "payment-entries payment %1$lld: it has 0 paid");
}

static void rows_of_no_payment_are_found_wherever_their_number_lies(void **state)
{
    const char *const numbers[] = {
        "-9223372036854775807", "0", "5", "900000000", "9223372036854775807"};
    struct shop *s = *state;
    char edit[256];
    for (size_t i = 0; i < array_len(numbers); i++) {
        snprintf(edit, sizeof edit, "UPDATE credit SET payment_id = %s WHERE payment_id = %lld",
            numbers[i], (long long)s->ids[2]);
        same_in_all_windows(s, edit, "credit-payment credit");
        snprintf(edit, sizeof edit,
            "DROP TRIGGER ledger_entry_update;"
            "UPDATE ledger_entry SET payment_id = %s WHERE payment_id = %lld",
            numbers[i], (long long)s->ids[5]);
        same_in_all_windows(s, edit, "entry-payment entry");
    }
}

/* More of them than a window: they come in several passes, and all those of one group in one of these. */
static void one_trx_id_in_many_spellings_is_found(void **state)
{
    same_in_all_windows(*state,
        "CREATE TEMP TABLE spelling AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM credit;"
        "UPDATE credit SET trx_id = (SELECT CASE n WHEN 1 THEN 'aB1' WHEN 2 THEN 'Ab 1' WHEN 3 "
        "THEN 'x9'"
        " WHEN 4 THEN 'ab1' ELSE 'X9' END FROM spelling s WHERE s.id = credit.id);"
        "DROP TABLE spelling",
        "trx-id credit");
}

static void two_equal_trx_ids_are_found_at_each_payment(void **state)
{
    struct shop *s = *state;
    char edit[256];
    for (int i = 1; i < PAYMENTS; i++) {
        snprintf(edit, sizeof edit,
            "UPDATE credit SET trx_id = (SELECT lower(trx_id) FROM credit WHERE payment_id = %lld)"
            " WHERE payment_id = %lld",
            (long long)s->ids[0], (long long)s->ids[i]);
        same_in_all_windows(s, edit, i == 3 ? NULL : "trx-id credit");
    }
}

static void an_altered_refund_is_found(void **state)
{
    struct shop *s = *state;
    static const struct {
        int i; /* of the payment */
        const char *edit, *wanted;
    } cases[] = {
        {0, "UPDATE refund SET amount = amount + 1 WHERE payment_id =", "refunded-amount payment"},
        {0, "DELETE FROM refund WHERE payment_id =", "refund-entries payment"},
        {0, "UPDATE payment SET refunded = 0 WHERE id =", "refunded-amount payment"},
        {0, "UPDATE refund SET trx_id = 'OTHER' WHERE payment_id =", "refund-credit refund"},
        {0, "UPDATE refund SET account_id = account_id WHERE payment_id =", NULL},
        {2, "DELETE FROM refund WHERE payment_id =", "refund-entries payment"},
        {5, "UPDATE refund SET amount = 40000 WHERE payment_id =", "refunds payment"},
        {5, "DELETE FROM refund WHERE payment_id =", "balance-by-rows refunds"},
        {5, "UPDATE refund SET state = 'declined', final_at = 1 WHERE payment_id =",
            "refund-entries payment"},
    };
    char edit[256];
    for (size_t i = 0; i < array_len(cases); i++) {
        snprintf(edit, sizeof edit, "%s %lld", cases[i].edit, (long long)s->ids[cases[i].i]);
        same_in_all_windows(s, edit, cases[i].wanted);
    }
}

/* The credit of the second payment made a number's, which claimed it. */
#define CLAIM                                                                                      \
    "INSERT INTO wallet_number VALUES (900001, 'bkash', '01711111111', 'personal', NULL, 1, 0, 0," \
    " 1);"                                                                                         \
    "INSERT INTO sms VALUES (900002, NULL, 900001, 'bKash', 'text', zeroblob(32), 'send_money',"   \
    " 'fine', NULL, 'done', NULL, 1, 1);"                                                          \
    "UPDATE credit SET credential_id = 900001 WHERE payment_id = %1$lld;"                          \
    "INSERT INTO number_credit SELECT 900003, wallet, trx_id, 900001, 900002, amount, 0, NULL, "   \
    "NULL, 1,"                                                                                     \
    " 1, 'claimed', NULL, payment_id, 1, NULL, NULL, 0, NULL, 0 FROM credit WHERE payment_id = "   \
    "%1$lld;"

static void claimed_money_is_compared_with_its_credit(void **state)
{
    static const char *const wrong[] = {
        CLAIM "UPDATE number_credit SET amount = amount + 1",
        CLAIM "UPDATE number_credit SET payment_id = (SELECT id FROM payment WHERE state = 'open')",
        CLAIM "DELETE FROM credit WHERE credential_id = 900001",
    };
    static const char *const unclaimed[] = {
        CLAIM "DELETE FROM number_credit",
        CLAIM "UPDATE number_credit SET state = 'free'",
    };
    struct shop *s = *state;
    struct look l;
    char right[2048];
    for (size_t i = 0; i < array_len(wrong); i++) {
        found_at_each_payment(s, wrong[i], "claim number_credit 900003: ");
    }
    for (size_t i = 0; i < array_len(unclaimed); i++) {
        found_at_each_payment(s, unclaimed[i], "claim credit ");
    }
    snprintf(right, sizeof right, CLAIM, (long long)s->ids[1]);
    look_at(s, right, AUDIT_WINDOW, &l);
    assert_null(strstr(l.faults.p, "claim "));
    buf_clear(&l.faults);
}

static void refund_wait(struct shop *s, int64_t id, enum refund_state state)
{
    struct refund_row r;
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    do {
        usleep(2000);
        assert_true(clock_mono_ms() < until);
        ok(store_refund_by_id(world_db(&s->w), &s->w.arena, id, &r));
    } while (r.state != state);
}

static int64_t refund_ask(struct shop *s, int i)
{
    int64_t id;
    struct refund_request rq = {.payment_id = s->ids[i],
        .amount = money_poisha(10000),
        .operator_name = STR("test"),
        .reason = STR("returned")};
    ok(refund_request(&s->w.s, &rq, &id));
    return id;
}

static void refunds_make(struct shop *s)
{
    refund_wait(s, refund_ask(s, 0), REFUND_DONE);
    atomic_store(&s->w.bkash.refund_fault, BKASH_REFUSE);
    refund_wait(s, refund_ask(s, 2), REFUND_DECLINED);
    atomic_store(&s->w.bkash.refund_list_fault, BKASH_ERROR_500);
    refund_wait(s, refund_ask(s, 5), REFUND_REQUESTED);
}

static int shop_setup(void **state)
{
    struct shop *s = mem_alloc(sizeof *s);
    world_start(&s->w);
    for (int i = 0; i < PAYMENTS; i++) {
        char order[16];
        snprintf(order, sizeof order, "W-%d", i);
        struct shop_payment p = world_create(&s->w, order, "300.00");
        s->ids[i] = p.id;
        if (i != 3) {
            world_approve_and_return(&s->w, &p);
            world_wait_payment(&s->w, p.id, PAYMENT_PAID);
        }
    }
    refunds_make(s);
    *state = s;
    return 0;
}

static int shop_teardown(void **state)
{
    struct shop *s = *state;
    world_stop(&s->w);
    mem_free(s);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_books_are_right),
        cmocka_unit_test(an_altered_payment_is_found),
        cmocka_unit_test(a_lost_credit_is_found),
        cmocka_unit_test(a_lost_attempt_and_a_lost_notification_are_found),
        cmocka_unit_test(counters_that_differ_from_what_they_count_are_found),
        cmocka_unit_test(t37_an_altered_entry_is_found),
        cmocka_unit_test(an_entry_moved_to_a_neighbour_is_found),
        cmocka_unit_test(rows_of_no_payment_are_found_wherever_their_number_lies),
        cmocka_unit_test(an_altered_refund_is_found),
        cmocka_unit_test(claimed_money_is_compared_with_its_credit),
        cmocka_unit_test(one_trx_id_in_many_spellings_is_found),
        cmocka_unit_test(two_equal_trx_ids_are_found_at_each_payment),
    };
    return cmocka_run_group_tests_name("audit", tests, shop_setup, shop_teardown);
}
