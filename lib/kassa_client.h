/* What libkassa's files share; not installed. */
#ifndef KASSA_LIB_CLIENT_H
#define KASSA_LIB_CLIENT_H

#include "kassa.h"

#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"

#define KASSA_ANSWER_MAX ((size_t)1 << 20)
/* A tree of an answer that is as large as it may be. */
#define KASSA_ARENA_MAX ((size_t)32 << 20)
#define KASSA_BODY_MAX 65536
#define KASSA_WHY_MAX 256

struct kassa_http;

struct kassa_client {
    char *api_url; /* without a slash at the end */
    char *account;
    struct rsa_private *payments_key;
    struct rsa_public *notifications_key; /* NULL: none */
    enum rsa_digest digest;
    struct kassa_http *http;
    char why[KASSA_WHY_MAX];
};

/* An answer with what it owns; the public part is first. */
struct kassa_answer_box {
    struct kassa_answer answer;
    struct buf body;
    struct arena arena;
    const struct json *root;    /* NULL: no JSON */
    struct kassa_field *errors; /* answer.error_count of them */
};

/* kassa_http.c: the only user of libcurl. NULL when curl can't start. */
struct kassa_http *kassa_http_new(const struct kassa_options *options);
void kassa_http_free(struct kassa_http *h);
struct kassa_http_reply {
    int status;
    bool replayed;
    int64_t retry_after_s;
};
/* Posts JSON and appends the answer's body. KASSA_OK: an answer came in full, of whatever status. KASSA_NOT_SENT,
 * KASSA_MAYBE_SENT with a text in `why`; KASSA_ANSWER when it is too large. */
enum kassa_result kassa_http_post(struct kassa_http *h, const char *url, const char *account,
    const char *sign, struct str body, struct buf *reply_body, struct kassa_http_reply *ret,
    char why[KASSA_WHY_MAX]);

/* A text member as a NUL-ended copy in the arena; NULL when it is null, missing or no text. */
const char *kassa_json_text(struct arena *a, const struct json *o, const char *key);
/* An integer member, number or text; false when there is none. */
bool kassa_json_int(const struct json *o, const char *key, int64_t *ret);

/* Verifies base64 `sign` over `text`. KASSA_OK, KASSA_REFUSED, KASSA_MALFORMED. */
enum kassa_result kassa_sign_check(const struct rsa_public *key, struct str text, struct str sign);

#endif
