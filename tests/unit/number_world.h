/* A shop with a Rocket number and its phone. Numbers and ids are made up. */
#ifndef KASSA_TESTS_NUMBER_WORLD_H
#define KASSA_TESTS_NUMBER_WORLD_H

#include "service/number.h"
#include "service/phone.h"
#include "service_world.h"
#include "store/store_number_wait.h"

#define SHOP_NUMBER "017111111112"
#define PAYER "515" /* the end of the number that money comes from */

struct numbers {
    int64_t number_id, foreign_id, device_id;
    int64_t balance; /* taka, of the SMS */
};
static struct numbers n;

static inline enum err numbers_run(struct store_unit *u, struct tx *tx)
{
    (void)u;
    struct number_row r = {.wallet = WALLET_ROCKET,
        .number = STR(SHOP_NUMBER),
        .kind = STR("personal"),
        .enabled = true,
        .created_at = WORLD_T0};
    struct device_row d = {.name = STR("phone"),
        .accepts = STR("signature"),
        .key_box = STR("sealed"),
        .enabled = true,
        .created_at = WORLD_T0,
        .seen_at = WORLD_T0};
    enum err e = store_number_add(tx, &r);
    n.number_id = r.id;
    e = e ? e : store_device_add(tx, &d);
    n.device_id = d.id;
    return e ? e : store_device_bind(tx, d.id, r.id, STR_ABSENT);
}

static inline int numbers_setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    world_start(w);
    n = (struct numbers){.balance = 1000};
    struct store_unit unit = {.run = numbers_run};
    ok(store_run(w->s.store, &unit));
    *state = w;
    return 0;
}

static inline int numbers_teardown(void **state)
{
    world_stop(*state);
    mem_free(*state);
    return 0;
}

static inline struct shop_payment create(struct world *w, const char *order, const char *amount)
{
    struct world_create c;
    struct shop_payment p;
    world_create_prepare(w, &w->arena, order, amount, order, &c);
    c.create.payment.row.wallet = WALLET_ROCKET;
    ok(checkout_create_submit(&w->s, &c.create));
    ok(world_create_wait(&c));
    p.id = c.create.id;
    memcpy(p.uuid, c.create.uuid, sizeof p.uuid);
    return p;
}

static inline enum err type_from(struct world *w, const struct shop_payment *p, const char *trx_id,
    const char *payer, enum number_answer *ret)
{
    struct world_act a;
    world_act_init(&a, p->uuid);
    snprintf(a.act.ref, sizeof a.act.ref, "%s", trx_id);
    snprintf(a.act.payer, sizeof a.act.payer, "%s", payer);
    ok(number_submit(&w->s, &a.act));
    enum err e = world_act_wait(&a);
    *ret = (enum number_answer)a.act.answer;
    return e;
}

static inline enum err type(
    struct world *w, const struct shop_payment *p, const char *trx_id, enum number_answer *ret)
{
    return type_from(w, p, trx_id, PAYER, ret);
}

static inline enum number_answer typed_from(
    struct world *w, const struct shop_payment *p, const char *trx_id, const char *payer)
{
    enum number_answer answer = NUMBER_TOO_MANY;
    ok(type_from(w, p, trx_id, payer, &answer));
    return answer;
}

static inline enum number_answer typed(
    struct world *w, const struct shop_payment *p, const char *trx_id)
{
    return typed_from(w, p, trx_id, PAYER);
}

struct told {
    struct phone_report report;
    sem_t ended;
};

static inline void told_done(struct phone_report *r, enum err result)
{
    struct told *t = r->arg;
    ok(result);
    sem_post(&t->ended);
}

/* The number's phone tells of `taka` more, `minutes` after WORLD_T0 by the wallet's clock. */
static inline void told_at(struct world *w, int taka, const char *trx_id, int minutes)
{
    char text[256];
    int at = 3 * 60 + 20 + minutes;
    n.balance += taka;
    snprintf(text, sizeof text,
        "Tk%d.00 received from A/C:***" PAYER " Fee:Tk0, Your A/C Balance: Tk%d.00 TxnId:%s"
        " Date:07-NOV-26 %02d:%02d:00 am. Download https://bit.ly/nexuspay",
        taka, (int)n.balance, trx_id, at / 60, at % 60);
    struct phone_message m = {.sender = STR("16216"), .text = str_from(text)};
    struct told t = {.report = {.device_id = n.device_id,
                         .messages = &m,
                         .count = 1,
                         .model = STR_ABSENT,
                         .done = told_done}};
    t.report.arg = &t;
    sem_init(&t.ended, 0, 0);
    ok(phone_report_submit(&w->s, &t.report));
    while (sem_wait(&t.ended) != 0) {
    }
    sem_destroy(&t.ended);
    assert_int_equal(t.report.results[PHONE_CREDIT], 1);
}

static inline void told(struct world *w, int taka, const char *trx_id)
{
    told_at(w, taka, trx_id, 0);
}

static inline struct number_credit_row credit(struct world *w, const char *trx_id)
{
    struct number_credit_row c;
    ok(store_number_credit_find(world_db(w), &w->arena, WALLET_ROCKET, str_from(trx_id), &c));
    return c;
}

static inline void is_paid(
    struct world *w, const struct shop_payment *p, int64_t poisha, int entries)
{
    struct payment_row row = world_payment(w, p->id);
    assert_int_equal(row.state, PAYMENT_PAID);
    assert_int_equal(row.paid.poisha, poisha);
    /* 1.5 % and 1.00 */
    assert_int_equal(row.commission.poisha, poisha * 15 / 1000 + 100);
    assert_int_equal(row.credited.poisha, poisha - row.commission.poisha);
    struct world_outbox o = world_outbox(w, p->id);
    assert_int_equal(o.count, 1);
    assert_string_equal(o.status, "paid");
    assert_int_equal(o.newest.payment_amount.poisha, poisha);
    assert_int_equal(o.newest.commission_amount.poisha, row.commission.poisha);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), 0);
    assert_int_equal(world_balance(w, LEDGER_WALLET_CLEARING, n.number_id), poisha);
    world_books(w, entries);
}

#endif
