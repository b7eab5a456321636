/* What programs put into Sign instead of base64 on one line. */
#include "base/text.h"
#include "core/doctor_private.h"

#define SIGN_TEXT_MAX 8192

static const char *const nothings[] = {"undefined", "null", "false", "true", "none", "nil", "nan",
    "array", "object", "[object object]", "1", "0", "<nil>"};

static bool is_nothing(struct str s)
{
    for (size_t i = 0; i < sizeof nothings / sizeof nothings[0]; i++) {
        if (str_ieq(s, str_from(nothings[i]))) {
            return true;
        }
    }
    return false;
}

static bool decode(struct doctor *d, struct str s)
{
    return base64_decode(s, d->sig, sizeof d->sig, &d->sig_n) == ERR_OK && d->sig_n > 0;
}

static bool all_hex(struct str s)
{
    bool good = s.n >= 128 && s.n % 2 == 0;
    for (size_t i = 0; good && i < s.n; i++) {
        good = strchr("0123456789abcdefABCDEF", s.p[i]) != NULL && s.p[i] != '\0';
    }
    return good;
}

/* Copies without blanks, or with + for each of them. */
static struct str blanks(struct doctor *d, struct str s, bool plus)
{
    buf_reset(&d->text);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\' && i + 1 < s.n && (s.p[i + 1] == 'n' || s.p[i + 1] == 'r')) {
            i++;
        } else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            buf_char(&d->text, c);
        } else if (plus) {
            buf_char(&d->text, '+');
        }
    }
    return arena_copy(d->arena, buf_view(&d->text));
}

static bool has_any(struct str s, const char *set)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] && strchr(set, s.p[i])) {
            return true;
        }
    }
    return false;
}

static struct str unquote(struct doctor *d, struct str s)
{
    if (s.n > 3 && s.p[0] == 'b' && (s.p[1] == '\'' || s.p[1] == '"') && s.p[s.n - 1] == s.p[1]) {
        doctor_tell(d, DOCTOR_sign_python_bytes, STR_ABSENT);
        return str_sub(s, 2, s.n - 1);
    }
    if (s.n > 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0]) {
        doctor_tell(d, DOCTOR_sign_quoted, STR_ABSENT);
        return str_sub(s, 1, s.n - 1);
    }
    return s;
}

static struct str unpercent(struct doctor *d, struct str s)
{
    buf_reset(&d->text);
    if (str_find(s, '%', 0) == s.n || percent_decode(&d->text, s, false) != ERR_OK) {
        return s;
    }
    doctor_tell(d, DOCTOR_sign_percent, STR_ABSENT);
    return arena_copy(d->arena, buf_view(&d->text));
}

/* Could that be a signature, but for its alphabet and its padding? */
static bool is_plain(struct str s)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_";
    bool good = s.n > 0;
    for (size_t i = 0; good && i < s.n; i++) {
        good = s.p[i] && strchr(letters, s.p[i]);
    }
    return good;
}

/* Is that base64 of as many bytes as RSA signatures have? */
static bool is_whole(struct str s)
{
    uint8_t raw[RSA_SIG_MAX];
    size_t n = 0;
    return base64_decode(s, raw, sizeof raw, &n) == ERR_OK && n >= 128 && n % 64 == 0;
}

/* Blanks that were plus signs are told from lines by what makes a signature of them. */
static struct str unwrap(struct doctor *d, struct str s)
{
    if (!has_any(s, " \t\r\n\\")) {
        return s;
    }
    struct str joined = blanks(d, s, false), plus = blanks(d, s, true);
    if (!is_plain(joined)) {
        return s;
    }
    bool lost = is_whole(plus) && !is_whole(joined);
    doctor_tell(d, lost ? DOCTOR_sign_plus_lost : DOCTOR_sign_wrapped, STR_ABSENT);
    return lost ? plus : joined;
}

