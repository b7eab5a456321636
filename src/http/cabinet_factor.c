/* The second factor: shown at the sign-in, set up, renewed, taken away. */
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_private.h"
#include "http/page_qr.h"

#define CODE_TRIES 5
#define URL_MAX 512
#define ISSUER "Kassa"

enum step { STEP_CODE, STEP_RECOVERY, STEP_CONFIRM, STEP_REMOVE, STEP_RENEW };

struct factor {
    enum step step;
    struct str code;
    struct signed_in next;
    struct recovery_codes codes;
};

static enum err fresh(struct cabinet_call *c, struct tx *tx, struct person_row *ret)
{
    enum err e = store_person_get(tx_db(tx), c->arena, c->session.person.id, ret);
    return e == ERR_OK && ret->disabled_at ? ERR_NO_ROW : e;
}

/* ---- at the sign-in: no change that the audit log tells of ---- */

struct show_unit {
    struct store_unit unit;
    struct cabinet_call *call;
    struct factor *x;
};

static enum err show_run(struct store_unit *u, struct tx *tx)
{
    struct show_unit *s = unit_owner(u, struct show_unit, unit);
    struct person_row p;
    enum err e = fresh(s->call, tx, &p);
    if (e != ERR_OK)
        return e;
    e = s->x->step == STEP_CODE ? second_factor_check(tx, s->call->service, &p, s->x->code)
                                : recovery_check(tx, &p, s->x->code);
    e = e == ERR_OK ? sign_in_try_good(tx, "code", p.id) : e;
    return e == ERR_OK ? session_rotate(tx, &s->x->next, SESSION_FULL) : e;
}

static struct reply *factor_err(enum err e)
{
    return e == ERR_UNAUTHORIZED ? cabinet_error(CABINET_code_wrong) : cabinet_err(e);
}

/* A code of six digits is guessed in a million tries: five in a quarter of an hour. */
static enum err code_try(struct cabinet_call *c)
{
    return sign_in_try(c->service, "code", c->session.person.id, CODE_TRIES);
}

static struct reply *show(struct cabinet_call *c, enum step step)
{
    struct factor x = {.step = step, .code = cabinet_text(c, "code", 64), .next = c->session};
    struct show_unit u = {.unit = {.run = show_run}, .call = c, .x = &x};
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = code_try(c);
    if (e == ERR_OK)
        e = store_run(c->service->store, &u.unit);
    x.next.session.stage = SESSION_FULL;
    struct reply *r = e == ERR_OK ? cabinet_session_reply(c, &x.next, NULL) : factor_err(e);
    mem_wipe(x.next.token, sizeof(x.next.token));
    return r;
}

struct reply *cabinet_sign_in_code_post(struct cabinet_call *c)
{
    return show(c, STEP_CODE);
}

struct reply *cabinet_sign_in_recovery_post(struct cabinet_call *c)
{
    return show(c, STEP_RECOVERY);
}

/* ---- setting up ---- */

static void secret_write(struct cabinet_call *c, const char *secret)
{
    struct json_writer *w = cabinet_begin(c);
    struct buf url, path;
    int size = 0;
    buf_init(&url, URL_MAX);
    buf_init(&path, PAGE_QR_MAX);
    buf_cstr(&url, "otpauth://totp/" ISSUER ":");
    percent_encode(&url, c->session.person.email);
    buf_printf(&url, "?secret=%s&issuer=" ISSUER, secret);
    json_w_kcstr(w, "secret", secret);
    json_w_kstr(w, "url", buf_ok(&url) ? buf_view(&url) : STR_ABSENT);
    bool drawn = buf_ok(&url) && page_qr_path(buf_view(&url), &path, &size);
    json_w_kstr(w, "qr_path", drawn ? buf_view(&path) : STR_ABSENT);
    json_w_kint(w, "qr_size", size);
    buf_wipe(&url);
    buf_wipe(&path);
}

struct start_unit {
    struct store_unit unit;
    struct cabinet_call *call;
    char secret[TOTP_TEXT_LEN + 1];
};

static enum err start_run(struct store_unit *u, struct tx *tx)
{
    struct start_unit *x = unit_owner(u, struct start_unit, unit);
    struct person_row p;
    enum err e = fresh(x->call, tx, &p);
    return e == ERR_OK ? second_factor_start(tx, x->call->service, &p, x->secret) : e;
}

/* Whoever finds a browser left alone must not be able to make it his: the password, unless it was shown a moment ago. */
struct reply *cabinet_totp_start_post(struct cabinet_call *c)
{
    struct start_unit x = {.unit = {.run = start_run}, .call = c};
    struct reply *refused =
        c->session.session.stage == SESSION_FULL ? cabinet_own_password(c, "password") : NULL;
    if (refused)
        return refused;
    enum err e = store_run(c->service->store, &x.unit);
    if (e != ERR_OK)
        return cabinet_err(e);
    secret_write(c, x.secret);
    mem_wipe(x.secret, sizeof(x.secret));
    return cabinet_done(c);
}

/* ---- changes of it: other sessions end, this one gets another token ---- */

static enum err change_unit(struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    static const char *const actions[] = {[STEP_CONFIRM] = "person.totp_set",
        [STEP_REMOVE] = "person.totp_remove",
        [STEP_RENEW] = "person.recovery_codes"};
    struct factor *x = arg;
    struct person_row p;
    enum err e = fresh(c, tx, &p);
    if (e != ERR_OK)
        return e;
    a->action = actions[x->step];
    a->uncached = true;
    a->merchant_id = p.merchant_id;
    change_target_id(a, "person", p.id);
    json_w_kbool(&a->was, "second_factor", !str_absent(p.totp_box));
    if (x->step == STEP_CONFIRM)
        e = second_factor_confirm(tx, c->service, &p, x->code, &x->codes);
    else if (x->step == STEP_REMOVE)
        e = second_factor_remove(tx, &p);
    else
        e = recovery_renew(tx, &p, &x->codes);
    json_w_kbool(&a->w, "second_factor", !str_absent(p.totp_box));
    x->next.person = p;
    e = e == ERR_OK ? sign_in_try_good(tx, x->step == STEP_CONFIRM ? "code" : "password", p.id) : e;
    e = e == ERR_OK ? store_session_end_all(tx, p.id, c->session.session.id, tx_now_ms(tx)) : e;
    return e == ERR_OK ? session_rotate(tx, &x->next, SESSION_FULL) : e;
}

static struct reply *change(struct cabinet_call *c, struct factor *x)
{
    x->next = c->session;
    enum err e = cabinet_change(c, change_unit, x);
    x->next.session.stage = SESSION_FULL;
    struct reply *r =
        e == ERR_OK ? cabinet_session_reply(c, &x->next, x->step == STEP_REMOVE ? NULL : &x->codes)
                    : factor_err(e);
    mem_wipe(x, sizeof(*x));
    return r;
}

struct reply *cabinet_totp_confirm_post(struct cabinet_call *c)
{
    struct factor x = {.step = STEP_CONFIRM, .code = cabinet_text(c, "code", 64)};
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = code_try(c);
    return e == ERR_OK ? change(c, &x) : cabinet_err(e);
}

struct reply *cabinet_totp_remove_post(struct cabinet_call *c)
{
    struct factor x = {.step = STEP_REMOVE};
    struct reply *refused = cabinet_own_password(c, "password");
    return refused ? refused : change(c, &x);
}

struct reply *cabinet_recovery_codes_post(struct cabinet_call *c)
{
    struct factor x = {.step = STEP_RENEW};
    struct reply *refused = cabinet_own_password(c, "password");
    return refused ? refused : change(c, &x);
}
