/* Fills a store with payments that have ended, by the functions that the gateway writes with and with large commits: some paid
 * by an attempt, with postings, a credit and a delivered notification, the others run out, with their notification. Order ids are random, as uuids are, so each row goes to a random place of the indexes. */
#include "base/crypto.h"
#include "base/text.h"
#include "bench.h"
#include "bench_store.h"
#include "service/links.h"
#include "service/service.h"
#include "service/transition.h"
#include "store/store_outbox.h"
#include "store/store_wallet.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_AGE_MS (30 * 24 * 3600 * INT64_C(1000))
#define LIFETIME_MS (3600 * INT64_C(1000))
#define LEASES_MAX 64
#define TRX_MAX 16
#define OWNER STR("00000000-0000-4000-8000-000000000001")

struct fill {
    struct store_unit unit;
    struct service service;
    int64_t account_id, credential_id;
    int64_t batch; /* payments of this unit */
    int64_t paid_percent;
    int64_t now_ms;
    struct payment_row p; /* the one that is made */
    struct attempt_row a;
    char uuid[UUID_LEN + 1], order[64], token[64], invoice[64], trx[TRX_MAX];
};

static enum err event_add(
    struct fill *f, struct tx *tx, const char *actor, const char *word, struct str detail)
{
    struct event_row row = {
        .payment_id = f->p.id,
        .attempt_id = f->a.id,
        .at = tx_now_ms(tx),
        .actor = str_from(actor),
        .event = str_from(word),
        .from_state = STR_ABSENT,
        .to_state = STR_ABSENT,
        .reason = str_absent(detail) ? STR_ABSENT : STR("ok"),
        .detail = detail,
    };
    return store_event_add(tx, &row);
}

static enum err payment_make(struct fill *f, struct tx *tx)
{
    uint8_t raw[16];
    bool same;
    int64_t now = tx_now_ms(tx), id;
    char first[UUID_LEN + 1];
    random_uuid(raw);
    uuid_format(raw, first);
    snprintf(f->order, sizeof f->order, "order-%s", first);
    enum err e = store_payment_id(tx, &id);
    if (e != ERR_OK) {
        return e;
    }
    links_uuid(f->service.links, id, f->uuid);
    struct payment_new new = {.id = id,
        .row = {.uuid = str_from(f->uuid),
            .account_id = f->account_id,
            .order_id = str_from(f->order),
            .amount = money_poisha(10050 + raw[0] * 100),
            .currency = STR("BDT"),
            .service = STR("payment_card_bdt_hpp"),
            .wallet = WALLET_BKASH,
            .state = PAYMENT_OPEN,
            .created_at = now,
            .expires_at = now + LIFETIME_MS,
            .success_url = STR("https://shop.example.com/thanks"),
            .fail_url = STR("https://shop.example.com/sorry"),
            .desc = STR("Order 1234567"),
            .customer_ip = STR("203.0.113.77"),
            .customer_json = STR("{\"customer_phone\":\"01711111111\","
                                 "\"customer_first_name\":\"Rahim\"}"),
            .fee_bp = 150}};
    random_bytes(new.body_sha256, sizeof new.body_sha256);
    e = store_payment_insert(tx, &new, &same, &id, first);
    f->p = new.row;
    f->a = (struct attempt_row){.id = 0};
    return e;
}

static enum err attempt_begin(struct fill *f, struct tx *tx)
{
    uint8_t raw[16];
    struct payment_row to = f->p;
    random_bytes(raw, sizeof raw);
    uuid_format(raw, f->token);
    snprintf(f->token + UUID_LEN, sizeof f->token - UUID_LEN, "%.7s", f->uuid);
    snprintf(f->invoice, sizeof f->invoice, "K%lld-1", (long long)f->p.id);
    f->a = (struct attempt_row){
        .payment_id = f->p.id,
        .number = ++to.attempts,
        .wallet = f->p.wallet,
        .credential_id = f->credential_id,
        .state = ATTEMPT_CREATING,
        .callback_token = str_from(f->token),
        .invoice = str_from(f->invoice),
        .amount = f->p.amount,
        .currency = f->p.currency,
        .created_at = tx_now_ms(tx),
        .next_ask_at = tx_now_ms(tx) + LIFETIME_MS,
    };
    enum err e = store_attempt_add(tx, &f->a);
    e = e == ERR_OK ? store_payment_cas(tx, &f->p, &to) : e;
    f->p = to;
    return e == ERR_OK ? event_add(f, tx, "payer", "attempt", STR_ABSENT) : e;
}

