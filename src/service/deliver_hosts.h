/* How many tries are under way to each host, so that a slow or dead one takes only its own share. One thread at a time. */
#ifndef KASSA_SERVICE_DELIVER_HOSTS_H
#define KASSA_SERVICE_DELIVER_HOSTS_H

#include "base/str.h"

#define DELIVER_HOST_MAX 300

struct deliver_hosts;

/* `tries_max`: tries under way in all, which bounds the table. */
struct deliver_hosts *deliver_hosts_new(int tries_max, int per_host);
void deliver_hosts_free(struct deliver_hosts *h);
/* False when the host has its share under way already. */
bool deliver_hosts_take(struct deliver_hosts *h, struct str host);
void deliver_hosts_give(struct deliver_hosts *h, struct str host);

#endif
