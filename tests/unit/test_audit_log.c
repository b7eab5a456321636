/* The audit log: two hash chains over the same rows, the store's and each merchant's. */
#include "service/audit_log.h"
#include "store/tx.h"
#include "store_fixture.h"

static enum err event_run(void *arg, struct tx *tx)
{
    return audit_log_write(tx, arg);
}

static enum err write_event(struct fixture *f, const struct audit_event *ev)
{
    return run(f->s, event_run, (void *)(uintptr_t)ev);
}

static int64_t merchant_id(struct fixture *f)
{
    int64_t id = 0;
    ok(store_audit_log_owner(store_reader(f->s), f->account_id, &id));
    return id;
}

/* Checks both chains as the audit does, without its code. */
struct chain {
    int64_t id;
    char hash[AUDIT_HASH_LEN + 1];
    int broken; /* rows that do not fit the one before or their own hash */
};

static enum err chain_check(void *arg, const struct audit_log_row *r)
{
    struct chain *c = arg;
    char hash[AUDIT_HASH_LEN + 1];
    store_audit_log_hash(r, hash);
    bool fits = r->id == c->id + 1 && str_is(r->prev_hash, c->hash) && str_is(r->hash, hash);
    c->broken += !fits;
    c->id = r->id;
    snprintf(c->hash, sizeof c->hash, "%.*s", STR_FMT(r->hash));
    return ERR_OK;
}

static enum err own_check(void *arg, const struct audit_log_row *r)
{
    struct chain *c = arg;
    char hash[AUDIT_HASH_LEN + 1];
    store_audit_log_merchant_hash(r, hash);
    bool fits = r->merchant_number == c->id + 1 && str_is(r->merchant_prev_hash, c->hash) &&
                str_is(r->merchant_hash, hash);
    c->broken += !fits;
    c->id = r->merchant_number;
    snprintf(c->hash, sizeof c->hash, "%.*s", STR_FMT(r->merchant_hash));
    return ERR_OK;
}

static struct chain chain_of(struct fixture *f)
{
    struct chain c = {0};
    memset(c.hash, '0', AUDIT_HASH_LEN);
    ok(store_audit_log_each(store_reader(f->s), 1, chain_check, &c));
    return c;
}

static struct chain chain_of_merchant(struct fixture *f, int64_t merchant_id)
{
    struct chain c = {0};
    memset(c.hash, '0', AUDIT_HASH_LEN);
    ok(store_audit_log_piece(store_reader(f->s), merchant_id, 1, 1000, own_check, &c));
    return c;
}

static void log_fill(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        char target[32];
        snprintf(target, sizeof target, "account:%d", i);
        struct audit_event ev = {.actor = STR("cli:root"),
            .account_id = i % 3 ? f->account_id : 0,
            .action = i % 2 ? "account.update" : "cert.new",
            .target = str_from(target),
            .before = i % 2 ? STR("{\"fee_bp\":1}") : STR_ABSENT,
            .after = STR("{\"fee_bp\":2}")};
        ok(write_event(f, &ev));
    }
}

static void t68_the_chains_hold_across_processes(void **state)
{
    struct fixture *f = *state;
    log_fill(f, 10);
    fixture_reopen(f);
    struct audit_event ev = {.actor = STR("kassad"), .action = "a.b", .target = STR("c:1")};
    ok(write_event(f, &ev));
    ev.account_id = f->account_id;
    ok(write_event(f, &ev));
    struct chain all = chain_of(f), own = chain_of_merchant(f, merchant_id(f));
    assert_int_equal(all.id, 12);
    assert_int_equal(all.broken, 0);
    assert_int_equal(own.id, 7);
    assert_int_equal(own.broken, 0);
}

static enum err script(void *arg, struct tx *tx)
{
    return test_store_script(tx_db(tx), arg);
}

static enum err sql(struct fixture *f, const char *text)
{
    return run(f->s, script, (void *)(uintptr_t)text);
}

static void t68_an_edited_row_is_found(void **state)
{
    struct fixture *f = *state;
    log_fill(f, 10);
    assert_int_equal(sql(f, "UPDATE audit_log SET actor = 'me'"), ERR_INTERNAL);
    assert_int_equal(sql(f, "DELETE FROM audit_log"), ERR_INTERNAL);
    assert_int_equal(chain_of(f).broken, 0);
    const char *const edits[] = {"actor = 'me' WHERE id = 4", "after_json = '{}' WHERE id = 4",
        "before_json = NULL WHERE id = 4", "at = at + 1 WHERE id = 4", "target = 'a' WHERE id = 10",
        "id = 400 WHERE id = 4", "prev_hash = hash WHERE id = 4", "hash = prev_hash WHERE id = 4",
        "person_id = 1 WHERE id = 4", "client_ip = '' WHERE id = 4",
        "merchant_hash = hash WHERE id = 3", "merchant_id = 99, merchant_number = 1 WHERE id = 3"};
    for (size_t i = 0; i < array_len(edits); i++) {
        char text[512];
        snprintf(text, sizeof text,
            "CREATE TABLE kept AS SELECT * FROM audit_log; DROP TRIGGER IF EXISTS"
            " audit_log_update; UPDATE audit_log SET %s",
            edits[i]);
        ok(sql(f, text));
        assert_true(chain_of(f).broken > 0);
        ok(sql(f, "DROP TRIGGER IF EXISTS audit_log_delete; DELETE FROM audit_log;"
                  "INSERT INTO audit_log SELECT * FROM kept; DROP TABLE kept;"));
        assert_int_equal(chain_of(f).broken, 0);
        assert_int_equal(chain_of_merchant(f, merchant_id(f)).broken, 0);
    }
    ok(sql(f, "DELETE FROM audit_log WHERE id = 5"));
    assert_true(chain_of(f).broken > 0);
    assert_true(chain_of_merchant(f, merchant_id(f)).broken > 0);
}

