#include "service/funnel.h"

#include "base/mem.h"
#include <pthread.h>

#define ROW_BYTES_MAX 65536
/* Payments of late: who looks again costs nothing. */
#define RECENT_MAX 8192
#define WAITING_MAX 1024
/* In one unit: the writer is not kept for long. */
#define UNIT_MAX 64

struct funnel {
    struct service *service;
    struct store_unit unit;
    struct arena arena; /* the unit's */
    int64_t ids[UNIT_MAX];
    int count;
    pthread_mutex_t lock; /* the rest */
    bool busy;            /* the unit is under way */
    int64_t recent[RECENT_MAX];
    int64_t waiting[WAITING_MAX];
    int waiting_count;
};

static enum err event_add(struct tx *tx, int64_t payment_id, const char *event, struct str reason)
{
    struct event_row row = {
        .payment_id = payment_id,
        .at = tx_now_ms(tx),
        .actor = STR("payer"),
        .event = str_from(event),
        .from_state = STR_ABSENT,
        .to_state = STR_ABSENT,
        .reason = reason,
        .detail = STR_ABSENT,
    };
    return store_event_add(tx, &row);
}

static enum err opened_one(struct tx *tx, struct arena *a, int64_t payment_id)
{
    struct payment_row p;
    enum err e = store_event_has_any(tx_db(tx), payment_id, STR("opened"), STR("opened"));
    if (e != ERR_NO_ROW)
        return e;
    e = store_payment_by_id(tx_db(tx), a, payment_id, &p);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    e = event_add(tx, payment_id, "opened", STR_ABSENT);
    if (e == ERR_OK)
        store_stat_note(tx, &p, STAT_OPENED);
    return e;
}

static enum err opened_run(struct store_unit *u, struct tx *tx)
{
    struct funnel *f = unit_owner(u, struct funnel, unit);
    enum err e = ERR_OK;
    for (int i = 0; i < f->count && e == ERR_OK; i++) {
        arena_reset(&f->arena);
        e = opened_one(tx, &f->arena, f->ids[i]);
    }
    return e;
}

static void opened_done(struct store_unit *u, enum err result);

/* True when there is something to submit. Under the lock. */
static bool take(struct funnel *f)
{
    f->count = f->waiting_count < UNIT_MAX ? f->waiting_count : UNIT_MAX;
    f->waiting_count -= f->count;
    memcpy(f->ids, f->waiting, (size_t)f->count * sizeof f->ids[0]);
    memmove(f->waiting, f->waiting + f->count, (size_t)f->waiting_count * sizeof f->waiting[0]);
    f->busy = f->count > 0;
    f->unit = (struct store_unit){.run = opened_run, .done = opened_done};
    return f->busy;
}

static void submit(struct funnel *f)
{
    if (store_submit(f->service->store, &f->unit) == ERR_OK)
        return;
    pthread_mutex_lock(&f->lock);
    f->busy = false;
    f->waiting_count = 0;
    pthread_mutex_unlock(&f->lock);
}

static void opened_done(struct store_unit *u, enum err result)
{
    struct funnel *f = unit_owner(u, struct funnel, unit);
    (void)result; /* what was lost is only a figure */
    pthread_mutex_lock(&f->lock);
    bool more = take(f);
    pthread_mutex_unlock(&f->lock);
    if (more)
        submit(f);
}

void funnel_opened(struct funnel *f, int64_t payment_id)
{
    bool more = false;
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    int64_t *recent = &f->recent[payment_id % RECENT_MAX];
    if (*recent != payment_id && f->waiting_count < WAITING_MAX) {
        *recent = payment_id;
        f->waiting[f->waiting_count++] = payment_id;
        more = !f->busy && take(f);
    }
    pthread_mutex_unlock(&f->lock);
    if (more)
        submit(f);
}

struct funnel *funnel_new(struct service *s)
{
    struct funnel *f = mem_alloc(sizeof *f);
    f->service = s;
    arena_init(&f->arena, ROW_BYTES_MAX);
    pthread_mutex_init(&f->lock, NULL);
    return f;
}

void funnel_free(struct funnel *f)
{
    if (!f)
        return;
    arena_clear(&f->arena);
    pthread_mutex_destroy(&f->lock);
    mem_free(f);
}

enum err funnel_is_first(struct tx *tx, int64_t payment_id, bool *ret)
{
    enum err e = store_event_has_any(tx_db(tx), payment_id, STR("created"), STR("typed"));
    if (e != ERR_OK && e != ERR_NO_ROW)
        return e;
    *ret = e == ERR_NO_ROW;
    return ERR_OK;
}

enum err funnel_typed(struct tx *tx, const struct payment_row *p, struct str trx_id)
{
    bool first = false;
    enum err e = store_event_has_any(tx_db(tx), p->id, STR("typed"), STR("typed"));
    if (e != ERR_NO_ROW)
        return e;
    e = funnel_is_first(tx, p->id, &first);
    e = e == ERR_OK ? event_add(tx, p->id, "typed", trx_id) : e;
    if (e == ERR_OK && first)
        store_stat_note(tx, p, STAT_REACHED);
    return e;
}
