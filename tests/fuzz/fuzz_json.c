/* What the parser takes is written again as the same value: parse, write, parse, write gives one text. */
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz.h"

#define ARENA_MAX ((size_t)16 << 20)
#define OUT_MAX ((size_t)4 << 20)

static void value_write(struct json_writer *w, const struct json *v)
{
    switch (v->type) {
    case JSON_NULL:
        json_w_null(w);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        json_w_bool(w, v->type == JSON_TRUE);
        break;
    case JSON_NUMBER:
        json_w_raw(w, v->text);
        break;
    case JSON_STRING:
        FUZZ_CHECK(utf8_valid(v->text));
        FUZZ_CHECK(str_find(v->text, '\0', 0) == v->text.n);
        json_w_str(w, v->text);
        break;
    case JSON_ARRAY:
        json_w_open(w, '[');
        JSON_FOR_EACH (item, v) {
            value_write(w, item);
        }
        json_w_close(w);
        break;
    case JSON_OBJECT: {
        json_w_open(w, '{');
        JSON_FOR_EACH (member, v) {
            /* The writer's keys are C texts; the parser lets no NUL into one. */
            char *key = mem_strndup(member->key.p ? member->key.p : "", member->key.n);
            FUZZ_CHECK(strlen(key) == member->key.n);
            FUZZ_CHECK(json_get(v, key) == member);
            json_w_key(w, key);
            mem_free(key);
            value_write(w, member);
        }
        json_w_close(w);
        break;
    }
    }
}

static bool round_trip(struct str text, struct buf *out)
{
    struct arena a;
    arena_init(&a, ARENA_MAX);
    struct json *root = NULL;
    const char *why = NULL;
    enum err err = json_parse(&a, text, &root, &why);
    if (err == ERR_OK) {
        struct json_writer w;
        json_w_init(&w, out);
        value_write(&w, root);
    } else {
        FUZZ_CHECK(root == NULL && why != NULL);
    }
    arena_clear(&a);
    return err == ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once, twice;
    buf_init(&once, OUT_MAX);
    buf_init(&twice, OUT_MAX);
    if (round_trip(fuzz_text(data, size), &once)) {
        FUZZ_CHECK(buf_ok(&once));
        FUZZ_CHECK(round_trip(buf_view(&once), &twice));
        FUZZ_CHECK(str_eq(buf_view(&once), buf_view(&twice)));
    }
    buf_clear(&once);
    buf_clear(&twice);
    return 0;
}
