#include "service/deliver_try.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "service/audit_log.h"
#include "service/deliver_schedule.h"
#include "service/work.h"
#include "store/store_account.h"
#include <stdio.h>

#define SUBMITS_MAX 20
#define SUBMIT_AGAIN_MS 250
#define UNIT_ARENA_MAX (16 * 1024)
#define GONE 410

static void record(void *arg);

void deliver_try_free(struct deliver_try *t)
{
    notify_call_clear(&t->call);
    mem_free(t);
}

/* ---- the unit ---- */

/* 410: the receiver wants no more. The endpoint is closed for all its notifications; a per-request url only for this one. */
static enum err endpoint_disable(struct deliver_try *t, struct tx *tx)
{
    struct arena a;
    struct endpoint_row row;
    arena_init(&a, UNIT_ARENA_MAX);
    enum err e = store_endpoint_get(tx_db(tx), &a, t->call.endpoint_id, &row);
    if (e == ERR_OK && row.disabled_at == 0) {
        char target[40];
        snprintf(target, sizeof target, "endpoint:%lld", (long long)row.id);
        row.disabled_at = tx_now_ms(tx);
        row.disabled_reason = STR("the receiver answered 410");
        struct audit_event event = {
            .actor = STR("kassad"),
            .account_id = row.account_id,
            .action = "endpoint.disable",
            .target = str_from(target),
            .before = STR("{\"enabled\":true}"),
            .after = STR("{\"enabled\":false,\"reason\":\"the receiver answered 410\"}"),
        };
        e = store_endpoint_update(tx, &row);
        e = e == ERR_OK ? audit_log_write(tx, &event) : e;
        e = e == ERR_OK ? store_change_bump(tx) : e;
    }
    arena_clear(&a);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

static enum err park(struct deliver_try *t, struct tx *tx, const char *reason)
{
    t->end = DELIVER_PARKED;
    return store_outbox_park(tx, t->call.row.id, t->owner, str_from(reason));
}

static enum err try_add(struct deliver_try *t, struct tx *tx)
{
    /* GET carries the payload in its address: the log of tries shows where it went, not what */
    struct str url = str_sub(t->call.url, 0, str_find(t->call.url, '?', 0));
    struct outbox_try_row row = {
        .outbox_id = t->call.row.id,
        .number = t->call.row.tries + 1,
        .at = t->at,
        .duration_ms = t->duration_ms,
        .status = t->status,
        .url = url,
        .error = t->error[0] ? str_from(t->error) : STR_ABSENT,
        .reply = {t->reply, t->reply_n},
    };
    return store_outbox_try_add(tx, &row);
}

static enum err outcome_write(struct deliver_try *t, struct tx *tx)
{
    int64_t wait;
    if (t->status >= 200 && t->status <= 299) {
        t->end = DELIVER_DELIVERED;
        return store_outbox_delivered(tx, t->call.row.id, t->owner, tx_now_ms(tx));
    }
    if (t->status == GONE) {
        enum err e = t->call.endpoint_id ? endpoint_disable(t, tx) : ERR_OK;
        return e == ERR_OK ? park(t, tx, "gone") : e;
    }
    if (deliver_wait_ms(t->call.row.round + 1, t->jitter, &wait) != ERR_OK) {
        return park(t, tx, "tries_used_up");
    }
    wait = t->retry_after_ms > wait ? t->retry_after_ms : wait;
    t->end = DELIVER_RETRY;
    return store_outbox_retry(tx, t->call.row.id, t->owner, tx_now_ms(tx) + wait);
}

/* ERR_CONFLICT: the lease ran out and somebody else has it now; his record counts. */
static enum err record_run(struct store_unit *u, struct tx *tx)
{
    struct deliver_try *t = unit_owner(u, struct deliver_try, unit);
    if (t->call.park_reason) {
        return park(t, tx, t->call.park_reason);
    }
    enum err e = outcome_write(t, tx);
    return e == ERR_OK ? try_add(t, tx) : e;
}

static void metrics_count(const struct deliver_try *t)
{
    if (!t->call.park_reason) {
        metric_add(METRIC_notify_tries_total, 1);
        metric_observe(HISTOGRAM_notify_duration_us, t->duration_ms * 1000);
    }
    if (t->end == DELIVER_DELIVERED) {
        metric_add(METRIC_notify_delivered_total, 1);
    }
    /* an account that wants to be told nothing is no fault */
    bool unwanted = t->call.park_reason && strcmp(t->call.park_reason, "no_endpoint") == 0;
    if (t->end == DELIVER_PARKED && !unwanted) {
        metric_add(METRIC_notify_parked_total, 1);
        log_warn("notification_parked", LOG_I("outbox", t->call.row.id),
            LOG_I("payment", t->call.row.payment_id), LOG_I("status", t->status),
            LOG_C("reason", t->call.park_reason ? t->call.park_reason : t->error));
    }
}

static void record_done(struct store_unit *u, enum err result)
{
    struct deliver_try *t = unit_owner(u, struct deliver_try, unit);
    bool transient = result != ERR_OK && result != ERR_CONFLICT;
    if (transient && ++t->submits < SUBMITS_MAX &&
        work_defer(t->service->work, SUBMIT_AGAIN_MS, record, t) == ERR_OK) {
        return;
    }
    if (result == ERR_OK) {
        metrics_count(t);
    } else if (result != ERR_CONFLICT) {
        /* the lease ends, and it is sent again under the same id: at least once */
        log_error("notification_not_recorded", LOG_I("outbox", t->call.row.id), LOG_ERR(result));
    }
    t->ended(t->arg, t);
}

static void record(void *arg)
{
    struct deliver_try *t = arg;
    t->unit = (struct store_unit){.run = record_run, .done = record_done};
    enum err e = store_submit(t->service->store, &t->unit);
    if (e != ERR_OK) {
        record_done(&t->unit, e);
    }
}

/* ---- the call ---- */

static void sent(void *arg, const struct httpc_result *r)
{
    struct deliver_try *t = arg;
    t->duration_ms = r->duration_ms;
    t->status = r->outcome == HTTPC_ANSWERED ? r->status : 0;
    if (r->error) {
        snprintf(t->error, sizeof t->error, "%s", r->error);
    }
    if (r->outcome == HTTPC_ANSWERED && r->body.n > 0) {
        t->reply_n = r->body.n < sizeof t->reply ? r->body.n : sizeof t->reply;
        memcpy(t->reply, r->body.p, t->reply_n);
    }
    if ((t->status == 429 || t->status == 503) && !str_absent(r->retry_after) &&
        deliver_retry_after_ms(
            r->retry_after, clock_now_ms(t->service->clock), &t->retry_after_ms) != ERR_OK) {
        t->retry_after_ms = 0;
    }
    t->answered(t->arg, t);
    if (t->status == 0 && strcmp(t->error, "stopping") == 0) {
        deliver_try_put_off(t, 0); /* the next start sends it again */
    } else {
        record(t);
    }
}

void deliver_try_send(struct deliver_try *t)
{
    const struct config *c = t->service->config;
    if (clock_mono_ms() > t->send_by_ms) {
        deliver_try_put_off(t, 0);
        return;
    }
    random_bytes(&t->jitter, sizeof t->jitter);
    t->at = clock_now_ms(t->service->clock);
    struct httpc_request rq = {
        .method = t->call.method,
        .url = t->call.url,
        .headers = t->call.headers,
        .body = t->call.body,
        .timeout_ms = c->notify_timeout_ms,
        .connect_timeout_ms = c->notify_connect_timeout_ms,
        .reply_max = OUTBOX_REPLY_MAX,
        .truncate = true,
        .public_only = !c->notify_allow_private_addresses,
        .done = sent,
        .arg = t,
    };
    if (httpc_submit(t->service->httpc, &rq) != ERR_OK) {
        deliver_try_put_off(t, 0);
    }
}

void deliver_try_park(struct deliver_try *t)
{
    record(t);
}

static enum err put_off_run(struct store_unit *u, struct tx *tx)
{
    struct deliver_try *t = unit_owner(u, struct deliver_try, unit);
    return store_outbox_retry(tx, t->id, t->owner, tx_now_ms(tx) + t->later_ms);
}

/* A row that could not even be put off comes back when its lease ends. */
static void put_off_done(struct store_unit *u, enum err result)
{
    struct deliver_try *t = unit_owner(u, struct deliver_try, unit);
    if (result != ERR_OK && result != ERR_CONFLICT) {
        log_warn("notification_not_put_off", LOG_I("outbox", t->id), LOG_ERR(result));
    }
    t->ended(t->arg, t);
}

void deliver_try_put_off(struct deliver_try *t, int64_t later_ms)
{
    t->later_ms = later_ms;
    t->unit = (struct store_unit){.run = put_off_run, .done = put_off_done};
    enum err e = store_submit(t->service->store, &t->unit);
    if (e != ERR_OK) {
        put_off_done(&t->unit, e);
    }
}
