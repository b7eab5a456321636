/* A command writes its facts once, as JSON. For people the same tree is laid out: members a line each, lists as tables. */
#include "app/cli/cli.h"

#include "base/mem.h"
#include "base/text.h"
#include <stdio.h>
#include <unistd.h>

#define COLUMNS_MAX 32
#define CELL_MAX 60

void cli_out_money(struct cli *c, const char *key, struct money m)
{
    struct buf b;
    buf_init(&b, 64);
    money_format(&b, m, 2);
    json_w_kstr(&c->w, key, buf_view(&b));
    buf_clear(&b);
}

void cli_out_time(struct cli *c, const char *key, int64_t at_ms)
{
    char text[25];
    json_w_key(&c->w, key);
    if (at_ms == 0) {
        json_w_null(&c->w);
        return;
    }
    utc_time_format(at_ms, text);
    json_w_cstr(&c->w, text);
}

void cli_out_id(struct cli *c, const char *key, int64_t id)
{
    json_w_key(&c->w, key);
    if (id == 0) {
        json_w_null(&c->w);
    } else {
        json_w_int(&c->w, id);
    }
}

void cli_out_list(struct cli *c, const char *key)
{
    json_w_key(&c->w, key);
    json_w_open(&c->w, '[');
}

void cli_out_item(struct cli *c)
{
    json_w_open(&c->w, '{');
}

void cli_out_close(struct cli *c)
{
    json_w_close(&c->w);
}

static bool is_list(const struct json *j)
{
    return j->type == JSON_ARRAY && j->first &&
           (j->first->type == JSON_OBJECT || j->first->type == JSON_ARRAY);
}

/* Control characters of a stored text must not steer the terminal. */
void cli_add_plain(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        bool control = ch < 0x20 || ch == 0x7f ||
                       (ch == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0);
        if (control) {
            buf_char(b, '?');
            i += ch == 0xc2;
        } else {
            buf_char(b, s.p[i]);
        }
    }
}

static void add_scalar(struct buf *b, const struct json *j)
{
    switch (j->type) {
    case JSON_NULL:
        buf_char(b, '-');
        break;
    case JSON_FALSE:
        buf_cstr(b, "no");
        break;
    case JSON_TRUE:
        buf_cstr(b, "yes");
        break;
    case JSON_NUMBER:
    case JSON_STRING:
        cli_add_plain(b, j->text);
        break;
    case JSON_ARRAY:
        JSON_FOR_EACH (item, j) {
            add_scalar(b, item);
            buf_cstr(b, item->next ? ", " : "");
        }
        if (!j->first) {
            buf_char(b, '-');
        }
        break;
    case JSON_OBJECT:
        JSON_FOR_EACH (item, j) {
            cli_add_plain(b, item->key);
            buf_char(b, '=');
            add_scalar(b, item);
            buf_cstr(b, item->next ? " " : "");
        }
        break;
    }
}

static void add_label(struct buf *b, struct str key)
{
    for (size_t i = 0; i < key.n; i++) {
        buf_char(b, key.p[i] == '_' ? ' ' : key.p[i]);
    }
}

static void pad(struct buf *b, size_t have, size_t want)
{
    for (; have < want; have++) {
        buf_char(b, ' ');
    }
}

static void show_object(struct buf *b, const struct json *o, int indent);

static size_t cell_width(const struct json *j)
{
    struct buf cell;
    buf_init(&cell, 1 << 20);
    add_scalar(&cell, j);
    size_t n = utf8_len(buf_view(&cell));
    buf_clear(&cell);
    return n > CELL_MAX ? CELL_MAX : n;
}

struct table {
    const char *keys[COLUMNS_MAX];
    size_t width[COLUMNS_MAX];
    int count;
};

static void table_measure(const struct json *list, struct table *t)
{
    JSON_FOR_EACH (row, list) {
        int i = 0;
        JSON_FOR_EACH (cell, row) {
            if (is_list(cell) || i == COLUMNS_MAX) {
                continue;
            }
            size_t label = utf8_len(cell->key), w = cell_width(cell);
            t->width[i] = t->width[i] > label ? t->width[i] : label;
            t->width[i] = t->width[i] > w ? t->width[i] : w;
            i++;
            t->count = t->count > i ? t->count : i;
        }
    }
}

static void table_row(
    struct buf *b, const struct json *row, const struct table *t, int indent, bool head)
{
    int i = 0;
    pad(b, 0, (size_t)indent);
    JSON_FOR_EACH (cell, row) {
        if (is_list(cell) || i == COLUMNS_MAX) {
            continue;
        }
        size_t from = b->n;
        if (head) {
            add_label(b, cell->key);
        } else {
            add_scalar(b, cell);
        }
        struct str text = {b->p + from, b->n - from};
        if (i + 1 < t->count) {
            pad(b, utf8_len(text), t->width[i] + 2);
        }
        i++;
    }
    buf_char(b, '\n');
}

static void show_table(struct buf *b, const struct json *list, int indent)
{
    struct table t = {.count = 0};
    table_measure(list, &t);
    table_row(b, list->first, &t, indent, true);
    JSON_FOR_EACH (row, list) {
        table_row(b, row, &t, indent, false);
        JSON_FOR_EACH (cell, row) {
            if (is_list(cell)) {
                show_table(b, cell, indent + 4);
            }
        }
    }
}

static void show_object(struct buf *b, const struct json *o, int indent)
{
    size_t width = 0;
    JSON_FOR_EACH (m, o) {
        width = !is_list(m) && m->key.n > width ? m->key.n : width;
    }
    JSON_FOR_EACH (m, o) {
        if (m->type == JSON_ARRAY && m == o->first && !m->next && !m->first) {
            buf_cstr(b, "none\n");
        } else if (is_list(m)) {
            bool alone = m == o->first && !m->next;
            if (!alone) {
                buf_char(b, '\n');
                add_label(b, m->key);
                buf_cstr(b, ":\n");
            }
            show_table(b, m, alone ? indent : indent + 2);
        } else {
            pad(b, 0, (size_t)indent);
            add_label(b, m->key);
            pad(b, m->key.n, width + 2);
            add_scalar(b, m);
            buf_char(b, '\n');
        }
    }
}

static int put(struct str s)
{
    bool good = s.n == 0 || fwrite(s.p, 1, s.n, stdout) == s.n;
    good = fflush(stdout) == 0 && good;
    return good ? CLI_OK : cli_fail("standard output can't be written");
}

int cli_out_show(struct cli *c)
{
    struct json *root = NULL;
    const char *why = NULL;
    struct buf b;
    if (!buf_ok(&c->out)) {
        return cli_fail("there is too much to show at once");
    }
    if (c->json) {
        buf_char(&c->out, '\n');
        return put(buf_view(&c->out));
    }
    if (json_parse(&c->arena, buf_view(&c->out), &root, &why) != ERR_OK) {
        return cli_fail("there is too much to show at once; --json shows it all");
    }
    buf_init(&b, SIZE_MAX / 4);
    show_object(&b, root, 0);
    buf_str(&b, buf_view(&c->notes));
    int code = put(buf_view(&b));
    buf_wipe(&b);
    return code;
}
