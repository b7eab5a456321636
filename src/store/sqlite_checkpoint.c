#include "store/sqlite_checkpoint.h"

#include "base/log.h"
#include "base/mem.h"
#include <pthread.h>

struct checkpointer {
    sqlite3 *db;
    pthread_t thread;
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t wake;
    enum checkpoint_state state;
    int copied;
    bool stopping;
};

int checkpoint_run(sqlite3 *db)
{
    int in_log = 0, copied = -1;
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
        log_warn("store_engine", LOG_C("what", "checkpoint"), LOG_C("text", sqlite3_errmsg(db)),
            LOG_I("code", sqlite3_extended_errcode(db)), LOG_I("errno", sqlite3_system_errno(db)));
    return rc == SQLITE_OK ? copied : -1;
}

static void *thread_main(void *arg)
{
    pthread_setname_np(pthread_self(), "store-checkpt");
    struct checkpointer *c = arg;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (c->state != CHECKPOINT_RUNNING && !c->stopping)
            pthread_cond_wait(&c->wake, &c->lock);
        if (c->stopping)
            break;
        pthread_mutex_unlock(&c->lock);
        int copied = checkpoint_run(c->db);
        pthread_mutex_lock(&c->lock);
        c->copied = copied;
        c->state = CHECKPOINT_DONE;
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct checkpointer *checkpointer_start(sqlite3 *db)
{
    struct checkpointer *c = mem_alloc(sizeof *c);
    c->db = db;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    ensure(pthread_create(&c->thread, NULL, thread_main, c) == 0, "a thread can't be started");
    return c;
}

void checkpointer_stop(struct checkpointer *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    sqlite3_interrupt(c->db);
    pthread_join(c->thread, NULL);
    sqlite3_close(c->db);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

void checkpointer_begin(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    ensure(c->state == CHECKPOINT_NONE, "a checkpoint is begun while one is under way");
    c->state = CHECKPOINT_RUNNING;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
}

enum checkpoint_state checkpointer_ask(struct checkpointer *c, int *ret_copied)
{
    pthread_mutex_lock(&c->lock);
    enum checkpoint_state state = c->state;
    if (state == CHECKPOINT_DONE) {
        *ret_copied = c->copied;
        c->state = CHECKPOINT_NONE;
    }
    pthread_mutex_unlock(&c->lock);
    return state;
}
