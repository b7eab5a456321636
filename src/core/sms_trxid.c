#include "core/sms_trxid.h"

#include "base/mem.h"
#include "base/text.h"
#include <assert.h>

struct format {
    size_t len;
    bool digits_only;
};

static const struct format formats[WALLET_COUNT] = {
    [WALLET_BKASH] = {.len = 10, .digits_only = false},
    [WALLET_NAGAD] = {.len = 8, .digits_only = false},
    [WALLET_ROCKET] = {.len = 10, .digits_only = true},
};

struct lookalike {
    uint16_t cp;
    char latin;
};

/* Greek capitals and the small omicron; Cyrillic letters, both cases where both look alike. A small Greek nu looks like
 * v and is the small form of what looks like N, so it is neither. */
static const struct lookalike lookalikes[] = {
    {0x0391, 'A'},
    {0x0392, 'B'},
    {0x0395, 'E'},
    {0x0396, 'Z'},
    {0x0397, 'H'},
    {0x0399, 'I'},
    {0x039A, 'K'},
    {0x039C, 'M'},
    {0x039D, 'N'},
    {0x039F, 'O'},
    {0x03A1, 'P'},
    {0x03A4, 'T'},
    {0x03A5, 'Y'},
    {0x03A7, 'X'},
    {0x03BF, 'O'},
    {0x0405, 'S'},
    {0x0406, 'I'},
    {0x0408, 'J'},
    {0x0410, 'A'},
    {0x0412, 'B'},
    {0x0415, 'E'},
    {0x041A, 'K'},
    {0x041C, 'M'},
    {0x041D, 'H'},
    {0x041E, 'O'},
    {0x0420, 'P'},
    {0x0421, 'C'},
    {0x0422, 'T'},
    {0x0423, 'Y'},
    {0x0425, 'X'},
    {0x0430, 'A'},
    {0x0435, 'E'},
    {0x043E, 'O'},
    {0x0440, 'P'},
    {0x0441, 'C'},
    {0x0443, 'Y'},
    {0x0445, 'X'},
    {0x0455, 'S'},
    {0x0456, 'I'},
    {0x0458, 'J'},
};

/* Full-width forms lie in ASCII's order, from U+FF01 for '!'. */
#define FULLWIDTH_FIRST 0xFF01
#define FULLWIDTH_LAST 0xFF5E
#define BANGLA_ZERO 0x09E6

int trxid_digit(uint32_t cp)
{
    if (cp >= '0' && cp <= '9')
        return (int)(cp - '0');
    return cp >= BANGLA_ZERO && cp <= BANGLA_ZERO + 9 ? (int)(cp - BANGLA_ZERO) : -1;
}

static bool invisible(uint32_t cp)
{
    return text_is_trimmable(cp) || cp == 0xAD || (cp >= 0x200B && cp <= 0x200F) ||
           (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x2069);
}

int trxid_fold(uint32_t cp)
{
    if (cp >= FULLWIDTH_FIRST && cp <= FULLWIDTH_LAST)
        cp = cp - FULLWIDTH_FIRST + '!';
    int digit = trxid_digit(cp);
    if (digit >= 0)
        return '0' + digit;
    if (cp >= 'A' && cp <= 'Z')
        return (int)cp;
    if (cp >= 'a' && cp <= 'z')
        return (int)(cp - 'a' + 'A');
    if (invisible(cp))
        return 0;
    for (size_t i = 0; i < array_len(lookalikes); i++)
        if (cp == lookalikes[i].cp)
            return lookalikes[i].latin;
    return -1;
}

/* The folded text, at most TRXID_CAP - 1 characters; false when there are more, or others. */
static bool text_fold(struct str text, char out[TRXID_CAP], size_t *ret_n)
{
    size_t n = 0;
    if (text.n > TRXID_TEXT_MAX || !utf8_valid(text))
        return false;
    for (size_t i = 0; i < text.n;) {
        int c = trxid_fold(utf8_next(text, &i));
        if (c < 0 || (c > 0 && n == TRXID_CAP - 1))
            return false;
        if (c > 0)
            out[n++] = (char)c;
    }
    out[n] = '\0';
    *ret_n = n;
    return true;
}

enum err trxid_normal(enum wallet_kind w, struct str text, char out[TRXID_CAP])
{
    assert((unsigned)w < WALLET_COUNT);
    char folded[TRXID_CAP];
    size_t n;
    if (!text_fold(text, folded, &n) || n != formats[w].len)
        return ERR_SYNTAX;
    for (size_t i = 0; i < n; i++)
        if (formats[w].digits_only && (folded[i] < '0' || folded[i] > '9'))
            return ERR_SYNTAX;
    memcpy(out, folded, n + 1);
    return ERR_OK;
}

static char confused(char c)
{
    return c == 'O' ? '0' : c == 'I' ? '1' : c;
}

bool trxid_looks_like(struct str typed, struct str stored)
{
    char folded[TRXID_CAP];
    size_t n;
    bool differs = false;
    if (!text_fold(typed, folded, &n) || n != stored.n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (confused(folded[i]) != confused(stored.p[i]))
            return false;
        differs = differs || folded[i] != stored.p[i];
    }
    return differs;
}
