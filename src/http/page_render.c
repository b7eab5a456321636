#include "http/page_render.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "http/page_qr.h"
#include "pages.gen.h"
#include <inttypes.h>
#include <stdio.h>

#define TAKA_SIGN "\xe0\xa7\xb3"
#define AMOUNT_CHARS_LONG 13
#define ORIGIN_MAX ((size_t)400)

const char *page_stage_code(enum page_stage stage)
{
    switch (stage) {
    case PAGE_OPEN:
        return "open";
    case PAGE_WAITING:
        return "waiting";
    case PAGE_AT_WALLET:
        return "at_wallet";
    case PAGE_CONFIRMING:
        return "confirming";
    case PAGE_PAID:
        return "paid";
    case PAGE_CANCELLED:
        return "cancelled";
    case PAGE_FAILED:
        return "failed";
    case PAGE_EXPIRED:
        return "expired";
    }
    log_bug(__FILE__, __LINE__, "stage", "a stage is one of the enum");
}

bool page_stage_is_final(enum page_stage stage)
{
    return stage == PAGE_PAID || stage == PAGE_CANCELLED || stage == PAGE_FAILED ||
           stage == PAGE_EXPIRED;
}

/* ---- texts ---- */

static struct str arena_taken(struct arena *a, struct buf *b)
{
    struct str s = arena_copy(a, buf_view(b));
    buf_clear(b);
    return s;
}

static struct str digits_text(struct arena *a, enum page_lang lang, struct str plain)
{
    struct buf b;
    buf_init(&b, 256);
    page_digits_add(&b, lang, plain);
    return arena_taken(a, &b);
}

/* ৳1,23,456.00 in the language's digits. */
static struct str amount_text(struct arena *a, enum page_lang lang, struct money m)
{
    struct buf plain;
    buf_init(&plain, 64);
    buf_cstr(&plain, TAKA_SIGN);
    money_format_grouped(&plain, m);
    struct str s = digits_text(a, lang, buf_view(&plain));
    buf_clear(&plain);
    return s;
}

static struct str number_text(struct arena *a, enum page_lang lang, int64_t i)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%" PRId64, i);
    return digits_text(a, lang, (struct str){text, (size_t)n});
}

static void tag_add(struct buf *b, const struct page_view *v)
{
    buf_printf(b, "%s-%" PRId64 "-%" PRId64 "-%d%d-%.*s", page_stage_code(v->stage),
        v->payment.version, v->payment.attempts, v->wallet_healthy, v->may_switch,
        STR_FMT(v->last_reason));
    if (v->number.on)
        buf_printf(b, "-%.*s-%.*s-%.*s-%d", STR_FMT(v->number.number), STR_FMT(v->number.waits),
            STR_FMT(v->number.waits_payer), v->number.silent);
}

static struct str base_text(struct arena *a, const struct page_view *v)
{
    struct buf b;
    buf_init(&b, 64);
    buf_char(&b, '/');
    buf_str(&b, v->payment.uuid);
    return arena_taken(a, &b);
}

/* ---- the page ---- */

static void stage_fill(const struct page_view *v, struct page_pay *p)
{
    p->stage = str_from(page_stage_code(v->stage));
    p->open = v->stage == PAGE_OPEN;
    p->waiting = v->stage == PAGE_WAITING;
    p->at_wallet = v->stage == PAGE_AT_WALLET;
    p->confirming = v->stage == PAGE_CONFIRMING;
    p->ending = p->confirming && v->payment.state == PAYMENT_OPEN && v->seconds_left == 0;
    p->paid = v->stage == PAGE_PAID;
    p->cancelled = v->stage == PAGE_CANCELLED;
    p->failed = v->stage == PAGE_FAILED;
    p->expired = v->stage == PAGE_EXPIRED;
}

static void open_fill(const struct page_view *v, struct page_pay *p)
{
    if (v->stage != PAGE_OPEN || v->number.on)
        return;
    p->blocked = !v->wallet_healthy;
    p->unreachable = p->blocked || str_is(v->last_reason, "unavailable");
    p->came_back = str_is(v->last_reason, "cancelled");
    p->refused = str_is(v->last_reason, "refused") || str_is(v->last_reason, "declined");
    p->tried = p->came_back || p->refused;
    p->warn = p->tried || p->unreachable;
}