static enum err attempt_move(
    struct fill *f, struct tx *tx, enum attempt_event event, const char *actor)
{
    struct attempt_row to = f->a;
    if (event == ATTEMPT_EV_CREATED) {
        to.wallet_ref = str_from(f->invoice);
        to.wallet_url = STR("https://sandbox.payment.example.com/?paymentId=TR0011abcdefgh17"
                            "32441234567&hash=Xk3hGz9mUQyJ6e0b8mC7w1tVnS5pL2aR");
    } else if (event == ATTEMPT_EV_CALLBACK_SUCCESS) {
        to.execute_sent_at = tx_now_ms(tx);
    } else {
        to.trx_id = str_from(f->trx);
        to.payer_mask = STR("017*****111");
    }
    to.next_ask_at = event == ATTEMPT_EV_CALLBACK_SUCCESS ? tx_now_ms(tx) + LIFETIME_MS : 0;
    enum err e = transition_attempt(tx, &f->a, event, str_from(actor), &to);
    f->a = to;
    return e;
}

static enum err payment_move(
    struct fill *f, struct tx *tx, enum payment_event event, const char *actor)
{
    bool paid = event == PAYMENT_EV_PAID;
    struct transition t = {
        .event = event,
        .actor = str_from(actor),
        .attempt_id = f->a.id,
        .received = paid ? f->p.amount : MONEY_ZERO,
        .credential_id = f->credential_id,
        .trx_id = paid ? str_from(f->trx) : STR_ABSENT,
        .payer_mask = paid ? STR("017*****111") : STR_ABSENT,
    };
    return transition_apply(tx, &f->p, &t);
}

#define ANSWER                                                                                     \
    STR("{\"code\":\"0000\",\"message\":\"Successful\",\"trx_id\":\"BKX0A1B2C3\","                 \
        "\"amount_poisha\":10050}")

/* Ten characters like a wallet's, in no order, and no two the same: the odd factor maps 40 bits to 40 bits one to one. */
static void trx_write(char trx[TRX_MAX], int64_t id)
{
    uint64_t scattered = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) & UINT64_C(0xFFFFFFFFFF);
    snprintf(trx, TRX_MAX, "%010llX", (unsigned long long)scattered);
}

/* The steps of service/checkout and service/outcome for a payer who pays at the first try. */
static enum err payment_pay(struct fill *f, struct tx *tx)
{
    trx_write(f->trx, f->p.id);
    enum err e = attempt_begin(f, tx);
    e = e == ERR_OK ? event_add(f, tx, "wallet", "create_answer", ANSWER) : e;
    e = e == ERR_OK ? attempt_move(f, tx, ATTEMPT_EV_CREATED, "wallet") : e;
    e = e == ERR_OK ? attempt_move(f, tx, ATTEMPT_EV_CALLBACK_SUCCESS, "payer") : e;
    e = e == ERR_OK ? payment_move(f, tx, PAYMENT_EV_EXECUTE, "payer") : e;
    e = e == ERR_OK ? event_add(f, tx, "wallet", "execute_answer", ANSWER) : e;
    e = e == ERR_OK ? payment_move(f, tx, PAYMENT_EV_PAID, "wallet") : e;
    return e == ERR_OK ? attempt_move(f, tx, ATTEMPT_EV_PAID, "wallet") : e;
}

