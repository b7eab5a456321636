#include "base/money.h"
#include <assert.h>

#define WALLET_DIGITS_MAX 12
#define API_DIGITS_MAX 9

/* The whole taka and the decimals of "digits[.decimals]"; either may be of any length here. */
struct amount_parts {
    struct str whole;
    struct str decimals; /* absent when there is no point */
};

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static bool amount_split(struct str s, struct amount_parts *ret)
{
    size_t point = str_find(s, '.', 0);
    struct amount_parts parts = {.whole = str_sub(s, 0, point), .decimals = STR_ABSENT};
    if (point < s.n) {
        parts.decimals = str_sub(s, point + 1, s.n);
        if (!all_digits(parts.decimals))
            return false;
    }
    if (!all_digits(parts.whole))
        return false;
    *ret = parts;
    return true;
}

static int digit_at(struct str s, size_t i)
{
    return i < s.n ? s.p[i] - '0' : 0;
}

/* At most 12 digits before the point: no overflow is possible. */
static int64_t amount_poisha(const struct amount_parts *parts)
{
    int64_t whole = 0;
    for (size_t i = 0; i < parts->whole.n; i++)
        whole = whole * 10 + digit_at(parts->whole, i);
    return whole * 100 + digit_at(parts->decimals, 0) * 10 + digit_at(parts->decimals, 1);
}

enum err money_parse_amount(struct str s, struct money *ret)
{
    struct amount_parts parts;
    if (!amount_split(s, &parts) || parts.whole.n > API_DIGITS_MAX || parts.decimals.n > 2)
        return ERR_SYNTAX;
    if (parts.whole.n > 1 && parts.whole.p[0] == '0')
        return ERR_SYNTAX;
    int64_t poisha = amount_poisha(&parts);
    if (poisha == 0)
        return ERR_RANGE;
    *ret = money_poisha(poisha);
    return ERR_OK;
}

enum err money_parse_wallet(struct str s, struct money *ret)
{
    struct amount_parts parts;
    if (!amount_split(s, &parts) || parts.whole.n > WALLET_DIGITS_MAX)
        return ERR_SYNTAX;
    for (size_t i = 2; i < parts.decimals.n; i++)
        if (parts.decimals.p[i] != '0')
            return ERR_SYNTAX;
    *ret = money_poisha(amount_poisha(&parts));
    return ERR_OK;
}

struct money money_add(struct money a, struct money b)
{
    int64_t sum;
    bool overflow = __builtin_add_overflow(a.poisha, b.poisha, &sum);
    assert(!overflow);
    return money_poisha(sum);
}

struct money money_sub(struct money a, struct money b)
{
    int64_t difference;
    bool overflow = __builtin_sub_overflow(a.poisha, b.poisha, &difference);
    assert(!overflow);
    return money_poisha(difference);
}

struct money money_neg(struct money a)
{
    return money_sub(MONEY_ZERO, a);
}

#define TEXT_MAX 48

static uint64_t magnitude(struct money m)
{
    return m.poisha < 0 ? -(uint64_t)m.poisha : (uint64_t)m.poisha;
}

/* Writes the text backwards from `at`; `group` puts commas as in 1,23,45,678. */
static size_t whole_backwards(char text[TEXT_MAX], size_t at, uint64_t whole, bool group)
{
    int digits = 0;
    do {
        if (group && digits >= 3 && digits % 2 == 1)
            text[--at] = ',';
        text[--at] = (char)('0' + whole % 10);
        whole /= 10;
        digits++;
    } while (whole);
    return at;
}

static void money_text(struct buf *b, struct money m, int decimals, bool group)
{
    char text[TEXT_MAX];
    size_t at = TEXT_MAX;
    uint64_t u = magnitude(m);
    for (int i = 2; i < decimals; i++)
        text[--at] = '0';
    text[--at] = (char)('0' + u % 10);
    text[--at] = (char)('0' + u / 10 % 10);
    text[--at] = '.';
    at = whole_backwards(text, at, u / 100, group);
    if (m.poisha < 0)
        text[--at] = '-';
    buf_add(b, text + at, TEXT_MAX - at);
}

void money_format(struct buf *b, struct money m, int decimals)
{
    assert(decimals == 2 || decimals == 8 || decimals == 9);
    money_text(b, m, decimals, false);
}

void money_format_grouped(struct buf *b, struct money m)
{
    money_text(b, m, 2, true);
}
