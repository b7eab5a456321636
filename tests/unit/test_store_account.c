/* Merchants, accounts, certificates, presets, settings, and the audit trail of their changes. */
#include "store_fixture.h"

#define UNIT(name, type, call)                                                                     \
    static enum err name(void *arg, struct tx *tx)                                                 \
    {                                                                                              \
        return call(tx, (type *)arg);                                                              \
    }
UNIT(merchant_add, struct merchant_row, store_merchant_add)
UNIT(account_add, struct account_row, store_account_add)
UNIT(account_update, const struct account_row, store_account_update)
UNIT(cert_add, struct cert_row, store_cert_add)
UNIT(redirect_add, struct redirect_row, store_redirect_add)
UNIT(endpoint_add, struct endpoint_row, store_endpoint_add)
UNIT(endpoint_update, const struct endpoint_row, store_endpoint_update)

static void a_taken_name_or_uuid_is_refused(void **state)
{
    struct fixture *f = *state;
    struct merchant_row m = {.name = STR("Shop"), .created_at = T0};
    assert_int_equal(run(f->s, merchant_add, &m), ERR_DUPLICATE);
    m.name = STR("Other");
    ok(run(f->s, merchant_add, &m));
    struct account_row a;
    ok(store_account_by_id(store_reader(f->s), &f->arena, f->account_id, &a));
    assert_int_equal(run(f->s, account_add, &a), ERR_DUPLICATE);
    char uuid[UUID_LEN + 1];
    uuid_new(uuid);
    a.uuid = str_from(uuid);
    assert_int_equal(run(f->s, account_add, &a), ERR_DUPLICATE);
    a.merchant_id = m.id;
    ok(run(f->s, account_add, &a));
}

static void an_account_is_found_by_its_uuid_in_any_case_and_updated_whole(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    struct account_row a, r;
    ok(store_account_by_id(db, &f->arena, f->account_id, &a));
    a.fee_bp = 300;
    a.fee_fixed = money_poisha(500);
    a.digest = STR("sha256");
    a.notify_mode = STR("POST_JSON");
    a.notify_field_set = 12;
    a.endpoint_id = 77;
    a.notify_secret_box = (struct str){"\0\1\2", 3};
    a.notify_old_secret_until = T0;
    a.enabled = false;
    ok(run(f->s, account_update, &a));
    char upper[UUID_LEN];
    for (size_t i = 0; i < UUID_LEN; i++)
        upper[i] = (char)(a.uuid.p[i] >= 'a' ? a.uuid.p[i] - 32 : a.uuid.p[i]);
    ok(store_account_by_uuid(db, &f->arena, (struct str){upper, UUID_LEN}, &r));
    assert_int_equal(r.id, f->account_id);
    assert_true(str_eq(r.uuid, a.uuid));
    assert_int_equal(r.fee_bp, 300);
    assert_int_equal(r.fee_fixed.poisha, 500);
    assert_true(str_is(r.digest, "sha256"));
    assert_true(str_is(r.notify_mode, "POST_JSON"));
    assert_int_equal(r.notify_field_set, 12);
    assert_int_equal(r.endpoint_id, 77);
    assert_int_equal(r.success_redirect_id, 0);
    assert_true(str_eq(r.notify_secret_box, a.notify_secret_box));
    assert_true(str_absent(r.notify_old_secret_box));
    assert_int_equal(r.notify_old_secret_until, T0);
    assert_false(r.enabled);
    a.id = 123456;
    assert_int_equal(run(f->s, account_update, &a), ERR_NO_ROW);
    assert_int_equal(store_account_by_uuid(db, &f->arena, STR("x"), &r), ERR_NO_ROW);
}

struct cert_change {
    int64_t id, at;
};

static enum err cert_revoke(void *arg, struct tx *tx)
{
    struct cert_change *c = arg;
    return store_cert_revoke(tx, c->id, c->at);
}

static enum err cert_seen(void *arg, const struct cert_row *r)
{
    int64_t *last = arg;
    assert_true(r->created_at < *last);
    *last = r->created_at;
    return ERR_OK;
}

