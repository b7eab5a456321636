/* Phones that tell their SMS, over real sockets, on a whole service. Numbers and ids are made up. */
#include "http/device_body.h"
#include "http/page_limit.h"
#include "http/routes.h"
#include "service/phone.h"
#include <stdio.h>

#include "http_client.h"
#include "service_world.h"

#define LIMIT 40
#define NOW_S "1794000000"
#define FIRST                                                                                      \
    "You have received Tk 100.00 from 01733333333. Fee Tk 0.00. Balance Tk 100.00. TrxID "         \
    "DK61AAAAAA at 06/11/2026 12:00"

static const uint8_t key[PHONE_KEY_LEN] = "0123456789abcdef0123456789abcde";

struct suite {
    struct store_unit unit;
    struct world world;
    struct gateway gateway;
    struct server *server;
    struct str box;
    int64_t number_id, signing, stock, off; /* devices */
};

static enum err device_add(struct suite *x, struct tx *tx, const char *name, const char *accepts,
    bool enabled, int64_t *ret)
{
    struct device_row d = {.name = str_from(name),
        .accepts = str_from(accepts),
        .key_box = x->box,
        .enabled = enabled,
        .created_at = WORLD_T0};
    enum err e = store_device_add(tx, &d);
    *ret = d.id;
    return e ? e : store_device_bind(tx, d.id, x->number_id, STR_ABSENT);
}

static enum err rows_run(struct store_unit *u, struct tx *tx)
{
    struct suite *x = unit_owner(u, struct suite, unit);
    struct number_row n = {.wallet = WALLET_BKASH,
        .number = STR("01711111111"),
        .kind = STR("personal"),
        .enabled = true,
        .created_at = WORLD_T0};
    enum err e = store_number_add(tx, &n);
    x->number_id = n.id;
    e = e ? e : device_add(x, tx, "signing", "signature", true, &x->signing);
    e = e ? e : device_add(x, tx, "stock", "token", true, &x->stock);
    return e ? e : device_add(x, tx, "off", "token", false, &x->off);
}

static int suite_start(void **state)
{
    struct suite *x = mem_alloc(sizeof *x);
    struct buf box, why;
    world_start(&x->world);
    buf_init(&box, 1024);
    buf_init(&why, 1000);
    box_seal(x->world.s.keys, "device", (struct str){(const char *)key, sizeof key}, &box);
    x->box = buf_view(&box);
    x->unit.run = rows_run;
    ok(store_run(x->world.s.store, &x->unit));
    buf_clear(&box);
    x->gateway.service = &x->world.s;
    x->gateway.devices = page_limit_new(LIMIT);
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes_public,
        .ctx = &x->gateway,
        .threads = 2,
        .connections_max = 100,
        .connection_memory = 8192,
        .idle_timeout_s = 20};
    ok(server_start(&o, &why, &x->server));
    buf_clear(&why);
    *state = x;
    return 0;
}

static int suite_stop(void **state)
{
    struct suite *x = *state;
    server_stop(x->server, 1000);
    page_limit_free(x->gateway.devices);
    world_stop(&x->world);
    mem_free(x);
    return 0;
}

/* The status; the answer has this text. */
static int post(
    struct suite *x, const char *path, const char *headers, struct str body, const char *has)
{
    struct buf b;
    buf_init(&b, (size_t)1 << 20);
    buf_printf(&b,
        "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n", path,
        headers, body.n);
    buf_str(&b, body);
    struct client c = client_talk(server_port(x->server), buf_view(&b));
    int status = client_status(&c);
    if (!client_has(&c, has))
        fail_msg("%s: no %s in %.*s", path, has, STR_FMT(buf_view(&c.in)));
    client_end(&c);
    buf_clear(&b);
    return status;
}

static int post_signed(
    struct suite *x, int64_t device, const char *at, const char *body, const char *has)
{
    char sign[65], headers[400];
    phone_sign(key, str_from(at), str_from(body), sign);
    snprintf(headers, sizeof headers,
        "Content-Type: application/json\r\nKassa-Device: %lld\r\nKassa-Time: %s\r\nKassa-Sign: "
        "%s\r\n",
        (long long)device, at, sign);
    return post(x, "/device", headers, str_from(body), has);
}

