#include "service/notices.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "service/notice_cert.h"
#include "service/notice_judge.h"
#include "wallet/bkash.h"
#include "wallet/sns.h"
#include <stdatomic.h>

/* Each may hold a body of SNS_BODY_MAX. */
#define PENDING_MAX 64
#define SCRATCH_BYTES_MAX (1U << 20)
#define CONFLICT_TRIES_MAX 10
#define CONFIRM_REPLY_MAX ((size_t)64 * 1024)
#define LOOKS_AT_ONCE 64
/* Strangers choose how many there are; the metric counts them all. */
#define REFUSALS_LOGGED_PER_MINUTE 60
#define MINUTE_MS INT64_C(60000)

struct notices {
    struct service *service;
    struct notice_certs *certs;
    atomic_int pending;
    _Atomic int64_t minute_ms; /* that the refusals below were logged in */
    atomic_int logged;
};

struct job {
    struct store_unit unit;
    struct cert_check check;
    struct notices *owner;
    struct arena arena;   /* the body's tree, the topic */
    struct arena scratch; /* the unit's */
    struct buf text;      /* what is signed */
    struct sns_message m;
    struct topic_row topic;
    struct notice_row row;
    struct notice_case c;
    int tries;
    void (*done)(void *arg, enum notice_end end);
    void *arg;
};

struct notices *notices_new(struct service *s)
{
    struct notices *n = mem_alloc(sizeof *n);
    n->service = s;
    n->certs = notice_certs_new(s);
    return n;
}

void notices_free(struct notices *n)
{
    if (!n) {
        return;
    }
    notice_certs_free(n->certs);
    mem_free(n);
}

/* ---- a job's life ---- */

static struct job *job_new(struct notices *n)
{
    struct job *j = mem_alloc(sizeof *j);
    j->owner = n;
    arena_init(&j->arena, SNS_ARENA_MAX);
    arena_init(&j->scratch, SCRATCH_BYTES_MAX);
    buf_init(&j->text, 2 * SNS_BODY_MAX);
    j->c = (struct notice_case){.service = n->service, .arena = &j->scratch};
    return j;
}

static void job_end(struct job *j, enum notice_end end)
{
    void (*done)(void *, enum notice_end) = j->done;
    void *arg = j->arg;
    if (end == NOTICE_REFUSED || end == NOTICE_MALFORMED) {
        metric_add(METRIC_wallet_notices_refused_total, 1);
    } else if (end == NOTICE_LATER) {
        metric_add(METRIC_wallet_notices_later_total, 1);
    }
    atomic_fetch_sub(&j->owner->pending, 1);
    arena_clear(&j->arena);
    arena_clear(&j->scratch);
    buf_clear(&j->text);
    mem_free(j);
    done(arg, end);
}

/* About so many: two threads may begin a minute together. */
static bool refusal_is_logged(struct notices *n)
{
    int64_t now = clock_mono_ms();
    if (now - atomic_load(&n->minute_ms) >= MINUTE_MS) {
        atomic_store(&n->minute_ms, now);
        atomic_store(&n->logged, 0);
    }
    return atomic_fetch_add(&n->logged, 1) < REFUSALS_LOGGED_PER_MINUTE;
}

static void job_refuse(struct job *j, const char *reason)
{
    if (!refusal_is_logged(j->owner)) {
        job_end(j, NOTICE_REFUSED);
        return;
    }
    log_warn("wallet_notice_refused", LOG_C("reason", reason), LOG_S("topic", j->m.topic_arn),
        LOG_S("message", j->m.message_id), LOG_S("certificate", j->m.cert_url));
    job_end(j, NOTICE_REFUSED);
}

/* ---- storing ---- */

static struct str payer_mask(struct job *j, struct str payer)
{
    struct buf b;
    if (str_absent(payer)) {
        return STR_ABSENT;
    }
    buf_init(&b, 256);
    text_mask_number(&b, payer);
    struct str mask = arena_copy(&j->arena, buf_view(&b));
    buf_clear(&b);
    return mask;
}

/* What can't be read, or tells of no payment, is kept too: SNS would only send it again. */
static void row_fill(struct job *j)
{
    struct bkash_notice n;
    j->row =
        (struct notice_row){.message_id = j->m.message_id, .credential_id = j->topic.credential_id};
    if (bkash_read_notice(&j->arena, j->m.message, &n) != ERR_OK) {
        j->row.verdict = STR("unreadable");
        return;
    }
    j->row.trx_id = n.trx_id;
    j->row.invoice = n.invoice;
    j->row.amount = n.amount;
    j->row.currency = n.currency;
    j->row.channel = n.type;
    j->row.payer_mask = payer_mask(j, n.payer);
    j->row.paid_at = n.at_ms;
    if (!str_is(n.status, "Completed")) {
        j->row.verdict = STR("ignored");
    }
}

