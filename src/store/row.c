#include "store/row.h"

static void row_fail(struct row *r, enum err e)
{
    if (r->err == ERR_OK)
        r->err = e;
}

void row_check(struct row *r, enum err e)
{
    if (e != ERR_OK)
        row_fail(r, ERR_STORE_IO);
}

int64_t row_int(struct row *r, const char *name)
{
    return db_col_int(r->st, name);
}

bool row_bool(struct row *r, const char *name)
{
    return db_col_int(r->st, name) != 0;
}

struct money row_money(struct row *r, const char *name)
{
    return money_poisha(db_col_int(r->st, name));
}

static struct str row_keep(struct row *r, struct str s)
{
    if (!r->arena || str_absent(s))
        return s;
    struct str kept = arena_copy(r->arena, s);
    if (str_absent(kept))
        row_fail(r, ERR_LIMIT);
    return kept;
}

struct str row_str(struct row *r, const char *name)
{
    return row_keep(r, db_col_str(r->st, name));
}

void row_uuid_raw(struct row *r, const char *name, uint8_t ret[16])
{
    struct str raw = db_col_str(r->st, name);
    if (raw.n == 16)
        memcpy(ret, raw.p, 16);
    else
        row_fail(r, ERR_STORE_IO);
}

struct str row_uuid(struct row *r, const char *name)
{
    uint8_t raw[16] = {0};
    row_uuid_raw(r, name, raw);
    uuid_format(raw, r->uuid);
    return row_keep(r, (struct str){r->uuid, UUID_LEN});
}

enum wallet_kind row_wallet(struct row *r, const char *name)
{
    enum wallet_kind w = WALLET_BKASH;
    row_check(r, wallet_kind_parse(db_col_str(r->st, name), &w));
    return w;
}

enum err row_one_int(struct db_stmt *st, const char *name, int64_t *ret)
{
    enum err e = db_step(st);
    if (e == ERR_OK)
        *ret = db_col_int(st, name);
    db_end(st);
    return e;
}

enum err row_one_int_or_none(struct db_stmt *st, const char *name, int64_t *ret)
{
    enum err e = db_step(st);
    if (e == ERR_OK && str_absent(db_col_str(st, name)))
        e = ERR_NO_ROW;
    if (e == ERR_OK)
        *ret = db_col_int(st, name);
    db_end(st);
    return e;
}

enum err row_ids(struct db_stmt *st, int64_t *ret_ids, int max, int *ret_count)
{
    int n = 0;
    enum err e = db_step(st);
    for (; e == ERR_OK; e = db_step(st))
        if (n < max)
            ret_ids[n++] = db_col_int(st, "id");
    db_end(st);
    if (e != ERR_NO_ROW)
        return e;
    *ret_count = n;
    return ERR_OK;
}

bool row_bind_uuid(struct db_stmt *st, int k, struct str uuid, uint8_t raw[16])
{
    if (uuid_parse(uuid, raw) != ERR_OK)
        return false;
    db_blob(st, k, (struct str){(const char *)raw, 16});
    return true;
}
