#include "base/json.h"
#include "base/text.h"
#include <assert.h>

void json_w_init(struct json_writer *w, struct buf *b)
{
    *w = (struct json_writer){.b = b};
}

/* What stands before a value: a comma in an array, nothing behind a key. */
static void before_value(struct json_writer *w)
{
    bool in_object = w->depth > 0 && w->stack[w->depth - 1] == '{';
    assert(in_object == w->after_key);
    assert(w->depth > 0 || !w->need_comma);
    if (w->need_comma && !w->after_key)
        buf_char(w->b, ',');
    w->after_key = false;
    w->need_comma = true;
}

void json_w_open(struct json_writer *w, char kind)
{
    assert(kind == '{' || kind == '[');
    assert(w->depth < JSON_DEPTH_MAX);
    before_value(w);
    buf_char(w->b, kind);
    w->stack[w->depth++] = kind;
    w->need_comma = false;
}

void json_w_close(struct json_writer *w)
{
    assert(w->depth > 0 && !w->after_key);
    buf_char(w->b, w->stack[--w->depth] == '{' ? '}' : ']');
    w->need_comma = true;
}

void json_w_key(struct json_writer *w, const char *key)
{
    assert(w->depth > 0 && w->stack[w->depth - 1] == '{' && !w->after_key);
    if (w->need_comma)
        buf_char(w->b, ',');
    json_quote(w->b, str_from(key));
    buf_char(w->b, ':');
    w->after_key = true;
}

void json_w_str(struct json_writer *w, struct str s)
{
    if (str_absent(s)) {
        json_w_null(w);
        return;
    }
    before_value(w);
    json_quote(w->b, s);
}

void json_w_cstr(struct json_writer *w, const char *s)
{
    json_w_str(w, str_from(s));
}

void json_w_int(struct json_writer *w, int64_t i)
{
    before_value(w);
    buf_int(w->b, i);
}

void json_w_bool(struct json_writer *w, bool v)
{
    before_value(w);
    buf_cstr(w->b, v ? "true" : "false");
}

void json_w_null(struct json_writer *w)
{
    before_value(w);
    buf_cstr(w->b, "null");
}

void json_w_raw(struct json_writer *w, struct str json)
{
    before_value(w);
    buf_str(w->b, json);
}

void json_w_kstr(struct json_writer *w, const char *key, struct str s)
{
    json_w_key(w, key);
    json_w_str(w, s);
}

void json_w_kcstr(struct json_writer *w, const char *key, const char *s)
{
    json_w_key(w, key);
    json_w_cstr(w, s);
}

void json_w_kint(struct json_writer *w, const char *key, int64_t i)
{
    json_w_key(w, key);
    json_w_int(w, i);
}

void json_w_kbool(struct json_writer *w, const char *key, bool v)
{
    json_w_key(w, key);
    json_w_bool(w, v);
}

static void unit_add(struct buf *b, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    char out[6] = {
        '\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};
    buf_add(b, out, sizeof(out));
}

static void escape_add(struct buf *b, uint32_t cp)
{
    static const char from[] = "\"\\/\b\f\n\r\t", to[] = "\"\\/bfnrt";
    const char *at = cp && cp < 0x80 ? strchr(from, (int)cp) : NULL;
    if (at) {
        char two[2] = {'\\', to[at - from]};
        buf_add(b, two, sizeof(two));
    } else if (cp < 0x10000) {
        unit_add(b, cp);
    } else {
        unit_add(b, 0xD800 + ((cp - 0x10000) >> 10));
        unit_add(b, 0xDC00 + ((cp - 0x10000) & 0x3FF));
    }
}

static const bool is_escaped[256] = {
    [0 ... 0x1f] = true, ['"'] = true, ['/'] = true, ['\\'] = true, [0x80 ... 0xff] = true};

void json_quote(struct buf *b, struct str s)
{
    buf_char(b, '"');
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && !is_escaped[(unsigned char)s.p[i]])
            i++;
        buf_str(b, str_sub(s, from, i));
        if (i < s.n)
            escape_add(b, utf8_next(s, &i));
    }
    buf_char(b, '"');
}
