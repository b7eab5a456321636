/* Keeps some of the requests that were refused for their signature, for the signature doctor. A stranger may send as many as he likes, so
 * what is kept is little, and keeping never makes anybody wait: what is too much is dropped. */
#ifndef KASSA_SERVICE_REFUSED_H
#define KASSA_SERVICE_REFUSED_H

#include "service/doctor.h"
#include "service/service.h"

/* Of one account, of all together, and for how long; a body that is longer is not kept. */
#define REFUSED_OF_ACCOUNT 20
#define REFUSED_OF_ALL 2000
#define REFUSED_DAYS 3
#define REFUSED_MS (INT64_C(86400000) * REFUSED_DAYS)
#define REFUSED_BODY_MAX ((size_t)16384)
/* How often: of accounts one in two seconds, on a node in a minute. */
#define REFUSED_EVERY_MS 2000
#define REFUSED_OF_MINUTE 60

struct refused;
struct refused *refused_new(struct store *store, struct keyring *keys);
void refused_free(struct refused *x);

/* Any thread, without waiting. */
void refused_keep(
    struct refused *x, int64_t account_id, const char *client_ip, const struct doctor_request *rq);
/* Takes away what is too old, now and then; for a thread that looks around. */
void refused_look(struct refused *x, struct db *db, int64_t now);

struct refused_row;
/* The request in its box; views into `text`. ERR_CRYPTO: it can't be opened. Wipe the text. */
enum err refused_open(const struct keyring *keys, const struct refused_row *r, struct buf *text,
    struct doctor_request *ret) must_check;

#endif
