/* Things done later by one thread: answers that are held back. Times are the machine's own, not the simulator's. */
#ifndef KASSA_APP_SIM_LATER_H
#define KASSA_APP_SIM_LATER_H

#include <stdbool.h>
#include <stdint.h>

#define LATER_MAX 4096

struct later;

struct later *later_start(void);
/* Ends the thread; what still waits is called at once, with `in_time` false. */
void later_stop(struct later *l);
void later_free(struct later *l);
/* Calls fn(arg, true) after `delay_ms`, on the thread; at once, and with false, on the caller's when too many wait or
 * all has ended. */
void later_add(struct later *l, int64_t delay_ms, void (*fn)(void *arg, bool in_time), void *arg);

#endif
