/* The counters behind the history. Private to the store. */
#ifndef KASSA_STORE_HISTORY_H
#define KASSA_STORE_HISTORY_H

#include "store/db.h"

/* Counts a payment that was just inserted. */
enum err history_count(struct db *db, int64_t account_id, int32_t day, int64_t id) must_check;

#endif
