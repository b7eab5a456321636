/* What cabinet*.c share. Nobody else includes it. */
#ifndef KASSA_HTTP_CABINET_PRIVATE_H
#define KASSA_HTTP_CABINET_PRIVATE_H

#include "http/cabinet.h"
#include "http/cabinet_pool.h"

#define CABINET_CSRF_SIGNED_OUT "signed-out"

struct cabinet {
    struct service *service;
    struct cabinet_pool *pool;
    char origins[2][300]; /* of cabinet_url and of api_url */
    bool secure;          /* the cookie is, and has the name that says so */
};

/* ---- cabinet_match.c ---- */
/* CABINET_not_found, CABINET_method_invalid; CABINET_ERROR_COUNT: found, with route and ids set. */
enum cabinet_error cabinet_match(struct cabinet_call *c, struct str method, struct str path);

/* ---- cabinet_scope.c ---- */
/* Fills what the route's scope names. ERR_NO_ROW: there is none, or it is not this person's. */
enum err cabinet_scope_find(struct cabinet_call *c) must_check;

/* ---- cabinet_reply.c ---- */
const char *cabinet_cookie_name(const struct cabinet *c);
void cabinet_call_clear(struct cabinet_call *c);

#endif
