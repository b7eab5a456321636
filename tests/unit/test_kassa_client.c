/* libkassa's calls, against a server of the test's own on a loopback port, which checks the signature over the very
 * bytes that it received. */
#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/notify.h"
#include "kassa.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ACCOUNT "bd291fe1-5c19-4113-ae62-a2d3c4d01d20"
#define REQUEST_MAX 65536

static char dir[] = "/tmp/kassa-test-XXXXXX";
static struct rsa_private *key;
static struct rsa_public *public_key;

/* One connection, one request, one canned answer; an empty answer closes without a word. */
struct server {
    int listener;
    int port;
    const char *answer;
    pthread_t thread;
    char request[REQUEST_MAX];
    char path[256];
    char body[REQUEST_MAX];
    enum rsa_verdict verdict;
    bool account_good;
};

static void file_write(const char *name, struct str text)
{
    char path[256];
    struct buf b;
    buf_init(&b, RSA_PEM_MAX);
    buf_str(&b, text);
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(buf_write_file(&b, path, 0600), ERR_OK);
    buf_clear(&b);
}

static int certificate_make(void **state)
{
    (void)state;
    struct buf pem;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(rsa_private_generate(2048, &key), ERR_OK);
    assert_int_equal(rsa_private_public(key, &public_key), ERR_OK);
    buf_init(&pem, RSA_PEM_MAX);
    assert_int_equal(rsa_private_to_pem(key, STR("pass phrase"), &pem), ERR_OK);
    file_write("private.pem", buf_view(&pem));
    buf_clear(&pem);
    assert_int_equal(rsa_public_to_pem(public_key, &pem), ERR_OK);
    file_write("public.pem", buf_view(&pem));
    buf_clear(&pem);
    file_write("password.txt", STR("pass phrase"));
    file_write("wrong.txt", STR("pass phrase\n"));
    return 0;
}

static int certificate_remove(void **state)
{
    (void)state;
    static const char *const names[] = {
        "private.pem", "public.pem", "password.txt", "wrong.txt", ""};
    for (size_t i = 0; i < array_len(names); i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)(names[i][0] ? unlink(path) : rmdir(path));
    }
    rsa_private_free(key);
    rsa_public_free(public_key);
    return 0;
}

static struct str header(struct str request, const char *name)
{
    struct str wanted = str_from(name);
    for (size_t i = 0; i < request.n; i = str_find(request, '\n', i) + 1) {
        struct str line = str_sub(request, i, str_find(request, '\r', i));
        size_t colon = str_find(line, ':', 0);
        if (str_ieq(str_sub(line, 0, colon), wanted)) {
            return str_trim(str_sub(line, colon + 1, line.n));
        }
    }
    return STR_ABSENT;
}

static size_t body_start(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    return end ? (size_t)(end - request) + 4 : 0;
}

static void request_receive(struct server *s, int fd)
{
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, s->request + n, sizeof(s->request) - 1 - n);
        if (got <= 0) {
            return;
        }
        n += (size_t)got;
        size_t start = body_start(s->request);
        int64_t length = 0;
        if (start == 0 || int64_parse(header((struct str){s->request, start}, "Content-Length"),
                              &length) != ERR_OK) {
            continue;
        }
        if (n >= start + (size_t)length) {
            break;
        }
    }
    size_t start = body_start(s->request);
    struct str head = {s->request, start};
    memcpy(s->body, s->request + start, n - start + 1);
    size_t blank = str_find(head, ' ', 5);
    snprintf(s->path, sizeof(s->path), "%.*s", STR_FMT(str_sub(head, 5, blank)));
    uint8_t raw[RSA_SIG_MAX];
    size_t raw_n = 0;
    s->account_good = str_is(header(head, "Account"), ACCOUNT) &&
                      str_is(header(head, "Content-Type"), "application/json");
    if (base64_decode(header(head, "Sign"), raw, sizeof(raw), &raw_n) == ERR_OK) {
        s->verdict =
            rsa_verify(public_key, str_from(s->body), (struct str){(const char *)raw, raw_n});
    }
}

static void *server_run(void *arg)
{
    struct server *s = arg;
    int fd = accept(s->listener, NULL, NULL);
    request_receive(s, fd);
    for (size_t n = strlen(s->answer), sent = 0; sent < n;) {
        ssize_t put = send(fd, s->answer + sent, n - sent, MSG_NOSIGNAL);
        if (put <= 0) {
            break;
        }
        sent += (size_t)put;
    }
    close(fd);
    return NULL;
}

