#include "base/buf.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_new_buffer_is_empty_but_not_absent(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    assert_true(buf_ok(&b));
    assert_false(str_absent(buf_view(&b)));
    assert_int_equal(buf_view(&b).n, 0);
    size_t n = 99;
    cleanup(mem_free_at) char *p = buf_take(&b, &n);
    assert_string_equal(p, "");
    assert_int_equal(n, 0);
}

static void a_buffer_grows_to_its_cap_exactly(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++) {
        buf_char(&b, (char)('a' + i % 26));
        assert_true(buf_ok(&b));
        assert_int_equal(b.n, i + 1);
        assert_int_equal(b.p[b.n], '\0');
        assert_true(b.cap <= 1001);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(b.p[i], 'a' + i % 26);
    buf_char(&b, 'x');
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 1000);
    buf_clear(&b);
}

static void a_buffer_with_room_does_not_move_until_it_is_full(void **state)
{
    (void)state;
    struct buf b;
    buf_init_room(&b, 1000, 600);
    assert_string_equal(b.p, "");
    const char *at = b.p;
    for (int i = 0; i < 600; i++)
        buf_char(&b, 'x');
    assert_ptr_equal(b.p, at);
    for (int i = 0; i < 400; i++)
        buf_char(&b, 'y');
    assert_true(buf_ok(&b));
    buf_char(&b, 'z');
    assert_false(buf_ok(&b));
    assert_int_equal(buf_view(&b).n, 1000);
    buf_clear(&b);
}

static void an_item_that_does_not_fit_adds_nothing_and_nor_do_later_ones(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_cstr(&b, "12345678");
    buf_cstr(&b, "abc");
    assert_false(buf_ok(&b));
    buf_char(&b, 'x');
    buf_int(&b, 1);
    buf_printf(&b, "%d", 1);
    assert_string_equal(b.p, "12345678");
    assert_false(buf_ok(&b));
    buf_reset(&b);
    assert_true(buf_ok(&b));
    assert_string_equal(b.p, "");
    buf_printf(&b, "%s", "1234567890");
    assert_true(buf_ok(&b));
    assert_string_equal(b.p, "1234567890");
    buf_printf(&b, "%s", "");
    assert_true(buf_ok(&b));
    buf_reset(&b);
    buf_printf(&b, "%s", "12345678901");
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 0);
    buf_clear(&b);
    assert_true(buf_ok(&b));
    buf_add(&b, "0123456789", SIZE_MAX / 2);
    assert_false(buf_ok(&b));
    buf_clear(&b);
}

static void a_buffer_of_cap_zero_takes_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    buf_cstr(&b, "");
    assert_true(buf_ok(&b));
    buf_char(&b, 'x');
    assert_false(buf_ok(&b));
    buf_clear(&b);
}

static void numbers_are_written_in_full_range(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_int(&b, 0);
    buf_char(&b, ' ');
    buf_int(&b, -1);
    buf_char(&b, ' ');
    buf_int(&b, INT64_MAX);
    buf_char(&b, ' ');
    buf_int(&b, INT64_MIN);
    assert_string_equal(b.p, "0 -1 9223372036854775807 -9223372036854775808");
    buf_clear(&b);
}

static void taking_leaves_an_empty_buffer_with_the_same_cap(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 8);
    buf_str(&b, STR("a\0b"));
    buf_str(&b, STR_ABSENT);
    size_t n;
    cleanup(mem_free_at) char *p = buf_take(&b, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(p, "a\0b", 4);
    assert_int_equal(buf_view(&b).n, 0);
    buf_cstr(&b, "12345678");
    assert_true(buf_ok(&b));
    buf_wipe(&b);
    assert_int_equal(b.n, 0);
    assert_null(b.p);
    assert_int_equal(b.max, 8);
}

static char dir[] = "/tmp/kassa-buf-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

static int entries_in_dir(void)
{
    DIR *d = opendir(dir);
    assert_non_null(d);
    int n = 0;
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void files_are_written_whole_and_read_back(void **state)
{
    (void)state;
    char path[100];
    snprintf(path, sizeof(path), "%s/secret", dir);
    struct buf b, back;
    buf_init(&b, 100000);
    buf_init(&back, 100000);
    for (int i = 0; i < 10000; i++)
        buf_printf(&b, "%d%c", i, i % 100 ? ' ' : '\0');
    assert_int_equal(buf_write_file(&b, path, 0600), ERR_OK);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    buf_cstr(&back, "what was there before");
    assert_int_equal(buf_read_file(&back, path), ERR_OK);
    assert_true(str_eq(buf_view(&b), buf_view(&back)));
    buf_reset(&b);
    assert_int_equal(buf_write_file(&b, path, 0644), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(buf_read_file(&back, path), ERR_OK);
    assert_int_equal(back.n, 0);
    assert_int_equal(entries_in_dir(), 1);
    assert_int_equal(unlink(path), 0);
    buf_clear(&b);
    buf_clear(&back);
}

static void a_file_over_the_cap_is_refused_and_leaves_the_buffer(void **state)
{
    (void)state;
    char path[100];
    snprintf(path, sizeof(path), "%s/large", dir);
    struct buf b, small;
    buf_init(&b, 100);
    buf_cstr(&b, "12345678901");
    assert_int_equal(buf_write_file(&b, path, 0600), ERR_OK);
    buf_init(&small, 10);
    buf_cstr(&small, "keep");
    assert_int_equal(buf_read_file(&small, path), ERR_LIMIT);
    assert_string_equal(small.p, "keep");
    assert_true(buf_ok(&small));
    buf_clear(&small);
    buf_init(&small, 11);
    assert_int_equal(buf_read_file(&small, path), ERR_OK);
    assert_int_equal(unlink(path), 0);
    buf_clear(&b);
    buf_clear(&small);
}

static void files_that_cannot_be_are_io_errors(void **state)
{
    (void)state;
    char path[100];
    struct buf b;
    buf_init(&b, 100);
    buf_cstr(&b, "keep");
    assert_int_equal(buf_read_file(&b, dir), ERR_IO);
    snprintf(path, sizeof(path), "%s/none/file", dir);
    assert_int_equal(buf_read_file(&b, path), ERR_IO);
    assert_int_equal(buf_write_file(&b, path, 0600), ERR_IO);
    snprintf(path, sizeof(path), "%s/taken", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(buf_write_file(&b, path, 0600), ERR_IO);
    assert_int_equal(entries_in_dir(), 1);
    assert_int_equal(rmdir(path), 0);
    assert_string_equal(b.p, "keep");
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_buffer_is_empty_but_not_absent),
        cmocka_unit_test(a_buffer_grows_to_its_cap_exactly),
        cmocka_unit_test(a_buffer_with_room_does_not_move_until_it_is_full),
        cmocka_unit_test(an_item_that_does_not_fit_adds_nothing_and_nor_do_later_ones),
        cmocka_unit_test(a_buffer_of_cap_zero_takes_nothing),
        cmocka_unit_test(numbers_are_written_in_full_range),
        cmocka_unit_test(taking_leaves_an_empty_buffer_with_the_same_cap),
        cmocka_unit_test(files_are_written_whole_and_read_back),
        cmocka_unit_test(a_file_over_the_cap_is_refused_and_leaves_the_buffer),
        cmocka_unit_test(files_that_cannot_be_are_io_errors),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
