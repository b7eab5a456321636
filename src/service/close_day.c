#include "service/close_day.h"

#include "base/log.h"
#include "base/mem.h"
#include "service/errand.h"
#include "service/work.h"
#include "store/store_wallet.h"
#include "wallet/wallet.h"

#define HOUR_MS INT64_C(3600000)
#define BROKEN_AGAIN_MS (HOUR_MS / 4)
#define DUE_MAX 16
#define ANSWER_BYTES_MAX 16384
#define BUSY_RETRY_MS 50
#define STORE_RETRY_MS 1000

/* A day's command, from the commit of its row to that of its answer. */
struct closing {
    struct store_unit unit;
    struct service *service;
    int64_t broken_before;
    int64_t begun_ms;     /* monotonic, in the unit */
    struct close_row row; /* texts in `arena`, or static */
    struct arena arena;
};

static void closing_free(struct closing *c)
{
    arena_clear(&c->arena);
    mem_free(c);
}

/* ---- the answer ---- */

static void end_submit(void *arg);

static enum err end_run(struct store_unit *u, struct tx *tx)
{
    return store_close_end(tx, &unit_owner(u, struct closing, unit)->row);
}

static void end_submit_later(struct closing *c, int64_t delay_ms)
{
    if (work_defer(c->service->work, delay_ms, end_submit, c) != ERR_OK) {
        closing_free(c);
    }
}

static void end_done(struct store_unit *u, enum err result)
{
    struct closing *c = unit_owner(u, struct closing, unit);
    if (result == ERR_STORE_BUSY || result == ERR_STORE_FULL || result == ERR_STORE_IO) {
        end_submit_later(c, STORE_RETRY_MS);
        return;
    }
    if (result != ERR_OK) {
        log_error(
            "close_day_not_stored", LOG_I("credential", c->row.credential_id), LOG_ERR(result));
    }
    closing_free(c);
}

static void end_submit(void *arg)
{
    struct closing *c = arg;
    c->unit = (struct store_unit){.run = end_run, .done = end_done};
    enum err e = store_submit(c->service->store, &c->unit);
    if (e == ERR_BUSY) {
        end_submit_later(c, BUSY_RETRY_MS);
    } else if (e != ERR_OK) {
        closing_free(c);
    }
}

static const char *state_of(enum wallet_outcome outcome)
{
    switch (outcome) {
    case WALLET_OK:
        return "done";
    case WALLET_DECLINED:
        return "refused";
    case WALLET_BROKEN:
        return "broken";
    case WALLET_PENDING:
    case WALLET_UNKNOWN:
        break;
    }
    return "unknown";
}

static void answered(void *arg, const struct wallet_answer *a)
{
    struct closing *c = arg;
    c->row.state = str_from(state_of(a->outcome));
    c->row.code = arena_copy(&c->arena, a->code);
    c->row.answer = str_absent(a->message) ? STR_ABSENT : arena_copy(&c->arena, a->message);
    end_submit(c);
}

/* ---- the command ---- */

static void closing_start(void *arg)
{
    struct closing *c = arg;
    const struct wallet_ops *ops = wallet_ops_find(WALLET_ROCKET);
    ensure(ops && ops->close_day, "Rocket's connector knows how to close a day");
    if (clock_mono_ms() - c->begun_ms > CALL_BEGINS_MS) {
        struct wallet_answer late = {.outcome = WALLET_BROKEN, .code = STR("too_late")};
        answered(c, &late);
        return;
    }
    ops->close_day(c->service->wallets, c->row.credential_id, answered, c);
}

static enum err begin_run(struct store_unit *u, struct tx *tx)
{
    struct closing *c = unit_owner(u, struct closing, unit);
    c->begun_ms = clock_mono_ms();
    return store_close_begin(tx, c->row.credential_id, c->row.day, c->broken_before);
}

static void close_one(struct service *s, int64_t credential_id, int32_t day, int64_t broken_before)
{
    struct closing *c = mem_alloc(sizeof *c);
    c->unit.run = begin_run;
    c->service = s;
    c->broken_before = broken_before;
    c->row = (struct close_row){.credential_id = credential_id, .day = day};
    arena_init(&c->arena, ANSWER_BYTES_MAX);
    enum err e = store_run(s->store, &c->unit);
    if (e == ERR_OK) {
        e = work_defer(s->work, 0, closing_start, c);
    }
    if (e == ERR_OK) {
        return;
    }
    if (e != ERR_CONFLICT && e != ERR_STOPPING) {
        log_error("close_day_not_begun", LOG_I("credential", credential_id), LOG_ERR(e));
    }
    closing_free(c);
}

void close_day_look(struct service *s, struct db *db, int64_t now)
{
    int64_t ids[DUE_MAX];
    int count = 0;
    int32_t day = dhaka_day(now);
    const struct config *config = s->config;
    if (!config->rocket_close_day ||
        now < dhaka_day_start_ms(day) + config->rocket_close_hour * HOUR_MS) {
        return;
    }
    enum err e = store_close_due(db, day, now - BROKEN_AGAIN_MS, ids, DUE_MAX, &count);
    if (e != ERR_OK) {
        log_error("days_to_close_not_read", LOG_ERR(e));
        return;
    }
    for (int i = 0; i < count; i++) {
        close_one(s, ids[i], day, now - BROKEN_AGAIN_MS);
    }
}
