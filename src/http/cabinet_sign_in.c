/* Signing in and out, what a session may do, and the links by which people are let in. */
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_private.h"
#include "service/people.h"

#define EMAIL_CHARS_MAX 254

/* ---- the session as it is told ---- */

static void person_write(struct json_writer *w, const struct person_row *p)
{
    json_w_key(w, "person");
    json_w_open(w, '{');
    cabinet_w_id(w, "id", p->id);
    json_w_kstr(w, "email", p->email);
    json_w_kstr(w, "name", p->name);
    json_w_kcstr(w, "role", role_text(p->role));
    json_w_kbool(w, "operator", role_is_operator(p->role));
    json_w_kstr(w, "language", p->language);
    json_w_kbool(w, "totp", !str_absent(p->totp_box));
    json_w_close(w);
}

static void actions_write(struct json_writer *w, const struct signed_in *x)
{
    json_w_key(w, "actions");
    json_w_open(w, '[');
    for (int a = 0; x->session.stage == SESSION_FULL && a < ACTION_COUNT; a++)
        if (role_may(x->person.role, (enum action)a))
            json_w_cstr(w, action_text((enum action)a));
    json_w_close(w);
}

static enum err merchant_write(
    struct cabinet_call *c, struct json_writer *w, const struct person_row *p)
{
    struct merchant_row m;
    json_w_key(w, "merchant");
    if (!p->merchant_id) {
        json_w_null(w);
        return ERR_OK;
    }
    enum err e = store_merchant_get(c->db, c->arena, p->merchant_id, &m);
    if (e != ERR_OK)
        return e;
    json_w_open(w, '{');
    cabinet_w_id(w, "id", m.id);
    json_w_kstr(w, "name", m.name);
    json_w_close(w);
    return ERR_OK;
}

static void codes_write(struct json_writer *w, const struct recovery_codes *codes)
{
    json_w_key(w, "recovery_codes");
    json_w_open(w, '[');
    for (int i = 0; i < RECOVERY_CODES; i++)
        json_w_cstr(w, codes->code[i]);
    json_w_close(w);
}

static struct reply *signed_out_reply(struct cabinet_call *c)
{
    struct json_writer *w = cabinet_begin(c);
    json_w_kcstr(w, "stage", "signed_out");
    json_w_kcstr(w, "csrf", CABINET_CSRF_SIGNED_OUT);
    json_w_kbool(w, "sandbox", c->service->config->sandbox_sandbox);
    json_w_kint(w, "now", c->now);
    return cabinet_done(c);
}

/* Until the second factor was shown, who it is stays untold. */
static struct reply *session_reply(struct cabinet_call *c, const struct signed_in *x,
    const char *token, const struct recovery_codes *codes)
{
    char csrf[CABINET_CSRF_LEN + 1];
    enum err e = ERR_OK;
    struct json_writer *w = cabinet_begin(c);
    cabinet_csrf(token, csrf);
    json_w_kcstr(w, "stage", session_stage_text(x->session.stage));
    json_w_kcstr(w, "csrf", csrf);
    json_w_kbool(w, "sandbox", c->service->config->sandbox_sandbox);
    json_w_kint(w, "now", c->now);
    if (x->session.stage != SESSION_CODE) {
        person_write(w, &x->person);
        e = merchant_write(c, w, &x->person);
        if (e == ERR_OK)
            actions_write(w, x);
    }
    if (codes)
        codes_write(w, codes);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

struct reply *cabinet_session_reply(
    struct cabinet_call *c, const struct signed_in *x, const struct recovery_codes *codes)
{
    struct reply *r = session_reply(c, x, x->token, codes);
    cabinet_cookie_set(c, r, x->token);
    return r;
}

struct reply *cabinet_session_get(struct cabinet_call *c)
{
    return c->signed_in ? session_reply(c, &c->session, c->token, NULL) : signed_out_reply(c);
}

/* ---- in and out ---- */

struct reply *cabinet_sign_in_post(struct cabinet_call *c)
{
    struct signed_in x = {0};
    struct str text = cabinet_text(c, "email", EMAIL_CHARS_MAX);
    struct str password = cabinet_secret(c, "password");
    struct str email = str_absent(text) ? STR_ABSENT : email_normal(c->arena, text);
    if (!str_absent(text) && str_absent(email))
        cabinet_fault(c, "email", FAULT_invalid);
    if (password.n > PASSWORD_MAX)
        cabinet_fault(c, "password", FAULT_too_long);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = sign_in_password(c->service, c->arena, &c->browser, email, password, &x);
    struct reply *r = e == ERR_OK             ? cabinet_session_reply(c, &x, NULL)
                      : e == ERR_UNAUTHORIZED ? cabinet_error(CABINET_sign_in_wrong)
                                              : cabinet_err(e);
    mem_wipe(x.token, sizeof(x.token));
    return r;
}

struct reply *cabinet_sign_out_post(struct cabinet_call *c)
{
    enum err e = session_end(c->service, c->arena, c->session.person.id, c->session.session.id);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return cabinet_err(e);
    struct reply *r = signed_out_reply(c);
    cabinet_cookie_set(c, r, NULL);
    return r;
}

/* ---- invitations ---- */

struct reply *cabinet_invitation_look_post(struct cabinet_call *c)
{
    struct invitation_view v;
    struct str token = cabinet_secret(c, "token");
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = invitation_find(c->service, c->arena, token, &v);
    if (e != ERR_OK)
        return cabinet_err(e);
    struct json_writer *w = cabinet_begin(c);
    json_w_kstr(w, "email", v.person.email);
    json_w_kstr(w, "name", v.person.name);
    json_w_kcstr(w, "role", role_text(v.person.role));
    json_w_kstr(w, "merchant_name", v.merchant_name);
    json_w_kstr(w, "language", v.person.language);
    cabinet_w_time(w, "expires_at", v.invitation.expires_at);
    return cabinet_done(c);
}

void cabinet_password_check(
    struct cabinet_call *c, const char *field, struct str password, struct str email)
{
    switch (password_judge(password, email)) {
    case PASSWORD_GOOD:
        break;
    case PASSWORD_SHORT:
        cabinet_fault(c, field, FAULT_too_short);
        break;
    case PASSWORD_LONG:
        cabinet_fault(c, field, FAULT_too_long);
        break;
    case PASSWORD_COMMON:
        cabinet_fault(c, field, FAULT_too_common);
        break;
    }
}

struct reply *cabinet_invitation_accept_post(struct cabinet_call *c)
{
    struct invitation_view v;
    struct signed_in x = {0};
    struct str token = cabinet_secret(c, "token"), password = cabinet_secret(c, "password");
    struct str language = cabinet_text_or_none(c, "language", 2);
    if (!str_absent(language) && !str_is(language, "bn") && !str_is(language, "en"))
        cabinet_fault(c, "language", FAULT_invalid);
    enum err e = c->fault_count ? ERR_OK : invitation_find(c->service, c->arena, token, &v);
    if (e != ERR_OK)
        return cabinet_err(e);
    if (c->fault_count == 0)
        cabinet_password_check(c, "password", password, v.person.email);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    e = invitation_accept(c->service, c->arena, &c->browser, token, password, language, &x);
    struct reply *r = e == ERR_OK ? cabinet_session_reply(c, &x, NULL) : cabinet_err(e);
    mem_wipe(x.token, sizeof(x.token));
    return r;
}
