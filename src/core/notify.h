/* What the merchant is told, and which bytes of it are signed. Pure; also part of libkassa. Source: the API's
 * sections on notifications and on the payer's return. */
#ifndef KASSA_CORE_NOTIFY_H
#define KASSA_CORE_NOTIFY_H

#include "base/buf.h"
#include "base/money.h"

enum notify_mode { NOTIFY_GET, NOTIFY_POST_FORM, NOTIFY_POST_JSON, NOTIFY_MODE_COUNT };
/* 10: without commission_amount; 11: the default; 12: with card_brand last. */
enum notify_field_set { NOTIFY_FIELDS_10 = 10, NOTIFY_FIELDS_11 = 11, NOTIFY_FIELDS_12 = 12 };

struct notify_fields {
    struct str type; /* "payment" or "payout" */
    int64_t id;
    struct str order_id;
    struct str payment_status;
    struct str amount;            /* "300.00" */
    struct str payment_amount;    /* "0.00" when unpaid */
    struct str commission_amount; /* "0.00" when unpaid */
    bool is_partial_payment;
    struct str account; /* uuid */
    struct str service;
    struct str desc;       /* absent: omitted from query and form, null in JSON, signed as null */
    struct str card_brand; /* absent likewise; only in field set 12 */
};

/* The text that is signed: PHP's json_encode with default flags of the fields in order; is_partial_payment is
 * "0"/"1" in GET and form, true/false in JSON. */
void notify_signed_text(const struct notify_fields *f, enum notify_mode mode,
    enum notify_field_set set, struct buf *out);
/* What is sent, `sign_b64` included: a query or form body (blanks as %20), or a JSON body. */
void notify_payload(const struct notify_fields *f, enum notify_mode mode, enum notify_field_set set,
    struct str sign_b64, struct buf *out);
/* {"order_id":"...","uuid":"..."} */
void redirect_signed_text(struct str order_id, struct str uuid, struct buf *out);

/* Standard Webhooks: the text under the HMAC, `id.timestamp.payload`. */
void webhook_signed_text(
    struct str webhook_id, int64_t timestamp_s, struct str payload, struct buf *out);
/* Appends "v1,<base64>" for a secret in its "whsec_<base64>" form. ERR_SYNTAX for another form. */
enum err webhook_sign(struct str secret, struct str webhook_id, int64_t timestamp_s,
    struct str payload, struct buf *out) must_check;

const char *notify_mode_text(enum notify_mode m); /* "GET", "POST", "POST_JSON" */
enum err notify_mode_parse(struct str s, enum notify_mode *ret) must_check;

#endif
