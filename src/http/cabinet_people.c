/* People: a merchant's owner changes the merchant's, an operator's admin everybody. */
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_private.h"
#include "service/people.h"

#define EMAIL_CHARS_MAX 254
#define ROLE_CHARS_MAX 32
#define LINK_MAX 1024

static const char *person_state(const struct person_row *p)
{
    return p->disabled_at ? "disabled" : str_absent(p->password_hash) ? "invited" : "active";
}

static void person_fields(struct json_writer *w, const struct person_row *p)
{
    cabinet_w_id(w, "id", p->id);
    json_w_kstr(w, "email", p->email);
    json_w_kstr(w, "name", p->name);
    json_w_kcstr(w, "role", role_text(p->role));
    cabinet_w_id(w, "merchant_id", p->merchant_id);
    json_w_kcstr(w, "state", person_state(p));
    json_w_kbool(w, "totp", !str_absent(p->totp_box));
    cabinet_w_time(w, "created_at", p->created_at);
    cabinet_w_time(w, "seen_at", p->seen_at);
    cabinet_w_time(w, "disabled_at", p->disabled_at);
    json_w_kint(w, "version", p->version);
}

/* ---- reading ---- */

struct people_list {
    struct json_writer *w;
    int64_t limit, count, last_id;
};

static enum err list_item(void *arg, const struct person_row *p)
{
    struct people_list *l = arg;
    if (l->count++ == l->limit)
        return ERR_OK;
    json_w_open(l->w, '{');
    person_fields(l->w, p);
    json_w_close(l->w);
    l->last_id = p->id;
    return ERR_OK;
}

/* Whose people: one's own merchant's; the operator's people may ask for "operator", a merchant's id, or all. */
static bool whose(struct cabinet_call *c, int64_t *ret)
{
    struct str text = cabinet_query(c, "merchant");
    *ret = c->merchant_id;
    if (c->merchant_id)
        return str_absent(text) || text.n == 0;
    *ret = PERSON_OF_ALL;
    if (str_absent(text) || text.n == 0)
        return true;
    *ret = 0;
    return str_is(text, "operator") || (int64_parse(text, ret) == ERR_OK && *ret > 0);
}

