/* Payments, their attempts and their events. State changes are compare-and-set on (state, version) and are made
 * by service/transition alone. */
#ifndef KASSA_STORE_PAYMENT_H
#define KASSA_STORE_PAYMENT_H

#include "base/crypto.h"
#include "base/money.h"
#include "core/attempt.h"
#include "core/catalog.h"
#include "core/payment.h"
#include "store/store.h"

struct payment_row {
    int64_t id;
    struct str uuid; /* text, lower case */
    int64_t account_id;
    struct str order_id;
    struct money amount;
    struct str currency;
    struct str service;
    enum wallet_kind wallet; /* customer_code */
    enum payment_state state;
    int64_t version;
    int64_t created_at, expires_at;   /* ms */
    struct str success_url, fail_url; /* copied at create; absent: none */
    struct str endpoint_url;          /* the request's; absent: none */
    int64_t endpoint_id;              /* the request's; 0: none */
    struct str desc;                  /* absent: none */
    struct str customer_ip;
    struct str customer_json; /* absent: none */
    int64_t fee_bp;
    struct money fee_fixed;
    struct money paid;       /* really paid, short and late money included */
    struct money commission; /* of what is credited */
    struct money credited;   /* to the merchant: paid - commission once paid, else 0 */
    struct money refunded;
    struct str payer_mask; /* masked payer wallet number; absent: not known */
    int64_t final_at;      /* 0: not final */
    int64_t sequence;      /* notifications made so far */
    int64_t attempts;      /* attempts made so far */
    struct str language;   /* the payer's choice, "bn" or "en"; absent: none yet */
};

struct payment_new {
    int64_t id; /* of store_payment_id in this very run of the unit; 0: the store takes one */
    struct payment_row row; /* id, version set by the store */
    uint8_t body_sha256[SHA256_LEN];
};

/* What became of a payment that was handed over. */
struct payment_answer {
    bool taken; /* the order was there before, and nothing was written; then: */
    bool same;  /* with a body that is byte-identical */
    int64_t id; /* the first payment's */
    char uuid[37];
};

/* An id for a payment that is about to be stored in this unit, where its uuid depends on it. Never given twice. */
enum err store_payment_id(struct tx *tx, int64_t *ret) must_check;
/* The hot path: the payment is written when the unit's batch ends, with all that were handed over, by one statement where that is
 * cheaper; nobody sees it before, not even this unit. ERR_OK: when the unit is done *ret tells, and row.id is set unless it is
 * `taken`. Both are the caller's until then. */
enum err store_payment_put(
    struct tx *tx, struct payment_new *p, struct payment_answer *ret) must_check;
/* The same at once, by a statement of its own; the day counter follows with the batch. ERR_OK: stored, row.id set.
 * ERR_DUPLICATE: the order exists and nothing was written; *ret_same tells whether the body is byte-identical, *ret_id and
 * ret_uuid the first payment. */
enum err store_payment_insert(struct tx *tx, struct payment_new *p, bool *ret_same, int64_t *ret_id,
    char ret_uuid[37]) must_check;
/* The stored order of an account: ERR_NO_ROW. For replays before checks that depend on state. */
enum err store_order_find(struct db *db, int64_t account_id, struct str order_id,
    const uint8_t body_sha256[SHA256_LEN], bool *ret_same, int64_t *ret_id,
    char ret_uuid[37]) must_check;

enum err store_payment_by_id(
    struct db *db, struct arena *a, int64_t id, struct payment_row *ret) must_check;
/* Only of that account: ERR_NO_ROW else. */
enum err store_payment_by_order(struct db *db, struct arena *a, int64_t account_id,
    struct str order_id, struct payment_row *ret) must_check;

typedef enum err (*store_payment_fn)(void *arg, const struct payment_row *p);
/* Newest first, at most `max`. `state` absent: any. account_id 0: all. For people; no index helps a rare state. */
enum err store_payment_each(struct db *db, int64_t account_id, struct str state, int64_t max,
    store_payment_fn fn, void *arg) must_check;

/* Compare-and-set: writes state, version + 1 and the columns below of `to` where id, state and version are those of
 * `from`. ERR_CONFLICT when they are not. Columns: state, paid, commission, credited, refunded, payer_mask, final_at,
 * sequence, attempts. On success to->version is the new one, and the overview's counters follow (store_stat.h): both rows are whole. */
enum err store_payment_cas(
    struct tx *tx, const struct payment_row *from, struct payment_row *to) must_check;
enum err store_payment_set_language(struct tx *tx, int64_t id, struct str language) must_check;

/* OPEN payments whose lifetime is over, oldest first; at most `max` ids. */
enum err store_payment_expired(
    struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count) must_check;
/* When the next open payment runs out; ERR_NO_ROW. */
enum err store_payment_next_expiry(struct db *db, int64_t *ret_at) must_check;