static struct str unurl(struct doctor *d, struct str s)
{
    if (!has_any(s, "-_") || has_any(s, "+/") || !is_plain(s)) {
        return s;
    }
    buf_reset(&d->text);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        buf_char(&d->text, c == '-' ? '+' : c == '_' ? '/' : c);
    }
    while (d->text.n % 4) {
        buf_char(&d->text, '=');
    }
    doctor_tell(d, DOCTOR_sign_base64url, STR_ABSENT);
    return arena_copy(d->arena, buf_view(&d->text));
}

static struct str pad(struct doctor *d, struct str s)
{
    if (s.n % 4 == 0 || s.n % 4 == 1) {
        return s;
    }
    buf_reset(&d->text);
    buf_str(&d->text, s);
    while (d->text.n % 4) {
        buf_char(&d->text, '=');
    }
    if (!decode(d, buf_view(&d->text))) {
        return s;
    }
    doctor_tell(d, DOCTOR_sign_unpadded, STR_ABSENT);
    return arena_copy(d->arena, buf_view(&d->text));
}

static bool unhex(struct doctor *d, struct str s)
{
    if (!all_hex(s) || s.n / 2 > sizeof d->sig || hex_decode(s, d->sig, s.n / 2) != ERR_OK) {
        return false;
    }
    d->sig_n = s.n / 2;
    doctor_tell(d, DOCTOR_sign_hex, STR_ABSENT);
    return true;
}

/* What came out is a text once more. Also hexadecimal digits in base64. */
static void untwice(struct doctor *d, struct str s)
{
    static const size_t whole = 4 * RSA_SIG_MAX;
    uint8_t once[4 * RSA_SIG_MAX];
    size_t n = 0;
    if (base64_decode(s, once, whole, &n) != ERR_OK || n < 128) {
        return;
    }
    struct str inner = {(const char *)once, n};
    while (inner.n && (inner.p[inner.n - 1] == '\n' || inner.p[inner.n - 1] == '\r')) {
        inner.n--;
    }
    if (unhex(d, inner)) {
        return;
    }
    struct str joined = blanks(d, inner, false);
    size_t length = d->sig_n;
    uint8_t sig[RSA_SIG_MAX];
    if (base64_decode(joined, sig, sizeof sig, &length) == ERR_OK) {
        memcpy(d->sig, sig, length);
        d->sig_n = length;
        doctor_tell(d, DOCTOR_sign_twice, STR_ABSENT);
    }
}

static struct str bad_place(struct doctor *d, struct str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] &&
           strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", s.p[i])) {
        i++;
    }
    buf_reset(&d->text);
    if (i < s.n) {
        buf_printf(&d->text, "character %zu of %zu", i + 1, s.n);
    } else {
        buf_printf(&d->text, "%zu characters", s.n);
    }
    return arena_copy(d->arena, buf_view(&d->text));
}

bool doctor_sign_read(struct doctor *d)
{
    struct str s = d->in->sign;
    if (str_absent(s)) {
        doctor_tell(d, DOCTOR_sign_missing, STR_ABSENT);
        return false;
    }
    s = str_trim(str_sub(s, 0, s.n > SIGN_TEXT_MAX ? SIGN_TEXT_MAX : s.n));
    if (s.n == 0) {
        doctor_tell(d, DOCTOR_sign_empty, STR_ABSENT);
        return false;
    }
    if (is_nothing(s)) {
        doctor_tell(d, DOCTOR_sign_placeholder, s);
        return false;
    }
    s = unwrap(d, unpercent(d, unquote(d, s)));
    if (unhex(d, s)) {
        return true;
    }
    s = pad(d, unurl(d, s));
    bool good = decode(d, s);
    d->sig_n = good ? d->sig_n : 0;
    untwice(d, s);
    if (d->sig_n == 0) {
        doctor_tell(d, DOCTOR_sign_unreadable, bad_place(d, s));
    }
    return d->sig_n > 0;
}
