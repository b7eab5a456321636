/* What the merchant API's handlers share: who calls, and the body as a JSON object. */
#ifndef KASSA_HTTP_API_H
#define KASSA_HTTP_API_H

#include "core/validate.h"
#include "http/routes.h"
#include "service/accounts.h"

struct api_call {
    struct request *rq;
    struct service *service;
    const struct account_view *account; /* released by api_end */
    const struct json *body;            /* an object in the request's arena */
};

/* Authenticates over the raw body with the payments certificates, then parses. NULL when the call may go on, with `ret`
 * filled; else the refusal, and there is nothing to end. */
struct reply *api_begin(struct request *rq, struct api_call *ret) must_check;
void api_end(struct api_call *c);
/* 400 with all of the fields' texts. */
struct reply *api_invalid(const struct field_errors *errors);
/* The answer to a fault below: what is nobody's fault but ours is never told in its own words. */
struct reply *api_fault(struct request *rq, enum err e);

#endif
