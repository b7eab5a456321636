/* A store's way from its SQLite file to a PostgreSQL database, with the books added up on both sides before anything counts. */
#include "store/move.h"
#include "app/audit/audit.h"
#include "app/cli/cli.h"
#include "app/preflight.h"
#include "base/mem.h"
#include "base/store_path.h"
#include "store/store_ledger.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KINDS LEDGER_KIND_COUNT

/* One side's books. */
struct side {
    struct db *db;
    struct audit_result audit;
    struct buf balances; /* each ledger account's, in the order of reading */
    struct {
        int64_t accounts, sum;
    } kinds[KINDS];
};

static int refused(const char *what, const struct buf *why, enum err e)
{
    return why->n ? cli_fail("%s: %s", what, why->p) : cli_fail_err(what, e);
}

/* The database may be shown to anybody, its password not. */
static void out_target(struct cli *c, const char *to)
{
    struct buf b;
    buf_init(&b, 65536);
    store_path_show(&b, to);
    json_w_kstr(&c->w, "to", buf_view(&b));
    buf_clear(&b);
}

/* ---- the books on both sides ---- */

static enum err balance_add(void *arg, const struct balance_item *b)
{
    struct side *s = arg;
    int64_t poisha = b->balance.poisha, *sum = &s->kinds[b->kind].sum;
    buf_printf(&s->balances, "%d %" PRId64 " %" PRId64 "\n", (int)b->kind, b->owner, poisha);
    s->kinds[b->kind].accounts++;
    return __builtin_add_overflow(*sum, poisha, sum) ? ERR_RANGE : ERR_OK;
}

static void fault_ignore(void *arg, const struct audit_fault *f)
{
    (void)arg;
    (void)f;
}

static enum err side_read(struct side *s, struct links *links)
{
    struct audit_options o = {
        .db = s->db, .links = links, .window = AUDIT_WINDOW, .fault = fault_ignore};
    enum err e = audit_books(&o, &s->audit);
    return e == ERR_OK ? store_balance_each(s->db, balance_add, s) : e;
}

static bool sides_same(const struct side *a, const struct side *b)
{
    const struct audit_result *x = &a->audit, *y = &b->audit;
    return x->faults == y->faults && x->payments == y->payments && x->credits == y->credits &&
           x->refunds == y->refunds && x->entries == y->entries && x->postings == y->postings &&
           x->notifications == y->notifications && x->changes == y->changes &&
           strcmp(x->chain_head, y->chain_head) == 0 && buf_ok(&a->balances) &&
           buf_ok(&b->balances) && a->balances.n == b->balances.n &&
           memcmp(a->balances.p ? a->balances.p : "", b->balances.p ? b->balances.p : "",
               a->balances.n) == 0;
}

static void out_table(void *arg, const struct store_move_table *t)
{
    struct cli *c = arg;
    if (t->rows == 0)
        return;
    cli_out_item(c);
    json_w_kcstr(&c->w, "table", t->name);
    json_w_kint(&c->w, "here", t->rows);
    json_w_kint(&c->w, "there", t->rows);
    json_w_kcstr(&c->w, "digest_of_both", t->digest);
    cli_out_close(c);
}

static void out_count(struct cli *c, const char *what, int64_t here, int64_t there)
{
    cli_out_item(c);
    json_w_kcstr(&c->w, "audit", what);
    json_w_kint(&c->w, "here", here);
    json_w_kint(&c->w, "there", there);
    cli_out_close(c);
}

static void out_audit(struct cli *c, const struct audit_result *x, const struct audit_result *y)
{
    cli_out_list(c, "audit");
    out_count(c, "payments", x->payments, y->payments);
    out_count(c, "credits", x->credits, y->credits);
    out_count(c, "refunds", x->refunds, y->refunds);
    out_count(c, "ledger entries", x->entries, y->entries);
    out_count(c, "postings", x->postings, y->postings);
    out_count(c, "notifications", x->notifications, y->notifications);
    out_count(c, "changes", x->changes, y->changes);
    out_count(c, "faults", x->faults, y->faults);
    cli_out_close(c);
}

static void out_ledger(struct cli *c, const struct side *a, const struct side *b)
{
    cli_out_list(c, "ledger");
    for (int k = 0; k < KINDS; k++) {
        if (a->kinds[k].accounts == 0 && b->kinds[k].accounts == 0)
            continue;
        cli_out_item(c);
        json_w_kcstr(&c->w, "kind", ledger_kind_text((enum ledger_kind)k));
        json_w_kint(&c->w, "accounts", a->kinds[k].accounts);
        cli_out_money(c, "here", money_poisha(a->kinds[k].sum));
        cli_out_money(c, "there", money_poisha(b->kinds[k].sum));
        cli_out_close(c);
    }
    cli_out_close(c);
}

static int compare(struct cli *c, struct store_move *m, struct links *links)
{
    struct side here = {.db = store_move_from(m)}, there = {.db = store_move_to(m)};
    buf_init(&here.balances, SIZE_MAX / 4);
    buf_init(&there.balances, SIZE_MAX / 4);
    int code = CLI_OK;
    enum err e = side_read(&here, links);
    if (e == ERR_OK)
        e = side_read(&there, links);
    if (e != ERR_OK) {
        code = cli_fail_err("the books can't be read to their end", e);
    } else {
        cli_out_list(c, "tables");
        store_move_each(m, out_table, c);
        cli_out_close(c);
        out_ledger(c, &here, &there);
        out_audit(c, &here.audit, &there.audit);
        json_w_kcstr(&c->w, "chain_head", there.audit.chain_head);
        if (!sides_same(&here, &there))
            code = cli_fail("the books are not the same on both sides: nothing was moved");
        else if (here.audit.faults > 0)
            cli_warn("the books have %" PRId64 " faults, on both sides: see \"kassa audit\"",
                here.audit.faults);
    }
    buf_clear(&here.balances);
    buf_clear(&there.balances);
    return code;
}

