#include "base/text.h"
#include "wallet/answer.h"
#include "wallet/ecomm.h"

#define TRANS_ID_BYTES_MAX 64
#define REFERENCE_MAX 64
#define CLOSED_BYTES_MAX 2000
#define RESULT_CODE_LEN 3

/* ---- lines ---- */

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return true;
}

/* Takes the next line off, without its end. */
static struct str line_next(struct str *text)
{
    size_t end = str_find(*text, '\n', 0);
    struct str line = str_sub(*text, 0, end);
    *text = str_sub(*text, end < text->n ? end + 1 : end, text->n);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/* The value if the line is this key's; else absent. */
static struct str line_value(struct str line, struct str key)
{
    size_t colon = str_find(line, ':', 0);
    if (colon == line.n || !str_eq(str_trim(str_sub(line, 0, colon)), key))
        return STR_ABSENT;
    return str_trim(str_sub(line, colon + 1, line.n));
}

enum err ecomm_line(struct str text, const char *key, struct str *ret)
{
    struct str found = STR_ABSENT;
    for (int lines = 0; text.n; lines++) {
        struct str value = line_value(line_next(&text), str_from(key));
        if (lines == ECOMM_LINES_MAX)
            return ERR_LIMIT;
        if (str_absent(value))
            continue;
        if (!str_absent(found))
            return ERR_DUPLICATE;
        found = value;
    }
    if (str_absent(found))
        return ERR_NO_ROW;
    if (found.n > ECOMM_VALUE_MAX)
        return ERR_LIMIT;
    if (!is_printable(found))
        return ERR_SYNTAX;
    *ret = found;
    return ERR_OK;
}

/* ---- what is common ---- */

struct reading {
    struct str body;
    bool bad; /* a line that was asked for is there, but not as it should be */
};

/* Absent when it is not there, or not well. */
static struct str value_of(struct reading *r, const char *key)
{
    struct str value = STR_ABSENT;
    enum err e = ecomm_line(r->body, key, &value);
    if (e != ERR_OK && e != ERR_NO_ROW)
        r->bad = true;
    return e == ERR_OK && value.n ? value : STR_ABSENT;
}

/* Nothing is taken from an answer that can't be what it says. */
static void answer_spoil(struct wallet_answer *ret, const char *code)
{
    *ret = (struct wallet_answer){
        .outcome = WALLET_UNKNOWN, .code = str_from(code), .message = ret->message};
}

/* False: it is no answer to the command; `ret` is then complete. */
static bool envelope_read(struct arena *a, int status, struct reading *r, struct wallet_answer *ret)
{
    *ret = (struct wallet_answer){.outcome = WALLET_UNKNOWN, .code = STR("ok")};
    if (r->body.n > 0 && memchr(r->body.p, 0, r->body.n)) { /* no text */
        ret->code = STR("bad_lines");
        return false;
    }
    struct str error = value_of(r, "error");
    if (!str_absent(error))
        ret->message = str_sub(
            error, 0, error.n < ANSWER_MESSAGE_CHARS_MAX ? error.n : ANSWER_MESSAGE_CHARS_MAX);
    if (status == 200 && str_absent(error))
        return true;
    /* who is refused before the gateway, such as without a certificate that its front knows, has done nothing */
    if (!str_absent(error) || (status >= 400 && status < 500))
        ret->outcome = WALLET_BROKEN;
    ret->code = str_absent(error) ? answer_http_code(a, status) : STR("error");
    return false;
}

static void empty_or_bad(struct str body, const char *missing, struct wallet_answer *ret)
{
    answer_spoil(ret, str_trim(body).n ? missing : "empty_body");
}

/* ---- command v ---- */

static bool is_trans_id(struct str s)
{
    uint8_t raw[TRANS_ID_BYTES_MAX];
    size_t n;
    return base64_decode(s, raw, sizeof raw, &n) == ERR_OK && n > 0;
}

void ecomm_read_begun(struct arena *a, int status, struct str body, struct wallet_answer *ret)
{
    struct reading r = {.body = body};
    if (!envelope_read(a, status, &r, ret)) {
        /* the bank's words may be about the amount as well as about the merchant */
        ret->doubtful = str_is(ret->code, "error");
        if (ret->doubtful)
            ret->outcome = WALLET_DECLINED;
        return;
    }
    ret->ref = value_of(&r, "TRANSACTION_ID");
    if (r.bad)
        answer_spoil(ret, "bad_lines");
    else if (str_absent(ret->ref))
        empty_or_bad(body, "no_transaction_id", ret);
    else if (!is_trans_id(ret->ref))
        answer_spoil(ret, "bad_transaction_id");
    else
        ret->outcome = WALLET_OK;
}

/* ---- command c ---- */

enum result_class {
    RESULT_PAID,
    RESULT_OPEN,     /* the payer may still pay */
    RESULT_REVERSED, /* paid, and given back */
    RESULT_REFUSED,  /* the bank's last word, its own time-out included */
    RESULT_STRANGE
};

struct result_row {
    const char *word;
    enum result_class cls;
};

static const struct result_row RESULTS[] = {
    {"OK", RESULT_PAID},
    {"CREATED", RESULT_OPEN},
    {"PENDING", RESULT_OPEN},
    {"FAILED", RESULT_REFUSED},
    {"DECLINED", RESULT_REFUSED},
    {"TIMEOUT", RESULT_REFUSED},
    {"REVERSED", RESULT_REVERSED},
    {"AUTOREVERSED", RESULT_REVERSED},
};

static enum result_class result_class_of(struct str word)
{
    for (size_t i = 0; i < sizeof RESULTS / sizeof RESULTS[0]; i++)
        if (str_is(word, RESULTS[i].word))
            return RESULTS[i].cls;
    return RESULT_STRANGE;
}

/* Poisha: a whole number. */
static bool amount_parse(struct str s, struct money *ret)
{
    int64_t poisha;
    if (s.n == 0 || s.n > 14 || int64_parse(s, &poisha) != ERR_OK || poisha < 0)
        return false;
    *ret = money_poisha(poisha);
    return true;
}

static void money_read(struct reading *r, struct wallet_answer *ret)
{
    ret->has_amount = amount_parse(value_of(r, "AMOUNT"), &ret->amount);
    ret->currency = STR("BDT"); /* the transaction was begun in taka, and the answer names none */
    ret->invoice = value_of(r, "MRCH_TRANSACTION_ID");
    ret->trx_id = value_of(r, "RRN");
    ret->payer = answer_payer(value_of(r, "CARD_NUMBER"));
}

static void paid_read(struct reading *r, struct wallet_answer *ret)
{
    struct str code = value_of(r, "RESULT_CODE");
    money_read(r, ret);
    if (r->bad)
        answer_spoil(ret, "bad_lines");
    else if (!str_is(code, "000"))
        answer_spoil(ret, "bad_result_code");
    else if (!answer_is_word(ret->trx_id, REFERENCE_MAX))
        answer_spoil(ret, "bad_trx_id");
    else if (!ret->has_amount)
        answer_spoil(ret, "bad_amount");
    else {
        ret->outcome = WALLET_OK;
        ret->completed = true;
    }
}

/* The bank's code of a refusal says more than its word: "116" is too little money, say. */
static void refused_read(struct reading *r, struct wallet_answer *ret)
{
    bool cancelled = str_is(value_of(r, "RESULT_PS"), "CANCELLED");
    ret->message = value_of(r, "RESULT_CODE");
    ret->outcome = WALLET_PENDING;
    ret->page_end = cancelled ? WALLET_PAGE_CANCELLED : WALLET_PAGE_REFUSED;
}

static void result_read(struct reading *r, struct str word, struct wallet_answer *ret)
{
    ret->code = answer_is_code(word) ? word : STR("unknown_status");
    switch (result_class_of(word)) {
    case RESULT_PAID:
        paid_read(r, ret);
        return;
    case RESULT_REVERSED:
        /* a person looks at it, whatever it says of the money */
        money_read(r, ret);
        ret->outcome = WALLET_OK;
        ret->reversed = true;
        return;
    case RESULT_OPEN:
        ret->outcome = WALLET_PENDING;
        return;
    case RESULT_REFUSED:
        refused_read(r, ret);
        return;
    case RESULT_STRANGE:
        break;
    }
    ret->code = STR("unknown_status");
    ret->message = word;
    ret->strange = true;
}

void ecomm_read_ended(struct arena *a, int status, struct str body, struct wallet_answer *ret)
{
    struct reading r = {.body = body};
    if (!envelope_read(a, status, &r, ret)) {
        /* an error about this transaction, which may be a forgotten one: it says nothing of the credential */
        if (str_is(ret->code, "error"))
            ret->outcome = WALLET_UNKNOWN;
        return;
    }
    struct str word = value_of(&r, "RESULT");
    if (r.bad)
        answer_spoil(ret, "bad_lines");
    else if (str_absent(word))
        empty_or_bad(body, "no_result", ret);
    else
        result_read(&r, str_sub(word, 0, word.n < 64 ? word.n : 64), ret);
}

/* ---- command b ---- */

/* Its counters have numbers for names, and what each means is told by no public document: the lines are kept as they are. */
static struct str lines_joined(struct arena *a, struct str body)
{
    struct buf b;
    buf_init(&b, CLOSED_BYTES_MAX);
    for (int lines = 0; body.n && lines < ECOMM_LINES_MAX; lines++) {
        struct str line = str_trim(line_next(&body));
        if (line.n == 0 || !is_printable(line) || b.n + line.n + 2 > CLOSED_BYTES_MAX / 2)
            continue;
        buf_cstr(&b, b.n ? "; " : "");
        buf_str(&b, line);
    }
    struct str joined = b.n ? arena_copy(a, buf_view(&b)) : STR_ABSENT;
    buf_clear(&b);
    return joined;
}

void ecomm_read_closed(struct arena *a, int status, struct str body, struct wallet_answer *ret)
{
    struct reading r = {.body = body};
    if (!envelope_read(a, status, &r, ret)) {
        if (str_is(ret->code, "error"))
            ret->outcome = WALLET_DECLINED;
        return;
    }
    struct str word = value_of(&r, "RESULT"), code = value_of(&r, "RESULT_CODE");
    if (r.bad)
        answer_spoil(ret, "bad_lines");
    else if (str_absent(word))
        empty_or_bad(body, "no_result", ret);
    else if (str_is(word, "OK") && code.n != RESULT_CODE_LEN)
        answer_spoil(ret, "bad_result_code"); /* half of an answer */
    else {
        ret->outcome = str_is(word, "OK") ? WALLET_OK : WALLET_DECLINED;
        ret->code = answer_is_code(word) ? word : STR("unknown_status");
        ret->message = lines_joined(a, body);
    }
}

/* ---- command r ---- */

static struct str reversal_name(struct arena *a, struct str trx_id)
{
    struct buf b;
    buf_init(&b, REFERENCE_MAX + 2);
    buf_char(&b, 'R');
    buf_str(&b, trx_id);
    struct str name = buf_ok(&b) ? arena_copy(a, buf_view(&b)) : STR_ABSENT;
    buf_clear(&b);
    return name;
}

void ecomm_read_reversed(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret)
{
    struct reading r = {.body = body};
    if (!envelope_read(a, status, &r, ret)) {
        if (str_is(ret->code, "error"))
            ret->outcome = WALLET_UNKNOWN;
        return;
    }
    struct str word = value_of(&r, "RESULT"), code = value_of(&r, "RESULT_CODE");
    if (r.bad)
        answer_spoil(ret, "bad_lines");
    else if (str_absent(word))
        empty_or_bad(body, "no_result", ret);
    else if (!str_is(word, "OK"))
        ret->code = answer_is_code(word) ? word : STR("unknown_status");
    else if (!str_is(code, "400") && !str_is(code, "000"))
        answer_spoil(ret, "bad_result_code");
    else {
        ret->code = word;
        ret->trx_id = reversal_name(a, trx_id);
        ret->completed = true;
        ret->outcome = WALLET_OK;
    }
}

void ecomm_read_reversals(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret)
{
    struct wallet_answer ended;
    ecomm_read_ended(a, status, body, &ended);
    *ret = (struct wallet_answer){
        .outcome = WALLET_UNKNOWN, .code = ended.code, .message = ended.message};
    if (ended.outcome != WALLET_OK)
        return;
    if (ended.completed ? !str_eq(ended.trx_id, trx_id)
                        : !str_absent(ended.trx_id) && !str_eq(ended.trx_id, trx_id)) {
        ret->code = STR("other_payment");
        return;
    }
    struct wallet_refund_seen *seen = ended.reversed ? arena_alloc(a, sizeof(*seen)) : NULL;
    if (seen) {
        *seen = (struct wallet_refund_seen){
            .trx_id = reversal_name(a, trx_id), .completed = true, .untold = true, .whole = true};
        ret->refunds = seen;
        ret->refund_count = 1;
    }
    if (seen || !ended.reversed) {
        ret->code = STR("listed");
        ret->outcome = WALLET_OK;
    }
}
