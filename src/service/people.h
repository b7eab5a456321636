/* The cabinet's people: who lets whom in, and what becomes of them. The units' functions run in a caller's unit, which writes the audit
 * row beside them; they are the same for the cabinet and for `kassa person`. */
#ifndef KASSA_SERVICE_PEOPLE_H
#define KASSA_SERVICE_PEOPLE_H

#include "service/sign_in.h"

#define INVITATION_MS INT64_C(259200000)
#define PERSON_NAME_MAX 100 /* characters */
#define PASSWORD_MIN 10     /* characters */
#define PASSWORD_MAX 200    /* bytes */

enum password_verdict { PASSWORD_GOOD, PASSWORD_SHORT, PASSWORD_LONG, PASSWORD_COMMON };
/* COMMON: what guessers try first, one character again and again, or the person's own address. */
enum password_verdict password_judge(struct str password, struct str email);

/* Adds p (email, name, role, merchant_id, language) and gives the token of an invitation. ERR_DUPLICATE: the address is taken. */
enum err people_invite(
    struct tx *tx, struct person_row *p, char ret_token[SESSION_TOKEN_LEN + 1]) must_check;
/* A new invitation: password, second factor and sessions are gone. ERR_STATE: disabled. */
enum err people_reset(
    struct tx *tx, struct person_row *p, char ret_token[SESSION_TOKEN_LEN + 1]) must_check;
/* Name and role become these. Another role ends the person's sessions. ERR_RANGE: nobody would be left who may change people. */
enum err people_change(
    struct tx *tx, struct person_row *p, struct str name, enum role role) must_check;
/* A disabled person is signed out and can't sign in; what was invited is not any more. ERR_RANGE as above; ERR_STATE: it is so already. */
enum err people_enable(struct tx *tx, struct person_row *p, bool enabled) must_check;

/* Appends the link that lets its reader choose a password. What stands behind '#' is never sent to a server or its logs by itself. */
void invitation_link(const struct config *config, const char *token, struct buf *out);

struct invitation_view {
    struct invitation_row invitation;
    struct person_row person;
    struct str merchant_name; /* absent: the operator's */
};
/* ERR_NO_ROW: it was used, is too old, or never was. */
enum err invitation_find(
    struct service *s, struct arena *a, struct str token, struct invitation_view *ret) must_check;
/* Sets the password, and signs in as sign_in_password does. `language` "" or "bn" or "en". ERR_NO_ROW as above. */
enum err invitation_accept(struct service *s, struct arena *a, const struct browser *b,
    struct str token, struct str password, struct str language, struct signed_in *ret) must_check;

#endif
