/* Results as long as tables, read in pieces. */
#include "store_fixture.h"

/* Below, at and above what PostgreSQL's engine takes at a time. */
static const int counts[] = {0, 1, 999, 1000, 1001, 2000};

static const struct db_sql SQL_ALL = {
    "SELECT name, value FROM setting WHERE name > $1 ORDER BY name"};
static const struct db_sql SQL_ONE = {"SELECT value FROM setting WHERE name = $1"};
static const struct db_sql SQL_OPEN = {"SELECT COUNT(*) AS n FROM pg_cursors WHERE name <> ''"};

static enum err many(void *arg, struct tx *tx)
{
    char text[256];
    enum err e = db_script(tx_db(tx), "DELETE FROM setting");
    if (e != ERR_OK || *(int *)arg == 0)
        return e;
    snprintf(text, sizeof text,
        "WITH RECURSIVE n (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO setting (name, value) SELECT 'n' || i, 'v' || i FROM n",
        10000 + *(int *)arg);
    return db_script(tx_db(tx), text);
}

static void value_is(struct db *db, const char *name, const char *value)
{
    struct db_stmt *st = db_query(db, &SQL_ONE);
    db_text(st, 1, str_from(name));
    ok(db_step(st));
    assert_true(str_is(db_col_str(st, "value"), value));
    db_end(st);
}

/* Reads all, asking for each hundredth row again meanwhile. */
static int read_all(struct db *db, int stop_at)
{
    int n = 0;
    struct db_stmt *st = db_query(db, &SQL_ALL);
    db_text(st, 1, STR("n1"));
    enum err e;
    while (n != stop_at && (e = db_step(st)) == ERR_OK) {
        char name[16], value[16];
        n++;
        snprintf(name, sizeof name, "n%d", 10000 + n);
        snprintf(value, sizeof value, "v%d", 10000 + n);
        assert_true(str_is(db_col_str(st, "name"), name));
        if (n % 100 == 0)
            value_is(db, name, value);
        assert_true(str_is(db_col_str(st, "value"), value));
    }
    if (n != stop_at)
        assert_int_equal(e, ERR_NO_ROW);
    db_end(st);
    return n;
}

static int64_t open_cursors(struct db *db)
{
    if (!test_store_is_pg())
        return 0;
    struct db_stmt *st = db_query(db, &SQL_OPEN);
    ok(db_step(st));
    int64_t n = db_col_int(st, "n");
    db_end(st);
    return n;
}

static void every_row_comes_once_and_in_order(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    for (size_t i = 0; i < array_len(counts); i++) {
        int rows = counts[i];
        ok(run(f->s, many, &rows));
        ok(store_read_all_begin(db));
        assert_int_equal(read_all(db, -1), rows);
        assert_int_equal(open_cursors(db), test_store_is_pg()); /* the one that asks */
        store_read_end(db);
        assert_int_equal(read_all(db, -1), rows);
    }
}

static void who_stops_early_leaves_nothing_open(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int rows = 2000;
    ok(run(f->s, many, &rows));
    ok(store_read_all_begin(db));
    assert_int_equal(read_all(db, 1500), 1500);
    assert_int_equal(open_cursors(db), test_store_is_pg());
    assert_int_equal(read_all(db, -1), rows);
    store_read_end(db);
}

static void a_snapshot_is_kept_from_piece_to_piece(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int rows = 2000, later = 10;
    ok(run(f->s, many, &rows));
    ok(store_read_all_begin(db));
    value_is(db, "n10001", "v10001");
    ok(run(f->s, many, &later));
    assert_int_equal(read_all(db, -1), rows);
    store_read_end(db);
    assert_int_equal(read_all(db, -1), later);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(every_row_comes_once_and_in_order),
        WITH(who_stops_early_leaves_nothing_open),
        WITH(a_snapshot_is_kept_from_piece_to_piece),
    };
    return cmocka_run_group_tests_name("store_pieces", tests, NULL, NULL);
}
