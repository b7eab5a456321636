/* The store of a gateway, opened beside it or while it is down. */
#ifndef KASSA_BENCH_STORE_H
#define KASSA_BENCH_STORE_H

#include "store/store.h"

/* Exits with a message when it can't be opened. */
struct store *bench_store_open(const char *path, const struct clock *clock);
struct db *bench_store_reader(struct store *s);
/* The id of the account with this uuid. */
int64_t bench_account_id(struct store *s, const char *uuid);

#endif
