/* Transactions larger than what the file layer holds and than what SQLite keeps in memory. */
#include "store_fixture.h"
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#define PAYMENTS 1200
#define TEXT_LEN 40000 /* 48 MB in all, SQLite's cache is 32 MB */

struct flood {
    struct fixture *f;
    const char *name;
    enum err after;
    char *text;
};

static enum err flood_run(void *arg, struct tx *tx)
{
    struct flood *d = arg;
    for (int i = 0; i < PAYMENTS; i++) {
        struct sample x;
        char order[64];
        snprintf(order, sizeof order, "%s-%d", d->name, i);
        sample_init(&x, d->f, order, T0);
        x.p.row.customer_json = (struct str){d->text, TEXT_LEN};
        enum err e = store_payment_insert(tx, &x.p, &x.same, &x.id, x.first_uuid);
        if (e != ERR_OK)
            return e;
    }
    return d->after;
}

static int64_t value(struct fixture *f, const char *text)
{
    struct db_sql sql = {text};
    struct db *db;
    struct buf why;
    buf_init(&why, 1024);
    struct db_open how = {.path = f->path, .reading = true};
    ok(f->engine->open(f->engine, &how, &why, &db)); /* a connection that has nothing in memory */
    struct db_stmt *st = db_query(db, &sql);
    ok(db_step(st));
    int64_t v = db_col_int(st, "v");
    db_end(st);
    db_close(db);
    buf_clear(&why);
    return v;
}

static void assert_sound(struct fixture *f, int64_t payments)
{
    assert_int_equal(value(f, "SELECT COUNT(*) AS v FROM payment"), payments);
    assert_int_equal(
        value(f, "SELECT integrity_check = 'ok' AS v FROM pragma_integrity_check(1)"), 1);
}

static void what_spills_is_there_after_a_commit_and_gone_after_a_rollback(void **state)
{
    struct fixture *f = *state;
    char *text = mem_alloc(TEXT_LEN);
    memset(text, 'x', TEXT_LEN);
    sample_make(f, "before", T0);
    struct flood lost = {f, "lost", ERR_CONFLICT, text}, kept = {f, "kept", ERR_OK, text};
    assert_int_equal(run(f->s, flood_run, &lost), ERR_CONFLICT);
    assert_sound(f, 1);
    ok(run(f->s, flood_run, &kept));
    assert_sound(f, 1 + PAYMENTS);
    assert_int_equal(run(f->s, flood_run, &lost), ERR_CONFLICT);
    sample_make(f, "after", T0);
    assert_sound(f, 2 + PAYMENTS);
    fixture_reopen(f);
    assert_sound(f, 2 + PAYMENTS);
    mem_free(text);
}

/* The child's memory is lost between two commits: what it was told is on the disk, whatever the layer held. */
static void what_was_committed_is_there_after_a_kill(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fixture_open(f);
        for (int i = 0; i < 50; i++) {
            char order[32];
            snprintf(order, sizeof order, "told-%d", i);
            sample_make(f, order, T0);
        }
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    fixture_open(f);
    assert_sound(f, 50);
}

/* ---- the layer alone, against a model of the file ---- */

#define MODEL_MAX (4 * 1024 * 1024)

struct model {
    sqlite3_vfs *vfs;
    sqlite3_file *file;
    char path[160];
    uint8_t *bytes;
    sqlite3_int64 size;
    uint32_t seed;
};

static uint32_t dice(struct model *m, uint32_t below)
{
    m->seed = m->seed * 1664525 + 1013904223;
    return (m->seed >> 8) % below;
}

static void model_open(struct model *m)
{
    int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, got;
    assert_int_equal(m->vfs->xOpen(m->vfs, m->path, m->file, flags, &got), SQLITE_OK);
}

/* As the disk has it, past the layer. */
static void assert_on_disk(struct model *m)
{
    int fd = open(m->path, O_RDONLY);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, m->size);
    uint8_t *disk = mem_alloc(MODEL_MAX);
    assert_int_equal(read(fd, disk, MODEL_MAX), m->size);
    assert_memory_equal(disk, m->bytes, (size_t)m->size);
    mem_free(disk);
    close(fd);
}

