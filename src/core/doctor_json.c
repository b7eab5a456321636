/* The same JSON as other programs write it, and what else is made of its fields. */
#include "base/mem.h"
#include "base/text.h"
#include "core/doctor_private.h"
#include <stdio.h>
#include <stdlib.h>

enum digits { LETTERS_RAW, LETTERS_LOWER, LETTERS_UPPER };
enum numbers { NUMBERS_RAW, NUMBERS_SHORT, NUMBERS_FLOAT };

struct style {
    const char *item, *colon; /* behind a comma, around the colon */
    const char *line;         /* an end of line and nothing else; NULL: all on one line */
    const char *indent;
    bool slash; /* escaped */
    bool html;  /* < > & ' = as escapes, too */
    bool sorted;
    enum digits letters;
    enum numbers numbers;
};

/* Compact; Python's; with a blank behind the colon alone; PHP's and Java's pretty; JavaScript's, Go's and .NET's; tabs; Jackson's. */
static const struct style layouts[] = {
    {.item = ",", .colon = ":"},
    {.item = ", ", .colon = ": "},
    {.item = ",", .colon = ": "},
    {.item = ",", .colon = ": ", .line = "\n", .indent = "    "},
    {.item = ",", .colon = ": ", .line = "\n", .indent = "  "},
    {.item = ",", .colon = ": ", .line = "\n", .indent = "\t"},
    {.item = ",", .colon = " : ", .line = "\n", .indent = "  "},
    {.item = ",", .colon = ": ", .line = "\r\n", .indent = "  "},
    {.item = ",", .colon = ": ", .line = "\r\n", .indent = "    "},
};

/* What the text has that styles write in more than one way. */
struct traits {
    bool slash, letters, html, numbers;
};

static void traits_see(const struct json *v, struct traits *t)
{
    struct str texts[2] = {v->key, v->type == JSON_STRING ? v->text : STR_ABSENT};
    t->numbers = t->numbers || (v->type == JSON_NUMBER && str_find(v->text, '.', 0) < v->text.n);
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < texts[k].n; i++) {
            unsigned char c = (unsigned char)texts[k].p[i];
            t->slash = t->slash || c == '/';
            t->letters = t->letters || c > 127;
            t->html = t->html || c == '<' || c == '>' || c == '&' || c == '\'' || c == '=';
        }
    }
    if (v->type == JSON_ARRAY || v->type == JSON_OBJECT) {
        JSON_FOR_EACH (item, v) {
            traits_see(item, t);
        }
    }
}

/* ---- writing ---- */

static void unit_write(struct buf *b, uint32_t unit, bool upper)
{
    buf_printf(b, upper ? "\\u%04X" : "\\u%04x", (unsigned)unit);
}

static void escape_write(struct buf *b, uint32_t cp, bool upper)
{
    if (cp > 0xffff) {
        unit_write(b, 0xd800 + ((cp - 0x10000) >> 10), upper);
        cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
    }
    unit_write(b, cp, upper);
}

