/* What phones tell, and what a payer may claim of it. Numbers and ids are made up. */
#include "service/phone.h"
#include "service/transition.h"
#include "store_fixture.h"

struct phone {
    struct fixture *f;
    int64_t number_id, other_id, device_id;
    /* the next call */
    struct phone_source from;
    struct phone_message m;
    enum phone_result result;
    struct phone_claim claim;
    enum phone_claim_result claimed;
    struct money balance;
};

static enum err setup_run(void *arg, struct tx *tx)
{
    struct phone *p = arg;
    struct number_row n = {.wallet = WALLET_BKASH,
        .number = STR("01711111111"),
        .kind = STR("personal"),
        .enabled = true,
        .created_at = T0};
    struct device_row d = {.name = STR("phone"),
        .accepts = STR("signature"),
        .key_box = STR("sealed"),
        .enabled = true,
        .created_at = T0};
    enum err e = store_number_add(tx, &n);
    p->number_id = n.id;
    n.number = STR("01722222222");
    e = e ? e : store_number_add(tx, &n);
    p->other_id = n.id;
    e = e ? e : store_device_add(tx, &d);
    p->device_id = d.id;
    return e ? e : store_device_bind(tx, d.id, p->number_id, STR_ABSENT);
}

static struct phone phone_make(struct fixture *f)
{
    struct phone p = {.f = f};
    ok(run(f->s, setup_run, &p));
    p.from.device_id = p.device_id;
    return p;
}

static enum err take_run(void *arg, struct tx *tx)
{
    struct phone *p = arg;
    return phone_take(tx, &p->from, &p->m, &p->result);
}

static enum phone_result tell(struct phone *p, const char *sender, const char *text)
{
    p->m = (struct phone_message){.sender = str_from(sender), .text = str_from(text)};
    ok(run(p->f->s, take_run, p));
    return p->result;
}

/* 100 taka each, so that the balances tell the order. */
static enum phone_result receive(struct phone *p, const char *trx_id, int balance)
{
    char text[256];
    snprintf(text, sizeof text,
        "You have received Tk 100.00 from 01733333333. Fee Tk 0.00. Balance Tk %d.00. TrxID %s at"
        " 06/11/2026 12:00",
        balance, trx_id);
    return tell(p, "bKash", text);
}

static enum phone_result pay_out(struct phone *p, const char *trx_id, int balance)
{
    char text[256];
    snprintf(text, sizeof text,
        "Send Money Tk 50.00 to 01733333333 successful. Ref x. Fee Tk 5.00. Balance Tk %d.00. TrxID"
        " %s at 06/11/2026 12:00",
        balance, trx_id);
    return tell(p, "bKash", text);
}

static struct number_credit_row credit(struct phone *p, const char *trx_id)
{
    struct number_credit_row c;
    ok(store_number_credit_find(
        store_reader(p->f->s), &p->f->arena, WALLET_BKASH, str_from(trx_id), &c));
    return c;
}

static enum number_credit_state state_of(struct phone *p, const char *trx_id)
{
    return credit(p, trx_id).state;
}

static enum err none(void *arg, const struct number_credit_row *r)
{
    (void)r;
    (*(int *)arg)++;
    return ERR_OK;
}

static int credits(struct phone *p)
{
    int n = 0;
    ok(store_number_credit_each_open(store_reader(p->f->s), none, &n));
    return n;
}

static enum err count_open(void *arg, const struct sms_row *r)
{
    (void)r;
    (*(int *)arg)++;
    return ERR_OK;
}

static int to_look_at(struct phone *p)
{
    int n = 0;
    ok(store_sms_each_open(store_reader(p->f->s), 0, count_open, &n));
    return n;
}

static void s1_a_payers_sms_is_money_that_may_be_claimed(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    struct number_credit_row c = credit(&p, "DK61AAAAAA");
    assert_int_equal(c.state, NUMBER_CREDIT_FREE);
    assert_int_equal(c.amount.poisha, 10000);
    assert_int_equal(c.balance.poisha, 10000);
    assert_int_equal(c.number_id, p.number_id);
    assert_true(str_is(c.payer_mask, "017******33"));
    assert_int_equal(pay_out(&p, "DK62AAAAAA", 45), PHONE_BALANCE);
    assert_int_equal(credits(&p), 1);
}

