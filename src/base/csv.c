#include "base/csv.h"

#include "base/clock.h"

void csv_init(struct csv *c, struct buf *out)
{
    *c = (struct csv){.out = out};
}

static void cell_begin(struct csv *c)
{
    if (c->begun)
        buf_char(c->out, ',');
    c->begun = true;
}

/* Spreadsheets look at the first character; some skip white space, and take full-width signs for the plain ones. */
static bool would_run(struct str s)
{
    static const char *const signs[] = {"=", "+", "-", "@", "\t", "\r", "\n", "\xEF\xBC\x9D",
        "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
    size_t from = 0;
    while (from < s.n && s.p[from] == ' ')
        from++;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (str_starts(str_sub(s, from, s.n), str_from(signs[i])))
            return true;
    return false;
}

static bool needs_quotes(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\t' ||
            s.p[i] == ';')
            return true;
    return s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

void csv_text(struct csv *c, struct str s)
{
    cell_begin(c);
    if (s.n == 0)
        return;
    bool run = would_run(s), quotes = needs_quotes(s);
    if (quotes)
        buf_char(c->out, '"');
    if (run)
        buf_char(c->out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_char(c->out, '"');
        buf_char(c->out, s.p[i]);
    }
    if (quotes)
        buf_char(c->out, '"');
}

void csv_word(struct csv *c, const char *s)
{
    cell_begin(c);
    buf_cstr(c->out, s);
}

void csv_int(struct csv *c, int64_t i)
{
    cell_begin(c);
    buf_int(c->out, i);
}

void csv_money(struct csv *c, struct money m)
{
    cell_begin(c);
    money_format(c->out, m, 2);
}

void csv_time(struct csv *c, int64_t at_ms)
{
    char text[20];
    cell_begin(c);
    if (at_ms) {
        dhaka_time_format(at_ms, text);
        buf_cstr(c->out, text);
    }
}

void csv_end(struct csv *c)
{
    buf_cstr(c->out, "\r\n");
    c->begun = false;
}
