/* A store in a folder of its own, and rows to put into it. */
#ifndef KASSA_TEST_STORE_FIXTURE_H
#define KASSA_TEST_STORE_FIXTURE_H

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/db_fault.h"
#include "store/store_account.h"
#include "store/store_audit_log.h"
#include "store/store_engine.h"
#include "store/store_ledger.h"
#include "store/store_outbox.h"
#include "store/store_payment.h"
#include "store/store_wallet.h"
#include "test_store.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ok(call) assert_int_equal((call), ERR_OK)

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define T0 INT64_C(1794000000000) /* 2026-11-06 in Dhaka */

struct fixture {
    char dir[128];
    char path[TEST_STORE_PATH_MAX];
    struct clock clock;
    struct db_fault fault;
    const struct db_engine *engine;
    struct store *s;
    struct arena arena;
    int64_t account_id, credential_id;
};

static inline int64_t fixture_wall(void *arg)
{
    (void)arg;
    return T0;
}

static inline struct store_options fixture_options(struct fixture *f)
{
    return (struct store_options){.path = f->path,
        .queue_max = 4096,
        .batch_max = 64,
        .clock = &f->clock,
        .create = true,
        .migrate = true};
}

/* The error that the store says, and its text. */
static inline enum err fixture_try_open(
    struct fixture *f, const struct store_options *o, char *text, size_t cap)
{
    struct buf why;
    buf_init(&why, 4096);
    enum err e = store_open_on(f->engine, o, &why, &f->s);
    if (text)
        snprintf(text, cap, "%s", why.p ? why.p : "");
    buf_clear(&why);
    return e;
}

static inline void fixture_open(struct fixture *f)
{
    struct store_options o = fixture_options(f);
    char text[512];
    enum err e = fixture_try_open(f, &o, text, sizeof text);
    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), text);
}

static inline void fixture_close(struct fixture *f)
{
    store_close(f->s);
    f->s = NULL;
}

static inline void fixture_reopen(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

/* A unit made of a function. */
typedef enum err (*job_fn)(void *arg, struct tx *tx);
struct job {
    struct store_unit unit;
    job_fn fn;
    void *arg;
};

static inline enum err job_run(struct store_unit *u, struct tx *tx)
{
    struct job *j = unit_owner(u, struct job, unit);
    return j->fn(j->arg, tx);
}

static inline enum err run(struct store *s, job_fn fn, void *arg)
{
    struct job j = {.unit = {.run = job_run}, .fn = fn, .arg = arg};
    return store_run(s, &j.unit);
}

static inline void uuid_new(char out[UUID_LEN + 1])
{
    uint8_t raw[16];
    random_uuid(raw);
    uuid_format(raw, out);
}

static inline enum err fixture_rows(void *arg, struct tx *tx)
{
    struct fixture *f = arg;
    char uuid[UUID_LEN + 1];
    uuid_new(uuid);
    struct merchant_row m = {.name = STR("Shop"), .created_at = T0};
    enum err e = store_merchant_add(tx, &m);
    if (e != ERR_OK)
        return e;
    struct account_row a = {.uuid = str_from(uuid),
        .merchant_id = m.id,
        .name = STR("main"),
        .currency = STR("BDT"),
        .fee_bp = 250,
        .services = STR("payment_card_bdt_hpp"),
        .digest = STR("sha1"),
        .notify_mode = STR("GET"),
        .notify_field_set = 11,
        .enabled = true,
        .created_at = T0};
    e = store_account_add(tx, &a);
    if (e != ERR_OK)
        return e;
    struct credential_row c = {.wallet = WALLET_BKASH,
        .name = STR("app"),
        .base_url = STR("http://127.0.0.1:1"),
        .secret_box = STR("sealed"),
        .enabled = true,
        .created_at = T0};
    e = store_credential_add(tx, &c);
    f->account_id = a.id;
    f->credential_id = c.id;
    return e;
}

/* An empty folder; nothing is opened. */
static inline struct fixture *fixture_new(void)
{
    struct fixture *f = mem_alloc(sizeof *f);
    const char *tmp = getenv("TMPDIR");
    snprintf(f->dir, sizeof f->dir, "%s/kassa-store-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    test_store_new(f->dir, f->path);
    clock_init(&f->clock);
    f->clock.wall_ms = fixture_wall;
    f->engine = test_store_engine();
    arena_init(&f->arena, 1 << 20);
    return f;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = fixture_new();
    fixture_open(f);
    ok(run(f->s, fixture_rows, f));
    *state = f;
    return 0;
}

static inline int fixture_setup_fault(void **state)
{
    struct fixture *f = fixture_new();
    db_fault_init(&f->fault, test_store_engine());
    f->engine = &f->fault.engine;
    fixture_open(f);
    ok(run(f->s, fixture_rows, f));
    *state = f;
    return 0;
}

static inline int fixture_setup_closed(void **state)
{
    *state = fixture_new();
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->s);
    arena_clear(&f->arena);
    test_store_remove(f->path);
    rmdir(f->dir);
    mem_free(f);
    return 0;
}

/* A payment of the fixture's account, made by payment_insert. */
struct sample {
    struct fixture *f;
    char order[64];
    char uuid[UUID_LEN + 1];
    struct payment_new p;
    /* what the store said */
    bool same;
    int64_t id;
    char first_uuid[UUID_LEN + 1];
};

static inline void sample_init(struct sample *x, struct fixture *f, const char *order, int64_t at)
{
    *x = (struct sample){.f = f};
    snprintf(x->order, sizeof x->order, "%s", order);
    uuid_new(x->uuid);
    x->p.row = (struct payment_row){.uuid = str_from(x->uuid),
        .account_id = f->account_id,
        .order_id = str_from(x->order),
        .amount = money_poisha(10000),
        .currency = STR("BDT"),
        .service = STR("payment_card_bdt_hpp"),
        .wallet = WALLET_BKASH,
        .state = PAYMENT_OPEN,
        .created_at = at,
        .expires_at = at + 3600000,
        .success_url = STR("https://shop.example/ok"),
        .desc = STR("tea"),
        .customer_ip = STR("203.0.113.7"),
        .fee_bp = 250};
    sha256(order, strlen(order), x->p.body_sha256);
}

static inline enum err sample_insert(void *arg, struct tx *tx)
{
    struct sample *x = arg;
    return store_payment_insert(tx, &x->p, &x->same, &x->id, x->first_uuid);
}

static inline int64_t sample_make(struct fixture *f, const char *order, int64_t at)
{
    struct sample x;
    sample_init(&x, f, order, at);
    ok(run(f->s, sample_insert, &x));
    return x.p.row.id;
}

#endif
