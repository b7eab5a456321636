/* Certificates of accounts: made, taken over, revoked. Private keys of the merchant leave with the answer and are kept nowhere. */
#ifndef KASSA_SERVICE_CERTS_H
#define KASSA_SERVICE_CERTS_H

#include "base/archive.h"
#include "base/box.h"
#include "base/crypto.h"
#include "service/accounts.h"
#include "service/change.h"
#include "store/store_account.h"

#define CERT_OVERLAP_DEFAULT_MS (24 * 3600000)
#define CERT_OVERLAP_MAX_MS (24 * 366 * INT64_C(3600000))
#define CERT_ARCHIVE_MAX 65536

struct cert_new {
    struct account_row account;
    enum cert_purpose purpose;
    int64_t
        overlap_ms; /* older certificates of the purpose stay valid so long; 0: they end at once */
    bool imported;
    struct cert_row row;
    /* set by cert_add */
    int ended;
    int64_t old_until; /* when the older ones end; 0: there are none */
};

/* What whoever asked for it gets, once. Of notifications there is the public half alone. */
struct cert_pair {
    struct buf password, private_pem, public_pem;
};

void cert_pair_init(struct cert_pair *p);
void cert_pair_wipe(struct cert_pair *p);
/* As files: password.txt, private.pem, public.pem. */
#define CERT_FILES_MAX 3
int cert_pair_files(const struct cert_pair *p, struct zip_member out[CERT_FILES_MAX]);
/* Appends the archive of them. */
enum err cert_pair_archive(const struct cert_pair *p, struct buf *ret) must_check;

/* 2048, 3072 or 4096: of RSA, the one algorithm. */
bool cert_bits_allowed(int64_t bits);
/* Makes a key pair for n->account and n->purpose and fills the row; texts in the arena. Takes a good part of a second. */
enum err cert_make(struct keyring *keys, struct arena *a, int bits, struct cert_new *n,
    struct cert_pair *ret) must_check;
/* The same of a merchant's own public key. ERR_SYNTAX, ERR_RANGE; ERR_STATE: of notifications Kassa has the private half. */
enum err cert_take(struct arena *a, struct str pem, struct cert_new *n) must_check;

/* In a change's unit. The older certificates of the purpose end after the overlap; of notifications the new one begins then: Kassa
 * goes on signing with the old key while the merchant puts the new one in place. */
enum err cert_add(struct tx *tx, struct cert_new *n, struct change_note *note) must_check;
/* In a change's unit. ERR_NO_ROW; ERR_CONFLICT: it was revoked before. */
enum err cert_revoke(
    struct tx *tx, struct arena *a, int64_t id, struct change_note *note) must_check;

/* "valid", "ending", "not yet", "ended", "revoked" */
const char *cert_state(const struct cert_row *r, int64_t now);
/* Of its key; 0: it can't be read. */
int cert_bits(const struct cert_row *r);

#endif
