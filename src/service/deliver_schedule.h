/* When a notification is tried again. Pure. */
#ifndef KASSA_SERVICE_DELIVER_SCHEDULE_H
#define KASSA_SERVICE_DELIVER_SCHEDULE_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* Tries of one round: the first and one behind each wait of the schedule (5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h,
 * 24 h). */
#define DELIVER_TRIES_MAX 10
#define DELIVER_RETRY_AFTER_MAX_MS (24 * 3600 * INT64_C(1000))

/* Wait behind the `tried`-th try of the round (from 1), made longer by 0 to 20 % by `jitter` (any number). ERR_LIMIT: that was
 * the last. */
enum err deliver_wait_ms(int64_t tried, uint32_t jitter, int64_t *ret_ms) must_check;

/* A Retry-After header: seconds, or an HTTP date (RFC 9110, section 5.6.7, the preferred form); 0 for the past, at most a day.
 * ERR_SYNTAX. */
enum err deliver_retry_after_ms(struct str value, int64_t now_ms, int64_t *ret_ms) must_check;

#endif