static struct str way_text(enum page_way way)
{
    return way == PAGE_WAY_NUMBER     ? STR("number")
           : way == PAGE_WAY_CHECKOUT ? STR("checkout")
                                      : STR("");
}

/* What the script asks with. */
static struct str way_query(enum page_way way)
{
    return way == PAGE_WAY_NUMBER     ? STR("?way=number")
           : way == PAGE_WAY_CHECKOUT ? STR("?way=checkout")
                                      : STR("");
}

static void actions_fill(
    const struct page_view *v, const struct page_options *o, struct page_pay *p)
{
    bool at_wallet = v->stage == PAGE_AT_WALLET;
    bool final = page_stage_is_final(v->stage);
    p->from = o->on_wait ? STR("wait") : way_text(o->way);
    p->way = way_query(o->way);
    p->leave = o->on_wait && at_wallet && !str_absent(v->wallet_url);
    p->refresh = v->stage == PAGE_WAITING || v->stage == PAGE_CONFIRMING || p->blocked;
    p->may_pay = (v->stage == PAGE_OPEN && !v->number.on) || (at_wallet && !p->leave);
    p->may_cancel = v->stage == PAGE_OPEN || (at_wallet && !p->leave);
    p->live = p->may_cancel;
    p->to_checkout = v->may_switch && v->number.on;
    p->to_number = v->may_switch && !v->number.on && !p->leave;
    p->wallet_url = at_wallet ? v->wallet_url : STR_ABSENT;
    if (final && !str_absent(v->return_url) && !str_absent(v->return_sign)) {
        p->return_url = v->return_url;
        p->order_id = v->payment.order_id;
        p->uuid = v->payment.uuid;
        p->sign = v->return_sign;
        p->auto_back = !p->late;
    }
}

/* What the wallets' USSD menus are dialled by, and how a TrxID looks; made up. */
static const struct {
    const char *ussd, *sample, *mode;
} number_ways[WALLET_COUNT] = {
    [WALLET_BKASH] = {.ussd = "*247#", .sample = "DK61A2B3C4", .mode = "text"},
    [WALLET_NAGAD] = {.ussd = "*167#", .sample = "75HKA2B3", .mode = "text"},
    [WALLET_ROCKET] = {.ussd = "*322#", .sample = "6606781234", .mode = "numeric"},
};

static void qr_fill(struct arena *a, struct page_pay *p)
{
    struct buf path;
    int size = 0;
    buf_init(&path, PAGE_QR_MAX);
    if (page_qr_path(p->number, &path, &size)) {
        p->qr_size = number_text(a, PAGE_LANG_EN, size);
        p->qr_path = arena_copy(a, buf_view(&path));
    }
    buf_clear(&path);
}

static void trx_fill(const struct page_options *o, struct page_pay *p)
{
    p->payer_error = o->trx == PAGE_TRX_PAYER;
    p->trx_error = o->trx != PAGE_TRX_OK && !p->payer_error;
    p->trx_malformed = o->trx == PAGE_TRX_MALFORMED;
    p->trx_look = o->trx == PAGE_TRX_LOOK;
    p->trx_unusable = o->trx == PAGE_TRX_UNUSABLE;
    p->trx_many = o->trx == PAGE_TRX_MANY;
}

static void number_fill(
    const struct page_view *v, const struct page_options *o, struct arena *a, struct page_pay *p)
{
    const struct page_number *n = &v->number;
    p->late = n->on && page_stage_is_final(v->stage) && v->stage != PAGE_PAID;
    p->sending = n->on && v->stage == PAGE_OPEN;
    p->by_number = p->late || p->sending;
    p->number_way = n->there; /* from its first view on: the script changes the rest alone */
    if (!p->by_number)
        return;
    struct buf plain;
    buf_init(&plain, 64);
    /* as the wallets' apps take it */
    money_format(&plain, n->left, 2);
    plain.n -= n->left.poisha % 100 == 0 ? 3 : 0;
    p->left_plain = arena_taken(a, &plain);
    p->number = n->number;
    p->left = amount_text(a, o->lang, n->left);
    p->waits = p->sending ? n->waits : STR_ABSENT;
    p->waits_payer = str_absent(p->waits) ? STR_ABSENT : digits_text(a, o->lang, n->waits_payer);
    p->by_rocket = v->payment.wallet == WALLET_ROCKET;
    p->silent = n->silent;
    p->part = v->payment.paid.poisha > 0;
    p->to_agent = str_is(n->kind, "agent");
    p->to_merchant = str_is(n->kind, "merchant");
    p->to_personal = !p->to_agent && !p->to_merchant;
    p->ussd = str_from(number_ways[v->payment.wallet].ussd);
    p->sample = str_from(number_ways[v->payment.wallet].sample);
    p->trx_mode = str_from(number_ways[v->payment.wallet].mode);
    trx_fill(o, p);
    if (p->sending)
        qr_fill(a, p);
}