struct history_item {
    int64_t id;
    struct str order_id;
    int64_t created_at;
    struct money amount, commission;
    bool has_commission;
    struct str currency;
    enum payment_state state;
};
typedef enum err (*store_history_fn)(void *arg, const struct history_item *item);
/* Exact number of an account's payments on the Dhaka days, from the day counters. */
enum err store_history_total(
    struct db *db, int64_t account_id, int32_t day_from, int32_t day_to, int64_t *ret) must_check;
/* Ascending by creation; skips `offset` rows by the counters, so a late page costs no more than an early one. */
enum err store_history_page(struct db *db, int64_t account_id, int32_t day_from, int32_t day_to,
    int64_t offset, int64_t limit, store_history_fn fn, void *arg) must_check;

struct attempt_row {
    int64_t id;
    int64_t payment_id;
    int64_t number; /* 1, 2, ... within the payment */
    enum wallet_kind wallet;
    int64_t credential_id;
    enum attempt_state state;
    int64_t version;
    struct str callback_token; /* unguessable path segment */
    struct str invoice;        /* our reference at the wallet, unique */
    struct money amount;
    struct str currency;
    struct str
        wallet_ref; /* bKash paymentID, Nagad paymentReferenceId, Rocket trans_id; absent until created */
    struct str wallet_url; /* where the payer goes; absent until created */
    struct str trx_id;     /* absent until paid */
    struct str payer_mask;
    struct str reason; /* short code of the last refusal or fault; absent: none */
    int64_t created_at;
    int64_t execute_sent_at; /* 0: execute never sent */
    int64_t next_ask_at;     /* when settle asks the wallet next; 0: not waiting */
    int64_t asked_at;        /* when settle asked last; 0: never */
    int64_t asks;            /* queries made */
};

enum err store_attempt_add(struct tx *tx, struct attempt_row *r) must_check; /* sets id */
enum err store_attempt_by_id(
    struct db *db, struct arena *a, int64_t id, struct attempt_row *ret) must_check;
enum err store_attempt_by_token(
    struct db *db, struct arena *a, struct str token, struct attempt_row *ret) must_check;
/* By the bank's id of a Rocket transaction, which no two attempts have. */
enum err store_attempt_by_rocket_ref(
    struct db *db, struct arena *a, struct str ref, struct attempt_row *ret) must_check;
/* The newest attempt of a payment; ERR_NO_ROW. */
enum err store_attempt_last(
    struct db *db, struct arena *a, int64_t payment_id, struct attempt_row *ret) must_check;
/* The attempt that is EXECUTING, UNKNOWN or in REVIEW; ERR_NO_ROW. */
enum err store_attempt_live(
    struct db *db, struct arena *a, int64_t payment_id, struct attempt_row *ret) must_check;
typedef enum err (*store_attempt_fn)(void *arg, const struct attempt_row *r);
enum err store_attempt_each(
    struct db *db, int64_t payment_id, store_attempt_fn fn, void *arg) must_check;
/* Compare-and-set on (state, version) like the payment's; columns: state, wallet_ref, wallet_url, trx_id, payer_mask, reason,
 * execute_sent_at, next_ask_at, asked_at, asks, invoice. */
enum err store_attempt_cas(
    struct tx *tx, const struct attempt_row *from, struct attempt_row *to) must_check;
/* Attempts in CREATING, EXECUTING or UNKNOWN with 0 < next_ask_at <= now; ids, oldest first. */
enum err store_attempt_due(
    struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count) must_check;
/* The same for those in REDIRECTED, REFUSED, CANCELLED or FAILED: of a wallet that takes the money at its page. */
enum err store_attempt_due_at_page(struct db *db, enum wallet_kind wallet, int64_t now,
    int64_t *ret_ids, int max, int *ret_count) must_check;

/* Append-only. `detail` is JSON or absent. */
struct event_row {
    int64_t id;
    int64_t payment_id;
    int64_t attempt_id; /* 0: none */
    int64_t at;
    struct str actor;                /* "payer", "wallet", "clock", "operator:NAME", "merchant" */
    struct str event;                /* payment_event_text or attempt_event_text, or another word */
    struct str from_state, to_state; /* absent: no change */
    struct str reason;
    struct str detail;
};
enum err store_event_add(struct tx *tx, struct event_row *r) must_check;
/* ERR_NO_ROW: the attempt has no such event. */
enum err store_event_has(
    struct db *db, int64_t payment_id, int64_t attempt_id, struct str event) must_check;
/* ERR_NO_ROW: the payment has neither, of whatever attempt. */
enum err store_event_has_any(
    struct db *db, int64_t payment_id, struct str event, struct str or_event) must_check;
typedef enum err (*store_event_fn)(void *arg, const struct event_row *r);
enum err store_event_each(
    struct db *db, int64_t payment_id, store_event_fn fn, void *arg) must_check;

#endif