static void s2_what_a_reference_says_is_no_money(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(
        tell(&p, "bKash",
            "You have received Tk 1.00 from 01733333333. Ref x. Fee Tk 0.00. Balance Tk 9000.00."
            " TrxID DK61ZZZZZZ at 06/11/2026 12:00. Fee Tk 0.00. Balance Tk 1.00. TrxID DK61AAAAAA"
            " at 06/11/2026 12:00"),
        PHONE_UNPARSED);
    assert_int_equal(credits(&p), 0);
    assert_int_equal(to_look_at(&p), 1);
}

static void s2_a_text_cut_behind_a_forged_end_is_caught_by_the_chain(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(
        tell(&p, "bKash",
            "You have received Tk 1.00 from 01733333333. Ref x. Fee Tk 0.00. Balance Tk 9000.00."
            " TrxID DK61ZZZZZZ at 06/11/2026 12:00"),
        PHONE_REVIEW);
    assert_int_equal(state_of(&p, "DK61ZZZZZZ"), NUMBER_CREDIT_REVIEW);
}

static void s7_the_same_sms_again_changes_nothing(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_SAME);
    assert_int_equal(pay_out(&p, "DK62AAAAAA", 45), PHONE_BALANCE);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_SAME);
    /* as another app reads it from the inbox */
    assert_int_equal(tell(&p, "BKASH",
                         "You have received Tk 100.00 from 01733333333. Fee Tk 0.00. Balance Tk"
                         " 100.00.\nTrxID DK61AAAAAA at 06/11/2026 12:00 \n"),
        PHONE_SAME);
    assert_int_equal(receive(&p, "DK63AAAAAA", 145), PHONE_CREDIT);
    assert_int_equal(credits(&p), 2);
    assert_int_equal(state_of(&p, "DK61AAAAAA"), NUMBER_CREDIT_FREE);
    assert_int_equal(to_look_at(&p), 0);
}

static enum err forget_run(void *arg, struct tx *tx)
{
    return store_sms_forget(tx, *(int64_t *)arg, 100);
}

/* What the payer wrote is forgotten, his money and that it was told are not. */
static void words_are_forgotten_and_money_is_not(void **state)
{
    struct phone p = phone_make(*state);
    struct sms_row sms;
    struct arena arena;
    arena_init(&arena, 65536);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    struct number_credit_row c = credit(&p, "DK61AAAAAA");
    ok(store_sms_get(store_reader(p.f->s), &arena, c.sms_id, &sms));
    assert_true(sms.body.n > 0);
    int64_t before = sms.seen_at;
    ok(run(p.f->s, forget_run, &before));
    ok(store_sms_get(store_reader(p.f->s), &arena, c.sms_id, &sms));
    assert_true(sms.body.n > 0);
    before++;
    ok(run(p.f->s, forget_run, &before));
    ok(store_sms_get(store_reader(p.f->s), &arena, c.sms_id, &sms));
    assert_int_equal(sms.body.n, 0);
    arena_clear(&arena);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_SAME);
    assert_int_equal(state_of(&p, "DK61AAAAAA"), NUMBER_CREDIT_FREE);
    assert_int_equal(credits(&p), 1);
}

static void s7_the_same_trxid_in_other_words_is_held(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK61AAAAAA", 200), PHONE_CONFLICT);
    struct number_credit_row c = credit(&p, "DK61AAAAAA");
    assert_int_equal(c.state, NUMBER_CREDIT_REVIEW);
    assert_true(str_is(c.reason, "trxid_told_twice"));
    assert_int_equal(c.balance.poisha, 10000);
    assert_int_equal(to_look_at(&p), 1);
    /* and it did not move the chain */
    assert_int_equal(pay_out(&p, "DK62AAAAAA", 45), PHONE_BALANCE);
}

