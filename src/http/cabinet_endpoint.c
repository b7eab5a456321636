/* Notification endpoints: what they are, what was sent there, what is sent there to try them. */
#include "base/text.h"
#include "core/notify.h"
#include "http/cabinet_setup.h"
#include "service/deliver.h"
#include "service/deliver_log.h"
#include "service/presets.h"
#include "service/trial.h"
#include "store/store_trial.h"
#include <inttypes.h>
#include <stdio.h>

#define SECRETS_PER_MINUTE 10
#define TRIALS_SHOWN 20

struct listing {
    struct cabinet_call *c;
    struct json_writer *w;
};

static enum err endpoint_item(void *arg, const struct endpoint_row *r)
{
    struct listing *l = arg;
    if (r->deleted_at)
        return ERR_OK;
    json_w_open(l->w, '{');
    setup_endpoint_write(l->w, &l->c->account, r);
    json_w_close(l->w);
    return ERR_OK;
}

static struct json_writer *items_begin(struct cabinet_call *c)
{
    struct json_writer *w = cabinet_begin(c);
    json_w_key(w, "items");
    json_w_open(w, '[');
    return w;
}

static struct reply *items_end(struct cabinet_call *c, enum err e, struct str next)
{
    if (e != ERR_OK)
        return cabinet_err(e);
    json_w_close(&c->w);
    json_w_kstr(&c->w, "next", next);
    return cabinet_done(c);
}

struct reply *cabinet_endpoints_get(struct cabinet_call *c)
{
    struct listing l = {.c = c, .w = items_begin(c)};
    return items_end(c, store_endpoint_each(c->db, c->account.id, endpoint_item, &l), STR_ABSENT);
}

static struct reply *endpoint_reply(
    struct cabinet_call *c, const struct endpoint_row *r, const struct buf *secret)
{
    struct json_writer *w = cabinet_begin(c);
    setup_endpoint_write(w, &c->account, r);
    if (secret)
        json_w_kstr(w, "secret", buf_view(secret));
    return cabinet_done(c);
}

struct reply *cabinet_endpoint_get(struct cabinet_call *c)
{
    return endpoint_reply(c, &c->endpoint, NULL);
}

/* What a form of an endpoint holds. */
static void endpoint_asked(struct cabinet_call *c, struct endpoint_row *r)
{
    r->name = setup_name(c, "endpoint");
    r->url = setup_url(c, true);
    r->mode = setup_choice(c, "mode", setup_modes);
    if (!cabinet_int(c, "field_set", NOTIFY_FIELDS_10, NOTIFY_FIELDS_12, &r->field_set))
        r->field_set = NOTIFY_FIELDS_11; /* noted as a fault */
}

static struct reply *name_taken(struct cabinet_call *c)
{
    cabinet_fault(c, "name", FAULT_taken);
    return cabinet_faults(c);
}

static enum err endpoint_add_unit(struct tx *tx, void *arg, struct change_note *note)
{
    return endpoint_add(tx, arg, note);
}

struct reply *cabinet_endpoints_post(struct cabinet_call *c)
{
    struct endpoint_row row = {
        .account_id = c->account.id, .old_secret_box = STR_ABSENT, .disabled_reason = STR_ABSENT};
    struct buf secret;
    endpoint_asked(c, &row);
    struct reply *r = cabinet_faults(c);
    if (r)
        return r;
    buf_init(&secret, PRESET_SECRET_MAX);
    preset_secret_new(c->service->keys, c->arena, &secret, &row.secret_box);
    enum err e = setup_change(c, endpoint_add_unit, &row);
    r = e == ERR_OK          ? endpoint_reply(c, &row, &secret)
        : e == ERR_DUPLICATE ? name_taken(c)
        : e == ERR_LIMIT     ? cabinet_error(CABINET_limit)
                             : cabinet_err(e);
    buf_wipe(&secret);
    return r;
}

enum endpoint_act { ACT_UPDATE, ACT_ENABLE, ACT_DISABLE, ACT_DELETE, ACT_ROTATE };
static const char *const acts[] = {
    [ACT_UPDATE] = "endpoint.update",
    [ACT_ENABLE] = "endpoint.enable",
    [ACT_DISABLE] = "endpoint.disable",
    [ACT_DELETE] = "endpoint.delete",
    [ACT_ROTATE] = "endpoint.rotate-secret",
};

struct endpoint_act_call {
    struct cabinet_call *c;
    enum endpoint_act act;
    struct endpoint_row wanted; /* of ACT_UPDATE */
    int64_t overlap_ms;         /* of ACT_ROTATE */
    struct str secret_box;
    struct endpoint_row row; /* as it is then */
};

