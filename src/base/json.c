#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

/* What yajl lets through is refused before it sees the text: NUL, \u0000, lone surrogates, a byte
 * order mark, invalid UTF-8, vertical tabs and form feeds as blanks. The scan need not know JSON: a
 * quote opens or closes a string wherever it is not escaped, and what has quotes elsewhere is no
 * JSON, which yajl then finds. */

static int hex4(const char *p)
{
    uint8_t raw[2];
    if (hex_decode((struct str){p, 4}, raw, sizeof(raw)))
        return -1;
    return raw[0] << 8 | raw[1];
}

/* The code unit of the \uXXXX at i, or -1. */
static int unit_at(struct str s, size_t i)
{
    if (s.n - i < 6 || s.p[i] != '\\' || s.p[i + 1] != 'u')
        return -1;
    return hex4(s.p + i + 2);
}

static bool is_high(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Moves *i behind the escape that begins there; the reason when it is refused. */
static const char *escape_check(struct str s, size_t *i)
{
    if (*i + 1 >= s.n)
        return "unfinished escape";
    if (s.p[*i + 1] != 'u') {
        if (!memchr("\"\\/bfnrt", s.p[*i + 1], 8))
            return "unknown escape";
        *i += 2;
        return NULL;
    }
    int unit = unit_at(s, *i);
    if (unit < 0)
        return "malformed \\u escape";
    if (unit == 0)
        return "\\u0000 in a string";
    *i += 6;
    if (is_low(unit) || (is_high(unit) && (*i >= s.n || !is_low(unit_at(s, *i)))))
        return "lone surrogate";
    if (is_high(unit))
        *i += 6;
    return NULL;
}

/* What a string can't have as it is: its end, escapes, control characters. */
static const bool is_special[256] = {[0 ... 0x1f] = true, ['"'] = true, ['\\'] = true};

/* Moves *i behind the string whose opening quote is there. */
static const char *string_check(struct str s, size_t *i)
{
    for (size_t at = *i + 1; at < s.n;) {
        unsigned char c = (unsigned char)s.p[at];
        if (!is_special[c]) {
            at++;
            continue;
        }
        if (c == '"') {
            *i = at + 1;
            return NULL;
        }
        if (c != '\\')
            return "control character in a string";
        const char *why = escape_check(s, &at);
        if (why)
            return why;
    }
    return "unfinished string";
}

static const char *text_check(struct str s)
{
    if (s.n == 0)
        return "empty text";
    if (str_find(s, '\0', 0) < s.n)
        return "NUL in the text";
    if (!utf8_valid(s))
        return "invalid UTF-8";
    if (str_starts(s, STR("\xEF\xBB\xBF")))
        return "byte order mark";
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] != '"') {
            if (s.p[i] == '\v' || s.p[i] == '\f')
                return "malformed JSON";
            i++;
            continue;
        }
        const char *why = string_check(s, &i);
        if (why)
            return why;
    }
    return NULL;
}

/* yajl's own memory: a few buffers, from the stack where they fit, each with its size before it. */
#define SCRATCH_BYTES 12288
#define SCRATCH_ALIGN alignof(max_align_t)

struct scratch {
    alignas(max_align_t) unsigned char bytes[SCRATCH_BYTES];
    size_t used;
};

static bool scratch_owns(const struct scratch *s, const void *p)
{
    uintptr_t at = (uintptr_t)p, from = (uintptr_t)s->bytes;
    return at >= from && at < from + SCRATCH_BYTES;
}

static void *scratch_alloc(void *ctx, size_t n)
{
    struct scratch *s = ctx;
    size_t need = (n + 2 * SCRATCH_ALIGN - 1) / SCRATCH_ALIGN * SCRATCH_ALIGN;
    unsigned char *p;
    if (need <= SCRATCH_BYTES - s->used) {
        p = s->bytes + s->used;
        s->used += need;
    } else {
        p = mem_alloc(need);
    }
    memcpy(p, &n, sizeof(n));
    return p + SCRATCH_ALIGN;
}

static void scratch_free(void *ctx, void *p)
{
    if (p && !scratch_owns(ctx, p))
        mem_free((unsigned char *)p - SCRATCH_ALIGN);
}

static void *scratch_realloc(void *ctx, void *p, size_t n)
{
    void *q = scratch_alloc(ctx, n);
    if (p) {
        size_t old;
        memcpy(&old, (unsigned char *)p - SCRATCH_ALIGN, sizeof(old));
        memcpy(q, p, old < n ? old : n);
        scratch_free(ctx, p);
    }
    return q;
}

struct frame {
    struct json *node;
    struct json *last;
    size_t count;
    struct str key; /* of the next member */
};

struct parse {
    struct arena *arena;
    struct str text;
    struct json *root;
    struct frame frames[JSON_DEPTH_MAX];
    int depth;
    enum err e;
    const char *why;
};

static int fail(struct parse *p, enum err e, const char *why)
{
    p->e = e;
    p->why = why;
    return 0;
}

/* A view where yajl points into the parsed text; a copy where it decoded escapes elsewhere. */
static bool keep_text(struct parse *p, const unsigned char *s, size_t n, struct str *ret)
{
    uintptr_t at = (uintptr_t)s, from = (uintptr_t)p->text.p;
    struct str view = n ? (struct str){(const char *)s, n} : STR("");
    if (n && !(at >= from && at < from + p->text.n))
        view = arena_copy(p->arena, view);
    *ret = view;
    return !str_absent(view) || fail(p, ERR_LIMIT, "too large");
}

