/* How many tries are under way to each host, so that a slow or dead one takes only its own share. One thread at a time. */
#ifndef KASSA_SERVICE_DELIVER_HOSTS_H
#define KASSA_SERVICE_DELIVER_HOSTS_H

#include "base/str.h"
#include <stdint.h>

#define DELIVER_HOST_MAX 300

struct deliver_hosts;

/* `tries_max`: tries under way in all, which bounds the table. Times are monotonic. */
struct deliver_hosts *deliver_hosts_new(int tries_max, int per_host);
void deliver_hosts_free(struct deliver_hosts *h);
/* False when the host has its share under way already. */
bool deliver_hosts_take(struct deliver_hosts *h, struct str host, int64_t now_ms);
void deliver_hosts_give(struct deliver_hosts *h, struct str host, bool answered, int64_t now_ms);
/* Whether one that was not taken may wait for its turn in memory, because the host works off its queue in no time; counts it
 * until deliver_hosts_unqueue. */
bool deliver_hosts_queue(struct deliver_hosts *h, struct str host, int64_t now_ms);
void deliver_hosts_unqueue(struct deliver_hosts *h, struct str host);
/* How long one that was not taken is put off: shortly while the host answers, and the longer the longer its queue
 * and the slower the host, so that the queue of a dead or slow host is looked at seldom. */
int64_t deliver_hosts_wait_ms(
    struct deliver_hosts *h, struct str host, int64_t now_ms, uint32_t random);

#endif
