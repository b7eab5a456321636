/* Numbers that payers send money to, the phones (devices) that report their SMS, the SMS, and the money they told of. Texts of
 * rows live in the caller's arena, or until a callback returns. Numbers and devices change by administrators alone: the caller
 * adds its audit row and bumps the change counter in the same unit. */
#ifndef KASSA_STORE_SMS_H
#define KASSA_STORE_SMS_H

#include "base/money.h"
#include "core/catalog.h"
#include "store/store.h"

/* ---- numbers ---- */
struct number_row {
    int64_t id; /* never that of a wallet credential: both count in the same ids */
    enum wallet_kind wallet;
    struct str number;  /* 11 digits, or Rocket's 12 */
    struct str kind;    /* "personal", "agent", "merchant" */
    int64_t account_id; /* 0: shared by all accounts */
    bool enabled;
    struct money balance; /* the end of its chain of SMS */
    int64_t balance_at;   /* the wallet's time of that; 0: no balance is known yet */
    int64_t created_at;
};
/* Sets the id. ERR_DUPLICATE: the wallet's number is there. */
enum err store_number_add(struct tx *tx, struct number_row *r) must_check;
enum err store_number_get(
    struct db *db, struct arena *a, int64_t id, struct number_row *ret) must_check;
/* Where an account's payers pay: its own enabled one, else an enabled shared one; newest wins. ERR_NO_ROW. */
enum err store_number_for(struct db *db, struct arena *a, enum wallet_kind wallet,
    int64_t account_id, struct number_row *ret) must_check;
enum err store_number_set_enabled(struct tx *tx, int64_t id, bool enabled) must_check;
enum err store_number_set_balance(
    struct tx *tx, int64_t id, struct money balance, int64_t at) must_check;
typedef enum err (*store_number_fn)(void *arg, const struct number_row *r);
enum err store_number_each(struct db *db, store_number_fn fn, void *arg) must_check;

/* ---- devices ---- */
struct device_row {
    int64_t id;
    struct str name;
    struct str accepts; /* "signature", or "token" too, for apps that cannot sign */
    struct str key_box; /* 32 bytes, purpose "device" */
    struct str model;   /* as it told; absent: it did not */
    bool enabled;
    int64_t created_at;
    int64_t seen_at;   /* its last good request, 0: never */
    int64_t synced_at; /* its last whole look through the inbox, 0: never */
};
/* Sets the id. ERR_DUPLICATE: the name is taken. */
enum err store_device_add(struct tx *tx, struct device_row *r) must_check;
enum err store_device_get(
    struct db *db, struct arena *a, int64_t id, struct device_row *ret) must_check;
enum err store_device_set_enabled(struct tx *tx, int64_t id, bool enabled) must_check;
/* Times only grow; model absent: stays. */
enum err store_device_seen(
    struct tx *tx, int64_t id, int64_t seen_at, int64_t synced_at, struct str model) must_check;
typedef enum err (*store_device_fn)(void *arg, const struct device_row *r);
enum err store_device_each(struct db *db, store_device_fn fn, void *arg) must_check;
/* `sim` empty: whatever slot. ERR_DUPLICATE. */
enum err store_device_bind(
    struct tx *tx, int64_t device_id, int64_t number_id, struct str sim) must_check;
/* The number of this wallet that the device may report from this slot: of the slot itself, else of whatever slot.
 * ERR_NO_ROW: none; ERR_CONFLICT: several, so the slot must be told, or the slot's own one is disabled. */
enum err store_device_number(struct db *db, int64_t device_id, enum wallet_kind wallet,
    struct str sim, int64_t *ret_number_id) must_check;
/* The newest time at which a device of this number was seen, 0: never. For "not received yet" on the page. */
enum err store_number_seen(struct db *db, int64_t number_id, int64_t *ret_at) must_check;

/* ---- SMS ---- */
struct sms_row {
    int64_t id;
    int64_t device_id; /* 0: a person pasted it */
    int64_t number_id; /* 0: none could be told */
    struct str sender, body;
    uint8_t digest[32];
    struct str kind, why; /* core's words */
    struct str trx_id;    /* the normal form; absent: none */
    struct str
        state; /* "done"; to look at: "broken" (chain), "unparsed", "conflict" (TrxID with other words); "looked_at";
                  "void": two persons said that it lied */
    struct str reported_by; /* who pasted it; absent: a device */
    int64_t happened_at;    /* by the wallet, else by the phone */
    int64_t seen_at;
};
/* Sets the id. ERR_DUPLICATE: this very text of this number was told before. */
enum err store_sms_add(struct tx *tx, struct sms_row *r) must_check;
enum err store_sms_get(struct db *db, struct arena *a, int64_t id, struct sms_row *ret) must_check;
/* ERR_NO_ROW. */
enum err store_sms_set_state(struct tx *tx, int64_t id, struct str state) must_check;
enum err store_sms_set_why(struct tx *tx, int64_t id, struct str why) must_check;
/* Empties the words of at most `max` that were seen before `before` and are done with, oldest first. The digest stays: the same words
 * again are still known. */