static enum err delivered(struct tx *tx, int64_t id)
{
    struct outbox_try_row row = {
        .outbox_id = id,
        .number = 1,
        .at = tx_now_ms(tx),
        .duration_ms = 35,
        .status = 200,
        .url = STR("https://shop.example.com/kassa/notify"),
        .error = STR_ABSENT,
        .reply = STR("OK"),
    };
    enum err e = store_outbox_delivered(tx, id, OWNER, tx_now_ms(tx));
    return e == ERR_OK ? store_outbox_try_add(tx, &row) : e;
}

static enum err deliver_all(struct tx *tx)
{
    int64_t ids[LEASES_MAX], now = tx_now_ms(tx);
    int count = LEASES_MAX;
    while (count == LEASES_MAX) {
        enum err e = store_outbox_lease(tx, now, OWNER, now + LIFETIME_MS, LEASES_MAX, ids, &count);
        for (int i = 0; e == ERR_OK && i < count; i++) {
            e = delivered(tx, ids[i]);
        }
        if (e != ERR_OK) {
            return e;
        }
    }
    return ERR_OK;
}

static enum err fill_run(struct store_unit *u, struct tx *tx)
{
    struct fill *f = unit_owner(u, struct fill, unit);
    enum err e = ERR_OK;
    for (int64_t i = 0; e == ERR_OK && i < f->batch; i++) {
        e = payment_make(f, tx);
        bool paid = f->p.id % 100 < f->paid_percent;
        if (e == ERR_OK) {
            e = paid ? payment_pay(f, tx) : payment_move(f, tx, PAYMENT_EV_EXPIRE, "clock");
        }
    }
    return e == ERR_OK ? deliver_all(tx) : e;
}

static int64_t fill_clock(void *arg)
{
    return ((struct fill *)arg)->now_ms;
}

static int64_t credential_id(struct store *s, int64_t account_id)
{
    struct arena a;
    struct credential_row row;
    arena_init(&a, 1 << 20);
    if (store_credential_for(bench_store_reader(s), &a, WALLET_BKASH, account_id, &row) != ERR_OK) {
        bench_die("no credential");
    }
    int64_t id = row.id;
    arena_clear(&a);
    return id;
}

/* The payments are spread over the days until now. */
static void fill_all(struct fill *f, struct store *s, int64_t count, int64_t batch)
{
    struct clock machine;
    clock_init(&machine);
    int64_t now = clock_now_ms(&machine);
    for (int64_t done = 0; done < count; done += f->batch) {
        f->batch = count - done < batch ? count - done : batch;
        f->now_ms = now - FIRST_AGE_MS / count * (count - done);
        f->unit = (struct store_unit){.run = fill_run};
        enum err e = store_run(s, &f->unit);
        if (e != ERR_OK) {
            fprintf(stderr, "bench: fill: %s\n", err_name(e));
            exit(1);
        }
    }
}

/* As the command line does: the store and the keys, no loops. */
static void service_open(
    struct fill *f, const char *path, struct config *config, struct clock *clock)
{
    struct buf why;
    buf_init(&why, 4096);
    if (config_load(path, config, &why) != ERR_OK ||
        service_start(config, clock, false, &why, &f->service) != ERR_OK) {
        fprintf(stderr, "bench: %s\n", why.n ? why.p : path);
        exit(1);
    }
    buf_clear(&why);
}

int bench_fill(int argc, char **argv)
{
    (void)argc;
    static struct fill f;
    struct config config;
    struct clock clock = {.wall_ms = fill_clock, .arg = &f};
    service_open(&f, argv[0], &config, &clock);
    f.account_id = bench_account_id(f.service.store, argv[1]);
    f.credential_id = credential_id(f.service.store, f.account_id);
    f.paid_percent = bench_number(argv[3]);
    int64_t count = bench_number(argv[2]), from = bench_now_ns();
    fill_all(&f, f.service.store, count, bench_number(argv[4]));
    double seconds = (double)(bench_now_ns() - from) / 1e9;
    service_stop(&f.service);
    config_clear(&config);
    printf("{\"payments\":%lld,\"seconds\":%.2f,\"rate\":%.1f}\n", (long long)count, seconds,
        (double)count / seconds);
    return 0;
}
