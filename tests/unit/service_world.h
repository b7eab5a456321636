/* A whole service on a store of its own, a scripted bKash, a clock that stands still until it is moved, and what merchant
 * and payer do. Header only, for unit tests. */
#ifndef KASSA_TESTS_UNIT_SERVICE_WORLD_H
#define KASSA_TESTS_UNIT_SERVICE_WORLD_H

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "bkash_peer.h"
#include "service/checkout.h"
#include "service/settle.h"
#include "service/work.h"
#include "store/store_ledger.h"
#include "store/store_outbox.h"
#include "store/store_wallet.h"
#include "test_store.h"
#include <fcntl.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ok(call) assert_int_equal((call), ERR_OK)
#define WORLD_T0 INT64_C(1794000000000)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
/* Long enough for a slow machine under a sanitizer; a test that waits for nothing does not take it. */
#define WORLD_WAIT_MS 20000

struct world {
    char dir[64];
    char conf[96], key[96];
    char db[TEST_STORE_PATH_MAX];
    struct config config;
    struct clock clock;
    struct service s;
    struct bkash bkash;
    struct arena arena;
    int64_t account_id, credential_id;
    char account_uuid[37];
};

static inline int64_t world_wall(void *arg)
{
    (void)arg;
    return WORLD_T0;
}

static inline void world_conf_write(struct world *w)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_printf(&b,
        "[store]\npath = %s\n[security]\nsecret_key_file = %s\n"
        "[wallet]\ntimeout_ms = 5000\n[notify]\nallow_private_addresses = yes\n"
        "[limits]\ntrxids_per_minute = 1000\n",
        w->db, w->key);
    ok(buf_write_file(&b, w->conf, 0600));
    buf_clear(&b);
}

struct world_rows {
    struct store_unit unit;
    struct world *w;
    struct str secret, public_der, private_box, endpoint_secret;
};

static inline enum err world_rows_run(struct store_unit *u, struct tx *tx)
{
    struct world_rows *r = unit_owner(u, struct world_rows, unit);
    struct world *w = r->w;
    char base_url[64];
    snprintf(base_url, sizeof base_url, "http://127.0.0.1:%d/v1.2.0-beta", w->bkash.peer->port);
    struct merchant_row merchant = {.name = STR("Shop"), .created_at = WORLD_T0};
    enum err e = store_merchant_add(tx, &merchant);
    struct account_row account = {.uuid = str_from(w->account_uuid),
        .merchant_id = merchant.id,
        .name = STR("Main"),
        .currency = STR("BDT"),
        .fee_bp = 150,
        .fee_fixed = money_poisha(100),
        .services = STR("payment_card_bdt_hpp"),
        .digest = STR("sha1"),
        .notify_mode = STR("GET"),
        .notify_field_set = 11,
        .notify_secret_box = r->endpoint_secret,
        .enabled = true,
        .created_at = WORLD_T0};
    e = e ? e : store_account_add(tx, &account);
    w->account_id = account.id;
    struct cert_row cert = {.account_id = account.id,
        .purpose = STR("notifications"),
        .public_der = r->public_der,
        .private_box = r->private_box,
        .fingerprint = STR("0000000000000000000000000000000000000000000000000000000000000000"),
        .not_before = WORLD_T0 - 1,
        .created_at = WORLD_T0};
    e = e ? e : store_cert_add(tx, &cert);
    struct credential_row credential = {.wallet = WALLET_BKASH,
        .name = STR("test"),
        .base_url = str_from(base_url),
        .secret_box = r->secret,
        .enabled = true,
        .created_at = WORLD_T0};
    e = e ? e : store_credential_add(tx, &credential);
    w->credential_id = credential.id;
    return e ? e : store_change_bump(tx);
}

/* One notifications key for all tests: making one is slow. */
static inline void world_key(struct buf *public_der, struct buf *private_der)
{
    static struct rsa_private *key;
    struct rsa_public *public_key = NULL;
    if (!key)
        ok(rsa_private_generate(2048, &key));
    ok(rsa_private_public(key, &public_key));
    ok(rsa_public_to_der(public_key, public_der));
    ok(rsa_private_to_der(key, private_der));
    rsa_public_free(public_key);
}

