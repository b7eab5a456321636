#include "base/text.h"

/* Length of the strict UTF-8 sequence at p (n > 0 bytes are there), 0 when there is none. */
static size_t utf8_sequence(const unsigned char *p, size_t n, uint32_t *ret_cp)
{
    if (p[0] < 0x80) {
        *ret_cp = p[0];
        return 1;
    }
    size_t len;
    uint32_t cp, min;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        len = 2, cp = p[0] & 0x1Fu, min = 0x80;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        len = 3, cp = p[0] & 0x0Fu, min = 0x800;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        len = 4, cp = p[0] & 0x07u, min = 0x10000;
    } else {
        return 0;
    }
    if (n < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0u) != 0x80)
            return 0;
        cp = cp << 6 | (p[i] & 0x3Fu);
    }
    if (cp < min || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return 0;
    *ret_cp = cp;
    return len;
}

/* How many ASCII bytes stand at p, looked at eight at a time: most texts are nothing else. */
static size_t ascii_run(const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t eight; n - i >= sizeof(eight); i += sizeof(eight)) {
        memcpy(&eight, p + i, sizeof(eight));
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < n && p[i] < 0x80)
        i++;
    return i;
}

bool utf8_valid(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        if (p[i] < 0x80) {
            i += ascii_run(p + i, s.n - i);
            continue;
        }
        uint32_t cp;
        size_t len = utf8_sequence(p + i, s.n - i, &cp);
        if (!len)
            return false;
        i += len;
    }
    return true;
}

/* A text that is not valid after all is read byte by byte as U+FFFD: a mistake stays inside
 * the text. */
uint32_t utf8_next(struct str s, size_t *i)
{
    uint32_t cp = 0xFFFD;
    size_t len = utf8_sequence((const unsigned char *)s.p + *i, s.n - *i, &cp);
    *i += len ? len : 1;
    return cp;
}

size_t utf8_len(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t count = 0;
    for (size_t i = 0; i < s.n;) {
        if (p[i] < 0x80) {
            size_t run = ascii_run(p + i, s.n - i);
            i += run;
            count += run;
        } else {
            utf8_next(s, &i);
            count++;
        }
    }
    return count;
}

struct str utf8_prefix(struct str s, size_t chars)
{
    size_t i = 0;
    for (; i < s.n && chars; chars--)
        utf8_next(s, &i);
    return str_sub(s, 0, i);
}

void utf8_add(struct buf *b, uint32_t cp)
{
    unsigned char out[4];
    size_t n;
    if (cp < 0x80) {
        out[0] = (unsigned char)cp;
        n = 1;
    } else if (cp < 0x800) {
        out[0] = (unsigned char)(0xC0 | cp >> 6);
        n = 2;
    } else if (cp < 0x10000) {
        out[0] = (unsigned char)(0xE0 | cp >> 12);
        n = 3;
    } else {
        out[0] = (unsigned char)(0xF0 | (cp >> 18 & 0x07));
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        out[i] = (unsigned char)(0x80 | (cp >> 6 * (n - 1 - i) & 0x3F));
    buf_add(b, out, n);
}

bool text_is_trimmable(uint32_t cp)
{
    if (cp < 0x80)
        return cp == ' ' || (cp >= 0x09 && cp <= 0x0D);
    return cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200B) ||
           cp == 0x200E || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
           cp == 0x3000 || cp == 0xFEFF;
}

/* Start of the character that ends at `end` (> 0). */
static size_t utf8_back(struct str s, size_t end)
{
    size_t i = end - 1;
    while (i > 0 && end - i < 4 && ((unsigned char)s.p[i] & 0xC0u) == 0x80)
        i--;
    return i;
}

struct str text_trim(struct str s)
{
    size_t from = 0, to = s.n;
    while (from < to) {
        size_t next = from;
        if (!text_is_trimmable(utf8_next(s, &next)))
            break;
        from = next;
    }
    while (to > from) {
        size_t start = utf8_back(s, to), i = start;
        if (!text_is_trimmable(utf8_next(s, &i)) || i != to)
            break;
        to = start;
    }
    return str_sub(s, from, to);
}

