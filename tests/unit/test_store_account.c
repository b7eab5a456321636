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
UNIT(audit_add, struct audit_row, store_audit_add)

static enum err script(void *arg, struct tx *tx)
{
    return test_store_script(tx_db(tx), arg);
}

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

struct chain {
    int64_t id;
    char hash[65];
    int broken; /* rows that do not fit the one before or their own hash */
};

static enum err chain_check(void *arg, const struct audit_row *r)
{
    struct chain *c = arg;
    char hash[65];
    store_audit_hash(r, hash);
    bool fits = r->id == c->id + 1 && str_is(r->prev_hash, c->hash) && str_is(r->hash, hash);
    c->broken += !fits;
    c->id = r->id;
    snprintf(c->hash, sizeof c->hash, "%.*s", STR_FMT(r->hash));
    return ERR_OK;
}

static struct chain chain_of(struct fixture *f)
{
    struct chain c = {0};
    memset(c.hash, '0', 64);
    ok(store_audit_each(store_reader(f->s), 1, chain_check, &c));
    return c;
}

static void audit_fill(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        char object[32];
        snprintf(object, sizeof object, "account:%d", i);
        struct audit_row r = {.actor = STR("cli:root"),
            .action = STR("account.update"),
            .object = str_from(object),
            .detail = i % 2 ? STR("{\"fee_bp\":1}") : STR_ABSENT};
        ok(run(f->s, audit_add, &r));
        assert_int_equal(r.id, i + 1);
        assert_int_equal(r.at, T0);
    }
}

static void the_audit_chain_holds_across_processes(void **state)
{
    struct fixture *f = *state;
    audit_fill(f, 10);
    fixture_reopen(f);
    struct audit_row r = {.actor = STR("kassad"), .action = STR("x"), .object = STR("y")};
    ok(run(f->s, audit_add, &r));
    struct chain c = chain_of(f);
    assert_int_equal(c.id, 11);
    assert_int_equal(c.broken, 0);
}

static void an_edited_audit_row_is_detected(void **state)
{
    struct fixture *f = *state;
    audit_fill(f, 10);
    assert_int_equal(
        run(f->s, script, (void *)(uintptr_t) "UPDATE audit SET actor = 'me'"), ERR_INTERNAL);
    assert_int_equal(run(f->s, script, (void *)(uintptr_t) "DELETE FROM audit"), ERR_INTERNAL);
    assert_int_equal(chain_of(f).broken, 0);
    const char *const edits[] = {"actor = 'me' WHERE id = 4", "detail = '{}' WHERE id = 4",
        "detail = NULL WHERE id = 4", "at = at + 1 WHERE id = 4", "object = 'a' WHERE id = 10",
        "id = 400 WHERE id = 4", "prev_hash = hash WHERE id = 4", "hash = prev_hash WHERE id = 4"};
    for (size_t i = 0; i < array_len(edits); i++) {
        char text[512];
        snprintf(text, sizeof text,
            "CREATE TABLE kept AS SELECT * FROM audit; DROP TRIGGER IF EXISTS audit_update;"
            "UPDATE audit SET %s",
            edits[i]);
        ok(run(f->s, script, text));
        assert_true(chain_of(f).broken > 0);
        ok(run(f->s, script,
            (void *)(uintptr_t) "DROP TRIGGER IF EXISTS audit_delete; DELETE FROM audit;"
                                "INSERT INTO audit SELECT * FROM kept; DROP TABLE kept;"));
        assert_int_equal(chain_of(f).broken, 0);
    }
    ok(run(f->s, script, (void *)(uintptr_t) "DELETE FROM audit WHERE id = 5"));
    assert_true(chain_of(f).broken > 0);
}

static void no_two_audit_rows_have_the_same_bytes_under_their_hash(void **state)
{
    (void)state;
    struct audit_row a = {.id = 1, .actor = STR("ab"), .action = STR("c"), .object = STR("d")};
    struct audit_row b = {.id = 1, .actor = STR("a"), .action = STR("bc"), .object = STR("d")};
    struct audit_row c = a;
    c.detail = STR("");
    char x[65], y[65], z[65];
    store_audit_hash(&a, x);
    store_audit_hash(&b, y);
    store_audit_hash(&c, z);
    assert_string_not_equal(x, y);
    assert_string_not_equal(x, z);
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
        WITH(the_audit_chain_holds_across_processes),
        WITH(an_edited_audit_row_is_detected),
        cmocka_unit_test(no_two_audit_rows_have_the_same_bytes_under_their_hash),
    };
    return cmocka_run_group_tests_name("store_account", tests, NULL, NULL);
}
