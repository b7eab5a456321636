#include "http/cabinet_find.h"

#include "base/mem.h"
#include "base/text.h"
#include <stdatomic.h>
#include <stdio.h>

/* Each takes a turn of one thread; more would only be slower. */
#define FILES_MAX 8
#define NAME_MAX_LEN 200

/* ---- accounts ---- */

struct account_load {
    struct cabinet_call *c;
    struct cabinet_accounts *ret;
    int room;
};

static enum err account_add(void *arg, const struct account_row *r)
{
    struct account_load *x = arg;
    struct cabinet_accounts *to = x->ret;
    /* One that was made between the two reads is seen the next time. */
    if (!cabinet_owns(x->c, r->merchant_id) || to->count == x->room)
        return ERR_OK;
    to->ids[to->count] = r->id;
    to->uuids[to->count] = arena_copy(x->c->arena, r->uuid);
    to->names[to->count] = arena_copy(x->c->arena, r->name);
    to->count++;
    return ERR_OK;
}

struct counting {
    struct cabinet_call *c;
    int n;
};

static enum err account_count(void *arg, const struct account_row *r)
{
    struct counting *x = arg;
    x->n += cabinet_owns(x->c, r->merchant_id);
    return ERR_OK;
}

static enum err room_make(struct cabinet_call *c, int n, struct cabinet_accounts *ret)
{
    size_t room = (size_t)(n ? n : 1);
    *ret = (struct cabinet_accounts){
        .ids = arena_alloc(c->arena, room * sizeof *ret->ids),
        .uuids = arena_alloc(c->arena, room * sizeof *ret->uuids),
        .names = arena_alloc(c->arena, room * sizeof *ret->names),
    };
    return ret->ids && ret->uuids && ret->names ? ERR_OK : ERR_LIMIT;
}

static enum err one_account(struct cabinet_call *c, struct str uuid, struct cabinet_accounts *ret)
{
    struct account_row r;
    struct account_load x = {.c = c, .ret = ret, .room = 1};
    enum err e = store_account_by_uuid(c->db, c->arena, uuid, &r);
    e = e == ERR_OK ? room_make(c, 1, ret) : e == ERR_SYNTAX ? ERR_NO_ROW : e;
    e = e == ERR_OK ? account_add(&x, &r) : e;
    return e == ERR_OK && ret->count == 0 ? ERR_NO_ROW : e;
}

enum err cabinet_accounts_asked(struct cabinet_call *c, struct cabinet_accounts *ret)
{
    struct str uuid = cabinet_query(c, "account");
    struct counting n = {.c = c};
    struct account_load x = {.c = c, .ret = ret};
    if (uuid.n > 0)
        return one_account(c, uuid, ret);
    enum err e = store_account_each(c->db, account_count, &n);
    e = e == ERR_OK ? room_make(c, n.n, ret) : e;
    if (e != ERR_OK)
        return e;
    x.room = n.n;
    ret->all = c->merchant_id == 0;
    return store_account_each(c->db, account_add, &x);
}

struct str cabinet_account_uuid(const struct cabinet_accounts *a, int64_t id)
{
    for (int i = 0; i < a->count; i++)
        if (a->ids[i] == id)
            return a->uuids[i];
    return STR_ABSENT;
}

/* ---- days, texts ---- */

int32_t cabinet_day(struct cabinet_call *c, const char *key, int32_t usual)
{
    struct str text = cabinet_query(c, key);
    int32_t day = usual;
    if (text.n > 0 && dhaka_day_parse(text, &day) != ERR_OK)
        cabinet_fault(c, key, FAULT_invalid);
    return day;
}

void cabinet_w_day(struct json_writer *w, const char *key, int64_t day)
{
    char text[11];
    dhaka_day_format((int32_t)day, text);
    json_w_kcstr(w, key, text);
}

void cabinet_w_bytes(struct json_writer *w, const char *key, struct str s, size_t max)
{
    struct buf b;
    if (str_absent(s) || utf8_valid(s)) {
        json_w_kstr(w, key, str_absent(s) ? s : utf8_prefix(s, max));
        return;
    }
    buf_init(&b, max + 1);
    for (size_t i = 0; i < s.n && i < max; i++)
        buf_char(&b, s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : s.p[i] == '\n' ? '\n' : '?');
    json_w_kstr(w, key, buf_view(&b));
    buf_clear(&b);
}

/* ---- files ---- */

static atomic_int files;

static enum err file_more(void *arg, struct buf *out, bool *ret_last)
{
    struct cabinet_file *f = arg;
    struct csv csv;
    struct db *db = store_reader(f->service->store);
    if (!db)
        return ERR_STORE_IO;
    csv_init(&csv, out);
    if (!f->begun) {
        buf_cstr(out, CSV_BOM);
        for (const char *const *name = f->head; *name; name++)
            csv_word(&csv, *name);
        csv_end(&csv);
        f->begun = true;
    }
    return f->lines(f, db, &csv, ret_last);
}

static void file_end(void *arg)
{
    struct cabinet_file *f = arg;
    f->end(f);
    mem_free(f);
    atomic_fetch_sub(&files, 1);
}

struct reply *cabinet_file_reply(struct cabinet_file *f, const char *name)
{
    char text[NAME_MAX_LEN];
    struct reply_source source = {.more = file_more, .end = file_end, .arg = f};
    if (atomic_fetch_add(&files, 1) >= FILES_MAX) {
        file_end(f);
        return cabinet_error(CABINET_busy);
    }
    int n = snprintf(text, sizeof text, "attachment; filename=\"%s\"", name);
    struct reply *r = reply_stream(200, "text/csv; charset=utf-8", &source);
    reply_header(r, "Content-Security-Policy", STR("default-src 'none'; frame-ancestors 'none'"));
    return reply_header(r, "Content-Disposition", (struct str){text, (size_t)n});
}