static void s8_t25_another_sender_is_no_wallet(void **state)
{
    struct phone p = phone_make(*state);
    static const char text[] = "You have received Tk 100.00 from 01733333333. Fee Tk 0.00. Balance"
                               " Tk 100.00. TrxID DK61AAAAAA at 06/11/2026 12:00";
    assert_int_equal(tell(&p, "01733333333", text), PHONE_IGNORED);
    assert_int_equal(tell(&p, "+8801733333333", text), PHONE_IGNORED);
    assert_int_equal(tell(&p, "", text), PHONE_IGNORED);
    assert_int_equal(to_look_at(&p), 0);
    assert_int_equal(tell(&p, "bkashnotice", text), PHONE_LOOKALIKE);
    assert_int_equal(tell(&p, "bK4sh", text), PHONE_LOOKALIKE);
    assert_int_equal(tell(&p, "bK4sh", text), PHONE_SAME);
    assert_int_equal(to_look_at(&p), 2);
    assert_int_equal(credits(&p), 0);
    /* a wallet of which the device has no number */
    assert_int_equal(tell(&p, "NAGAD",
                         "Money Received.\nAmount: Tk 99.00\nSender: 01811111111\nTxnID: "
                         "75HKAAAA\nBalance: Tk 1289.43\n08/06/2026 19:00"),
        PHONE_UNPARSED);
    assert_int_equal(credits(&p), 0);
}

static enum err no_code(void *arg, const struct sms_row *r)
{
    assert_null(memmem(r->body.p, r->body.n, "123456", 6));
    return count_open(arg, r);
}

static void secret_codes_in_unknown_words_are_not_kept_either(void **state)
{
    struct phone p = phone_make(*state);
    static const char *const texts[] = {"Your Nagad OTP is 123456. Do not share it.",
        "123456 is the security code of your account", "New PIN:123456"};
    int n = 0;
    for (size_t i = 0; i < array_len(texts); i++) {
        tell(&p, "NAGAD", texts[i]);
        tell(&p, "nagad1", texts[i]);
    }
    ok(store_sms_each_open(store_reader(p.f->s), 0, no_code, &n));
    assert_true(n > 0);
    assert_int_equal(
        tell(&p, "NAGAD", "Shopping Offer: Tk 123456 in a new wording, TxnID: 75HKAAAA"),
        PHONE_UNPARSED);
    assert_int_equal(to_look_at(&p), n + 1);
}

static void secret_codes_are_not_kept(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(
        tell(&p, "bKash", "Your bKash verification code is 123456. Expires in 2 minutes."),
        PHONE_IGNORED);
    assert_int_equal(to_look_at(&p), 0);
}

static void s13_t25_a_balance_that_does_not_follow_is_held(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK62AAAAAA", 9100), PHONE_REVIEW);
    struct number_credit_row c = credit(&p, "DK62AAAAAA");
    assert_int_equal(c.state, NUMBER_CREDIT_REVIEW);
    assert_true(str_is(c.reason, "broken_chain"));
    /* what really came goes on */
    assert_int_equal(receive(&p, "DK63AAAAAA", 200), PHONE_CREDIT);
    assert_int_equal(pay_out(&p, "DK64AAAAAA", 145), PHONE_BALANCE);
    assert_int_equal(receive(&p, "DK65AAAAAA", 245), PHONE_CREDIT);
    assert_int_equal(state_of(&p, "DK62AAAAAA"), NUMBER_CREDIT_REVIEW);
}

static void s13_messages_in_any_order_make_one_chain(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK64AAAAAA", 345), PHONE_REVIEW);
    assert_int_equal(receive(&p, "DK63AAAAAA", 245), PHONE_REVIEW);
    assert_int_equal(pay_out(&p, "DK62AAAAAA", 145), PHONE_BROKEN);
    assert_int_equal(receive(&p, "DK60AAAAAA", 200), PHONE_CREDIT);
    static const char *const all[] = {"DK60AAAAAA", "DK61AAAAAA", "DK63AAAAAA", "DK64AAAAAA"};
    for (size_t i = 0; i < array_len(all); i++)
        assert_int_equal(state_of(&p, all[i]), NUMBER_CREDIT_FREE);
    assert_int_equal(to_look_at(&p), 0);
    assert_int_equal(receive(&p, "DK65AAAAAA", 445), PHONE_CREDIT);
}

