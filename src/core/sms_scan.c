#include "core/sms_scan.h"

size_t scan_blank_at(struct str s, size_t i)
{
    if (i >= s.n)
        return 0;
    if (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t')
        return 1;
    bool no_break = i + 1 < s.n && s.p[i] == '\xC2' && s.p[i + 1] == '\xA0';
    return no_break ? 2 : 0;
}

bool scan_blanks(struct sms_scan *x)
{
    size_t start = x->at;
    for (size_t n; (n = scan_blank_at(x->body, x->at)) > 0;)
        x->at += n;
    return x->at > start;
}

bool scan_gap(struct sms_scan *x)
{
    if (scan_blanks(x))
        return true;
    if (x->at > 0 && (x->body.p[x->at - 1] == '.' || x->body.p[x->at - 1] == ':'))
        return true;
    x->why = SMS_NO_FORM;
    return false;
}

static bool words(struct sms_scan *x, struct str pattern)
{
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] == ' ') {
            if (!scan_gap(x))
                return false;
        } else if (x->at < x->body.n && x->body.p[x->at] == pattern.p[i]) {
            x->at++;
        } else {
            x->why = SMS_NO_FORM;
            return false;
        }
    }
    return true;
}

static void optional_words(struct sms_scan *x, struct str pattern)
{
    size_t start = x->at;
    if (!words(x, pattern))
        x->at = start;
}

/* The next piece of the pattern: words, or what stands between brackets. */
static struct str piece_cut(struct str *pattern, char *ret_bracket)
{
    char open = pattern->p[0];
    *ret_bracket = open == '{' || open == '[' ? open : '\0';
    if (*ret_bracket) {
        size_t end = str_find(*pattern, open == '{' ? '}' : ']', 0);
        struct str inside = str_sub(*pattern, 1, end);
        *pattern = str_sub(*pattern, end + 1, pattern->n);
        return inside;
    }
    size_t brace = str_find(*pattern, '{', 0), square = str_find(*pattern, '[', 0);
    size_t end = brace < square ? brace : square;
    struct str plain = str_sub(*pattern, 0, end);
    *pattern = str_sub(*pattern, end, pattern->n);
    return plain;
}

bool scan_pattern(struct sms_scan *x, struct str pattern)
{
    while (pattern.n > 0) {
        char bracket;
        struct str piece = piece_cut(&pattern, &bracket);
        if (bracket == '[') {
            optional_words(x, piece);
        } else if (bracket == '{' ? !scan_field(x, piece, pattern) : !words(x, piece)) {
            return false;
        }
    }
    return true;
}
