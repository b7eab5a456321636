#include "core/validate.h"

#include <stdarg.h>
#include <stdio.h>

#define FIELD_TEXT_MAX 256

void field_errors_init(struct field_errors *e, struct arena *a)
{
    *e = (struct field_errors){.arena = a};
}

void field_errors_add(struct field_errors *e, const char *field, const char *fmt, ...)
{
    if (e->count == FIELD_ERRORS_MAX) {
        return; /* the request is refused already */
    }
    char text[FIELD_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    for (char *p = text; *p; p++) {
        *p = *p == '_' ? ' ' : *p;
    }
    struct str copy = arena_copy(e->arena, str_from(text));
    e->items[e->count++] = (struct field_error){
        .field = field,
        .text = str_absent(copy) ? "The given value is invalid." : copy.p,
    };
}

bool field_errors_has(const struct field_errors *e, const char *field)
{
    for (int i = 0; i < e->count; i++) {
        if (strcmp(e->items[i].field, field) == 0) {
            return true;
        }
    }
    return false;
}

static bool field_seen_before(const struct field_errors *e, int at)
{
    for (int i = 0; i < at; i++) {
        if (strcmp(e->items[i].field, e->items[at].field) == 0) {
            return true;
        }
    }
    return false;
}

void field_errors_json(const struct field_errors *e, struct buf *out)
{
    struct json_writer w;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "message", err_info(ERR_INVALID)->text);
    json_w_key(&w, "errors");
    json_w_open(&w, '{');
    for (int i = 0; i < e->count; i++) {
        if (field_seen_before(e, i)) {
            continue;
        }
        json_w_key(&w, e->items[i].field);
        json_w_open(&w, '[');
        for (int k = i; k < e->count; k++) {
            if (strcmp(e->items[k].field, e->items[i].field) == 0) {
                json_w_cstr(&w, e->items[k].text);
            }
        }
        json_w_close(&w);
    }
    json_w_close(&w);
    json_w_close(&w);
}
