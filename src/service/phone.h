/* What phones tell: a number's SMS become money that a payer may claim by its TrxID. Here are the rules that no single text can
 * show: whose number it is, whether it was told before, whether the balance follows from the balance before. doc/sms.md. */
#ifndef KASSA_SERVICE_PHONE_H
#define KASSA_SERVICE_PHONE_H

#include "core/sms.h"
#include "service/service.h"
#include "store/store_sms.h"

#define PHONE_MESSAGES_MAX 100 /* in one request */

struct phone_message {
    struct str sender, text;
    struct str sim; /* the slot as the phone calls it; absent: not told */
    int64_t at_ms;  /* when the phone got it; 0: not told */
};

/* Who tells it: a device, or a person who pasted the text of a number. */
struct phone_source {
    int64_t device_id;      /* 0: a person */
    int64_t number_id;      /* of a person's text */
    struct str reported_by; /* the person; absent: a device */
};

enum phone_result {
    PHONE_CREDIT,    /* money that may be claimed */
    PHONE_REVIEW,    /* money, but a person must look first */
    PHONE_CONFLICT,  /* its TrxID was told before with other words: an alarm */
    PHONE_BALANCE,   /* no payer's money; the chain goes on */
    PHONE_BROKEN,    /* no payer's money, and the chain does not follow */
    PHONE_SAME,      /* this text was told before */
    PHONE_UNPARSED,  /* kept for a person */
    PHONE_LOOKALIKE, /* kept for a person: an alarm */
    PHONE_IGNORED,   /* not kept: other people's messages and secret codes */
    PHONE_RESULT_COUNT
};
const char *phone_result_text(enum phone_result r);

/* Takes one message, inside a unit. Store errors. */
enum err phone_take(struct tx *tx, const struct phone_source *from, const struct phone_message *m,
    enum phone_result *ret) must_check;

/* The balance of a number as a person read it: what did not follow before and follows now is free. Inside a unit. */
enum err phone_balance_set(
    struct tx *tx, int64_t number_id, struct money balance, int64_t at) must_check;

/* ---- a device's request ---- */
struct phone_report {
    struct store_unit unit; /* phone's, as the next two */
    struct money over_tolerance;
    int64_t words_ms; /* so long an SMS keeps its words; 0: for ever */
    struct work *work;
    int64_t device_id;
    const struct phone_message *messages;                  /* live until done */
    size_t count;                                          /* at most PHONE_MESSAGES_MAX */
    bool synced;                                           /* it looked through its whole inbox */
    struct str model;                                      /* absent: not told */
    void (*done)(struct phone_report *r, enum err result); /* writer's thread */
    void *arg;
    /* set before done: how many of each */
    int64_t results[PHONE_RESULT_COUNT];
};
/* One unit for all messages. ERR_BUSY, ERR_STOPPING: done is not called. */
enum err phone_report_submit(struct service *s, struct phone_report *r) must_check;

#define PHONE_KEY_LEN 32
#define PHONE_TOKEN_CAP 64
/* How far a device's clock may be off. */
#define PHONE_CLOCK_SKEW_MS INT64_C(600000)
/* The token of a device's key, "12-0123...", for apps that cannot sign. It tells nothing of the key. */
void phone_token(int64_t device_id, const uint8_t key[PHONE_KEY_LEN], char out[PHONE_TOKEN_CAP]);
/* ERR_UNAUTHORIZED: no such device, disabled, wrong, or it may not use a token. Reads on this thread's connection. */
enum err phone_auth_token(struct service *s, struct str token, int64_t *ret_device_id) must_check;
/* The hex HMAC-SHA256 under the device's key over `at`, a full stop and the body; `at` in seconds since 1970. ERR_UNAUTHORIZED,
 * also when the time is not now. A request told twice is harmless: each text counts once. */
enum err phone_auth_sign(struct service *s, struct str device_id, struct str at, struct str sign,
    struct str body, int64_t *ret_device_id) must_check;
