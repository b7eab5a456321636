/* Stands between a store and its PostgreSQL server, and cuts the line exactly where a commit is told. Header only.
 *
 * The store connects to a socket in a folder of the proxy's; each connection has a thread that forwards whole messages of the
 * client and whatever the server says. */
#ifndef KASSA_TESTS_UNIT_PG_PROXY_H
#define KASSA_TESTS_UNIT_PG_PROXY_H

#include "base/mem.h"
#include "test_store.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PROXY_MESSAGE_MAX (1 << 20)
#define PROXY_LATE_US 300000

/* What happens to the next message that commits. */
enum proxy_cut {
    PROXY_PASS,
    PROXY_CUT_BEFORE,     /* it never reaches the server, which learns that its client is gone */
    PROXY_CUT_ANSWER,     /* it reaches the server, whose answer is lost */
    PROXY_CUT_BOTH,       /* it is sent, and the line ends both ways */
    PROXY_CUT_LATE,       /* the client is gone, and the message arrives later all the same */
    PROXY_CUT_LATE_NEVER, /* the client is gone, and the server learns of it later */
};

struct proxy {
    char dir[64], server[80];
    int fd;
    pthread_t thread;
    _Atomic int cut;
    _Atomic int cuts;    /* made so far */
    _Atomic bool closed; /* refuses new connections */
    _Atomic bool dead_after_cut;
    _Atomic bool stopping;
    _Atomic int lines;
};

struct proxy_line {
    struct proxy *x;
    int client, server;
    bool started; /* the startup message, which has no type, is through */
    size_t n;
    char *p;
};

static inline bool proxy_send(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline size_t proxy_message(const struct proxy_line *l)
{
    size_t head = l->started ? 1 : 0;
    if (l->n < head + 4)
        return 0;
    const unsigned char *u = (const unsigned char *)l->p + head;
    size_t n = head + ((size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3]);
    return l->n >= n ? n : 0;
}

/* False: the line is over. */
static inline bool proxy_commit(struct proxy_line *l, size_t n, enum proxy_cut cut)
{
    char answer[4096];
    if (atomic_load(&l->x->dead_after_cut))
        atomic_store(&l->x->closed, true);
    if (cut == PROXY_CUT_ANSWER || cut == PROXY_CUT_BOTH)
        proxy_send(l->server, l->p, n);
    if (cut == PROXY_CUT_ANSWER)
        (void)!read(l->server, answer, sizeof answer);
    if (cut == PROXY_CUT_LATE || cut == PROXY_CUT_LATE_NEVER) {
        shutdown(l->client, SHUT_RDWR);
        usleep(PROXY_LATE_US);
    }
    if (cut == PROXY_CUT_LATE && proxy_send(l->server, l->p, n))
        (void)!read(l->server, answer, sizeof answer);
    atomic_fetch_add(&l->x->cuts, 1);
    return false;
}

/* A batch's commit has its mark in front; a store's first transaction has no table of marks yet. */
static inline bool proxy_commits(const struct proxy_line *l, size_t n)
{
    static const char alone[] = "COMMIT";
    return l->started && l->p[0] == 'Q' &&
           (memmem(l->p, n, "INTO commit_mark", 16) ||
               (n == 5 + sizeof alone && memcmp(l->p + 5, alone, sizeof alone) == 0));
}

static inline bool proxy_forward(struct proxy_line *l)
{
    size_t n;
    while ((n = proxy_message(l)) > 0) {
        bool commits = proxy_commits(l, n);
        enum proxy_cut cut = commits ? atomic_exchange(&l->x->cut, PROXY_PASS) : PROXY_PASS;
        if (cut != PROXY_PASS && !proxy_commit(l, n, cut))
            return false;
        if (!proxy_send(l->server, l->p, n))
            return false;
        l->started = true;
        l->n -= n;
        memmove(l->p, l->p + n, l->n);
    }
    return true;
}

static inline bool proxy_pump(struct proxy_line *l)
{
    struct pollfd p[2] = {{.fd = l->client, .events = POLLIN}, {.fd = l->server, .events = POLLIN}};
    char answer[16384];
    if (poll(p, 2, 50) < 0 || atomic_load(&l->x->stopping))
        return false;
    if (p[0].revents) {
        ssize_t n = read(l->client, l->p + l->n, PROXY_MESSAGE_MAX - l->n);
        if (n <= 0)
            return false;
        l->n += (size_t)n;
        if (!proxy_forward(l))
            return false;
    }
    if (p[1].revents) {
        ssize_t n = read(l->server, answer, sizeof answer);
        return n > 0 && proxy_send(l->client, answer, (size_t)n);
    }
    return true;
}

static inline void *proxy_line_main(void *arg)
{
    struct proxy_line *l = arg;
    struct proxy *x = l->x;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/.s.PGSQL.5432", x->server);
    l->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    l->p = mem_alloc(PROXY_MESSAGE_MAX);
    if (connect(l->server, (struct sockaddr *)&a, sizeof a) == 0)
        while (proxy_pump(l))
            ;
    close(l->client);
    close(l->server);
    mem_free(l->p);
    mem_free(l);
    atomic_fetch_sub(&x->lines, 1);
    return NULL;
}

static inline void *proxy_main(void *arg)
{
    struct proxy *x = arg;
    int fd;
    while ((fd = accept(x->fd, NULL, NULL)) >= 0) {
        pthread_t t;
        if (atomic_load(&x->closed)) {
            close(fd);
            continue;
        }
        struct proxy_line *l = mem_alloc(sizeof *l);
        l->x = x;
        l->client = fd;
        atomic_fetch_add(&x->lines, 1);
        assert_int_equal(pthread_create(&t, NULL, proxy_line_main, l), 0);
        pthread_detach(t);
    }
    return NULL;
}

/* `path`, a store's address on the test's server, leads through the proxy afterwards. */
static inline struct proxy *proxy_new(char path[TEST_STORE_PATH_MAX])
{
    struct proxy *x = mem_alloc(sizeof *x);
    char *host = strstr(path, "host="), rest[TEST_STORE_PATH_MAX];
    assert_non_null(host);
    host += strlen("host=");
    size_t n = strcspn(host, "&");
    snprintf(x->server, sizeof x->server, "%.*s", (int)n, host);
    snprintf(rest, sizeof rest, "%s", host + n);
    snprintf(x->dir, sizeof x->dir, "/tmp/kassa-proxy-XXXXXX");
    assert_non_null(mkdtemp(x->dir));
    snprintf(host, TEST_STORE_PATH_MAX - (size_t)(host - path), "%s%s", x->dir, rest);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/.s.PGSQL.5432", x->dir);
    x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(x->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(x->fd, 64), 0);
    assert_int_equal(pthread_create(&x->thread, NULL, proxy_main, x), 0);
    return x;
}

static inline void proxy_free(struct proxy *x)
{
    char name[160];
    atomic_store(&x->stopping, true);
    shutdown(x->fd, SHUT_RDWR);
    pthread_join(x->thread, NULL);
    close(x->fd);
    while (atomic_load(&x->lines) > 0)
        usleep(1000);
    snprintf(name, sizeof name, "%s/.s.PGSQL.5432", x->dir);
    unlink(name);
    rmdir(x->dir);
    mem_free(x);
}

#endif