static void char_write(struct buf *b, const struct style *s, uint32_t cp)
{
    static const char shorts[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *at = cp && cp < 128 ? strchr(shorts, (int)cp) : NULL;
    bool upper = s->letters == LETTERS_UPPER;
    if (at) {
        buf_char(b, '\\');
        buf_char(b, names[at - shorts]);
    } else if (cp == '/' && s->slash) {
        buf_cstr(b, "\\/");
    } else if (cp < 0x20 || (s->html && cp < 128 && strchr("<>&'=", (int)cp))) {
        unit_write(b, cp, upper);
    } else if (cp > 127 && s->letters != LETTERS_RAW) {
        escape_write(b, cp, upper);
    } else {
        utf8_add(b, cp);
    }
}

static void text_write(struct buf *b, const struct style *s, struct str text)
{
    buf_char(b, '"');
    for (size_t i = 0; i < text.n;) {
        char_write(b, s, utf8_next(text, &i));
    }
    buf_char(b, '"');
}

/* 300.00 is 300 in PHP and JavaScript and 300.0 in Python, once it was read as a number. */
static void number_write(struct buf *b, const struct style *s, struct str n)
{
    size_t dot = str_find(n, '.', 0), end = n.n;
    if (s->numbers == NUMBERS_RAW || dot == n.n || str_find(n, 'e', 0) < n.n ||
        str_find(n, 'E', 0) < n.n) {
        buf_str(b, n);
        return;
    }
    while (end > dot + 1 && n.p[end - 1] == '0') {
        end--;
    }
    if (end == dot + 1) {
        end = s->numbers == NUMBERS_FLOAT ? end + 1 : dot;
    }
    buf_str(b, str_sub(n, 0, end));
}

static void line_write(struct buf *b, const struct style *s, int depth)
{
    if (s->line) {
        buf_cstr(b, s->line);
        for (int i = 0; i < depth; i++) {
            buf_cstr(b, s->indent);
        }
    }
}

static int by_key(const void *px, const void *py)
{
    const struct json *x = *(const struct json *const *)px, *y = *(const struct json *const *)py;
    size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    int c = n ? memcmp(x->key.p, y->key.p, n) : 0;
    return c ? c : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

static void value_write(struct buf *b, const struct style *s, const struct json *v, int depth);

static void items_write(struct buf *b, const struct style *s, const struct json *const *items,
    size_t count, bool keys, int depth)
{
    for (size_t i = 0; i < count; i++) {
        if (i) {
            buf_cstr(b, s->item);
        }
        line_write(b, s, depth + 1);
        if (keys) {
            text_write(b, s, items[i]->key);
            buf_cstr(b, s->colon);
        }
        value_write(b, s, items[i], depth + 1);
    }
    if (count) {
        line_write(b, s, depth);
    }
}

static size_t items_of(const struct json *v, const struct json ***ret)
{
    size_t count = 0;
    JSON_FOR_EACH (item, v) {
        count++;
    }
    *ret = mem_array(count + 1, sizeof **ret);
    count = 0;
    JSON_FOR_EACH (item, v) {
        (*ret)[count++] = item;
    }
    return count;
}

static void value_write(struct buf *b, const struct style *s, const struct json *v, int depth)
{
    const struct json **items;
    bool object = v->type == JSON_OBJECT;
    switch (v->type) {
    case JSON_NULL:
        buf_cstr(b, "null");
        return;
    case JSON_FALSE:
        buf_cstr(b, "false");
        return;
    case JSON_TRUE:
        buf_cstr(b, "true");
        return;
    case JSON_NUMBER:
        number_write(b, s, v->text);
        return;
    case JSON_STRING:
        text_write(b, s, v->text);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    size_t count = items_of(v, &items);
    if (object && s->sorted && count > 1) {
        qsort(items, count, sizeof *items, by_key);
    }
    buf_char(b, object ? '{' : '[');
    items_write(b, s, items, count, object, depth);
    buf_char(b, object ? '}' : ']');
    mem_free(items);
}

/* ---- which way it was ---- */

static bool has_outer_blanks(struct str s)
{
    bool in_text = false;
    for (size_t i = 0; i < s.n; i++) {
        if (in_text && s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            in_text = !in_text;
        } else if (!in_text && s.p[i] && strchr(" \t\r\n", s.p[i])) {
            return true;
        }
    }
    return false;
}

static bool has(struct str s, const char *what)
{
    return s.n && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

/* \uXXXX with letters in upper or in lower case, or none. */
static enum digits escapes_of(struct str s)
{
    enum digits form = LETTERS_RAW;
    for (size_t i = 0; i + 5 < s.n; i++) {
        if (s.p[i] != '\\') {
            continue;
        }
        for (size_t k = i + 2; s.p[i + 1] == 'u' && k < i + 6; k++) {
            if (s.p[k] >= 'A' && s.p[k] <= 'F') {
                return LETTERS_UPPER;
            }
            form = LETTERS_LOWER;
        }
        i++;
    }
    return form;
}

static bool same_blanks(struct str x, struct str y)
{
    return has_outer_blanks(x) == has_outer_blanks(y) && has(x, "\n") == has(y, "\n") &&
           has(x, ", ") == has(y, ", ") && has(x, "    ") == has(y, "    ");
}

/* `tree` NULL: the caller has put them into another order. */
static bool order_differs(struct doctor *d, const struct json *tree, const struct style *s)
{
    struct style plain = *s;
    if (!tree || !s->sorted) {
        return !tree;
    }
    plain.sorted = false;
    buf_reset(&d->more);
    value_write(&d->more, &plain, tree, 0);
    return !str_starts(buf_view(&d->text), buf_view(&d->more));
}

/* Names what differs between the text that was signed and the body; one thing has a code of its own. */
static bool try_style(struct doctor *d, const struct json *tree, const struct style *s)
{
    struct str text = buf_view(&d->text), body = d->in->body;
    if (!doctor_is(d, text)) {
        return false;
    }
    struct {
        bool differs;
        enum doctor_code code;
        const char *name;
    } ways[] = {
        {!same_blanks(text, body), DOCTOR_body_spaces, "spaces"},
        {has(text, "\\/") != has(body, "\\/"), DOCTOR_body_slashes, "slashes"},
        {escapes_of(text) != escapes_of(body), DOCTOR_body_unicode, "unicode"},
        {order_differs(d, tree, s), DOCTOR_body_order, "order"},
        {s->numbers != NUMBERS_RAW, DOCTOR_body_numbers, "numbers"},
    };
    char names[80] = "";
    enum doctor_code code = DOCTOR_body_reencoded;
    int count = 0;
    for (size_t i = 0; i < array_len(ways); i++) {
        if (ways[i].differs) {
            code = count ? DOCTOR_body_reencoded : ways[i].code;
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", count ? ", " : "",
                ways[i].name);
            count++;
        }
    }
    return doctor_try(d, code, text, names[0] ? names : NULL);
}

static bool try_layout(struct doctor *d, const struct json *tree, const struct style *s)
{
    buf_reset(&d->text);
    value_write(&d->text, s, tree, 0);
    if (!buf_ok(&d->text)) {
        return false;
    }
    if (try_style(d, tree, s)) {
        return true;
    }
    buf_char(&d->text, '\n');
    return try_style(d, tree, s);
}

/* Bits of a number are the ways that this text can be written in. */
#define WAYS (2 * 2 * 2 * 3 * 3)

static bool style_way(int way, const struct traits *t, struct style *s)
{
    s->slash = way % 2;
    s->html = way / 2 % 2;
    s->sorted = way / 4 % 2;
    s->letters = (enum digits)(way / 8 % 3);
    s->numbers = (enum numbers)(way / 24 % 3);
    bool escapes = t->letters || (t->html && s->html);
    return (t->slash || !s->slash) && (t->html || !s->html) &&
           (escapes || s->letters == LETTERS_RAW) && (t->numbers || s->numbers == NUMBERS_RAW);
}

static bool hunt_styles(struct doctor *d, const struct json *tree, const struct traits *t)
{
    for (int way = 0; way < WAYS && !doctor_tired(d); way++) {
        for (size_t i = 0; i < array_len(layouts); i++) {
            struct style s = layouts[i];
            if (style_way(way, t, &s) && try_layout(d, tree, &s)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- any order of a few keys ---- */

#define ORDERS_OF_MAX 7

struct orders {
    struct doctor *d;
    const struct style *style;
    const struct json *items[ORDERS_OF_MAX];
    size_t count;
};

static bool try_orders(struct orders *o, size_t from)
{
    if (from == o->count) {
        struct doctor *d = o->d;
        buf_reset(&d->text);
        buf_char(&d->text, '{');
        items_write(&d->text, o->style, o->items, o->count, true, 0);
        buf_char(&d->text, '}');
        return try_style(d, NULL, o->style);
    }
    for (size_t i = from; i < o->count && !doctor_tired(o->d); i++) {
        const struct json *kept = o->items[from];
        o->items[from] = o->items[i];
        o->items[i] = kept;
        if (try_orders(o, from + 1)) {
            return true;
        }
        o->items[i] = o->items[from];
        o->items[from] = kept;
    }
    return false;
}

static bool hunt_orders(struct doctor *d, const struct json *tree, const struct traits *t)
{
    for (int way = 0; way < 24; way++) {
        for (size_t i = 0; i < 2; i++) {
            struct style s = layouts[i];
            struct orders o = {.d = d, .style = &s};
            if (!style_way(way, t, &s) || s.sorted || s.html || s.letters == LETTERS_UPPER) {
                continue;
            }
            JSON_FOR_EACH (item, tree) {
                if (o.count == ORDERS_OF_MAX) {
                    return false;
                }
                o.items[o.count++] = item;
            }
            if (try_orders(&o, 0)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- forms and joined values ---- */

enum form { FORM_RAW, FORM_PERCENT, FORM_PLUS };

static void form_text(struct buf *b, enum form form, struct str s)
{
    size_t from = b->n;
    if (form == FORM_RAW) {
        buf_str(b, s);
        return;
    }
    percent_encode(b, s);
    if (form == FORM_PERCENT) {
        return;
    }
    size_t to = from;
    for (size_t i = from; i < b->n; i++) {
        bool blank = i + 2 < b->n && memcmp(b->p + i, "%20", 3) == 0;
        b->p[to++] = blank ? '+' : b->p[i];
        i += blank ? 2 : 0;
    }
    b->n = to;
    b->p[to] = '\0';
}

static struct str scalar(const struct json *v)
{
    return v->type == JSON_TRUE ? STR("1") : v->type == JSON_FALSE ? STR("0") : v->text;
}

static bool try_form(
    struct doctor *d, const struct json *const *items, size_t count, enum form form)
{
    buf_reset(&d->text);
    for (size_t i = 0; i < count; i++) {
        if (items[i]->type != JSON_STRING && items[i]->type != JSON_NUMBER &&
            items[i]->type != JSON_TRUE && items[i]->type != JSON_FALSE) {
            return false;
        }
        if (i) {
            buf_char(&d->text, '&');
        }
        form_text(&d->text, form, items[i]->key);
        buf_char(&d->text, '=');
        form_text(&d->text, form, scalar(items[i]));
    }
    return buf_ok(&d->text) && doctor_try(d, DOCTOR_signed_form, buf_view(&d->text), NULL);
}

static bool try_values(
    struct doctor *d, const struct json *const *items, size_t count, const char *between)
{
    buf_reset(&d->text);
    for (size_t i = 0; i < count; i++) {
        if (i) {
            buf_cstr(&d->text, between);
        }
        buf_str(&d->text, str_absent(scalar(items[i])) ? STR("") : scalar(items[i]));
    }
    return buf_ok(&d->text) && doctor_try(d, DOCTOR_signed_values, buf_view(&d->text), NULL);
}

static bool try_fields(struct doctor *d, const struct json *const *items, size_t count)
{
    static const char *const between[] = {"", "|", "&", ",", ";", ":", "\n", "-", " "};
    bool found = try_form(d, items, count, FORM_PLUS) || try_form(d, items, count, FORM_PERCENT) ||
                 try_form(d, items, count, FORM_RAW);
    for (size_t i = 0; !found && i < array_len(between); i++) {
        found = try_values(d, items, count, between[i]);
    }
    return found;
}

static bool hunt_fields(struct doctor *d, const struct json *tree)
{
    const struct json **items;
    size_t count = items_of(tree, &items);
    bool found = try_fields(d, items, count);
    if (!found && count > 1) {
        qsort(items, count, sizeof *items, by_key);
        found = try_fields(d, items, count);
    }
    mem_free(items);
    return found;
}

/* The body as a JSON text: of the body, as PHP and as others write it. */
static bool hunt_json_text(struct doctor *d)
{
    for (int way = 0; way < 2; way++) {
        struct style s = {.slash = way == 0, .letters = way == 0 ? LETTERS_LOWER : LETTERS_RAW};
        buf_reset(&d->text);
        text_write(&d->text, &s, d->in->body);
        if (buf_ok(&d->text) && doctor_try(d, DOCTOR_signed_json_text, buf_view(&d->text), NULL)) {
            return true;
        }
    }
    return false;
}

bool doctor_json_hunt(struct doctor *d)
{
    struct arena a;
    struct json *tree = NULL;
    const char *why;
    struct traits t = {.slash = false};
    struct str body = d->in->body;
    if (!utf8_valid(body)) {
        return false;
    }
    bool found = hunt_json_text(d);
    if (str_starts(body, STR("\xEF\xBB\xBF"))) {
        body = str_sub(body, 3, body.n);
    }
    arena_init(&a, DOCTOR_ARENA_MAX);
    if (!found && json_parse(&a, body, &tree, &why) == ERR_OK && tree->type == JSON_OBJECT) {
        traits_see(tree, &t);
        found = hunt_styles(d, tree, &t) || hunt_fields(d, tree) || hunt_orders(d, tree, &t);
    } else if (!found && tree && tree->type == JSON_STRING) {
        found = doctor_try(d, DOCTOR_signed_json_text, tree->text, "came twice encoded");
    }
    arena_clear(&a);
    return found;
}
