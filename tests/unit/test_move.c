/* A store's way from a SQLite file to a PostgreSQL database. All but the order of tables runs beside a server only. */
#include "store_fixture.h"

#include "store/move.h"
#include "store/shape.h"
#include <signal.h>
#include <sys/resource.h>

struct way {
    struct fixture *f;
    char file[160];
    char to[TEST_STORE_PATH_MAX]; /* a database of its own, as connections to it are counted */
    char name[32];
    struct store *s; /* the file's, while it is open */
    char why[1024];
    struct arena texts;
};

/* ---- the order of tables ---- */

static void table_put(struct shape *s, const char *name)
{
    struct shape_table *t = &s->tables[s->table_count++];
    snprintf(t->name, sizeof t->name, "%s", name);
}

static void a_table_comes_behind_those_that_it_refers_to(void **state)
{
    (void)state;
    struct shape *s = mem_alloc(sizeof *s);
    table_put(s, "child");
    table_put(s, "parent");
    table_put(s, "alone");
    table_put(s, "grandparent");
    s->tables[0].after[1] = s->tables[1].after[3] = s->tables[1].after[1] = true;
    ok(shape_sort(s));
    assert_true(shape_table_find(s, "grandparent") < shape_table_find(s, "parent"));
    assert_true(shape_table_find(s, "parent") < shape_table_find(s, "child"));
    ok(shape_sort(s)); /* what refers to what was numbered anew */
    assert_true(shape_table_find(s, "parent") < shape_table_find(s, "child"));
    int child = (int)(shape_table_find(s, "child") - s->tables);
    shape_table_find(s, "grandparent")->after[child] = true;
    assert_int_equal(shape_sort(s), ERR_STATE);
    mem_free(s);
}

/* ---- a file with a row in every table ---- */

/* A statement that is made here: its address is its key, and lives as long as the test. */
static struct db_stmt *query(struct way *w, struct db *db, const char *text)
{
    struct db_sql *sql = arena_alloc(&w->texts, sizeof *sql);
    sql->text = arena_copy(&w->texts, str_from(text)).p;
    return db_query(db, sql);
}

static int64_t number(struct way *w, struct db *db, const char *text)
{
    struct db_stmt *st = query(w, db, text);
    ok(db_step(st));
    int64_t n = db_col_int(st, "n");
    db_end(st);
    return n;
}

static int64_t count(struct way *w, struct db *db, const char *table)
{
    char text[128];
    snprintf(text, sizeof text, "SELECT COUNT(*) AS n FROM %s", table);
    return number(w, db, text);
}

/* Rows that the columns' own words do not tell: what depends on another column, and values at their limits. */
static const struct {
    const char *table, *column, *value;
} SPECIAL[] = {
    {"certificate", "private_box", "NULL"},
    {"payment", "final_at", "0"},
    {"payment", "description", "'\xE0\xA6\x9A\xE0\xA6\xBE, ''tea''\n\\. \xF0\x9F\x8D\xB5'"},
    {"payment", "customer_json", "NULL"},
    {"refund", "refund_trx_id", "NULL"},
    {"refund", "final_at", "0"},
    {"ledger_account", "balance", "-9223372036854775807"},
    {"posting", "amount", "9223372036854775807"},
    {"outbox_try", "reply", "x'00ff2c0a5c00'"},
    {"outbox_try", "error", "''"},
};

/* What a column's definition asks for: the first text that it lists, a length, a least number; else 1 and 'x', so that what refers
 * to a row refers to the only one. */