static void act_apply(struct endpoint_act_call *x, int64_t now)
{
    struct endpoint_row *r = &x->row;
    switch (x->act) {
    case ACT_UPDATE:
        r->name = x->wanted.name;
        r->url = x->wanted.url;
        r->mode = x->wanted.mode;
        r->field_set = x->wanted.field_set;
        break;
    case ACT_ENABLE:
        r->disabled_at = 0;
        r->disabled_reason = STR_ABSENT;
        break;
    case ACT_DISABLE:
        r->disabled_at = now;
        r->disabled_reason = STR("cabinet");
        break;
    case ACT_DELETE:
        r->deleted_at = now;
        break;
    case ACT_ROTATE:
        r->old_secret_box = x->overlap_ms > 0 ? r->secret_box : STR_ABSENT;
        r->old_secret_until = x->overlap_ms > 0 ? now + x->overlap_ms : 0;
        r->secret_box = x->secret_box;
        break;
    }
}

/* The row is read in the unit: what somebody else changed meanwhile is not undone. */
static enum err act_unit(struct tx *tx, void *arg, struct change_note *note)
{
    struct endpoint_act_call *x = arg;
    char stamp[STAMP_LEN + 1];
    enum err e = store_endpoint_get(tx_db(tx), x->c->arena, x->c->endpoint.id, &x->row);
    if (e == ERR_OK && x->row.deleted_at)
        e = ERR_NO_ROW;
    if (e != ERR_OK)
        return e;
    setup_stamp_endpoint(&x->row, stamp);
    if (!setup_stamp_fits(x->c, stamp))
        return ERR_CONFLICT;
    act_apply(x, tx_now_ms(tx));
    return endpoint_change(tx, x->c->arena, acts[x->act], &x->row, note);
}

static struct reply *act(struct endpoint_act_call *x, const struct buf *secret)
{
    enum err e = setup_change(x->c, act_unit, x);
    if (e == ERR_DUPLICATE)
        return name_taken(x->c);
    if (e == ERR_STATE)
        return cabinet_error(CABINET_is_default);
    return e == ERR_OK ? endpoint_reply(x->c, &x->row, secret) : cabinet_err(e);
}

struct reply *cabinet_endpoint_post(struct cabinet_call *c)
{
    struct endpoint_act_call x = {.c = c, .act = ACT_UPDATE};
    endpoint_asked(c, &x.wanted);
    struct reply *faults = cabinet_faults(c);
    return faults ? faults : act(&x, NULL);
}

struct reply *cabinet_endpoint_enable_post(struct cabinet_call *c)
{
    return act(&(struct endpoint_act_call){.c = c, .act = ACT_ENABLE}, NULL);
}

struct reply *cabinet_endpoint_disable_post(struct cabinet_call *c)
{
    return act(&(struct endpoint_act_call){.c = c, .act = ACT_DISABLE}, NULL);
}

struct reply *cabinet_endpoint_delete_post(struct cabinet_call *c)
{
    return act(&(struct endpoint_act_call){.c = c, .act = ACT_DELETE}, NULL);
}

/* Told this once. */
struct reply *cabinet_endpoint_secret_post(struct cabinet_call *c)
{
    struct endpoint_act_call x = {
        .c = c, .act = ACT_ROTATE, .overlap_ms = setup_overlap_ms(c, PRESET_OVERLAP_DEFAULT_MS)};
    struct buf secret;
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = change_limit(c->service->store, "secret", c->account.id, SECRETS_PER_MINUTE);
    if (e != ERR_OK)
        return cabinet_err(e);
    buf_init(&secret, PRESET_SECRET_MAX);
    preset_secret_new(c->service->keys, c->arena, &secret, &x.secret_box);
    struct reply *r = act(&x, &secret);
    buf_wipe(&secret);
    return r;
}

/* ---- what was sent there ---- */

static void notification_write(
    struct json_writer *w, const struct outbox_row *r, struct str order_id)
{
    bool waiting = str_is(r->state, "waiting");
    cabinet_w_id(w, "id", r->id);
    cabinet_w_id(w, "payment_id", r->payment_id);
    json_w_kstr(w, "order_id", order_id);
    json_w_kint(w, "sequence", r->sequence);
    json_w_kstr(w, "webhook_id", r->webhook_id);
    json_w_kstr(w, "state", r->state);
    json_w_kstr(w, "payment_status", r->payment_status);
    cabinet_w_money(w, "payment_amount_poisha", r->payment_amount);
    json_w_kint(w, "tries", r->tries);
    cabinet_w_time(w, "created_at", r->created_at);
    cabinet_w_time(w, "due_at", waiting ? r->due_at : 0);
    cabinet_w_time(w, "delivered_at", r->delivered_at);
    json_w_kstr(w, "parked_reason", r->parked_reason);
}

