/* Whatever a wallet answers, to whatever was asked: a spoilt answer never pays, and each call ends. */
#include "service/outcome.h"
#include "wallet/nagad.h"
#include "wallet_bench.h"

#include "nagad_keys.h"

#define TRANS_ID "gTNXnba/b9afxsnJpdoWXE5plds="
#define BKASH_REF "TR0011abc"
#define CALL_MS 400 /* where no good answer is waited for */
#define PATIENT_MS 20000
#define MIB ((size_t)1 << 20)

static struct nagad_pair merchant, nagad;
static char nagad_initialized[2048];

/* What the peer sends to whatever is asked, but for bKash's tokens. */
static struct reply {
    int status;
    const char *type;
    const char *body;
    size_t n, promised; /* the length that the head names */
    bool slow;          /* a byte at a time, slower than the call's whole time */
} reply;

static bool spoilt_answer(struct peer *p, int fd, const struct peer_request *rq)
{
    char head[256];
    struct reply r = reply; /* the test goes on while a slow one is sent */
    if (strstr(rq->path, "/token/"))
        return peer_answer(fd, 200, GRANT_1);
    snprintf(head, sizeof head,
        "HTTP/1.1 %d Some\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", r.status, r.type,
        r.promised);
    bool there = peer_send(fd, head);
    for (size_t i = 0; r.slow && there && i < r.n; i++) {
        there = peer_send_n(fd, r.body + i, 1);
        peer_wait(p, CALL_MS / 4);
    }
    if (!r.slow)
        there = there && peer_send_n(fd, r.body, r.n);
    return there && r.n == r.promised;
}

static struct bench *spoilt_bench(int call_ms)
{
    struct buf own, theirs;
    struct bench *b = bench_new();
    struct config *c = &b->config;
    b->peer->fn = spoilt_answer;
    c->wallet_timeout_ms = call_ms;
    c->wallet_bkash_search_path = mem_strdup("/search");
    c->rocket_begin_form = mem_strdup("command=v&amount={amount}&d={invoice}");
    c->rocket_end_form = mem_strdup("command=c&trans_id={trans_id}");
    c->rocket_close_form = mem_strdup("command=b");
    c->rocket_reverse_form = mem_strdup("command=r&trans_id={trans_id}");
    c->rocket_reversal = true;
    c->rocket_page_query = mem_strdup("trans_id={trans_id}");
    c->rocket_client_ip = mem_strdup("192.0.2.1");
    buf_init(&own, 16384);
    buf_init(&theirs, 16384);
    nagad_key_texts(&merchant, &nagad, &own, &theirs);
    const struct wallet_credential nagads = {.id = 8,
        .wallet = WALLET_NAGAD,
        .base_url = str_from(b->base_url),
        .merchant_id = STR(NAGAD_MERCHANT),
        .own_key = buf_view(&own),
        .wallet_key = buf_view(&theirs)};
    const struct wallet_credential rocket = {.id = 9,
        .wallet = WALLET_ROCKET,
        .base_url = str_from(b->base_url),
        .page_url = STR("http://127.0.0.1:1/ClientHandler")};
    wallets_put(b->wallets, &nagads);
    wallets_put(b->wallets, &rocket);
    buf_wipe(&own);
    buf_clear(&theirs);
    return b;
}

static void spoilt_free(struct bench *b)
{
    struct config c = b->config;
    bench_free(b);
    mem_free(c.wallet_bkash_search_path);
    mem_free(c.rocket_begin_form);
    mem_free(c.rocket_end_form);
    mem_free(c.rocket_close_form);
    mem_free(c.rocket_reverse_form);
    mem_free(c.rocket_page_query);
    mem_free(c.rocket_client_ip);
}

/* ---- what is asked, and how the wallet would answer well ---- */

#define REFUNDED                                                                                   \
    "{\"originalTrxId\":\"6H7800QFYM\",\"refundTrxId\":\"BFD90JRMH9\",\"refundTransactionStatus\"" \
    ":\"Completed\",\"originalTrxAmount\":\"500\",\"refundAmount\":\"500.00\",\"currency\":"       \
    "\"BDT\",\"completedTime\":\"2024-06-13T16:27:25:422 GMT+0600\"}"
#define REFUND_LIST "{\"originalTrxId\":\"6H7800QFYM\",\"refundTransactions\":[]}"
#define PLACED "{\"callBackUrl\":\"http://127.0.0.1:1/check-out/x=\",\"status\":\"Success\"}"
#define VERIFIED                                                                                   \
    "{\"paymentRefId\":\"" NAGAD_REF "\",\"merchantId\":\"" NAGAD_MERCHANT                         \
    "\",\"orderId\":\"INV0124\",\"amount\":\"500\",\"issuerPaymentRefNo\":\"000177YT\","           \
    "\"status\":\"Success\"}"
