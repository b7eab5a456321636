#include "service/deliver_schedule.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdio.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static const int64_t waits[DELIVER_TRIES_MAX - 1] = {5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR,
    5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR};

enum err deliver_wait_ms(int64_t tried, uint32_t jitter, int64_t *ret_ms)
{
    if (tried < 1 || tried > (int64_t)array_len(waits)) {
        return ERR_LIMIT;
    }
    int64_t wait = waits[tried - 1];
    *ret_ms = wait + wait / 5 * (int64_t)(jitter % 1001) / 1000;
    return ERR_OK;
}

static int month_number(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (memcmp(names + i * 3, name, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static enum err http_date_parse(struct str value, int64_t *ret_ms)
{
    char text[30], month[4] = "", zone[4] = "";
    int day, year, hour, minute, second, end = 0;
    if (value.n != sizeof text - 1) {
        return ERR_SYNTAX;
    }
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    int n = sscanf(text, "%*3c, %2d %3c %4d %2d:%2d:%2d %3c%n", &day, month, &year, &hour, &minute,
        &second, zone, &end);
    int number = month_number(month);
    bool good = n == 7 && end == (int)value.n && number > 0 && memcmp(zone, "GMT", 3) == 0 &&
                day >= 1 && day <= 31 && year >= 1970 && hour >= 0 && hour <= 23 && minute >= 0 &&
                minute <= 59 && second >= 0 && second <= 60;
    if (!good) {
        return ERR_SYNTAX;
    }
    int64_t at_s =
        INT64_C(86400) * civil_to_day(year, number, day) + 3600 * hour + 60 * minute + second;
    *ret_ms = at_s * SECOND;
    return ERR_OK;
}

enum err deliver_retry_after_ms(struct str value, int64_t now_ms, int64_t *ret_ms)
{
    int64_t seconds, at, wait;
    struct str v = str_trim(value);
    enum err e = int64_parse(v, &seconds);
    if (e == ERR_RANGE || (e == ERR_OK && seconds > DELIVER_RETRY_AFTER_MAX_MS / SECOND)) {
        wait = v.p[0] == '-' ? 0 : DELIVER_RETRY_AFTER_MAX_MS;
    } else if (e == ERR_OK) {
        wait = seconds < 0 ? 0 : seconds * SECOND;
    } else if (http_date_parse(v, &at) == ERR_OK) {
        wait = at - now_ms;
    } else {
        return ERR_SYNTAX;
    }
    wait = wait < 0 ? 0 : wait;
    *ret_ms = wait > DELIVER_RETRY_AFTER_MAX_MS ? DELIVER_RETRY_AFTER_MAX_MS : wait;
    return ERR_OK;
}
