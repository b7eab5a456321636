#include "service/deliver_hosts.h"

#include "base/log.h"
#include "base/mem.h"

#define LIVELY_MS 1000
#define WAIT_LIVELY_MS 200
#define WAIT_MS 10000
/* A host's pace, the time from one answer to the next, is kept in parts of a millisecond. What each one in the queue adds to the
 * time over which the queue is spread is the pace, up to the first guess. */
#define PACE_PART 256
#define PACE_FIRST (10 * PACE_PART)
#define PACE_MAX (LIVELY_MS * PACE_PART)
#define PACE_WEIGHT 4
/* As much work as may wait for a host in memory. */
#define QUEUE_MS 250
#define WAIT_QUEUE_MAX 10000
/* An answer makes the queue seem shorter by this part. */
#define QUEUE_FADE 64

struct host {
    char name[DELIVER_HOST_MAX];
    size_t n;
    int under_way, queued; /* both 0: the place is free */
    int64_t lively_at;     /* when it answered last, or was first tried */
    int64_t pace;
    int put_off; /* how long its queue seems to be */
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
        if (x->under_way == 0 && x->queued == 0) {
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
        x->pace = PACE_FIRST;
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
        int64_t gap = (now_ms - x->lively_at) * PACE_PART;
        x->pace += ((gap < PACE_MAX ? gap : PACE_MAX) - x->pace) / PACE_WEIGHT;
        x->lively_at = now_ms;
        x->put_off -= (x->put_off + QUEUE_FADE - 1) / QUEUE_FADE;
    }
}

bool deliver_hosts_queue(struct deliver_hosts *h, struct str host, int64_t now_ms)
{
    struct host *place;
    struct host *x = host_find(h, host, &place);
    if (!x || now_ms - x->lively_at > QUEUE_MS || x->queued * x->pace > QUEUE_MS * PACE_PART) {
        return false;
    }
    x->queued++;
    return true;
}

void deliver_hosts_unqueue(struct deliver_hosts *h, struct str host)
{
    struct host *place;
    struct host *x = host_find(h, host, &place);
    ensure(x && x->queued > 0, "a host whose queue is left has one");
    x->queued--;
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
    int64_t each = x->pace < PACE_FIRST ? x->pace : PACE_FIRST;
    return wait + (int64_t)(random % (uint32_t)(wait + each * x->put_off / PACE_PART));
}
