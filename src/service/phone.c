/* One message: whose it is, whether it is new, what it becomes. */
#include "service/phone.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/payer_end.h"
#include "service/number.h"
#include "service/phone_private.h"
#include "service/work.h"

#define ROW_BYTES_MAX 65536
#define SENDER_KEPT_MAX 64

/* A message on its way. */
struct taking {
    struct tx *tx;
    const struct phone_source *from;
    const struct phone_message *m;
    struct sms sms;
    struct sms_row row;
};

/* The digest of wallet, number and words: blanks and line ends differ between a phone's inbox and what it forwards. */
static void words_digest(const struct taking *t, uint8_t out[SHA256_LEN])
{
    struct buf b;
    buf_init(&b, (size_t)4 * SMS_BODY_MAX + 256);
    buf_printf(&b, "%lld\n", (long long)t->row.number_id);
    buf_str(
        &b, t->sms.kind == SMS_FOREIGN ? t->row.sender : str_from(wallet_kind_code(t->sms.wallet)));
    bool gap = true;
    for (size_t i = 0; i < t->row.body.n; i++) {
        char c = t->row.body.p[i];
        bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!blank) {
            if (gap)
                buf_char(&b, '\n');
            buf_char(&b, c);
        }
        gap = blank;
    }
    sha256(b.p, b.n, out);
    buf_clear(&b);
}

/* Keeps the message; ERR_DUPLICATE: it was told before. */
static enum err message_keep(struct taking *t, const char *state)
{
    t->row.state = str_from(state);
    return store_sms_add(t->tx, &t->row);
}

static enum err number_find(struct taking *t)
{
    if (t->from->number_id) {
        t->row.number_id = t->from->number_id;
        return ERR_OK;
    }
    enum err e = store_device_number(
        tx_db(t->tx), t->from->device_id, t->sms.wallet, t->m->sim, &t->row.number_id);
    return e == ERR_NO_ROW || e == ERR_CONFLICT ? ERR_OK : e;
}

