#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void every_error_has_a_name_and_a_status(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++) {
        const struct err_info *info = err_info((enum err)e);
        assert_true(strlen(info->name) > 0);
        assert_in_range(info->http_status, 200, 503);
        assert_non_null(info->key);
        assert_int_equal(e == ERR_OK, info->cls == ERR_CLASS_NONE);
        assert_int_equal(e == ERR_OK, info->text[0] == '\0');
        if (info->cls == ERR_CLASS_PEER)
            assert_in_range(info->http_status, 400, 499);
        if (info->cls == ERR_CLASS_HARD || info->cls == ERR_CLASS_TRANSIENT)
            assert_in_range(info->http_status, 500, 599);
    }
    assert_string_equal(err_name(ERR_UNAUTHORIZED), "UNAUTHORIZED");
    assert_int_equal(err_info(ERR_UNAUTHORIZED)->http_status, 401);
    assert_string_equal(err_info(ERR_UNAUTHORIZED)->key, "sign");
}

/* Runs f in a child; the signal that ended it, 0 for a normal end. */
static int signal_of(void (*f)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        f();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void *volatile sink;

static void array_that_overflows(void)
{
    volatile size_t count = SIZE_MAX / 2;
    sink = mem_array(count, 4);
}

static void array_that_fits(void)
{
    sink = mem_array(100, 4);
    mem_free(sink);
}

static void error_out_of_the_enum(void)
{
    volatile int e = ERR_COUNT;
    sink = (void *)(uintptr_t)err_name((enum err)e);
}

static void impossible_allocations_abort(void **state)
{
    (void)state;
    assert_int_equal(signal_of(array_that_overflows), SIGABRT);
    assert_int_equal(signal_of(error_out_of_the_enum), SIGABRT);
    assert_int_equal(signal_of(array_that_fits), 0);
}

static void memory_is_zeroed(void **state)
{
    (void)state;
    static const char zeros[1000];
    char *p = mem_alloc(sizeof(zeros));
    assert_memory_equal(p, zeros, sizeof(zeros));
    memset(p, 'x', sizeof(zeros));
    mem_wipe(p, sizeof(zeros));
    assert_memory_equal(p, zeros, sizeof(zeros));
    p = mem_realloc(p, 2000);
    assert_memory_equal(p, zeros, sizeof(zeros));
    mem_free(p);
    mem_free(NULL);
    mem_wipe(NULL, 0);
    cleanup(mem_free_at) char *empty = mem_alloc(0);
    assert_non_null(empty);
    cleanup(mem_free_at) char *dup = mem_strdup("abc");
    assert_string_equal(dup, "abc");
    cleanup(mem_free_at) char *part = mem_strndup("abcdef", 2);
    assert_string_equal(part, "ab");
    cleanup(mem_free_at) char *none = mem_strndup(NULL, 0);
    assert_string_equal(none, "");
}

static void absent_is_not_empty(void **state)
{
    (void)state;
    assert_true(str_absent(STR_ABSENT));
    assert_true(str_absent(str_from(NULL)));
    assert_false(str_absent(STR("")));
    assert_true(str_absent(str_sub(STR_ABSENT, 0, 5)));
    assert_true(str_absent(str_trim(STR_ABSENT)));
    assert_true(str_eq(STR_ABSENT, STR("")));
}

static void texts_compare(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_true(str_is(STR("ab"), "ab"));
    assert_true(str_ieq(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_ieq(STR("["), STR("{")));
    assert_false(str_ieq(STR("@"), STR("`")));
    assert_false(str_ieq(STR("\xC3\x89"), STR("\xC3\xA9")));
    assert_false(str_ieq(STR("a"), STR("aa")));
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("ab"), STR("abc")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_true(str_ends(STR_ABSENT, STR("")));
    assert_false(str_ends(STR("bc"), STR("abc")));
    assert_false(str_ends(STR("abc"), STR("ab")));
}

static void texts_are_searched_and_cut(void **state)
{
    (void)state;
    struct str s = STR("a=b=c");
    assert_int_equal(str_find(s, '=', 0), 1);
    assert_int_equal(str_find(s, '=', 2), 3);
    assert_int_equal(str_find(s, '=', 4), 5);
    assert_int_equal(str_find(s, 'x', 0), 5);
    assert_int_equal(str_find(s, 'a', 99), 5);
    assert_int_equal(str_find(STR_ABSENT, 'a', 0), 0);
    assert_true(str_is(str_sub(s, 2, 3), "b"));
    assert_true(str_is(str_sub(s, 2, 99), "b=c"));
    assert_true(str_is(str_sub(s, 4, 2), ""));
    assert_true(str_is(str_sub(s, 9, 12), ""));
    assert_true(str_is(str_trim(STR(" \t a b\t ")), "a b"));
    assert_true(str_is(str_trim(STR(" \t ")), ""));
    assert_true(str_is(str_trim(STR("\na\r")), "\na\r"));
}

static void arena_gives_aligned_zeroed_memory_again_after_reset(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 300; n++) {
            unsigned char *p = arena_alloc(&a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xAA, n);
        }
        assert_true(a.used >= 300 * 299 / 2);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_clear(&a);
}

static void arena_allocations_do_not_overlap(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 4 << 20);
    unsigned char *pieces[400];
    for (size_t i = 0; i < array_len(pieces); i++) {
        pieces[i] = arena_alloc(&a, i * 20 + 1);
        memset(pieces[i], (int)(i & 0xFF), i * 20 + 1);
    }
    for (size_t i = 0; i < array_len(pieces); i++)
        for (size_t k = 0; k < i * 20 + 1; k += 7)
            assert_int_equal(pieces[i][k], i & 0xFF);
    arena_clear(&a);
}