/* The same two texts' mac, for those who sign. */
void phone_sign(const uint8_t key[PHONE_KEY_LEN], struct str at, struct str body, char out[65]);

/* ---- a payer's TrxID ---- */
enum phone_claim_result {
    PHONE_CLAIM_TAKEN,
    PHONE_CLAIM_MALFORMED,    /* no TrxID of this wallet */
    PHONE_CLAIM_UNKNOWN,      /* not told yet: try again */
    PHONE_CLAIM_NOT_SYNCED,   /* not told yet, and the number's phone is silent */
    PHONE_CLAIM_TAKEN_BEFORE, /* by another payment */
    PHONE_CLAIM_MINE_BEFORE,  /* by this payment */
    PHONE_CLAIM_OTHER_PAYER,  /* the digits are not its payer's: to be told like UNKNOWN */
    PHONE_CLAIM_WRONG_NUMBER, /* it came in at another number than the payer was shown */
    PHONE_CLAIM_STALE,        /* it came in before the payment was made: for a person */
    PHONE_CLAIM_REVIEW        /* a person must look at it first */
};
struct phone_claim {
    enum wallet_kind wallet;
    struct str trx_id;    /* as typed */
    struct str payer_end; /* the last three digits of the number that the money came from */
    int64_t number_id;    /* that the payer was shown */
    int64_t payment_id;
    int64_t payment_created_at;
};
/* A phone that was not heard for so long is silent. */
#define PHONE_SILENT_MS INT64_C(3600000)
/* Money that came in so long before its payment was made is not stale: minutes without seconds, clocks. */
#define PHONE_STALE_SKEW_MS INT64_C(300000)
/* Inside a unit: takes the money for the payment, if it is there and free; `credit` is set when there is a row. Amount and the
 * payment's state are the caller's, in the same unit. Store errors. */
enum err phone_claim(struct tx *tx, struct arena *a, const struct phone_claim *c,
    struct number_credit_row *ret_credit, enum phone_claim_result *ret) must_check;

/* ---- what persons decide; inside a unit, with its audit row by the caller ---- */
struct phone_decision {
    int64_t credit_id;
    struct str person; /* "cli:NAME" */
    struct str reason;
    int64_t
        payment_id; /* that is confirmed, so that nobody confirms what he did not look at; 0: none */
    bool is_void;   /* the same */
    int64_t sms_id; /* the same; 0: none */
};
/* Does what another person asked for (store_number_credit_ask): attaches the money to the asked payment, which must be of the same
 * wallet and amount, open or ended unpaid; or, without one, frees it for its TrxID (*ret_payment_id 0). ERR_NO_ROW;
 * ERR_STATE: nothing was asked, or the payment is not such a one; ERR_FORBIDDEN: the same person; ERR_INVALID: another payment
 * was asked for than is confirmed; ERR_RANGE: another amount;
 * ERR_DUPLICATE: the wallet told of that TrxID through its API, and it counts already. What was asked may be that it is void: see
 * phone_void, whose errors these are then, too. */
enum err phone_confirm(struct tx *tx, struct arena *a, const struct phone_decision *d,
    int64_t *ret_payment_id) must_check;
/* Who told of it lied: it never counts, and its TrxID may be told anew. With d->sms_id that SMS, which told the TrxID in other
 * words and was held for it, makes the money instead. Nothing of it is in the ledger before or after. ERR_STATE: it is claimed or
 * void; ERR_UNAUTHORIZED: the device that told of it may still tell; ERR_RANGE: the SMS is none that was held for this TrxID. */
enum err phone_void(struct tx *tx, struct arena *a, const struct number_credit_row *c,
    const struct phone_decision *d) must_check;
/* It is for no payment. ERR_STATE: it is claimed or marked. */
enum err phone_mark(struct tx *tx, struct arena *a, const struct phone_decision *d) must_check;

#endif
