/* Which payment a link names. A payment's uuid is its id under a key of the secret key file, so no index finds it. */
#ifndef KASSA_SERVICE_LINKS_H
#define KASSA_SERVICE_LINKS_H

#include "base/box.h"
#include "store/store_payment.h"

struct links;

/* New links are made with the file's first key; those of its other keys still work, and those of a key that was taken out of
 * the file work no more. Owner: the caller. Thread-safe. */
struct links *links_new(const struct keyring *keys);
void links_free(struct links *l);

void links_uuid(struct links *l, int64_t id, char ret[37]);
/* Is this uuid one that a key of the file makes for the id? */
bool links_match(struct links *l, const uint8_t uuid[16], int64_t id);
/* The payment of a uuid in any case, as store_payment_by_id. ERR_NO_ROW: it names none; a guess mostly costs no statement. */
enum err links_payment(struct links *l, struct db *db, struct arena *a, struct str uuid,
    struct payment_row *ret) must_check;

#endif