static void a_certificate_is_revoked_once_and_listed_newest_first(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct cert_row c = {.account_id = f->account_id,
        .purpose = STR("payments"),
        .public_der = (struct str){"\0der", 4},
        .fingerprint = str_from(hex)};
    for (int i = 0; i < 5; i++) {
        c.created_at = T0 + (i * 7) % 5;
        ok(run(f->s, cert_add, &c));
    }
    int64_t last = INT64_MAX;
    ok(store_cert_each(db, f->account_id, cert_seen, &last));
    assert_int_equal(last, T0);
    struct cert_change change = {c.id, T0 + 50};
    ok(run(f->s, cert_revoke, &change));
    assert_int_equal(run(f->s, cert_revoke, &change), ERR_CONFLICT);
    struct cert_row r;
    ok(store_cert_get(db, &f->arena, c.id, &r));
    assert_int_equal(r.revoked_at, T0 + 50);
    assert_true(str_eq(r.public_der, c.public_der));
    assert_true(str_absent(r.private_box));
    c.private_box = STR("box");
    assert_int_equal(run(f->s, cert_add, &c), ERR_INTERNAL);
}

static enum err redirect_delete(void *arg, struct tx *tx)
{
    return store_redirect_delete(tx, *(int64_t *)arg, T0);
}

static void a_presets_name_is_free_again_when_it_is_deleted(void **state)
{
    struct fixture *f = *state;
    struct redirect_row r = {
        .account_id = f->account_id, .name = STR("home"), .url = STR("https://shop.example/")};
    ok(run(f->s, redirect_add, &r));
    struct redirect_row again = r;
    assert_int_equal(run(f->s, redirect_add, &again), ERR_DUPLICATE);
    ok(run(f->s, redirect_delete, &r.id));
    assert_int_equal(run(f->s, redirect_delete, &r.id), ERR_NO_ROW);
    ok(run(f->s, redirect_add, &again));
    assert_int_not_equal(again.id, r.id);
    struct redirect_row got;
    ok(store_redirect_get(store_reader(f->s), &f->arena, r.id, &got));
    assert_int_equal(got.deleted_at, T0);
}

static void an_endpoint_is_updated_whole(void **state)
{
    struct fixture *f = *state;
    struct endpoint_row r, e = {.account_id = f->account_id,
                               .name = STR("hook"),
                               .url = STR("https://shop.example/hook"),
                               .mode = STR("GET"),
                               .field_set = 11,
                               .secret_box = STR("box")};
    ok(run(f->s, endpoint_add, &e));
    e.mode = STR("POST");
    e.disabled_at = T0;
    e.disabled_reason = STR("gone");
    e.old_secret_box = e.secret_box;
    e.old_secret_until = T0 + 1;
    ok(run(f->s, endpoint_update, &e));
    ok(store_endpoint_get(store_reader(f->s), &f->arena, e.id, &r));
    assert_true(str_is(r.mode, "POST"));
    assert_int_equal(r.disabled_at, T0);
    assert_true(str_is(r.disabled_reason, "gone"));
    assert_true(str_is(r.old_secret_box, "box"));
    assert_int_equal(r.deleted_at, 0);
}

static enum err change_and_setting(void *arg, struct tx *tx)
{
    enum err e = store_change_bump(tx);
    return e == ERR_OK ? store_setting_put(tx, "sandbox.offset", *(struct str *)arg) : e;
}

static void settings_are_replaced_and_the_change_counter_moves(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t before, after;
    struct str value;
    ok(store_change_get(db, &before));
    assert_int_equal(store_setting_get(db, &f->arena, "sandbox.offset", &value), ERR_NO_ROW);
    struct str first = STR("1"), second = STR("");
    ok(run(f->s, change_and_setting, &first));
    ok(run(f->s, change_and_setting, &second));
    ok(store_change_get(db, &after));
    assert_int_equal(after - before, 2);
    ok(store_setting_get(db, &f->arena, "sandbox.offset", &value));
    assert_int_equal(value.n, 0);
    assert_false(str_absent(value));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_taken_name_or_uuid_is_refused),
        WITH(an_account_is_found_by_its_uuid_in_any_case_and_updated_whole),
        WITH(a_certificate_is_revoked_once_and_listed_newest_first),
        WITH(a_presets_name_is_free_again_when_it_is_deleted),
        WITH(an_endpoint_is_updated_whole),
        WITH(settings_are_replaced_and_the_change_counter_moves),
    };
    return cmocka_run_group_tests_name("store_account", tests, NULL, NULL);
}
