#include "http/cabinet_private.h"

struct change {
    struct cabinet_call *call;
    cabinet_change_fn fn;
    void *arg;
};

static enum err change_do(struct tx *tx, void *arg, struct change_note *note)
{
    const struct change *x = arg;
    return x->fn(x->call, tx, x->arg, note);
}

enum err cabinet_change(struct cabinet_call *c, cabinet_change_fn fn, void *arg)
{
    struct change x = {.call = c, .fn = fn, .arg = arg};
    struct change_by by = {.person_id = c->session.person.id,
        .actor = c->session.person.email,
        .client_ip = c->browser.ip};
    return change_run(c->service->store, &by, change_do, &x);
}
