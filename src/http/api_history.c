/* POST /v1/payment/history. */
#include "base/log.h"
#include "base/text.h"
#include "http/api.h"
#include "store/store_payment.h"

/* 100 items of which each order id may be 128 characters of \uXXXX\uXXXX. */
#define ANSWER_MAX ((size_t)512 * 1024)
#define HISTORY_PATH "/v1/payment/history"
#define HISTORY_DECIMALS 9

struct page_of {
    struct history_request request;
    int64_t total, last_page, count;
};

static void money_write(struct json_writer *w, const char *key, bool present, struct money m)
{
    struct buf b;
    buf_init(&b, 64);
    money_format(&b, m, HISTORY_DECIMALS);
    json_w_kstr(w, key, present ? buf_view(&b) : STR_ABSENT);
    buf_clear(&b);
}

struct items {
    struct json_writer *w;
    int64_t count;
};

static enum err item_write(void *arg, const struct history_item *item)
{
    struct items *items = arg;
    struct json_writer *w = items->w;
    char at[20];
    dhaka_time_format(item->created_at, at);
    json_w_open(w, '{');
    json_w_kcstr(w, "created_at", at);
    json_w_kint(w, "id", item->id);
    json_w_kstr(w, "order_id", item->order_id);
    money_write(w, "amount", true, item->amount);
    money_write(w, "commission_amount", item->has_commission, item->commission);
    json_w_kstr(w, "currency", item->currency);
    json_w_kcstr(w, "status", payment_status_text(item->state));
    json_w_close(w);
    items->count++;
    return ERR_OK;
}

static void link_write(struct json_writer *w, const char *key, const char *api_url, int64_t page)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_cstr(&b, api_url);
    buf_cstr(&b, HISTORY_PATH "?page=");
    buf_int(&b, page);
    json_w_kstr(w, key, page > 0 ? buf_view(&b) : STR_ABSENT);
    buf_clear(&b);
}

static void links_write(struct json_writer *w, const char *api_url, const struct page_of *p)
{
    int64_t page = p->request.page;
    json_w_key(w, "links");
    json_w_open(w, '{');
    link_write(w, "first", api_url, 1);
    link_write(w, "last", api_url, p->last_page);
    link_write(w, "prev", api_url, page - 1 < p->last_page ? page - 1 : p->last_page);
    link_write(w, "next", api_url, page < p->last_page ? page + 1 : 0);
    json_w_close(w);
}

static void int_or_null(struct json_writer *w, const char *key, bool present, int64_t i)
{
    json_w_key(w, key);
    if (present)
        json_w_int(w, i);
    else
        json_w_null(w);
}

static void meta_write(struct json_writer *w, const char *api_url, const struct page_of *p)
{
    int64_t before = (p->request.page - 1) * p->request.per_page;
    struct buf path;
    buf_init(&path, 1024);
    buf_cstr(&path, api_url);
    buf_cstr(&path, HISTORY_PATH);
    json_w_key(w, "meta");
    json_w_open(w, '{');
    json_w_kint(w, "current_page", p->request.page);
    int_or_null(w, "from", p->count > 0, before + 1);
    json_w_kint(w, "last_page", p->last_page);
    json_w_kstr(w, "path", buf_view(&path));
    json_w_kint(w, "per_page", p->request.per_page);
    int_or_null(w, "to", p->count > 0, before + p->count);
    json_w_kint(w, "total", p->total);
    json_w_close(w);
    buf_clear(&path);
}

/* Items and total of one snapshot. */
static enum err page_read(
    struct db *db, int64_t account_id, struct page_of *p, struct json_writer *w)
{
    const struct history_request *rq = &p->request;
    struct items items = {.w = w};
    enum err e = store_history_total(db, account_id, rq->day_from, rq->day_to, &p->total);
    int64_t offset = (rq->page - 1) * rq->per_page;
    if (e == ERR_OK && offset < p->total)
        e = store_history_page(
            db, account_id, rq->day_from, rq->day_to, offset, rq->per_page, item_write, &items);
    p->count = items.count;
    p->last_page = p->total > 0 ? (p->total + rq->per_page - 1) / rq->per_page : 1;
    return e;
}

static enum err page_write(const struct api_call *c, struct page_of *p, struct buf *b)
{
    const char *api_url = c->service->config->server_api_url;
    struct json_writer w;
    struct db *db = store_reader(c->service->store);
    if (!db || store_read_begin(db) != ERR_OK)
        return ERR_STORE_IO;
    json_w_init(&w, b);
    json_w_open(&w, '{');
    json_w_key(&w, "data");
    json_w_open(&w, '[');
    enum err e = page_read(db, c->account->row.id, p, &w);
    store_read_end(db);
    if (e != ERR_OK)
        return e;
    json_w_close(&w);
    links_write(&w, api_url, p);
    meta_write(&w, api_url, p);
    json_w_close(&w);
    return ERR_OK;
}

/* The page of `?page=`; what can't be read there is handed on as it is, to be refused by name. */
static struct str query_page(struct request *rq)
{
    struct buf b;
    struct str page = STR_ABSENT;
    if (str_absent(rq->query))
        return STR_ABSENT;
    buf_init(&b, 64);
    enum err e = form_get(rq->query, STR("page"), &b);
    if (e == ERR_OK && buf_ok(&b))
        page = arena_copy(&rq->arena, buf_view(&b));
    else if (e != ERR_NO_ROW)
        page = STR("?");
    buf_clear(&b);
    return page;
}

static struct reply *history_reply(struct api_call *c)
{
    struct page_of p = {0};
    struct field_errors errors;
    struct buf b;
    field_errors_init(&errors, &c->rq->arena);
    int32_t today = dhaka_day(clock_now_ms(c->service->clock));
    if (!validate_history(c->body, query_page(c->rq), today, &p.request, &errors))
        return api_invalid(&errors);
    buf_init(&b, ANSWER_MAX);
    enum err e = page_write(c, &p, &b);
    ensure(e != ERR_OK || buf_ok(&b), "a page of a history fits");
    struct reply *r = e == ERR_OK ? reply_json(200, buf_view(&b)) : api_fault(c->rq, e);
    buf_clear(&b);
    return r;
}

struct reply *api_payment_history(struct request *rq)
{
    struct api_call c;
    struct reply *refusal = api_begin(rq, &c);
    if (refusal)
        return refusal;
    struct reply *r = history_reply(&c);
    api_end(&c);
    return r;
}