static void value_add(struct buf *b, const struct shape_table *t, int i, const char *sql)
{
    const struct shape_column *c = &t->columns[i];
    for (size_t k = 0; k < array_len(SPECIAL); k++)
        if (strcmp(SPECIAL[k].table, t->name) == 0 && strcmp(SPECIAL[k].column, c->name) == 0) {
            buf_cstr(b, SPECIAL[k].value);
            return;
        }
    char head[96];
    snprintf(head, sizeof head, "\n    %s ", c->name);
    const char *from = strstr(sql, head);
    assert_non_null(from);
    const char *to = strstr(from, ",\n    ");
    size_t n = to ? (size_t)(to - from) : strlen(from);
    const char *list = memmem(from, n, "'", 1), *length = memmem(from, n, ") = ", 4);
    const char *least = memmem(from, n, "BETWEEN ", 8);
    if (c->type == SHAPE_INT)
        buf_printf(b, "%s", least && least[8] == '1' && least[9] == '0' ? "10" : "1");
    else if (length)
        buf_printf(b, c->type == SHAPE_BLOB ? "zeroblob(%d)" : "printf('%%0%dd', 7)",
            (int)strtol(length + 4, NULL, 10));
    else if (list && c->type == SHAPE_TEXT)
        buf_printf(b, "%.*s", (int)(strchr(list + 1, '\'') - list + 1), list);
    else
        buf_cstr(b, c->type == SHAPE_BLOB ? "x'00fe'" : "'x'");
}

static void row_make(struct way *w, struct db *db, const struct shape_table *t)
{
    char text[160];
    struct buf b;
    buf_init(&b, 65536);
    snprintf(text, sizeof text, "SELECT sql FROM sqlite_schema WHERE name = '%s'", t->name);
    struct db_stmt *st = query(w, db, text);
    ok(db_step(st));
    struct str sql = arena_copy(&w->texts, db_col_str(st, "sql"));
    db_end(st);
    buf_printf(&b, "INSERT INTO %s (", t->name);
    shape_columns_add(t, &b);
    buf_cstr(&b, ") VALUES (");
    for (int i = 0; i < t->column_count; i++) {
        buf_cstr(&b, i > 0 ? ", " : "");
        value_add(&b, t, i, sql.p);
    }
    buf_cstr(&b, ")");
    if (db_script(db, b.p) != ERR_OK)
        fail_msg("table %s: what its columns say is not all that it asks for: add to SPECIAL: %s",
            t->name, b.p);
    buf_clear(&b);
}

static enum err rows_make(void *arg, struct tx *tx)
{
    struct way *w = arg;
    struct db *db = tx_db(tx);
    struct buf why;
    buf_init(&why, 1024);
    struct shape *s = mem_alloc(sizeof *s);
    ok(db_ops_of(db)->shape(db_conn_of(db), &why, s));
    ok(shape_sort(s));
    for (int i = 0; i < s->table_count; i++)
        if (count(w, db, s->tables[i].name) == 0)
            row_make(w, db, &s->tables[i]);
    mem_free(s);
    buf_clear(&why);
    return ERR_OK;
}

static enum err file_open(struct way *w, bool create)
{
    struct buf why;
    struct store_options o = fixture_options(w->f);
    buf_init(&why, 1000);
    o.path = w->file;
    o.create = create;
    enum err e = store_open_on(&db_sqlite_engine, &o, &why, &w->s);
    snprintf(w->why, sizeof w->why, "%s", why.p ? why.p : "");
    buf_clear(&why);
    return e;
}

static void file_close(struct way *w)
{
    store_close(w->s);
    w->s = NULL;
}

static enum err target_open(struct way *w)
{
    struct store_options o = fixture_options(w->f);
    o.path = w->to;
    o.create = false;
    return fixture_try_open(w->f, &o, w->why, sizeof w->why);
}

static void database_do(const struct way *w, const char *what, const char *more)
{
    char text[128];
    snprintf(text, sizeof text, "%s DATABASE %s%s", what, w->name, more);
    test_pg_run(text);
}

static int way_setup(void **state)
{
    struct way *w = mem_alloc(sizeof *w);
    const char *server = getenv("KASSA_TEST_PG"),
               *name = server ? strstr(server, "/postgres?") : NULL;
    uint32_t random;
    if (!name)
        fail_msg("KASSA_TEST_PG is not set: run this by tools/with-postgres");
    random_bytes(&random, sizeof random);
    snprintf(w->name, sizeof w->name, "move_%08x", random);
    snprintf(
        w->to, sizeof w->to, "%.*s/%s%s", (int)(name - server), server, w->name, strchr(name, '?'));
    database_do(w, "CREATE", "");
    w->f = fixture_new();
    arena_init(&w->texts, 4 << 20);
    snprintf(w->file, sizeof w->file, "%s/kassa.db", w->f->dir);
    ok(file_open(w, true));
    ok(run(w->s, rows_make, w));
    file_close(w);
    *state = w;
    return 0;
}

