/* An account's balance, its days and its statement. */
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_find.h"
#include "service/overview.h"
#include "store/store_stat.h"
#include "store/store_statement.h"
#include <stdio.h>

#define DAYS_USUAL 30
#define FILE_LINES 500

/* ---- days ---- */

static struct money day_net(const struct ledger_day_row *r)
{
    return money_sub(money_sub(r->received, r->fee), r->refunded);
}

struct days {
    struct cabinet_call *c;
    struct json_writer *w;
    struct csv *csv;
    struct money balance; /* after the days so far */
};

static enum err day_write(void *arg, const struct ledger_day_row *r)
{
    struct days *d = arg;
    struct json_writer *w = d->w;
    d->balance = money_add(d->balance, day_net(r));
    json_w_open(w, '{');
    cabinet_w_day(w, "day", r->day);
    json_w_kint(w, "entries", r->entries);
    cabinet_w_money(w, "received_poisha", r->received);
    cabinet_w_money(w, "fee_poisha", r->fee);
    cabinet_w_money(w, "refunded_poisha", r->refunded);
    cabinet_w_money(w, "net_poisha", day_net(r));
    cabinet_w_money(w, "balance_poisha", d->balance);
    json_w_close(w);
    return ERR_OK;
}

struct range {
    int32_t from, to;
};

static struct range range_asked(struct cabinet_call *c, int32_t usual)
{
    struct range r;
    r.to = cabinet_day(c, "to", dhaka_day(c->now));
    r.from = cabinet_day(c, "from", r.to - usual + 1);
    if (r.to < r.from || r.to - r.from >= OVERVIEW_DAYS_MAX)
        cabinet_fault(c, "from", FAULT_out_of_range);
    return r;
}

static enum err opening(struct cabinet_call *c, int32_t day, struct money *ret)
{
    struct ledger_day_row before;
    enum err e = store_ledger_day_before(c->db, c->account.id, day, &before);
    if (e == ERR_OK)
        *ret = day_net(&before);
    return e;
}

static enum err now_write(struct cabinet_call *c, struct json_writer *w)
{
    struct money payable, suspense, refunds;
    int64_t id = c->account.id;
    enum err e = store_ledger_balance(c->db, LEDGER_MERCHANT_PAYABLE, id, &payable);
    e = e == ERR_OK ? store_ledger_balance(c->db, LEDGER_SUSPENSE, id, &suspense) : e;
    e = e == ERR_OK ? store_ledger_balance(c->db, LEDGER_REFUNDS, id, &refunds) : e;
    if (e != ERR_OK)
        return e;
    json_w_kstr(w, "account", c->account.uuid);
    json_w_kstr(w, "account_name", c->account.name);
    json_w_kstr(w, "currency", c->account.currency);
    json_w_kint(w, "fee_bp", c->account.fee_bp);
    cabinet_w_money(w, "fee_fixed_poisha", c->account.fee_fixed);
    cabinet_w_money(w, "balance_poisha", money_neg(payable));
    cabinet_w_money(w, "suspense_poisha", money_neg(suspense));
    cabinet_w_money(w, "refunding_poisha", money_neg(refunds));
    return ERR_OK;
}

/* All of it at one moment. */
static enum err balance_write(struct cabinet_call *c, struct json_writer *w, struct range r)
{
    struct days d = {.c = c, .w = w, .balance = MONEY_ZERO};
    enum err e = now_write(c, w);
    e = e == ERR_OK ? opening(c, r.from, &d.balance) : e;
    if (e != ERR_OK)
        return e;
    cabinet_w_day(w, "from", r.from);
    cabinet_w_day(w, "to", r.to);
    cabinet_w_money(w, "opening_poisha", d.balance);
    json_w_key(w, "days");
    json_w_open(w, '[');
    e = store_ledger_day_each(c->db, c->account.id, r.from, r.to, day_write, &d);
    json_w_close(w);
    cabinet_w_money(w, "closing_poisha", d.balance);
    return e;
}

