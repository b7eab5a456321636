#include "service/overview.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/store_ledger.h"

/* Read at once beside the writer: a few milliseconds. */
#define COUNT_IDS_MAX 4096
/* In one call: more than a machine creates between two of them. */
#define COUNT_ROUNDS_MAX 8

struct counting {
    struct store_unit unit;
    int64_t from, to;
    bool moved;
    struct stat_row *rows;
    size_t n, room;
};

static enum err row_keep(void *arg, const struct stat_row *r)
{
    struct counting *c = arg;
    if (c->n == c->room) {
        c->room = c->room ? c->room * 2 : 16;
        c->rows = mem_realloc(c->rows, c->room * sizeof *c->rows);
    }
    c->rows[c->n++] = *r;
    return ERR_OK;
}

static enum err count_run(struct store_unit *u, struct tx *tx)
{
    struct counting *c = unit_owner(u, struct counting, unit);
    c->moved = false;
    enum err e = store_stat_mark(tx, c->from, c->to, &c->moved);
    for (size_t i = 0; e == ERR_OK && c->moved && i < c->n; i++)
        store_stat_add(tx, &c->rows[i]);
    return e;
}

enum counted {
    COUNTED_ALL,
    COUNTED_SOME, /* there may be more */
    COUNTED_LESS, /* somebody else counted meanwhile, perhaps not as far */
};

static enum counted count_some(struct service *s, struct db *db)
{
    struct counting c = {.unit = {.run = count_run}};
    enum err e = store_stat_behind(db, COUNT_IDS_MAX, row_keep, &c, &c.from, &c.to);
    bool some = e == ERR_OK && c.to > c.from;
    if (some)
        e = store_run(s->store, &c.unit);
    if (e != ERR_OK && e != ERR_BUSY && e != ERR_STOPPING && e != ERR_STORE_BUSY)
        log_warn("payments_not_counted", LOG_ERR(e));
    mem_free(c.rows);
    if (!some || e != ERR_OK)
        return COUNTED_ALL;
    return !c.moved ? COUNTED_LESS : c.to - c.from == COUNT_IDS_MAX ? COUNTED_SOME : COUNTED_ALL;
}

void overview_count(struct service *s, struct db *db)
{
    for (int i = 0; i < COUNT_ROUNDS_MAX && count_some(s, db) != COUNTED_ALL; i++) {
    }
}

static void sums_add(struct overview_sums *to, const int64_t v[STAT_FIELDS])
{
    for (int k = 0; k < STAT_FIELDS; k++)
        to->v[k] += v[k];
}

static enum err day_see(void *arg, const struct stat_row *r)
{
    struct overview *o = arg;
    sums_add(&o->total, r->v);
    sums_add(&o->wallets[r->wallet], r->v);
    sums_add(&o->days[r->day - o->day_from], r->v);
    return ERR_OK;
}

static enum err account_ledger(struct db *db, int64_t account_id, struct overview *o)
{
    struct money payable = MONEY_ZERO, suspense = MONEY_ZERO, refunds = MONEY_ZERO;
    enum err e = store_ledger_balance(db, LEDGER_MERCHANT_PAYABLE, account_id, &payable);
    e = e == ERR_OK ? store_ledger_balance(db, LEDGER_SUSPENSE, account_id, &suspense) : e;
    e = e == ERR_OK ? store_ledger_balance(db, LEDGER_REFUNDS, account_id, &refunds) : e;
    o->balance = money_sub(o->balance, payable);
    o->suspense = money_sub(o->suspense, suspense);
    o->refunding = money_sub(o->refunding, refunds);
    return e;
}

static enum err account_add(struct db *db, int64_t account_id, struct overview *o)
{
    struct stat_row sum;
    enum err e = store_stat_each(db, account_id, o->day_from, o->day_to, day_see, o);
    e = e == ERR_OK ? store_stat_sum(db, account_id, &sum) : e;
    if (e != ERR_OK)
        return e;
    int64_t ended = sum.v[STAT_PAID] + sum.v[STAT_CANCELLED] + sum.v[STAT_FAILED];
    o->open_count += sum.v[STAT_CREATED] - ended;
    o->open = money_add(o->open, money_poisha(sum.v[STAT_ASKED] - sum.v[STAT_ENDED]));
    o->review_count += sum.v[STAT_REVIEW];
    return account_ledger(db, account_id, o);
}

enum err overview_load(struct service *s, struct db *db, const int64_t *accounts, int count,
    int32_t day_from, int32_t day_to, struct overview *ret)
{
    if (day_to < day_from || day_to - day_from >= OVERVIEW_DAYS_MAX)
        return ERR_RANGE;
    /* Settle counts the rest. Whoever has just created sees it here, also when settle counts at the same time. */
    for (int i = 0; i < COUNT_ROUNDS_MAX && count_some(s, db) == COUNTED_LESS; i++) {
    }
    *ret = (struct overview){.day_from = day_from, .day_to = day_to};
    enum err e = store_read_begin(db);
    if (e != ERR_OK)
        return e;
    for (int i = 0; i < count && e == ERR_OK; i++)
        e = account_add(db, accounts[i], ret);
    store_read_end(db);
    /* What ended may not be counted as created yet. */
    if (ret->open_count < 0 || ret->open.poisha < 0) {
        ret->open_count = 0;
        ret->open = MONEY_ZERO;
    }
    return e;
}
