#include "service/notice_judge.h"

#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "service/errand.h"
#include "service/work.h"
#include "store/store_wallet.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define LOOK_FIRST_MS (2 * MINUTE_MS)
#define LOOK_STEPS_MAX 7 /* then every four hours */
#define GIVE_UP_MS (2 * DAY_MS)

struct finding {
    const char *verdict;
    const char *reason; /* NULL: none */
    int64_t look_at;    /* 0: never again */
};

void notice_case_reset(struct notice_case *c)
{
    if (c->asks) {
        work_end(c->service->work, c->attempt.id);
    }
    c->asks = c->wake_settle = false;
    arena_reset(c->arena);
}

void notice_case_act(struct notice_case *c)
{
    if (c->asks) {
        errand_send(errand_new(c->service, ERRAND_QUERY, &c->attempt, STR_ABSENT));
        c->asks = false;
    }
    if (c->wake_settle) {
        work_kick_settle(c->service->work);
    }
}

static bool needs_person(const char *verdict)
{
    static const char *const words[] = {"early", "differs", "review", "unreadable"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(verdict, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t look_next(const struct notice_row *row, int64_t now)
{
    int64_t step = row->looks < LOOK_STEPS_MAX ? row->looks : LOOK_STEPS_MAX;
    return now + (LOOK_FIRST_MS << step);
}

/* Names what the notice says differently from us; NULL when all fits. */
static const char *differs(const struct notice_row *row, const struct attempt_row *a)
{
    if (!money_eq(row->amount, a->amount)) {
        return "amount_differs";
    }
    if (!str_absent(row->currency) && !str_eq(row->currency, a->currency)) {
        return "currency_differs";
    }
    return NULL;
}

/* The execute's answer was lost, or is late: the query need not wait any more. A call that is under way answers by itself. */
static enum err query_forward(struct notice_case *c, struct tx *tx, const struct attempt_row *a)
{
    struct attempt_row to = *a;
    if (work_has(c->service->work, a->id) || a->next_ask_at <= tx_now_ms(tx)) {
        return ERR_OK;
    }
    to.next_ask_at = tx_now_ms(tx);
    c->wake_settle = true;
    return store_attempt_cas(tx, a, &to);
}

/* Of an attempt that settle does not ask about any more. */
static void ask(struct notice_case *c, const struct attempt_row *a)
{
    if (work_begin(c->service->work, a->id, WORK_ASK)) {
        c->asks = true;
        c->attempt = *a;
    }
}

/* Before our execute no money can move, so the notice claims what can't be: the payer's way is not disturbed by it, and it is
 * judged again when it can have been paid or has run out. */
static struct finding early(const struct notice_row *row, const struct payment_row *p, int64_t now)
{
    return (struct finding){
        .verdict = "early",
        .reason = "not_executed_by_us",
        .look_at = p->expires_at > now ? p->expires_at + MINUTE_MS : look_next(row, now),
    };
}

static struct finding never_executed(struct notice_case *c, const struct notice_row *row,
    const struct payment_row *p, const struct attempt_row *a, int64_t now)
{
    bool declined = a->state == ATTEMPT_DECLINED;
    if (!declined && !payment_is_final(p->state)) {
        return early(row, p, now);
    }
    if (str_absent(a->wallet_ref)) {
        return (struct finding){.verdict = "review", .reason = "without_a_reference"};
    }
    ask(c, a);
    return (struct finding){.verdict = "asked", .look_at = look_next(row, now)};
}

static enum err judge_attempt(struct notice_case *c, struct tx *tx, const struct notice_row *row,
    const struct payment_row *p, const struct attempt_row *a, struct finding *ret)
{
    int64_t now = tx_now_ms(tx);
    switch (a->state) {
    case ATTEMPT_EXECUTING:
    case ATTEMPT_UNKNOWN:
        *ret = (struct finding){.verdict = "asked", .look_at = look_next(row, now)};
        return query_forward(c, tx, a);
    case ATTEMPT_PAID:
        *ret = (struct finding){.verdict = "differs", .reason = "paid_under_another_trx_id"};
        return ERR_OK;
    case ATTEMPT_REVIEW:
        *ret = (struct finding){.verdict = "review", .reason = "attempt_under_review"};
        return ERR_OK;
    case ATTEMPT_CREATING:
    case ATTEMPT_REDIRECTED:
    case ATTEMPT_REFUSED:
    case ATTEMPT_CANCELLED:
    case ATTEMPT_DECLINED:
    case ATTEMPT_FAILED:
        *ret = never_executed(c, row, p, a, now);
        return ERR_OK;
    case ATTEMPT_STATE_COUNT:
        break;
    }
    return ERR_INTERNAL;
}

/* ERR_NO_ROW: it is about none of ours. */
static enum err attempt_find(
    struct notice_case *c, struct tx *tx, struct notice_row *row, struct attempt_row *ret)
{
    int64_t id = 0;
    enum err e =
        str_absent(row->invoice) ? ERR_NO_ROW : store_notice_attempt(tx_db(tx), row->invoice, &id);
    if (e == ERR_OK) {
        e = store_attempt_by_id(tx_db(tx), c->arena, id, ret);
    }
    if (e == ERR_OK) {
        row->payment_id = ret->payment_id;
        row->attempt_id = ret->id;
    }
    return e;
}

/* A credential that took an older one's place belongs to the same account, and so may its topic's be the older one. */
static enum err receiver_fits(
    struct notice_case *c, struct tx *tx, int64_t topics, int64_t attempts, bool *ret)
{
    struct credential_row mine, theirs;
    *ret = topics == attempts;
    if (*ret) {
        return ERR_OK;
    }
    enum err e = store_credential_get(tx_db(tx), c->arena, topics, &mine);
    if (e == ERR_OK) {
        e = store_credential_get(tx_db(tx), c->arena, attempts, &theirs);
    }
    if (e == ERR_OK) {
        *ret = mine.account_id == theirs.account_id;
    }
    return e;
}

static enum err judge_uncounted(struct notice_case *c, struct tx *tx, const struct notice_row *row,
    const struct attempt_row *a, struct finding *ret)
{
    struct payment_row p;
    enum err e = store_payment_by_id(tx_db(tx), c->arena, a->payment_id, &p);
    if (e == ERR_OK) {
        e = judge_attempt(c, tx, row, &p, a, ret);
    }
    const char *why = e == ERR_OK ? differs(row, a) : NULL;
    if (why) {
        ret->verdict = "differs"; /* what is asked for is asked for all the same */
        ret->reason = why;
    }
    return e;
}

static struct finding judge_counted(
    const struct notice_row *row, const struct notice_credit *counted)
{
    if (!money_eq(counted->amount, row->amount)) {
        return (struct finding){.verdict = "differs", .reason = "counted_with_another_amount"};
    }
    if (row->payment_id && counted->payment_id != row->payment_id) {
        return (struct finding){.verdict = "differs", .reason = "counted_for_another_payment"};
    }
    return (struct finding){.verdict = "known"};
}

static enum err find(
    struct notice_case *c, struct tx *tx, struct notice_row *row, struct finding *ret)
{
    struct attempt_row a;
    struct notice_credit counted;
    bool fits = true;
    enum err e = attempt_find(c, tx, row, &a);
    bool ours = e == ERR_OK;
    if (ours) {
        e = receiver_fits(c, tx, row->credential_id, a.credential_id, &fits);
    }
    if (e != ERR_OK && e != ERR_NO_ROW) {
        return e;
    }
    if (!fits) {
        *ret = (struct finding){.verdict = "differs", .reason = "receiver_differs"};
        return ERR_OK;
    }
    e = store_notice_credit(
        tx_db(tx), ours ? a.credential_id : row->credential_id, row->trx_id, &counted);
    if (e == ERR_OK) {
        *ret = judge_counted(row, &counted);
    } else if (e == ERR_NO_ROW && ours) {
        e = judge_uncounted(c, tx, row, &a, ret);
    } else if (e == ERR_NO_ROW) {
        *ret = (struct finding){.verdict = "elsewhere"};
        e = ERR_OK;
    }
    return e;
}

static enum err event_add(struct tx *tx, const struct notice_row *row, const struct finding *f)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "verdict", f->verdict);
    json_w_kstr(&w, "trx_id", row->trx_id);
    json_w_kint(&w, "amount_poisha", row->amount.poisha);
    json_w_close(&w);
    struct event_row event = {
        .payment_id = row->payment_id,
        .attempt_id = row->attempt_id,
        .at = tx_now_ms(tx),
        .actor = STR("wallet"),
        .event = STR("wallet_notice"),
        .from_state = STR_ABSENT,
        .to_state = STR_ABSENT,
        .reason = str_from(f->reason ? f->reason : f->verdict),
        .detail = buf_ok(&b) ? buf_view(&b) : STR_ABSENT,
    };
    enum err e = store_event_add(tx, &event);
    buf_clear(&b);
    return e;
}

static void tell(const struct notice_row *row, const struct finding *f)
{
    const char *reason = f->reason ? f->reason : "";
    if (!needs_person(f->verdict)) {
        log_info("wallet_notice", LOG_C("verdict", f->verdict), LOG_S("trx_id", row->trx_id),
            LOG_I("payment", row->payment_id));
        return;
    }
    metric_add(METRIC_wallet_notices_review_total, 1);
    log_alarm("wallet_notice_needs_a_person", LOG_C("verdict", f->verdict), LOG_C("reason", reason),
        LOG_S("message", row->message_id), LOG_S("trx_id", row->trx_id),
        LOG_I("payment", row->payment_id), LOG_I("attempt", row->attempt_id),
        LOG_MONEY("amount", row->amount));
}

enum err notice_judge(struct notice_case *c, struct tx *tx, struct notice_row *row)
{
    struct finding f = {.verdict = NULL};
    enum err e = find(c, tx, row, &f);
    if (e != ERR_OK) {
        return e;
    }
    if (tx_now_ms(tx) - row->received_at >= GIVE_UP_MS && strcmp(f.verdict, "early") != 0) {
        f.look_at = 0;
    }
    if (f.look_at == 0 && strcmp(f.verdict, "asked") == 0) {
        f = (struct finding){.verdict = "review", .reason = "never_confirmed"};
    }
    bool news = !str_is(row->verdict, f.verdict);
    if (news && row->payment_id) {
        e = event_add(tx, row, &f);
    }
    if (e == ERR_OK && news) {
        tell(row, &f);
    }
    row->verdict = str_from(f.verdict);
    row->look_at = f.look_at;
    return e;
}