bool text_has_outer_space(struct str s)
{
    return text_trim(s).n != s.n;
}

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* A character's six bits with one above them; 0 for what is none. */
#define SIX(c, bits) [c] = 64 | (bits)
static const uint8_t base64_values[256] = {SIX('A', 0), SIX('B', 1), SIX('C', 2), SIX('D', 3),
    SIX('E', 4), SIX('F', 5), SIX('G', 6), SIX('H', 7), SIX('I', 8), SIX('J', 9), SIX('K', 10),
    SIX('L', 11), SIX('M', 12), SIX('N', 13), SIX('O', 14), SIX('P', 15), SIX('Q', 16),
    SIX('R', 17), SIX('S', 18), SIX('T', 19), SIX('U', 20), SIX('V', 21), SIX('W', 22),
    SIX('X', 23), SIX('Y', 24), SIX('Z', 25), SIX('a', 26), SIX('b', 27), SIX('c', 28),
    SIX('d', 29), SIX('e', 30), SIX('f', 31), SIX('g', 32), SIX('h', 33), SIX('i', 34),
    SIX('j', 35), SIX('k', 36), SIX('l', 37), SIX('m', 38), SIX('n', 39), SIX('o', 40),
    SIX('p', 41), SIX('q', 42), SIX('r', 43), SIX('s', 44), SIX('t', 45), SIX('u', 46),
    SIX('v', 47), SIX('w', 48), SIX('x', 49), SIX('y', 50), SIX('z', 51), SIX('0', 52),
    SIX('1', 53), SIX('2', 54), SIX('3', 55), SIX('4', 56), SIX('5', 57), SIX('6', 58),
    SIX('7', 59), SIX('8', 60), SIX('9', 61), SIX('+', 62), SIX('/', 63)};
#undef SIX

/* The three bytes of four characters, or -1. */
static int32_t base64_group(const char *p)
{
    uint32_t a = base64_values[(unsigned char)p[0]], b = base64_values[(unsigned char)p[1]];
    uint32_t c = base64_values[(unsigned char)p[2]], d = base64_values[(unsigned char)p[3]];
    if (!(a & b & c & d & 64))
        return -1;
    return (int32_t)((a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63));
}

/* The bytes of the last group where it is padded, or -1: padding counts as zero bits, and so must be what it cuts off. */
static int32_t base64_tail(const char *p, size_t pad)
{
    const char group[4] = {p[0], p[1], pad == 1 ? p[2] : 'A', 'A'};
    int32_t bits = base64_group(group);
    return bits & (pad == 1 ? 0xFF : 0xFFFF) ? -1 : bits;
}

/* `out` may be partly written on failure; *ret_n is not. */
enum err base64_decode(struct str s, uint8_t *out, size_t cap, size_t *ret_n)
{
    if (s.n % 4 != 0)
        return ERR_SYNTAX;
    size_t pad = 0;
    while (pad < 2 && pad < s.n && s.p[s.n - 1 - pad] == '=')
        pad++;
    size_t n = s.n / 4 * 3 - pad, at = 0;
    bool fits = n <= cap;
    for (size_t i = 0; i < s.n; i += 4) {
        bool last = pad && i + 4 == s.n;
        int32_t bits = last ? base64_tail(s.p + i, pad) : base64_group(s.p + i);
        if (bits < 0)
            return ERR_SYNTAX;
        if (!fits)
            continue;
        out[at++] = (uint8_t)(bits >> 16);
        if (at < n)
            out[at++] = (uint8_t)(bits >> 8 & 0xFF);
        if (at < n)
            out[at++] = (uint8_t)(bits & 0xFF);
    }
    if (!fits)
        return ERR_LIMIT;
    *ret_n = n;
    return ERR_OK;
}

