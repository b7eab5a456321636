/* A Rocket credential's day at the bank is somebody's to close, once. */
#include "store_fixture.h"

#define TODAY INT64_C(20000)

struct closing {
    struct close_row row;
    int64_t credential_id, broken_before;
};

static enum err credential_make(void *arg, struct tx *tx)
{
    struct closing *c = arg;
    struct credential_row r = {.wallet = WALLET_ROCKET,
        .name = STR("bank"),
        .base_url = STR("https://bank.example/ecomm2/MerchantHandler"),
        .secret_box = STR("box"),
        .enabled = true,
        .created_at = T0};
    enum err e = store_credential_add(tx, &r);
    c->credential_id = r.id;
    return e;
}

static enum err begin(void *arg, struct tx *tx)
{
    struct closing *c = arg;
    return store_close_begin(tx, c->credential_id, TODAY, c->broken_before);
}

static enum err end(void *arg, struct tx *tx)
{
    struct closing *c = arg;
    return store_close_end(tx, &c->row);
}

static int due(struct fixture *f, int64_t day, int64_t broken_before)
{
    int64_t ids[4];
    int count = 0;
    ok(store_close_due(store_reader(f->s), day, broken_before, ids, 4, &count));
    return count;
}

static void end_as(struct fixture *f, struct closing *c, const char *state)
{
    c->row = (struct close_row){.credential_id = c->credential_id,
        .day = TODAY,
        .state = str_from(state),
        .code = STR("code"),
        .answer = STR_ABSENT};
    ok(run(f->s, end, c));
}

static void a_day_is_begun_once(void **state)
{
    struct fixture *f = *state;
    static const char *const states[] = {"done", "refused", "unknown"};
    for (size_t i = 0; i < array_len(states); i++) {
        struct closing c = {.broken_before = T0 + DAY_MS};
        ok(run(f->s, credential_make, &c));
        assert_int_equal(due(f, TODAY, c.broken_before), 1);
        ok(run(f->s, begin, &c));
        assert_int_equal(run(f->s, begin, &c), ERR_CONFLICT);
        assert_int_equal(due(f, TODAY, c.broken_before), 0);
        end_as(f, &c, states[i]);
        assert_int_equal(run(f->s, end, &c), ERR_CONFLICT);
        assert_int_equal(run(f->s, begin, &c), ERR_CONFLICT);
        assert_int_equal(due(f, TODAY, c.broken_before), 0);
        assert_int_equal(due(f, TODAY + 1, c.broken_before), (int)i + 1);
    }
}

static void what_was_not_sent_is_begun_again_later(void **state)
{
    struct fixture *f = *state;
    struct closing c = {.broken_before = T0};
    ok(run(f->s, credential_make, &c));
    ok(run(f->s, begin, &c));
    end_as(f, &c, "broken");
    assert_int_equal(due(f, TODAY, T0), 0);
    assert_int_equal(run(f->s, begin, &c), ERR_CONFLICT);
    c.broken_before = T0 + 1;
    assert_int_equal(due(f, TODAY, T0 + 1), 1);
    ok(run(f->s, begin, &c));
    assert_int_equal(run(f->s, begin, &c), ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_day_is_begun_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            what_was_not_sent_is_begun_again_later, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