static int way_teardown(void **state)
{
    struct way *w = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    store_close(w->s);
    for (size_t i = 0; i < array_len(ends); i++) {
        char path[200];
        snprintf(path, sizeof path, "%s%s", w->file, ends[i]);
        unlink(path);
    }
    void *f = w->f;
    fixture_close(w->f);
    database_do(w, "DROP", " WITH (FORCE)");
    arena_clear(&w->texts);
    mem_free(w);
    return fixture_teardown(&f);
}

/* ---- moving ---- */

static enum err begin(struct way *w, struct store_move **ret)
{
    struct buf why;
    struct store_move_options o = {.from = w->file, .to = w->to, .clock = &w->f->clock};
    buf_init(&why, 1000);
    enum err e = store_move_begin(&o, &why, ret);
    snprintf(w->why, sizeof w->why, "%s", why.p ? why.p : "");
    buf_clear(&why);
    return e;
}

static enum err finish(struct way *w, struct store_move *m)
{
    struct buf why;
    buf_init(&why, 1000);
    enum err e = store_move_finish(m, &why);
    snprintf(w->why, sizeof w->why, "%s", why.p ? why.p : "");
    buf_clear(&why);
    return e;
}

static enum err undo(struct way *w, const char *to)
{
    struct buf why;
    struct store_move_options o = {.from = w->file, .to = to, .clock = &w->f->clock};
    buf_init(&why, 1000);
    enum err e = store_move_undo(&o, &why);
    snprintf(w->why, sizeof w->why, "%s", why.p ? why.p : "");
    buf_clear(&why);
    return e;
}

static void said(const struct way *w, enum err have, enum err want, const char *word)
{
    if (have != want || !strstr(w->why, word))
        fail_msg("%s, \"%s\": not \"%s\"", err_name(have), w->why, word);
}

static void moved(struct way *w)
{
    struct store_move *m;
    if (begin(w, &m) != ERR_OK)
        fail_msg("%s", w->why);
    ok(finish(w, m));
}

/* ---- what is there afterwards ---- */

/* Each row of a table, read by a query on either engine, against the other's. */
static void same_rows(struct way *w, struct db *a, struct db *b, const struct shape_table *t)
{
    struct buf text, x, y;
    buf_init(&text, 8192);
    buf_init(&x, 1 << 20);
    buf_init(&y, 1 << 20);
    buf_cstr(&text, "SELECT ");
    shape_columns_add(t, &text);
    buf_printf(&text, " FROM %s%s ORDER BY ", t->name,
        strcmp(t->name, "setting") == 0 ? " WHERE name NOT LIKE 'store_move%'" : "");
    shape_key_add(t, &text);
    struct db_stmt *p = query(w, a, text.p), *q = query(w, b, text.p);
    enum err e, g;
    int64_t rows = 0;
    for (;; rows++) {
        e = db_step(p);
        g = db_step(q);
        assert_int_equal(e, g);
        if (e != ERR_OK)
            break;
        buf_reset(&x);
        buf_reset(&y);
        shape_row_add(t, p, &x);
        shape_row_add(t, q, &y);
        if (x.n != y.n || memcmp(x.p, y.p, x.n) != 0)
            fail_msg("table %s, row %lld differs", t->name, (long long)rows);
    }
    assert_int_equal(e, ERR_NO_ROW);
    if (rows == 0)
        fail_msg("table %s is empty: nothing was tried", t->name);
    db_end(p);
    db_end(q);
    buf_clear(&text);
    buf_clear(&x);
    buf_clear(&y);
}