struct reply *cabinet_balance_get(struct cabinet_call *c)
{
    struct range r = range_asked(c, DAYS_USUAL);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    struct json_writer *w = cabinet_begin(c);
    enum err e = store_read_begin(c->db);
    if (e == ERR_OK) {
        e = balance_write(c, w, r);
        store_read_end(c->db);
    }
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

/* ---- lines ---- */

struct lines {
    struct json_writer *w;
    int64_t limit, count, last;
    int64_t from; /* the first entry that is wanted */
    bool end;
};

static enum err line_write(void *arg, const struct statement_line *l)
{
    struct lines *x = arg;
    struct json_writer *w = x->w;
    if (l->entry_id < x->from || x->end) {
        x->end = true;
        return ERR_OK;
    }
    if (x->count == x->limit)
        return ERR_OK;
    x->count++;
    x->last = l->entry_id;
    json_w_open(w, '{');
    cabinet_w_id(w, "id", l->entry_id);
    cabinet_w_time(w, "at", l->at);
    json_w_kstr(w, "entry", l->kind);
    cabinet_w_id(w, "payment", l->payment_id);
    json_w_kstr(w, "order_id", l->order_id);
    cabinet_w_money(w, "received_poisha", l->received);
    cabinet_w_money(w, "fee_poisha", l->fee);
    cabinet_w_money(w, "refunded_poisha", l->refunded);
    cabinet_w_money(w, "suspended_poisha", l->suspended);
    cabinet_w_money(w, "net_poisha", l->net);
    json_w_key(w, "balance_poisha");
    if (l->has_balance)
        json_w_int(w, l->balance.poisha);
    else
        json_w_null(w);
    json_w_close(w);
    return ERR_OK;
}

/* Entries of the days, as ids: from the first to below the second. */
static enum err ids_asked(
    struct cabinet_call *c, struct range r, int64_t *ret_from, int64_t *ret_below)
{
    enum err e = store_statement_from(c->db, dhaka_day_start_ms(r.from), ret_from);
    return e == ERR_OK ? store_statement_from(c->db, dhaka_day_start_ms(r.to + 1), ret_below) : e;
}

struct reply *cabinet_statement_get(struct cabinet_call *c)
{
    struct range r = range_asked(c, OVERVIEW_DAYS_MAX);
    struct str after = cabinet_query(c, "after");
    struct lines x = {.limit = cabinet_query_limit(c)};
    int64_t below = 0, cursor = 0;
    if (after.n > 0 && int64_parse(after, &cursor) != ERR_OK)
        cabinet_fault(c, "after", FAULT_invalid);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = ids_asked(c, r, &x.from, &below);
    if (cursor > 0 && cursor < below)
        below = cursor;
    x.w = cabinet_begin(c);
    json_w_key(x.w, "items");
    json_w_open(x.w, '[');
    if (e == ERR_OK)
        e = store_statement_back(c->db, c->account.id, below, x.limit + 1, line_write, &x);
    json_w_close(x.w);
    cabinet_w_id(x.w, "next", !x.end && x.count == x.limit ? x.last : 0);
    return e == ERR_OK ? cabinet_done(c) : cabinet_err(e);
}

/* ---- files ---- */

struct statement_file {
    struct cabinet_file file;
    int64_t account_id;
    int64_t from, below;
    int lines;
    struct csv *csv;
};

static enum err file_line(void *arg, const struct statement_line *l)
{
    struct statement_file *f = arg;
    struct csv *csv = f->csv;
    f->lines++;
    f->from = l->entry_id + 1;
    if (l->entry_id >= f->below)
        return ERR_OK;
    csv_time(csv, l->at);
    csv_text(csv, l->kind);
    csv_text(csv, l->order_id);
    csv_money(csv, l->received);
    csv_money(csv, l->fee);
    csv_money(csv, l->refunded);
    csv_money(csv, l->suspended);
    csv_money(csv, l->net);
    if (l->has_balance)
        csv_money(csv, l->balance);
    else
        csv_word(csv, "");
    csv_int(csv, l->entry_id);
    csv_end(csv);
    return ERR_OK;
}

static enum err file_lines(
    struct cabinet_file *file, struct db *db, struct csv *csv, bool *ret_last)
{
    struct statement_file *f = (struct statement_file *)file;
    f->csv = csv;
    f->lines = 0;
    enum err e = store_statement_on(db, f->account_id, f->from, FILE_LINES, file_line, f);
    *ret_last = f->lines < FILE_LINES || f->from >= f->below;
    return e;
}

static void file_end(struct cabinet_file *f)
{
    (void)f;
}

static enum err day_line(void *arg, const struct ledger_day_row *r)
{
    struct days *d = arg;
    char text[11];
    dhaka_day_format((int32_t)r->day, text);
    d->balance = money_add(d->balance, day_net(r));
    csv_word(d->csv, text);
    csv_int(d->csv, r->entries);
    csv_money(d->csv, r->received);
    csv_money(d->csv, r->fee);
    csv_money(d->csv, r->refunded);
    csv_money(d->csv, day_net(r));
    csv_money(d->csv, d->balance);
    csv_end(d->csv);
    return ERR_OK;
}

/* At most some hundred days. */
static struct reply *days_file(struct cabinet_call *c, struct range r, const char *disposition)
{
    struct csv csv;
    struct buf b;
    struct days d = {.c = c, .csv = &csv, .balance = MONEY_ZERO};
    buf_init(&b, (size_t)1 << 20);
    csv_init(&csv, &b);
    buf_cstr(&b, CSV_BOM "day,entries,received,fee,refunded,net,balance\r\n");
    enum err e = opening(c, r.from, &d.balance);
    e = e == ERR_OK ? store_ledger_day_each(c->db, c->account.id, r.from, r.to, day_line, &d) : e;
    struct reply *reply =
        e == ERR_OK ? reply_header(reply_bytes(200, "text/csv; charset=utf-8", buf_view(&b)),
                          "Content-Disposition", str_from(disposition))
                    : cabinet_err(e);
    buf_clear(&b);
    return reply;
}

struct reply *cabinet_statement_export_get(struct cabinet_call *c)
{
    static const char *const head[] = {"at", "entry", "order_id", "received", "fee", "refunded",
        "suspended", "net", "balance", "id", NULL};
    struct range r = range_asked(c, DAYS_USUAL);
    char name[64], disposition[128], from[11], to[11];
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    bool days = str_is(cabinet_query(c, "by"), "day");
    dhaka_day_format(r.from, from);
    dhaka_day_format(r.to, to);
    snprintf(name, sizeof name, "%s-%s-%s.csv", days ? "days" : "statement", from, to);
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", name);
    if (days)
        return days_file(c, r, disposition);
    struct statement_file *f = mem_alloc(sizeof *f);
    f->file = (struct cabinet_file){
        .service = c->service, .lines = file_lines, .end = file_end, .head = head};
    f->account_id = c->account.id;
    enum err e = ids_asked(c, r, &f->from, &f->below);
    if (e != ERR_OK) {
        mem_free(f);
        return cabinet_err(e);
    }
    return cabinet_file_reply(&f->file, name);
}
