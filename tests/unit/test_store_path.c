#include "base/store_path.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *shown(const char *path)
{
    static struct buf b;
    buf_clear(&b);
    buf_init(&b, 1000);
    store_path_show(&b, path);
    return buf_view(&b).p;
}

static void a_file_is_no_server(void **state)
{
    (void)state;
    static const char *const files[] = {
        "/var/lib/kassa.db", "kassa.db", "postgresql:/x", "x/postgresql://"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_false(store_path_is_server(files[i]));
        assert_false(store_path_has_password(files[i]));
        assert_string_equal(shown(files[i]), files[i]);
    }
    assert_true(store_path_is_server("postgresql://db/kassa"));
    assert_true(store_path_is_server("postgres://db/kassa"));
}

static void an_address_is_shown_without_what_is_secret(void **state)
{
    (void)state;
    static const struct {
        const char *path, *shown;
        bool password;
    } rows[] = {
        {"postgresql://db/kassa", "postgresql://db/kassa", false},
        {"postgres://u:se%40cret@db/kassa", "postgresql://u@db/kassa", true},
        {"postgresql://u:@db/kassa", "postgresql://u@db/kassa", true},
        {"postgresql://:secret@db/kassa", "postgresql://db/kassa", true},
        {"postgresql://u@a:5433,[::1]:5434,c/kassa?target_session_attrs=read-write",
            "postgresql://u@a:5433,[::1]:5434,c/kassa", false},
        {"postgresql:///kassa?host=/run/postgresql&port=5433&password=secret&sslmode=require",
            "postgresql:///kassa?host=/run/postgresql&port=5433", true},
        {"postgresql://u@db/kassa?sslpassword=secret", "postgresql://u@db/kassa", true},
        {"postgresql://u@db/kassa?passfile=/etc/kassa/pgpass", "postgresql://u@db/kassa", false},
        {"postgresql://u@/kassa?host=/tmp/a&options=-csearch_path%3Dx",
            "postgresql://u@/kassa?host=/tmp/a", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(store_path_check(rows[i].path), ERR_OK);
        assert_string_equal(shown(rows[i].path), rows[i].shown);
        assert_int_equal(store_path_has_password(rows[i].path), rows[i].password);
    }
}

/* Where its password is nobody can tell, so nothing of it is shown, and nobody is connected to. */
static void a_malformed_address_is_refused_and_shown_as_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"postgresql://u:p/w@db/kassa", "postgresql://u:p@w@db/kassa",
        "postgresql://u:p?w@db/kassa", "postgresql://u:p#w@db/kassa", "postgresql://u:p w@db/kassa",
        "postgresql://u:p%w@db/kassa", "postgresql://u:p%4@db/kassa", "postgresql://db:5432x/kassa",
        "postgresql://db:0/kassa", "postgresql://db:65536/kassa", "postgresql://[::1/kassa",
        "postgresql://[::1]x/kassa", "postgresql://db/kassa/x", "postgresql://db/kassa?password",
        "postgresql://db/kassa?=x", "postgresql://db/kassa?pass%77ord=x",
        "postgresql://db/kassa?password=x%", "postgresql://db/k:a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (store_path_check(bad[i]) != ERR_SYNTAX)
            fail_msg("was taken: %s", bad[i]);
        assert_string_equal(shown(bad[i]), "postgresql://...");
        assert_true(store_path_has_password(bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_no_server),
        cmocka_unit_test(an_address_is_shown_without_what_is_secret),
        cmocka_unit_test(a_malformed_address_is_refused_and_shown_as_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