/* ---- the commands ---- */

static int finish(struct cli *c, struct store_move *m, struct buf *why)
{
    bool made = store_move_was_made(m);
    enum err e = store_move_finish(m, why);
    if (e != ERR_OK)
        return refused("move", why, e);
    json_w_kbool(&c->w, "moved", true);
    if (made)
        cli_note(
            c, "\nAn earlier run had copied all and was cut off; now the file is marked, too.");
    cli_note(c,
        "\nThe books are in the database now. Name it in %s, [store] path, and start kassad.\n"
        "%s is refused from now on: keep it until the database has its backups. %s stays\n"
        "where it is: each machine that runs kassad needs it.",
        c->config_path, c->config.store_path, c->config.security_secret_key_file);
    return CLI_OK;
}

static int copy(struct cli *c, const char *to, struct links *links)
{
    struct store_move_options o = {.from = c->config.store_path, .to = to, .clock = &c->clock};
    struct store_move *m = NULL;
    struct buf why;
    buf_init(&why, 65536);
    enum err e = store_move_begin(&o, &why, &m);
    int code = e == ERR_OK ? CLI_OK : refused("move", &why, e);
    if (code == CLI_OK) {
        json_w_kcstr(&c->w, "from", c->config.store_path);
        out_target(c, to);
        code = store_move_was_made(m) ? CLI_OK : compare(c, m, links);
        if (code == CLI_OK)
            code = finish(c, m, &why);
        else
            store_move_drop(m);
    }
    buf_clear(&why);
    return code;
}

static int move(struct cli *c, const char *to)
{
    struct keyring *keys = NULL;
    struct buf why;
    buf_init(&why, 65536);
    enum err e = keyring_load(c->config.security_secret_key_file, &why, &keys);
    int code = e == ERR_OK ? CLI_OK : refused("secret key file", &why, e);
    buf_clear(&why);
    if (code == CLI_OK) {
        struct links *links = links_new(keys);
        code = copy(c, to, links);
        links_free(links);
        keyring_free(keys);
    }
    return code;
}

static int undo(struct cli *c, const char *to)
{
    struct store_move_options o = {.from = c->config.store_path, .to = to, .clock = &c->clock};
    struct buf why;
    buf_init(&why, 65536);
    enum err e = store_move_undo(&o, &why);
    int code = e == ERR_OK ? CLI_OK : refused("move", &why, e);
    buf_clear(&why);
    if (code == CLI_OK) {
        json_w_kcstr(&c->w, "store", c->config.store_path);
        json_w_kbool(&c->w, "moved", false);
        cli_note(c, "\nThe file is the store again.%s",
            to ? " The database is refused from now on." : "");
    }
    return code;
}

static int locked(struct cli *c, const char *to)
{
    struct preflight lock = {.lock_fd = -1};
    struct buf why;
    buf_init(&why, 65536);
    int code = CLI_OK;
    if (preflight_lock(&c->config, &lock, &why) != ERR_OK)
        code = cli_fail("%.*s; stop it first", (int)(why.n ? why.n - 1 : 0), why.n ? why.p : "");
    buf_clear(&why);
    if (code == CLI_OK)
        code = cli_has(c, "undo") ? undo(c, to) : move(c, to);
    preflight_clear(&lock);
    return code;
}

static int move_run(struct cli *c)
{
    const char *to = cli_get(c, "to");
    bool gone = cli_has(c, "database-gone");
    if (gone && (to || !cli_has(c, "undo")))
        return cli_usage(c, "--database-gone goes with --undo, and without --to");
    if (!to && !gone)
        return cli_usage(c, "say --to which database");
    if (to && store_path_check(to) != ERR_OK)
        return cli_usage(c, "--to: must be postgresql://user@host:port/database");
    if (cli_config_open(c) != CLI_OK)
        return CLI_FAILED;
    if (store_path_is_server(c->config.store_path))
        return cli_fail("[store] path names a database already: only a SQLite file is moved");
    return locked(c, to);
}

static const struct cli_option move_options[] = {
    {.name = "to", .arg = "ADDRESS", .help = "postgresql://user@host:port/database, an empty one"},
    {.name = "undo", .help = "the way back, as long as the database was not used"},
    {.name = "database-gone", .help = "with --undo: there is no such database any more"},
    {.name = NULL},
};

const struct cli_command cli_move_commands[] = {
    {.noun = "move",
        .need = CLI_NEEDS_NOTHING,
        .options = move_options,
        .run = move_run,
        .help = "copies the store from its SQLite file to a PostgreSQL database",
        .more =
            "kassad must not run. All tables are copied in one transaction of the database, read\n"
            "back and compared, and the books added up on both sides; then the file is marked, "
            "and\n"
            "every program refuses it. Cut off at any moment, the same command goes on or starts\n"
            "anew. A password belongs into ~/.pgpass, not into ADDRESS, which others may see."},
    {.noun = NULL},
};
