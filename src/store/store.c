/* Opening, the readers' connections, and the ways to the writer (writer.c). */
#include "store/store_engine.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/migrate.h"
#include "store/move_mark.h"
#include "store/pulse.h"
#include "store/writer.h"
#include <pthread.h>

/* A server may go away while nobody writes. Its restart, or the change to the next one, is waited for. */
static const struct writer_trust SERVER_TRUST = {.patience_ms = 3000, .memory_ms = 1000};
static const struct writer_trust FILE_TRUST = {0};

struct reader {
    struct store *store;
    struct db *db;
    struct reader *next, **at;
};

struct store {
    const struct db_engine *engine;
    char *path;
    const struct clock *clock;
    struct writer *writer;
    struct pulse *pulse; /* NULL: not watched */
    struct store_unit probe;
    _Atomic bool probing;

    pthread_key_t key; /* this thread's struct reader */
    pthread_mutex_t lock;
    struct reader *readers;
};

static void reader_close(struct reader *r)
{
    *r->at = r->next;
    if (r->next)
        r->next->at = r->at;
    db_close(r->db);
    mem_free(r);
}

static void reader_exit(void *arg)
{
    struct reader *r = arg;
    struct store *s = r->store;
    pthread_mutex_lock(&s->lock);
    reader_close(r);
    pthread_mutex_unlock(&s->lock);
}

static enum err refuse_made(struct db *db, struct buf *why)
{
    bool made = false;
    enum err e = db_has_table(db, "schema_version", &made);
    if (e != ERR_OK) {
        buf_printf(why, "store.path: the tables can't be listed (%s)", err_name(e));
        return ERR_IO;
    }
    if (made)
        buf_cstr(why, "store.path: it is a store already; nothing was changed");
    return made ? ERR_DUPLICATE : ERR_OK;
}

enum err store_open_on(
    const struct db_engine *g, const struct store_options *o, struct buf *why, struct store **ret)
{
    struct db *db;
    struct db_open how = {.path = o->path, .create = o->create};
    enum err e = g->open(g, &how, why, &db);
    if (e != ERR_OK)
        return e;
    enum migrate_may may = o->migrate ? MIGRATE_ALL : o->create ? MIGRATE_NEW : MIGRATE_NOTHING;
    if (o->fresh)
        e = refuse_made(db, why);
    if (e == ERR_OK)
        e = move_mark_refuse(db, o->path, why);
    if (e == ERR_OK)
        e = migrate_run(db, g->migrations, may, clock_now_ms(o->clock), why);
    if (e != ERR_OK) {
        db_close(db);
        return e;
    }
    struct store *s = mem_alloc(sizeof *s);
    s->engine = g;
    s->path = mem_strdup(o->path);
    s->clock = o->clock;
    atomic_init(&s->probing, false);
    pthread_mutex_init(&s->lock, NULL);
    ensure(pthread_key_create(&s->key, reader_exit) == 0, "too many stores are open");
    struct writer_trust trust = store_path_is_server(o->path) ? SERVER_TRUST : FILE_TRUST;
    s->writer = writer_start(db, o->clock, o->queue_max, o->batch_max, trust);
    s->pulse = o->watch ? pulse_start(g, s->path, o->clock) : NULL;
    *ret = s;
    return ERR_OK;
}

static const struct db_engine *engine_of(const char *path)
{
    return store_path_is_server(path) ? &db_pg_engine : &db_sqlite_engine;
}

enum err store_schema_look_on(
    const struct db_engine *g, const char *path, struct buf *why, struct store_schema *ret)
{
    struct db *db;
    struct migrate_state s;
    enum err e = g->open(g, &(struct db_open){.path = path, .reading = true}, why, &db);
    if (e != ERR_OK)
        return e;
    e = migrate_look(db, g->migrations, why, &s);
    db_close(db);
    if (e == ERR_OK)
        *ret = (struct store_schema){.have = s.have,
            .want = s.want,
            .too_new = s.have > s.want && s.have_program_min > s.want,
            .older_go_on = s.have >= s.want || s.want_program_min <= s.have};
    return e;
}

enum err store_schema_look(const char *path, struct buf *why, struct store_schema *ret)
{
    return store_schema_look_on(engine_of(path), path, why, ret);
}

enum err store_open(const struct store_options *o, struct buf *why, struct store **ret)
{
    return store_open_on(engine_of(o->path), o, why, ret);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    pulse_stop(s->pulse);
    writer_stop(s->writer);
    pthread_key_delete(s->key);
    while (s->readers)
        reader_close(s->readers);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->path);
    mem_free(s);
}

const struct clock *store_clock(const struct store *s)
{
    return s->clock;
}