static inline void world_fill(struct world *w)
{
    struct buf why, secret, public_der, private_der, private_box, endpoint_secret;
    struct buf *const all[] = {
        &why, &secret, &public_der, &private_der, &private_box, &endpoint_secret};
    for (size_t i = 0; i < array_len(all); i++)
        buf_init(all[i], 16384);
    struct store *store = NULL;
    struct keyring *keys = NULL;
    struct store_options o = {.path = w->db,
        .queue_max = 64,
        .batch_max = 16,
        .clock = &w->clock,
        .create = true,
        .migrate = true};
    ok(keyring_create(w->key));
    ok(keyring_load(w->key, &why, &keys));
    ok(store_open(&o, &why, &store));
    world_key(&public_der, &private_der);
    box_seal(keys, "cert", buf_view(&private_der), &private_box);
    box_seal(keys, "endpoint", STR("whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"), &endpoint_secret);
    box_seal(keys, "wallet",
        STR("{\"username\":\"u\",\"password\":\"p\",\"app_key\":\"k\",\"app_secret\":\"s\"}"),
        &secret);
    struct world_rows rows = {.unit = {.run = world_rows_run},
        .w = w,
        .secret = buf_view(&secret),
        .public_der = buf_view(&public_der),
        .private_box = buf_view(&private_box),
        .endpoint_secret = buf_view(&endpoint_secret)};
    ok(store_run(store, &rows.unit));
    store_close(store);
    keyring_free(keys);
    for (size_t i = 0; i < array_len(all); i++)
        buf_clear(all[i]);
}

static inline void world_service_start(struct world *w, bool workers)
{
    struct buf why;
    buf_init(&why, 4096);
    enum err e = service_start(&w->config, &w->clock, workers, &why, &w->s);
    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), why.p ? why.p : "");
    buf_clear(&why);
}

/* The folder, the keys and the rows; the service is not started. */
static inline void world_make(struct world *w)
{
    struct buf why;
    memset(w, 0, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/kassa-service-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->conf, sizeof w->conf, "%s/kassa.conf", w->dir);
    test_store_new(w->dir, w->db);
    snprintf(w->key, sizeof w->key, "%s/secret.key", w->dir);
    snprintf(w->account_uuid, sizeof w->account_uuid, "0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a00");
    clock_init(&w->clock);
    w->clock.wall_ms = world_wall;
    arena_init(&w->arena, 16U << 20);
    log_init(&w->clock, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    bkash_start(&w->bkash);
    world_conf_write(w);
    buf_init(&why, 4096);
    if (config_load(w->conf, &w->config, &why) != ERR_OK)
        fail_msg("%s", why.p);
    buf_clear(&why);
    world_fill(w);
}

static inline void world_start(struct world *w)
{
    world_make(w);
    world_service_start(w, true);
}

/* What lies beside the store's file. */
static inline void world_file_remove(struct world *w, const char *suffix)
{
    char path[TEST_STORE_PATH_MAX + 8];
    snprintf(path, sizeof path, "%s%s", w->db, suffix);
    unlink(path);
}

static inline void world_remove(struct world *w)
{
    bkash_stop(&w->bkash);
    config_clear(&w->config);
    arena_clear(&w->arena);
    test_store_remove(w->db);
    unlink(w->conf);
    unlink(w->key);
    rmdir(w->dir);
}

static inline void world_stop(struct world *w)
{
    service_stop(&w->s);
    world_remove(w);
}

/* ---- looking ---- */

static inline struct db *world_db(struct world *w)
{
    struct db *db = store_reader(w->s.store);
    assert_non_null(db);
    return db;
}

static inline struct payment_row world_payment(struct world *w, int64_t id)
{
    struct payment_row p;
    ok(store_payment_by_id(world_db(w), &w->arena, id, &p));
    return p;
}

static inline struct attempt_row world_attempt(struct world *w, int64_t payment_id)
{
    struct attempt_row a;
    ok(store_attempt_last(world_db(w), &w->arena, payment_id, &a));
    return a;
}

static inline void world_wait_payment(struct world *w, int64_t id, enum payment_state state)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (world_payment(w, id).state != state) {
        if (clock_mono_ms() > until)
            fail_msg("payment is %s, not %s, attempt %s",
                payment_state_text(world_payment(w, id).state), payment_state_text(state),
                attempt_state_text(world_attempt(w, id).state));
        usleep(2000);
    }
}

