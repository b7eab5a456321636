/* libkassa: Kassa's merchant API for programs in C. It signs and sends calls, and verifies what Kassa sends:
 * notifications, Standard Webhooks signatures and the payer's return.
 *
 * Texts are NUL-ended UTF-8. A returned object owns its texts and is freed with the function named at its type.
 * Outputs are untouched unless the function says otherwise. Running out of memory ends the program (abort), so no
 * function reports it. A client belongs to one thread at a time; functions without a client may be called by any
 * thread. No function reads the environment, the clock or proxies' settings by itself. */
#ifndef KASSA_H
#define KASSA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KASSA_API __attribute__((visibility("default")))
#define KASSA_MUST_CHECK __attribute__((warn_unused_result))

/* Only KASSA_OK is success, of verifying too: compare with it, always. */
enum kassa_result {
    KASSA_OK = 0,
    KASSA_REFUSED = 1,    /* the signature does not fit: somebody else made or changed the text */
    KASSA_MALFORMED = 2,  /* the received text lacks fields or can't be read: treat it as refused */
    KASSA_STALE = 3,      /* a genuine webhook, but too old or too far in the future */
    KASSA_ARGUMENT = 4,   /* an argument or option is missing or unfit; nothing was sent */
    KASSA_FILE = 5,       /* a file could not be read */
    KASSA_KEY = 6,        /* a key or secret, or its pass phrase, is unfit */
    KASSA_NOT_SENT = 7,   /* no connection: Kassa has not seen the call */
    KASSA_MAYBE_SENT = 8, /* the answer was lost: repeat the call with the same body */
    KASSA_ANSWER = 9,     /* an answer that is not Kassa's: treat it like KASSA_MAYBE_SENT */
    KASSA_ERRORS = 10     /* Kassa refused the call: see the answer's errors */
};

/* A short English text; static. */
KASSA_API const char *kassa_result_text(enum kassa_result result);
/* Frees a text that a function gave away. NULL is fine. */
KASSA_API void kassa_free(void *text);

/* ---- The client ---- */

enum kassa_digest { KASSA_SHA1 = 0, KASSA_SHA256 = 1 };

/* Begin with KASSA_OPTIONS_INIT, so that a program built with an older header works with a newer library. */
struct kassa_options {
    size_t size;
    const char *api_url;                /* "https://api.example", the path is added to it */
    const char *account;                /* the account's uuid */
    const char *payments_key_file;      /* private.pem of the payments certificate */
    const char *payments_password_file; /* password.txt; NULL for a key that is not encrypted */
    const char *notifications_key_file; /* public.pem of the notifications certificate, or NULL */
    enum kassa_digest digest;
    int64_t connect_timeout_ms; /* 0: 5000 */
    int64_t timeout_ms;         /* of the whole call; 0: 30000 */
    const char *ca_file;        /* PEM; NULL: the system's */
    const char *proxy;          /* "http://10.0.0.1:3128"; NULL: none */
};
#define KASSA_OPTIONS_INIT                                                                         \
    {                                                                                              \
        sizeof(struct kassa_options)                                                               \
    }

struct kassa_client;

/* KASSA_ARGUMENT, KASSA_FILE, KASSA_KEY: *ret_why is then a static text that names what is unfit (ret_why may be
 * NULL). The options' texts are copied. Owner: kassa_client_free. */
KASSA_API enum kassa_result kassa_client_new(const struct kassa_options *options,
    struct kassa_client **ret, const char **ret_why) KASSA_MUST_CHECK;
/* The same from the unpacked certificate archives: private.pem and password.txt in payments_dir, public.pem in
 * notifications_dir (NULL: none). */
KASSA_API enum kassa_result kassa_client_from_dirs(const char *api_url, const char *account,
    const char *payments_dir, const char *notifications_dir, struct kassa_client **ret,
    const char **ret_why) KASSA_MUST_CHECK;
/* Wipes the key. NULL is fine. */
KASSA_API void kassa_client_free(struct kassa_client *client);
/* What the last failed call met on the network or in its arguments; "" when nothing. Valid until the next call. */
KASSA_API const char *kassa_client_error(const struct kassa_client *client);

/* The value of the Sign header for these very bytes; owner of *ret_base64: kassa_free. KASSA_KEY. */
KASSA_API enum kassa_result kassa_sign(const struct kassa_client *client, const void *body,
    size_t body_len, char **ret_base64) KASSA_MUST_CHECK;

