/* The simulator of bKash's tokenized checkout and of Nagad's checkout. One process, one lock: each call to a wallet's API, the
 * payer's page and the control API works on the state under sim.lock, so its answers are those of one order of events.
 *
 *   walletsim.c  command line, start, end        gateway.c   what every API call goes through: tokens, faults, log
 *   routes.c     which address is whose          operation.c create, execute, query, search
 *   checkout.c   the checkout before the tokenized one   refund.c    refunds, by both of bKash's APIs
 *   page.c       the payer's page                token.c     grant, refresh
 *   payer.c      what a payer can do             control.c   the control API for tests
 *   agreement.c  payers that are known
 *   sim_store.c  what survives a restart         fault.c calls.c later.c  as their names say
 *   nagad*.c     Nagad's side, see nagad.h         sns.c       bKash's webhook, as Amazon SNS sends it
 *   rocket*.c    Rocket's side, see rocket.h */
#ifndef KASSA_APP_SIM_H
#define KASSA_APP_SIM_H

#include "base/clock.h"
#include "base/json.h"
#include "calls.h"
#include "fault.h"
#include "http/server.h"
#include "later.h"
#include "sim_store.h"
#include "sns.h"
#include <pthread.h>

/* A payment can be paid and executed for this long. */
#define PAYMENT_LIFE_MS (24 * 3600 * INT64_C(1000))
#define SIM_BODY_MAX ((size_t)64 * 1024)
#define WRONG_PINS_MAX 3
#define TOKEN_CALLS_PER_HOUR 2

struct sim_options {
    const char *listen, *dir, *public_url; /* public_url: NULL, from the listener */
    const char *username, *password, *app_key, *app_secret;
    int64_t token_life_s;
    bool hourly_block, fsync;
    const char *nagad_merchant_id; /* NULL: there is no Nagad */
    int64_t nagad_window_s;
    bool nagad_sha1;
    const char *rocket_listen, *rocket_tls, *rocket_return; /* all or none: there is no Rocket */
    const char *sns_listen, *sns_certificate, *sns_key;     /* the last two NULL: there is no SNS */
};

struct sim {
    struct sim_options options;
    char *public_url; /* without a slash at the end */
    struct clock clock;
    struct nagad *nagad;   /* NULL: there is none; unchanged while it runs */
    struct sns *sns;       /* NULL: there is none; unchanged while it serves */
    struct rocket *rocket; /* the same */
    struct later *later;
    pthread_mutex_t lock; /* all below */
    struct sim_store *store;
    struct faults faults;
    struct calls calls;
};

extern const struct route sim_routes[];
/* Unknown paths and methods, in the shape of the API's gateway. */
struct reply *sim_error(struct request *rq, enum err e);

/* ---- gateway.c ---- */
/* One call to the API on its way. It lives in the request's arena. */
struct call {
    struct sim *sim;
    struct request *rq;
    enum op op;
    bool
        checkout; /* by the addresses of the checkout without the payer's redirect: other fields and errors */
    bool refund_v1; /* a refund that is not by the second API */
    int64_t seq;    /* in sim.calls */
    const struct json *body;
    struct str token;                       /* of the Authorization header, without "Bearer " */
    struct str app_key, username, password; /* headers; Nagad: app_key is the merchant id */
    struct str ref, order_id;               /* Nagad's, of the path */
    struct fault fault;
    int64_t now_ms;
    /* the answer */
    int status;
    char code[16];
    struct buf out;
};
/* Reads the call, lets it in or not, does it, and answers, as the armed fault wants. */
struct reply *gateway_call(struct request *rq, enum op op);
/* Forgets what is written of the answer, and begins anew. */
void call_out_begin(struct call *c, int status, const char *code);
struct reply *gateway_grant(struct request *rq);
struct reply *gateway_refresh(struct request *rq);
struct reply *gateway_create(struct request *rq);
struct reply *gateway_execute(struct request *rq);
struct reply *gateway_query(struct request *rq);
struct reply *gateway_search(struct request *rq);
struct reply *gateway_refund(struct request *rq);
struct reply *gateway_refund_status(struct request *rq);
struct reply *gateway_agreement_status(struct request *rq);
struct reply *gateway_agreement_cancel(struct request *rq);
/* Both of the first API's, which have one address. */
struct reply *gateway_refund_v1(struct request *rq);
/* {"message":text} */
void call_message(struct call *c, int status, const char *text);
/* {"statusCode":code,"statusMessage":its text} with HTTP 200; the checkout's keys are errorCode and errorMessage. */
void call_code(struct call *c, const char *code);
const char *code_text(const char *code);
/* Begins the answer of a success: the open object, with statusCode 0000 but for the checkout. */
struct json_writer call_begin(struct call *c);

/* ---- token.c, operation.c, refund.c: with sim.lock, inside a transaction; an error undoes it and answers HTTP 500 ---- */
enum err token_grant(struct call *c) must_check;
enum err token_refresh(struct call *c) must_check;
enum err operation_create(struct call *c) must_check;
enum err operation_execute(struct call *c) must_check;
enum err operation_query(struct call *c) must_check;
enum err operation_search(struct call *c) must_check;
enum err operation_refund(struct call *c) must_check;
enum err operation_refund_status(struct call *c) must_check;

