/* The file is read line by line; its columns, their order and their spelling are fixed, so that a wrong export is refused instead
 * of misread. Numbers with commas can't occur: a comma ends a column. */
#include "app/reconcile/statement.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/sms_trxid.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER "trx_id,amount,time"
#define LINE_MAX_BYTES 256
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct reading {
    FILE *file;
    enum wallet_kind wallet;
    struct statement *s;
    size_t room;
    int32_t number;
    struct buf *why;
};

static enum err fault(struct reading *x, const char *column, const char *text)
{
    buf_printf(x->why, "line %d, %s: %s", (int)x->number, column, text);
    return ERR_SYNTAX;
}

/* ---- columns ---- */

static enum err trx_read(struct reading *x, struct str text, struct statement_line *ret)
{
    char normal[TRXID_CAP];
    if (trxid_normal(x->wallet, text, normal) == ERR_OK) {
        memcpy(ret->trx_id, normal, sizeof normal);
        return ERR_OK;
    }
    /* A bank's RRN, or a refund's name: what is none of the wallet's TrxIDs. */
    if (text.n == 0 || text.n > STATEMENT_TRX_MAX) {
        return fault(x, "trx_id", "must have 1 to 32 letters and digits");
    }
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool small = c >= 'a' && c <= 'z';
        if (!small && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) {
            return fault(x, "trx_id", "must have 1 to 32 letters and digits");
        }
        ret->trx_id[i] = small ? (char)(c - 'a' + 'A') : c;
    }
    ret->trx_id[text.n] = '\0';
    return ERR_OK;
}

static enum err amount_read(struct reading *x, struct str text, struct statement_line *ret)
{
    bool out = text.n > 0 && text.p[0] == '-';
    struct money m = MONEY_ZERO;
    if (money_parse_wallet(str_sub(text, out, text.n), &m) != ERR_OK || m.poisha == 0) {
        return fault(x, "amount", "must be taka like 1350.50, or -50.00 for what went out");
    }
    ret->amount = out ? money_neg(m) : m;
    return ERR_OK;
}

/* Two digits and, unless they are the last, the mark behind them. */
static bool two_digits(struct str s, size_t at, char mark, int max, int *ret)
{
    if (at + 2 > s.n || (mark && (at + 2 == s.n || s.p[at + 2] != mark))) {
        return false;
    }
    int tens = s.p[at] - '0', ones = s.p[at + 1] - '0';
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9 || tens * 10 + ones > max) {
        return false;
    }
    *ret = tens * 10 + ones;
    return true;
}

/* "2026-11-24 13:05:09", or without seconds, in Dhaka. */
static enum err time_read(struct reading *x, struct str text, struct statement_line *ret)
{
    int32_t day = 0;
    int hour = 0, minute = 0, second = 0;
    bool whole = text.n == 19, good = whole || text.n == 16;
    good = good && text.p[10] == ' ' && dhaka_day_parse(str_sub(text, 0, 10), &day) == ERR_OK &&
           two_digits(text, 11, ':', 23, &hour) &&
           two_digits(text, 14, whole ? ':' : '\0', 59, &minute) &&
           (!whole || two_digits(text, 17, '\0', 59, &second));
    if (!good) {
        return fault(x, "time", "must be Dhaka's like 2026-11-24 13:05:09, or without seconds");
    }
    ret->at = dhaka_day_start_ms(day) + ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
    return ERR_OK;
}

/* ---- lines ---- */

static enum err line_read(struct reading *x, struct str text)
{
    size_t first = str_find(text, ',', 0), second = str_find(text, ',', first + 1);
    if (first == text.n || second >= text.n || str_find(text, ',', second + 1) < text.n) {
        return fault(x, "columns", "must be three, " HEADER ", without quotes");
    }
    if (x->s->count == STATEMENT_LINES_MAX) {
        buf_printf(x->why, "more than %d lines: split it by time", STATEMENT_LINES_MAX);
        return ERR_LIMIT;
    }
    struct statement_line line = {.number = x->number};
    enum err e = trx_read(x, str_sub(text, 0, first), &line);
    if (e == ERR_OK) {
        e = amount_read(x, str_sub(text, first + 1, second), &line);
    }
    if (e == ERR_OK) {
        e = time_read(x, str_sub(text, second + 1, text.n), &line);
    }
    if (e == ERR_OK && x->s->count == x->room) {
        x->room = x->room ? x->room * 2 : 256;
        x->s->lines = mem_realloc(x->s->lines, x->room * sizeof *x->s->lines);
    }
    if (e == ERR_OK) {
        x->s->lines[x->s->count++] = line;
    }
    return e;
}