static enum err notification_run(struct job *j, struct tx *tx)
{
    struct notice_row row = j->row;
    int64_t id = 0;
    enum err e = store_notice_find(tx_db(tx), row.message_id, &id);
    if (e != ERR_NO_ROW) {
        return e == ERR_OK ? ERR_DUPLICATE : e;
    }
    row.received_at = tx_now_ms(tx);
    if (str_absent(row.verdict)) {
        e = notice_judge(&j->c, tx, &row);
        if (e != ERR_OK) {
            return e;
        }
    } else if (str_is(row.verdict, "unreadable")) {
        metric_add(METRIC_wallet_notices_review_total, 1);
        log_alarm("wallet_notice_needs_a_person", LOG_C("verdict", "unreadable"),
            LOG_S("message", row.message_id), LOG_S("topic", j->m.topic_arn));
    }
    return store_notice_add(tx, &row);
}

static enum err job_run(struct store_unit *u, struct tx *tx)
{
    struct job *j = unit_owner(u, struct job, unit);
    notice_case_reset(&j->c);
    switch (j->m.type) {
    case SNS_NOTIFICATION:
        return notification_run(j, tx);
    case SNS_SUBSCRIPTION:
        return store_topic_confirm(tx, j->topic.id, tx_now_ms(tx));
    case SNS_UNSUBSCRIPTION:
        return store_topic_confirm(tx, j->topic.id, 0);
    }
    return ERR_INTERNAL;
}

static void job_stored(struct job *j)
{
    switch (j->m.type) {
    case SNS_NOTIFICATION:
        metric_add(METRIC_wallet_notices_total, 1);
        notice_case_act(&j->c);
        break;
    case SNS_SUBSCRIPTION:
        log_info("wallet_topic_confirmed", LOG_S("topic", j->topic.arn));
        break;
    case SNS_UNSUBSCRIPTION:
        log_alarm("wallet_topic_unsubscribed", LOG_S("topic", j->topic.arn));
        break;
    }
    job_end(j, NOTICE_TAKEN);
}

static void job_done(struct store_unit *u, enum err result)
{
    struct job *j = unit_owner(u, struct job, unit);
    if (result == ERR_OK) {
        job_stored(j);
        return;
    }
    notice_case_reset(&j->c);
    if (result == ERR_DUPLICATE) {
        metric_add(METRIC_wallet_notices_again_total, 1);
        job_end(j, NOTICE_TAKEN);
        return;
    }
    if (result == ERR_CONFLICT && ++j->tries < CONFLICT_TRIES_MAX &&
        store_submit(j->owner->service->store, u) == ERR_OK) {
        return;
    }
    log_error("wallet_notice_not_stored", LOG_S("message", j->m.message_id), LOG_ERR(result));
    job_end(j, NOTICE_LATER);
}

static void job_store(struct job *j)
{
    j->unit = (struct store_unit){.run = job_run, .done = job_done};
    if (store_submit(j->owner->service->store, &j->unit) != ERR_OK) {
        job_end(j, NOTICE_LATER);
    }
}

/* ---- believing ---- */

static void confirmed(void *arg, const struct httpc_result *r)
{
    struct job *j = arg;
    if (r->outcome == HTTPC_ANSWERED && r->status == 200) {
        job_store(j);
        return;
    }
    log_error("wallet_topic_not_confirmed", LOG_S("topic", j->topic.arn),
        LOG_I("status", r->status), LOG_C("error", r->error ? r->error : ""));
    job_end(j, NOTICE_LATER);
}

static void checked(struct cert_check *check, enum cert_verdict v)
{
    struct job *j = unit_owner(check, struct job, check);
    if (v == CERT_BAD) {
        job_refuse(j, "signature");
    } else if (v == CERT_LATER) {
        job_end(j, NOTICE_LATER);
    } else if (j->m.type != SNS_SUBSCRIPTION) {
        if (j->m.type == SNS_NOTIFICATION) {
            row_fill(j);
        }
        job_store(j);
    } else if (notice_sns_get(j->owner->certs, j->m.subscribe_url, CONFIRM_REPLY_MAX, confirmed,
                   j) != ERR_OK) {
        job_end(j, NOTICE_LATER);
    }
}