struct reply *cabinet_people_get(struct cabinet_call *c)
{
    int64_t merchant, after = 0;
    struct str cursor = cabinet_query(c, "after");
    if (!whose(c, &merchant) ||
        (!str_absent(cursor) && cursor.n && int64_parse(cursor, &after) != ERR_OK))
        return cabinet_error(CABINET_request_invalid);
    struct people_list l = {.w = cabinet_begin(c), .limit = cabinet_query_limit(c)};
    json_w_key(l.w, "items");
    json_w_open(l.w, '[');
    enum err e = store_person_each(c->db, merchant, after, l.limit + 1, list_item, &l);
    json_w_close(l.w);
    cabinet_w_id(l.w, "next", l.count > l.limit ? l.last_id : 0);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

static struct reply *person_reply(
    struct cabinet_call *c, const struct person_row *p, const char *token)
{
    struct buf link;
    struct json_writer *w = cabinet_begin(c);
    json_w_key(w, "person");
    json_w_open(w, '{');
    person_fields(w, p);
    json_w_close(w);
    if (token && token[0]) {
        buf_init(&link, LINK_MAX);
        invitation_link(c->service->config, token, &link);
        json_w_kstr(w, "invitation", buf_view(&link));
        buf_wipe(&link);
    }
    return cabinet_done(c);
}

struct reply *cabinet_person_get(struct cabinet_call *c)
{
    return person_reply(c, &c->subject, NULL);
}

/* ---- changing ---- */

struct people_change {
    struct person_row person; /* as it is in the unit, and then as it became */
    struct str name;
    enum role role;
    int64_t version; /* that the form was made from; 0: whatever it is */
    const char *action;
    char token[SESSION_TOKEN_LEN + 1];
};

static void audit_person(struct json_writer *w, const struct person_row *p)
{
    json_w_kstr(w, "email", p->email);
    json_w_kstr(w, "name", p->name);
    json_w_kcstr(w, "role", role_text(p->role));
    json_w_kcstr(w, "state", person_state(p));
}

static void audit_name(struct change_note *a, const struct people_change *x)
{
    a->action = x->action;
    a->uncached = true;
    a->merchant_id = x->person.merchant_id;
    change_target_id(a, "person", x->person.id);
    audit_person(&a->w, &x->person);
}

/* The row as it is now; what changed since the form was made is not overwritten. */
static enum err fresh(
    struct cabinet_call *c, struct tx *tx, struct people_change *x, struct change_note *a)
{
    enum err e = store_person_get(tx_db(tx), c->arena, c->subject.id, &x->person);
    if (e != ERR_OK)
        return e;
    audit_person(&a->was, &x->person);
    return x->version && x->version != x->person.version ? ERR_CONFLICT : ERR_OK;
}

static struct reply *changed_reply(struct cabinet_call *c, enum err e, struct people_change *x)
{
    struct reply *r = e == ERR_OK      ? person_reply(c, &x->person, x->token)
                      : e == ERR_RANGE ? cabinet_error(CABINET_last_one)
                                       : cabinet_err(e);
    mem_wipe(x->token, sizeof(x->token));
    return r;
}

/* The operator's people are changed by whoever may change those, and merchants' people are never made the operator's. */
static void role_read(struct cabinet_call *c, bool operators, enum role *ret)
{
    struct str text = cabinet_text(c, "role", ROLE_CHARS_MAX);
    if (str_absent(text))
        return;
    if (role_parse(text, ret) != ERR_OK || role_is_operator(*ret) != operators)
        cabinet_fault(c, "role", FAULT_invalid);
}

static enum err invite_unit(struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    struct people_change *x = arg;
    struct merchant_row m;
    enum err e = x->person.merchant_id
                     ? store_merchant_get(tx_db(tx), c->arena, x->person.merchant_id, &m)
                     : ERR_OK;
    e = e == ERR_OK ? people_invite(tx, &x->person, x->token) : e;
    audit_name(a, x);
    return e;
}

/* Whose person it will be: one's own merchant's, or whose the operator says. */
static void invite_whose(struct cabinet_call *c, struct people_change *x)
{
    int64_t merchant = c->merchant_id;
    if (!merchant && !cabinet_int_or_none(c, "merchant_id", 1, INT64_MAX, &merchant))
        return;
    role_read(c, merchant == 0, &x->person.role);
    x->person.merchant_id = merchant;
}

struct reply *cabinet_people_post(struct cabinet_call *c)
{
    struct people_change x = {.action = "person.add"};
    struct str email = cabinet_text(c, "email", EMAIL_CHARS_MAX);
    struct str language = cabinet_text_or_none(c, "language", 2);
    x.person.name = cabinet_text(c, "name", PERSON_NAME_MAX);
    x.person.email = str_absent(email) ? STR_ABSENT : email_normal(c->arena, email);
    x.person.language = str_absent(language) ? STR("bn") : language;
    if (!str_absent(email) && str_absent(x.person.email))
        cabinet_fault(c, "email", FAULT_invalid);
    if (!str_is(x.person.language, "bn") && !str_is(x.person.language, "en"))
        cabinet_fault(c, "language", FAULT_invalid);
    invite_whose(c, &x);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = cabinet_change(c, invite_unit, &x);
    if (e == ERR_DUPLICATE)
        cabinet_fault(c, "email", FAULT_taken);
    if (e == ERR_NO_ROW)
        cabinet_fault(c, "merchant_id", FAULT_unknown);
    faults = cabinet_faults(c);
    return faults ? faults : changed_reply(c, e, &x);
}

static enum err change_unit(struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    struct people_change *x = arg;
    enum err e = fresh(c, tx, x, a);
    e = e == ERR_OK ? people_change(tx, &x->person, x->name, x->role) : e;
    audit_name(a, x);
    return e;
}

struct reply *cabinet_person_post(struct cabinet_call *c)
{
    struct people_change x = {.action = "person.change"};
    x.name = cabinet_text(c, "name", PERSON_NAME_MAX);
    role_read(c, c->subject.merchant_id == 0, &x.role);
    bool whole = cabinet_int(c, "version", 1, INT64_MAX, &x.version);
    struct reply *faults = cabinet_faults(c);
    if (faults || !whole)
        return faults;
    return changed_reply(c, cabinet_change(c, change_unit, &x), &x);
}

static enum err enable_unit(struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    struct people_change *x = arg;
    enum err e = fresh(c, tx, x, a);
    e = e == ERR_OK ? people_enable(tx, &x->person, true) : e;
    audit_name(a, x);
    return e;
}

static enum err disable_unit(
    struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    struct people_change *x = arg;
    enum err e = fresh(c, tx, x, a);
    e = e == ERR_OK ? people_enable(tx, &x->person, false) : e;
    audit_name(a, x);
    return e;
}

static enum err reset_unit(struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *a)
{
    struct people_change *x = arg;
    enum err e = fresh(c, tx, x, a);
    e = e == ERR_OK ? people_reset(tx, &x->person, x->token) : e;
    audit_name(a, x);
    return e;
}

struct reply *cabinet_person_enable_post(struct cabinet_call *c)
{
    struct people_change x = {.action = "person.enable"};
    return changed_reply(c, cabinet_change(c, enable_unit, &x), &x);
}

struct reply *cabinet_person_disable_post(struct cabinet_call *c)
{
    struct people_change x = {.action = "person.disable"};
    return changed_reply(c, cabinet_change(c, disable_unit, &x), &x);
}

struct reply *cabinet_person_reset_post(struct cabinet_call *c)
{
    struct people_change x = {.action = "person.reset"};
    return changed_reply(c, cabinet_change(c, reset_unit, &x), &x);
}