#define BEGUN "TRANSACTION_ID: " TRANS_ID "\n"
#define ENDED                                                                                      \
    "RESULT: OK\nRESULT_CODE: 000\nRRN: 413522230000\nMRCH_TRANSACTION_ID: INV0124\n"              \
    "AMOUNT: 50000\n"

#define CLOSED "RESULT: OK\nRESULT_CODE: 500\n"
#define REVERSED "RESULT: OK\nRESULT_CODE: 400\n"
#define NOT_REVERSED                                                                               \
    "RESULT: OK\nRESULT_CODE: 000\nRRN: 6H7800QFYM\nMRCH_TRANSACTION_ID: INV0124\n"                \
    "AMOUNT: 50000\n"

struct asked {
    const char *name;
    const struct wallet_ops *ops;
    int64_t credential_id;
    enum connector_op op;
    const char *ref, *good;
    /* the same answer about another payment, and with another amount; NULL: it names none */
    const char *other_ref, *other_amount;
    bool moves_money; /* unclear answers leave the call unknown, never refused */
};

static const struct asked asked[] = {
    {"bkash create", &bkash_ops, 7, CONNECTOR_OP_CREATE, BKASH_REF, CREATED, NULL, NULL, false},
    {"bkash execute", &bkash_ops, 7, CONNECTOR_OP_EXECUTE, BKASH_REF, EXECUTED, "TR0011abd", "5",
        true},
    {"bkash query", &bkash_ops, 7, CONNECTOR_OP_QUERY, BKASH_REF, EXECUTED, "TR0011abd", "5", true},
    {"bkash refund", &bkash_ops, 7, CONNECTOR_OP_REFUND, BKASH_REF, REFUNDED, NULL, NULL, true},
    {"bkash refund_status", &bkash_ops, 7, CONNECTOR_OP_REFUND_STATUS, BKASH_REF, REFUND_LIST, NULL,
        NULL, true},
    {"bkash search", &bkash_ops, 7, CONNECTOR_OP_SEARCH, BKASH_REF, EXECUTED, NULL, NULL, false},
    {"nagad create", &nagad_ops, 8, CONNECTOR_OP_CREATE, NAGAD_REF, nagad_initialized, NULL, NULL,
        false},
    {"nagad place", &nagad_ops, 8, CONNECTOR_OP_PLACE, NAGAD_REF, PLACED, NULL, NULL, false},
    {"nagad query", &nagad_ops, 8, CONNECTOR_OP_QUERY, NAGAD_REF, VERIFIED, "MDIwMjE=", "5", true},
    {"rocket create", &ecomm_ops, 9, CONNECTOR_OP_CREATE, TRANS_ID, BEGUN, NULL, NULL, false},
    {"rocket query", &ecomm_ops, 9, CONNECTOR_OP_QUERY, TRANS_ID, ENDED, NULL, "5", true},
    {"rocket close_day", &ecomm_ops, 9, CONNECTOR_OP_CLOSE_DAY, TRANS_ID, CLOSED, NULL, NULL,
        false},
    {"rocket refund", &ecomm_ops, 9, CONNECTOR_OP_REFUND, TRANS_ID, REVERSED, NULL, NULL, true},
    {"rocket refund_status", &ecomm_ops, 9, CONNECTOR_OP_REFUND_STATUS, TRANS_ID, NOT_REVERSED,
        NULL, NULL, true},
};

static void ask(struct bench *b, const struct asked *q, struct told *t)
{
    struct wallet_create create = {.credential_id = q->credential_id,
        .invoice = STR("INV0124"),
        .amount = money_poisha(50000),
        .currency = STR("BDT"),
        .callback_url = STR("https://gw.example/callback/x"),
        .payer_reference = STR("ref-1"),
        .payer_ip = STR("203.0.113.7")};
    struct wallet_refund refund = {.credential_id = q->credential_id,
        .ref = str_from(q->ref),
        .trx_id = STR("6H7800QFYM"),
        .amount = money_poisha(50000),
        .currency = STR("BDT"),
        .sku = STR("payment"),
        .reason = STR("refund")};
    struct str ref = str_from(q->ref);
    told_init(t);
    switch (q->op) {
    case CONNECTOR_OP_CREATE:
        q->ops->create(b->wallets, &create, told_set, t);
        break;
    case CONNECTOR_OP_PLACE:
        q->ops->place(b->wallets, &create, ref, STR("cb109c65"), told_set, t);
        break;
    case CONNECTOR_OP_EXECUTE:
        q->ops->execute(b->wallets, q->credential_id, ref, told_set, t);
        break;
    case CONNECTOR_OP_QUERY:
        q->ops->query(b->wallets, q->credential_id, ref, told_set, t);
        break;
    case CONNECTOR_OP_REFUND:
        q->ops->refund(b->wallets, &refund, told_set, t);
        break;
    case CONNECTOR_OP_REFUND_STATUS:
        q->ops->refund_status(b->wallets, q->credential_id, ref, STR("6H7800QFYM"), told_set, t);
        break;
    case CONNECTOR_OP_SEARCH:
        q->ops->search(b->wallets, q->credential_id, STR("6H7800QFYM"), told_set, t);
        break;
    case CONNECTOR_OP_CLOSE_DAY:
        q->ops->close_day(b->wallets, q->credential_id, told_set, t);
        break;
    }
    told_wait(t);
}

