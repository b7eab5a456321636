#include "core/sms.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/sms_scan.h"
#include "core/sms_sender.h"
#include <assert.h>

/* What is wrong with the form that came furthest. Other words say nothing: most forms have other words. */
struct miss {
    size_t at;
    enum sms_why why;
};

static void miss_note(struct miss *m, size_t at, enum sms_why why)
{
    if (why != SMS_NO_FORM && (m->why == SMS_NO_FORM || at > m->at))
        *m = (struct miss){.at = at, .why = why};
}

static bool end_reached(struct sms_scan *x)
{
    size_t n = x->body.n;
    if (x->at < n && x->body.p[x->at] == '.' && x->body.p[x->at - 1] != '.')
        x->at++;
    scan_blanks(x);
    x->why = x->at == n ? x->why : SMS_TRAILING_TEXT;
    return x->at == n;
}

static bool word_starts(struct str body, size_t at, size_t from)
{
    if (at == from || body.p[at - 1] == '.' || scan_blank_at(body, at - 1))
        return true;
    return at - from >= 2 && scan_blank_at(body, at - 2) == 2;
}

/* Where the tail begins: the last place from where it fits to the end. What the payer wrote stands before the wallet's
 * own tail, so no text of his can begin later than that. */
static bool tail_find(const struct sms_form *form, struct sms_scan *x, struct miss *m)
{
    struct str tail = str_from(form->tail);
    size_t from = x->at;
    struct sms read = *x->out;
    for (size_t at = x->body.n; at-- > from;) {
        if (x->body.p[at] != tail.p[0] || !word_starts(x->body, at, from))
            continue;
        struct sms_scan t = {.body = x->body, .at = at, .out = x->out};
        *x->out = read;
        if (scan_pattern(&t, tail) && end_reached(&t)) {
            x->at = at;
            return true;
        }
        miss_note(m, t.at, t.why);
    }
    return false;
}

static struct str blanks_trim(struct str s)
{
    struct str t = text_trim(s);
    return t.n > 0 ? t : STR("");
}

/* "TrxID DG25ZZZZZZ" and the like, anywhere in the text. */
static bool holds_trxid(struct str s, enum wallet_kind w)
{
    char normal[TRXID_CAP];
    for (size_t i = 0; i + 5 <= s.n; i++) {
        struct str label = str_sub(s, i, i + 5);
        if (!str_ieq(label, STR("TrxID")) && !str_ieq(label, STR("TxnID")))
            continue;
        size_t from = i + 5, blank = 0;
        while (from < s.n && (s.p[from] == ':' || (blank = scan_blank_at(s, from)) > 0))
            from += s.p[from] == ':' ? 1 : blank;
        size_t to = from;
        while (to < s.n && !scan_blank_at(s, to) && s.p[to] != '.' && s.p[to] != ',')
            to++;
        if (trxid_normal(w, str_sub(s, from, to), normal) == ERR_OK)
            return true;
    }
    return false;
}

static enum sms_why ref_set(const struct sms_form *form, struct str text, struct sms *out)
{
    if (text.n > SMS_REF_MAX)
        return SMS_REF_TOO_LONG;
    if (holds_trxid(text, form->wallet))
        return SMS_REF_HAS_TRXID;
    bool none = text.n == 0 || (form->no_ref && str_is(text, form->no_ref));
    out->ref = none ? STR_ABSENT : text;
    return SMS_FINE;
}

static enum sms_why name_set(const struct sms_form *form, struct str text, struct sms *out)
{
    if (text.n == 0 || text.n > SMS_NAME_MAX || str_find(text, '\n', 0) < text.n)
        return SMS_BAD_NAME;
    if (holds_trxid(text, form->wallet))
        return SMS_REF_HAS_TRXID;
    out->name = text;
    return SMS_FINE;
}

/* The text between head and tail, without blanks around it. */
static enum sms_why middle_read(const struct sms_form *form, struct str text, struct sms *out)
{
    struct str pattern = str_from(form->middle);
    size_t open = str_find(pattern, '{', 0), close = str_find(pattern, '}', 0);
    struct str before = str_trim(str_sub(pattern, 0, open));
    struct str what = str_sub(pattern, open + 1, close);
    struct str after = str_sub(pattern, close + 1, pattern.n);
    bool is_ref = str_is(what, "ref");
    if (text.n == 0 && (str_absent(pattern) || is_ref))
        return SMS_FINE;
    if (str_absent(pattern) || !str_starts(text, before))
        return SMS_NO_FORM;
    text = str_sub(text, before.n, text.n);
    bool is_word = before.n > 0 && before.p[before.n - 1] >= 'A';
    bool apart = !is_word || scan_blank_at(text, 0) > 0;
    if ((!apart && !str_eq(text, after)) || !str_ends(text, after))
        return SMS_NO_FORM;
    text = blanks_trim(str_sub(text, 0, text.n - after.n));
    return is_ref ? ref_set(form, text, out) : name_set(form, text, out);
}

