/* Which coding of a file a browser gets, and that each file is there as it is. */
#include "http/cabinet_files.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_best_coding_that_is_taken_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        enum coding coding;
    } rows[] = {
        {NULL, CODING_NONE},
        {"", CODING_NONE},
        {"gzip", CODING_GZIP},
        {"gzip, deflate, br, zstd", CODING_BR},
        {"br;q=0, gzip", CODING_GZIP},
        {"br;q=0.000,gzip;q=0.0", CODING_NONE},
        {"BR ; q=0.1", CODING_BR},
        {" gzip ;q=1.0 ,\tbr; q=0", CODING_GZIP},
        {"br;q=", CODING_BR},
        {"brotli, xgzip, gzi, b", CODING_NONE},
        {"*", CODING_NONE},
        {",,;,;q=0,", CODING_NONE},
        {"br, br;q=0", CODING_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(coding_choose(str_from(rows[i].accept)), rows[i].coding);
}

static void files_have_types_and_bodies(void **state)
{
    (void)state;
    int scripts = 0;
    assert_true(cabinet_page.body[CODING_NONE].n > 100);
    for (const struct cabinet_file *f = cabinet_files; f->path; f++) {
        struct str type = str_from(f->type);
        assert_true(str_starts(str_from(f->path), STR("/cabinet/assets/")));
        assert_true(f->body[CODING_NONE].n > 0);
        for (int c = CODING_GZIP; c < CODING_COUNT; c++)
            assert_true(f->body[c].n < f->body[CODING_NONE].n);
        scripts += str_is(type, "text/javascript; charset=utf-8");
    }
    assert_true(scripts > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_coding_that_is_taken_is_chosen),
        cmocka_unit_test(files_have_types_and_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
