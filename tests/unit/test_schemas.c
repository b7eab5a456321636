/* From every released schema up to the present one, with data, on both engines (tests/schemas). And from the present one a step
 * further, in the same way. */
#include "every_row.h"

#include "store/migrate.h"
#include "store/move_copy.h"
#include <dirent.h>
#include <spawn.h>

#define VERSIONS_MAX 64
#define DUMP_MAX ((size_t)256 << 20)

extern char **environ;

static const char EXPAND[] =
    "ALTER TABLE merchant ADD COLUMN alias TEXT; UPDATE merchant SET alias = name";

/* Both engines' versions, side by side. */
struct chain {
    struct migration lite[VERSIONS_MAX], pg[VERSIONS_MAX];
    int64_t count;
};

struct test {
    struct fixture *f; /* its store is the one of PostgreSQL */
    struct arena texts;
    char old[160], fresh[160], dump[160];
    struct chain chain;
};

static void chain_init(struct chain *c)
{
    *c = (struct chain){.count = 0};
    for (; migrations_sqlite[c->count].version; c->count++) {
        c->lite[c->count] = migrations_sqlite[c->count];
        c->pg[c->count] = migrations_pg[c->count];
        assert_int_equal(c->lite[c->count].version, c->pg[c->count].version);
        assert_int_equal(c->lite[c->count].program_min, c->pg[c->count].program_min);
    }
}

static void chain_expand(struct chain *c)
{
    struct migration m = {c->count + 1, c->count, EXPAND};
    c->lite[c->count] = c->pg[c->count] = m;
    c->count++;
}

static struct db_engine engine_of(bool pg, const struct migration *list)
{
    struct db_engine g = pg ? db_pg_engine : db_sqlite_engine;
    g.migrations = list;
    return g;
}

/* Makes a store, or brings one up. */
static void bring_up(
    struct test *t, const char *path, bool pg, const struct migration *list, bool create)
{
    struct buf why;
    struct store *s;
    struct db_engine g = engine_of(pg, list);
    struct store_options o = fixture_options(t->f);
    o.path = path;
    o.create = create;
    buf_init(&why, 1000);
    if (store_open_on(&g, &o, &why, &s) != ERR_OK)
        fail_msg("%s", why.p);
    store_close(s);
    buf_clear(&why);
}

static struct db *look(const char *path, bool pg)
{
    struct db *db;
    struct buf why;
    const struct db_engine *g = pg ? &db_pg_engine : &db_sqlite_engine;
    buf_init(&why, 1000);
    if (g->open(g, &(struct db_open){.path = path, .reading = true}, &why, &db) != ERR_OK)
        fail_msg("%s", why.p);
    buf_clear(&why);
    return db;
}

/* ---- what must stay ---- */

static struct shape *shape_of(const char *path)
{
    struct buf why;
    struct shape *s = mem_alloc(sizeof *s);
    struct db *db = look(path, false);
    buf_init(&why, 1000);
    ok(db_ops_of(db)->shape(db_conn_of(db), &why, s));
    db_close(db);
    buf_clear(&why);
    return s;
}

