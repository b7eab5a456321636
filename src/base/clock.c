#include "base/clock.h"
#include <assert.h>
#include <limits.h>
#include <time.h>

#define SECOND_MS INT64_C(1000)
#define DAY_MS (86400 * SECOND_MS)

static int64_t machine_us(clockid_t id)
{
    struct timespec ts;
    int rc = clock_gettime(id, &ts);
    assert(rc == 0);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void clock_init(struct clock *c)
{
    c->wall_ms = NULL;
    c->arg = NULL;
    atomic_init(&c->offset_ms, 0);
}

int64_t clock_now_ms(const struct clock *c)
{
    int64_t wall = c->wall_ms ? c->wall_ms(c->arg) : machine_us(CLOCK_REALTIME) / 1000;
    return wall + atomic_load(&c->offset_ms);
}

void clock_advance(struct clock *c, int64_t ms)
{
    atomic_fetch_add(&c->offset_ms, ms);
}

bool clock_offset_raise(struct clock *c, int64_t offset_ms)
{
    int64_t have = atomic_load(&c->offset_ms);
    while (have < offset_ms)
        if (atomic_compare_exchange_weak(&c->offset_ms, &have, offset_ms))
            return true;
    return false;
}

bool clock_wall_ms(const struct clock *c, int64_t *ret)
{
    if (!c->wall_ms)
        *ret = machine_us(CLOCK_REALTIME) / 1000;
    return !c->wall_ms;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
    return machine_us(CLOCK_MONOTONIC);
}

struct civil {
    int year, month, day;
};

/* Years are counted from March, in eras of 400 years (146,097 days), so that the leap day is the
 * last of its year and the days before a month are a linear formula. Day 0 of era 0 is 0000-03-01,
 * 719,468 days before 1970-01-01. */
#define ERA_DAYS 146097
#define EPOCH_SHIFT 719468

static int64_t div_floor(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static int64_t ms_of_day(int64_t at_ms)
{
    int64_t rest = at_ms % DAY_MS;
    return rest < 0 ? rest + DAY_MS : rest;
}

int32_t civil_to_day(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = div_floor(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * ERA_DAYS + day_of_era - EPOCH_SHIFT);
}

static struct civil day_to_civil(int64_t day)
{
    int64_t z = day + EPOCH_SHIFT;
    int64_t era = div_floor(z, ERA_DAYS);
    int64_t doe = z - era * ERA_DAYS;
    int64_t year_of_era = (doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
    int64_t doy = doe - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * doy + 2) / 153;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(doy - (153 * month_from_march + 2) / 5 + 1),
    };
}

/* The formats have four digits for the year: what lies outside shows as the nearest day. */
static int64_t day_clamped(int64_t day)
{
    int64_t min = civil_to_day(0, 1, 1), max = civil_to_day(9999, 12, 31);
    return day < min ? min : day > max ? max : day;
}

int32_t dhaka_day(int64_t at_ms)
{
    int64_t day = div_floor(at_ms, DAY_MS);
    if (ms_of_day(at_ms) >= DAY_MS - DHAKA_OFFSET_MS)
        day++;
    return (int32_t)(day < INT32_MIN ? INT32_MIN : day > INT32_MAX ? INT32_MAX : day);
}

int64_t dhaka_day_start_ms(int32_t day)
{
    return day * DAY_MS - DHAKA_OFFSET_MS;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Digits of s[from..from+n), or -1. */
static int digits_at(struct str s, size_t from, size_t n)
{
    int value = 0;
    for (size_t i = from; i < from + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        value = value * 10 + (s.p[i] - '0');
    }
    return value;
}

enum err dhaka_day_parse(struct str s, int32_t *ret_day)
{
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
        return ERR_SYNTAX;
    int year = digits_at(s, 0, 4), month = digits_at(s, 5, 2), day = digits_at(s, 8, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return ERR_SYNTAX;
    *ret_day = civil_to_day(year, month, day);
    return ERR_OK;
}

static char *digits_put(char *out, int value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + n;
}

static char *date_put(char *out, int64_t day)
{
    struct civil date = day_to_civil(day_clamped(day));
    out = digits_put(out, date.year, 4);
    *out++ = '-';
    out = digits_put(out, date.month, 2);
    *out++ = '-';
    return digits_put(out, date.day, 2);
}

static char *time_put(char *out, int64_t ms)
{
    int second = (int)(ms / SECOND_MS);
    out = digits_put(out, second / 3600, 2);
    *out++ = ':';
    out = digits_put(out, second / 60 % 60, 2);
    *out++ = ':';
    return digits_put(out, second % 60, 2);
}

void dhaka_day_format(int32_t day, char out[11])
{
    *date_put(out, day) = '\0';
}

void dhaka_time_format(int64_t at_ms, char out[20])
{
    int64_t day = div_floor(at_ms, DAY_MS);
    int64_t ms = ms_of_day(at_ms) + DHAKA_OFFSET_MS;
    if (ms >= DAY_MS) {
        ms -= DAY_MS;
        day++;
    }
    char *p = date_put(out, day);
    *p++ = ' ';
    *time_put(p, ms) = '\0';
}

void utc_time_format(int64_t at_ms, char out[25])
{
    int64_t ms = ms_of_day(at_ms);
    char *p = date_put(out, div_floor(at_ms, DAY_MS));
    *p++ = 'T';
    p = time_put(p, ms);
    *p++ = '.';
    p = digits_put(p, (int)(ms % SECOND_MS), 3);
    *p++ = 'Z';
    *p = '\0';
}