static enum err delivery_item(void *arg, const struct deliver_log_item *item)
{
    struct listing *l = arg;
    json_w_open(l->w, '{');
    notification_write(l->w, &item->row, item->order_id);
    json_w_close(l->w);
    return ERR_OK;
}

/* A cursor is the day and the id of the last payment that was looked at. */
static bool cursor_read(struct str text, int64_t *ret_day, int64_t *ret_id)
{
    size_t dot = str_find(text, '.', 0);
    return dot < text.n && int64_parse(str_sub(text, 0, dot), ret_day) == ERR_OK &&
           int64_parse(str_sub(text, dot + 1, text.n), ret_id) == ERR_OK;
}

static struct reply *deliveries(struct cabinet_call *c, int64_t endpoint_id)
{
    struct deliver_log_query q = {
        .account = &c->account,
        .endpoint_id = endpoint_id,
        .state = cabinet_query(c, "state"),
        .day = INT32_MAX,
        .payment_id = INT64_MAX,
        .max = (int)cabinet_query_limit(c),
    };
    struct str after = cabinet_query(c, "after");
    char text[48];
    bool more = false;
    if (!str_absent(after) && !cursor_read(after, &q.day, &q.payment_id))
        return cabinet_error(CABINET_request_invalid);
    struct listing l = {.c = c, .w = items_begin(c)};
    enum err e = deliver_log_page(c->db, c->arena, &q, delivery_item, &l, &more);
    int n = snprintf(text, sizeof(text), "%" PRId64 ".%" PRId64, q.day, q.payment_id);
    return items_end(c, e, more ? (struct str){text, (size_t)n} : STR_ABSENT);
}

struct reply *cabinet_endpoint_deliveries_get(struct cabinet_call *c)
{
    return deliveries(c, c->endpoint.id);
}

struct reply *cabinet_account_deliveries_get(struct cabinet_call *c)
{
    return deliveries(c, 0);
}

static enum err try_item(void *arg, const struct outbox_try_row *r)
{
    struct json_writer *w = arg;
    json_w_open(w, '{');
    json_w_kint(w, "number", r->number);
    cabinet_w_time(w, "at", r->at);
    json_w_kint(w, "duration_ms", r->duration_ms);
    json_w_kint(w, "status", r->status);
    json_w_kstr(w, "error", r->error);
    json_w_kstr(w, "url", r->url);
    json_w_kstr(w, "reply", setup_text_whole(r->reply));
    json_w_close(w);
    return ERR_OK;
}

struct reply *cabinet_notification_get(struct cabinet_call *c)
{
    struct json_writer *w = cabinet_begin(c);
    notification_write(w, &c->notification, c->payment.order_id);
    json_w_key(w, "log");
    json_w_open(w, '[');
    enum err e = store_outbox_try_each(c->db, c->notification.id, try_item, w);
    if (e != ERR_OK)
        return cabinet_err(e);
    json_w_close(w);
    return cabinet_done(c);
}

static enum err resend_unit(struct tx *tx, void *arg, struct change_note *note)
{
    struct cabinet_call *c = arg;
    return notification_resend(tx, c->arena, c->notification.id, note);
}

struct reply *cabinet_notification_resend_post(struct cabinet_call *c)
{
    enum err e = setup_change(c, resend_unit, c);
    if (e != ERR_OK)
        return cabinet_err(e);
    deliver_kick(c->service->deliver);
    return cabinet_ok(c);
}

/* ---- what is sent there to try it ---- */

struct sends {
    struct cabinet_call *c;
    struct json_writer *w;
    bool waiting;
};

static enum err send_item(void *arg, const struct trial_send_row *r)
{
    struct sends *s = arg;
    struct json_writer *w = s->w;
    bool lost = r->sent_at == 0 && s->c->now > r->due_at + TRIAL_LOST_MS;
    s->waiting = s->waiting || (r->sent_at == 0 && !lost);
    json_w_open(w, '{');
    json_w_kint(w, "number", r->number);
    json_w_kcstr(w, "state", r->sent_at ? "sent" : lost ? "lost" : "waiting");
    json_w_kstr(w, "webhook_id", r->webhook_id);
    json_w_kint(w, "sequence", r->sequence);
    json_w_kstr(w, "payment_status", r->payment_status);
    cabinet_w_time(w, "due_at", r->due_at);
    cabinet_w_time(w, "sent_at", r->sent_at);
    json_w_kint(w, "duration_ms", r->duration_ms);
    json_w_kint(w, "status", r->status);
    json_w_kstr(w, "error", r->error);
    json_w_kstr(w, "reply", setup_text_whole(r->reply));
    json_w_close(w);
    return ERR_OK;
}

