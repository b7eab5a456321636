#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/sms_scan.h"

#define AMOUNT_CHARS_MAX 24
#define WHOLE_DIGITS_MAX 12

/* The digit at `at` in either script, moving behind it; -1 and no move when there is none. */
static int digit_take(struct sms_scan *x)
{
    size_t i = x->at;
    if (i >= x->body.n)
        return -1;
    int digit = trxid_digit(utf8_next(x->body, &i));
    if (digit >= 0)
        x->at = i;
    return digit;
}

static bool char_take(struct sms_scan *x, char c)
{
    if (x->at >= x->body.n || x->body.p[x->at] != c)
        return false;
    x->at++;
    return true;
}

/* Where the whole taka may have commas: before each three digits, or before the last three and each two in front. */
static bool groups_fit(struct str whole)
{
    size_t comma = str_find(whole, ',', 0), last = whole.n;
    while (last > 0 && whole.p[last - 1] != ',')
        last--;
    if (comma == whole.n)
        return true;
    size_t width = str_find(whole, ',', comma + 1) - comma - 1;
    if (comma == 0 || whole.n - last != 3 || (width != 3 && width != 2))
        return false;
    bool south_asian = width == 2;
    if (comma > (south_asian ? 2u : 3u))
        return false;
    for (size_t i = comma; i + 1 < last; i += width + 1)
        if (str_find(whole, ',', i + 1) != i + 1 + width)
            return false;
    return true;
}

static bool whole_read(struct str whole, int64_t *ret)
{
    int64_t value = 0;
    size_t digits = 0;
    if (!groups_fit(whole) || (whole.n > 1 && whole.p[0] == '0'))
        return false;
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] == ',')
            continue;
        if (whole.p[i] < '0' || whole.p[i] > '9' || ++digits > WHOLE_DIGITS_MAX)
            return false;
        value = value * 10 + (whole.p[i] - '0');
    }
    *ret = value;
    return true;
}

enum err sms_amount_parse(struct str s, struct money *ret)
{
    size_t point = str_find(s, '.', 0);
    struct str whole = str_sub(s, 0, point);
    size_t decimals = point < s.n ? s.n - point - 1 : 0;
    int64_t taka, poisha = 0;
    if (decimals > 2 || (point < s.n && decimals == 0) || (whole.n == 0 && decimals != 2))
        return ERR_SYNTAX;
    if (!whole_read(whole, &taka))
        return ERR_SYNTAX;
    for (size_t i = 0; i < 2; i++) {
        char c = i < decimals ? s.p[point + 1 + i] : '0';
        if (c < '0' || c > '9')
            return ERR_SYNTAX;
        poisha = poisha * 10 + (c - '0');
    }
    *ret = money_poisha(taka * 100 + poisha);
    return ERR_OK;
}

static bool money_char(struct sms_scan *x, char *ret)
{
    int digit = digit_take(x);
    *ret = digit >= 0 ? (char)('0' + digit) : char_take(x, '.') ? '.' : ',';
    return digit >= 0 || *ret == '.' || char_take(x, ',');
}

/* A point or comma at the end belongs to the words behind the amount when they begin with it. */
static bool belongs_to_words(char c, struct str next)
{
    size_t i = next.n > 0 && next.p[0] == '[' ? 1 : 0;
    return (c == '.' || c == ',') && i < next.n && next.p[i] == c;
}

/* Rocket prints "Tk.20.00" beside "Tk20.00", and "Tk.00" for nothing: a point in front is a part of "Tk." only when
 * the sum has another. */
static struct str rocket_point(struct str s)
{
    bool label = s.n > 1 && s.p[0] == '.' && str_find(s, '.', 1) < s.n;
    return label ? str_sub(s, 1, s.n) : s;
}

static bool money_take(struct sms_scan *x, struct str next, struct money *ret)
{
    char text[AMOUNT_CHARS_MAX];
    size_t n = 0;
    for (char c; money_char(x, &c); text[n++] = c)
        if (n == sizeof(text))
            return false;
    if (n > 0 && belongs_to_words(text[n - 1], next)) {
        n--;
        x->at--;
    }
    struct str s = {text, n};
    return sms_amount_parse(x->out->wallet == WALLET_ROCKET ? rocket_point(s) : s, ret) == ERR_OK;
}

