/* Cells of CSV: what a spreadsheet would run, quotes, numbers. */
#include "base/csv.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_cell(const char *text, const char *cell)
{
    struct buf b;
    struct csv c;
    buf_init(&b, 1024);
    csv_init(&c, &b);
    csv_text(&c, str_from(text));
    assert_string_equal(b.n ? b.p : "", cell);
    buf_clear(&b);
}

static void t61_what_a_spreadsheet_would_run_gets_an_apostrophe(void **state)
{
    (void)state;
    check_cell("=1+1", "'=1+1");
    check_cell("+880", "'+880");
    check_cell("-5", "'-5");
    check_cell("@SUM(A1)", "'@SUM(A1)");
    check_cell("\t=1", "\"'\t=1\"");
    check_cell("\r=1", "\"'\r=1\"");
    check_cell("\n=1", "\"'\n=1\"");
    check_cell("  =1", "\"'  =1\"");
    check_cell("\xEF\xBC\x9D"
               "1+1",
        "'\xEF\xBC\x9D"
        "1+1");
    check_cell("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
}

static void other_texts_stay_as_they_are(void **state)
{
    (void)state;
    check_cell("A-100=1", "A-100=1");
    check_cell("", "");
    check_cell("tea, milk", "\"tea, milk\"");
    check_cell("a \"b\"", "\"a \"\"b\"\"\"");
    check_cell("two\r\nlines", "\"two\r\nlines\"");
    check_cell(" end ", "\" end \"");
    check_cell("\xE0\xA6\x9A\xE0\xA6\xBE", "\xE0\xA6\x9A\xE0\xA6\xBE");
}

static void a_line_has_numbers_times_and_empty_cells(void **state)
{
    (void)state;
    struct buf b;
    struct csv c;
    buf_init(&b, 1024);
    csv_init(&c, &b);
    csv_int(&c, 7);
    csv_money(&c, money_poisha(-123456));
    csv_text(&c, STR_ABSENT);
    csv_time(&c, 1731000000000);
    csv_time(&c, 0);
    csv_word(&c, "paid");
    csv_end(&c);
    csv_text(&c, STR("x"));
    csv_end(&c);
    assert_string_equal(b.p, "7,-1234.56,,2024-11-07 23:20:00,,paid\r\nx\r\n");
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t61_what_a_spreadsheet_would_run_gets_an_apostrophe),
        cmocka_unit_test(other_texts_stay_as_they_are),
        cmocka_unit_test(a_line_has_numbers_times_and_empty_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