static void server_start(struct server *s, const char *answer)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof(at);
    memset(s, 0, sizeof(*s));
    s->answer = answer;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &at_len), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
}

static void server_stop(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static struct kassa_client *client_at(int port, enum kassa_digest digest)
{
    char url[64], private[256], password[256], public[256];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    snprintf(private, sizeof(private), "%s/private.pem", dir);
    snprintf(password, sizeof(password), "%s/password.txt", dir);
    snprintf(public, sizeof(public), "%s/public.pem", dir);
    struct kassa_options o = KASSA_OPTIONS_INIT;
    o.api_url = url;
    o.account = ACCOUNT;
    o.payments_key_file = private;
    o.payments_password_file = password;
    o.notifications_key_file = public;
    o.digest = digest;
    o.timeout_ms = 5000;
    struct kassa_client *c = NULL;
    const char *why = NULL;
    if (kassa_client_new(&o, &c, &why) != KASSA_OK) {
        fail_msg("%s", why);
    }
    return c;
}

#define ANSWER(status, headers, body)                                                              \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n" headers       \
    "\r\n" body

static struct kassa_payment_request request_full(void)
{
    struct kassa_payment_request r = KASSA_PAYMENT_REQUEST_INIT;
    static const struct kassa_field more[] = {{"customer_email", "a@b.example"}};
    r.amount = "300.00";
    r.order_id = "\u0995/1";
    r.service = "payment_card_bdt_hpp";
    r.customer_ip = "103.4.145.2";
    r.customer_code = "bkash";
    r.success_redirect_url = "https://shop.example/ok";
    r.notification_endpoint_id = 7;
    r.lifetime_s = 900;
    r.fields = more;
    r.field_count = 1;
    return r;
}

static void a_create_is_signed_as_it_is_sent_and_its_answer_read(void **state)
{
    (void)state;
    static struct server s;
    server_start(&s, ANSWER("200 OK", "Idempotent-Replayed: true\r\n",
                         "{\"url\":\"https:\\/\\/pay.example\\/u\",\"payment_status\":\"wait\","
                         "\"id\":100000001,\"uuid\":\"u\",\"success_redirect_url\":null}"));
    struct kassa_client *c = client_at(s.port, KASSA_SHA1);
    struct kassa_payment_request r = request_full();
    struct kassa_payment *p = NULL;
    struct kassa_answer *a = NULL;
    assert_int_equal(kassa_payment_create(c, &r, &p, &a), KASSA_OK);
    server_stop(&s);
    assert_string_equal(s.path, "/v1/payment");
    assert_string_equal(s.body,
        "{\"amount\":\"300.00\",\"order_id\":\"\\u0995\\/1\",\"service\":\"payment_card_bdt_hpp\","
        "\"customer_ip\":\"103.4.145.2\",\"customer_code\":\"bkash\","
        "\"success_redirect_url\":\"https:\\/\\/shop.example\\/ok\","
        "\"notification_endpoint_id\":7,\"lifetime\":900,\"customer_email\":\"a@b.example\"}");
    assert_int_equal(s.verdict, RSA_GOOD_SHA1);
    assert_true(s.account_good);
    assert_int_equal(p->id, 100000001);
    assert_string_equal(p->url, "https://pay.example/u");
    assert_string_equal(p->payment_status, "wait");
    assert_null(p->success_redirect_url);
    assert_null(p->payment_amount);
    assert_int_equal(a->status, 200);
    assert_int_equal(a->replayed, 1);
    kassa_payment_free(p);
    kassa_answer_free(a);
    kassa_client_free(c);
}

static void refusals_are_told_with_all_their_texts(void **state)
{
    (void)state;
    static struct server s;
    server_start(&s, ANSWER("400 Bad Request", "Retry-After: 3\r\n",
                         "{\"message\":\"The given data was invalid.\",\"errors\":{\"amount\":"
                         "[\"one\",\"two\"],\"order_id\":[\"three\"]}}"));
    struct kassa_client *c = client_at(s.port, KASSA_SHA256);
    struct kassa_payment_request r = request_full();
    struct kassa_payment *p = NULL;
    struct kassa_answer *a = NULL;
    assert_int_equal(kassa_payment_create(c, &r, &p, &a), KASSA_ERRORS);
    server_stop(&s);
    assert_int_equal(s.verdict, RSA_GOOD_SHA256);
    assert_null(p);
    assert_int_equal(a->status, 400);
    assert_int_equal(a->retry_after_s, 3);
    assert_string_equal(a->message, "The given data was invalid.");
    static const char *const want[][2] = {
        {"amount", "one"}, {"amount", "two"}, {"order_id", "three"}};
    assert_int_equal(a->error_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const char *field = NULL, *text = NULL;
        assert_int_equal(kassa_answer_error(a, i, &field, &text), KASSA_OK);
        assert_string_equal(field, want[i][0]);
        assert_string_equal(text, want[i][1]);
    }
    const char *field = NULL, *text = NULL;
    assert_int_equal(kassa_answer_error(a, 3, &field, &text), KASSA_ARGUMENT);
    kassa_answer_free(a);
    kassa_client_free(c);
}

#define STATUS(order, id)                                                                          \
    "{\"url\":\"https:\\/\\/pay.example\\/u\",\"payment_status\":\"paid\",\"id\":" id              \
    ",\"uuid\":\"u\",\"order_id\":\"" order                                                        \
    "\",\"amount\":\"300.00\",\"payment_amount\":\"300.00\","                                      \
    "\"is_partial_payment\":true,\"account_payment_amount\":\"292.50\",\"commission_amount\":"     \
    "\"7.50\",\"refunded_amount\":null,\"card_mask\":\"017******23\"}"

static void a_status_is_read_only_if_it_is_about_the_payment_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *order_id;
        int64_t id;
        enum kassa_result want;
    } cases[] = {
        {ANSWER("200 OK", "", STATUS("A-1", "5")), "A-1", 5, KASSA_OK},
        {ANSWER("200 OK", "", STATUS("A-1", "5")), "A-1", 0, KASSA_OK},
        {ANSWER("200 OK", "", STATUS("A-1", "5")), NULL, 5, KASSA_OK},
        {ANSWER("200 OK", "", STATUS("A-2", "5")), "A-1", 0, KASSA_ANSWER},
        {ANSWER("200 OK", "", STATUS("A-1", "6")), "A-1", 5, KASSA_ANSWER},
        {ANSWER("200 OK", "", "{\"id\":5}"), NULL, 5, KASSA_ANSWER},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        static struct server s;
        server_start(&s, cases[i].answer);
        struct kassa_client *c = client_at(s.port, KASSA_SHA1);
        struct kassa_payment *p = NULL;
        assert_int_equal(
            kassa_payment_status(c, cases[i].order_id, cases[i].id, &p, NULL), cases[i].want);
        server_stop(&s);
        assert_string_equal(s.path, "/v1/payment/status");
        assert_int_equal(s.verdict, RSA_GOOD_SHA1);
        if (cases[i].want == KASSA_OK) {
            assert_string_equal(p->account_payment_amount, "292.50");
            assert_string_equal(p->card_mask, "017******23");
            assert_null(p->refunded_amount);
            assert_int_equal(p->is_partial_payment, 1);
        } else {
            assert_null(p);
        }
        kassa_payment_free(p);
        kassa_client_free(c);
    }
}