/* As service would judge it. */
static bool would_pay(const struct asked *q, const struct told *t)
{
    struct attempt_row a = {.wallet_ref = str_from(q->ref),
        .amount = money_poisha(50000),
        .currency = STR("BDT"),
        .invoice = STR("INV0124")};
    struct wallet_answer w = t->answer;
    w.ref = str_from(t->ref);
    w.trx_id = str_from(t->trx_id);
    w.currency = str_from(t->currency);
    w.invoice = t->invoice[0] ? str_from(t->invoice) : STR_ABSENT;
    return w.outcome == WALLET_OK && w.completed && !outcome_differs(&w, &a);
}

static void says(int status, const char *type, const char *body, size_t n)
{
    reply = (struct reply){.status = status, .type = type, .body = body, .n = n, .promised = n};
}

static void a_good_answer_is_taken(void **state)
{
    (void)state;
    struct bench *b = spoilt_bench(PATIENT_MS);
    for (size_t i = 0; i < array_len(asked); i++) {
        const struct asked *q = &asked[i];
        struct told t;
        says(200, "application/json", q->good, strlen(q->good));
        ask(b, q, &t);
        if (t.answer.outcome != WALLET_OK)
            fail_msg("%s: %s", q->name, t.code);
        assert_int_equal(
            would_pay(q, &t), q->op == CONNECTOR_OP_EXECUTE || q->op == CONNECTOR_OP_QUERY);
    }
    spoilt_free(b);
}

/* ---- what may be wrong with any answer ---- */

struct spoilt {
    const char *name;
    int status;
    const char *type;
    const char *body; /* NULL: the good one, as `how` says */
    enum { WHOLE, HALF, HALF_SENT, SLOW, BEHIND_A_MIB, BEFORE_A_NUL } how;
};

static const struct spoilt spoilt[] = {
    {"half of it", 200, "application/json", NULL, HALF},
    {"half of what the head promised", 200, "application/json", NULL, HALF_SENT},
    {"a byte at a time", 200, "application/json", NULL, SLOW},
    {"more than is read", 200, "application/json", NULL, BEHIND_A_MIB},
    {"a NUL behind it", 200, "application/json", NULL, BEFORE_A_NUL},
    {"good, with 500", 500, "application/json", NULL, WHOLE},
    {"good, with 302", 302, "application/json", NULL, WHOLE},
    {"nothing", 200, "application/json", "", WHOLE},
    {"nothing, 204", 204, "application/json", "", WHOLE},
    {"HTML", 200, "text/html", "<html><body>Success</body></html>", WHOLE},
    {"HTML, 502", 502, "text/html", "<html>Bad gateway</html>", WHOLE},
    {"HTML as JSON", 200, "application/json", "<!doctype html><p>OK", WHOLE},
    {"a list", 200, "application/json", "[{\"status\":\"Success\"}]", WHOLE},
    {"a number", 200, "application/json", "200", WHOLE},
    {"null", 200, "application/json", "null", WHOLE},
    {"an empty object", 200, "application/json", "{}", WHOLE},
    {"one key twice", 200, "application/json",
        "{\"status\":\"Success\",\"status\":\"Success\",\"statusCode\":\"0000\"}", WHOLE},
    {"depth", 200, "application/json", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", WHOLE},
    {"no UTF-8", 200, "application/json", "{\"status\":\"\xff\xfe\"}", WHOLE},
    {"another protocol's words", 200, "text/plain", "OK", WHOLE},
    {"a gateway's refusal", 503, "application/json", "{\"message\":\"Service Unavailable\"}",
        WHOLE},
    {"a gateway's time-out", 504, "application/json",
        "{\"message\":\"Endpoint request timed out\"}", WHOLE},
};

/* In `heap` what has to be freed. */
static void spoil(const struct spoilt *s, const struct asked *q, char **ret_heap)
{
    const char *body = s->body ? s->body : q->good;
    size_t n = strlen(body);
    *ret_heap = NULL;
    says(s->status, s->type, body, n);
    reply.slow = s->how == SLOW;
    if (s->how == HALF || s->how == HALF_SENT)
        reply.n = n / 2;
    if (s->how == HALF)
        reply.promised = n / 2;
    if (s->how == BEHIND_A_MIB || s->how == BEFORE_A_NUL) {
        size_t blanks = s->how == BEHIND_A_MIB ? MIB : 0;
        *ret_heap = mem_alloc(blanks + n + 2);
        memset(*ret_heap, ' ', blanks);
        memcpy(*ret_heap + blanks, body, n + 1); /* its NUL too */
        reply.body = *ret_heap;
        reply.n = reply.promised = blanks + n + (s->how == BEFORE_A_NUL ? 1 : 0);
    }
}

static void b17_t50_a_spoilt_answer_never_pays(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_len(asked); i++) {
        const struct asked *q = &asked[i];
        struct bench *b = spoilt_bench(CALL_MS);
        char *heaps[array_len(spoilt)]; /* the peer may still send when the call has ended */
        for (size_t j = 0; j < array_len(spoilt); j++) {
            struct told t;
            spoil(&spoilt[j], q, &heaps[j]);
            ask(b, q, &t);
            enum wallet_outcome o = t.answer.outcome;
            if (o == WALLET_OK || would_pay(q, &t) || t.url[0])
                fail_msg("%s, %s: taken, %s", q->name, spoilt[j].name, t.code);
            if (q->moves_money && o != WALLET_UNKNOWN)
                fail_msg("%s, %s: outcome %d, %s", q->name, spoilt[j].name, (int)o, t.code);
            assert_int_equal(t.done, 1);
            /* a circuit that its seal opened would refuse the next create itself */
            clock_advance(&b->clock, 61000);
        }
        spoilt_free(b);
        for (size_t j = 0; j < array_len(spoilt); j++)
            mem_free(heaps[j]);
    }
}

