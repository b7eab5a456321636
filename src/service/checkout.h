/* Use cases of merchant and payer: create a payment, load its page, pay, cancel, come back from the wallet. */
#ifndef KASSA_SERVICE_CHECKOUT_H
#define KASSA_SERVICE_CHECKOUT_H

#include "core/validate.h"
#include "service/accounts.h"
#include "service/service.h"
#include "store/store_payment.h"

/* Checks that need state: service of the account, wallet configured, presets of the account; adds their field errors. Fills
 * the payment from request, presets and account defaults (redirect addresses are copied). */
void checkout_prepare(struct service *s, const struct account_view *v,
    const struct create_request *rq, struct field_errors *errors, struct payment_new *ret);

struct checkout_create {
    struct store_unit unit;     /* checkout's */
    struct payment_new payment; /* from checkout_prepare, body_sha256 set */
    void (*done)(struct checkout_create *c,
        enum err
            result); /* writer's thread: ERR_OK (stored or replayed), ERR_DUPLICATE, store errors */
    void *arg;
    struct links *links;          /* checkout's */
    struct payment_answer answer; /* checkout's */
    /* set before done: */
    bool replayed;
    int64_t id;
    char uuid[37];
};
/* Stores the payment in one unit. Texts of `payment` must live until done. ERR_BUSY, ERR_STOPPING, and
 * ERR_TOO_LARGE when the request's arena had no room for the payment: done is not called. */
enum err checkout_create_submit(struct service *s, struct checkout_create *c) must_check;

/* ---- the page ---- */
enum page_stage {
    PAGE_OPEN,       /* pay or cancel */
    PAGE_WAITING,    /* the wallet's create is under way: soon there is an address to go to */
    PAGE_AT_WALLET,  /* go on at `wallet_url`, or try again, or cancel */
    PAGE_CONFIRMING, /* executing, unknown or under review: wait */
    PAGE_PAID,
    PAGE_CANCELLED,
    PAGE_FAILED,
    PAGE_EXPIRED /* nobody paid within the lifetime */
};

/* How a wallet's payer pays: at its own page, or by sending money to a number and typing the TrxID. */
enum page_way { PAGE_WAY_NONE, PAGE_WAY_CHECKOUT, PAGE_WAY_NUMBER };

struct page_number {
    bool there;             /* there is one for this payment */
    bool on;                /* and its way is what is shown */
    struct str number;      /* where to */
    struct str kind;        /* "personal", "agent", "merchant" */
    struct money left;      /* to send yet, not below 0 */
    struct str waits;       /* the newest TrxID whose SMS has not come; absent: none */
    struct str waits_payer; /* the digits that were typed beside it */
    bool silent;            /* the number's phone was not heard of for long */
};

struct page_view {
    struct payment_row payment;
    enum page_stage stage;
    struct str wallet_url; /* PAGE_AT_WALLET */
    struct str
        last_reason; /* why the last attempt ended: "cancelled", "refused", "declined", "unavailable"; absent: none */
    bool wallet_healthy;  /* pay can be pressed */
    bool may_switch;      /* the payer may choose the other way */
    int64_t seconds_left; /* of the lifetime, not below 0 */
    struct page_number number;
    struct str merchant_name;
    struct str account_uuid;
    struct str return_url;  /* the effective address for this end; absent: the page stays */
    struct str return_sign; /* base64, only when final and return_url is set */
};
/* Reads what the page shows, by the way that the payer wants as far as he may have it. ERR_NO_ROW. Any thread (reads on its own
 * connection). */
enum err checkout_page_load(struct service *s, struct arena *a, struct str uuid,
    enum page_way wanted, struct page_view *ret) must_check;

