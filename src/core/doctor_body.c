/* What programs sign instead of the bytes that they send. */
#include "base/text.h"
#include "core/doctor_private.h"

static void signed_keep(struct doctor *d, struct str candidate)
{
    struct str body = d->in->body;
    size_t i = 0;
    while (i < body.n && i < candidate.n && body.p[i] == candidate.p[i]) {
        i++;
    }
    d->r->signed_text = candidate.n ? arena_copy(d->arena, candidate) : STR("");
    d->r->differs_at = i;
}

#define TRIED_MAX ((size_t)16 << 20)

bool doctor_tired(const struct doctor *d)
{
    return d->tried > TRIED_MAX;
}

bool doctor_is(struct doctor *d, struct str candidate)
{
    d->tried += candidate.n + 64;
    return !doctor_tired(d) && rsa_look_is(&d->look, candidate);
}

bool doctor_try(struct doctor *d, enum doctor_code code, struct str candidate, const char *detail)
{
    if (!doctor_is(d, candidate)) {
        return false;
    }
    doctor_tell(d, code, str_from(detail));
    signed_keep(d, candidate);
    return true;
}

/* `text` holds the candidate. */
static bool try_text(struct doctor *d, enum doctor_code code, const char *detail)
{
    return buf_ok(&d->text) && doctor_try(d, code, buf_view(&d->text), detail);
}

static bool try_joined(
    struct doctor *d, enum doctor_code code, struct str x, struct str y, const char *detail)
{
    buf_reset(&d->text);
    buf_str(&d->text, x);
    buf_str(&d->text, y);
    return try_text(d, code, detail);
}

/* ---- ends ---- */

static struct str without_newlines(struct str s)
{
    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r')) {
        s.n--;
    }
    return s;
}

static struct str without_blanks(struct str s)
{
    s = without_newlines(s);
    while (s.n && strchr(" \t\r\n", s.p[0]) && s.p[0]) {
        s = str_sub(s, 1, s.n);
    }
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]) && s.p[s.n - 1]) {
        s.n--;
    }
    return s;
}

#define BOM "\xEF\xBB\xBF"

static bool hunt_ends(struct doctor *d)
{
    struct str body = d->in->body, bare = without_newlines(body);
    bool bom = str_starts(body, STR(BOM));
    return doctor_try(d, DOCTOR_newline_came, bare, NULL) ||
           try_joined(d, DOCTOR_newline_signed, body, STR("\n"), "LF") ||
           try_joined(d, DOCTOR_newline_signed, body, STR("\r\n"), "CRLF") ||
           try_joined(d, DOCTOR_body_crlf, bare, STR("\n"), NULL) ||
           try_joined(d, DOCTOR_body_crlf, bare, STR("\r\n"), NULL) ||
           (bom && doctor_try(d, DOCTOR_body_bom, str_sub(body, 3, body.n), "came")) ||
           try_joined(d, DOCTOR_body_bom, STR(BOM), body, "signed") ||
           doctor_try(d, DOCTOR_body_trimmed, without_blanks(body), NULL) ||
           try_joined(d, DOCTOR_body_trimmed, body, (struct str){"", 1}, "NUL") ||
           try_joined(d, DOCTOR_body_trimmed, body, STR(" "), NULL) ||
           try_joined(d, DOCTOR_body_trimmed, STR(" "), body, NULL);
}

static bool hunt_line_ends(struct doctor *d)
{
    struct str body = d->in->body;
    buf_reset(&d->text);
    for (size_t i = 0; i < body.n; i++) {
        if (body.p[i] != '\r' || i + 1 == body.n || body.p[i + 1] != '\n') {
            buf_char(&d->text, body.p[i]);
        }
    }
    if (try_text(d, DOCTOR_body_crlf, "LF signed")) {
        return true;
    }
    buf_reset(&d->text);
    for (size_t i = 0; i < body.n; i++) {
        if (body.p[i] == '\n' && (i == 0 || body.p[i - 1] != '\r')) {
            buf_char(&d->text, '\r');
        }
        buf_char(&d->text, body.p[i]);
    }
    return try_text(d, DOCTOR_body_crlf, "CRLF signed");
}

/* ---- something else ---- */

static bool hunt_nothings(struct doctor *d)
{
    static const char *const texts[] = {"{}", "[]", "null", "undefined", "false", "true", "Array",
        "[object Object]", "None", "0", "1", "\"\"", "\n"};
    if (doctor_try(d, DOCTOR_signed_empty, STR(""), NULL)) {
        return true;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (doctor_try(d, DOCTOR_signed_nothing, str_from(texts[i]), texts[i])) {
            return true;
        }
    }
    return false;
}

static bool hunt_hash(struct doctor *d, enum hash_kind k)
{
    uint8_t digest[HASH_LEN_MAX];
    size_t n = hash_kind_len(k);
    const char *name = hash_kind_text(k);
    hash_compute(k, d->in->body, digest);
    if (doctor_try(d, DOCTOR_signed_hash_raw, (struct str){(const char *)digest, n}, name)) {
        return true;
    }
    buf_reset(&d->text);
    hex_encode(&d->text, digest, n);
    if (try_text(d, DOCTOR_signed_hash_hex, name)) {
        return true;
    }
    for (size_t i = 0; i < d->text.n; i++) {
        char c = d->text.p[i];
        d->text.p[i] = c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
    }
    if (try_text(d, DOCTOR_signed_hash_hex, name)) {
        return true;
    }
    buf_reset(&d->text);
    base64_encode(&d->text, digest, n);
    return try_text(d, DOCTOR_signed_base64, name);
}