static void reader_add(struct store *s, struct reader *r)
{
    pthread_mutex_lock(&s->lock);
    r->next = s->readers;
    r->at = &s->readers;
    if (r->next)
        r->next->at = &r->next;
    s->readers = r;
    pthread_mutex_unlock(&s->lock);
}

/* Who asked a silent server would wait for as long as it is, on a thread that others wait for. */
static bool is_silent(const struct store *s)
{
    return s->pulse && pulse_state(s->pulse) == PULSE_SILENT;
}

struct db *store_reader(struct store *s)
{
    if (is_silent(s))
        return NULL;
    struct reader *r = pthread_getspecific(s->key);
    if (r)
        return r->db;
    struct buf why;
    buf_init(&why, 1024);
    struct db *db;
    struct db_open how = {.path = s->path, .reading = true};
    if (s->engine->open(s->engine, &how, &why, &db) != ERR_OK) {
        log_alarm("store_reader_failed", LOG_S("why", buf_view(&why)));
        buf_clear(&why);
        return NULL;
    }
    buf_clear(&why);
    r = mem_alloc(sizeof *r);
    r->store = s;
    r->db = db;
    reader_add(s, r);
    ensure(pthread_setspecific(s->key, r) == 0, "a thread's reader can't be kept");
    return db;
}

enum err store_read_begin(struct db *db)
{
    return db_begin(db, DB_BEGIN_READ);
}

enum err store_read_all_begin(struct db *db)
{
    enum err e = db_begin(db, DB_BEGIN_READ);
    if (e == ERR_OK)
        db_pieces(db);
    return e;
}

void store_read_end(struct db *db)
{
    db_rollback(db);
}

enum err store_backup(struct db *db, const char *to, struct buf *why)
{
    return db_backup(db, to, why);
}

enum err store_check(struct db *db, struct buf *why)
{
    return db_check(db, why);
}

enum err store_submit(struct store *s, struct store_unit *u)
{
    return is_silent(s) ? ERR_BUSY : writer_submit(s->writer, u);
}

struct waiter {
    struct store_unit outer;
    struct store_unit *inner;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool over;
};

static enum err waiter_run(struct store_unit *u, struct tx *tx)
{
    struct waiter *w = unit_owner(u, struct waiter, outer);
    return w->inner->run(w->inner, tx);
}

static void waiter_done(struct store_unit *u, enum err result)
{
    struct waiter *w = unit_owner(u, struct waiter, outer);
    if (w->inner->done)
        w->inner->done(w->inner, result);
    pthread_mutex_lock(&w->lock);
    w->over = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

enum err store_run(struct store *s, struct store_unit *u)
{
    ensure(!writer_is_self(s->writer), "the writer waits for itself");
    struct waiter w = {.outer = {.run = waiter_run, .done = waiter_done}, .inner = u};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.wake, NULL);
    enum err e = store_submit(s, &w.outer);
    if (e == ERR_OK) {
        pthread_mutex_lock(&w.lock);
        while (!w.over)
            pthread_cond_wait(&w.wake, &w.lock);
        pthread_mutex_unlock(&w.lock);
        e = w.outer.result;
    }
    pthread_cond_destroy(&w.wake);
    pthread_mutex_destroy(&w.lock);
    return e;
}

static enum err probe_run(struct store_unit *u, struct tx *tx)
{
    (void)u;
    struct buf b;
    buf_init(&b, 32);
    /* Another value each time: a row that stays as it is would not be written. */
    buf_int(&b, clock_mono_us());
    enum err e = store_setting_put(tx, "probe", buf_view(&b));
    buf_clear(&b);
    return e;
}

static void probe_done(struct store_unit *u, enum err result)
{
    (void)result;
    struct store *s = unit_owner(u, struct store, probe);
    atomic_store(&s->probing, false);
}

bool store_writable(struct store *s)
{
    /* Nobody may be left who writes once a node is known to be out of order, so asking is also trying. */
    if (writer_wants_probe(s->writer) && !atomic_exchange(&s->probing, true)) {
        s->probe = (struct store_unit){.run = probe_run, .done = probe_done};
        if (store_submit(s, &s->probe) != ERR_OK)
            atomic_store(&s->probing, false);
    }
    bool writable = writer_writable(s->writer);
    metric_set(METRIC_store_writable, writable);
    return writable;
}

enum store_state store_state(struct store *s)
{
    enum pulse_state p = s->pulse ? pulse_state(s->pulse) : PULSE_GOOD;
    metric_set(METRIC_store_answers, p != PULSE_SILENT);
    if (p == PULSE_GOOD)
        return store_writable(s) ? STORE_GOOD : STORE_UNWRITABLE;
    metric_set(METRIC_store_writable, false);
    return p == PULSE_SILENT ? STORE_SILENT : STORE_CLOCK_APART;
}

bool store_clock_apart(const struct store *s)
{
    return s->pulse && pulse_state(s->pulse) == PULSE_APART;
}
