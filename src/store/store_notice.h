/* What wallets tell by themselves (bKash's webhook): the topics that are believed, and each message once. */
#ifndef KASSA_STORE_NOTICE_H
#define KASSA_STORE_NOTICE_H

#include "base/money.h"
#include "store/store.h"

struct topic_row {
    int64_t id;
    int64_t credential_id;
    struct str arn;
    int64_t created_at;
    int64_t confirmed_at; /* 0: not subscribed, as far as SNS has told */
};
/* Sets id. ERR_DUPLICATE: the topic is pinned already. */
enum err store_topic_add(struct tx *tx, struct topic_row *r) must_check;
enum err store_topic_get(
    struct db *db, struct arena *a, int64_t id, struct topic_row *ret) must_check;
enum err store_topic_by_arn(
    struct db *db, struct arena *a, struct str arn, struct topic_row *ret) must_check;
/* 0: not subscribed any more. ERR_NO_ROW. */
enum err store_topic_confirm(struct tx *tx, int64_t id, int64_t confirmed_at) must_check;
enum err store_topic_remove(struct tx *tx, int64_t id) must_check; /* ERR_NO_ROW */
typedef enum err (*store_topic_fn)(void *arg, const struct topic_row *r);
enum err store_topic_each(struct db *db, store_topic_fn fn, void *arg) must_check;

struct notice_row {
    int64_t id;
    struct str message_id;
    int64_t credential_id; /* the topic's */
    int64_t received_at;
    struct str trx_id;   /* absent: could not be read */
    struct str invoice;  /* absent: none */
    struct money amount; /* zero: could not be read */
    struct str currency, channel, payer_mask;
    int64_t paid_at;                /* 0: not told */
    int64_t payment_id, attempt_id; /* 0: none of ours */
    /* known: its credit is there; asked: the wallet is being asked; early: before our execute; elsewhere: paid without us;
     * differs, review, unreadable: a person must look; ignored: no completed payment; closed: a person has looked */
    struct str verdict;
    int64_t look_at; /* when it is judged again; 0: never */
    int64_t looks;
};
/* Sets id. ERR_DUPLICATE: that message was there before. */
enum err store_notice_add(struct tx *tx, struct notice_row *r) must_check;
enum err store_notice_find(struct db *db, struct str message_id, int64_t *ret_id) must_check;
enum err store_notice_get(
    struct db *db, struct arena *a, int64_t id, struct notice_row *ret) must_check;
/* Writes payment_id, attempt_id, verdict, look_at and looks. ERR_NO_ROW. */
enum err store_notice_judge(struct tx *tx, const struct notice_row *r) must_check;
/* Those with 0 < look_at <= now; ids, oldest first. */
enum err store_notice_due(
    struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count) must_check;
typedef enum err (*store_notice_fn)(void *arg, const struct notice_row *r);
/* Newest first, at most `max`. payment_id 0: all; `open`: only those that a person must look at. */
enum err store_notice_each(struct db *db, int64_t payment_id, bool open, int64_t max,
    store_notice_fn fn, void *arg) must_check;

/* What a TrxID was counted with. ERR_NO_ROW: it was not. */
struct notice_credit {
    struct money amount;
    int64_t payment_id; /* 0: none */
};
enum err store_notice_credit(
    struct db *db, int64_t credential_id, struct str trx_id, struct notice_credit *ret) must_check;
/* The bKash attempt with that invoice. ERR_NO_ROW. */
enum err store_notice_attempt(struct db *db, struct str invoice, int64_t *ret_id) must_check;

#endif