static bool is_letter(struct str s, size_t i)
{
    return i < s.n && ((s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z'));
}

static bool holds_word(struct str s, struct str word)
{
    for (size_t i = 0; i + word.n <= s.n; i++)
        if (str_ieq(str_sub(s, i, i + word.n), word) && (i == 0 || !is_letter(s, i - 1)) &&
            !is_letter(s, i + word.n))
            return true;
    return false;
}

/* A secret code in words that no form knows: who opens an account by it must not find it here. Texts of money have a TrxID. */
static bool is_secret(struct str text)
{
    static const struct str codes[] = {{"OTP", 3}, {"PIN", 3}, {"code", 4}};
    if (holds_word(text, STR("TrxID")) || holds_word(text, STR("TxnID")))
        return false;
    for (size_t i = 0; i < array_len(codes); i++)
        if (holds_word(text, codes[i]))
            return true;
    return false;
}

static struct str body_kept(const struct taking *t)
{
    struct str text = t->m->text;
    bool unread = t->sms.kind == SMS_UNPARSED || t->sms.kind == SMS_FOREIGN;
    return text.n > SMS_BODY_MAX       ? STR("(too long)")
           : unread && is_secret(text) ? STR("(a secret code)")
                                       : text;
}

static void row_begin(struct taking *t)
{
    const struct phone_message *m = t->m;
    int64_t now = tx_now_ms(t->tx);
    int64_t told = t->sms.at_ms ? t->sms.at_ms : m->at_ms;
    t->row = (struct sms_row){.device_id = t->from->device_id,
        .sender = str_sub(m->sender, 0, m->sender.n < SENDER_KEPT_MAX ? m->sender.n : 0),
        .body = body_kept(t),
        .kind = str_from(sms_kind_text(t->sms.kind)),
        .why = str_from(sms_why_text(t->sms.why)),
        .trx_id = t->sms.trx_id[0] ? str_from(t->sms.trx_id) : STR_ABSENT,
        .reported_by = t->from->reported_by,
        .happened_at = told ? told : now,
        .seen_at = now};
}

/* Told for another number before, it is new to the balance of this one, whichever of both lies: what comes after it must not wait. */
static enum err conflict_link(struct taking *t)
{
    bool follows = false;
    enum err e = phone_chain_go(t->tx, t->row.number_id, &t->sms, &follows);
    return e == ERR_OK ? store_sms_set_why(
                             t->tx, t->row.id, follows ? PHONE_WHY_LINKED : PHONE_WHY_UNLINKED)
                       : e;
}

/* The same TrxID in other words: somebody lies. What nobody claimed yet is held, and neither the chain nor a second witness
 * frees it any more. */
static enum err conflict_take(struct taking *t, const struct number_credit_row *c)
{
    enum err e = message_keep(t, "conflict");
    if (e == ERR_OK && c->number_id != t->row.number_id)
        e = conflict_link(t);
    if (e == ERR_OK && (c->state == NUMBER_CREDIT_FREE || c->state == NUMBER_CREDIT_REVIEW))
        e = store_number_credit_move(
            t->tx, c->id, c->state, NUMBER_CREDIT_REVIEW, PHONE_REASON_TWICE);
    return e;
}

enum err phone_credit_free(struct tx *tx, const struct number_credit_row *c, bool *ret_free)
{
    bool known = !str_absent(c->payer_end);
    *ret_free = known;
    return store_number_credit_move(tx, c->id, c->state,
        known ? NUMBER_CREDIT_FREE : NUMBER_CREDIT_REVIEW,
        known ? STR_ABSENT : PHONE_REASON_NO_PAYER);
}

static enum err credit_add(struct taking *t, bool follows, enum phone_result *ret)
{
    const struct sms *s = &t->sms;
    char end[PAYER_END_CAP];
    payer_end_of_number(s->number, end);
    bool pasted = t->from->device_id == 0;
    bool free = follows && !pasted && end[0];
    struct number_credit_row c = {.wallet = s->wallet,
        .trx_id = str_from(s->trx_id),
        .number_id = t->row.number_id,
        .sms_id = t->row.id,
        .amount = s->amount,
        .balance = s->balance,
        .payer_mask = s->number_masked[0] ? str_from(s->number_masked) : STR_ABSENT,
        .payer_end = end[0] ? str_from(end) : STR_ABSENT,
        .received_at = s->at_ms,
        .seen_at = t->row.seen_at,
        .state = free ? NUMBER_CREDIT_FREE : NUMBER_CREDIT_REVIEW,
        .reason = free       ? STR_ABSENT
                  : pasted   ? PHONE_REASON_PASTED
                  : !follows ? PHONE_REASON_CHAIN
                             : PHONE_REASON_NO_PAYER};
    enum err e = store_number_credit_add(t->tx, &c);
    if (e == ERR_OK)
        *ret = free ? PHONE_CREDIT : PHONE_REVIEW;
    return e;
}

/* The message is kept before the chain moves, so that what was told before moves nothing. */
static enum err money_take(struct taking *t, enum phone_result *ret)
{
    bool follows = false;
    enum err e = message_keep(t, "done");
    if (e == ERR_OK)
        e = phone_chain_go(t->tx, t->row.number_id, &t->sms, &follows);
    if (e == ERR_OK && !follows)
        e = store_sms_set_state(t->tx, t->row.id, STR("broken"));
    if (e != ERR_OK)
        return e;
    if (sms_is_received(t->sms.kind))
        return credit_add(t, follows, ret);
    *ret = follows ? PHONE_BALANCE : PHONE_BROKEN;
    return ERR_OK;
}

static enum err known_take(struct taking *t, enum phone_result *ret)
{
    struct arena a;
    struct number_credit_row c;
    if (!sms_is_received(t->sms.kind))
        return money_take(t, ret);
    arena_init(&a, ROW_BYTES_MAX);
    enum err e =
        store_number_credit_find(tx_db(t->tx), &a, t->sms.wallet, str_from(t->sms.trx_id), &c);
    if (e == ERR_OK) {
        e = conflict_take(t, &c);
        *ret = PHONE_CONFLICT;
    } else if (e == ERR_NO_ROW) {
        e = money_take(t, ret);
    }
    arena_clear(&a);
    return e;
}

static enum err message_take(struct taking *t, enum phone_result *ret)
{
    bool foreign = t->sms.kind == SMS_FOREIGN;
    enum err e = foreign ? ERR_OK : number_find(t);
    if (e != ERR_OK)
        return e;
    words_digest(t, t->row.digest);
    if (!foreign && t->sms.kind != SMS_UNPARSED && t->row.number_id)
        return known_take(t, ret);
    if (!foreign && t->sms.kind != SMS_UNPARSED)
        t->row.why = STR("number_unknown");
    *ret = foreign ? PHONE_LOOKALIKE : PHONE_UNPARSED;
    return message_keep(t, "unparsed");
}

/* A phone told what a person had pasted: that is the second witness. */
static enum err witness(struct taking *t, enum phone_result *ret)
{
    struct arena a;
    struct number_credit_row c;
    struct sms_row first;
    arena_init(&a, ROW_BYTES_MAX);
    enum err e =
        store_number_credit_find(tx_db(t->tx), &a, t->sms.wallet, str_from(t->sms.trx_id), &c);
    bool waits =
        e == ERR_OK && c.state == NUMBER_CREDIT_REVIEW && str_eq(c.reason, PHONE_REASON_PASTED);
    if (waits)
        e = store_sms_get(tx_db(t->tx), &a, c.sms_id, &first);
    if (waits && e == ERR_OK && memcmp(first.digest, t->row.digest, sizeof first.digest) == 0) {
        bool now_free = false;
        e = str_is(first.state, "done")
                ? phone_credit_free(t->tx, &c, &now_free)
                : store_number_credit_move(
                      t->tx, c.id, NUMBER_CREDIT_REVIEW, NUMBER_CREDIT_REVIEW, PHONE_REASON_CHAIN);
        *ret = now_free ? PHONE_CREDIT : PHONE_REVIEW;
    }
    arena_clear(&a);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err phone_take(struct tx *tx, const struct phone_source *from, const struct phone_message *m,
    enum phone_result *ret)
{
    struct taking t = {.tx = tx, .from = from, .m = m};
    enum phone_result result = PHONE_IGNORED;
    sms_parse(m->sender, m->text, &t.sms);
    bool strangers = t.sms.kind == SMS_FOREIGN && t.sms.why != SMS_SENDER_LOOKALIKE;
    enum err e = ERR_OK;
    if (!strangers && t.sms.kind != SMS_IGNORED) {
        row_begin(&t);
        e = message_take(&t, &result);
    }
    if (e == ERR_DUPLICATE) {
        result = PHONE_SAME;
        e = from->device_id && sms_is_received(t.sms.kind) ? witness(&t, &result) : ERR_OK;
    }
    if (e == ERR_OK)
        *ret = result;
    return e;
}

const char *phone_result_text(enum phone_result r)
{
    static const char *const texts[PHONE_RESULT_COUNT] = {
        [PHONE_CREDIT] = "credit",
        [PHONE_REVIEW] = "review",
        [PHONE_CONFLICT] = "conflict",
        [PHONE_BALANCE] = "balance",
        [PHONE_BROKEN] = "broken",
        [PHONE_SAME] = "same",
        [PHONE_UNPARSED] = "unparsed",
        [PHONE_LOOKALIKE] = "lookalike",
        [PHONE_IGNORED] = "ignored",
    };
    return texts[r];
}

/* ---- a device's request ---- */

/* With each report: more than one report brings, so that it keeps up. */
#define FORGET_MAX 200
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static enum err report_run(struct store_unit *u, struct tx *tx)
{
    struct phone_report *r = unit_owner(u, struct phone_report, unit);
    struct phone_source from = {.device_id = r->device_id};
    int64_t now = tx_now_ms(tx);
    memset(r->results, 0, sizeof r->results);
    enum err e = store_device_seen(tx, r->device_id, now, r->synced ? now : 0, r->model);
    for (size_t i = 0; i < r->count && e == ERR_OK; i++) {
        enum phone_result result = PHONE_IGNORED;
        e = phone_take(tx, &from, &r->messages[i], &result);
        r->results[result]++;
    }
    if (e == ERR_OK && r->words_ms)
        e = store_sms_forget(tx, now - r->words_ms, FORGET_MAX);
    return e == ERR_OK ? number_match(tx, r->over_tolerance) : e;
}

static void report_tell(const struct phone_report *r)
{
    const int64_t *n = r->results;
    metric_add(METRIC_sms_credits_total, n[PHONE_CREDIT] + n[PHONE_REVIEW]);
    metric_add(METRIC_sms_review_total, n[PHONE_REVIEW] + n[PHONE_CONFLICT]);
    metric_add(METRIC_sms_unparsed_total, n[PHONE_UNPARSED]);
    metric_add(METRIC_sms_lookalike_total, n[PHONE_LOOKALIKE]);
    if (n[PHONE_CONFLICT] > 0)
        log_alarm("sms_trxid_told_twice", LOG_I("device", r->device_id),
            LOG_I("messages", n[PHONE_CONFLICT]));
    if (n[PHONE_LOOKALIKE] > 0)
        log_alarm("sms_sender_lookalike", LOG_I("device", r->device_id),
            LOG_I("messages", n[PHONE_LOOKALIKE]));
    if (n[PHONE_REVIEW] + n[PHONE_BROKEN] > 0)
        log_warn("sms_money_held", LOG_I("device", r->device_id),
            LOG_I("messages", n[PHONE_REVIEW] + n[PHONE_BROKEN]));
    if (n[PHONE_UNPARSED] > 0)
        log_warn(
            "sms_unparsed", LOG_I("device", r->device_id), LOG_I("messages", n[PHONE_UNPARSED]));
}

static void report_done(struct store_unit *u, enum err result)
{
    struct phone_report *r = unit_owner(u, struct phone_report, unit);
    if (result == ERR_OK)
        report_tell(r);
    if (result == ERR_OK && r->work)
        work_kick_deliver(r->work);
    r->done(r, result);
}

enum err phone_report_submit(struct service *s, struct phone_report *r)
{
    r->unit = (struct store_unit){.run = report_run, .done = report_done};
    r->over_tolerance = money_poisha(s->config->number_over_tolerance_poisha);
    r->words_ms = s->config->number_sms_days * DAY_MS;
    r->work = s->work;
    return store_submit(s->store, &r->unit);
}
