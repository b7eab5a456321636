#include "tls_peer.h"
#include "wallet/ecomm.h"
#include "wallet_bench.h"
#include <signal.h>

#define TRANS_ID "gTNXnba/b9afxsnJpdoWXE5plds="
#define PAID                                                                                       \
    "RESULT: OK\nRESULT_CODE: 000\nRRN: 413522230000\nAMOUNT: 12050\nMRCH_TRANSACTION_ID: K1N1\n"

/* The bank, and the merchant whose certificate it knows. */
struct ecomm {
    struct bench *bench;
    struct tls_peer *bank, *merchant;
};

static void credential_put(struct ecomm *x, const struct tls_peer *who)
{
    char url[80];
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/ecomm2/MerchantHandler", x->bank->port);
    struct wallet_credential c = {
        .id = 9,
        .wallet = WALLET_ROCKET,
        .base_url = str_from(url),
        .own_certificate = str_from(who->certificate),
        .own_key = str_from(who->key),
        .wallet_key = str_from(x->bank->certificate),
        .page_url = STR("https://bank.example/ecomm2/ClientHandler"),
    };
    wallets_put(x->bench->wallets, &c);
}

static struct ecomm ecomm_new(int status, const char *answer)
{
    struct ecomm x = {
        .bench = bench_new(),
        .bank = tls_start("IP:127.0.0.1", TLS1_3_VERSION),
        .merchant = tls_start("DNS:merchant", TLS1_3_VERSION),
    };
    struct config *c = &x.bench->config;
    c->rocket_begin_form =
        mem_strdup("command=v&amount={amount}&currency=050&client_ip_addr={ip}&d=6%5E{invoice}");
    c->rocket_end_form = mem_strdup("command=c&trans_id={trans_id}&client_ip_addr={ip}");
    c->rocket_reverse_form = mem_strdup("command=r&trans_id={trans_id}&amount={amount}");
    c->rocket_page_query = mem_strdup("card_type=6&trans_id={trans_id}");
    c->rocket_client_ip = mem_strdup("192.0.2.1");
    x.bank->status = status;
    x.bank->answer = answer;
    callers_are_asked(x.bank, x.merchant);
    credential_put(&x, x.merchant);
    return x;
}

static void ecomm_free(struct ecomm *x)
{
    struct config c = x->bench->config;
    bench_free(x->bench);
    tls_stop(x->bank);
    tls_stop(x->merchant);
    mem_free(c.rocket_begin_form);
    mem_free(c.rocket_reverse_form);
    mem_free(c.rocket_end_form);
    mem_free(c.rocket_page_query);
    mem_free(c.rocket_client_ip);
}

static void begin(struct ecomm *x, const char *payer_ip, struct told *t)
{
    struct wallet_create order = {
        .credential_id = 9,
        .invoice = STR("K1N1"),
        .amount = money_poisha(12050),
        .currency = STR("BDT"),
        .payer_ip = str_from(payer_ip),
    };
    told_init(t);
    ecomm_ops.create(x->bench->wallets, &order, told_set, t);
    told_wait(t);
}

static void ask(struct ecomm *x, struct told *t)
{
    told_init(t);
    ecomm_ops.query(x->bench->wallets, 9, STR(TRANS_ID), told_set, t);
    told_wait(t);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in '%s'", part, text);
}

static void e1_command_v_gives_the_page_and_command_c_the_money(void **state)
{
    (void)state;
    struct told t;
    struct ecomm x = ecomm_new(200, "TRANSACTION_ID: " TRANS_ID "\n");
    begin(&x, "203.0.113.7", &t);
    assert_told(&t, WALLET_OK, "ok");
    assert_string_equal(t.ref, TRANS_ID);
    assert_string_equal(t.url, "https://bank.example/ecomm2/ClientHandler?card_type=6&trans_id="
                               "gTNXnba%2Fb9afxsnJpdoWXE5plds%3D");
    assert_has(x.bank->request, "POST /ecomm2/MerchantHandler HTTP/1.1\r\n");
    assert_has(x.bank->request, "\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    assert_has(x.bank->request,
        "\r\n\r\ncommand=v&amount=12050&currency=050&client_ip_addr=203.0.113.7&d=6%5EK1N1");
    x.bank->answer = PAID;
    ask(&x, &t);
    assert_told(&t, WALLET_OK, "OK");
    assert_true(t.answer.completed);
    assert_int_equal(t.answer.amount.poisha, 12050);
    assert_string_equal(t.ref, TRANS_ID);
    assert_string_equal(t.trx_id, "413522230000");
    assert_has(x.bank->request, "\r\n\r\ncommand=c&trans_id=gTNXnba%2Fb9afxsnJpdoWXE5plds%3D&"
                                "client_ip_addr=192.0.2.1");
    ecomm_free(&x);
}

