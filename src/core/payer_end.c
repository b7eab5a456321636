#include "core/payer_end.h"

#include "base/text.h"
#include "core/sms_trxid.h"
#include <string.h>

#define DIGITS_KEPT ((size_t)PAYER_END_CAP - 1)
#define DIGITS_MAX 14 /* 880 and Rocket's twelve without the 0 */

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

void payer_end_of_number(const char *number, char out[PAYER_END_CAP])
{
    size_t n = strlen(number);
    out[0] = '\0';
    if (n < DIGITS_KEPT)
        return;
    const char *end = number + n - DIGITS_KEPT;
    for (size_t i = 0; i < DIGITS_KEPT; i++)
        if (!is_digit(end[i]))
            return;
    memcpy(out, end, PAYER_END_CAP);
}

enum err payer_end_parse(struct str typed, char out[PAYER_END_CAP])
{
    char digits[DIGITS_MAX];
    size_t n = 0;
    if (typed.n > TRXID_TEXT_MAX || !utf8_valid(typed))
        return ERR_SYNTAX;
    for (size_t i = 0; i < typed.n;) {
        uint32_t cp = utf8_next(typed, &i);
        int c = trxid_fold(cp);
        if (c == 0 || cp == '+' || cp == '-' || cp == '*')
            continue;
        if (!is_digit(c) || n == DIGITS_MAX)
            return ERR_SYNTAX;
        digits[n++] = (char)c;
    }
    if (n < DIGITS_KEPT)
        return ERR_SYNTAX;
    memcpy(out, digits + n - DIGITS_KEPT, DIGITS_KEPT);
    out[DIGITS_KEPT] = '\0';
    return ERR_OK;
}