/* ---- Calls ---- */

struct kassa_answer {
    int status;          /* HTTP status */
    const char *body;    /* as received, NUL-ended */
    size_t body_len;     /* at most 1 MiB */
    const char *message; /* of an error answer; NULL else */
    size_t error_count;
    int replayed;          /* 1: the create was known already (Idempotent-Replayed) */
    int64_t retry_after_s; /* 0: not told */
};
/* The i-th error's field and text, valid as long as the answer. KASSA_ARGUMENT behind the last. */
KASSA_API enum kassa_result kassa_answer_error(const struct kassa_answer *answer, size_t i,
    const char **ret_field, const char **ret_text) KASSA_MUST_CHECK;
KASSA_API void kassa_answer_free(struct kassa_answer *answer);

/* Posts any body to any path ("/v1/payment/status"), signed as it is. KASSA_OK: status 200 and a JSON object without
 * "errors". *ret_answer is set with KASSA_OK, KASSA_ERRORS and KASSA_ANSWER, and is NULL else. With a status of 500
 * or above repeat the same body. */
KASSA_API enum kassa_result kassa_call(struct kassa_client *client, const char *path,
    const void *body, size_t body_len, struct kassa_answer **ret_answer) KASSA_MUST_CHECK;

/* A further text member of a request, such as "customer_email". */
struct kassa_field {
    const char *name;
    const char *value;
};

/* Begin with KASSA_PAYMENT_REQUEST_INIT. What is NULL or 0 is not sent. */
struct kassa_payment_request {
    size_t size;
    const char *amount; /* "300.00" */
    const char *order_id;
    const char *service;       /* "payment_card_bdt_hpp" */
    const char *customer_ip;   /* the payer's */
    const char *customer_code; /* "bkash", "nagad", "rocket" */
    const char *success_redirect_url;
    const char *fail_redirect_url;
    const char *notification_endpoint_url;
    int64_t success_redirect_id;
    int64_t fail_redirect_id;
    int64_t notification_endpoint_id;
    const char *desc;
    int64_t lifetime_s;
    const struct kassa_field *fields; /* further members */
    size_t field_count;
};
#define KASSA_PAYMENT_REQUEST_INIT                                                                 \
    {                                                                                              \
        sizeof(struct kassa_payment_request)                                                       \
    }

/* A payment as the answer tells it. A text that was null or not told is NULL. */
struct kassa_payment {
    int64_t id;
    const char *uuid;
    const char *url;            /* where the payer pays */
    const char *payment_status; /* "wait", "paid", "cancel", "fail" */
    const char *success_redirect_url;
    /* told by status only: */
    const char *order_id;
    const char *amount;
    const char *payment_amount; /* really paid */
    const char *account_payment_amount;
    const char *commission_amount;
    const char *refunded_amount;
    const char *hold_amount;
    const char *hold_at;
    const char *service_code;
    const char *card_mask;
    const char *account_old_balance;
    const char *account_new_balance;
    int is_partial_payment;
};
KASSA_API void kassa_payment_free(struct kassa_payment *payment);

/* Creates a payment. After KASSA_NOT_SENT, KASSA_MAYBE_SENT, KASSA_ANSWER or a status of 500 and above call again
 * with the same request: Kassa answers with the first payment and never makes a second. KASSA_ARGUMENT: a required
 * text is missing or no UTF-8. `ret_answer` may be NULL; else as by kassa_call. */
KASSA_API enum kassa_result kassa_payment_create(struct kassa_client *client,
    const struct kassa_payment_request *request, struct kassa_payment **ret,
    struct kassa_answer **ret_answer) KASSA_MUST_CHECK;

/* Asks for a payment by order_id (or NULL), id (or 0) or both. KASSA_ANSWER also when the answer is about another
 * payment than the one that was asked for. */
KASSA_API enum kassa_result kassa_payment_status(struct kassa_client *client, const char *order_id,
    int64_t id, struct kassa_payment **ret, struct kassa_answer **ret_answer) KASSA_MUST_CHECK;

