/* What a created payment costs the store:
 *     store_bench DIR [PAYMENTS [ACCOUNTS [BATCH]]]
 * Prints CPU of the process and wall time per payment, commits, and what a page of the history costs. */
#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/store_account.h"
#include "store/store_payment.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct item {
    struct store_unit unit;
    struct payment_new p;
    char uuid[UUID_LEN + 1];
    char order[40];
    bool same;
    int64_t id;
    char first[UUID_LEN + 1];
    _Atomic int *left;
};

static enum err item_run(struct store_unit *u, struct tx *tx)
{
    struct item *i = unit_owner(u, struct item, unit);
    return store_payment_insert(tx, &i->p, &i->same, &i->id, i->first);
}

static int64_t cpu_us(int who)
{
    struct rusage r;
    getrusage(who, &r);
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * INT64_C(1000000) + r.ru_utime.tv_usec +
           r.ru_stime.tv_usec;
}

static int64_t writer_us; /* of the writer's thread, when the last unit was done */

static void item_done(struct store_unit *u, enum err result)
{
    if (atomic_load(unit_owner(u, struct item, unit)->left) == 1)
        writer_us = cpu_us(RUSAGE_THREAD);
    if (result != ERR_OK)
        fprintf(stderr, "failed: %s\n", err_name(result));
    atomic_fetch_sub(unit_owner(u, struct item, unit)->left, 1);
}

static void item_init(struct item *i, int64_t n, int64_t account_id, int64_t at)
{
    uint8_t raw[16];
    random_uuid(raw);
    uuid_format(raw, i->uuid);
    snprintf(i->order, sizeof i->order, "order-%02x%02x-%lld", raw[0], raw[1], (long long)n);
    i->unit = (struct store_unit){.run = item_run, .done = item_done};
    i->p.row = (struct payment_row){.uuid = str_from(i->uuid),
        .account_id = account_id,
        .order_id = str_from(i->order),
        .amount = money_poisha(30000),
        .currency = STR("BDT"),
        .service = STR("payment_card_bdt_hpp"),
        .wallet = WALLET_BKASH,
        .state = PAYMENT_OPEN,
        .created_at = at,
        .expires_at = at + 3600000,
        .success_url = STR("https://shop.example/payments/return"),
        .customer_ip = STR("203.0.113.77"),
        .customer_json = STR("{\"customer_email\":\"someone@mail.example\"}"),
        .fee_bp = 150};
}

struct setup {
    struct store_unit unit;
    int64_t accounts;
    int64_t first;
};

static enum err setup_run(struct store_unit *u, struct tx *tx)
{
    struct setup *s = unit_owner(u, struct setup, unit);
    struct merchant_row m = {.name = STR("bench"), .created_at = 1};
    enum err e = store_merchant_add(tx, &m);
    for (int64_t i = 0; e == ERR_OK && i < s->accounts; i++) {
        char uuid[UUID_LEN + 1];
        uint8_t raw[16];
        random_uuid(raw);
        uuid_format(raw, uuid);
        struct account_row a = {.uuid = str_from(uuid),
            .merchant_id = m.id,
            .name = STR(""),
            .currency = STR("BDT"),
            .services = STR("payment_card_bdt_hpp"),
            .digest = STR("sha1"),
            .notify_mode = STR("GET"),
            .notify_field_set = 11,
            .enabled = true};
        e = store_account_add(tx, &a);
        if (i == 0)
            s->first = a.id;
    }
    return e;
}

static enum err count(void *arg, const struct history_item *item)
{
    (void)item;
    ++*(int64_t *)arg;
    return ERR_OK;
}

static void page(struct store *s, int64_t account, int32_t day, int64_t offset)
{
    int64_t n = 0, start = clock_mono_us();
    enum err e = store_history_page(store_reader(s), account, day, day, offset, 100, count, &n);
    printf("page at %lld: %lld rows, %lld us%s\n", (long long)offset, (long long)n,
        (long long)(clock_mono_us() - start), e == ERR_OK ? "" : " FAILED");
}

static int64_t arg_int(int argc, char **argv, int i, int64_t otherwise)
{
    int64_t v = otherwise;
    if (i < argc && int64_parse(str_from(argv[i]), &v) != ERR_OK)
        exit(2);
    return v;
}

static void insert_all(
    struct store *s, int64_t payments, int64_t batch, int64_t first, int64_t accounts, int64_t at)
{
    struct item *items = mem_array((size_t)batch, sizeof *items);
    for (int64_t done = 0; done < payments; done += batch) {
        _Atomic int left = (int)batch;
        for (int64_t i = 0; i < batch; i++) {
            item_init(&items[i], done + i, first + (done + i) % accounts, at);
            items[i].left = &left;
        }
        for (int64_t i = 0; i < batch; i++)
            if (store_submit(s, &items[i].unit) != ERR_OK)
                exit(1);
        while (atomic_load(&left) > 0)
            usleep(100);
    }
    mem_free(items);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    int64_t payments = arg_int(argc, argv, 2, 20000), accounts = arg_int(argc, argv, 3, 1);
    int64_t batch = arg_int(argc, argv, 4, 64);
    char path[256];
    snprintf(path, sizeof path, "%s/bench.db", argv[1]);
    struct clock clock;
    clock_init(&clock);
    struct buf why;
    buf_init(&why, 1024);
    struct store_options o = {
        .path = path, .queue_max = 100000, .batch_max = batch, .clock = &clock, .create = true};
    struct store *s;
    if (store_open(&o, &why, &s) != ERR_OK) {
        fprintf(stderr, "%s\n", why.p);
        return 1;
    }
    struct setup setup = {.unit = {.run = setup_run}, .accounts = accounts};
    if (store_run(s, &setup.unit) != ERR_OK)
        return 1;
    int64_t at = clock_now_ms(&clock), start = clock_mono_us(), cpu = cpu_us(RUSAGE_SELF);
    insert_all(s, payments, batch, setup.first, accounts, at);
    int64_t wall = clock_mono_us() - start;
    cpu = cpu_us(RUSAGE_SELF) - cpu;
    printf("%lld payments, batches of %lld: %.1f us CPU (writer %.1f), %.1f us wall each, %.0f/s\n",
        (long long)payments, (long long)batch, (double)cpu / (double)payments,
        (double)writer_us / (double)payments, (double)wall / (double)payments,
        1e6 * (double)payments / (double)wall);
    page(s, setup.first, dhaka_day(at), 0);
    page(s, setup.first, dhaka_day(at), payments / accounts / 2);
    page(s, setup.first, dhaka_day(at), payments / accounts - 100);
    buf_clear(&why);
    store_close(s);
    return 0;
}