static void what_was_told_twice_is_freed_by_no_chain_and_no_witness(void **state)
{
    struct phone p = phone_make(*state);
    struct phone_source device = p.from;
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK63AAAAAA", 300), PHONE_REVIEW);
    assert_int_equal(receive(&p, "DK63AAAAAA", 9100), PHONE_CONFLICT);
    assert_int_equal(receive(&p, "DK62AAAAAA", 200), PHONE_CREDIT);
    assert_int_equal(state_of(&p, "DK63AAAAAA"), NUMBER_CREDIT_REVIEW);
    p.from = (struct phone_source){.number_id = p.number_id, .reported_by = STR("cli:one")};
    assert_int_equal(receive(&p, "DK64AAAAAA", 400), PHONE_REVIEW);
    p.from = device;
    assert_int_equal(receive(&p, "DK64AAAAAA", 9100), PHONE_CONFLICT);
    assert_int_equal(receive(&p, "DK64AAAAAA", 400), PHONE_SAME);
    assert_int_equal(state_of(&p, "DK64AAAAAA"), NUMBER_CREDIT_REVIEW);
    assert_true(str_is(credit(&p, "DK64AAAAAA").reason, "trxid_told_twice"));
}

static enum err balance_run(void *arg, struct tx *tx)
{
    struct phone *p = arg;
    return phone_balance_set(tx, p->number_id, p->balance, T0);
}

static void s13_a_person_who_read_the_balance_mends_the_chain(void **state)
{
    struct phone p = phone_make(*state);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK63AAAAAA", 400), PHONE_REVIEW);
    assert_int_equal(receive(&p, "DK64AAAAAA", 9100), PHONE_REVIEW);
    p.balance = money_poisha(30000);
    ok(run(p.f->s, balance_run, &p));
    assert_int_equal(state_of(&p, "DK63AAAAAA"), NUMBER_CREDIT_FREE);
    assert_int_equal(state_of(&p, "DK64AAAAAA"), NUMBER_CREDIT_REVIEW);
    assert_int_equal(receive(&p, "DK65AAAAAA", 500), PHONE_CREDIT);
}

static void s13_all_that_waited_is_linked_at_once(void **state)
{
    enum { WAITING = 400 };
    struct phone p = phone_make(*state);
    char trx_id[16];
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    for (int i = 0; i < WAITING; i++) {
        snprintf(trx_id, sizeof trx_id, "DK62AAA%03d", i);
        assert_int_equal(receive(&p, trx_id, 300 + 100 * i), PHONE_REVIEW);
    }
    assert_int_equal(receive(&p, "DK63AAAAAA", 200), PHONE_CREDIT);
    assert_int_equal(to_look_at(&p), 0);
    assert_int_equal(receive(&p, "DK64AAAAAA", 300 + 100 * WAITING), PHONE_CREDIT);
}

static void a_pasted_text_waits_for_a_second_person(void **state)
{
    struct phone p = phone_make(*state);
    p.from = (struct phone_source){.number_id = p.number_id, .reported_by = STR("cli:one")};
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_REVIEW);
    assert_true(str_is(credit(&p, "DK61AAAAAA").reason, "pasted"));
}

static void a_phone_that_tells_what_was_pasted_is_the_second_witness(void **state)
{
    struct phone p = phone_make(*state);
    struct phone_source person = {.number_id = p.number_id, .reported_by = STR("cli:one")};
    struct phone_source device = p.from;
    p.from = person;
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_REVIEW);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_SAME);
    assert_int_equal(receive(&p, "DK62AAAAAA", 9100), PHONE_REVIEW);
    p.from = device;
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_SAME);
    assert_int_equal(state_of(&p, "DK61AAAAAA"), NUMBER_CREDIT_FREE);
    /* but for the chain */
    assert_int_equal(receive(&p, "DK62AAAAAA", 9100), PHONE_REVIEW);
    assert_true(str_is(credit(&p, "DK62AAAAAA").reason, "broken_chain"));
    p.from = person;
    assert_int_equal(receive(&p, "DK63AAAAAA", 200), PHONE_REVIEW);
    p.from = device;
    assert_int_equal(receive(&p, "DK63AAAAAA", 300), PHONE_CONFLICT);
    assert_int_equal(state_of(&p, "DK63AAAAAA"), NUMBER_CREDIT_REVIEW);
}

/* ---- claims ---- */

static enum err claim_run(void *arg, struct tx *tx)
{
    struct phone *p = arg;
    struct number_credit_row c;
    return phone_claim(tx, &p->f->arena, &p->claim, &c, &p->claimed);
}

