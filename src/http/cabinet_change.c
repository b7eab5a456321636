#include "http/cabinet_private.h"
#include "service/audit_log.h"
#include <stdio.h>

#define SIDE_MAX ((size_t)65536)

struct change {
    struct store_unit unit;
    struct cabinet_call *call;
    cabinet_change_fn fn;
    void *arg;
    struct cabinet_audit audit;
};

void cabinet_audit_target(struct cabinet_audit *a, const char *kind, struct str name)
{
    snprintf(a->target, sizeof(a->target), "%s:%.*s", kind, STR_FMT(name));
}

void cabinet_audit_target_id(struct cabinet_audit *a, const char *kind, int64_t id)
{
    snprintf(a->target, sizeof(a->target), "%s:%lld", kind, (long long)id);
}

static void side_begin(struct json_writer *w, struct buf *b)
{
    buf_reset(b);
    json_w_init(w, b);
    json_w_open(w, '{');
}

static struct str side_end(struct json_writer *w, const struct buf *b)
{
    bool empty = b->n == 1;
    json_w_close(w);
    return empty ? STR_ABSENT : buf_view(b);
}

static enum err change_run(struct store_unit *u, struct tx *tx)
{
    struct change *x = unit_owner(u, struct change, unit);
    struct cabinet_audit *a = &x->audit;
    const struct cabinet_call *c = x->call;
    side_begin(&a->was, &a->before);
    side_begin(&a->w, &a->after);
    a->merchant_id = a->account_id = 0;
    enum err e = x->fn(x->call, tx, x->arg, a);
    if (e != ERR_OK)
        return e;
    struct audit_event event = {
        .person_id = c->session.person.id,
        .actor = c->session.person.email,
        .merchant_id = a->merchant_id,
        .account_id = a->account_id,
        .action = a->action,
        .target = str_from(a->target),
        .before = side_end(&a->was, &a->before),
        .after = side_end(&a->w, &a->after),
        .client_ip = c->browser.ip,
    };
    e = buf_ok(&a->before) && buf_ok(&a->after) ? audit_log_write(tx, &event) : ERR_LIMIT;
    return e == ERR_OK ? store_change_bump(tx) : e;
}

enum err cabinet_change(struct cabinet_call *c, cabinet_change_fn fn, void *arg)
{
    struct change x = {.unit = {.run = change_run}, .call = c, .fn = fn, .arg = arg};
    buf_init(&x.audit.before, SIDE_MAX);
    buf_init(&x.audit.after, SIDE_MAX);
    enum err e = store_run(c->service->store, &x.unit);
    buf_clear(&x.audit.before);
    buf_clear(&x.audit.after);
    return e;
}
