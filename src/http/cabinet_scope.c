/* Whose things a path names, found out for all routes here: what is somebody else's is not there. */
#include "base/text.h"
#include "http/cabinet_private.h"

bool cabinet_owns(const struct cabinet_call *c, int64_t merchant_id)
{
    return c->signed_in && (c->merchant_id == 0 || c->merchant_id == merchant_id);
}

bool cabinet_may(const struct cabinet_call *c, enum action a)
{
    return c->signed_in && c->session.session.stage == SESSION_FULL &&
           role_may(c->session.person.role, a);
}

static enum err account_own(struct cabinet_call *c, int64_t account_id)
{
    enum err e = store_account_by_id(c->db, c->arena, account_id, &c->account);
    return e == ERR_OK && !cabinet_owns(c, c->account.merchant_id) ? ERR_NO_ROW : e;
}

static enum err account_find(struct cabinet_call *c)
{
    enum err e = store_account_by_uuid(c->db, c->arena, c->ids[0], &c->account);
    return e == ERR_OK && !cabinet_owns(c, c->account.merchant_id) ? ERR_NO_ROW : e;
}

static enum err merchant_find(struct cabinet_call *c, int64_t id)
{
    return cabinet_owns(c, id) ? store_merchant_get(c->db, c->arena, id, &c->merchant) : ERR_NO_ROW;
}

static enum err payment_find(struct cabinet_call *c, int64_t id)
{
    enum err e = store_payment_by_id(c->db, c->arena, id, &c->payment);
    return e == ERR_OK ? account_own(c, c->payment.account_id) : e;
}

static enum err cert_find(struct cabinet_call *c, int64_t id)
{
    enum err e = store_cert_get(c->db, c->arena, id, &c->cert);
    return e == ERR_OK ? account_own(c, c->cert.account_id) : e;
}

static enum err redirect_find(struct cabinet_call *c, int64_t id)
{
    enum err e = store_redirect_get(c->db, c->arena, id, &c->redirect);
    if (e == ERR_OK && c->redirect.deleted_at)
        e = ERR_NO_ROW;
    return e == ERR_OK ? account_own(c, c->redirect.account_id) : e;
}

static enum err endpoint_find(struct cabinet_call *c, int64_t id)
{
    enum err e = store_endpoint_get(c->db, c->arena, id, &c->endpoint);
    if (e == ERR_OK && c->endpoint.deleted_at)
        e = ERR_NO_ROW;
    return e == ERR_OK ? account_own(c, c->endpoint.account_id) : e;
}

static enum err trial_find(struct cabinet_call *c, int64_t id)
{
    enum err e = store_trial_get(c->db, c->arena, id, &c->trial);
    return e == ERR_OK ? endpoint_find(c, c->trial.endpoint_id) : e;
}

static enum err notification_find(struct cabinet_call *c, int64_t id)
{
    enum err e = store_outbox_get(c->db, c->arena, id, &c->notification);
    return e == ERR_OK ? payment_find(c, c->notification.payment_id) : e;
}

/* Who is the operator's is no merchant's business, and 0 is no merchant's id. */
static enum err person_find(struct cabinet_call *c, int64_t id)
{
    enum err e = store_person_get(c->db, c->arena, id, &c->subject);
    return e == ERR_OK && !cabinet_owns(c, c->subject.merchant_id) ? ERR_NO_ROW : e;
}

static enum err session_own(struct cabinet_call *c, int64_t id)
{
    enum err e = store_session_get(c->db, c->arena, id, &c->other_session);
    return e == ERR_OK && c->other_session.person_id != c->session.person.id ? ERR_NO_ROW : e;
}

static enum err number_find(struct cabinet_call *c, int64_t id)
{
    switch (c->route->scope) {
    case SCOPE_NONE:
    case SCOPE_ACCOUNT:
        break;
    case SCOPE_MERCHANT:
        return merchant_find(c, id);
    case SCOPE_PAYMENT:
        return payment_find(c, id);
    case SCOPE_CERT:
        return cert_find(c, id);
    case SCOPE_REDIRECT:
        return redirect_find(c, id);
    case SCOPE_ENDPOINT:
        return endpoint_find(c, id);
    case SCOPE_TRIAL:
        return trial_find(c, id);
    case SCOPE_NOTIFICATION:
        return notification_find(c, id);
    case SCOPE_PERSON:
        return person_find(c, id);
    case SCOPE_RECEIVED:
        return c->merchant_id ? ERR_NO_ROW
                              : store_number_credit_get(c->db, c->arena, id, &c->received);
    case SCOPE_SESSION:
        return session_own(c, id);
    }
    return ERR_NO_ROW;
}

enum err cabinet_scope_find(struct cabinet_call *c)
{
    int64_t id = 0;
    if (c->route->scope == SCOPE_NONE)
        return ERR_OK;
    if (!c->signed_in || c->id_count < 1)
        return ERR_NO_ROW;
    if (c->route->scope == SCOPE_ACCOUNT)
        return account_find(c);
    if (int64_parse(c->ids[0], &id) != ERR_OK || id <= 0)
        return ERR_NO_ROW;
    return number_find(c, id);
}