static char *with(const char *text, const char *old, const char *fresh)
{
    const char *at = strstr(text, old);
    assert_non_null(at);
    size_t cap = strlen(text) + strlen(fresh) + 1;
    char *out = mem_alloc(cap);
    snprintf(out, cap, "%.*s%s%s", (int)(at - text), text, fresh, at + strlen(old));
    return out;
}

/* Bodies outlive the peer, whose thread may still be in the call that sent one when its answer is here. */
static void t21_t22_another_payments_answer_or_amount_pays_nothing(void **state)
{
    (void)state;
    struct bench *b = spoilt_bench(PATIENT_MS);
    char *bodies[2 * array_len(asked)];
    size_t count = 0;
    for (size_t i = 0; i < array_len(asked); i++) {
        const struct asked *q = &asked[i];
        struct told t;
        if (q->other_ref) {
            char *body = bodies[count++] = with(q->good, q->ref, q->other_ref);
            says(200, "application/json", body, strlen(body));
            ask(b, q, &t);
            if (t.answer.outcome != WALLET_UNKNOWN)
                fail_msg("%s: another payment's answer is taken", q->name);
        }
        if (q->other_amount) {
            char *body = bodies[count++] = with(q->good, "500", q->other_amount);
            says(200, "application/json", body, strlen(body));
            ask(b, q, &t);
            assert_int_equal(t.answer.outcome, WALLET_OK);
            assert_false(would_pay(q, &t)); /* review, with the money in the books */
        }
    }
    spoilt_free(b);
    while (count > 0)
        mem_free(bodies[--count]);
}

/* What a wallet's front writes into the type is no part of the protocol: the bytes decide, and they are judged in full. */
static void the_bytes_decide_and_not_their_type(void **state)
{
    (void)state;
    struct bench *b = spoilt_bench(PATIENT_MS);
    for (size_t i = 0; i < array_len(asked); i++) {
        struct told t;
        says(200, "text/html; charset=latin1", asked[i].good, strlen(asked[i].good));
        ask(b, &asked[i], &t);
        assert_int_equal(t.answer.outcome, WALLET_OK);
    }
    spoilt_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_answer_is_taken),
        cmocka_unit_test(b17_t50_a_spoilt_answer_never_pays),
        cmocka_unit_test(t21_t22_another_payments_answer_or_amount_pays_nothing),
        cmocka_unit_test(the_bytes_decide_and_not_their_type),
    };
    merchant = nagad_pair_new();
    nagad = nagad_pair_new();
    nagad_sealed_body(&merchant, &nagad,
        "{\"paymentReferenceId\":\"" NAGAD_REF "\",\"challenge\":\"cb109c65\"}", nagad_initialized,
        sizeof nagad_initialized);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nagad_pair_free(&merchant);
    nagad_pair_free(&nagad);
    return failed;
}