/* A use case that ends with a commit; done runs on the writer's thread, exactly once if submit was ERR_OK. */
struct checkout_act {
    struct store_unit unit; /* checkout's */
    struct service *service;
    char uuid[37]; /* of the payment; for a callback set by checkout before done */
    void (*done)(struct checkout_act *c, enum err result);
    void *arg;
    /* the rest is checkout's own */
    char token[65], ref[129];
    char payer[65];          /* of number_submit */
    uint8_t address[16];     /* of number_submit: whose guess it is (http/page_limit.h) */
    enum wallet_kind wallet; /* of a callback */
    int callback_status;
    int answer; /* of number_submit, set before done */
    struct act_own *own;
    struct str language;
};
/* Each: ERR_BUSY, ERR_STOPPING: done is not called. */
/* Starts an attempt (state CREATING, then the wallet's create on the outgoing loop). While one is executing or unknown: ERR_STATE.
 * After the end or the lifetime, and when money was sent to a number: ERR_STATE. A second press within 10 s while one is CREATING is the same attempt: ERR_OK.
 * ERR_NOT_SENT: no credential for the wallet any more. ERR_BUSY also while too many creates wait for their wallets. */
enum err checkout_pay(struct service *s, struct checkout_act *c) must_check;
/* The page's cancel button. ERR_STATE when it is not OPEN any more. */
enum err checkout_cancel(struct service *s, struct checkout_act *c) must_check;
enum callback_status { CALLBACK_SUCCESS, CALLBACK_FAILURE, CALLBACK_CANCEL, CALLBACK_OTHER };
/* The payer comes back from the wallet. `c->token` names the attempt (of Rocket `c->ref` alone), `c->ref` is the wallet's id as
 * the query gave it: another
 * than the stored one is refused (ERR_STATE). Of a wallet that takes the money at its page the callback decides nothing: the wallet
 * is asked earlier. Else success: attempt EXECUTING is committed, then execute is sent, once. done gets ERR_OK for duplicates and
 * late callbacks too (stored state wins). An unknown token, or one of another wallet than `c->wallet`: ERR_NO_ROW; a token that
 * can't be looked up: store errors, both at once and without the writer; done is not called. Another id than the stored one that was
 * refused before: done is called at once, before this returns. */
enum err checkout_callback(
    struct service *s, struct checkout_act *c, enum callback_status status) must_check;
/* Remembers the payer's language. */
enum err checkout_language(struct service *s, struct checkout_act *c) must_check;

/* The status answer's facts. */
struct status_view {
    struct payment_row payment;
    bool has_balance;
    struct money old_balance, new_balance;
};
/* By id and/or order of that account. ERR_NO_ROW; ERR_CONFLICT when both are given and name different payments. */
enum err checkout_status(struct service *s, struct arena *a, const struct account_view *v,
    const struct status_request *rq, struct status_view *ret) must_check;

/* What only a person can decide, for `kassa payment settle`; in one unit with its audit row. Money that the wallet named is in
 * suspense already: its TrxID attaches it, which must be of that amount (ERR_RANGE); another TrxID is ERR_INVALID. Of a payment that
 * has ended it is about its attempts under review (none: ERR_STATE) and changes no state of the payment: --paid books late money,
 * and ERR_CONFLICT says that it is a credit already. */
struct checkout_settle {
    int64_t payment_id;
    bool paid;           /* else: not paid */
    struct money amount; /* when paid */
    struct str trx_id;   /* when paid */
    struct str operator_name, reason;
};
enum err checkout_settle(struct service *s, const struct checkout_settle *c) must_check;
/* Attaches an unattached credit to its (cancelled or failed) payment, of money sent to a number with so many of its other parts,
 * oldest first, as make up the amount; with its audit row. */
enum err checkout_attach(
    struct service *s, int64_t credit_id, struct str operator_name, struct str reason) must_check;
/* It pays nothing: it stays in suspense and is listed no more. ERR_CONFLICT: it is attached or marked. */
enum err checkout_mark(
    struct service *s, int64_t credit_id, struct str operator_name, struct str reason) must_check;

#endif
