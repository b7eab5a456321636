/* Payments: the list, what is searched for, and the same as a file. */
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_find.h"
#include "service/payment_find.h"
#include <inttypes.h>
#include <stdio.h>

/* Rows that one call looks at: some ten milliseconds. Who looks for what is rare goes on with `next`. */
#define LOOKS_MAX 5000
#define FILE_LINES 200
#define FILE_LOOKS 2000
#define TEXT_CHARS_MAX 200
#define LAST_DAY 2932896 /* 9999-12-31 */

/* ---- what is asked ---- */

/* "waiting", "review", ... as states; 0: any. */
static unsigned states_asked(struct cabinet_call *c)
{
    struct str text = cabinet_query(c, "status");
    enum payment_state state;
    if (text.n == 0)
        return 0;
    if (str_is(text, "waiting"))
        return 1U << PAYMENT_OPEN | 1U << PAYMENT_EXECUTING;
    if (payment_state_parse(text, &state) != ERR_OK) {
        cabinet_fault(c, "status", FAULT_invalid);
        return 0;
    }
    return 1U << state;
}

static unsigned wallets_asked(struct cabinet_call *c)
{
    struct str text = cabinet_query(c, "wallet");
    enum wallet_kind wallet;
    if (text.n == 0)
        return 0;
    if (wallet_kind_parse(text, &wallet) != ERR_OK) {
        cabinet_fault(c, "wallet", FAULT_invalid);
        return 0;
    }
    return 1U << wallet;
}

static struct money amount_asked(struct cabinet_call *c, const char *key)
{
    struct str text = cabinet_query(c, key);
    struct money m = MONEY_ZERO;
    if (text.n > 0 && money_parse_wallet(text, &m) != ERR_OK)
        cabinet_fault(c, key, FAULT_invalid);
    return m;
}

static bool place_asked(struct cabinet_call *c, struct payment_place *ret)
{
    struct str text = cabinet_query(c, "after");
    if (text.n == 0)
        return false;
    size_t dot = str_find(text, '.', 0);
    if (int64_parse(str_sub(text, 0, dot), &ret->day) != ERR_OK || dot == text.n ||
        int64_parse(str_sub(text, dot + 1, text.n), &ret->id) != ERR_OK || ret->day < 0 ||
        ret->day > LAST_DAY || ret->id < 0)
        cabinet_fault(c, "after", FAULT_invalid);
    return true;
}

static enum err filter_asked(
    struct cabinet_call *c, struct cabinet_accounts *accounts, struct payment_filter *ret)
{
    enum err e = cabinet_accounts_asked(c, accounts);
    if (e != ERR_OK)
        return e;
    *ret = (struct payment_filter){
        .accounts = accounts->ids,
        .account_count = accounts->all ? 0 : accounts->count,
        .states = states_asked(c),
        .wallets = wallets_asked(c),
        .least = amount_asked(c, "least"),
        .most = amount_asked(c, "most"),
        .day_first = cabinet_day(c, "from", 0),
        .day_last = cabinet_day(c, "to", LAST_DAY),
    };
    if (ret->day_first > ret->day_last)
        cabinet_fault(c, "to", FAULT_out_of_range);
    return ERR_OK;
}

/* ---- the list ---- */

struct listing {
    struct json_writer *w;
    const struct cabinet_accounts *accounts;
};

static enum err item_write(void *arg, const struct search_row *r)
{
    const struct listing *l = arg;
    struct json_writer *w = l->w;
    json_w_open(w, '{');
    cabinet_w_id(w, "id", r->id);
    json_w_kstr(w, "uuid", r->uuid);
    json_w_kstr(w, "account", cabinet_account_uuid(l->accounts, r->account_id));
    json_w_kstr(w, "order_id", r->order_id);
    json_w_kcstr(w, "wallet", wallet_kind_code(r->wallet));
    json_w_kcstr(w, "state", payment_state_text(r->state));
    json_w_kstr(w, "currency", r->currency);
    cabinet_w_money(w, "amount_poisha", r->amount);
    cabinet_w_money(w, "paid_poisha", r->paid);
    cabinet_w_money(w, "commission_poisha", r->commission);
    cabinet_w_money(w, "credited_poisha", r->credited);
    cabinet_w_money(w, "refunded_poisha", r->refunded);
    json_w_kstr(w, "payer", r->payer_mask);
    json_w_kstr(w, "description", r->desc);
    cabinet_w_time(w, "created_at", r->created_at);
    cabinet_w_time(w, "final_at", r->final_at);
    json_w_close(w);
    return ERR_OK;
}

static void place_write(struct json_writer *w, bool end, struct payment_place place)
{
    char text[64];
    if (end) {
        json_w_kstr(w, "next", STR_ABSENT);
        json_w_kstr(w, "searched_to", STR_ABSENT);
        return;
    }
    snprintf(text, sizeof text, "%" PRId64 ".%" PRId64, place.day, place.id);
    json_w_kcstr(w, "next", text);
    cabinet_w_day(w, "searched_to", place.day);
}

