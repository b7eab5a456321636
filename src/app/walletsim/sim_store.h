/* What the simulator keeps over a restart, in SQLite: payments, tokens, the token calls of the last hour and its
 * clock. One connection; the caller serialises all calls (sim.lock). Texts read are copied into the given arena. */
#ifndef KASSA_APP_SIM_STORE_H
#define KASSA_APP_SIM_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/money.h"
#include <stdint.h>

/* Beyond these many payments the oldest that can't change any more are forgotten. */
#define SIM_PAYMENTS_MAX 100000
#define SIM_TOKENS_MAX 1000
#define SIM_CALLBACK_URL_MAX 2048

enum pay_state {
    PAY_INITIATED,
    PAY_AUTHORISED,
    PAY_COMPLETED,
    PAY_CANCELLED,
    PAY_FAILED,
    PAY_AGREED
};

/* PAY_AGREED: executed, and no money moved: it made an agreement. */
struct pay {
    struct str id, invoice, payer_reference, callback_url, signature;
    struct str trx_id; /* absent until completed */
    struct money amount;
    enum pay_state state;
    bool poor; /* the payer authorised without having the money */
    int64_t wrong_pins;
    int64_t created_ms, executed_ms;
    int64_t executes, queries; /* calls received */
};

enum token_kind { TOKEN_ID = 1, TOKEN_REFRESH = 2 };

struct sim_store;

/* Makes the folder's file if there is none. ERR_IO with a text in `why`; a second simulator on it is refused.
 * Without `fsync` a commit survives the process's death, not the machine's. */
enum err sim_store_open(
    const char *dir, bool fsync, struct buf *why, struct sim_store **ret) must_check;
void sim_store_close(struct sim_store *st);

enum err sim_store_begin(struct sim_store *st) must_check;
/* Commits, durably, when `e` is ERR_OK, else undoes; gives `e` or the commit's own error. */
enum err sim_store_end(struct sim_store *st, enum err e) must_check;

const char *pay_state_name(enum pay_state s);

/* Forgets an old one if there are too many. Those created before `stale_ms` count as finished. ERR_LIMIT when
 * none can be forgotten. */
enum err pay_insert(struct sim_store *st, const struct pay *p, int64_t stale_ms) must_check;
/* ERR_NO_ROW. */
enum err pay_find(struct sim_store *st, struct arena *a, struct str id, struct pay *ret) must_check;
enum err pay_find_trx(
    struct sim_store *st, struct arena *a, struct str trx_id, struct pay *ret) must_check;
/* Writes state, poor, wrong_pins, trx_id, executed_ms, executes and queries. ERR_DUPLICATE: the trx_id is taken. */
enum err pay_update(struct sim_store *st, const struct pay *p) must_check;
enum err pay_invoice_completed(struct sim_store *st, struct str invoice, bool *ret) must_check;

struct pay_filter {
    struct str invoice;   /* absent: any */
    int64_t executes_min; /* received at least these many executes */
    int64_t limit;
};
/* Newest first; `fn` sees each only during its call. */
enum err pay_list(struct sim_store *st, const struct pay_filter *f,
    void (*fn)(void *arg, const struct pay *p), void *arg) must_check;

struct pay_totals {
    int64_t payments, completed, completed_poisha, executes, executes_max;
};
enum err pay_totals_get(struct sim_store *st, struct pay_totals *ret) must_check;

enum err token_insert(struct sim_store *st, enum token_kind kind, struct str token,
    int64_t expires_ms, int64_t now_ms) must_check;
/* ERR_NO_ROW: unknown or expired. */
enum err token_check(
    struct sim_store *st, enum token_kind kind, struct str token, int64_t now_ms) must_check;
enum err token_delete(struct sim_store *st, struct str token) must_check;
enum err token_call_insert(struct sim_store *st, int64_t at_ms) must_check;
enum err token_calls_since(struct sim_store *st, int64_t after_ms, int64_t *ret) must_check;

/* 0 when never set. */
enum err sim_value_get(struct sim_store *st, const char *name, int64_t *ret) must_check;
enum err sim_value_set(struct sim_store *st, const char *name, int64_t value) must_check;

/* Forgets everything. */
enum err sim_store_reset(struct sim_store *st) must_check;

#endif