enum err store_sms_forget(struct tx *tx, int64_t before, int max) must_check;
typedef enum err (*store_sms_fn)(void *arg, const struct sms_row *r);
/* What a person has to look at, oldest first. number_id 0: all. */
enum err store_sms_each_open(
    struct db *db, int64_t number_id, store_sms_fn fn, void *arg) must_check;

/* ---- money ---- */
enum number_credit_state {
    NUMBER_CREDIT_FREE,    /* whoever tells its TrxID may pay with it */
    NUMBER_CREDIT_CLAIMED, /* counts for payment_id; for ever */
    NUMBER_CREDIT_REVIEW,  /* `reason` tells why a person must look first */
    NUMBER_CREDIT_LATE,    /* told for a payment that had ended: for a person to attach */
    NUMBER_CREDIT_MARKED,  /* a person said that it is for no payment */
    NUMBER_CREDIT_VOID, /* two persons said that who told of it lied: for ever, and its TrxID may be told anew */
    NUMBER_CREDIT_STATE_COUNT
};
const char *number_credit_state_text(enum number_credit_state s);
enum err number_credit_state_parse(struct str s, enum number_credit_state *ret) must_check;

struct number_credit_row {
    int64_t id;
    enum wallet_kind wallet;
    struct str trx_id; /* the normal form */
    int64_t number_id;
    int64_t sms_id;
    struct money amount, balance;
    struct str payer_mask; /* 017******11, ***515; absent: none was told */
    struct str payer_end;  /* the last three digits; absent: none was told */
    int64_t received_at;   /* the wallet's time; bKash and Nagad tell whole minutes */
    int64_t seen_at;
    enum number_credit_state state;
    struct str reason;   /* absent: none */
    int64_t payment_id;  /* 0: none */
    int64_t claimed_at;  /* 0: not claimed */
    struct str asked_by; /* who asked for what another person confirms; absent: nobody */
    int64_t asked_payment_id;
    bool asked_void;
    int64_t asked_sms_id; /* which told the truth; 0: none did yet */
};
/* Sets the id. ERR_DUPLICATE: the wallet's TrxID is taken. Of all functions below none finds or changes what is VOID, but _get and
 * _of_sms. */
enum err store_number_credit_add(struct tx *tx, struct number_credit_row *r) must_check;
enum err store_number_credit_get(
    struct db *db, struct arena *a, int64_t id, struct number_credit_row *ret) must_check;
/* `trx_id` in its normal form. ERR_NO_ROW. */
enum err store_number_credit_find(struct db *db, struct arena *a, enum wallet_kind wallet,
    struct str trx_id, struct number_credit_row *ret) must_check;
/* The one that an SMS told of. ERR_NO_ROW. */
enum err store_number_credit_of_sms(
    struct db *db, struct arena *a, int64_t sms_id, struct number_credit_row *ret) must_check;
/* Takes it for a payment: one compare-and-set from `from`, so that of any number of claims one wins. ERR_CONFLICT: it is not in
 * that state (any more), or there is none. Money and the payment's state are the caller's (service/transition). */
enum err store_number_credit_claim(struct tx *tx, int64_t id, enum number_credit_state from,
    int64_t payment_id, int64_t at) must_check;
/* Compare-and-set of all else; what was asked for is forgotten. ERR_CONFLICT. Not to or from CLAIMED. */
enum err store_number_credit_move(struct tx *tx, int64_t id, enum number_credit_state from,
    enum number_credit_state to, struct str reason) must_check;
/* One person's wish, while it is not claimed; the last one counts. ERR_CONFLICT. */
enum err store_number_credit_ask(
    struct tx *tx, int64_t id, struct str by, int64_t payment_id) must_check;
enum err store_number_credit_ask_void(
    struct tx *tx, int64_t id, struct str by, int64_t sms_id) must_check;
/* What became free and was not compared yet with what payers typed before: it costs nothing how many wait. ERR_NO_ROW. */
enum err store_number_credit_unmatched(struct db *db, int64_t *ret_id) must_check;
enum err store_number_credit_matched(struct tx *tx, int64_t id) must_check;
/* A merchant's number gets an SMS of what was paid at the wallet's own page too: one TrxID, which may count in one way only. The
 * first: claimed for another payment than this, or at another number, ERR_DUPLICATE. The second: a wallet told of it through
 * its API, ERR_DUPLICATE. */
enum err store_number_credit_untaken(struct db *db, enum wallet_kind wallet, struct str trx_id,
    int64_t payment_id, int64_t number_id) must_check;
enum err store_wallet_credit_untaken(
    struct db *db, enum wallet_kind wallet, struct str trx_id) must_check;
typedef enum err (*store_number_credit_fn)(void *arg, const struct number_credit_row *r);
/* Oldest first; all states but CLAIMED, or those of a payment. */
enum err store_number_credit_each_open(
    struct db *db, store_number_credit_fn fn, void *arg) must_check;
enum err store_number_credit_each_of(
    struct db *db, int64_t payment_id, store_number_credit_fn fn, void *arg) must_check;

#endif