static bool hunt_hashes(struct doctor *d)
{
    for (int k = 0; k < HASH_KIND_COUNT; k++) {
        if (hunt_hash(d, (enum hash_kind)k)) {
            return true;
        }
    }
    buf_reset(&d->text);
    base64_encode(&d->text, d->in->body.p, d->in->body.n);
    return try_text(d, DOCTOR_signed_base64, NULL);
}

static bool hunt_with_more(struct doctor *d)
{
    struct str body = d->in->body,
               account = str_absent(d->in->account) ? STR("") : str_trim(d->in->account);
    struct str path = str_absent(d->in->path) ? STR("") : d->in->path;
    return (account.n && (try_joined(d, DOCTOR_signed_with_more, account, body, "Account") ||
                             try_joined(d, DOCTOR_signed_with_more, body, account, "Account"))) ||
           (path.n && (try_joined(d, DOCTOR_signed_with_more, path, body, path.p ? "path" : NULL) ||
                          try_joined(d, DOCTOR_signed_with_more, body, path, "path")));
}

/* ---- character encodings ---- */

static void utf16_add(struct buf *b, uint32_t unit, bool big)
{
    buf_char(b, (char)(big ? unit >> 8 : unit & 0xff));
    buf_char(b, (char)(big ? unit & 0xff : unit >> 8));
}

static bool try_utf16(struct doctor *d, struct str s, bool big, bool bom)
{
    buf_reset(&d->text);
    if (bom) {
        utf16_add(&d->text, 0xfeff, big);
    }
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        if (cp > 0xffff) {
            utf16_add(&d->text, 0xd800 + ((cp - 0x10000) >> 10), big);
            cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
        }
        utf16_add(&d->text, cp, big);
    }
    return try_text(d, DOCTOR_signed_charset, big ? "UTF-16BE" : "UTF-16LE");
}

/* Letters that the encoding lacks become ?, one for each of UTF-16's units or for each letter, or vanish. */
static bool try_narrow(struct doctor *d, struct str s, uint32_t limit, int lost)
{
    buf_reset(&d->text);
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        if (cp < limit) {
            buf_char(&d->text, (char)cp);
        } else if (lost) {
            buf_cstr(&d->text, lost == 2 && cp > 0xffff ? "??" : "?");
        }
    }
    return try_text(d, DOCTOR_signed_charset, limit == 128 ? "ASCII" : "ISO-8859-1");
}

/* UTF-8 that was taken for ISO-8859-1 and encoded again. */
static bool try_twice(struct doctor *d, struct str s)
{
    buf_reset(&d->text);
    for (size_t i = 0; i < s.n; i++) {
        utf8_add(&d->text, (unsigned char)s.p[i]);
    }
    return try_text(d, DOCTOR_signed_charset, "UTF-8, twice");
}

/* What came is not UTF-8, and what was signed is. */
static bool try_widened(struct doctor *d, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t from =
        s.n > 1 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)) ? 2 : 0;
    bool wide = s.n > 3 && s.n % 2 == 0 && (from || p[0] == 0 || p[1] == 0);
    bool big = from ? p[0] == 0xfe : wide && p[0] == 0;
    buf_reset(&d->text);
    for (size_t i = from; wide && i + 1 < s.n; i += 2) {
        uint32_t unit = big ? p[i] * 256U + p[i + 1] : p[i] + p[i + 1] * 256U;
        if (unit >= 0xd800 && unit < 0xdc00 && i + 3 < s.n) {
            i += 2;
            uint32_t low = big ? p[i] * 256U + p[i + 1] : p[i] + p[i + 1] * 256U;
            unit = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
        }
        utf8_add(&d->text, unit);
    }
    for (size_t i = 0; !wide && i < s.n; i++) {
        utf8_add(&d->text, p[i]);
    }
    return try_text(d, DOCTOR_signed_charset, "UTF-8");
}

static bool hunt_charset(struct doctor *d)
{
    struct str s = d->in->body;
    if (!utf8_valid(s) || str_find(s, '\0', 0) < s.n) {
        return try_widened(d, s);
    }
    return try_utf16(d, s, false, false) || try_utf16(d, s, false, true) ||
           try_utf16(d, s, true, false) || try_utf16(d, s, true, true) ||
           try_narrow(d, s, 256, 1) || try_narrow(d, s, 256, 2) || try_narrow(d, s, 256, 0) ||
           try_narrow(d, s, 128, 1) || try_narrow(d, s, 128, 2) || try_narrow(d, s, 128, 0) ||
           try_twice(d, s);
}

void doctor_body_hunt(struct doctor *d)
{
    bool found = hunt_ends(d) || hunt_line_ends(d) || hunt_nothings(d) || hunt_hashes(d) ||
                 hunt_with_more(d) || hunt_charset(d) || doctor_json_hunt(d);
    if (!found) {
        doctor_tell(d, DOCTOR_body_differs, STR_ABSENT);
    }
}