static void same_tables(struct way *w)
{
    struct db *a, *b;
    struct buf why;
    struct shape *s = mem_alloc(sizeof *s);
    buf_init(&why, 1000);
    ok(db_sqlite_engine.open(&db_sqlite_engine, &(struct db_open){.path = w->file}, &why, &a));
    ok(db_pg_engine.open(&db_pg_engine, &(struct db_open){.path = w->to}, &why, &b));
    ok(db_ops_of(a)->shape(db_conn_of(a), &why, s));
    for (int i = 0; i < s->table_count; i++)
        same_rows(w, a, b, &s->tables[i]);
    /* and no table there that is not here, but the engine's own */
    assert_int_equal(number(w, b,
                         "SELECT COUNT(*) AS n FROM pg_tables WHERE schemaname = current_schema()"
                         " AND tablename <> 'commit_mark'"),
        s->table_count);
    mem_free(s);
    db_close(a);
    db_close(b);
    buf_clear(&why);
}

static void each_add(void *arg, const struct store_move_table *t)
{
    int64_t *rows = arg;
    assert_int_equal(strlen(t->digest), 64);
    *rows += t->rows;
}

static void every_row_of_every_table_goes(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    int64_t rows = 0;
    if (begin(w, &m) != ERR_OK)
        fail_msg("%s", w->why);
    store_move_each(m, each_add, &rows);
    assert_true(rows > 30);
    assert_false(store_move_was_made(m));
    assert_int_equal(count(w, store_move_to(m), "payment"), 1);
    ok(finish(w, m));
    same_tables(w);
}

static enum err many_rows(void *arg, struct tx *tx)
{
    (void)arg;
    return db_script(tx_db(tx),
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50001)"
        " INSERT INTO setting (name, value) SELECT 'n' || i, 'v' || i FROM n");
}

static void a_table_of_many_pieces_goes_whole(void **state)
{
    struct way *w = *state;
    ok(file_open(w, false));
    ok(run(w->s, many_rows, NULL));
    file_close(w);
    moved(w);
    same_tables(w);
}

static enum err next_id(void *arg, struct tx *tx)
{
    return tx_next_id(tx, STORE_ID_PAYMENT, arg);
}

static void the_database_goes_on_where_the_file_ended(void **state)
{
    struct way *w = *state;
    int64_t before, after;
    ok(file_open(w, false));
    ok(run(w->s, next_id, &before));
    file_close(w);
    moved(w);
    if (target_open(w) != ERR_OK)
        fail_msg("%s", w->why);
    ok(run(w->f->s, next_id, &after));
    assert_true(after > before);
}

static enum err change(void *arg, struct tx *tx)
{
    (void)arg;
    struct audit_row r = {.actor = STR("cli:late"), .action = STR("a"), .object = STR("o")};
    return store_audit_add(tx, &r);
}

static void T47_nobody_writes_to_the_file_any_more(void **state)
{
    struct way *w = *state;
    struct store *early;
    ok(file_open(w, false));
    early = w->s; /* a command that had opened it before */
    moved(w);
    assert_int_not_equal(run(early, change, NULL), ERR_OK);
    said(w, file_open(w, false), ERR_STATE, "moved to another database");
    w->s = early;
    struct store_move *m;
    said(w, begin(w, &m), ERR_STATE, "moved already");
}

static void only_an_empty_database_is_taken(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    struct store_options o = fixture_options(w->f);
    o.path = w->to;
    ok(fixture_try_open(w->f, &o, NULL, 0));
    fixture_close(w->f);
    said(w, begin(w, &m), ERR_STATE, "holds a store already");
    ok(file_open(w, false)); /* and the file is what it was */
}

static void another_programs_database_is_refused(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    test_pg_run_at(w->to, "CREATE TABLE guest (a int)");
    said(w, begin(w, &m), ERR_IO, "another program");
    ok(file_open(w, false));
}

static enum err later_schema(void *arg, struct tx *tx)
{
    (void)arg;
    return db_script(tx_db(tx),
        "INSERT INTO schema_version (version, applied_at, program_min) VALUES (99, 1, 1)");
}

static void another_schema_is_refused(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    ok(file_open(w, false));
    ok(run(w->s, later_schema, NULL));
    file_close(w);
    said(w, begin(w, &m), ERR_STATE, "schema");
}