/* ---- operation.c: fields of an answer, each of which a fault may spoil ---- */
void field_text(
    struct call *c, struct json_writer *w, const char *key, enum fault_kind kind, struct str right);
void field_amount(struct call *c, struct json_writer *w, const char *key, struct money m);
void field_time(struct json_writer *w, const char *key, int64_t at_ms);
struct str payer_number(const struct pay *p);

/* ---- agreement.c ---- */
enum err operation_agreement_status(struct call *c) must_check;
enum err operation_agreement_cancel(struct call *c) must_check;
/* Executes a payment of mode 0000, and answers. */
enum err agreement_make(struct call *c, struct pay *p) must_check;
/* A create in mode 0001; the code is NULL when its agreement is good. */
enum err agreement_judge(struct call *c, const char **ret_code) must_check;

/* ---- checkout.c: the checkout's answers ---- */
void checkout_create_answer(struct call *c, const struct pay *p);
/* Of execute and query. */
void checkout_payment_answer(struct call *c, const struct pay *p);
/* The object that the tokenized API would have got, from the address's last part. NULL: none can be made. */
const struct json *checkout_body(struct request *rq, enum op op);

/* ---- nagad_operation.c: the same for Nagad ---- */
enum err nagad_operation(struct call *c) must_check;
bool nagad_admit(struct call *c);
/* {"reason":reason,"message":its text} with HTTP 400. */
void nagad_refuse(struct call *c, const char *reason);
void nagad_subject(struct call *c, struct str *ret_ref, struct str *ret_order_id);

/* ---- payer.c: with sim.lock ---- */
enum payer_act { PAYER_APPROVE, PAYER_DECLINE, PAYER_CANCEL, PAYER_WRONG_PIN, PAYER_INSUFFICIENT };
#define PAYER_ACT_COUNT 5
const char *payer_act_name(enum payer_act a);
/* ERR_NO_ROW. */
enum err payer_act_find(struct str name, enum payer_act *ret) must_check;
struct payer_result {
    bool leaves; /* the browser goes on to `callback_url`, else the page is shown again */
    struct buf callback_url;
    int pins_left;
};
/* ERR_NO_ROW: no such payment; ERR_STATE: it does not wait for this (any more). The caller clears callback_url. */
enum err payer_do(struct sim *s, struct arena *a, struct str payment_id, enum payer_act act,
    struct payer_result *ret) must_check;
bool pay_is_expired(const struct pay *p, int64_t now_ms);
/* callbackURL with what the wallet appends. */
void callback_url_write(struct buf *b, const struct pay *p, const char *status);

/* ---- texts ---- */
/* "2026-09-18T06:00:19:952 GMT+0600" */
#define WALLET_TIME_LEN 32
void wallet_time_format(int64_t at_ms, char out[WALLET_TIME_LEN + 1]);
/* "500", "4.59", "4.5" */
void wallet_amount_format(struct buf *b, struct money m);
/* n random letters and digits; `alphabet` may be NULL for [A-Za-z0-9]. */
void random_text(char *out, size_t n, const char *alphabet);
/* Ten characters, the first three the date. */
#define TRX_ID_LEN 10
void trx_id_make(int64_t at_ms, char out[TRX_ID_LEN + 1]);

/* ---- page.c, control.c ---- */
struct page {
    struct buf b;
};
void page_begin(struct page *pg, const char *title);
struct reply *page_end(struct page *pg, int status);
/* One line as a page; `id` is its data-testid. */
struct reply *page_text(int status, const char *title, const char *id, const char *text);
/* NULL: let in. */
struct reply *control_stranger(struct request *rq);
struct reply *control_message(int status, const char *text);
struct reply *control_error(enum err e);
/* The body, an object; an empty body is an empty object. NULL: it is something else. */
const struct json *control_body(struct request *rq);
/* A parameter of the query, copied into the arena; absent when it is not there. ERR_SYNTAX. */
enum err control_param(struct request *rq, const char *name, struct str *ret) must_check;
/* Gives what was written; clears it. */
struct reply *control_out(enum err e, struct buf *b);
#define CONTROL_OUT_MAX ((size_t)32 * 1024 * 1024)
struct reply *page_show(struct request *rq);
struct reply *page_style(struct request *rq);
struct reply *page_approve(struct request *rq);
struct reply *page_decline(struct request *rq);
struct reply *page_cancel(struct request *rq);
struct reply *page_wrong_pin(struct request *rq);
struct reply *page_insufficient(struct request *rq);
struct reply *page_error(struct request *rq, enum err e);
struct reply *control_payments(struct request *rq);
struct reply *control_payment(struct request *rq);
struct reply *control_act(struct request *rq);
struct reply *control_faults(struct request *rq);
struct reply *control_arm(struct request *rq);
struct reply *control_disarm(struct request *rq);
struct reply *control_calls(struct request *rq);
struct reply *control_clock(struct request *rq);
struct reply *control_clock_now(struct request *rq);
struct reply *control_reset(struct request *rq);
struct reply *control_health(struct request *rq);

#endif
