/* The cabinet's API, /cabinet/api: a call goes through http/cabinet.c, the same way for each row of cabinet_routes.def: session, role, CSRF,
 * scope, and only then the row's handler, which finds all of it in struct cabinet_call. Handlers run on the cabinet's own threads and
 * may block (reads, store_run, a password's hash); the payment API never waits for them. */
#ifndef KASSA_HTTP_CABINET_H
#define KASSA_HTTP_CABINET_H

#include "base/json.h"
#include "core/roles.h"
#include "http/gateway.h"
#include "http/server.h"
#include "service/change.h"
#include "service/sign_in.h"
#include "store/store_account.h"
#include "store/store_outbox.h"
#include "store/store_payment.h"
#include "store/store_sms.h"
#include "store/store_trial.h"

#define CABINET_BODY_MAX ((size_t)262144)
#define CABINET_IDS_MAX 4
#define CABINET_LIMIT_MAX 100

struct cabinet;
struct cabinet_call;

/* Threads start here. ERR_IO. */
enum err cabinet_new(struct service *s, struct cabinet **ret) must_check;
/* After the server stopped: what waits is answered to nobody, what runs is waited for. NULL is fine. */
void cabinet_free(struct cabinet *c);

enum cabinet_error {
#define E(code, status, text) CABINET_##code,
#include "http/cabinet_errors.def"
    CABINET_ERROR_COUNT
};
enum cabinet_fault {
#define F(code) FAULT_##code,
#include "http/cabinet_errors.def"
    CABINET_FAULT_COUNT
};

enum cabinet_scope {
    SCOPE_NONE,
    SCOPE_MERCHANT,     /* its id: call.merchant */
    SCOPE_ACCOUNT,      /* its uuid: call.account */
    SCOPE_PAYMENT,      /* its id: call.payment, call.account */
    SCOPE_CERT,         /* its id: call.cert, call.account */
    SCOPE_REDIRECT,     /* its id: call.redirect, call.account */
    SCOPE_ENDPOINT,     /* its id: call.endpoint, call.account */
    SCOPE_TRIAL,        /* its id: call.trial, call.endpoint, call.account */
    SCOPE_NOTIFICATION, /* its id: call.notification, call.payment, call.account */
    SCOPE_PERSON,       /* its id: call.subject */
    SCOPE_RECEIVED,     /* the operator's alone: call.received */
    SCOPE_SESSION,      /* the id of one's own session: call.other_session */
};

typedef struct reply *(*cabinet_fn)(struct cabinet_call *c);

/* WHO_payment_see and so on are the actions of core/roles.h. */
enum cabinet_who {
    WHO_SIGNED_OUT = -4,
    WHO_ANY_STAGE,
    WHO_CODE,
    WHO_SETUP,
#define A(action, ...) WHO_##action = (int)ACTION_##action,
#include "core/roles.def"
};

struct cabinet_route {
    const char *method, *path;
    enum cabinet_who who;
    enum cabinet_scope scope;
    cabinet_fn handle;
};
extern const struct cabinet_route cabinet_routes[]; /* ended by a NULL method */

struct cabinet_call {
    struct cabinet *cabinet;
    struct service *service;
    struct arena *arena; /* the request's */
    struct db *db;       /* this thread's reading connection */
    int64_t now;
    const struct cabinet_route *route;
    struct request *rq;              /* its headers can't be read here any more */
    struct str ids[CABINET_IDS_MAX]; /* the path's {} segments, as they were sent */
    int id_count;
    struct str query;        /* raw; see cabinet_query */
    const struct json *body; /* a POST's object; NULL with GET */
    struct browser browser;  /* where the call comes from */
    char token[SESSION_TOKEN_LEN + 1];

    /* With a session: */
    bool signed_in;
    struct signed_in session; /* session.person is who calls */
    int64_t
        merchant_id; /* whose things may be seen; 0: all merchants' (one of the operator's people) */

    /* Of the route's scope: */
    struct merchant_row merchant;
    struct account_row account;
    struct payment_row payment;
    struct cert_row cert;
    struct redirect_row redirect;
    struct endpoint_row endpoint;
    struct trial_row trial;
    struct outbox_row notification;
    struct person_row subject;
    struct number_credit_row received;
    struct session_row other_session;

