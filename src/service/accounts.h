/* Accounts with their keys and presets, cached: what authenticates a request must cost no statement. Changes made by
 * any process are seen within a second (the change counter is read every 250 ms). Views are immutable and counted. */
#ifndef KASSA_SERVICE_ACCOUNTS_H
#define KASSA_SERVICE_ACCOUNTS_H

#include "base/box.h"
#include "base/crypto.h"
#include "store/store_account.h"

struct accounts;

enum cert_purpose { CERT_PAYMENTS, CERT_PAYOUTS, CERT_NOTIFICATIONS, CERT_PURPOSE_COUNT };
const char *cert_purpose_text(enum cert_purpose p);
enum err cert_purpose_parse(struct str s, enum cert_purpose *ret) must_check;

struct account_view {
    struct account_row row;
    struct str merchant_name;
    const struct redirect_row *redirects; /* not deleted */
    int redirect_count;
    const struct endpoint_row *endpoints; /* not deleted; disabled ones too */
    int endpoint_count;
    /* the rest is accounts.c's: keys, reference count */
};

struct accounts;
enum err accounts_new(struct store *store, struct keyring *keys, struct accounts **ret) must_check;
void accounts_free(struct accounts *a);
/* `fn` is called whenever the change counter moved, before the new accounts are seen; set before accounts_watch. */
void accounts_listen(struct accounts *a, void (*fn)(void *arg), void *arg);
/* Starts/stops the thread that watches the change counter. */
enum err accounts_watch(struct accounts *a) must_check;

/* NULL for an unknown or disabled account or an unreadable uuid. Release it. Any thread. */
const struct account_view *accounts_get(struct accounts *a, struct str uuid);
const struct account_view *accounts_get_by_id(struct accounts *a, int64_t id);
/* The same, which tells an account that can't be read now (the error) from one that is not there (ERR_NO_ROW). */
enum err accounts_find(
    struct accounts *a, struct str uuid, const struct account_view **ret) must_check;
void accounts_release(const struct account_view *v);

/* Verifies with the account's certificates of that purpose that are valid now (not revoked, not_before <= now,
 * now < not_after). A refusal costs one operation of the size that Sign's length says, whatever the view, which may be NULL;
 * one for each certificate while they overlap. Sign is the header's text (base64). A good use is noted on the certificate, a
 * refused one, and why, on the account's newest of the purpose (each at most once a minute, never on the caller's path). */
enum rsa_verdict accounts_verify(struct accounts *a, const struct account_view *v,
    enum cert_purpose p, int64_t now, struct str body, struct str sign_base64) must_check;

/* Signs with the account's newest valid notifications key and its digest; base64 is appended. ERR_NO_ROW: no key. */
enum err accounts_sign(
    const struct account_view *v, int64_t now, struct str message, struct buf *b64) must_check;

/* NULL when there is no such preset of this account. */
const struct redirect_row *account_redirect(const struct account_view *v, int64_t id);
const struct endpoint_row *account_endpoint(const struct account_view *v, int64_t id);

#endif