static void arena_never_gives_more_than_its_cap(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 64);
    assert_null(arena_alloc(&a, 65));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 15));
    assert_non_null(arena_alloc(&a, 40));
    assert_null(arena_alloc(&a, 17));
    assert_non_null(arena_alloc(&a, 16));
    assert_null(arena_alloc(&a, 0));
    assert_true(str_absent(arena_copy(&a, STR(""))));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 64));
    arena_clear(&a);
    arena_init(&a, 0);
    assert_null(arena_alloc(&a, 1));
    arena_clear(&a);
}

static void arena_copies_end_with_nul(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    struct str s = arena_copy(&a, str_sub(STR("abcdef"), 0, 3));
    assert_int_equal(s.n, 3);
    assert_string_equal(s.p, "abc");
    assert_true(str_absent(arena_copy(&a, STR_ABSENT)));
    s = arena_copy(&a, STR(""));
    assert_false(str_absent(s));
    assert_string_equal(s.p, "");
    arena_clear(&a);
}

static void a_huge_allocation_is_not_kept_by_reset(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 2 << 20);
    assert_non_null(arena_alloc(&a, 1 << 20));
    arena_reset(&a);
    assert_null(a.block);
    assert_non_null(arena_alloc(&a, 1000));
    arena_reset(&a);
    assert_non_null(a.block);
    arena_clear(&a);
    assert_null(a.block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_name_and_a_status),
        cmocka_unit_test(impossible_allocations_abort),
        cmocka_unit_test(memory_is_zeroed),
        cmocka_unit_test(absent_is_not_empty),
        cmocka_unit_test(texts_compare),
        cmocka_unit_test(texts_are_searched_and_cut),
        cmocka_unit_test(arena_gives_aligned_zeroed_memory_again_after_reset),
        cmocka_unit_test(arena_allocations_do_not_overlap),
        cmocka_unit_test(arena_never_gives_more_than_its_cap),
        cmocka_unit_test(arena_copies_end_with_nul),
        cmocka_unit_test(a_huge_allocation_is_not_kept_by_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
