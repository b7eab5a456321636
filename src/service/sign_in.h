/* Who a browser of the cabinet is: passwords, sessions, how often one may fail. All of it blocks (a password costs a tenth of a second
 * and 64 MiB), so it is called on the cabinet's own threads alone. */
#ifndef KASSA_SERVICE_SIGN_IN_H
#define KASSA_SERVICE_SIGN_IN_H

#include "service/service.h"
#include "store/store_person.h"
#include "store/store_session.h"

#define SESSION_TOKEN_LEN 43 /* base64url of 256 random bits */
#define SESSION_IDLE_MS INT64_C(43200000)
#define SESSION_MAX_MS INT64_C(604800000)
/* How long the second factor may take. */
#define SESSION_CODE_MS INT64_C(600000)
#define SIGN_IN_ADDRESS_LEN 16

struct browser {
    struct str ip, agent; /* as they are stored with the session */
    uint8_t
        address[SIGN_IN_ADDRESS_LEN]; /* what limits count: an address, or a customer's network */
    int64_t session_id;               /* of what it is signed in with now, which ends; 0: none */
};

struct signed_in {
    struct person_row person;
    struct session_row session;
    char token[SESSION_TOKEN_LEN + 1]; /* for the cookie; set by what makes or rotates a session */
};

/* A token's digest, as it is stored. */
void token_digest(struct str token, uint8_t out[SHA256_LEN]);
/* 256 random bits as text. */
void token_new(char out[SESSION_TOKEN_LEN + 1]);
/* Lower case, without blanks around it; absent when it can be no address: one '@' with something on each side, at most 254 bytes,
 * no blanks or control characters. Lives in the arena. */
struct str email_normal(struct arena *a, struct str text);

/* A new session of whoever has this address and password; how far it goes, its stage tells. ERR_UNAUTHORIZED for a wrong
 * password, an unknown address, a person who is disabled or has no password yet, all alike and in the same time; ERR_RATE. */
enum err sign_in_password(struct service *s, struct arena *a, const struct browser *b,
    struct str email, struct str password, struct signed_in *ret) must_check;
/* A new session of that person, who has just shown who he is otherwise: in the caller's unit. */
enum err sign_in_begin(struct tx *tx, const struct browser *b, const struct person_row *p,
    enum session_stage stage, struct signed_in *ret) must_check;
/* What the first factor alone opens to that person. */
enum session_stage sign_in_stage(const struct person_row *p);

/* A person who is signed in shows something again ("password", "code"): counted before it is looked at. ERR_RATE. */
enum err sign_in_try(
    struct service *s, const char *what, int64_t person_id, int64_t max) must_check;
/* In the caller's unit: it was right. */
enum err sign_in_try_good(struct tx *tx, const char *what, int64_t person_id) must_check;

/* Whose cookie it is. ERR_NO_ROW: nobody's, or not any more. */
enum err session_find(
    struct service *s, struct arena *a, struct str token, struct signed_in *ret) must_check;
/* In the caller's unit: another token and stage for the session. ERR_CONFLICT. */
enum err session_rotate(struct tx *tx, struct signed_in *x, enum session_stage stage) must_check;
/* Ends one session of a person. ERR_NO_ROW when it is not his or has ended. */
enum err session_end(
    struct service *s, struct arena *a, int64_t person_id, int64_t session_id) must_check;
enum err session_end_others(struct service *s, int64_t person_id, int64_t keep_id) must_check;

#endif
