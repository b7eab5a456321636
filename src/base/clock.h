/* Time, injected: nothing outside clock.c reads the machine's clock. Instants are milliseconds since
 * 1970-01-01 UTC (int64). In a sandbox an offset moves the wall clock forward; the monotonic clock, which
 * times network waits, never moves by it. Thread-safe. */
#ifndef KASSA_BASE_CLOCK_H
#define KASSA_BASE_CLOCK_H

#include "base/err.h"
#include "base/str.h"
#include <stdatomic.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *arg); /* NULL: the machine's */
    void *arg;
    _Atomic int64_t offset_ms; /* the sandbox's control */
};

void clock_init(struct clock *c);
int64_t clock_now_ms(const struct clock *c);
void clock_advance(struct clock *c, int64_t ms);
/* Moves the clock on to that offset, which several processes of a sandbox share; never back. True when it moved. */
bool clock_offset_raise(struct clock *c, int64_t offset_ms);
/* The machine's own time, whatever the sandbox moved. False: the clock is injected, and tells nothing about a machine. */
bool clock_wall_ms(const struct clock *c, int64_t *ret);
/* The machine's monotonic clock. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* Asia/Dhaka is UTC+6, fixed: days and civil times of the API. */
#define DHAKA_OFFSET_MS (6 * 3600 * INT64_C(1000))
/* Days since 1970-01-01 of the Dhaka day that holds the instant. */
int32_t dhaka_day(int64_t at_ms);
/* First instant of a Dhaka day. */
int64_t dhaka_day_start_ms(int32_t day);
/* "YYYY-MM-DD" both ways; ERR_SYNTAX for texts that are no date of years 1970..9999. */
enum err dhaka_day_parse(struct str s, int32_t *ret_day) must_check;
void dhaka_day_format(int32_t day, char out[11]);
/* "2024-11-07 14:58:59" in Dhaka. */
void dhaka_time_format(int64_t at_ms, char out[20]);
/* "2026-11-24T08:30:12.345Z" */
void utc_time_format(int64_t at_ms, char out[25]);
/* Calendar to days since 1970-01-01 (proleptic Gregorian). */
int32_t civil_to_day(int year, int month, int day);

#endif