static inline void world_wait_attempt(struct world *w, int64_t id, enum attempt_state state)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (world_attempt(w, id).state != state) {
        if (clock_mono_ms() > until)
            fail_msg("attempt is %s, not %s", attempt_state_text(world_attempt(w, id).state),
                attempt_state_text(state));
        usleep(2000);
    }
}

static inline void world_wait_count(atomic_int *count, int wanted)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (atomic_load(count) < wanted) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
}

/* Moves the clock and lets settle look. */
static inline void world_pass(struct world *w, int64_t ms)
{
    clock_advance(&w->clock, ms);
    settle_kick(w->s.settle);
}

struct world_sum {
    int64_t total;
    int64_t last_entry, entry_total;
    int entries;
};

static inline enum err world_sum_balance(void *arg, const struct balance_item *b)
{
    ((struct world_sum *)arg)->total += b->balance.poisha;
    return ERR_OK;
}

static inline enum err world_sum_posting(void *arg, const struct posting_item *p)
{
    struct world_sum *s = arg;
    if (p->entry_id != s->last_entry) {
        assert_int_equal(s->entry_total, 0);
        s->entries++;
    }
    s->last_entry = p->entry_id;
    s->entry_total += p->amount.poisha;
    s->total += p->amount.poisha;
    return ERR_OK;
}

/* The books are right, and hold that many entries. */
static inline void world_books(struct world *w, int entries)
{
    struct world_sum balances = {.total = 0}, postings = {.total = 0};
    ok(store_balance_each(world_db(w), world_sum_balance, &balances));
    ok(store_posting_each(world_db(w), world_sum_posting, &postings));
    assert_int_equal(balances.total, 0);
    assert_int_equal(postings.total, 0);
    assert_int_equal(postings.entry_total, 0);
    assert_int_equal(postings.entries, entries);
}

static inline int64_t world_balance(struct world *w, enum ledger_kind kind, int64_t owner)
{
    struct money m;
    ok(store_ledger_balance(world_db(w), kind, owner, &m));
    return m.poisha;
}

struct world_outbox {
    int count;
    struct outbox_row newest; /* texts are not kept but for: */
    char status[16];
};

static inline enum err world_outbox_see(void *arg, const struct outbox_row *r)
{
    struct world_outbox *o = arg;
    if (o->count++ == 0) {
        o->newest = *r;
        snprintf(o->status, sizeof o->status, "%.*s", STR_FMT(r->payment_status));
    }
    return ERR_OK;
}

static inline struct world_outbox world_outbox(struct world *w, int64_t payment_id)
{
    struct world_outbox o = {.count = 0};
    ok(store_outbox_each(world_db(w), payment_id, STR_ABSENT, 1000, world_outbox_see, &o));
    return o;
}

/* ---- acting ---- */

struct world_act {
    struct checkout_act act;
    sem_t ended;
    enum err result;
};

static inline void world_act_done(struct checkout_act *c, enum err result)
{
    struct world_act *a = c->arg;
    a->result = result;
    sem_post(&a->ended);
}

static inline void world_act_init(struct world_act *a, const char *uuid)
{
    memset(a, 0, sizeof *a);
    sem_init(&a->ended, 0, 0);
    a->act.done = world_act_done;
    a->act.arg = a;
    snprintf(a->act.uuid, sizeof a->act.uuid, "%s", uuid);
}

static inline enum err world_act_wait(struct world_act *a)
{
    while (sem_wait(&a->ended) != 0) {
    }
    sem_destroy(&a->ended);
    return a->result;
}

struct world_create {
    struct checkout_create create;
    sem_t ended;
    enum err result;
};

static inline void world_create_done(struct checkout_create *c, enum err result)
{
    struct world_create *wc = c->arg;
    wc->result = result;
    sem_post(&wc->ended);
}

