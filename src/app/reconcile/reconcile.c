#include "app/reconcile/parts.h"

#include "base/mem.h"

#define ROW_BYTES_MAX 65536

void reconcile_tell(struct reconcile *x, struct reconcile_till *t, struct reconcile_difference d)
{
    d.till = t;
    if (t) {
        t->differences++;
    }
    if (++x->r.differences <= RECONCILE_DIFFERENCES_MAX) {
        x->o->difference(x->o->arg, &d);
    }
}

static bool is_worth_showing(const struct reconcile *x, const struct reconcile_till *t)
{
    return t->chosen && (x->o->till_count > 0 || t->credits || t->refunds || t->told || t->asked ||
                            t->closed || t->differences);
}

static void tills_show(struct reconcile *x)
{
    for (size_t i = 0; i < x->till_count; i++) {
        if (is_worth_showing(x, &x->tills[i])) {
            x->o->till(x->o->arg, &x->tills[i]);
        }
    }
}

static void clear(struct reconcile *x)
{
    for (size_t i = 0; i < x->till_count; i++) {
        mem_free(x->tills[i].name);
        mem_free(x->tills[i].closed);
        mem_free(x->tills[i].close_answer);
    }
    mem_free(x->tills);
    mem_free(x->links);
    arena_clear(&x->arena);
}

enum err reconcile_day(const struct reconcile_options *o, struct reconcile_result *ret)
{
    enum err (*const parts[])(struct reconcile *) = {
        reconcile_tills_read, reconcile_rows, reconcile_told, reconcile_lines};
    struct reconcile x = {.o = o, .db = o->db};
    enum err e = ERR_OK;
    arena_init(&x.arena, ROW_BYTES_MAX);
    for (size_t i = 0; e == ERR_OK && i < array_len(parts); i++) {
        e = parts[i](&x);
    }
    if (e == ERR_OK) {
        reconcile_chains(&x);
        tills_show(&x);
        *ret = x.r;
    }
    clear(&x);
    return e;
}