static void an_address_that_the_bank_can_not_read_is_replaced(void **state)
{
    (void)state;
    struct told t;
    struct ecomm x = ecomm_new(200, "TRANSACTION_ID: " TRANS_ID "\n");
    begin(&x, "2001:db8::1", &t);
    assert_told(&t, WALLET_OK, "ok");
    assert_has(x.bank->request, "client_ip_addr=192.0.2.1");
    ecomm_free(&x);
}

static void e6_a_refused_certificate_takes_the_credential_out_of_use_at_once(void **state)
{
    (void)state;
    struct told t;
    const char *why = NULL;
    struct ecomm x = ecomm_new(200, "TRANSACTION_ID: " TRANS_ID "\n");
    credential_put(&x, x.bank);
    assert_true(wallets_healthy(x.bench->wallets, 9, &why));
    begin(&x, "203.0.113.7", &t);
    assert_told(&t, WALLET_BROKEN, "client_certificate");
    assert_false(wallets_healthy(x.bench->wallets, 9, &why));
    assert_string_equal(why, "the client certificate is refused");
    assert_int_equal(atomic_load(&x.bank->requests), 0);
    /* what is under way is asked about all the same, and nothing is known of it */
    ask(&x, &t);
    assert_told(&t, WALLET_UNKNOWN, "client_certificate");
    credential_put(&x, x.merchant);
    begin(&x, "203.0.113.7", &t);
    assert_told(&t, WALLET_OK, "ok");
    ecomm_free(&x);
}

/* Payers leave transactions behind, and these are asked about for a day. */
static void t48_questions_about_what_the_bank_has_forgotten_leave_the_credential_in_use(
    void **state)
{
    (void)state;
    struct told t;
    const char *why = NULL;
    struct ecomm x = ecomm_new(200, "error: no such transaction\n");
    credential_put(&x, x.merchant);
    for (int i = 0; i < 10; i++) {
        ask(&x, &t);
        assert_told(&t, WALLET_UNKNOWN, "error");
    }
    assert_true(wallets_healthy(x.bench->wallets, 9, &why));
    ecomm_free(&x);
}

static void t48_refused_payments_leave_the_credential_in_use(void **state)
{
    (void)state;
    struct told t;
    const char *why = NULL;
    struct ecomm x = ecomm_new(200, "error: amount over limit\n");
    credential_put(&x, x.merchant);
    for (int i = 0; i < 10; i++) {
        begin(&x, "203.0.113.7", &t);
        assert_told(&t, WALLET_DECLINED, "error");
    }
    assert_true(wallets_healthy(x.bench->wallets, 9, &why));
    ecomm_free(&x);
}

