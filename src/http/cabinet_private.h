/* What cabinet*.c share. Nobody else includes it. */
#ifndef KASSA_HTTP_CABINET_PRIVATE_H
#define KASSA_HTTP_CABINET_PRIVATE_H

#include "http/cabinet.h"
#include "http/cabinet_pool.h"
#include "service/second_factor.h"

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

/* ---- cabinet_sign_in.c ---- */
/* The session as it is now, with its new cookie, and `codes` (NULL: none) beside it. */
struct reply *cabinet_session_reply(
    struct cabinet_call *c, const struct signed_in *x, const struct recovery_codes *codes);
/* Notes what is wrong with a password that is to be. */
void cabinet_password_check(
    struct cabinet_call *c, const char *field, struct str password, struct str email);

/* ---- cabinet_own.c ---- */
/* Shows the caller's own password again: NULL when it is right, else the refusal (faults noted so far included). */
struct reply *cabinet_own_password(struct cabinet_call *c, const char *field);

/* ---- cabinet_reply.c ---- */
const char *cabinet_cookie_name(const struct cabinet *c);
void cabinet_call_clear(struct cabinet_call *c);

#endif