static enum phone_claim_result claim(struct phone *p, int64_t payment_id, const char *trx_id)
{
    p->claim.wallet = WALLET_BKASH;
    p->claim.trx_id = str_from(trx_id);
    if (!p->claim.payer_end.n)
        p->claim.payer_end = STR("333");
    p->claim.payment_id = payment_id;
    if (!p->claim.number_id)
        p->claim.number_id = p->number_id;
    ok(run(p->f->s, claim_run, p));
    return p->claimed;
}

static void s3_t24_a_trxid_as_a_payer_types_it_claims_the_money_once(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0), two = sample_make(p.f, "S-2", T0);
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_NOT_SYNCED);
    assert_int_equal(claim(&p, one, "DK61"), PHONE_CLAIM_MALFORMED);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(claim(&p, one, " dk61 aaaaaa\n"), PHONE_CLAIM_TAKEN);
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_MINE_BEFORE);
    assert_int_equal(claim(&p, two, "DK61AAAAAA"), PHONE_CLAIM_TAKEN_BEFORE);
    assert_int_equal(credit(&p, "DK61AAAAAA").payment_id, one);
}

static void a_claim_needs_the_number_that_was_shown_and_no_review(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK62AAAAAA", 9100), PHONE_REVIEW);
    assert_int_equal(claim(&p, one, "DK62AAAAAA"), PHONE_CLAIM_REVIEW);
    p.claim.number_id = p.other_id;
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_WRONG_NUMBER);
    assert_int_equal(state_of(&p, "DK61AAAAAA"), NUMBER_CREDIT_FREE);
}

static enum phone_result deposit(struct phone *p, const char *trx_id, int balance)
{
    char text[256];
    snprintf(text, sizeof text,
        "You have received a deposit of Tk 100.00 from Prime Bank. Fee Tk 0.00. Balance Tk %d.00."
        " TrxID %s at 06/11/2026 12:00",
        balance, trx_id);
    return tell(p, "bKash", text);
}

static void money_of_a_sender_without_a_number_is_for_a_person(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0);
    assert_int_equal(deposit(&p, "DK61AAAAAA", 100), PHONE_REVIEW);
    assert_true(str_is(credit(&p, "DK61AAAAAA").reason, "no_payer_number"));
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_OTHER_PAYER);
    /* nor is it free when the chain is whole again */
    assert_int_equal(deposit(&p, "DK63AAAAAA", 300), PHONE_REVIEW);
    assert_true(str_is(credit(&p, "DK63AAAAAA").reason, "broken_chain"));
    assert_int_equal(receive(&p, "DK62AAAAAA", 200), PHONE_CREDIT);
    assert_int_equal(state_of(&p, "DK63AAAAAA"), NUMBER_CREDIT_REVIEW);
    assert_true(str_is(credit(&p, "DK63AAAAAA").reason, "no_payer_number"));
}

static void other_digits_are_no_claim_whatever_became_of_the_money(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0), two = sample_make(p.f, "S-2", T0);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(receive(&p, "DK62AAAAAA", 9100), PHONE_REVIEW);
    assert_true(str_is(credit(&p, "DK61AAAAAA").payer_end, "333"));
    p.claim.payer_end = STR("334");
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_OTHER_PAYER);
    assert_int_equal(claim(&p, one, "DK62AAAAAA"), PHONE_CLAIM_OTHER_PAYER);
    p.claim.payer_end = STR("333");
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_TAKEN);
    p.claim.payer_end = STR("334");
    assert_int_equal(claim(&p, two, "DK61AAAAAA"), PHONE_CLAIM_OTHER_PAYER);
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_MINE_BEFORE);
}

static void s10_money_from_before_the_payment_is_stale(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0);
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    int64_t received_at = credit(&p, "DK61AAAAAA").received_at;
    p.claim.payment_created_at = received_at + PHONE_STALE_SKEW_MS + 1;
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_STALE);
    assert_int_equal(state_of(&p, "DK61AAAAAA"), NUMBER_CREDIT_FREE);
    p.claim.payment_created_at = received_at + PHONE_STALE_SKEW_MS;
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_TAKEN);
}

struct wallet_money {
    struct phone *p;
    int64_t payment_id;
};

