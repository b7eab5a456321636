#include "service/checkout_act.h"

#include "base/log.h"
#include "base/mem.h"
#include "service/work.h"

#define ACT_BYTES_MAX (1U << 20)
#define CONFLICT_TRIES_MAX 10

/* What a run that was undone had taken. */
static void own_reset(struct checkout_act *c, struct act_own *own)
{
    if (own->has_call) {
        work_end(c->service->work, own->attempt.id);
    }
    own->has_call = false;
    own->wake_deliver = own->wake_settle = false;
    own->payer_ip = STR_ABSENT;
    own->verdict = ERR_OK;
    arena_reset(&own->arena);
}

static void own_free(struct act_own *own)
{
    arena_clear(&own->arena);
    mem_free(own);
}

static enum err act_run(struct store_unit *u, struct tx *tx)
{
    struct checkout_act *c = unit_owner(u, struct checkout_act, unit);
    own_reset(c, c->own);
    return c->own->run(c, c->own, tx);
}

static void act_done(struct store_unit *u, enum err result)
{
    struct checkout_act *c = unit_owner(u, struct checkout_act, unit);
    struct service *s = c->service;
    struct act_own *own = c->own;
    struct errand *call = NULL;
    if (result == ERR_CONFLICT && ++own->tries < CONFLICT_TRIES_MAX) {
        result = store_submit(s->store, u);
        if (result == ERR_OK) {
            return;
        }
    }
    if (result != ERR_OK) {
        own_reset(c, own);
    } else {
        result = own->verdict;
    }
    if (own->has_call) {
        call = errand_new(s, own->call, &own->attempt, own->payer_ip);
        call->decided_ms = own->decided_ms;
    }
    bool wake_deliver = own->wake_deliver, wake_settle = own->wake_settle;
    own_free(own);
    c->own = NULL;
    c->done(c, result);
    if (call) {
        errand_send(call);
    }
    if (wake_settle) {
        work_kick_settle(s->work);
    }
    if (wake_deliver) {
        work_kick_deliver(s->work);
    }
}

enum err act_submit(struct service *s, struct checkout_act *c,
    enum err (*run)(struct checkout_act *c, struct act_own *own, struct tx *tx))
{
    struct act_own *own = mem_alloc(sizeof *own);
    own->run = run;
    arena_init(&own->arena, ACT_BYTES_MAX);
    c->service = s;
    c->own = own;
    c->unit = (struct store_unit){.run = act_run, .done = act_done};
    enum err e = store_submit(s->store, &c->unit);
    if (e != ERR_OK) {
        own_free(own);
        c->own = NULL;
    }
    return e;
}

bool act_call(struct checkout_act *c, enum errand_kind kind, const struct attempt_row *a)
{
    ensure(!c->own->has_call, "an act makes one call");
    if (!work_begin(c->service->work, a->id, kind == ERRAND_CREATE ? WORK_CREATE : WORK_EXECUTE)) {
        return false;
    }
    c->own->has_call = true;
    c->own->call = kind;
    c->own->decided_ms = clock_mono_ms();
    c->own->attempt = *a;
    return true;
}

enum err act_event(
    struct tx *tx, int64_t payment_id, int64_t attempt_id, const char *event, struct str reason)
{
    struct event_row row = {
        .payment_id = payment_id,
        .attempt_id = attempt_id,
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