static void giving_up_leaves_all_as_it_was(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    ok(begin(w, &m));
    store_move_drop(m);
    said(w, target_open(w), ERR_IO, "empty");
    ok(file_open(w, false));
    ok(run(w->s, change, NULL));
    file_close(w);
    moved(w);
    same_tables(w);
}

/* ---- broken off ---- */

static void ended_by(pid_t pid, int signal)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

static void T47_killed_in_the_copy_it_starts_anew(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    pid_t pid = fork();
    if (pid == 0) {
        if (begin(w, &m) == ERR_OK)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    ended_by(pid, SIGKILL);
    said(w, file_open(w, false), ERR_STATE, "has not ended");
    said(w, target_open(w), ERR_IO, "empty");
    moved(w);
    same_tables(w);
}

static void T47_killed_between_both_commits_it_finds_out_that_the_books_are_there(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    pid_t pid = fork();
    if (pid == 0) {
        /* the file can't be written any more, once the database has committed */
        struct rlimit none = {0, 0};
        if (begin(w, &m) == ERR_OK && setrlimit(RLIMIT_FSIZE, &none) == 0)
            (void)!finish(w, m);
        _exit(1);
    }
    ended_by(pid, SIGXFSZ);
    said(w, file_open(w, false), ERR_STATE, "has not ended");
    ok(target_open(w));
    fixture_close(w->f);
    ok(begin(w, &m));
    assert_true(store_move_was_made(m));
    ok(finish(w, m));
    said(w, file_open(w, false), ERR_STATE, "moved to another database");
    same_tables(w);
}

/* ---- the way back ---- */

static void undone_the_file_is_the_store_and_the_database_is_refused(void **state)
{
    struct way *w = *state;
    said(w, undo(w, w->to), ERR_STATE, "was not moved");
    moved(w);
    ok(undo(w, w->to));
    said(w, target_open(w), ERR_STATE, "moved to another database");
    ok(file_open(w, false));
    ok(run(w->s, change, NULL));
}

static void a_database_that_was_in_use_is_not_left(void **state)
{
    struct way *w = *state;
    moved(w);
    ok(target_open(w));
    said(w, undo(w, w->to), ERR_STATE, "stop it first");
    ok(run(w->f->s, change, NULL));
    fixture_close(w->f);
    for (int i = 0; i < 100 && undo(w, w->to) != ERR_OK && strstr(w->why, "stop it"); i++)
        usleep(20000); /* the server notices a little later that a connection was closed */
    said(w, undo(w, w->to), ERR_STATE, "in use since");
    ok(undo(w, NULL)); /* who says so must know that it is gone */
    ok(file_open(w, false));
}

static void a_move_that_was_cut_off_can_be_undone(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    pid_t pid = fork();
    if (pid == 0) {
        if (begin(w, &m) == ERR_OK)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    ended_by(pid, SIGKILL);
    ok(undo(w, w->to));
    ok(file_open(w, false));
    ok(run(w->s, change, NULL));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, way_setup, way_teardown)
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(a_table_comes_behind_those_that_it_refers_to),
    };
    const struct CMUnitTest beside[] = {
        WITH(every_row_of_every_table_goes),
        WITH(a_table_of_many_pieces_goes_whole),
        WITH(the_database_goes_on_where_the_file_ended),
        WITH(T47_nobody_writes_to_the_file_any_more),
        WITH(only_an_empty_database_is_taken),
        WITH(another_programs_database_is_refused),
        WITH(another_schema_is_refused),
        WITH(giving_up_leaves_all_as_it_was),
        WITH(T47_killed_in_the_copy_it_starts_anew),
        WITH(T47_killed_between_both_commits_it_finds_out_that_the_books_are_there),
        WITH(undone_the_file_is_the_store_and_the_database_is_refused),
        WITH(a_database_that_was_in_use_is_not_left),
        WITH(a_move_that_was_cut_off_can_be_undone),
    };
    if (!test_store_is_pg())
        return cmocka_run_group_tests_name("move", alone, NULL, NULL);
    return cmocka_run_group_tests_name("move", beside, NULL, NULL);
}
