#include "service/change.h"

#include "service/audit_log.h"
#include "store/store_guess.h"
#include <inttypes.h>
#include <stdio.h>

#define SIDE_MAX 65536

struct change {
    struct store_unit unit;
    const struct change_by *by;
    change_fn fn;
    void *arg;
    struct change_note note;
};

void change_target(struct change_note *n, const char *kind, struct str name)
{
    snprintf(n->target, sizeof n->target, "%s:%.*s", kind, STR_FMT(name));
}

void change_target_id(struct change_note *n, const char *kind, int64_t id)
{
    snprintf(n->target, sizeof n->target, "%s:%lld", kind, (long long)id);
}

static void side_begin(struct json_writer *w, struct buf *b)
{
    buf_reset(b);
    json_w_init(w, b);
    json_w_open(w, '{');
}

/* An object without members says nothing. */
static struct str side_end(struct json_writer *w, struct buf *b)
{
    json_w_close(w);
    return b->n > 2 ? buf_view(b) : STR_ABSENT;
}

static enum err unit_run(struct store_unit *u, struct tx *tx)
{
    struct change *x = unit_owner(u, struct change, unit);
    struct change_note *n = &x->note;
    side_begin(&n->w, &n->after);
    side_begin(&n->was, &n->before);
    n->merchant_id = n->account_id = 0;
    n->uncached = false;
    enum err e = x->fn(tx, x->arg, n);
    if (e != ERR_OK) {
        return e;
    }
    struct audit_event event = {
        .person_id = x->by->person_id,
        .actor = x->by->actor,
        .merchant_id = n->merchant_id,
        .account_id = n->account_id,
        .action = n->action,
        .target = str_from(n->target),
        .before = side_end(&n->was, &n->before),
        .after = side_end(&n->w, &n->after),
        .client_ip = x->by->client_ip,
    };
    e = buf_ok(&n->before) && buf_ok(&n->after) ? audit_log_write(tx, &event) : ERR_LIMIT;
    return e == ERR_OK && !n->uncached ? store_change_bump(tx) : e;
}

enum err change_run(struct store *store, const struct change_by *by, change_fn fn, void *arg)
{
    struct change x = {.unit = {.run = unit_run}, .by = by, .fn = fn, .arg = arg};
    buf_init(&x.note.after, SIDE_MAX);
    buf_init(&x.note.before, SIDE_MAX);
    enum err e = store_run(store, &x.unit);
    buf_clear(&x.note.after);
    buf_clear(&x.note.before);
    return e;
}

struct limit {
    struct store_unit unit;
    char who[64];
    int64_t max;
};

static enum err limit_run(struct store_unit *u, struct tx *tx)
{
    struct limit *l = unit_owner(u, struct limit, unit);
    return store_guess_take(tx, str_from(l->who), l->max);
}

enum err change_limit(struct store *store, const char *what, int64_t id, int64_t max)
{
    struct limit l = {.unit = {.run = limit_run}, .max = max};
    snprintf(l.who, sizeof l.who, "%s:%" PRId64, what, id);
    return store_run(store, &l.unit);
}