static bool amount_take(struct sms_scan *x, struct str next)
{
    return money_take(x, next, &x->out->amount) && x->out->amount.poisha > 0;
}

static bool balance_take(struct sms_scan *x, struct str next)
{
    return money_take(x, next, &x->out->balance);
}

static bool fee_take(struct sms_scan *x, struct str next)
{
    x->out->has_fee = true;
    return money_take(x, next, &x->out->fee);
}

static bool commission_take(struct sms_scan *x, struct str next)
{
    x->out->has_commission = true;
    return money_take(x, next, &x->out->commission);
}

/* An account is a mobile number; Rocket's has a check digit more. */
static bool number_whole(struct str s, enum wallet_kind w)
{
    bool long_enough = s.n == 11 || (s.n == 12 && w == WALLET_ROCKET);
    return long_enough && str_starts(s, STR("01")) && s.p[2] >= '3';
}

static bool number_in_part(struct str s, size_t digits)
{
    return digits < s.n && digits >= 3;
}

static void number_mask(const char *number, char out[SMS_NUMBER_CAP])
{
    size_t n = strlen(number);
    for (size_t i = 0; i < n; i++)
        out[i] = i < 3 || i + 2 >= n ? number[i] : '*';
    out[n] = '\0';
}

static bool number_take(struct sms_scan *x, struct str next)
{
    (void)next;
    struct sms *out = x->out;
    size_t n = 0, digits = 0, start = x->at;
    char *text = out->number;
    char_take(x, '+');
    for (int digit; (digit = digit_take(x)) >= 0 || char_take(x, '*');) {
        if (n == SMS_NUMBER_CAP - 1)
            return false;
        text[n++] = digit >= 0 ? (char)('0' + digit) : '*';
        digits += digit >= 0;
    }
    if (n > 4 && memcmp(text, "8801", 4) == 0) {
        n -= 2;
        memmove(text, text + 2, n);
        digits -= 2;
    }
    text[n] = '\0';
    struct str s = {text, n};
    bool in_part = number_in_part(s, digits);
    if (!in_part && !number_whole(s, out->wallet))
        return false;
    out->number_told = str_sub(x->body, start, x->at);
    if (in_part) {
        memcpy(out->number_masked, text, n + 1);
    } else {
        number_mask(text, out->number_masked);
    }
    return true;
}

/* Some of Rocket's texts have no blank behind the id: it then ends where the next words begin. */
static bool words_ahead(struct sms_scan *x, struct str next)
{
    size_t end = 0;
    while (end < next.n && next.p[end] != ' ' && next.p[end] != '{' && next.p[end] != '[')
        end++;
    return end > 0 && str_starts(str_sub(x->body, x->at, x->body.n), str_sub(next, 0, end));
}

static bool trxid_take(struct sms_scan *x, struct str next)
{
    size_t start = x->at;
    while (x->at < x->body.n && !scan_blank_at(x->body, x->at) && x->body.p[x->at] != '.' &&
           !words_ahead(x, next))
        x->at++;
    x->out->trx_id_told = str_sub(x->body, start, x->at);
    return trxid_normal(x->out->wallet, x->out->trx_id_told, x->out->trx_id) == ERR_OK;
}

static bool two_digits(struct sms_scan *x, int *ret)
{
    int tens = digit_take(x), ones = tens >= 0 ? digit_take(x) : -1;
    *ret = tens * 10 + ones;
    return ones >= 0;
}

struct civil_time {
    int century, year, month, day, hour, minute, second;
};

