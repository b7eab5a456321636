#include "service/trial.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "service/accounts.h"
#include "service/deliver_call.h"
#include "service/work.h"
#include "store/store_guess.h"
#include "store/store_trial.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#define CALLS_MAX 64
#define KEEP_MS (30 * 24 * 3600000LL)
#define SLOW_MS INT64_C(8000)
#define ARENA_MAX (64 * 1024)
/* Below every payment's. */
#define ID_END 99999999U

struct trial_call {
    struct store_unit unit;
    struct trials *owner;
    struct trial_call *next, *prev;
    struct notify_call call;
    int64_t trial_id, number;
    int64_t delay_ms, slow_ms;
    char webhook_id[UUID_LEN + 8];
    struct trial_step step;
    /* what came of it */
    int64_t sent_at, duration_ms;
    int status;
    char error[24];
    char reply[TRIAL_REPLY_MAX];
    size_t reply_n;
};

struct trials {
    struct service *service;
    pthread_mutex_t lock;
    struct trial_call *calls; /* from their order to the commit of what came of them */
    int count;
};

struct trials *trials_new(struct service *s)
{
    struct trials *t = mem_alloc(sizeof *t);
    t->service = s;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

static bool call_enter(struct trial_call *c)
{
    struct trials *t = c->owner;
    pthread_mutex_lock(&t->lock);
    bool room = t->count < CALLS_MAX;
    if (room) {
        c->next = t->calls;
        if (c->next) {
            c->next->prev = c;
        }
        t->calls = c;
        t->count++;
    }
    pthread_mutex_unlock(&t->lock);
    return room;
}

static void call_leave(struct trial_call *c)
{
    struct trials *t = c->owner;
    pthread_mutex_lock(&t->lock);
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        t->calls = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
    t->count--;
    pthread_mutex_unlock(&t->lock);
    notify_call_clear(&c->call);
    mem_free(c);
}

void trials_free(struct trials *t)
{
    if (!t) {
        return;
    }
    while (t->calls) {
        call_leave(t->calls);
    }
    pthread_mutex_destroy(&t->lock);
    mem_free(t);
}

/* ---- what came of it ---- */

static enum err record_run(struct store_unit *u, struct tx *tx)
{
    struct trial_call *c = unit_owner(u, struct trial_call, unit);
    struct trial_send_row row = {
        .trial_id = c->trial_id,
        .number = c->number,
        .sent_at = c->sent_at,
        .duration_ms = c->duration_ms,
        .status = c->status,
        .error = c->error[0] ? str_from(c->error) : STR_ABSENT,
        .reply = {c->reply, c->reply_n},
    };
    return store_trial_send_done(tx, &row);
}

static void record_done(struct store_unit *u, enum err result)
{
    struct trial_call *c = unit_owner(u, struct trial_call, unit);
    if (result != ERR_OK) {
        log_warn("trial_not_recorded", LOG_I("trial", c->trial_id), LOG_ERR(result));
    }
    call_leave(c);
}

static void record(struct trial_call *c)
{
    c->unit = (struct store_unit){.run = record_run, .done = record_done};
    enum err e = store_submit(c->owner->service->store, &c->unit);
    if (e != ERR_OK) {
        record_done(&c->unit, e);
    }
}

/* ---- the call ---- */

static void sent(void *arg, const struct httpc_result *r)
{
    struct trial_call *c = arg;
    c->duration_ms = r->duration_ms;
    c->status = r->outcome == HTTPC_ANSWERED ? r->status : 0;
    if (r->error) {
        snprintf(c->error, sizeof c->error, "%s", r->error);
    }
    if (r->outcome == HTTPC_ANSWERED && r->body.n > 0) {
        c->reply_n = r->body.n < sizeof c->reply ? r->body.n : sizeof c->reply;
        memcpy(c->reply, r->body.p, c->reply_n);
    }
    record(c);
}

static void send_now(void *arg)
{
    struct trial_call *c = arg;
    const struct config *config = c->owner->service->config;
    c->sent_at = clock_now_ms(c->owner->service->clock);
    struct httpc_request rq = {
        .method = c->call.method,
        .url = c->call.url,
        .headers = c->call.headers,
        .body = c->call.body,
        .timeout_ms = config->notify_timeout_ms,
        .connect_timeout_ms = config->notify_connect_timeout_ms,
        .reply_max = TRIAL_REPLY_MAX,
        .truncate = true,
        .public_only = !config->notify_allow_private_addresses,
        .slow_ms = c->slow_ms,
        .done = sent,
        .arg = c,
    };
    if (httpc_submit(c->owner->service->httpc, &rq) != ERR_OK) {
        call_leave(c);
    }
}

/* While the service stops it stays in the list, for trials_free. */
static void send_later(struct trial_call *c)
{
    if (c->delay_ms == 0) {
        send_now(c);
    } else if (work_defer(c->owner->service->work, c->delay_ms, send_now, c) != ERR_OK) {
        call_leave(c);
    }
}

/* ---- the order ---- */

struct ordering {
    struct trials *trials;
    struct trial_order *o;
    struct arena arena;
    struct endpoint_row endpoint;
    struct str order_id;
    const struct change_by *by;
    int64_t now;
    int64_t public_id;
    struct trial_call *calls[TRIAL_SENDS_MAX];
    int count;
};

static void webhook_id_make(struct ordering *x, struct trial_call *c)
{
    uint8_t raw[16];
    char id[UUID_LEN + 1];
    if (c->step.again) {
        memcpy(c->webhook_id, x->calls[0]->webhook_id, sizeof c->webhook_id);
        return;
    }
    random_uuid(raw);
    uuid_format(raw, id);
    snprintf(c->webhook_id, sizeof c->webhook_id, "msg_%s", id);
}

static struct str first_service(const struct account_view *v)
{
    return str_sub(v->row.services, 0, str_find(v->row.services, ',', 0));
}

static enum err call_fill(struct ordering *x, const struct account_view *v, struct trial_call *c)
{
    struct trial_order *o = x->o;
    struct notify_call *n = &c->call;
    arena_init(&n->arena, NOTIFY_CALL_ARENA_MAX);
    n->trial = trial_kind_text(o->kind);
    n->spoilt = o->kind == TRIAL_WRONG_SIGNATURE;
    n->row = (struct outbox_row){
        .webhook_id = str_from(c->webhook_id),
        .sequence = c->step.sequence,
        .payment_status = c->step.paid ? STR("paid") : STR("cancel"),
        .payment_amount = c->step.paid ? o->amount : MONEY_ZERO,
    };
    n->payment = (struct payment_row){
        .id = x->public_id,
        .order_id = x->order_id,
        .amount = o->amount,
        .service = first_service(v),
        .desc = STR("Kassa trial: no payment"),
    };
    enum err e =
        notify_call_trial(x->trials->service, n, v, &x->endpoint, x->now + c->step.delay_ms);
    if (e == ERR_OK && n->park_reason) {
        o->why = n->park_reason;
        return ERR_STATE;
    }
    if (e == ERR_OK && o->kind == TRIAL_SLOW) {
        int64_t half = x->trials->service->config->notify_timeout_ms / 2;
        c->slow_ms = half < SLOW_MS ? half : SLOW_MS;
        e = str_absent(n->body) ? ERR_RANGE : ERR_OK;
    }
    return e;
}

static enum err calls_make(struct ordering *x, const struct account_view *v)
{
    struct trial_step steps[TRIAL_SENDS_MAX];
    enum err e = ERR_OK;
    int count = trial_plan(x->o->kind, x->o->delay_ms, steps);
    for (int i = 0; e == ERR_OK && i < count; i++) {
        struct trial_call *c = mem_alloc(sizeof *c);
        c->owner = x->trials;
        c->number = i + 1;
        c->step = steps[i];
        c->delay_ms = steps[i].delay_ms;
        if (!call_enter(c)) {
            mem_free(c);
            return ERR_BUSY;
        }
        x->calls[x->count++] = c;
        webhook_id_make(x, c);
        e = call_fill(x, v, c);
    }
    return e;
}

static enum err order_check(struct ordering *x)
{
    struct trial_order *o = x->o;
    uint32_t raw[3];
    char text[sizeof TRIAL_ORDER_PREFIX + TRIAL_REFERENCE_MAX];
    random_bytes(raw, sizeof raw);
    o->amount = o->amount.poisha ? o->amount : money_poisha(TRIAL_AMOUNT_DEFAULT);
    o->delay_ms = o->delay_ms ? o->delay_ms : TRIAL_DELAY_DEFAULT_MS;
    if (o->amount.poisha <= 0 || o->amount.poisha > MONEY_API_MAX_POISHA ||
        o->delay_ms < TRIAL_DELAY_MIN_MS || o->delay_ms > TRIAL_DELAY_MAX_MS ||
        (!str_absent(o->reference) && !trial_reference_fit(o->reference))) {
        return ERR_RANGE;
    }
    if (str_absent(o->reference)) {
        snprintf(text, sizeof text, TRIAL_ORDER_PREFIX "%08x%08x", raw[0], raw[1]);
    } else {
        snprintf(text, sizeof text, TRIAL_ORDER_PREFIX "%.*s", STR_FMT(o->reference));
    }
    x->order_id = arena_copy(&x->arena, str_from(text));
    x->public_id = 1 + raw[2] % ID_END;
    return ERR_OK;
}

static enum err sends_add(const struct ordering *x, struct tx *tx)
{
    enum err e = ERR_OK;
    for (int i = 0; e == ERR_OK && i < x->count; i++) {
        const struct trial_call *c = x->calls[i];
        struct trial_send_row row = {
            .trial_id = x->o->id,
            .number = c->number,
            .webhook_id = str_from(c->webhook_id),
            .sequence = c->step.sequence,
            .payment_status = c->call.row.payment_status,
            .due_at = tx_now_ms(tx) + c->delay_ms,
            .error = STR_ABSENT,
            .reply = STR_ABSENT,
        };
        e = store_trial_send_add(tx, &row);
    }
    return e;
}

static enum err order_unit(struct tx *tx, void *arg, struct change_note *note)
{
    struct ordering *x = arg;
    char who[32];
    int n = snprintf(who, sizeof who, "trial:%" PRId64, x->endpoint.account_id);
    struct trial_row row = {
        .account_id = x->endpoint.account_id,
        .endpoint_id = x->endpoint.id,
        .kind = str_from(trial_kind_text(x->o->kind)),
        .order_id = x->order_id,
        .amount = x->o->amount,
        .actor = x->by->actor,
        .created_at = tx_now_ms(tx),
    };
    enum err e = store_guess_take(
        tx, (struct str){who, (size_t)n}, x->trials->service->config->limits_trials_per_minute);
    e = e == ERR_OK ? store_trial_forget(tx, x->endpoint.id, tx_now_ms(tx) - KEEP_MS) : e;
    e = e == ERR_OK ? store_trial_add(tx, &row) : e;
    x->o->id = row.id;
    note->action = "endpoint.try";
    note->uncached = true;
    note->account_id = x->endpoint.account_id;
    change_target_id(note, "endpoint", x->endpoint.id);
    json_w_kstr(&note->w, "kind", row.kind);
    json_w_kstr(&note->w, "order_id", row.order_id);
    return e == ERR_OK ? sends_add(x, tx) : e;
}

static enum err order_make(struct ordering *x)
{
    struct service *s = x->trials->service;
    struct db *db = store_reader(s->store);
    enum err e =
        db ? store_endpoint_get(db, &x->arena, x->o->endpoint_id, &x->endpoint) : ERR_STORE_IO;
    if (e == ERR_OK && x->endpoint.deleted_at) {
        e = ERR_NO_ROW;
    }
    e = e == ERR_OK ? order_check(x) : e;
    if (e != ERR_OK) {
        return e;
    }
    const struct account_view *v = accounts_get_by_id(s->accounts, x->endpoint.account_id);
    if (!v) {
        x->o->why = "account_disabled";
        return ERR_STATE;
    }
    e = calls_make(x, v);
    e = e == ERR_OK ? change_run(s->store, x->by, order_unit, x) : e;
    accounts_release(v);
    return e;
}

enum err trial_order(struct trials *t, const struct change_by *by, struct trial_order *o)
{
    struct ordering x = {.trials = t, .o = o, .by = by, .now = clock_now_ms(t->service->clock)};
    arena_init(&x.arena, ARENA_MAX);
    enum err e = order_make(&x);
    for (int i = 0; i < x.count; i++) {
        if (e == ERR_OK) {
            x.calls[i]->trial_id = o->id;
            send_later(x.calls[i]);
        } else {
            call_leave(x.calls[i]);
        }
    }
    arena_clear(&x.arena);
    return e;
}