static void a_history_page_is_read(void **state)
{
    (void)state;
    static struct server s;
    server_start(&s, ANSWER("200 OK", "",
                         "{\"data\":[{\"created_at\":\"2024-11-07 14:58:59\",\"id\":5,\"order_id\":"
                         "\"A-1\",\"amount\":\"5000.000000000\",\"commission_amount\":null,"
                         "\"currency\":\"BDT\",\"status\":\"wait\"}],\"links\":{},\"meta\":{"
                         "\"current_page\":2,\"last_page\":2,\"per_page\":12,\"total\":13}}"));
    struct kassa_client *c = client_at(s.port, KASSA_SHA1);
    struct kassa_history_request r = KASSA_HISTORY_REQUEST_INIT;
    r.date_from = "2024-11-01";
    r.page = 2;
    struct kassa_history *h = NULL;
    struct kassa_answer *a = NULL;
    assert_int_equal(kassa_payment_history(c, &r, &h, &a), KASSA_OK);
    server_stop(&s);
    assert_string_equal(s.path, "/v1/payment/history");
    assert_string_equal(s.body, "{\"date_from\":\"2024-11-01\",\"page\":2}");
    assert_int_equal(h->count, 1);
    assert_string_equal(h->items[0].amount, "5000.000000000");
    assert_null(h->items[0].commission_amount);
    assert_int_equal(h->total, 13);
    assert_int_equal(h->page, 2);
    assert_non_null(strstr(a->body, "\"links\""));
    kassa_history_free(h);
    kassa_answer_free(a);
    kassa_client_free(c);
}