static int post_token(struct suite *x, int64_t device, const char *body, const char *has)
{
    char token[PHONE_TOKEN_CAP], path[100];
    phone_token(device, key, token);
    snprintf(path, sizeof path, "/device/%s", token);
    return post(x, path, "", str_from(body), has);
}

static struct device_row device(struct suite *x, int64_t id)
{
    struct device_row d;
    ok(store_device_get(world_db(&x->world), &x->world.arena, id, &d));
    return d;
}

static struct number_credit_row credit(struct suite *x)
{
    struct number_credit_row c;
    ok(store_number_credit_find(
        world_db(&x->world), &x->world.arena, WALLET_BKASH, STR("DK61AAAAAA"), &c));
    return c;
}

static void s1_s7_a_signed_message_is_kept_once(void **state)
{
    struct suite *x = *state;
    static const char body[] = "{\"messages\":[{\"sender\":\"bKash\",\"text\":\"" FIRST
                               "\",\"at\":1793943000000,\"sim\":\"sim1\"}],\"model\":\"A12\"}";
    assert_int_equal(post_signed(x, x->signing, NOW_S, body, "\"credit\":1"), 200);
    assert_int_equal(post_signed(x, x->signing, NOW_S, body, "\"same\":1"), 200);
    assert_int_equal(credit(x).amount.poisha, 10000);
    assert_int_equal(credit(x).number_id, x->number_id);
    struct device_row d = device(x, x->signing);
    assert_true(d.seen_at == WORLD_T0 && d.synced_at == 0 && str_is(d.model, "A12"));
}

static void an_inbox_that_is_told_again_marks_the_device_synced(void **state)
{
    struct suite *x = *state;
    assert_int_equal(post_signed(x, x->signing, NOW_S,
                         "{\"messages\":[{\"sender\":\"bKash\",\"text\":\"" FIRST
                         "\"},{\"sender\":\"mum\",\"text\":\"hello\"}],\"synced\":true}",
                         "\"ignored\":1"),
        200);
    assert_int_equal(device(x, x->signing).synced_at, WORLD_T0);
}

static void the_forms_of_stock_forwarders_are_understood(void **state)
{
    struct suite *x = *state;
    assert_int_equal(post_token(x, x->stock,
                         "{\"from\":\"bKash\",\"text\":\"" FIRST
                         "\",\"sentStamp\":1751366400000,\"receivedStamp\":1751366401234,"
                         "\"sim\":\"sim1\"}",
                         "\"status\":\"true\""),
        200);
    assert_int_equal(
        post_token(x, x->stock, "connection_status=Connected", "\"status\":\"true\""), 200);
    assert_int_equal(
        post_token(x, x->stock, "check=i_am_active&d_model=B52&d_brand=x", "\"status\":\"true\""),
        200);
    assert_true(str_is(device(x, x->stock).model, "B52"));
    assert_int_equal(device(x, x->stock).synced_at, 0);
    assert_int_equal(
        post_token(x, x->stock,
            "sms_list=%5B%7B%22sender%22%3A%22bKash%22%2C%22message%22%3A%22Enjoy%22%2C"
            "%22simSlot%22%3A0%2C%22timestamp%22%3A1751366400%7D%5D&token=x",
            "\"unparsed\":1"),
        200);
    assert_int_equal(device(x, x->stock).synced_at, WORLD_T0);
}