static bool time_set(const struct civil_time *t, int64_t *ret_ms)
{
    const int pairs[] = {t->century, t->year, t->month, t->day};
    char date[] = "0000-00-00";
    static const size_t places[] = {0, 2, 5, 8};
    int32_t day;
    for (size_t i = 0; i < array_len(pairs); i++) {
        date[places[i]] = (char)('0' + pairs[i] / 10);
        date[places[i] + 1] = (char)('0' + pairs[i] % 10);
    }
    if (t->century != 20 || dhaka_day_parse(str_from(date), &day))
        return false;
    if (t->hour > 23 || t->minute > 59 || t->second > 59)
        return false;
    int64_t seconds = (t->hour * INT64_C(60) + t->minute) * 60 + t->second;
    *ret_ms = dhaka_day_start_ms(day) + seconds * 1000;
    return true;
}

/* 02/07/2026 15:00 */
static bool when_take(struct sms_scan *x, struct str next)
{
    (void)next;
    struct civil_time t = {.second = 0};
    return two_digits(x, &t.day) && char_take(x, '/') && two_digits(x, &t.month) &&
           char_take(x, '/') && two_digits(x, &t.century) && two_digits(x, &t.year) &&
           scan_blanks(x) && two_digits(x, &t.hour) && char_take(x, ':') &&
           two_digits(x, &t.minute) && time_set(&t, &x->out->at_ms);
}

static bool month_take(struct sms_scan *x, int *ret)
{
    static const char names[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    struct str told = str_sub(x->body, x->at, x->at + 3);
    for (int i = 0; i < 12; i++) {
        if (str_ieq(told, (struct str){names + 3 * i, 3})) {
            x->at += 3;
            *ret = i + 1;
            return true;
        }
    }
    return false;
}

static bool half_take(struct sms_scan *x, int *hour)
{
    struct str told = str_sub(x->body, x->at, x->at + 2);
    bool after_noon = str_ieq(told, STR("pm"));
    if ((!after_noon && !str_ieq(told, STR("am"))) || *hour < 1 || *hour > 12)
        return false;
    *hour = *hour % 12 + (after_noon ? 12 : 0);
    x->at += 2;
    return true;
}

/* 08-JUN-26 06:21:43 am */
static bool when12_take(struct sms_scan *x, struct str next)
{
    (void)next;
    struct civil_time t = {.century = 20};
    return two_digits(x, &t.day) && char_take(x, '-') && month_take(x, &t.month) &&
           char_take(x, '-') && two_digits(x, &t.year) && scan_blanks(x) &&
           two_digits(x, &t.hour) && char_take(x, ':') && two_digits(x, &t.minute) &&
           char_take(x, ':') && two_digits(x, &t.second) && scan_blanks(x) &&
           half_take(x, &t.hour) && time_set(&t, &x->out->at_ms);
}

static bool code_take(struct sms_scan *x, struct str next)
{
    (void)next;
    size_t n = 0;
    while (digit_take(x) >= 0)
        n++;
    return n >= 4 && n <= 8;
}

struct field {
    const char *name;
    bool (*take)(struct sms_scan *x, struct str next);
    enum sms_why why;
};

static const struct field fields[] = {
    {.name = "amount", .take = amount_take, .why = SMS_BAD_AMOUNT},
    {.name = "fee", .take = fee_take, .why = SMS_BAD_FEE},
    {.name = "comm", .take = commission_take, .why = SMS_BAD_FEE},
    {.name = "balance", .take = balance_take, .why = SMS_BAD_BALANCE},
    {.name = "number", .take = number_take, .why = SMS_BAD_NUMBER},
    {.name = "trxid", .take = trxid_take, .why = SMS_BAD_TRXID},
    {.name = "when", .take = when_take, .why = SMS_BAD_TIME},
    {.name = "when12", .take = when12_take, .why = SMS_BAD_TIME},
    {.name = "code", .take = code_take, .why = SMS_NO_FORM},
};

bool scan_field(struct sms_scan *x, struct str name, struct str next)
{
    for (size_t i = 0; i < array_len(fields); i++) {
        if (!str_is(name, fields[i].name))
            continue;
        bool taken = fields[i].take(x, next);
        x->why = taken ? x->why : fields[i].why;
        return taken;
    }
    x->why = SMS_NO_FORM;
    return false;
}
