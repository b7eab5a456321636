/* The API's requests as field specs: each rule of the API's sections 2 to 4, all failing fields at once, the
 * family's texts. Pure: what needs the store (presets, services of the account, wallets in use) is asked by
 * service/checkout. */
#ifndef KASSA_CORE_VALIDATE_H
#define KASSA_CORE_VALIDATE_H

#include "base/arena.h"
#include "base/json.h"
#include "base/money.h"
#include "core/catalog.h"

#define FIELD_ERRORS_MAX 48

struct field_error {
    const char *field; /* static text */
    const char *text;  /* static or arena text */
};

struct field_errors {
    struct arena *arena;
    struct field_error items[FIELD_ERRORS_MAX];
    int count;
};

void field_errors_init(struct field_errors *e, struct arena *a);
/* Adds a text for a field; the family's style: "The %s field is required.". Underscores of the whole text become
 * blanks. Beyond FIELD_ERRORS_MAX texts are dropped. */
void field_errors_add(struct field_errors *e, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool field_errors_has(const struct field_errors *e, const char *field);
/* {"message":"The given data was invalid.","errors":{"field":["text",...],...}} */
void field_errors_json(const struct field_errors *e, struct buf *out);

struct create_request {
    struct money amount;
    struct str order_id;
    struct str service; /* known to the catalog */
    const struct catalog_service *catalog;
    struct str customer_ip;
    enum wallet_kind wallet;
    int64_t success_redirect_id; /* 0: none */
    int64_t fail_redirect_id;
    int64_t notification_endpoint_id;
    struct str success_redirect_url; /* absent: none */
    struct str fail_redirect_url;
    struct str notification_endpoint_url;
    struct str desc; /* trimmed; absent when empty */
    int64_t lifetime_s;
    struct str
        customer_json; /* the customer_* fields given, as one JSON object; absent when none were */
};

/* Fills what is valid and adds an error for each field that is not. `body` is an object. True when no error. A member
 * that is null or an empty string counts as absent. Texts point into the body's tree; customer_json is in the errors' arena. */
bool validate_create(
    const struct json *body, struct create_request *ret, struct field_errors *errors);

struct status_request {
    struct str order_id; /* absent: not given */
    int64_t id;          /* 0: not given */
};
bool validate_status(
    const struct json *body, struct status_request *ret, struct field_errors *errors);

struct history_request {
    int32_t day_from, day_to; /* Dhaka days, inclusive */
    int64_t page;             /* from 1 */
    int64_t per_page;         /* 1..100 */
};
/* `page_query`: the query's page, used when the body has none; absent for none. `today` is the Dhaka day. */
bool validate_history(const struct json *body, struct str page_query, int32_t today,
    struct history_request *ret, struct field_errors *errors);

/* A redirect or notification address: absolute http(s), at most 255 characters, url_parse's rules;
 * with `notification` the ports and the literal hosts that can never be allowed are checked too. On false *ret_text is
 * static text that goes on after the field's name: "format is invalid." */
bool validate_url(struct str url, bool notification, const char **ret_text);

#endif
