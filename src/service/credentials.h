/* Which wallet credential an account's new payments use: a snapshot, so that a create costs no statement. It also hands
 * credentials to the wallets' registry. Reloaded when accounts see a change. Thread-safe. */
#ifndef KASSA_SERVICE_CREDENTIALS_H
#define KASSA_SERVICE_CREDENTIALS_H

#include "base/box.h"
#include "core/catalog.h"
#include "store/store.h"

struct credentials;
struct wallets;

enum err credentials_new(struct store *store, struct keyring *keys, struct wallets *wallets,
    struct credentials **ret) must_check;
void credentials_free(struct credentials *c);
/* A failure is logged and leaves the old snapshot. */
void credentials_reload(struct credentials *c);

/* The newest enabled one of the account, else the newest enabled shared one. False: the wallet cannot be used. */
bool credentials_find(
    struct credentials *c, enum wallet_kind wallet, int64_t account_id, int64_t *ret_id) must_check;

/* Raises an alarm, once a Dhaka day, for each enabled one whose client certificate ends within `days`; counts them in a metric.
 * For settle's thread. */
void credentials_certificates_look(struct credentials *c, int64_t now, int64_t days);

#endif