static bool rest_fits(const struct sms_form *form, struct sms_scan *x, struct miss *m)
{
    if (!scan_gap(x))
        return false;
    size_t from = x->at;
    if (!tail_find(form, x, m))
        return false;
    enum sms_why why = middle_read(form, blanks_trim(str_sub(x->body, from, x->at)), x->out);
    miss_note(m, x->body.n, why ? why : SMS_NO_FORM);
    return why == SMS_FINE;
}

static bool form_fits(const struct sms_form *form, struct str body, struct sms *ret, struct miss *m)
{
    struct sms out = {.kind = form->kind, .wallet = form->wallet, .form = form->name};
    struct sms_scan x = {.body = body, .out = &out};
    if (!scan_pattern(&x, str_from(form->head))) {
        miss_note(m, x.at, x.why);
        return false;
    }
    if (form->tail && !rest_fits(form, &x, m))
        return false;
    *ret = out;
    return true;
}

static bool is_text(struct str body)
{
    for (size_t i = 0; i < body.n; i++) {
        unsigned char c = (unsigned char)body.p[i];
        if (c == 0x7F || (c < ' ' && c != '\n' && c != '\r' && c != '\t'))
            return false;
    }
    return utf8_valid(body);
}

void sms_parse(struct str sender, struct str body, struct sms *ret)
{
    struct sms out = {.kind = SMS_FOREIGN};
    out.why = sms_sender_find(sender, &out.wallet);
    if (!out.why) {
        out.kind = SMS_UNPARSED;
        out.why = body.n > SMS_BODY_MAX ? SMS_TOO_LONG
                  : !is_text(body)      ? SMS_NOT_TEXT
                                        : SMS_NO_FORM;
    }
    *ret = out;
    if (out.why != SMS_NO_FORM)
        return;
    struct miss m = {.why = SMS_NO_FORM};
    const struct sms_form *form;
    for (size_t i = 0; (form = sms_form_at(i)) != NULL; i++)
        if (form->wallet == out.wallet && form_fits(form, blanks_trim(body), ret, &m))
            return;
    ret->why = m.why;
}

bool sms_is_received(enum sms_kind k)
{
    return k >= SMS_SEND_MONEY && k < SMS_KIND_COUNT;
}

bool sms_moves_balance(enum sms_kind k)
{
    return k >= SMS_DEBIT && k < SMS_KIND_COUNT;
}

const char *sms_kind_text(enum sms_kind k)
{
    static const char *const texts[SMS_KIND_COUNT] = {
        [SMS_FOREIGN] = "foreign",
        [SMS_UNPARSED] = "unparsed",
        [SMS_IGNORED] = "ignored",
        [SMS_DEBIT] = "debit",
        [SMS_OTHER_CREDIT] = "other_credit",
        [SMS_SEND_MONEY] = "send_money",
        [SMS_CASH_IN] = "cash_in",
        [SMS_PAYMENT] = "payment",
        [SMS_CASH_OUT] = "cash_out",
        [SMS_DEPOSIT] = "deposit",
    };
    assert((unsigned)k < SMS_KIND_COUNT);
    return texts[k];
}

const char *sms_why_text(enum sms_why w)
{
    static const char *const texts[SMS_WHY_COUNT] = {
        [SMS_FINE] = "fine",
        [SMS_SENDER_UNKNOWN] = "sender_unknown",
        [SMS_SENDER_LOOKALIKE] = "sender_lookalike",
        [SMS_TOO_LONG] = "too_long",
        [SMS_NOT_TEXT] = "not_text",
        [SMS_NO_FORM] = "no_form",
        [SMS_BAD_AMOUNT] = "bad_amount",
        [SMS_BAD_FEE] = "bad_fee",
        [SMS_BAD_BALANCE] = "bad_balance",
        [SMS_BAD_NUMBER] = "bad_number",
        [SMS_BAD_NAME] = "bad_name",
        [SMS_BAD_TRXID] = "bad_trx_id",
        [SMS_BAD_TIME] = "bad_time",
        [SMS_REF_TOO_LONG] = "ref_too_long",
        [SMS_REF_HAS_TRXID] = "ref_has_trx_id",
        [SMS_TRAILING_TEXT] = "trailing_text",
    };
    assert((unsigned)w < SMS_WHY_COUNT);
    return texts[w];
}