static void an_answer_that_does_not_come_is_unknown(void **state)
{
    (void)state;
    struct told t;
    struct ecomm x = ecomm_new(0, NULL);
    begin(&x, "203.0.113.7", &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    ask(&x, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    assert_int_equal(atomic_load(&x.bank->requests), 2);
    ecomm_free(&x);
}

static void a_template_that_can_not_be_filled_sends_nothing(void **state)
{
    (void)state;
    struct told t;
    struct ecomm x = ecomm_new(200, "TRANSACTION_ID: " TRANS_ID "\n");
    memcpy(strstr(x.bench->config.rocket_begin_form, "{amount}"), "{tnuoma}", 8);
    begin(&x, "203.0.113.7", &t);
    assert_told(&t, WALLET_BROKEN, "bad_template");
    assert_int_equal(atomic_load(&x.bank->requests), 0);
    ecomm_free(&x);
}

static void its_own_proxy_is_used(void **state)
{
    (void)state;
    char proxy[64];
    struct told t;
    struct ecomm x = ecomm_new(200, "");
    struct bench *b = x.bench;
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", b->peer->port);
    b->config.wallet_rocket_proxy = proxy;
    wallets_put(b->wallets, &(struct wallet_credential){.id = 9,
                                .wallet = WALLET_ROCKET,
                                .base_url = STR("http://127.0.0.1:1/ecomm2/MerchantHandler"),
                                .own_certificate = str_from(x.merchant->certificate),
                                .own_key = str_from(x.merchant->key),
                                .page_url = STR("https://bank.example/ecomm2/ClientHandler")});
    bench_script(b, ROUTE_OTHER, 200, "TRANSACTION_ID: " TRANS_ID "\n");
    begin(&x, "203.0.113.7", &t);
    assert_told(&t, WALLET_OK, "ok");
    assert_has(b->routes[ROUTE_OTHER].last.head,
        "POST http://127.0.0.1:1/ecomm2/MerchantHandler HTTP/1.1\r\n");
    b->config.wallet_rocket_proxy = NULL;
    ecomm_free(&x);
}

static void reverse(struct ecomm *x, struct told *t)
{
    struct wallet_refund r = {.credential_id = 9,
        .ref = STR(TRANS_ID),
        .trx_id = STR("413522230000"),
        .invoice = STR("K1N1"),
        .amount = money_poisha(12050),
        .currency = STR("BDT")};
    told_init(t);
    ecomm_ops.refund(x->bench->wallets, &r, told_set, t);
    told_wait(t);
}

static void command_r_is_sent_where_it_is_allowed_and_command_c_tells_of_it(void **state)
{
    (void)state;
    struct told t;
    struct ecomm x = ecomm_new(200, "RESULT: OK\nRESULT_CODE: 400\n");
    assert_false(ecomm_ops.refund_takes(&x.bench->config, true));
    reverse(&x, &t);
    assert_told(&t, WALLET_BROKEN, "reversal_off");
    assert_int_equal(atomic_load(&x.bank->requests), 0);
    x.bench->config.rocket_reversal = true;
    assert_true(ecomm_ops.refund_takes(&x.bench->config, true));
    assert_false(ecomm_ops.refund_takes(&x.bench->config, false));
    reverse(&x, &t);
    assert_told(&t, WALLET_OK, "OK");
    assert_string_equal(t.trx_id, "R413522230000");
    assert_has(x.bank->request,
        "\r\n\r\ncommand=r&trans_id=gTNXnba%2Fb9afxsnJpdoWXE5plds%3D&amount=12050");
    x.bank->answer = "RESULT: REVERSED\nRRN: 413522230000\n";
    told_init(&t);
    ecomm_ops.refund_status(x.bench->wallets, 9, STR(TRANS_ID), STR("413522230000"), told_set, &t);
    told_wait(&t);
    assert_told(&t, WALLET_OK, "listed");
    assert_int_equal(t.answer.refund_count, 1);
    assert_has(x.bank->request, "\r\n\r\ncommand=c&trans_id=");
    ecomm_free(&x);
}

static void a_reversal_without_answer_is_unknown_and_sent_once(void **state)
{
    (void)state;
    struct told t;
    const char *why;
    struct ecomm x = ecomm_new(0, NULL);
    x.bench->config.rocket_reversal = true;
    reverse(&x, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    assert_int_equal(atomic_load(&x.bank->requests), 1);
    x.bank->status = 403; /* who may not reverse takes payments all the same */
    x.bank->answer = "no";
    for (int i = 0; i < 10; i++) {
        reverse(&x, &t);
        assert_told(&t, WALLET_BROKEN, "http_403");
    }
    assert_true(wallets_healthy(x.bench->wallets, 9, &why));
    ecomm_free(&x);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e1_command_v_gives_the_page_and_command_c_the_money),
        cmocka_unit_test(an_address_that_the_bank_can_not_read_is_replaced),
        cmocka_unit_test(e6_a_refused_certificate_takes_the_credential_out_of_use_at_once),
        cmocka_unit_test(
            t48_questions_about_what_the_bank_has_forgotten_leave_the_credential_in_use),
        cmocka_unit_test(an_answer_that_does_not_come_is_unknown),
        cmocka_unit_test(t48_refused_payments_leave_the_credential_in_use),
        cmocka_unit_test(a_template_that_can_not_be_filled_sends_nothing),
        cmocka_unit_test(its_own_proxy_is_used),
        cmocka_unit_test(command_r_is_sent_where_it_is_allowed_and_command_c_tells_of_it),
        cmocka_unit_test(a_reversal_without_answer_is_unknown_and_sent_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