static void t68_no_two_rows_have_the_same_bytes_under_their_hash(void **state)
{
    (void)state;
    struct audit_log_row a = {.id = 1, .actor = STR("ab"), .action = STR("c"), .target = STR("d")};
    struct audit_log_row b = {.id = 1, .actor = STR("a"), .action = STR("bc"), .target = STR("d")};
    struct audit_log_row c = a, d = a;
    c.after = STR("");
    d.before = STR("");
    char x[AUDIT_HASH_LEN + 1], y[AUDIT_HASH_LEN + 1], z[AUDIT_HASH_LEN + 1];
    store_audit_log_hash(&a, x);
    store_audit_log_hash(&b, y);
    store_audit_log_hash(&c, z);
    assert_string_not_equal(x, y);
    assert_string_not_equal(x, z);
    store_audit_log_hash(&d, y);
    assert_string_not_equal(y, z);
    store_audit_log_merchant_hash(&a, y);
    assert_string_not_equal(x, y);
}

/* The bytes are written down in doc/audit-log.md; others compute them, too. */
static void the_hash_is_that_of_the_documented_bytes(void **state)
{
    (void)state;
    char zeros[AUDIT_HASH_LEN + 1], text[512], hash[AUDIT_HASH_LEN + 1];
    uint8_t raw[SHA256_LEN];
    struct buf hex;
    memset(zeros, '0', AUDIT_HASH_LEN);
    zeros[AUDIT_HASH_LEN] = '\0';
    struct audit_log_row r = {.at = 1794000000000,
        .actor = STR("cli:root"),
        .merchant_id = 3,
        .action = STR("cert.new"),
        .target = STR("account:7"),
        .after = STR("{\"purpose\":\"payments\"}"),
        .merchant_number = 1,
        .merchant_prev_hash = str_from(zeros)};
    snprintf(text, sizeof text,
        "8:merchant;64:%s;1:1;13:1794000000000;-;8:cli:root;1:3;8:cert.new;9:account:7;-;"
        "22:{\"purpose\":\"payments\"};-;",
        zeros);
    sha256(text, strlen(text), raw);
    buf_init(&hex, AUDIT_HASH_LEN + 1);
    hex_encode(&hex, raw, sizeof raw);
    store_audit_log_merchant_hash(&r, hash);
    assert_string_equal(hash, hex.p);
    buf_clear(&hex);
}

static void an_event_with_a_secret_undoes_its_unit(void **state)
{
    struct fixture *f = *state;
    struct audit_event ev = {.actor = STR("cli:root"),
        .action = "endpoint.add",
        .target = STR("endpoint:1"),
        .after = STR("{\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}")};
    assert_int_equal(write_event(f, &ev), ERR_INVALID);
    assert_int_equal(chain_of(f).id, 0);
}

struct seen {
    int64_t ids[32];
    int count;
};

static enum err see(void *arg, const struct audit_log_row *r)
{
    struct seen *s = arg;
    s->ids[s->count++] = r->id;
    return ERR_OK;
}

static struct seen listed(struct fixture *f, struct audit_log_query q)
{
    struct seen s = {.count = 0};
    q.limit = q.limit ? q.limit : 32;
    ok(store_audit_log_list(store_reader(f->s), &q, see, &s));
    return s;
}

static void the_list_is_filtered_and_paged_newest_first(void **state)
{
    struct fixture *f = *state;
    log_fill(f, 10);
    struct seen s = listed(f, (struct audit_log_query){.limit = 4});
    assert_int_equal(s.count, 4);
    assert_int_equal(s.ids[0], 10);
    s = listed(f, (struct audit_log_query){.below_id = s.ids[3]});
    assert_int_equal(s.count, 6);
    assert_int_equal(s.ids[0], 6);
    assert_int_equal(listed(f, (struct audit_log_query){.action = STR("cert")}).count, 5);
    assert_int_equal(listed(f, (struct audit_log_query){.action = STR("cert.new")}).count, 5);
    assert_int_equal(listed(f, (struct audit_log_query){.action = STR("cer")}).count, 0);
    assert_int_equal(listed(f, (struct audit_log_query){.target = STR("account:4")}).count, 1);
    assert_int_equal(listed(f, (struct audit_log_query){.person_id = 5}).count, 0);
    assert_int_equal(listed(f, (struct audit_log_query){.until_ms = T0}).count, 0);
    assert_int_equal(listed(f, (struct audit_log_query){.from_ms = T0}).count, 10);
    s = listed(f, (struct audit_log_query){.merchant_id = merchant_id(f), .action = STR("cert")});
    assert_int_equal(s.count, 3);
    assert_int_equal(s.ids[2], 3);
    assert_int_equal(listed(f, (struct audit_log_query){.merchant_id = 9999}).count, 0);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(t68_the_chains_hold_across_processes),
        WITH(t68_an_edited_row_is_found),
        cmocka_unit_test(t68_no_two_rows_have_the_same_bytes_under_their_hash),
        cmocka_unit_test(the_hash_is_that_of_the_documented_bytes),
        WITH(an_event_with_a_secret_undoes_its_unit),
        WITH(the_list_is_filtered_and_paged_newest_first),
    };
    return cmocka_run_group_tests_name("audit_log", tests, NULL, NULL);
}
