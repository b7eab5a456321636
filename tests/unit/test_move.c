/* A store's way from a SQLite file to a PostgreSQL database. All but the order of tables runs beside a server only. */
#include "every_row.h"

#include "pg_proxy.h"
#include "store/move.h"
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
    ok(run(w->s, rows_make, &w->texts));
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
    struct db_stmt *p = query(&w->texts, a, text.p), *q = query(&w->texts, b, text.p);
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
    assert_int_equal(number(&w->texts, b,
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
    assert_int_equal(count(&w->texts, store_move_to(m), "payment"), 1);
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
    struct audit_log_row r = {.actor = STR("cli:late"), .action = STR("a"), .target = STR("o")};
    return store_audit_log_add(tx, &r);
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

/* ---- the line to the server breaks ---- */

static void a_line_that_breaks_before_the_commit_leaves_all_as_it_was(void **state)
{
    struct way *w = *state;
    struct store_move *m;
    char text[160];
    ok(begin(w, &m));
    snprintf(text, sizeof text,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", w->name);
    test_pg_run(text);
    said(w, finish(w, m), ERR_IO, "nothing was moved");
    ok(file_open(w, false));
    ok(run(w->s, change, NULL));
    file_close(w);
    moved(w);
    same_tables(w);
}

static void commit_is_cut(struct way *w, enum proxy_cut cut, bool made)
{
    struct store_move *m;
    char direct[TEST_STORE_PATH_MAX];
    snprintf(direct, sizeof direct, "%s", w->to);
    struct proxy *x = proxy_new(w->to);
    ok(begin(w, &m));
    atomic_store(&x->cut, cut);
    said(w, finish(w, m), ERR_IO, "not known");
    assert_int_equal(atomic_load(&x->cut), PROXY_PASS); /* it came to that */
    said(w, file_open(w, false), ERR_STATE, "has not ended");
    snprintf(w->to, sizeof w->to, "%s", direct);
    ok(begin(w, &m));
    assert_int_equal(store_move_was_made(m), made);
    ok(finish(w, m));
    proxy_free(x);
    said(w, file_open(w, false), ERR_STATE, "moved to another database");
    same_tables(w);
}

static void T44_a_commit_that_did_not_arrive_is_found_out(void **state)
{
    commit_is_cut(*state, PROXY_CUT_BEFORE, false);
}

static void T44_a_commit_whose_answer_was_lost_is_found_out(void **state)
{
    commit_is_cut(*state, PROXY_CUT_ANSWER, true);
}

/* The next run waits for the transaction that is still open there. */
static void T44_a_commit_that_arrives_later_is_found_out(void **state)
{
    commit_is_cut(*state, PROXY_CUT_LATE, true);
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
        WITH(a_line_that_breaks_before_the_commit_leaves_all_as_it_was),
        WITH(T44_a_commit_that_did_not_arrive_is_found_out),
        WITH(T44_a_commit_whose_answer_was_lost_is_found_out),
        WITH(T44_a_commit_that_arrives_later_is_found_out),
        WITH(undone_the_file_is_the_store_and_the_database_is_refused),
        WITH(a_database_that_was_in_use_is_not_left),
        WITH(a_move_that_was_cut_off_can_be_undone),
    };
    if (!test_store_is_pg())
        return cmocka_run_group_tests_name("move", alone, NULL, NULL);
    return cmocka_run_group_tests_name("move", beside, NULL, NULL);
}