static void who_is_no_device_is_refused_alike(void **state)
{
    struct suite *x = *state;
    char token[PHONE_TOKEN_CAP], path[100];
    static const char body[] = "{\"messages\":[]}";
    phone_token(x->stock, key, token);
    token[strlen(token) - 1] ^= 1;
    snprintf(path, sizeof path, "/device/%s", token);
    assert_int_equal(post(x, path, "", str_from(body), "authenticated"), 401);
    assert_int_equal(post_token(x, x->signing, body, "authenticated"), 401);
    assert_int_equal(post_token(x, x->off, body, "authenticated"), 401);
    assert_int_equal(post_token(x, 999999, body, "authenticated"), 401);
    assert_int_equal(post(x, "/device/x", "", str_from(body), "authenticated"), 401);
    assert_int_equal(post_signed(x, x->off, NOW_S, body, "authenticated"), 401);
    assert_int_equal(post_signed(x, x->signing, "1793999399", body, "authenticated"), 401);
    assert_int_equal(post_signed(x, x->signing, "1794000601", body, "authenticated"), 401);
    assert_int_equal(post_signed(x, x->signing, "", body, "authenticated"), 401);
    assert_int_equal(
        post(x, "/device", "Content-Type: application/json\r\n", str_from(body), "authenticated"),
        401);
    /* a good signature for another body */
    char sign[65], headers[400];
    phone_sign(key, STR(NOW_S), STR("{}"), sign);
    snprintf(headers, sizeof headers,
        "Content-Type: application/json\r\nKassa-Device: %lld\r\nKassa-Time: " NOW_S
        "\r\nKassa-Sign: %s\r\n",
        (long long)x->signing, sign);
    assert_int_equal(post(x, "/device", headers, str_from(body), "authenticated"), 401);
}

static void bodies_are_bounded_and_of_a_known_form(void **state)
{
    struct suite *x = *state;
    static const char *const bad[][2] = {{"", "body"}, {"{", "body"}, {"[]", "body"},
        {"{}", "messages"}, {"{\"messages\":{}}", "messages"},
        {"{\"messages\":[1]}", "messages.0.sender"},
        {"{\"messages\":[{\"sender\":\"a\",\"text\":\"b\"},{\"sender\":\"bKash\"}]}",
            "messages.1.text"},
        {"{\"from\":\"bKash\"}", "text"}, {"a=b", "body"}, {"sms_list=x", "sms_list"},
        {"sms_list=%5B", "sms_list"}, {"sms_list=%5B%7B%7D%5D", "sms_list.0.sender"},
        {"check=%", "check"}, {"connection_status=%", "connection_status"},
        {"d_model=%&check=x", "d_model"}};
    for (size_t i = 0; i < array_len(bad); i++) {
        char field[80];
        snprintf(field, sizeof field, "\"errors\":{\"%s\":[\"", bad[i][1]);
        assert_int_equal(post_token(x, x->stock, bad[i][0], field), 400);
    }
    struct buf b;
    buf_init(&b, (size_t)1 << 20);
    buf_cstr(&b, "{\"messages\":[");
    for (int i = 0; i <= PHONE_MESSAGES_MAX; i++)
        buf_printf(&b, "%s{\"sender\":\"x\",\"text\":\"y\"}", i ? "," : "");
    buf_cstr(&b, "]}");
    assert_int_equal(post_token(x, x->stock, b.p, "\"errors\":{\"messages\":["), 413);
    buf_reset(&b);
    for (int i = 0; i < 66000; i++)
        buf_char(&b, 'a');
    assert_int_equal(post_token(x, x->stock, b.p, "errors"), 413);
    buf_clear(&b);
}

static void t67_a_device_has_a_limit_and_so_has_who_guesses(void **state)
{
    struct suite *x = *state;
    int status = 0;
    for (int i = 0; i <= LIMIT && status != 429; i++)
        status = post_token(x, x->stock, "connection_status=Connected", "HTTP/1.1");
    assert_int_equal(status, 429);
    assert_int_equal(post_signed(x, x->signing, NOW_S, "{\"messages\":[]}", "\"status\""), 200);
    for (int i = 0; i <= LIMIT && (i == 0 || status != 429); i++)
        status = post(x, "/device/1-x", "", STR("a=b"), "HTTP/1.1");
    assert_int_equal(status, 429);
    assert_int_equal(post_signed(x, x->signing, NOW_S, "{\"messages\":[]}", "\"status\""), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s1_s7_a_signed_message_is_kept_once),
        cmocka_unit_test(an_inbox_that_is_told_again_marks_the_device_synced),
        cmocka_unit_test(the_forms_of_stock_forwarders_are_understood),
        cmocka_unit_test(who_is_no_device_is_refused_alike),
        cmocka_unit_test(bodies_are_bounded_and_of_a_known_form),
        cmocka_unit_test(t67_a_device_has_a_limit_and_so_has_who_guesses),
    };
    return cmocka_run_group_tests(tests, suite_start, suite_stop);
}