/* Hangs a new node under the open container; NULL when the arena is full. */
static struct json *node_add(struct parse *p, enum json_type type)
{
    struct json *node = arena_alloc(p->arena, sizeof(*node));
    if (!node) {
        fail(p, ERR_LIMIT, "too large");
        return NULL;
    }
    node->type = type;
    if (p->depth == 0) {
        p->root = node;
        return node;
    }
    struct frame *f = &p->frames[p->depth - 1];
    node->key = f->key;
    if (f->last)
        f->last->next = node;
    else
        f->node->first = node;
    f->last = node;
    f->count++;
    return node;
}

static int on_null(void *ctx)
{
    return node_add(ctx, JSON_NULL) != NULL;
}

static int on_boolean(void *ctx, int v)
{
    return node_add(ctx, v ? JSON_TRUE : JSON_FALSE) != NULL;
}

static int add_text(struct parse *p, enum json_type type, const unsigned char *s, size_t n)
{
    struct str text;
    if (!keep_text(p, s, n, &text))
        return 0;
    struct json *node = node_add(p, type);
    if (!node)
        return 0;
    node->text = text;
    return 1;
}

static int on_number(void *ctx, const char *s, size_t n)
{
    return add_text(ctx, JSON_NUMBER, (const unsigned char *)s, n);
}

static int on_string(void *ctx, const unsigned char *s, size_t n)
{
    return add_text(ctx, JSON_STRING, s, n);
}

static int open_container(struct parse *p, enum json_type type)
{
    if (p->depth == JSON_DEPTH_MAX)
        return fail(p, ERR_SYNTAX, "nested too deeply");
    struct json *node = node_add(p, type);
    if (!node)
        return 0;
    p->frames[p->depth++] = (struct frame){.node = node};
    return 1;
}

static int on_start_map(void *ctx)
{
    return open_container(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
    return open_container(ctx, JSON_ARRAY);
}

static int on_map_key(void *ctx, const unsigned char *s, size_t n)
{
    struct parse *p = ctx;
    return keep_text(p, s, n, &p->frames[p->depth - 1].key);
}

static int key_compare(const void *a, const void *b)
{
    struct str x = (*(const struct json *const *)a)->key;
    struct str y = (*(const struct json *const *)b)->key;
    if (x.n != y.n)
        return x.n < y.n ? -1 : 1;
    return x.n ? memcmp(x.p, y.p, x.n) : 0;
}

/* Sorted, since a peer could choose keys that collide in a hash table. */
static bool has_duplicate_sorted(const struct json *o, size_t count)
{
    const struct json **members = mem_array(count, sizeof(*members));
    size_t n = 0;
    JSON_FOR_EACH (m, o)
        members[n++] = m;
    qsort(members, n, sizeof(*members), key_compare);
    bool found = false;
    for (size_t i = 1; i < n && !found; i++)
        found = key_compare(&members[i - 1], &members[i]) == 0;
    mem_free(members);
    return found;
}

#define SMALL_OBJECT 12

static bool has_duplicate(const struct json *o, size_t count)
{
    if (count > SMALL_OBJECT)
        return has_duplicate_sorted(o, count);
    JSON_FOR_EACH (m, o)
        for (const struct json *other = m->next; other; other = other->next)
            if (str_eq(m->key, other->key))
                return true;
    return false;
}

static int on_end_map(void *ctx)
{
    struct parse *p = ctx;
    struct frame *f = &p->frames[--p->depth];
    if (has_duplicate(f->node, f->count))
        return fail(p, ERR_SYNTAX, "duplicate key");
    return 1;
}

static int on_end_array(void *ctx)
{
    struct parse *p = ctx;
    p->depth--;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end_map,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

static void parse_run(struct parse *p)
{
    struct scratch scratch;
    scratch.used = 0;
    yajl_alloc_funcs funcs = {
        .malloc = scratch_alloc, .realloc = scratch_realloc, .free = scratch_free, .ctx = &scratch};
    yajl_handle yajl = yajl_alloc(&callbacks, &funcs, p);
    yajl_status status = yajl_parse(yajl, (const unsigned char *)p->text.p, p->text.n);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(yajl);
    if (status != yajl_status_ok && !p->e)
        fail(p, ERR_SYNTAX, "malformed JSON");
    yajl_free(yajl);
}

enum err json_parse(struct arena *a, struct str text, struct json **ret, const char **ret_why)
{
    struct parse p = {.arena = a, .text = text};
    const char *why = text_check(text);
    if (why)
        fail(&p, ERR_SYNTAX, why);
    else
        parse_run(&p);
    if (!p.e && !p.root)
        fail(&p, ERR_SYNTAX, "no value");
    if (p.e) {
        if (ret_why)
            *ret_why = p.why;
        return p.e;
    }
    *ret = p.root;
    return ERR_OK;
}

const struct json *json_get(const struct json *o, const char *key)
{
    if (!o || o->type != JSON_OBJECT)
        return NULL;
    struct str wanted = str_from(key);
    JSON_FOR_EACH (m, o)
        if (str_eq(m->key, wanted))
            return m;
    return NULL;
}

struct str json_get_string(const struct json *o, const char *key)
{
    const struct json *m = json_get(o, key);
    return m && m->type == JSON_STRING ? m->text : STR_ABSENT;
}

struct str json_get_scalar(const struct json *o, const char *key)
{
    const struct json *m = json_get(o, key);
    return m && (m->type == JSON_STRING || m->type == JSON_NUMBER) ? m->text : STR_ABSENT;
}