static bool has_column(const struct shape_table *t, const char *name)
{
    for (int i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return true;
    return false;
}

/* Drops of `s` what `later` does not have any more, and the list of the schema's own versions. */
static void shape_keep(struct shape *s, struct shape *later)
{
    int tables = 0;
    for (int i = 0; i < s->table_count; i++) {
        struct shape_table *t = &s->tables[i], *now = shape_table_find(later, t->name);
        int columns = 0;
        if (!now || strcmp(t->name, "schema_version") == 0)
            continue;
        for (int k = 0; k < t->column_count; k++)
            if (has_column(now, t->columns[k].name))
                t->columns[columns++] = t->columns[k];
        t->column_count = columns;
        s->tables[tables++] = *t;
    }
    s->table_count = tables;
}

static void digest_row(struct digest *d, struct str row)
{
    uint8_t both[2 * SHA256_LEN];
    memcpy(both, d->sum, SHA256_LEN);
    sha256(row.p, row.n, both + SHA256_LEN);
    sha256(both, sizeof both, d->sum);
    d->rows++;
}

static struct digest table_digest(struct test *t, struct db *db, const struct shape_table *table)
{
    struct digest d = {.rows = 0};
    struct buf text, row;
    buf_init(&text, 8192);
    buf_init(&row, 1 << 24);
    buf_cstr(&text, "SELECT ");
    shape_columns_add(table, &text);
    buf_printf(&text, " FROM %s ORDER BY ", table->name);
    shape_key_add(table, &text);
    struct db_stmt *st = query(&t->texts, db, text.p);
    enum err e;
    while ((e = db_step(st)) == ERR_OK) {
        buf_reset(&row);
        shape_row_add(table, st, &row);
        digest_row(&d, buf_view(&row));
    }
    assert_int_equal(e, ERR_NO_ROW);
    db_end(st);
    buf_clear(&text);
    buf_clear(&row);
    return d;
}

static void digests(
    struct test *t, const char *path, bool pg, const struct shape *s, struct digest *ret)
{
    struct db *db = look(path, pg);
    for (int i = 0; i < s->table_count; i++)
        ret[i] = table_digest(t, db, &s->tables[i]);
    db_close(db);
}

static void same(const struct shape *s, const struct digest *a, const struct digest *b)
{
    for (int i = 0; i < s->table_count; i++)
        if (a[i].rows != b[i].rows || memcmp(a[i].sum, b[i].sum, SHA256_LEN) != 0)
            fail_msg("table %s is not what it was: %lld rows, then %lld", s->tables[i].name,
                (long long)a[i].rows, (long long)b[i].rows);
}

/* ---- the way up ---- */

/* PostgreSQL's store of the old schema: made by its versions up to then, and filled from the file. */
static void old_on_pg(struct test *t, int64_t n)
{
    struct db *from = look(t->old, false), *to;
    struct move_copy *copy = mem_alloc(sizeof *copy);
    struct migration list[VERSIONS_MAX] = {{0}};
    struct buf why;
    memcpy(list, t->chain.pg, (size_t)n * sizeof list[0]);
    buf_init(&why, 1000);
    ok(db_pg_engine.open(
        &db_pg_engine, &(struct db_open){.path = t->f->path, .create = true}, &why, &to));
    ok(db_begin(to, DB_BEGIN_WRITE));
    ok(db_ops_of(to)->bulk->prepare(db_conn_of(to)));
    ok(migrate_create(to, list, T0));
    ok(db_begin(from, DB_BEGIN_READ));
    ok(move_copy_init(copy, from, to, &why));
    if (move_copy_run(copy, &why) != ERR_OK)
        fail_msg("%s", why.p);
    ok(db_commit(to));
    db_rollback(from);
    db_close(to);
    db_close(from);
    move_copy_clear(copy);
    mem_free(copy);
    buf_clear(&why);
}

/* The file `old` is of schema `n`. */
static void goes_up(struct test *t, int64_t n)
{
    static struct digest before[SHAPE_TABLES_MAX], after[SHAPE_TABLES_MAX];
    bring_up(t, t->fresh, false, t->chain.lite, true);
    struct shape *s = shape_of(t->old), *now = shape_of(t->fresh);
    shape_keep(s, now);
    assert_true(s->table_count > 0);
    digests(t, t->old, false, s, before);
    if (test_store_is_pg()) {
        old_on_pg(t, n);
        bring_up(t, t->f->path, true, t->chain.pg, false);
        digests(t, t->f->path, true, s, after);
        same(s, before, after);
    }
    bring_up(t, t->old, false, t->chain.lite, false);
    digests(t, t->old, false, s, after);
    same(s, before, after);
    mem_free(s);
    mem_free(now);
}

/* ---- dumps ---- */

static void run_program(char *const argv[])
{
    pid_t pid;
    int status;
    assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void dump_make(struct test *t)
{
    char command[512];
    snprintf(
        command, sizeof command, "%s/tools/schema-dump %s > %s", KASSA_SOURCE, t->old, t->dump);
    char sh[] = "sh", c[] = "-c";
    run_program((char *[]){sh, c, command, NULL});
}

static void file_remove(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < array_len(ends); i++) {
        char text[200];
        snprintf(text, sizeof text, "%s%s", path, ends[i]);
        unlink(text);
    }
}

static void dump_load(struct test *t, const char *path)
{
    struct buf text, why;
    struct db *db;
    file_remove(t->old);
    buf_init(&text, DUMP_MAX);
    buf_init(&why, 1000);
    ok(buf_read_file(&text, path));
    ok(db_sqlite_engine.open(
        &db_sqlite_engine, &(struct db_open){.path = t->old, .create = true}, &why, &db));
    ok(db_script(db, text.p));
    db_close(db);
    buf_clear(&text);
    buf_clear(&why);
}

static void definitions(struct test *t, const char *path, struct buf *ret)
{
    struct db *db = look(path, false);
    struct db_stmt *st = query(&t->texts, db,
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name");
    enum err e;
    while ((e = db_step(st)) == ERR_OK) {
        buf_str(ret, db_col_str(st, "sql"));
        buf_char(ret, '\n');
    }
    assert_int_equal(e, ERR_NO_ROW);
    db_end(st);
    db_close(db);
}

/* The versions of the program, up to `n`, still make what was released as `n`. */
static void released_is_unchanged(struct test *t, int64_t n)
{
    struct migration list[VERSIONS_MAX] = {{0}};
    struct buf released, made;
    buf_init(&released, 1 << 20);
    buf_init(&made, 1 << 20);
    memcpy(list, t->chain.lite, (size_t)n * sizeof list[0]);
    bring_up(t, t->fresh, false, list, true);
    definitions(t, t->old, &released);
    definitions(t, t->fresh, &made);
    assert_string_equal(made.p, released.p);
    file_remove(t->fresh);
    buf_clear(&released);
    buf_clear(&made);
}

/* ---- tests ---- */

static int test_setup(void **state)
{
    struct test *t = mem_alloc(sizeof *t);
    t->f = fixture_new();
    arena_init(&t->texts, 4 << 20);
    snprintf(t->old, sizeof t->old, "%s/old.db", t->f->dir);
    snprintf(t->fresh, sizeof t->fresh, "%s/fresh.db", t->f->dir);
    snprintf(t->dump, sizeof t->dump, "%s/dump.sql", t->f->dir);
    chain_init(&t->chain);
    *state = t;
    return 0;
}

static int test_teardown(void **state)
{
    struct test *t = *state;
    void *f = t->f;
    file_remove(t->old);
    file_remove(t->fresh);
    unlink(t->dump);
    arena_clear(&t->texts);
    mem_free(t);
    return fixture_teardown(&f);
}

/* Those of them that there are, from 1 on without a gap. */
static int64_t released(int64_t *ret_last)
{
    int64_t count = 0, last = 0;
    DIR *dir = opendir(KASSA_SOURCE "/tests/schemas");
    assert_non_null(dir);
    for (struct dirent *d; (d = readdir(dir));) {
        char *end;
        int64_t n = strtoll(d->d_name, &end, 10);
        if (strcmp(end, ".sql") != 0 || end == d->d_name)
            continue;
        count++;
        last = n > last ? n : last;
    }
    closedir(dir);
    *ret_last = last;
    return count;
}

static void T47_every_released_schema_goes_up_with_its_data(void **state)
{
    struct test *t = *state;
    int64_t last, count = released(&last);
    assert_int_equal(count, last);
    for (int64_t n = 1; n <= last; n++) {
        char path[300];
        void *each;
        snprintf(path, sizeof path, "%s/tests/schemas/%04d.sql", KASSA_SOURCE, (int)n);
        test_setup(&each);
        dump_load(each, path);
        released_is_unchanged(each, n);
        goes_up(each, n);
        test_teardown(&each);
    }
    (void)t;
}

static void T47_the_present_schema_goes_a_step_further_with_a_row_in_every_table(void **state)
{
    struct test *t = *state;
    int64_t own = t->chain.count;
    struct store *s;
    struct buf why;
    struct store_options o = fixture_options(t->f);
    o.path = t->old;
    buf_init(&why, 1000);
    ok(store_open_on(&db_sqlite_engine, &o, &why, &s));
    ok(run(s, rows_make, &t->texts));
    store_close(s);
    buf_clear(&why);
    dump_make(t);
    dump_load(t, t->dump);
    released_is_unchanged(t, own);
    chain_expand(&t->chain);
    goes_up(t, own);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)
    const struct CMUnitTest tests[] = {
        WITH(T47_every_released_schema_goes_up_with_its_data),
        WITH(T47_the_present_schema_goes_a_step_further_with_a_row_in_every_table),
    };
    return cmocka_run_group_tests_name("schemas", tests, NULL, NULL);
}