/* The wallet's API tells that this payment is paid. */
static enum err wallet_run(void *arg, struct tx *tx)
{
    struct wallet_money *m = arg;
    struct payment_row row;
    struct transition t = {.event = PAYMENT_EV_PAID_AT_PAGE,
        .actor = STR("wallet"),
        .received = money_poisha(10000),
        .credential_id = m->p->f->credential_id,
        .trx_id = STR("DK61AAAAAA")};
    enum err e = store_payment_by_id(tx_db(tx), &m->p->f->arena, m->payment_id, &row);
    return e ? e : transition_apply(tx, &row, &t);
}

static void t23_money_of_the_wallets_page_is_not_claimed_by_its_sms_as_well(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0), two = sample_make(p.f, "S-2", T0);
    struct wallet_money m = {&p, one};
    ok(run(p.f->s, wallet_run, &m));
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(claim(&p, two, "DK61AAAAAA"), PHONE_CLAIM_TAKEN_BEFORE);
    assert_int_equal(state_of(&p, "DK61AAAAAA"), NUMBER_CREDIT_FREE);
}

static void t23_money_that_was_claimed_by_its_sms_does_not_pay_at_the_page_as_well(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0), two = sample_make(p.f, "S-2", T0);
    struct wallet_money m = {&p, one};
    assert_int_equal(receive(&p, "DK61AAAAAA", 100), PHONE_CREDIT);
    assert_int_equal(claim(&p, two, "DK61AAAAAA"), PHONE_CLAIM_TAKEN);
    assert_int_equal(run(p.f->s, wallet_run, &m), ERR_DUPLICATE);
    m.payment_id = two;
    assert_int_equal(run(p.f->s, wallet_run, &m), ERR_DUPLICATE);
}

static enum err seen_run(void *arg, struct tx *tx)
{
    struct phone *p = arg;
    return store_device_seen(tx, p->device_id, T0 - PHONE_SILENT_MS, 0, STR_ABSENT);
}

static void s9_a_silent_phone_is_told_from_an_unknown_trxid(void **state)
{
    struct phone p = phone_make(*state);
    int64_t one = sample_make(p.f, "S-1", T0);
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_NOT_SYNCED);
    ok(run(p.f->s, seen_run, &p));
    assert_int_equal(claim(&p, one, "DK61AAAAAA"), PHONE_CLAIM_UNKNOWN);
}

static void results_have_words(void **state)
{
    (void)state;
    for (int i = 0; i < PHONE_RESULT_COUNT; i++)
        assert_non_null(phone_result_text((enum phone_result)i));
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(s1_a_payers_sms_is_money_that_may_be_claimed),
        T(s2_what_a_reference_says_is_no_money),
        T(s2_a_text_cut_behind_a_forged_end_is_caught_by_the_chain),
        T(s7_the_same_sms_again_changes_nothing),
        T(s7_the_same_trxid_in_other_words_is_held),
        T(words_are_forgotten_and_money_is_not),
        T(s8_t25_another_sender_is_no_wallet),
        T(secret_codes_are_not_kept),
        T(secret_codes_in_unknown_words_are_not_kept_either),
        T(s13_t25_a_balance_that_does_not_follow_is_held),
        T(s13_messages_in_any_order_make_one_chain),
        T(s13_a_person_who_read_the_balance_mends_the_chain),
        T(what_was_told_twice_is_freed_by_no_chain_and_no_witness),
        T(s13_all_that_waited_is_linked_at_once),
        T(a_pasted_text_waits_for_a_second_person),
        T(a_phone_that_tells_what_was_pasted_is_the_second_witness),
        T(s3_t24_a_trxid_as_a_payer_types_it_claims_the_money_once),
        T(a_claim_needs_the_number_that_was_shown_and_no_review),
        T(money_of_a_sender_without_a_number_is_for_a_person),
        T(other_digits_are_no_claim_whatever_became_of_the_money),
        T(s10_money_from_before_the_payment_is_stale),
        T(t23_money_of_the_wallets_page_is_not_claimed_by_its_sms_as_well),
        T(t23_money_that_was_claimed_by_its_sms_does_not_pay_at_the_page_as_well),
        T(s9_a_silent_phone_is_told_from_an_unknown_trxid),
        T(results_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