static enum err trial_write(
    struct cabinet_call *c, struct json_writer *w, const struct trial_row *r)
{
    struct sends s = {.c = c, .w = w};
    enum trial_kind kind = TRIAL_TEST;
    enum err e = trial_kind_parse(r->kind, &kind);
    cabinet_w_id(w, "id", r->id);
    json_w_kstr(w, "kind", r->kind);
    json_w_kcstr(w, "expected", trial_kind_is_to_be_taken(kind) ? "taken" : "refused");
    json_w_kstr(w, "order_id", r->order_id);
    cabinet_w_money(w, "amount_poisha", r->amount);
    json_w_kstr(w, "actor", r->actor);
    cabinet_w_time(w, "created_at", r->created_at);
    json_w_key(w, "sends");
    json_w_open(w, '[');
    e = e == ERR_OK ? store_trial_send_each(c->db, r->id, send_item, &s) : e;
    json_w_close(w);
    json_w_kbool(w, "done", !s.waiting);
    return e;
}

struct shown {
    int64_t ids[TRIALS_SHOWN];
    int count;
};

static enum err trial_keep(void *arg, const struct trial_row *r)
{
    struct shown *s = arg;
    s->ids[s->count++] = r->id;
    return ERR_OK;
}

/* The ids first: each trial's sends are a query of their own. */
struct reply *cabinet_trials_get(struct cabinet_call *c)
{
    struct shown s = {.count = 0};
    enum err e = store_trial_each(c->db, c->endpoint.id, TRIALS_SHOWN, trial_keep, &s);
    struct json_writer *w = items_begin(c);
    for (int i = 0; e == ERR_OK && i < s.count; i++) {
        struct trial_row row;
        e = store_trial_get(c->db, c->arena, s.ids[i], &row);
        if (e == ERR_OK) {
            json_w_open(w, '{');
            e = trial_write(c, w, &row);
            json_w_close(w);
        }
    }
    return items_end(c, e, STR_ABSENT);
}

static struct reply *trial_reply(struct cabinet_call *c, const struct trial_row *r)
{
    enum err e = trial_write(c, cabinet_begin(c), r);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

struct reply *cabinet_trial_get(struct cabinet_call *c)
{
    return trial_reply(c, &c->trial);
}

static void trial_asked(struct cabinet_call *c, struct trial_order *o)
{
    struct str kind = json_get_string(c->body, "kind");
    int64_t amount = 0, delay_s = 0;
    if (trial_kind_parse(kind, &o->kind) != ERR_OK)
        cabinet_fault(c, "kind", str_absent(kind) ? FAULT_required : FAULT_invalid);
    o->reference = cabinet_text_or_none(c, "reference", TRIAL_REFERENCE_MAX);
    if (!str_absent(o->reference) && !trial_reference_fit(o->reference))
        cabinet_fault(c, "reference", FAULT_invalid);
    if (cabinet_int_or_none(c, "amount_poisha", 1, MONEY_API_MAX_POISHA, &amount))
        o->amount = money_poisha(amount);
    if (cabinet_int_or_none(
            c, "delay_s", TRIAL_DELAY_MIN_MS / 1000, TRIAL_DELAY_MAX_MS / 1000, &delay_s))
        o->delay_ms = delay_s * 1000;
    if (o->kind == TRIAL_SLOW && str_is(c->endpoint.mode, "GET"))
        cabinet_fault(c, "kind", FAULT_needs_post);
}

static struct reply *trial_refused(enum err e, const char *why)
{
    if (e == ERR_STATE && why && strcmp(why, "no_notifications_key") == 0)
        return cabinet_error(CABINET_no_notifications_key);
    if (e == ERR_STATE && why && strcmp(why, "account_disabled") == 0)
        return cabinet_error(CABINET_account_disabled);
    return cabinet_err(e);
}

struct reply *cabinet_trials_post(struct cabinet_call *c)
{
    struct trial_order o = {.endpoint_id = c->endpoint.id};
    struct change_by by = {
        .person_id = c->session.person.id,
        .actor = c->session.person.email,
        .client_ip = c->browser.ip,
    };
    trial_asked(c, &o);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = trial_order(c->service->trials, &by, &o);
    if (e != ERR_OK)
        return trial_refused(e, o.why);
    e = store_trial_get(c->db, c->arena, o.id, &c->trial);
    return e == ERR_OK ? trial_reply(c, &c->trial) : cabinet_err(e);
}
