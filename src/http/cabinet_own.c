/* One's own sessions, name, language and password. */
#include "base/mem.h"
#include "base/password.h"
#include "http/cabinet_private.h"
#include "service/people.h"

#define PASSWORD_TRIES 10

/* ---- sessions ---- */

struct session_list {
    struct cabinet_call *call;
    struct json_writer *w;
};

static enum err session_item(void *arg, const struct session_row *r)
{
    const struct session_list *l = arg;
    if (l->call->now - r->seen_at >= SESSION_IDLE_MS ||
        l->call->now - r->created_at >= SESSION_MAX_MS)
        return ERR_OK;
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    json_w_kbool(l->w, "current", r->id == l->call->session.session.id);
    cabinet_w_time(l->w, "created_at", r->created_at);
    cabinet_w_time(l->w, "seen_at", r->seen_at);
    json_w_kstr(l->w, "client_ip", r->client_ip);
    json_w_kstr(l->w, "user_agent", r->user_agent);
    json_w_close(l->w);
    return ERR_OK;
}

struct reply *cabinet_sessions_get(struct cabinet_call *c)
{
    struct session_list l = {.call = c, .w = cabinet_begin(c)};
    json_w_key(l.w, "items");
    json_w_open(l.w, '[');
    enum err e = store_session_each(c->db, c->session.person.id, session_item, &l);
    json_w_close(l.w);
    json_w_kstr(l.w, "next", STR_ABSENT);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

struct reply *cabinet_session_end_post(struct cabinet_call *c)
{
    enum err e = session_end(c->service, c->arena, c->session.person.id, c->other_session.id);
    return e == ERR_OK ? cabinet_ok(c) : cabinet_err(e);
}

struct reply *cabinet_sessions_end_others_post(struct cabinet_call *c)
{
    enum err e = session_end_others(c->service, c->session.person.id, c->session.session.id);
    return e == ERR_OK ? cabinet_ok(c) : cabinet_err(e);
}

/* ---- the profile ---- */

struct reply *cabinet_profile_get(struct cabinet_call *c)
{
    const struct person_row *p = &c->session.person;
    int64_t left = 0;
    enum err e = store_recovery_left(c->db, p->id, &left);
    if (e != ERR_OK)
        return cabinet_err(e);
    struct json_writer *w = cabinet_begin(c);
    json_w_kstr(w, "email", p->email);
    json_w_kstr(w, "name", p->name);
    json_w_kcstr(w, "role", role_text(p->role));
    json_w_kstr(w, "language", p->language);
    json_w_kbool(w, "totp", !str_absent(p->totp_box));
    json_w_kbool(w, "totp_required", role_is_operator(p->role));
    json_w_kint(w, "recovery_codes_left", left);
    return cabinet_done(c);
}

struct profile {
    struct str name, language; /* absent: as it is */
};

/* The row as it is in the caller's transaction. */
static enum err fresh(struct cabinet_call *c, struct tx *tx, struct person_row *ret)
{
    enum err e = store_person_get(tx_db(tx), c->arena, c->session.person.id, ret);
    return e == ERR_OK && ret->disabled_at ? ERR_NO_ROW : e;
}

static void audit_self(struct change_note *a, const struct person_row *p, const char *action)
{
    a->action = action;
    a->uncached = true;
    a->merchant_id = p->merchant_id;
    change_target_id(a, "person", p->id);
}

static enum err profile_unit(
    struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    const struct profile *x = arg;
    struct person_row p;
    enum err e = fresh(c, tx, &p);
    if (e != ERR_OK)
        return e;
    audit_self(a, &p, "person.profile");
    json_w_kstr(&a->was, "name", p.name);
    p.name = str_absent(x->name) ? p.name : x->name;
    p.language = str_absent(x->language) ? p.language : x->language;
    json_w_kstr(&a->w, "name", p.name);
    return store_person_update(tx, &p);
}

struct reply *cabinet_profile_post(struct cabinet_call *c)
{
    struct profile x = {.name = cabinet_text_or_none(c, "name", PERSON_NAME_MAX),
        .language = cabinet_text_or_none(c, "language", 2)};
    if (!str_absent(x.language) && !str_is(x.language, "bn") && !str_is(x.language, "en"))
        cabinet_fault(c, "language", FAULT_invalid);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = cabinet_change(c, profile_unit, &x);
    return e == ERR_OK ? cabinet_ok(c) : cabinet_err(e);
}

/* ---- the password ---- */

struct reply *cabinet_own_password(struct cabinet_call *c, const char *field)
{
    struct str password = cabinet_secret(c, field);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    const struct person_row *p = &c->session.person;
    enum err e = sign_in_try(c->service, "password", p->id, PASSWORD_TRIES);
    if (e != ERR_OK)
        return cabinet_err(e);
    return password_is(p->password_hash, password) ? NULL : cabinet_error(CABINET_password_wrong);
}

struct password {
    char hash[PASSWORD_HASH_MAX];
    struct signed_in *session;
};

static enum err password_unit(
    struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    struct password *x = arg;
    struct person_row p;
    enum err e = fresh(c, tx, &p);
    if (e != ERR_OK)
        return e;
    /* What the old password opened meanwhile may have changed it, too. */
    if (!str_eq(p.password_hash, c->session.person.password_hash))
        return ERR_CONFLICT;
    audit_self(a, &p, "person.password");
    p.password_hash = str_from(x->hash);
    e = store_person_update(tx, &p);
    e = e == ERR_OK ? sign_in_try_good(tx, "password", p.id) : e;
    e = e == ERR_OK ? store_session_end_all(tx, p.id, c->session.session.id, tx_now_ms(tx)) : e;
    return e == ERR_OK ? session_rotate(tx, x->session, c->session.session.stage) : e;
}

struct reply *cabinet_password_post(struct cabinet_call *c)
{
    struct signed_in next = c->session;
    struct password x = {.session = &next};
    struct str fresh_password = cabinet_secret(c, "new_password");
    if (c->fault_count == 0)
        cabinet_password_check(c, "new_password", fresh_password, c->session.person.email);
    struct reply *refused = cabinet_own_password(c, "password");
    if (refused)
        return refused;
    password_hash(fresh_password, x.hash);
    enum err e = cabinet_change(c, password_unit, &x);
    struct reply *r = e == ERR_OK ? cabinet_session_reply(c, &next, NULL) : cabinet_err(e);
    mem_wipe(&next.token, sizeof(next.token));
    return r;
}
