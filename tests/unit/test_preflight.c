#include "app/preflight.h"
#include "http/routes.h"
#include <sys/stat.h>

#include "service_world.h"

static struct world world;

static int start(void **state)
{
    (void)state;
    world_make(&world);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_file_remove(&world, ".lock");
    world_file_remove(&world, ".pem");
    world_file_remove(&world, ".tls");
    world_remove(&world);
    return 0;
}

struct change {
    struct store_unit unit;
    const char *base_url; /* NULL: no further credential */
    bool enabled;
    const char *offset; /* NULL: not set */
};

static enum err change_run(struct store_unit *u, struct tx *tx)
{
    struct change *c = unit_owner(u, struct change, unit);
    enum err e = ERR_OK;
    struct credential_row row = {.wallet = WALLET_BKASH,
        .name = STR("other"),
        .base_url = str_from(c->base_url),
        .secret_box = STR("box"),
        .enabled = c->enabled,
        .created_at = WORLD_T0};
    if (c->base_url)
        e = store_credential_add(tx, &row);
    if (e == ERR_OK && c->offset)
        e = store_setting_put(tx, SANDBOX_CLOCK_SETTING, str_from(c->offset));
    return e;
}

static void change(struct change c)
{
    struct store *store = NULL;
    struct buf why;
    struct store_options o = {
        .path = world.db, .queue_max = 8, .batch_max = 8, .clock = &world.clock};
    buf_init(&why, 1000);
    c.unit.run = change_run;
    ok(store_open(&o, &why, &store));
    ok(store_run(store, &c.unit));
    store_close(store);
    buf_clear(&why);
}

static enum err sandbox(struct buf *why)
{
    buf_init(why, 1000);
    return preflight_sandbox(&world.config, &world.clock, why);
}

static void a_sandbox_with_a_wallet_off_loopback_is_refused_by_name(void **state)
{
    (void)state;
    struct buf why;
    world.config.sandbox_sandbox = true;
    ok(sandbox(&why));
    change((struct change){.base_url = "https://tokenized.pay.bka.sh/v1.2.0-beta"});
    ok(sandbox(&why));
    change((struct change){.base_url = "https://tokenized.pay.bka.sh/v2", .enabled = true});
    assert_int_equal(sandbox(&why), ERR_CONFIG);
    assert_non_null(strstr(why.p, "\"other\""));
    assert_non_null(strstr(why.p, "https://tokenized.pay.bka.sh/v2"));
    buf_clear(&why);
    world.config.sandbox_sandbox = false;
    ok(sandbox(&why));
}

static void a_sandbox_goes_on_at_its_moved_time_and_a_live_one_never(void **state)
{
    (void)state;
    struct buf why;
    change((struct change){.offset = "86400000"});
    ok(sandbox(&why));
    assert_int_equal(clock_now_ms(&world.clock), WORLD_T0);
    world.config.sandbox_sandbox = true;
    ok(sandbox(&why));
    assert_int_equal(clock_now_ms(&world.clock), WORLD_T0 + 24 * HOUR);
}

static void a_second_kassad_on_a_store_is_refused_while_the_first_runs(void **state)
{
    (void)state;
    struct buf why;
    struct preflight first, second;
    buf_init(&why, 1000);
    ok(preflight_files(&world.config, &first, &why));
    ok(preflight_files(&world.config, &second, &why));
    ok(preflight_lock(&world.config, &first, &why));
    assert_int_equal(preflight_lock(&world.config, &second, &why), ERR_STATE);
    assert_non_null(strstr(why.p, "another kassad"));
    preflight_clear(&first);
    ok(preflight_lock(&world.config, &second, &why));
    preflight_clear(&second);
    buf_clear(&why);
}

static void on_a_database_any_number_of_kassads_may_run(void **state)
{
    (void)state;
    struct buf why;
    struct preflight first, second;
    struct config config = world.config;
    buf_init(&why, 1000);
    config.store_path = (char[]){"postgresql://db.example/kassa"};
    ok(preflight_files(&config, &first, &why));
    ok(preflight_files(&config, &second, &why));
    ok(preflight_lock(&config, &first, &why));
    ok(preflight_lock(&config, &second, &why));
    preflight_clear(&first);
    preflight_clear(&second);
    buf_clear(&why);
}

static char *file_make(const char *suffix, const char *text, unsigned mode)
{
    struct buf path, b;
    buf_init(&path, 200);
    buf_init(&b, 1000);
    buf_printf(&path, "%s%s", world.db, suffix);
    buf_cstr(&b, text);
    ok(buf_write_file(&b, path.p, mode));
    assert_int_equal(chmod(path.p, (mode_t)mode), 0);
    buf_clear(&b);
    size_t n;
    return buf_take(&path, &n);
}

static void tls_files_set(char *cert, char *key)
{
    mem_free(world.config.server_tls_certificate_file);
    mem_free(world.config.server_tls_key_file);
    world.config.server_tls_certificate_file = cert;
    world.config.server_tls_key_file = key;
}

static void tls_files_are_checked_and_the_key_must_be_private(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n";
    struct preflight p;
    struct buf why;
    buf_init(&why, 1000);
    tls_files_set(file_make(".pem", pem, 0644), file_make(".tls", pem, 0600));
    ok(preflight_files(&world.config, &p, &why));
    assert_true(str_is(buf_view(&p.tls_key), pem));
    preflight_clear(&p);
    tls_files_set(file_make(".pem", pem, 0644), file_make(".tls", pem, 0640));
    assert_int_equal(preflight_files(&world.config, &p, &why), ERR_CONFIG);
    assert_non_null(strstr(why.p, "server.tls_key_file"));
    assert_non_null(strstr(why.p, "600"));
    tls_files_set(file_make(".pem", "no pem", 0644), file_make(".tls", pem, 0600));
    assert_int_equal(preflight_files(&world.config, &p, &why), ERR_CONFIG);
    assert_non_null(strstr(why.p, "server.tls_certificate_file"));
    tls_files_set(mem_strdup("/nonexistent"), file_make(".tls", pem, 0600));
    assert_int_equal(preflight_files(&world.config, &p, &why), ERR_CONFIG);
    assert_non_null(strstr(why.p, "/nonexistent"));
    buf_clear(&why);
}

static void a_missing_or_readable_secret_key_is_refused(void **state)
{
    (void)state;
    struct preflight p;
    struct buf why;
    buf_init(&why, 1000);
    assert_int_equal(chmod(world.key, 0644), 0);
    assert_int_not_equal(preflight_files(&world.config, &p, &why), ERR_OK);
    assert_true(why.n > 0);
    buf_reset(&why);
    assert_int_equal(unlink(world.key), 0);
    assert_int_not_equal(preflight_files(&world.config, &p, &why), ERR_OK);
    assert_non_null(strstr(why.p, "secret.key"));
    buf_clear(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_sandbox_with_a_wallet_off_loopback_is_refused_by_name, start, stop),
        cmocka_unit_test_setup_teardown(
            a_sandbox_goes_on_at_its_moved_time_and_a_live_one_never, start, stop),
        cmocka_unit_test_setup_teardown(
            a_second_kassad_on_a_store_is_refused_while_the_first_runs, start, stop),
        cmocka_unit_test_setup_teardown(on_a_database_any_number_of_kassads_may_run, start, stop),
        cmocka_unit_test_setup_teardown(
            tls_files_are_checked_and_the_key_must_be_private, start, stop),
        cmocka_unit_test_setup_teardown(a_missing_or_readable_secret_key_is_refused, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
