#include "wallet/bkash.h"

static bool digits(struct str *s, size_t n, int *ret)
{
    int value = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        value = value * 10 + (s->p[i] - '0');
    }
    *s = str_sub(*s, n, s->n);
    *ret = value;
    return true;
}

static bool mark(struct str *s, struct str want)
{
    if (!str_starts(*s, want))
        return false;
    *s = str_sub(*s, want.n, s->n);
    return true;
}

struct parts {
    int year, month, day, hour, minute, second, ms;
    int64_t offset_ms;
};

static bool compact_read(struct str s, struct parts *t)
{
    return digits(&s, 4, &t->year) && digits(&s, 2, &t->month) && digits(&s, 2, &t->day) &&
           digits(&s, 2, &t->hour) && digits(&s, 2, &t->minute) && digits(&s, 2, &t->second) &&
           s.n == 0;
}

static bool offset_read(struct str s, int64_t *ret)
{
    int hours, minutes;
    bool west = str_starts(s, STR(" GMT-"));
    if (!west && !str_starts(s, STR(" GMT+")))
        return false;
    s = str_sub(s, 5, s.n);
    if (!digits(&s, 2, &hours) || !digits(&s, 2, &minutes) || s.n || hours > 14 || minutes > 59)
        return false;
    int64_t ms = (hours * 60 + minutes) * INT64_C(60000);
    *ret = west ? -ms : ms;
    return true;
}

static bool long_read(struct str s, struct parts *t)
{
    bool read = digits(&s, 4, &t->year) && mark(&s, STR("-")) && digits(&s, 2, &t->month) &&
                mark(&s, STR("-")) && digits(&s, 2, &t->day) && mark(&s, STR("T")) &&
                digits(&s, 2, &t->hour) && mark(&s, STR(":")) && digits(&s, 2, &t->minute) &&
                mark(&s, STR(":")) && digits(&s, 2, &t->second) && mark(&s, STR(":")) &&
                digits(&s, 3, &t->ms);
    return read && (s.n == 0 || offset_read(s, &t->offset_ms));
}

static bool in_range(const struct parts *t)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = t->year % 4 == 0 && (t->year % 100 != 0 || t->year % 400 == 0);
    if (t->year < 1970 || t->month < 1 || t->month > 12 || t->day < 1)
        return false;
    if (t->day > month_days[t->month - 1] || (t->month == 2 && t->day == 29 && !leap))
        return false;
    return t->hour <= 23 && t->minute <= 59 && t->second <= 59;
}

enum err bkash_time_parse(struct str s, int64_t *ret_ms)
{
    struct parts t = {.offset_ms = DHAKA_OFFSET_MS};
    if (!(str_find(s, 'T', 0) < s.n ? long_read(s, &t) : compact_read(s, &t)) || !in_range(&t))
        return ERR_SYNTAX;
    int64_t day = civil_to_day(t.year, t.month, t.day);
    int64_t seconds = ((day * 24 + t.hour) * 60 + t.minute) * 60 + t.second;
    *ret_ms = seconds * 1000 + t.ms - t.offset_ms;
    return ERR_OK;
}
