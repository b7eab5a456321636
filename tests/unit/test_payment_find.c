/* Looking through payments: pages of whatever size give what looking through all by hand gives; and finding one by its names. */
#include "service/links.h"
#include "service/payment_find.h"
#include "store/store_outbox.h"
#include "store/store_refund.h"
#include "store_fixture.h"

#define PAYMENTS 1500
#define ACCOUNTS 4
#define DAYS 9

struct known {
    int64_t id, account;
    int32_t day;
    enum payment_state state;
    enum wallet_kind wallet;
    int64_t amount;
};

struct filling {
    struct fixture *f;
    struct known known[PAYMENTS];
    uint64_t seed;
};

static uint64_t next_number(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int64_t account_of(const struct fixture *f, int64_t i)
{
    return i == 0 ? f->account_id : f->account_id + 1000 + i;
}

static enum err more_accounts(struct filling *g, struct tx *tx)
{
    enum err e = ERR_OK;
    for (int i = 1; e == ERR_OK && i < ACCOUNTS; i++) {
        char text[400];
        snprintf(text, sizeof text,
            "INSERT INTO account SELECT %lld, %s, merchant_id, 'a%d', currency, fee_bp,"
            " 0, services, digest, NULL, NULL, NULL, notify_mode, 11, NULL, NULL, 0, 1, 1 FROM"
            " account WHERE id = %lld",
            (long long)account_of(g->f, i),
            test_store_is_pg() ? "uuid_send(gen_random_uuid())" : "randomblob(16)", i,
            (long long)g->f->account_id);
        e = db_script(tx_db(tx), text);
    }
    return e;
}

/* Days in the order of ids, as they are made. */
static enum err fill(void *arg, struct tx *tx)
{
    struct filling *g = arg;
    enum err e = more_accounts(g, tx);
    for (int i = 0; e == ERR_OK && i < PAYMENTS; i++) {
        struct sample x;
        char order[32];
        snprintf(order, sizeof order, "F-%d", i);
        sample_init(&x, g->f, order, T0 + DAYS * DAY_MS * i / PAYMENTS);
        x.p.row.account_id = account_of(g->f, (int64_t)(next_number(&g->seed) % ACCOUNTS));
        x.p.row.wallet = (enum wallet_kind)(next_number(&g->seed) % WALLET_COUNT);
        x.p.row.amount = money_poisha(100 + (int64_t)(next_number(&g->seed) % 1000));
        bool review = next_number(&g->seed) % 20 == 0;
        x.p.row.state = review ? PAYMENT_REVIEW : PAYMENT_OPEN;
        e = sample_insert(&x, tx);
        g->known[i] = (struct known){x.p.row.id, x.p.row.account_id, dhaka_day(x.p.row.created_at),
            x.p.row.state, x.p.row.wallet, x.p.row.amount.poisha};
    }
    return e;
}

struct page {
    int64_t ids[PAYMENTS];
    int count;
};

static enum err page_add(void *arg, const struct search_row *r)
{
    struct page *p = arg;
    assert_true(str_starts(r->order_id, STR("F-")));
    p->ids[p->count++] = r->id;
    return ERR_OK;
}

static bool is_wanted(const struct known *k, const struct payment_filter *w)
{
    bool account = w->account_count == 0;
    for (int i = 0; i < w->account_count; i++)
        account = account || w->accounts[i] == k->account;
    return account && k->day >= w->day_first && k->day <= w->day_last &&
           (!w->states || w->states & (1U << k->state)) &&
           (!w->wallets || w->wallets & (1U << k->wallet)) &&
           (!w->least.poisha || k->amount >= w->least.poisha) &&
           (!w->most.poisha || k->amount <= w->most.poisha);
}

static int by_newest(const void *px, const void *py)
{
    const struct known *x = px, *y = py;
    return (x->id < y->id) - (x->id > y->id);
}

/* Each step of a size of its own, now and then with a new search from where the last one ended. */
static void check_filter(struct filling *g, const struct payment_filter *w)
{
    struct page *p = mem_alloc(sizeof *p);
    struct payment_find *find = payment_find_new(w, NULL);
    bool end = false;
    while (!end) {
        int64_t max = 1 + (int64_t)(next_number(&g->seed) % 60);
        int64_t looks = 1 + (int64_t)(next_number(&g->seed) % 400);
        ok(payment_find_step(find, store_reader(g->f->s), max, looks, page_add, p, &end));
        if (next_number(&g->seed) % 2) {
            struct payment_place place = payment_find_place(find);
            payment_find_free(find);
            find = payment_find_new(w, &place);
        }
    }
    payment_find_free(find);
    int n = 0;
    for (int i = 0; i < PAYMENTS; i++)
        if (is_wanted(&g->known[i], w)) {
            assert_true(n < p->count);
            assert_int_equal(p->ids[n++], g->known[i].id);
        }
    assert_int_equal(p->count, n);
    mem_free(p);
}

static void pages_are_those_found_by_hand(void **state)
{
    struct fixture *f = *state;
    struct filling *g = mem_alloc(sizeof *g);
    g->f = f;
    g->seed = UINT64_C(0x5eed5eed4321);
    ok(run(f->s, fill, g));
    qsort(g->known, PAYMENTS, sizeof g->known[0], by_newest);
    int64_t accounts[ACCOUNTS];
    for (int i = 0; i < ACCOUNTS; i++)
        accounts[i] = account_of(f, i);
    for (int i = 0; i < 60; i++) {
        uint64_t r = next_number(&g->seed);
        int32_t first = dhaka_day(T0) - 1 + (int32_t)(r % 5);
        struct payment_filter w = {.accounts = accounts,
            .account_count = (int)(r / 8 % (ACCOUNTS + 1)),
            .states = r / 64 % 3 == 0 ? 1U << PAYMENT_REVIEW : 0,
            .wallets = r / 256 % 2 ? 1U << WALLET_NAGAD | 1U << WALLET_ROCKET : 0,
            .least = money_poisha(r / 512 % 2 ? 700 : 0),
            .most = money_poisha(r / 1024 % 2 ? 900 : 0),
            .day_first = first,
            .day_last = first + (int32_t)(r / 2048 % DAYS)};
        check_filter(g, &w);
    }
    mem_free(g);
}

static void what_is_created_meanwhile_moves_no_page(void **state)
{
    struct fixture *f = *state;
    struct page p = {.count = 0};
    char order[16];
    int64_t ids[20];
    for (int i = 0; i < 20; i++) {
        snprintf(order, sizeof order, "F-%d", i);
        ids[i] = sample_make(f, order, T0);
    }
    struct payment_filter w = {.accounts = &f->account_id,
        .account_count = 1,
        .day_first = dhaka_day(T0),
        .day_last = dhaka_day(T0)};
    struct payment_find *find = payment_find_new(&w, NULL);
    bool end;
    ok(payment_find_step(find, store_reader(f->s), 7, 100, page_add, &p, &end));
    struct payment_place place = payment_find_place(find);
    payment_find_free(find);
    sample_make(f, "F-20", T0);
    find = payment_find_new(&w, &place);
    ok(payment_find_step(find, store_reader(f->s), 100, 100, page_add, &p, &end));
    payment_find_free(find);
    assert_true(end);
    assert_int_equal(p.count, 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(p.ids[i], ids[19 - i]);
}

/* ---- names ---- */

struct names {
    struct fixture *f;
    struct links *links;
    int64_t id;
    char uuid[UUID_LEN + 1];
};

static enum err named_make(void *arg, struct tx *tx)
{
    struct names *n = arg;
    struct fixture *f = n->f;
    struct sample x;
    int64_t credit;
    sample_init(&x, f, "F-named", T0);
    enum err e = store_payment_id(tx, &x.p.id);
    links_uuid(n->links, x.p.id, n->uuid);
    x.p.row.uuid = str_from(n->uuid);
    e = e ? e : sample_insert(&x, tx);
    n->id = x.p.row.id;
    struct attempt_row a = {.payment_id = n->id,
        .number = 1,
        .wallet = WALLET_BKASH,
        .credential_id = f->credential_id,
        .state = ATTEMPT_CREATING,
        .callback_token = STR("token"),
        .invoice = STR("K9-1"),
        .amount = money_poisha(10000),
        .currency = STR("BDT"),
        .created_at = T0};
    e = e ? e : store_attempt_add(tx, &a);
    struct credit_row c = {.wallet = WALLET_BKASH,
        .credential_id = f->credential_id,
        .trx_id = STR("BFD90JRLST"),
        .amount = money_poisha(10000),
        .currency = STR("BDT"),
        .account_id = f->account_id,
        .payment_id = n->id,
        .attached = true,
        .seen_at = T0};
    e = e ? e : store_credit_add(tx, &c, &credit);
    struct refund_row r = {.payment_id = n->id,
        .account_id = f->account_id,
        .wallet = WALLET_BKASH,
        .credential_id = f->credential_id,
        .wallet_ref = STR_ABSENT,
        .trx_id = STR("BFD90JRLST"),
        .payer_mask = STR_ABSENT,
        .amount = money_poisha(100),
        .currency = STR("BDT"),
        .state = REFUND_BY_HAND,
        .known = STR_ABSENT,
        .refund_trx_id = STR_ABSENT,
        .code = STR_ABSENT,
        .reason = STR("r"),
        .actor = STR("operator:x"),
        .created_at = T0};
    e = e ? e : store_refund_add(tx, &r);
    struct refund_row to = r;
    to.state = REFUND_DONE;
    to.refund_trx_id = STR("BFD90REFND");
    to.final_at = T0;
    e = e ? e : store_refund_cas(tx, &r, &to);
    struct outbox_row o = {.payment_id = n->id,
        .account_id = f->account_id,
        .sequence = 1,
        .webhook_id = STR("msg_1"),
        .payment_status = STR("paid"),
        .state = STR("waiting"),
        .parked_reason = STR_ABSENT,
        .due_at = T0,
        .created_at = T0};
    return e ? e : store_outbox_add(tx, &o);
}

static void names_check(struct names *n, const int64_t *accounts, const char *text, int wanted)
{
    struct service s = {.links = n->links};
    struct page p = {.count = 0};
    ok(payment_named(&s, store_reader(n->f->s), accounts, 1, str_from(text), page_add, &p));
    assert_int_equal(p.count, wanted);
    if (wanted)
        assert_int_equal(p.ids[0], n->id);
}

static void t64_a_payment_is_found_by_each_of_its_names_and_only_by_its_account(void **state)
{
    struct fixture *f = *state;
    char key[160];
    struct keyring *keys;
    struct buf why;
    struct names n = {.f = f};
    int64_t stranger = f->account_id + 1;
    buf_init(&why, 1024);
    snprintf(key, sizeof key, "%s/key", f->dir);
    ok(keyring_create(key));
    ok(keyring_load(key, &why, &keys));
    n.links = links_new(keys);
    ok(run(f->s, named_make, &n));
    char id[32];
    snprintf(id, sizeof id, "%lld", (long long)n.id);
    const char *const names[] = {
        n.uuid, id, "F-named", "K9-1", "BFD90JRLST", "bfd90 jrlst", "BFD90REFND", "msg_1"};
    for (size_t i = 0; i < array_len(names); i++) {
        names_check(&n, &f->account_id, names[i], 1);
        names_check(&n, &stranger, names[i], 0);
    }
    const char *const others[] = {"F-name", "K9-2", "BFD90JRLSS", "999999999999", "-1", "token"};
    for (size_t i = 0; i < array_len(others); i++)
        names_check(&n, &f->account_id, others[i], 0);
    links_free(n.links);
    keyring_free(keys);
    unlink(key);
    buf_clear(&why);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(pages_are_those_found_by_hand),
        TEST(what_is_created_meanwhile_moves_no_page),
        TEST(t64_a_payment_is_found_by_each_of_its_names_and_only_by_its_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