/* Begin with KASSA_HISTORY_REQUEST_INIT. What is NULL or 0 takes the API's default. */
struct kassa_history_request {
    size_t size;
    const char *date_from; /* "2026-11-01", Asia/Dhaka, inclusive */
    const char *date_to;
    int64_t page;
    int64_t per_page;
};
#define KASSA_HISTORY_REQUEST_INIT                                                                 \
    {                                                                                              \
        sizeof(struct kassa_history_request)                                                       \
    }

struct kassa_history_item {
    int64_t id;
    const char *created_at; /* "2026-11-07 14:58:59", Asia/Dhaka */
    const char *order_id;
    const char *amount; /* nine decimals */
    const char *commission_amount;
    const char *currency;
    const char *status;
};
struct kassa_history {
    const struct kassa_history_item *items;
    size_t count;
    int64_t page, last_page, per_page, total;
};
KASSA_API void kassa_history_free(struct kassa_history *history);
/* A page of payments, oldest first. The JSON text is in the answer (*ret_answer, or NULL to do without). */
KASSA_API enum kassa_result kassa_payment_history(struct kassa_client *client,
    const struct kassa_history_request *request, struct kassa_history **ret,
    struct kassa_answer **ret_answer) KASSA_MUST_CHECK;

/* ---- Verifying what Kassa sends ---- */

/* How a notification came. */
enum kassa_mode { KASSA_MODE_GET = 0, KASSA_MODE_FORM = 1, KASSA_MODE_JSON = 2 };
/* From the request's method and Content-Type (NULL when it has none). KASSA_MALFORMED for other requests. */
KASSA_API enum kassa_result kassa_mode_of(
    const char *method, const char *content_type, enum kassa_mode *ret) KASSA_MUST_CHECK;

struct kassa_notification {
    const char *type; /* "payment" or "payout" */
    int64_t id;
    const char *order_id;
    const char *payment_status;
    const char *amount;
    const char *payment_amount;
    const char *commission_amount; /* NULL in the field set of ten */
    int is_partial_payment;
    const char *account;
    const char *service;
    const char *desc;       /* NULL: none */
    const char *card_brand; /* NULL: unknown, or not in the field set */
};
KASSA_API void kassa_notification_free(struct kassa_notification *notification);

/* Verifies the `sign` of a notification, of any field set, over the text as it was received: the query (without the
 * '?'; the endpoint's own parameters before Kassa's are fine), the form body or the JSON body. `public_pem` is the
 * content of public.pem of the notifications certificate. Only with KASSA_OK is *ret set, and only it may be
 * believed. KASSA_REFUSED, KASSA_MALFORMED, KASSA_KEY. A notification may come more than once: act by its id and
 * status. */
KASSA_API enum kassa_result kassa_notification_verify(const char *public_pem, enum kassa_mode mode,
    const char *text, size_t text_len, struct kassa_notification **ret) KASSA_MUST_CHECK;
/* With the client's key (KASSA_KEY when it has none); also refuses those of another account. */
KASSA_API enum kassa_result kassa_client_notification_verify(const struct kassa_client *client,
    enum kassa_mode mode, const char *text, size_t text_len,
    struct kassa_notification **ret) KASSA_MUST_CHECK;

/* Verifies a try's Standard Webhooks headers. `secret` is the endpoint's "whsec_..." text, `webhook_id`,
 * `webhook_timestamp` and `webhook_signature` are the headers, the payload is the body or, for GET, the whole query
 * as received. `now_s` is the receiver's clock in seconds since 1970; a genuine try that is more than `tolerance_s`
 * away from it is KASSA_STALE (0 takes 300; below 0 no age is too old). KASSA_REFUSED, KASSA_MALFORMED, KASSA_KEY. */
KASSA_API enum kassa_result kassa_webhook_verify(const char *secret, const char *webhook_id,
    const char *webhook_timestamp, const void *payload, size_t payload_len,
    const char *webhook_signature, int64_t now_s, int64_t tolerance_s) KASSA_MUST_CHECK;

/* Verifies the three fields of the payer's return form. It says who came back, not whether it is paid: ask for the
 * status. KASSA_REFUSED, KASSA_MALFORMED, KASSA_KEY. */
KASSA_API enum kassa_result kassa_redirect_verify(const char *public_pem, const char *order_id,
    const char *uuid, const char *sign) KASSA_MUST_CHECK;
KASSA_API enum kassa_result kassa_client_redirect_verify(const struct kassa_client *client,
    const char *order_id, const char *uuid, const char *sign) KASSA_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