static enum kassa_result call(struct kassa_client *c, struct kassa_answer **ret)
{
    return kassa_call(c, "/v1/account/balance", "[]", 2, ret);
}

static void what_is_not_kassas_answer_is_told_from_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum kassa_result want;
        int status;
    } cases[] = {
        {ANSWER("200 OK", "", "{\"balance\":\"0.00000000\"}"), KASSA_OK, 200},
        {ANSWER("200 OK", "", "<html>"), KASSA_ANSWER, 200},
        {ANSWER("200 OK", "", "[]"), KASSA_ANSWER, 200},
        {ANSWER("502 Bad Gateway", "", "{}"), KASSA_ANSWER, 502},
        {ANSWER("302 Found", "Location: /elsewhere\r\n", "{}"), KASSA_ANSWER, 302},
        {ANSWER("200 OK", "", "{\"errors\":{}}"), KASSA_ERRORS, 200},
        {ANSWER("503 Busy", "", "{\"message\":\"m\",\"errors\":{\"server\":[\"t\"]}}"),
            KASSA_ERRORS, 503},
        {"", KASSA_MAYBE_SENT, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", KASSA_MAYBE_SENT, 0},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        static struct server s;
        server_start(&s, cases[i].answer);
        struct kassa_client *c = client_at(s.port, KASSA_SHA1);
        struct kassa_answer *a = NULL;
        assert_int_equal(call(c, &a), cases[i].want);
        server_stop(&s);
        assert_string_equal(s.body, "[]");
        assert_int_equal(a ? a->status : 0, cases[i].status);
        assert_int_equal(kassa_client_error(c)[0] != '\0', cases[i].want == KASSA_MAYBE_SENT);
        kassa_answer_free(a);
        kassa_client_free(c);
    }
}

static void a_call_without_a_connection_was_not_sent(void **state)
{
    (void)state;
    static struct server s;
    server_start(&s, ANSWER("200 OK", "", "{}"));
    struct kassa_client *c = client_at(s.port, KASSA_SHA1);
    struct kassa_answer *a = NULL;
    assert_int_equal(call(c, &a), KASSA_OK);
    server_stop(&s);
    kassa_answer_free(a);
    assert_int_equal(call(c, &a), KASSA_NOT_SENT);
    assert_null(a);
    assert_string_not_equal(kassa_client_error(c), "");
    kassa_client_free(c);
}

static void unfit_arguments_are_never_sent(void **state)
{
    (void)state;
    struct kassa_client *c = client_at(1, KASSA_SHA1);
    struct kassa_answer *a = NULL;
    struct kassa_payment *p = NULL;
    struct kassa_payment_request r = request_full();
    r.amount = NULL;
    assert_int_equal(kassa_payment_create(c, &r, &p, &a), KASSA_ARGUMENT);
    r = request_full();
    r.desc = "\xff";
    assert_int_equal(kassa_payment_create(c, &r, &p, &a), KASSA_ARGUMENT);
    r = request_full();
    r.size = 0;
    assert_int_equal(kassa_payment_create(c, &r, &p, &a), KASSA_ARGUMENT);
    assert_int_equal(kassa_payment_status(c, NULL, 0, &p, &a), KASSA_ARGUMENT);
    assert_int_equal(kassa_call(c, "v1/payment", "{}", 2, &a), KASSA_ARGUMENT);
    assert_int_equal(kassa_call(c, "/v1/a b", "{}", 2, &a), KASSA_ARGUMENT);
    assert_int_equal(kassa_call(c, "/v1/payment", "", 0, &a), KASSA_ARGUMENT);
    assert_null(p);
    assert_null(a);
    kassa_client_free(c);
}