/* Mostly on from the last write, as a log grows; sometimes back, as a log that starts anew does. */
static void model_write(struct model *m, sqlite3_int64 *at)
{
    uint8_t page[65536];
    int n = (int[]){24, 4096, 4096, 65536}[dice(m, 4)];
    memset(page, (int)dice(m, 256), (size_t)n);
    if (dice(m, 40) == 0)
        *at = dice(m, (uint32_t)m->size + 1);
    if (*at + n > MODEL_MAX)
        *at = 0;
    assert_int_equal(m->file->pMethods->xWrite(m->file, page, n, *at), SQLITE_OK);
    memcpy(m->bytes + *at, page, (size_t)n);
    *at += n;
    m->size = *at > m->size ? *at : m->size;
}

static void model_read(struct model *m)
{
    uint8_t got[4096];
    if (m->size < (sqlite3_int64)sizeof got)
        return;
    sqlite3_int64 at = dice(m, (uint32_t)(m->size - (sqlite3_int64)sizeof got + 1));
    assert_int_equal(m->file->pMethods->xRead(m->file, got, sizeof got, at), SQLITE_OK);
    assert_memory_equal(got, m->bytes + at, sizeof got);
}

static void model_step(struct model *m, sqlite3_int64 *at)
{
    const sqlite3_io_methods *ops = m->file->pMethods;
    sqlite3_int64 size = -1;
    switch (dice(m, 60)) {
    case 0:
    case 1:
        model_read(m);
        break;
    case 2:
        assert_int_equal(ops->xFileSize(m->file, &size), SQLITE_OK);
        assert_int_equal(size, m->size);
        break;
    case 3:
        assert_int_equal(ops->xSync(m->file, SQLITE_SYNC_NORMAL), SQLITE_OK);
        assert_on_disk(m);
        break;
    case 4:
        m->size = dice(m, (uint32_t)m->size + 1);
        assert_int_equal(ops->xTruncate(m->file, m->size), SQLITE_OK);
        memset(m->bytes + m->size, 0, (size_t)(MODEL_MAX - m->size));
        *at = *at > m->size ? m->size : *at;
        break;
    case 5:
        assert_int_equal(ops->xClose(m->file), SQLITE_OK);
        assert_on_disk(m);
        model_open(m);
        break;
    default:
        model_write(m, at);
        break;
    }
}

static void the_layer_answers_as_a_file_does(void **state)
{
    struct fixture *f = *state;
    struct model m = {.vfs = sqlite3_vfs_find("kassa"), .seed = 20261124};
    assert_non_null(m.vfs);
    /* SQLite takes a log's mode from the file that it belongs to. */
    char owner[160];
    snprintf(owner, sizeof owner, "%s/model", f->dir);
    snprintf(m.path, sizeof m.path, "%s/model-wal", f->dir);
    close(open(owner, O_CREAT | O_WRONLY, 0600));
    m.file = mem_alloc((size_t)m.vfs->szOsFile);
    m.bytes = mem_alloc(MODEL_MAX);
    model_open(&m);
    sqlite3_int64 at = 0;
    for (int i = 0; i < 6000; i++)
        model_step(&m, &at);
    assert_int_equal(m.file->pMethods->xClose(m.file), SQLITE_OK);
    assert_on_disk(&m);
    unlink(m.path);
    unlink(owner);
    mem_free(m.bytes);
    mem_free(m.file);
}

static void a_write_that_fails_late_fails_the_sync(void **state)
{
    (void)state;
    struct model m = {.vfs = sqlite3_vfs_find("kassa"), .path = "/dev/full"};
    uint8_t page[4096] = {1};
    m.file = mem_alloc((size_t)m.vfs->szOsFile);
    model_open(&m);
    assert_int_equal(m.file->pMethods->xWrite(m.file, page, sizeof page, 0), SQLITE_OK);
    assert_int_equal(m.file->pMethods->xSync(m.file, SQLITE_SYNC_NORMAL), SQLITE_FULL);
    assert_int_equal(m.file->pMethods->xClose(m.file), SQLITE_OK);
    mem_free(m.file);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(what_spills_is_there_after_a_commit_and_gone_after_a_rollback),
        WITH(what_was_committed_is_there_after_a_kill),
        WITH(the_layer_answers_as_a_file_does),
        WITH(a_write_that_fails_late_fails_the_sync),
    };
    return cmocka_run_group_tests_name("sqlite_vfs", tests, NULL, NULL);
}
