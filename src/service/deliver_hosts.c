#include "service/deliver_hosts.h"

#include "base/log.h"
#include "base/mem.h"

#define LIVELY_MS 1000
#define WAIT_LIVELY_MS 200
#define WAIT_MS 10000
/* What each one in the queue adds to the time over which the queue is spread. */
#define WAIT_EACH_MS 10
#define WAIT_QUEUE_MAX 10000
/* An answer makes the queue seem shorter by this part. */
#define QUEUE_FADE 64

struct host {
    char name[DELIVER_HOST_MAX];
    size_t n;
    int under_way;     /* 0: the place is free */
    int64_t lively_at; /* when it answered last, or was first tried */
    int put_off;       /* how long its queue seems to be */
};

struct deliver_hosts {
    struct host *hosts;
    int count;
    int per_host;
};

struct deliver_hosts *deliver_hosts_new(int tries_max, int per_host)
{
    struct deliver_hosts *h = mem_alloc(sizeof *h);
    h->hosts = mem_array((size_t)tries_max, sizeof *h->hosts);
    h->count = tries_max;
    h->per_host = per_host;
    return h;
}

void deliver_hosts_free(struct deliver_hosts *h)
{
    mem_free(h->hosts);
    mem_free(h);
}

static struct host *host_find(struct deliver_hosts *h, struct str name, struct host **ret_free)
{
    *ret_free = NULL;
    for (int i = 0; i < h->count; i++) {
        struct host *x = &h->hosts[i];
        if (x->under_way == 0) {
            *ret_free = x;
        } else if (str_eq((struct str){x->name, x->n}, name)) {
            return x;
        }
    }
    return NULL;
}

bool deliver_hosts_take(struct deliver_hosts *h, struct str host, int64_t now_ms)
{
    struct host *place;
    struct host *x = host_find(h, host, &place);
    if (x && x->under_way >= h->per_host) {
        return false;
    }
    if (!x) {
        if (!place || host.n > sizeof place->name) {
            return false;
        }
        x = place;
        memcpy(x->name, host.p, host.n);
        x->n = host.n;
        x->lively_at = now_ms;
        x->put_off = 0;
    }
    x->under_way++;
    return true;
}

void deliver_hosts_give(struct deliver_hosts *h, struct str host, bool answered, int64_t now_ms)
{
    struct host *place;
    struct host *x = host_find(h, host, &place);
    ensure(x, "a host whose try ends has one under way");
    x->under_way--;
    if (answered) {
        x->lively_at = now_ms;
        x->put_off -= (x->put_off + QUEUE_FADE - 1) / QUEUE_FADE;
    }
}

int64_t deliver_hosts_wait_ms(
    struct deliver_hosts *h, struct str host, int64_t now_ms, uint32_t random)
{
    struct host *place;
    struct host *x = host_find(h, host, &place);
    if (!x) {
        return WAIT_MS + (int64_t)(random % WAIT_MS);
    }
    int wait = now_ms - x->lively_at < LIVELY_MS ? WAIT_LIVELY_MS : WAIT_MS;
    x->put_off += x->put_off < WAIT_QUEUE_MAX;
    return wait + (int64_t)(random % (uint32_t)(wait + WAIT_EACH_MS * x->put_off));
}
