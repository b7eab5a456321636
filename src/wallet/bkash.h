/* bKash Tokenized Checkout v1.2.0-beta, mode 0011 (no agreement). For the files of src/wallet and their tests.
 * The readers below are pure: what bKash answered becomes a struct wallet_answer whose texts live in the arena. */
#ifndef KASSA_WALLET_BKASH_H
#define KASSA_WALLET_BKASH_H

#include "base/arena.h"
#include "wallet/connector.h"

#define BKASH_ARENA_MAX ((size_t)2 << 20)

/* `http_allowed`: the payer's page may be http, as a simulator's is. */
void bkash_read_create(
    struct arena *a, int status, struct str body, bool http_allowed, struct wallet_answer *ret);
/* OK only when all says that the payment `ref` is completed. BROKEN only when bKash cannot have seen the call. */
void bkash_read_execute(
    struct arena *a, int status, struct str body, struct str ref, struct wallet_answer *ret);
void bkash_read_query(
    struct arena *a, int status, struct str body, struct str ref, struct wallet_answer *ret);
/* OK with what bKash knows of the transaction `trx_id`, DECLINED when it knows none, "not_offered" when there is no such route. */
void bkash_read_search(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret);

/* Of the payment `trx_id`. OK only when all says that this amount went back; DECLINED by bKash's own refusals. */
void bkash_read_refund(struct arena *a, int status, struct str body, struct str trx_id,
    struct money amount, struct wallet_answer *ret);
/* The first API's, which has a code for everything. */
void bkash_read_refund_v1(struct arena *a, int status, struct str body, struct str trx_id,
    struct money amount, struct wallet_answer *ret);
/* OK with the one refund that a payment may have, or with none. */
void bkash_read_refund_status_v1(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret);
/* OK only with a list of which each row is understood. */
void bkash_read_refund_status(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret);

enum bkash_grant_result {
    BKASH_GRANT_OK,
    BKASH_GRANT_REFUSED, /* credentials refused, or calls blocked */
    BKASH_GRANT_UNCLEAR
};
struct bkash_grant {
    struct str token, refresh; /* refresh may be absent */
    int64_t expires_in_s;
    struct str code, message; /* of a refusal */
};
enum bkash_grant_result bkash_read_grant(
    struct arena *a, int status, struct str body, struct bkash_grant *ret) must_check;

/* The three forms that bKash writes: "2026-09-18T06:00:19:952 GMT+0600", "2024-06-13T16:27:24:000" and
 * "20180419122246"; those without an offset are Dhaka's. ERR_SYNTAX. */
enum err bkash_time_parse(struct str s, int64_t *ret_ms) must_check;

/* What bKash's webhook tells of a payment to the merchant, by whatever channel (bkash_notice.c). It names no paymentID. */
struct bkash_notice {
    struct str trx_id;   /* letters and digits, upper case */
    struct str status;   /* "Completed" */
    struct str type;     /* bKash's number for the channel; absent */
    struct str invoice;  /* what we named at create; absent: not paid by our request */
    struct str currency; /* absent */
    struct str payer;    /* wallet number; absent */
    struct money amount; /* what the payer owed: with a coupon bKash pays a part of it */
    int64_t at_ms;       /* 0: it did not say */
};
/* `message` is the notification's own text, whose signature was checked. ERR_SYNTAX, ERR_LIMIT. */
enum err bkash_read_notice(
    struct arena *a, struct str message, struct bkash_notice *ret) must_check;

/* Tokens, outgoing thread only. One renewal at a time for a credential; who comes meanwhile waits for it. */
struct bkash_token_result {
    const char
        *token;     /* NULL: none, and `code` says why; valid until the waiter's function returns */
    int64_t serial; /* names the token for bkash_token_reject */
    const char *code; /* static text */
    enum connector_health health;
    const char *reason; /* for CONNECTOR_HEALTH_TRIP */
};
struct bkash_waiter {
    struct bkash_waiter *next;
    void (*fn)(struct bkash_waiter *waiter, const struct bkash_token_result *r);
};
/* Calls waiter->fn exactly once, maybe before it returns. */
void bkash_token_get(
    struct wallet_slot *slot, struct wallet_secret *secret, struct bkash_waiter *waiter);
/* bKash refused this token: it is not used again. */
void bkash_token_reject(struct wallet_slot *slot, int64_t serial);

#endif