    /* The answer and the faults of fields, while they are made (cabinet_reply.c). */
    struct buf out;
    struct json_writer w;
    struct buf faults;
    struct json_writer faults_w;
    int fault_count;
    /* What copied headers are judged by (cabinet.c). */
    struct str cookie, csrf, fetch_site, origin, content_type;
};

/* ---- what was asked (cabinet_input.c) ---- */
/* A query parameter, decoded; absent: not there (or there twice, or unreadable). Lives in the arena. */
struct str cabinet_query(struct cabinet_call *c, const char *key);
/* 1 to CABINET_LIMIT_MAX; 50 unless told otherwise. */
int64_t cabinet_query_limit(struct cabinet_call *c);
/* A text of the body without blanks around it, of 1 to `max` characters and without control characters. Else a fault of that field
 * is noted and it is absent. */
struct str cabinet_text(struct cabinet_call *c, const char *field, size_t max);
/* The same, which may be missing, null or empty: absent then, without a fault. */
struct str cabinet_text_or_none(struct cabinet_call *c, const char *field, size_t max);
/* A secret: as it was sent. */
struct str cabinet_secret(struct cabinet_call *c, const char *field);
/* A whole number of the body, or its digits as text. */
bool cabinet_int(
    struct cabinet_call *c, const char *field, int64_t min, int64_t max, int64_t *ret) must_check;
bool cabinet_int_or_none(
    struct cabinet_call *c, const char *field, int64_t min, int64_t max, int64_t *ret) must_check;
/* A truth value of the body; `absent` when it is missing. */
bool cabinet_bool(struct cabinet_call *c, const char *field, bool absent);
/* May this person see that merchant's things? */
bool cabinet_owns(const struct cabinet_call *c, int64_t merchant_id);
bool cabinet_may(const struct cabinet_call *c, enum action a);

/* ---- what is answered (cabinet_reply.c) ---- */
struct reply *cabinet_error(enum cabinet_error e);
/* For what the service or the store says: ERR_NO_ROW is not_found, ERR_CONFLICT stale, ERR_DUPLICATE taken, ERR_STATE state, ERR_RATE too_many,
 * what may pass busy, the rest internal. */
struct reply *cabinet_err(enum err e);
/* Notes what is wrong with a field of the body; the first one of a field counts. */
void cabinet_fault(struct cabinet_call *c, const char *field, enum cabinet_fault f);
/* NULL when no fault was noted, else the 400 that tells them. */
struct reply *cabinet_faults(struct cabinet_call *c);
/* An answer is written into the writer that this gives, inside one open object, and closed and sent by cabinet_done. */
struct json_writer *cabinet_begin(struct cabinet_call *c);
struct reply *cabinet_done(struct cabinet_call *c);
/* The answer to a change that has nothing else to tell: {"ok":true}. */
struct reply *cabinet_ok(struct cabinet_call *c);
/* Ids are texts in JSON, as 64 bits are too much for a browser's numbers. 0: null. */
void cabinet_w_id(struct json_writer *w, const char *key, int64_t id);
/* Milliseconds; 0: null. */
void cabinet_w_time(struct json_writer *w, const char *key, int64_t at);
/* Whole poisha. */
void cabinet_w_money(struct json_writer *w, const char *key, struct money m);
/* The session's cookie, or its end when `token` is NULL. */
void cabinet_cookie_set(const struct cabinet_call *c, struct reply *r, const char *token);
/* Of a session's token: what X-Kassa-Csrf must be. */
#define CABINET_CSRF_LEN 64
void cabinet_csrf(const char *token, char out[CABINET_CSRF_LEN + 1]);

/* ---- what is changed (cabinet_change.c) ---- */
/* change_run of service/change.h for whoever calls. The function reads again in its transaction what it decides by. */
typedef enum err (*cabinet_change_fn)(
    struct cabinet_call *c, struct tx *tx, void *arg, struct change_note *note);
enum err cabinet_change(struct cabinet_call *c, cabinet_change_fn fn, void *arg) must_check;

/* ---- for routes.c and page_assets.c ---- */
struct reply *cabinet_api_request(struct request *rq);
/* An error before a call was one: a wrong method, too large a body. */
struct reply *cabinet_error_early(enum err e);

/* The handlers of cabinet_routes.def. */
#define C(method, path, who, scope, handler) struct reply *handler(struct cabinet_call *c);
#include "http/cabinet_routes.def"

#endif
