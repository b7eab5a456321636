/* JSON in and out. In: yajl's events into a tree in an arena; every number keeps its text, so 100.0, 1e400 and
 * 21-digit integers are never a float. Refused: invalid UTF-8, NUL, lone surrogates, duplicate keys, nesting
 * over JSON_DEPTH_MAX, text behind the value. Out: exactly what PHP's json_encode gives with default flags
 * (`\/`, `\uXXXX` lower case), because signed texts are such texts. */
#ifndef KASSA_BASE_JSON_H
#define KASSA_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

#define JSON_DEPTH_MAX 16

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_type type;
    struct str key;     /* of a member of an object; absent else */
    struct str text;    /* a string's decoded text; a number's raw text */
    struct json *first; /* members or items */
    struct json *next;  /* sibling */
};

/* Parses one value; the tree lives in `a` and may point into `text`. ERR_SYNTAX (with a short English reason in
 * *ret_why, static text), ERR_LIMIT when the arena is full. */
enum err json_parse(
    struct arena *a, struct str text, struct json **ret, const char **ret_why) must_check;

/* Member of an object, or NULL (also when `o` is no object or NULL). */
const struct json *json_get(const struct json *o, const char *key);
/* The text of a string member; absent when there is none or it is no string. */
struct str json_get_string(const struct json *o, const char *key);
/* The text of a string or number member; absent else. */
struct str json_get_scalar(const struct json *o, const char *key);

#define JSON_FOR_EACH(item, parent)                                                                \
    for (const struct json *item = (parent)->first; item; item = item->next)

/* Writer: json_w_open('{'), json_w_key, a value, ..., json_w_close('}'). Commas are its business. Check
 * buf_ok at the end; misuse (a value without a key in an object, unbalanced closes) asserts. */
struct json_writer {
    struct buf *b;
    bool need_comma;
    bool after_key;
    int depth;
    char stack[JSON_DEPTH_MAX];
};

void json_w_init(struct json_writer *w, struct buf *b);
void json_w_open(struct json_writer *w, char kind); /* '{' or '[' */
void json_w_close(struct json_writer *w);
void json_w_key(struct json_writer *w, const char *key);
void json_w_str(struct json_writer *w, struct str s); /* absent gives null */
void json_w_cstr(struct json_writer *w, const char *s);
void json_w_int(struct json_writer *w, int64_t i);
void json_w_bool(struct json_writer *w, bool v);
void json_w_null(struct json_writer *w);
void json_w_raw(struct json_writer *w, struct str json); /* a value that is JSON already */
/* Shorthands: key and value. */
void json_w_kstr(struct json_writer *w, const char *key, struct str s);
void json_w_kcstr(struct json_writer *w, const char *key, const char *s);
void json_w_kint(struct json_writer *w, const char *key, int64_t i);
void json_w_kbool(struct json_writer *w, const char *key, bool v);

/* Only the quoted and escaped string, PHP's default flags. `s` is valid UTF-8. */
void json_quote(struct buf *b, struct str s);

#endif
