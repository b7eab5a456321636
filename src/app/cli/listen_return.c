/* The page that a payer returns to: a shop's, in the smallest form. It shows what came back and whether Kassa signed it. */
#include "app/cli/listen.h"

#include "base/text.h"
#include <stdio.h>

#define FIELD_MAX 4096

static const char *field(struct request *rq, struct str form, const char *name)
{
    struct buf value;
    buf_init(&value, FIELD_MAX);
    bool good = form_get(form, str_from(name), &value) == ERR_OK && buf_ok(&value) &&
                utf8_valid(buf_view(&value)) && (!value.p || !memchr(value.p, 0, value.n));
    struct str copy = good ? arena_copy(&rq->arena, buf_view(&value)) : STR_ABSENT;
    buf_clear(&value);
    return copy.p ? copy.p : "";
}

static bool check(const struct listen *l, const char *order, const char *uuid, const char *sign)
{
    bool good = false;
    for (int i = 0; i < l->public_count && !good; i++) {
        good = kassa_redirect_verify(l->publics[i].p, order, uuid, sign) == KASSA_OK;
    }
    return good;
}

static void add_fact(struct buf *b, const char *label, const char *testid, const char *value)
{
    buf_printf(b, "<p>%s: <strong data-testid=\"%s\">", label, testid);
    html_escape(b, str_from(value));
    buf_cstr(b, "</strong></p>\n");
}

static void page(struct buf *b, const char *order, const char *uuid, const char *verdict)
{
    buf_cstr(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<title>Back at the shop</title></head>\n<body><main><h1>Back at the shop</h1>\n");
    add_fact(b, "Order", "return-order", order);
    add_fact(b, "Payment", "return-uuid", uuid);
    add_fact(b, "Kassa&#39;s signature", "return-sign", verdict);
    buf_cstr(b, "<p>This says who came back, not whether it is paid: a shop asks for the status or "
                "waits for the notification.</p>\n</main></body></html>\n");
}

static void print_short(const char *order, const char *uuid, bool good)
{
    struct buf b;
    buf_init(&b, 3 * FIELD_MAX);
    cli_add_plain(&b, str_from(order));
    buf_char(&b, ' ');
    cli_add_plain(&b, str_from(uuid));
    printf("return of a payer  order %s  sign %s\n", b.p, good ? "good" : "WRONG");
    fflush(stdout);
    buf_clear(&b);
}

struct reply *listen_return(struct request *rq)
{
    const struct listen *l = rq->ctx;
    struct str form = str_is(rq->method, "POST") ? rq->body : rq->query;
    struct buf html;
    form = str_absent(form) ? STR("") : form;
    const char *order = field(rq, form, "order_id"), *uuid = field(rq, form, "uuid"),
               *sign = field(rq, form, "sign");
    bool good = check(l, order, uuid, sign);
    if (!l->json && !str_is(rq->method, "HEAD")) {
        print_short(order, uuid, good);
    }
    buf_init(&html, 65536);
    page(&html, order, uuid, good ? "good" : "wrong");
    struct reply *r = reply_html(good ? 200 : 400, buf_view(&html));
    buf_clear(&html);
    return reply_header(r, "Content-Security-Policy",
        STR("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
}
