/* The library's idle time counts from the last byte, so a peer that sends one now and then would keep its connection for
 * days. Here a connection has a time for the whole of what it waits for, however many bytes come:
 * - The first request's headers: the header time, from the connection on. TLS' handshake is within it.
 * - A further request's headers: the idle time and the header time, from the end of the last reply on. The library tells
 *   nothing before a request line is whole, so nobody knows when a request began. But an honest peer is idle at most the
 *   idle time, and then sends its headers in their time; who needs longer than the two together has trickled.
 * - The body: the body time, from the end of the headers on. The end of a body in chunks counts, not its content: lines of
 *   chunks and trailers do not come by our handler.
 * A parked request waits for us and has none. A reply needs none: the kernel calls a socket writable again only when a
 * third of what it holds is taken, so who takes a little now and then is idle.
 *
 * Each worker has lists of its own, used on its thread alone. All in one list have the same time, so each is in order and
 * whatever begins is put at its end. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "http/server_private.h"
#include <sys/socket.h>

void deadlines_init(struct deadlines *all, const struct server_options *o)
{
    int64_t header_ms = (int64_t)o->header_timeout_s * 1000;
    int64_t idle_ms = (int64_t)o->idle_timeout_s * 1000;
    *all = (struct deadlines){0};
    all->limit_ms[DEADLINE_FIRST_HEADERS] = header_ms;
    all->limit_ms[DEADLINE_NEXT_HEADERS] = header_ms && idle_ms ? idle_ms + header_ms : 0;
    all->limit_ms[DEADLINE_BODY] = (int64_t)o->body_timeout_s * 1000;
}

struct deadline *deadline_new(struct deadlines *all, int fd)
{
    struct deadline *d = mem_alloc(sizeof(*d));
    *d = (struct deadline){.all = all, .fd = fd, .kind = DEADLINE_NONE};
    return d;
}

void deadline_free(struct deadline *d)
{
    deadline_end(d);
    mem_free(d);
}

void deadline_end(struct deadline *d)
{
    if (d->kind == DEADLINE_NONE)
        return;
    if (d->prev)
        d->prev->next = d->next;
    else
        d->all->first[d->kind] = d->next;
    if (d->next)
        d->next->prev = d->prev;
    else
        d->all->last[d->kind] = d->prev;
    d->kind = DEADLINE_NONE;
}

void deadline_begin(struct deadline *d, enum deadline_kind kind)
{
    struct deadlines *all = d->all;
    deadline_end(d);
    if (kind == DEADLINE_NONE || all->limit_ms[kind] == 0)
        return;
    d->kind = kind;
    d->at_ms = clock_mono_ms() + all->limit_ms[kind];
    d->next = NULL;
    d->prev = all->last[kind];
    if (d->prev)
        d->prev->next = d;
    else
        all->first[kind] = d;
    all->last[kind] = d;
}

/* The library sees the end of the stream, and closes and forgets the connection itself. */
static void deadline_passed(struct deadline *d)
{
    deadline_end(d);
    shutdown(d->fd, SHUT_RDWR);
    metric_add(METRIC_http_too_slow_total, 1);
}

int64_t deadlines_sweep(struct deadlines *all)
{
    int64_t now_ms = clock_mono_ms(), wait_ms = -1;
    for (int kind = 0; kind < DEADLINE_NONE; kind++) {
        while (all->first[kind] && all->first[kind]->at_ms <= now_ms)
            deadline_passed(all->first[kind]);
        if (all->first[kind] && (wait_ms < 0 || all->first[kind]->at_ms - now_ms < wait_ms))
            wait_ms = all->first[kind]->at_ms - now_ms;
    }
    return wait_ms;
}