void page_pay_html(
    const struct page_view *v, const struct page_options *o, struct arena *a, struct buf *out)
{
    const struct payment_row *row = &v->payment;
    struct page_pay p = {
        .base = base_text(a, v),
        .token = o->token,
        .merchant = v->merchant_name,
        .amount = amount_text(a, o->lang, row->amount),
        .order = row->order_id,
        .desc = row->desc,
        .wallet = str_from(wallet_kind_name(row->wallet)),
        .wallet_code = str_from(wallet_kind_code(row->wallet)),
        .payer = row->payer_mask,
        .minutes = number_text(a, o->lang, (v->seconds_left + 59) / 60),
        .seconds_left = number_text(a, PAGE_LANG_EN, v->seconds_left),
    };
    struct buf tag;
    buf_init(&tag, 256);
    tag_add(&tag, v);
    p.tag = arena_taken(a, &tag);
    p.wide = p.amount.n && utf8_len(p.amount) > AMOUNT_CHARS_LONG;
    if (v->stage != PAGE_PAID && row->paid.poisha > 0)
        p.received = amount_text(a, o->lang, row->paid);
    stage_fill(v, &p);
    open_fill(v, &p);
    number_fill(v, o, a, &p);
    actions_fill(v, o, &p);
    page_pay_render(&p, o->lang, out);
}

void page_state_json(const struct page_view *v, struct buf *out)
{
    struct buf tag;
    struct url url;
    struct json_writer w;
    bool go = v->stage == PAGE_AT_WALLET && !str_absent(v->wallet_url) &&
              url_parse(v->wallet_url, &url) == ERR_OK;
    buf_init(&tag, 256);
    tag_add(&tag, v);
    json_w_init(&w, out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "stage", page_stage_code(v->stage));
    json_w_kint(&w, "version", v->payment.version);
    json_w_kstr(&w, "tag", buf_view(&tag));
    json_w_kstr(&w, "wallet_url", go ? v->wallet_url : STR_ABSENT);
    json_w_kint(&w, "seconds_left", v->seconds_left);
    json_w_close(&w);
    buf_clear(&tag);
}

/* ---- the policy ---- */

static void origin_add(struct buf *out, struct str address)
{
    struct url url;
    struct buf origin;
    if (str_absent(address) || url_parse(address, &url) != ERR_OK)
        return;
    buf_init(&origin, ORIGIN_MAX);
    buf_char(&origin, ' ');
    url_origin(&origin, &url);
    /* Once is enough; a longer origin that begins with this one is another. */
    const char *there = out->n ? memmem(out->p, out->n, origin.p, origin.n) : NULL;
    bool again = there && (there + origin.n == out->p + out->n || there[origin.n] == ' ');
    if (buf_ok(&origin) && !again)
        buf_str(out, buf_view(&origin));
    buf_clear(&origin);
}

void page_csp(const struct page_view *v, struct buf *out)
{
    buf_cstr(out,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'");
    if (!v)
        return;
    origin_add(out, v->return_url);
    origin_add(out, v->payment.success_url);
    origin_add(out, v->payment.fail_url);
}

/* ---- the others ---- */

void page_error_html(enum err e, enum page_lang lang, struct str back, struct buf *out)
{
    int status = err_info(e)->http_status;
    char text[12];
    int n = snprintf(text, sizeof(text), "%d", status);
    struct page_error p = {
        .status = {text, (size_t)n},
        .missing = status == 404,
        .form = status == 403,
        .rate = status == 429,
        .busy = status == 503,
        .back = back,
    };
    p.other = !p.missing && !p.form && !p.rate && !p.busy;
    page_error_render(&p, lang, out);
}

void page_home_html(enum page_lang lang, struct buf *out)
{
    struct page_home p = {};
    page_home_render(&p, lang, out);
}
