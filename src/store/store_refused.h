/* Requests that were refused for their signature, kept for a while so that their merchant can see why. Few, small and sealed: a stranger
 * decides what is in them, and payers' names may be. */
#ifndef KASSA_STORE_REFUSED_H
#define KASSA_STORE_REFUSED_H

#include "store/store.h"

struct refused_row {
    int64_t id;
    int64_t account_id;
    int64_t at;
    struct str client_ip, path;
    int64_t body_bytes;
    struct str request_box; /* purpose "refused": as doctor_request_write writes it */
};

/* Sets id and at. */
enum err store_refused_add(struct tx *tx, struct refused_row *r) must_check;
/* Leaves the newest `of_account` of that account and the newest `of_all` of all. */
enum err store_refused_trim(
    struct tx *tx, int64_t account_id, int64_t of_account, int64_t of_all) must_check;
enum err store_refused_forget(struct tx *tx, int64_t before) must_check;
/* The time of the oldest. ERR_NO_ROW. */
enum err store_refused_oldest(struct db *db, int64_t *ret_at) must_check;
typedef enum err (*store_refused_fn)(void *arg, const struct refused_row *r);
/* An account's since then, newest first, at most `limit`; without the boxes. */
enum err store_refused_each(struct db *db, int64_t account_id, int64_t since, int64_t limit,
    store_refused_fn fn, void *arg) must_check;
/* ERR_NO_ROW, also when it is another account's. */
enum err store_refused_get(struct db *db, struct arena *a, int64_t account_id, int64_t id,
    struct refused_row *ret) must_check;

#endif
