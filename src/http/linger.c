/* Closing without a reset. When a connection is closed while its peer still sends, the kernel answers with a reset, and
 * the peer may lose the reply that lies unread on its side. So a second descriptor keeps the socket for a moment: what comes
 * is thrown away up to a cap, and then held back until the peer has read the reply and closed, or the time is over. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/server_private.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MAX 128
#define LINGER_MS 1000
#define LINGER_BYTES_MAX ((size_t)1024 * 1024)
#define LINGER_POLL_MS 10

struct entry {
    int fd;
    int64_t until_ms;
    size_t discarded;
};

struct linger_set {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    struct entry entries[LINGER_MAX];
    int count;
    bool ending;
};

/* True when the peer is done or its time is over. */
static bool entry_done(struct entry *e)
{
    char block[16384];
    while (e->discarded < LINGER_BYTES_MAX) {
        ssize_t n = recv(e->fd, block, sizeof(block), MSG_DONTWAIT);
        if (n == 0)
            return true;
        if (n < 0)
            break;
        e->discarded += (size_t)n;
    }
    struct pollfd p = {.fd = e->fd, .events = 0};
    bool gone = poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP | POLLNVAL));
    return gone || clock_mono_ms() >= e->until_ms;
}

static void entries_look(struct linger_set *l)
{
    for (int i = 0; i < l->count;) {
        if (!l->ending && !entry_done(&l->entries[i])) {
            i++;
            continue;
        }
        close(l->entries[i].fd);
        l->entries[i] = l->entries[--l->count];
    }
}

static void *linger_main(void *arg)
{
    struct linger_set *l = arg;
    pthread_mutex_lock(&l->lock);
    while (!l->ending || l->count > 0) {
        if (l->count == 0) {
            pthread_cond_wait(&l->changed, &l->lock);
            continue;
        }
        entries_look(l);
        pthread_mutex_unlock(&l->lock);
        poll(NULL, 0, LINGER_POLL_MS);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct linger_set *linger_new(void)
{
    struct linger_set *l = mem_alloc(sizeof(*l));
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    ensure(pthread_create(&l->thread, NULL, linger_main, l) == 0, "a thread can be started");
    return l;
}

void linger_free(struct linger_set *l)
{
    pthread_mutex_lock(&l->lock);
    l->ending = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

/* With no room left the connection ends with a reset, as it would have without us. */
void linger_add(struct linger_set *l, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    pthread_mutex_lock(&l->lock);
    if (info && !l->ending && l->count < LINGER_MAX) {
        int fd = fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 0);
        if (fd >= 0) {
            l->entries[l->count++] =
                (struct entry){.fd = fd, .until_ms = clock_mono_ms() + LINGER_MS};
            pthread_cond_signal(&l->changed);
        }
    }
    pthread_mutex_unlock(&l->lock);
}