/* Where SNS must be for this topic. */
static void origin_of(struct job *j, struct buf *b)
{
    const char *stand_in = j->owner->service->config->sandbox_sns_url;
    if (stand_in[0]) {
        buf_cstr(b, stand_in);
    } else {
        sns_origin(j->topic.arn, b);
    }
}

/* NULL: what it names may be called. */
static const char *addresses_refuse(struct job *j)
{
    struct buf origin;
    const char *reason = NULL;
    buf_init(&origin, 1024);
    origin_of(j, &origin);
    if (!sns_cert_url_allowed(j->m.cert_url, buf_view(&origin))) {
        reason = "certificate_host";
    } else if (j->m.type == SNS_SUBSCRIPTION &&
               !sns_subscribe_url_allowed(j->m.subscribe_url, buf_view(&origin), j->topic.arn)) {
        reason = "subscribe_url";
    }
    buf_clear(&origin);
    return reason;
}

/* What costs least comes first: nothing is fetched or computed for a topic that is not pinned. */
static void job_begin(struct job *j, struct str body)
{
    struct db *db = store_reader(j->owner->service->store);
    enum err e = sns_parse(&j->arena, body, &j->m);
    if (e != ERR_OK) {
        job_end(j, NOTICE_MALFORMED);
        return;
    }
    e = db ? store_topic_by_arn(db, &j->arena, j->m.topic_arn, &j->topic) : ERR_STORE_IO;
    if (e != ERR_OK && e != ERR_NO_ROW) {
        job_end(j, NOTICE_LATER);
        return;
    }
    const char *reason = e == ERR_NO_ROW ? "topic" : addresses_refuse(j);
    if (reason) {
        job_refuse(j, reason);
        return;
    }
    sns_signed_text(&j->m, &j->text);
    j->check = (struct cert_check){
        .url = j->m.cert_url,
        .text = buf_view(&j->text),
        .signature = j->m.signature,
        .digest = j->m.digest,
        .fn = checked,
    };
    notice_certs_check(j->owner->certs, &j->check);
}

void notices_take(
    struct notices *n, struct str body, void (*done)(void *arg, enum notice_end end), void *arg)
{
    if (atomic_fetch_add(&n->pending, 1) >= PENDING_MAX) {
        atomic_fetch_sub(&n->pending, 1);
        metric_add(METRIC_wallet_notices_later_total, 1);
        done(arg, NOTICE_LATER);
        return;
    }
    struct job *j = job_new(n);
    j->done = done;
    j->arg = arg;
    job_begin(j, body);
}

/* ---- looking again ---- */

struct look {
    struct store_unit unit;
    struct arena arena;
    struct notice_case c;
    int64_t id;
};

static enum err look_run(struct store_unit *u, struct tx *tx)
{
    struct look *l = unit_owner(u, struct look, unit);
    struct notice_row row;
    notice_case_reset(&l->c);
    enum err e = store_notice_get(tx_db(tx), &l->arena, l->id, &row);
    if (e != ERR_OK || row.look_at == 0 || row.look_at > tx_now_ms(tx)) {
        return e;
    }
    row.looks++;
    e = notice_judge(&l->c, tx, &row);
    return e == ERR_OK ? store_notice_judge(tx, &row) : e;
}

/* A failure is met again in a second. */
static void look_done(struct store_unit *u, enum err result)
{
    struct look *l = unit_owner(u, struct look, unit);
    if (result == ERR_OK) {
        notice_case_act(&l->c);
    } else {
        notice_case_reset(&l->c);
    }
    if (result != ERR_OK && result != ERR_CONFLICT) {
        log_error("wallet_notice_not_judged", LOG_I("notice", l->id), LOG_ERR(result));
    }
    arena_clear(&l->arena);
    mem_free(l);
}

void notices_look(struct notices *n, struct db *db, int64_t now)
{
    int64_t ids[LOOKS_AT_ONCE];
    int count = 0;
    enum err e = store_notice_due(db, now, ids, LOOKS_AT_ONCE, &count);
    if (e != ERR_OK) {
        log_error("due_notices_not_read", LOG_ERR(e));
        return;
    }
    for (int i = 0; i < count; i++) {
        struct look *l = mem_alloc(sizeof *l);
        l->unit = (struct store_unit){.run = look_run, .done = look_done};
        l->id = ids[i];
        arena_init(&l->arena, SCRATCH_BYTES_MAX);
        l->c = (struct notice_case){.service = n->service, .arena = &l->arena};
        if (store_submit(n->service->store, &l->unit) != ERR_OK) {
            arena_clear(&l->arena);
            mem_free(l);
            return;
        }
    }
}