static struct reply *named_reply(
    struct cabinet_call *c, const struct cabinet_accounts *accounts, struct str text)
{
    struct listing l = {.w = cabinet_begin(c), .accounts = accounts};
    json_w_key(l.w, "items");
    json_w_open(l.w, '[');
    enum err e =
        payment_named(c->service, c->db, accounts->ids, accounts->count, text, item_write, &l);
    json_w_close(l.w);
    place_write(l.w, true, (struct payment_place){0, 0});
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

/* A merchant without accounts has no payments: no accounts would mean all. */
static struct reply *none_reply(struct cabinet_call *c)
{
    struct json_writer *w = cabinet_begin(c);
    json_w_key(w, "items");
    json_w_open(w, '[');
    json_w_close(w);
    place_write(w, true, (struct payment_place){0, 0});
    return cabinet_done(c);
}

static struct reply *list_reply(struct cabinet_call *c, const struct cabinet_accounts *accounts,
    const struct payment_filter *filter, const struct payment_place *place)
{
    struct listing l = {.w = cabinet_begin(c), .accounts = accounts};
    struct payment_find *find = payment_find_new(filter, place);
    bool end = false;
    json_w_key(l.w, "items");
    json_w_open(l.w, '[');
    enum err e =
        payment_find_step(find, c->db, cabinet_query_limit(c), LOOKS_MAX, item_write, &l, &end);
    json_w_close(l.w);
    place_write(l.w, end, payment_find_place(find));
    payment_find_free(find);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

struct reply *cabinet_payments_get(struct cabinet_call *c)
{
    struct cabinet_accounts accounts;
    struct payment_filter filter;
    struct payment_place place = {0, 0};
    struct str text = cabinet_query(c, "q");
    enum err e = filter_asked(c, &accounts, &filter);
    if (e != ERR_OK)
        return cabinet_err(e);
    bool placed = place_asked(c, &place);
    text = str_absent(text) ? text : text_trim(text);
    if (utf8_len(text) > TEXT_CHARS_MAX)
        cabinet_fault(c, "q", FAULT_too_long);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    if (accounts.count == 0 && !accounts.all)
        return none_reply(c);
    return text.n > 0 ? named_reply(c, &accounts, text)
                      : list_reply(c, &accounts, &filter, placed ? &place : NULL);
}

/* ---- the file ---- */

struct export
{
    struct cabinet_file file;
    struct payment_find *find;
    int64_t *ids;
    char(*uuids)[UUID_LEN + 1];
    int count;
    struct csv *csv;
};

static const char *export_uuid(const struct export *x, int64_t account_id)
{
    for (int i = 0; i < x->count; i++)
        if (x->ids[i] == account_id)
            return x->uuids[i];
    return "";
}

static enum err export_line(void *arg, const struct search_row *r)
{
    struct export *x = arg;
    struct csv *csv = x->csv;
    csv_time(csv, r->created_at);
    csv_text(csv, r->order_id);
    csv_word(csv, payment_state_text(r->state));
    csv_word(csv, wallet_kind_code(r->wallet));
    csv_text(csv, r->currency);
    csv_money(csv, r->amount);
    csv_money(csv, r->paid);
    csv_money(csv, r->commission);
    csv_money(csv, r->credited);
    csv_money(csv, r->refunded);
    csv_text(csv, r->payer_mask);
    csv_text(csv, r->desc);
    csv_time(csv, r->final_at);
    csv_text(csv, r->uuid);
    csv_int(csv, r->id);
    csv_word(csv, export_uuid(x, r->account_id));
    csv_end(csv);
    return ERR_OK;
}

static enum err export_lines(struct cabinet_file *f, struct db *db, struct csv *csv, bool *ret_last)
{
    struct export *x = (struct export *)f;
    x->csv = csv;
    return payment_find_step(x->find, db, FILE_LINES, FILE_LOOKS, export_line, x, ret_last);
}

static void export_end(struct cabinet_file *f)
{
    struct export *x = (struct export *)f;
    payment_find_free(x->find);
    mem_free(x->ids);
    mem_free(x->uuids);
}

static struct export *export_new(
    struct cabinet_call *c, const struct cabinet_accounts *accounts, struct payment_filter *filter)
{
    static const char *const head[] = {"created", "order_id", "state", "wallet", "currency",
        "amount", "paid", "fee", "credited", "refunded", "payer", "description", "ended", "uuid",
        "id", "account", NULL};
    struct export *x = mem_alloc(sizeof *x);
    x->file = (struct cabinet_file){
        .service = c->service, .lines = export_lines, .end = export_end, .head = head};
    x->count = accounts->count;
    x->ids = mem_array((size_t)x->count + 1, sizeof *x->ids);
    x->uuids = mem_array((size_t)x->count + 1, sizeof *x->uuids);
    for (int i = 0; i < x->count; i++) {
        x->ids[i] = accounts->ids[i];
        snprintf(x->uuids[i], sizeof x->uuids[i], "%.*s", STR_FMT(accounts->uuids[i]));
    }
    filter->accounts = x->ids;
    x->find = payment_find_new(filter, NULL);
    return x;
}

struct reply *cabinet_payments_export_get(struct cabinet_call *c)
{
    struct cabinet_accounts accounts;
    struct payment_filter filter;
    char name[64], day[11];
    enum err e = filter_asked(c, &accounts, &filter);
    if (e != ERR_OK)
        return cabinet_err(e);
    if (accounts.count == 0 && !accounts.all)
        return cabinet_error(CABINET_not_found);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    struct export *x = export_new(c, &accounts, &filter);
    dhaka_day_format(dhaka_day(c->now), day);
    snprintf(name, sizeof name, "payments-%s.csv", day);
    return cabinet_file_reply(&x->file, name);
}
