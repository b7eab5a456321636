#include "service/deliver_hosts.h"

#include "base/log.h"
#include "base/mem.h"

struct host {
    char name[DELIVER_HOST_MAX];
    size_t n;
    int under_way; /* 0: the place is free */
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

bool deliver_hosts_take(struct deliver_hosts *h, struct str host)
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
    }
    x->under_way++;
    return true;
}

void deliver_hosts_give(struct deliver_hosts *h, struct str host)
{
    struct host *place;
    struct host *x = host_find(h, host, &place);
    ensure(x, "a host whose try ends has one under way");
    x->under_way--;
}