static void unfit_options_are_named(void **state)
{
    (void)state;
    char private[256], wrong[256];
    snprintf(private, sizeof(private), "%s/private.pem", dir);
    snprintf(wrong, sizeof(wrong), "%s/wrong.txt", dir);
    const struct kassa_options good = {.size = sizeof(struct kassa_options),
        .api_url = "https://api.example",
        .account = ACCOUNT,
        .payments_key_file = private};
    struct {
        struct kassa_options o;
        enum kassa_result want;
        const char *word;
    } cases[] = {
        {good, KASSA_ARGUMENT, "api_url"},
        {good, KASSA_ARGUMENT, "account"},
        {good, KASSA_FILE, "payments_key_file"},
        {good, KASSA_FILE, "payments_password_file"},
        {good, KASSA_KEY, "pass phrase"},
        {good, KASSA_KEY, "pass phrase"},
        {good, KASSA_KEY, "notifications_key_file"},
        {good, KASSA_ARGUMENT, "size"},
    };
    cases[0].o.api_url = "ftp://api.example";
    cases[1].o.account = "1\r\nX: y";
    cases[2].o.payments_key_file = "/nonexistent/private.pem";
    cases[3].o.payments_password_file = "/nonexistent/password.txt";
    cases[4].o.payments_password_file = wrong;
    cases[5].o.payments_password_file = NULL;
    cases[6].o.payments_password_file = NULL;
    cases[7].o.size = 0;
    char password[256];
    snprintf(password, sizeof(password), "%s/password.txt", dir);
    cases[6].o.payments_password_file = password;
    cases[6].o.notifications_key_file = wrong;
    for (size_t i = 0; i < array_len(cases); i++) {
        struct kassa_client *c = NULL;
        const char *why = "";
        assert_int_equal(kassa_client_new(&cases[i].o, &c, &why), cases[i].want);
        assert_non_null(strstr(why, cases[i].word));
        assert_null(c);
    }
    struct kassa_client *c = NULL;
    assert_int_equal(
        kassa_client_from_dirs("https://api.example", ACCOUNT, dir, dir, &c, NULL), KASSA_OK);
    kassa_client_free(c);
    assert_int_equal(
        kassa_client_from_dirs("https://api.example", ACCOUNT, "/nonexistent", NULL, &c, NULL),
        KASSA_FILE);
}

static void a_client_refuses_notifications_of_another_account(void **state)
{
    (void)state;
    static const char *const accounts[] = {ACCOUNT, "00000000-0000-4000-8000-000000000000"};
    struct kassa_client *c = client_at(1, KASSA_SHA1);
    for (size_t i = 0; i < array_len(accounts); i++) {
        struct notify_fields f = {.type = STR("payment"),
            .id = 5,
            .order_id = STR("A-1"),
            .payment_status = STR("paid"),
            .amount = STR("1.00"),
            .payment_amount = STR("1.00"),
            .commission_amount = STR("0.00"),
            .account = str_from(accounts[i]),
            .service = STR("s")};
        struct buf text, payload;
        char *sign = NULL;
        buf_init(&text, REQUEST_MAX);
        buf_init(&payload, REQUEST_MAX);
        notify_signed_text(&f, NOTIFY_POST_JSON, NOTIFY_FIELDS_11, &text);
        assert_int_equal(kassa_sign(c, text.p, text.n, &sign), KASSA_OK);
        notify_payload(&f, NOTIFY_POST_JSON, NOTIFY_FIELDS_11, str_from(sign), &payload);
        struct kassa_notification *n = NULL;
        assert_int_equal(
            kassa_client_notification_verify(c, KASSA_MODE_JSON, payload.p, payload.n, &n),
            i == 0 ? KASSA_OK : KASSA_REFUSED);
        assert_int_equal(n != NULL, i == 0);
        kassa_notification_free(n);
        kassa_free(sign);
        buf_clear(&text);
        buf_clear(&payload);
    }
    kassa_client_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_create_is_signed_as_it_is_sent_and_its_answer_read),
        cmocka_unit_test(refusals_are_told_with_all_their_texts),
        cmocka_unit_test(a_status_is_read_only_if_it_is_about_the_payment_asked_for),
        cmocka_unit_test(a_history_page_is_read),
        cmocka_unit_test(what_is_not_kassas_answer_is_told_from_refusals),
        cmocka_unit_test(a_call_without_a_connection_was_not_sent),
        cmocka_unit_test(unfit_arguments_are_never_sent),
        cmocka_unit_test(unfit_options_are_named),
        cmocka_unit_test(a_client_refuses_notifications_of_another_account),
    };
    return cmocka_run_group_tests(tests, certificate_make, certificate_remove);
}