/* A request as the API hands it on. `arena` holds the payment's texts. */
static inline void world_create_prepare(struct world *w, struct arena *arena, const char *order,
    const char *amount, const char *body, struct world_create *ret)
{
    struct field_errors errors;
    struct create_request rq = {
        .order_id = arena_copy(arena, str_from(order)),
        .service = STR("payment_card_bdt_hpp"),
        .catalog = catalog_service_find(STR("payment_card_bdt_hpp")),
        .customer_ip = STR("192.0.2.1"),
        .wallet = WALLET_BKASH,
        .success_redirect_url = STR("http://shop.example/ok"),
        .fail_redirect_url = STR("http://shop.example/no"),
        .lifetime_s = 900,
    };
    ok(money_parse_amount(str_from(amount), &rq.amount));
    memset(ret, 0, sizeof *ret);
    field_errors_init(&errors, arena);
    const struct account_view *v = accounts_get(w->s.accounts, str_from(w->account_uuid));
    assert_non_null(v);
    checkout_prepare(&w->s, v, &rq, &errors, &ret->create.payment);
    accounts_release(v);
    assert_int_equal(errors.count, 0);
    sha256(body, strlen(body), ret->create.payment.body_sha256);
    sem_init(&ret->ended, 0, 0);
    ret->create.done = world_create_done;
    ret->create.arg = ret;
}

static inline enum err world_create_wait(struct world_create *c)
{
    while (sem_wait(&c->ended) != 0) {
    }
    sem_destroy(&c->ended);
    return c->result;
}

struct shop_payment {
    int64_t id;
    char uuid[37];
};

static inline struct shop_payment world_create(
    struct world *w, const char *order, const char *amount)
{
    struct world_create c;
    struct shop_payment p;
    world_create_prepare(w, &w->arena, order, amount, order, &c);
    ok(checkout_create_submit(&w->s, &c.create));
    ok(world_create_wait(&c));
    p.id = c.create.id;
    memcpy(p.uuid, c.create.uuid, sizeof p.uuid);
    return p;
}

static inline enum err world_pay(struct world *w, const struct shop_payment *p)
{
    struct world_act a;
    world_act_init(&a, p->uuid);
    enum err e = checkout_pay(&w->s, &a.act);
    return e == ERR_OK ? world_act_wait(&a) : e;
}

static inline enum err world_cancel(struct world *w, const struct shop_payment *p)
{
    struct world_act a;
    world_act_init(&a, p->uuid);
    ok(checkout_cancel(&w->s, &a.act));
    return world_act_wait(&a);
}

/* Pays up to the wallet's page. */
static inline struct attempt_row world_to_wallet(struct world *w, const struct shop_payment *p)
{
    ok(world_pay(w, p));
    world_wait_attempt(w, p->id, ATTEMPT_REDIRECTED);
    return world_attempt(w, p->id);
}

static inline void world_callback_init(
    struct world_act *a, const struct attempt_row *attempt, struct str ref)
{
    world_act_init(a, "");
    snprintf(a->act.token, sizeof a->act.token, "%.*s", STR_FMT(attempt->callback_token));
    snprintf(a->act.ref, sizeof a->act.ref, "%.*s", STR_FMT(ref));
}

static inline enum err world_callback(
    struct world *w, const struct attempt_row *attempt, enum callback_status status)
{
    struct world_act a;
    world_callback_init(&a, attempt, attempt->wallet_ref);
    ok(checkout_callback(&w->s, &a.act, status));
    return world_act_wait(&a);
}

static inline void world_approve(struct world *w, const struct attempt_row *a)
{
    char id[64];
    snprintf(id, sizeof id, "%.*s", STR_FMT(a->wallet_ref));
    bkash_approve(&w->bkash, id);
}

/* Approved at the wallet's page, and back with success. */
static inline struct attempt_row world_approve_and_return(
    struct world *w, const struct shop_payment *p)
{
    struct attempt_row a = world_to_wallet(w, p);
    world_approve(w, &a);
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    return a;
}

/* For cmocka's tables: a world of its own for each test. */
static inline int setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    world_start(w);
    *state = w;
    return 0;
}

static inline int teardown(void **state)
{
    world_stop(*state);
    mem_free(*state);
    return 0;
}

/* A call ends a moment after what it told is committed. */
static inline void world_wait_calls(struct world *w, int calls)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (work_count(w->s.work) != calls) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
}

#endif