void base64_encode(struct buf *b, const void *p, size_t n)
{
    const uint8_t *in = p;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);
        char group[4] = {
            base64_alphabet[bits >> 18],
            base64_alphabet[bits >> 12 & 63],
            left > 1 ? base64_alphabet[bits >> 6 & 63] : '=',
            left > 2 ? base64_alphabet[bits & 63] : '=',
        };
        buf_add(b, group, sizeof(group));
    }
}

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of two hex digits, or -1. */
static int hex_byte(const char *p)
{
    int high = hex_value(p[0]), low = hex_value(p[1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void hex_encode(struct buf *b, const void *p, size_t n)
{
    const uint8_t *in = p;
    for (size_t i = 0; i < n; i++) {
        char two[2] = {hex_lower[in[i] >> 4], hex_lower[in[i] & 15]};
        buf_add(b, two, sizeof(two));
    }
}

enum err hex_decode(struct str s, uint8_t *out, size_t n_wanted)
{
    if (s.n % 2 != 0 || s.n / 2 != n_wanted)
        return ERR_SYNTAX;
    for (size_t i = 0; i < s.n; i += 2)
        if (hex_byte(s.p + i) < 0)
            return ERR_SYNTAX;
    for (size_t i = 0; i < n_wanted; i++)
        out[i] = (uint8_t)hex_byte(s.p + 2 * i);
    return ERR_OK;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void percent_encode(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char three[3] = {'%', hex_upper[c >> 4], hex_upper[c & 15]};
        if (is_unreserved(s.p[i]))
            buf_char(b, s.p[i]);
        else
            buf_add(b, three, sizeof(three));
    }
}

/* The byte at *i, decoded; moves *i behind it. -1 on a bad escape. */
static int percent_next(struct str s, size_t *i, bool form)
{
    char c = s.p[(*i)++];
    if (c == '+' && form)
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (s.n - *i < 2)
        return -1;
    int byte = hex_byte(s.p + *i);
    *i += 2;
    return byte;
}

enum err percent_decode(struct buf *b, struct str s, bool form)
{
    for (size_t i = 0; i < s.n;)
        if (percent_next(s, &i, form) < 0)
            return ERR_SYNTAX;
    for (size_t i = 0; i < s.n;)
        buf_char(b, (char)percent_next(s, &i, form));
    return ERR_OK;
}

/* Compares without decoding into memory; a key with a bad escape equals nothing. */
static bool form_key_is(struct str raw, struct str key)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.n; n++) {
        int byte = percent_next(raw, &i, true);
        if (byte < 0 || n >= key.n || byte != (unsigned char)key.p[n])
            return false;
    }
    return n == key.n;
}

enum err form_get(struct str form, struct str key, struct buf *b)
{
    struct str found = STR_ABSENT;
    for (size_t i = 0; i < form.n;) {
        size_t end = str_find(form, '&', i);
        struct str pair = str_sub(form, i, end);
        size_t eq = str_find(pair, '=', 0);
        i = end + 1;
        if (pair.n == 0 || !form_key_is(str_sub(pair, 0, eq), key))
            continue;
        if (!str_absent(found))
            return ERR_DUPLICATE;
        found = str_sub(pair, eq + 1, pair.n);
    }
    return str_absent(found) ? ERR_NO_ROW : percent_decode(b, found, true);
}

void html_escape(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *entity = s.p[i] == '&'    ? "&amp;"
                             : s.p[i] == '<'  ? "&lt;"
                             : s.p[i] == '>'  ? "&gt;"
                             : s.p[i] == '"'  ? "&quot;"
                             : s.p[i] == '\'' ? "&#39;"
                                              : NULL;
        if (!entity)
            continue;
        buf_str(b, str_sub(s, from, i));
        buf_cstr(b, entity);
        from = i + 1;
    }
    buf_str(b, str_sub(s, from, s.n));
}

static bool uuid_dash_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void uuid_format(const uint8_t raw[16], char out[UUID_LEN + 1])
{
    for (size_t i = 0, at = 0; i < UUID_LEN;) {
        if (uuid_dash_at(i)) {
            out[i++] = '-';
            continue;
        }
        out[i++] = hex_lower[raw[at] >> 4];
        out[i++] = hex_lower[raw[at++] & 15];
    }
    out[UUID_LEN] = '\0';
}

enum err uuid_parse(struct str s, uint8_t out[16])
{
    if (s.n != UUID_LEN)
        return ERR_SYNTAX;
    uint8_t raw[16];
    for (size_t i = 0, at = 0; i < UUID_LEN;) {
        if (uuid_dash_at(i)) {
            if (s.p[i++] != '-')
                return ERR_SYNTAX;
            continue;
        }
        int byte = hex_byte(s.p + i);
        if (byte < 0)
            return ERR_SYNTAX;
        raw[at++] = (uint8_t)byte;
        i += 2;
    }
    memcpy(out, raw, sizeof(raw));
    return ERR_OK;
}

enum err int64_parse(struct str s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    struct str digits = str_sub(s, negative, s.n);
    if (digits.n == 0 || (digits.p[0] == '0' && s.n > 1))
        return ERR_SYNTAX;
    for (size_t i = 0; i < digits.n; i++)
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return ERR_SYNTAX;
    int64_t value = 0;
    for (size_t i = 0; i < digits.n; i++) {
        int digit = digits.p[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return ERR_RANGE;
    }
    *ret = value;
    return ERR_OK;
}

bool mem_eq_const_time(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a, *y = b;
    unsigned char difference = 0;
    for (size_t i = 0; i < n; i++)
        difference = (unsigned char)(difference | (x[i] ^ y[i]));
    return difference == 0;
}

void text_mask_number(struct buf *b, struct str s)
{
    size_t len = utf8_len(s);
    size_t shown_head = len < 8 ? 0 : 3, shown_tail = len < 8 ? 0 : 2;
    struct str tail = str_sub(s, utf8_prefix(s, len - shown_tail).n, s.n);
    buf_str(b, utf8_prefix(s, shown_head));
    for (size_t i = shown_head; i < len - shown_tail; i++)
        buf_char(b, '*');
    buf_str(b, tail);
}