static enum err header_check(struct reading *x, struct str text)
{
    if (str_starts(text, STR(BYTE_ORDER_MARK))) {
        text = str_sub(text, sizeof BYTE_ORDER_MARK - 1, text.n);
    }
    return str_is(text, HEADER) ? ERR_OK : fault(x, "columns", "the first line must be " HEADER);
}

/* ERR_NO_ROW: the file has ended. */
static enum err line_next(struct reading *x, char text[LINE_MAX_BYTES], struct str *ret)
{
    size_t n = 0;
    int ch;
    x->number++;
    while ((ch = getc(x->file)) != EOF && ch != '\n') {
        if (n == LINE_MAX_BYTES) {
            return fault(x, "columns", "the line is too long");
        }
        text[n++] = (char)ch;
    }
    if (ferror(x->file)) {
        buf_printf(x->why, "it can't be read: %s", strerror(errno));
        return ERR_IO;
    }
    if (ch == EOF && n == 0) {
        return ERR_NO_ROW;
    }
    *ret = (struct str){text, n - (n > 0 && text[n - 1] == '\r')};
    return ERR_OK;
}

static enum err lines_read(struct reading *x)
{
    char text[LINE_MAX_BYTES];
    struct str line = STR("");
    enum err e = line_next(x, text, &line);
    e = e == ERR_NO_ROW ? fault(x, "columns", "the first line must be " HEADER) : e;
    if (e == ERR_OK) {
        e = header_check(x, line);
    }
    while (e == ERR_OK) {
        e = line_next(x, text, &line);
        if (e == ERR_OK) {
            e = line_read(x, line);
        }
    }
    return e == ERR_NO_ROW ? ERR_OK : e;
}

static int by_trx(const void *px, const void *py)
{
    const struct statement_line *x = px, *y = py;
    int c = strcmp(x->trx_id, y->trx_id);
    return c ? c : (x->number > y->number) - (x->number < y->number);
}

/* A TrxID is one movement: a file with one twice was put together wrong, and its sums would be too. */
static enum err sort(struct statement *s, struct buf *why)
{
    if (s->count > 1) {
        qsort(s->lines, s->count, sizeof *s->lines, by_trx);
    }
    for (size_t i = 1; i < s->count; i++) {
        if (strcmp(s->lines[i - 1].trx_id, s->lines[i].trx_id) == 0) {
            buf_printf(why, "line %d, trx_id: it is in line %d already", (int)s->lines[i].number,
                (int)s->lines[i - 1].number);
            return ERR_DUPLICATE;
        }
    }
    return ERR_OK;
}

enum err statement_read(
    const char *path, enum wallet_kind wallet, struct statement *ret, struct buf *why)
{
    struct statement s = {.count = 0};
    struct reading x = {.wallet = wallet, .s = &s, .why = why};
    x.file = fopen(path, "re");
    if (!x.file) {
        buf_printf(why, "it can't be opened: %s", strerror(errno));
        return ERR_IO;
    }
    enum err e = lines_read(&x);
    fclose(x.file);
    if (e == ERR_OK) {
        e = sort(&s, why);
    }
    if (e == ERR_OK) {
        *ret = s;
    } else {
        statement_clear(&s);
    }
    return e;
}

void statement_clear(struct statement *s)
{
    mem_free(s->lines);
    *s = (struct statement){.count = 0};
}

static int find_compare(const void *key, const void *item)
{
    const struct str *k = key;
    const struct statement_line *line = item;
    size_t n = strlen(line->trx_id), least = k->n < n ? k->n : n;
    int c = memcmp(k->p, line->trx_id, least);
    return c ? c : (k->n > n) - (k->n < n);
}

struct statement_line *statement_find(struct statement *s, struct str trx_id)
{
    if (s->count == 0 || trx_id.n == 0) {
        return NULL;
    }
    return bsearch(&trx_id, s->lines, s->count, sizeof *s->lines, find_compare);
}
