#include "base/mem.h"
#include "base/text.h"
#include "wallet/answer.h"
#include "wallet/nagad.h"

#define PLAIN_MAX ((size_t)1024)
#define REF_MAX 128
#define CHALLENGE_MAX 128

enum reason_class {
    REASON_CREDENTIAL, /* of our merchant, whatever is asked */
    REASON_CONFIG,     /* of our keys, clock or form: no payment comes through */
    REASON_PAYMENT,    /* of this payment alone */
    REASON_STRANGE     /* of its amount or payer, or something new */
};

struct reason_row {
    const char *code;
    enum reason_class cls;
};

static const struct reason_row REASONS[] = {
    {"16_0006_004", REASON_CREDENTIAL},
    {"16_0006_050", REASON_CREDENTIAL},
    {"16_0006_052", REASON_CREDENTIAL},
    {"16_0006_053", REASON_CREDENTIAL},
    {"16_0006_061", REASON_CREDENTIAL},
    {"16_0006_064", REASON_CREDENTIAL},
    {"16_0006_040", REASON_CONFIG},
    {"16_0006_056", REASON_CONFIG},
    {"16_0006_057", REASON_CONFIG},
    {"16_0006_058", REASON_CONFIG},
    {"16_0006_059", REASON_CONFIG},
    {"16_0006_060", REASON_CONFIG},
    {"16_0006_069", REASON_CONFIG},
    {"16_0006_076", REASON_CONFIG},
    {"16_0006_080", REASON_CONFIG},
    {"16_0006_081", REASON_CONFIG},
    {"16_0006_017", REASON_PAYMENT},
    {"16_0006_055", REASON_PAYMENT},
    {"16_0006_068", REASON_PAYMENT},
    {"16_0006_083", REASON_PAYMENT},
};
#define REASON_INVOICE_TAKEN "16_0006_083"
#define REASON_OTHER_STATE "16_0006_017"
#define REASON_DATA "16_0006_060"

enum state_class {
    STATE_PAID,
    STATE_OPEN,     /* the payer may still pay */
    STATE_REVERSED, /* paid, and some or all of it given back */
    STATE_REFUSED,
    STATE_CANCELLED,
    STATE_STRANGE
};

struct state_row {
    const char *word;
    enum state_class cls;
};

static const struct state_row STATES[] = {
    {"Success", STATE_PAID},
    {"OrderInitiated", STATE_OPEN},
    {"Ready", STATE_OPEN},
    {"InProgress", STATE_OPEN},
    {"TransactionInProgress", STATE_OPEN},
    {"OtpSent", STATE_OPEN},
    {"OtpVerified", STATE_OPEN},
    {"PinGiven", STATE_OPEN},
    {"Cancelled", STATE_REVERSED},
    {"PartialCancelled", STATE_REVERSED},
    {"Refunded", STATE_REVERSED},
    {"PartialRefunded", STATE_REVERSED},
    {"InvalidRequest", STATE_REFUSED},
    {"Fraud", STATE_REFUSED},
    {"UnKnownFailed", STATE_REFUSED},
    {"Failed", STATE_REFUSED},
    {"Aborted", STATE_CANCELLED},
};

/* An answer before its meaning for a call. */
struct envelope {
    const struct json *root; /* NULL: no JSON object */
    bool good;               /* 200 and no reason to refuse */
    bool refused;            /* Nagad gives a reason: the call was not done */
    struct str code, message;
};

static void envelope_read(struct arena *a, int status, struct str body, struct envelope *e)
{
    struct json *root = NULL;
    const char *why;
    *e = (struct envelope){.root = NULL};
    if (json_parse(a, body, &root, &why) == ERR_OK && root->type == JSON_OBJECT)
        e->root = root;
    struct str reason = json_get_scalar(e->root, "reason");
    bool has_reason = answer_is_code(reason);
    e->message = ANSWER_SCALAR(e->root, "message", "devMessage");
    if (!str_absent(e->message))
        e->message = utf8_prefix(e->message, ANSWER_MESSAGE_CHARS_MAX);
    e->good = status == 200 && e->root && str_absent(reason);
    e->refused = has_reason && status >= 400 && status < 500;
    if (e->good)
        e->code = STR("ok");
    else if (has_reason)
        e->code = reason;
    else if (status != 200)
        e->code = answer_http_code(a, status);
    else
        e->code = e->root ? STR("no_code") : answer_body_fault(body);
}

static void answer_start(const struct envelope *e, struct wallet_answer *ret)
{
    *ret = (struct wallet_answer){
        .outcome = WALLET_UNKNOWN,
        .code = e->code,
        .message = e->message,
    };
}

static enum reason_class reason_class_of(struct str code)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (str_is(code, REASONS[i].code))
            return REASONS[i].cls;
    return REASON_STRANGE;
}

/* A payment that Nagad does not begin. */
static void refused_read(const struct envelope *e, struct wallet_answer *ret)
{
    enum reason_class cls = reason_class_of(e->code);
    bool ours = cls == REASON_CREDENTIAL || cls == REASON_CONFIG;
    ret->outcome = ours ? WALLET_BROKEN : WALLET_DECLINED;
    ret->doubtful = cls == REASON_STRANGE;
}

/* Nothing is taken from an answer that can't be what it says. */
static void answer_spoil(struct wallet_answer *ret, enum wallet_outcome outcome, const char *code)
{
    *ret =
        (struct wallet_answer){.outcome = outcome, .code = str_from(code), .message = ret->message};
}

/* References are base64, and stand in paths. */
static bool is_ref(struct str s)
{
    if (s.n == 0 || s.n > REF_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!answer_is_word(str_sub(s, i, i + 1), 1) && !strchr("+/=-_", s.p[i]))
            return false;
    return true;
}

/* What is given back as it came, within JSON. */
static bool is_challenge(struct str s)
{
    if (s.n == 0 || s.n > CHALLENGE_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

/* ---- initialize ---- */

void nagad_read_initialized(struct arena *a, struct str plain, struct wallet_answer *ret)
{
    struct json *o = NULL;
    const char *why;
    struct str text = arena_copy(a, plain);
    *ret = (struct wallet_answer){.outcome = WALLET_UNKNOWN, .code = STR("ok")};
    if (str_absent(text) || json_parse(a, text, &o, &why) != ERR_OK)
        o = NULL;
    ret->ref = json_get_string(o, "paymentReferenceId");
    ret->challenge = ANSWER_SCALAR(o, "challenge", "random");
    if (!is_ref(ret->ref))
        answer_spoil(ret, WALLET_UNKNOWN, "bad_payment_ref");
    else if (!is_challenge(ret->challenge))
        answer_spoil(ret, WALLET_UNKNOWN, "bad_challenge");
    else
        ret->outcome = WALLET_OK;
}

/* What Nagad sealed for us into an answer; absent: it did not, whatever is wrong. */
static struct str sealed_text(struct arena *a, const struct json *root,
    const struct rsa_private *own, const struct rsa_public *nagad)
{
    struct buf plain;
    struct str text = STR_ABSENT;
    struct str data = json_get_string(root, "sensitiveData");
    struct str sign = json_get_string(root, "signature");
    buf_init(&plain, PLAIN_MAX);
    if (!str_absent(data) && !str_absent(sign) &&
        sealed_open(own, nagad, data, sign, &plain) == ERR_OK && buf_ok(&plain))
        text = arena_copy(a, buf_view(&plain));
    buf_wipe(&plain);
    return text;
}

void nagad_read_initialize(struct arena *a, int status, struct str body,
    const struct rsa_private *own, const struct rsa_public *nagad, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    if (e.refused) {
        refused_read(&e, ret);
        ret->invoice_taken = str_is(e.code, REASON_INVOICE_TAKEN);
    }
    if (!e.good)
        return;
    struct str plain = sealed_text(a, e.root, own, nagad);
    if (str_absent(plain))
        answer_spoil(ret, WALLET_BROKEN, "bad_seal");
    else
        nagad_read_initialized(a, plain, ret);
}

/* ---- complete ---- */

void nagad_read_complete(struct arena *a, int status, struct str body, struct str ref,
    bool http_allowed, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    /* in another state: perhaps by this very call, whose first answer was lost */
    if (e.refused && !str_is(e.code, REASON_OTHER_STATE))
        refused_read(&e, ret);
    if (!e.good)
        return;
    ret->url = ANSWER_SCALAR(e.root, "callBackUrl", "callbackUrl");
    if (!str_is(json_get_string(e.root, "status"), "Success"))
        answer_spoil(ret, WALLET_UNKNOWN, "not_placed");
    else if (!answer_page_is_safe(ret->url, http_allowed))
        answer_spoil(ret, WALLET_UNKNOWN, "bad_page_url");
    else {
        ret->ref = ref;
        ret->outcome = WALLET_OK;
    }
}

/* ---- verify ---- */

static enum state_class state_class_of(struct str word)
{
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
        if (str_is(word, STATES[i].word))
            return STATES[i].cls;
    return STATE_STRANGE;
}

/* A number that is missing is one that differs. */
static struct str number_read(const struct json *o, const char *name)
{
    struct str s = json_get_scalar(o, name);
    return str_absent(s) ? STR("") : s;
}

static void money_read(const struct json *o, struct str merchant_id, struct wallet_answer *ret)
{
    struct str amount = json_get_scalar(o, "amount");
    ret->has_amount = !str_absent(amount) && money_parse_wallet(amount, &ret->amount) == ERR_OK;
    ret->currency = STR("BDT"); /* Nagad has taka only, and verify does not name them */
    ret->invoice = number_read(o, "orderId");
    ret->trx_id = number_read(o, "issuerPaymentRefNo");
    ret->payer = answer_payer(json_get_scalar(o, "clientMobileNo"));
    ret->elsewhere = !str_eq(number_read(o, "merchantId"), merchant_id);
}

static void paid_read(const struct json *o, struct str merchant_id, struct wallet_answer *ret)
{
    money_read(o, merchant_id, ret);
    if (!answer_is_word(ret->trx_id, 64)) {
        answer_spoil(ret, WALLET_UNKNOWN, "bad_trx_id");
    } else if (!ret->has_amount) {
        answer_spoil(ret, WALLET_UNKNOWN, "bad_amount");
    } else {
        ret->outcome = WALLET_OK;
        ret->completed = true;
    }
}

static void state_read(const struct json *o, struct str merchant_id, struct wallet_answer *ret)
{
    struct str word = json_get_string(o, "status");
    if (str_absent(word)) {
        answer_spoil(ret, WALLET_UNKNOWN, "no_status");
        return;
    }
    ret->code = answer_is_code(word) ? word : STR("unknown_status");
    switch (state_class_of(word)) {
    case STATE_PAID:
        paid_read(o, merchant_id, ret);
        return;
    case STATE_REVERSED:
        /* a person looks at it, whatever it says of the money */
        money_read(o, merchant_id, ret);
        ret->outcome = WALLET_OK;
        ret->reversed = true;
        return;
    case STATE_OPEN:
        ret->outcome = WALLET_PENDING;
        return;
    case STATE_REFUSED:
        ret->outcome = WALLET_PENDING;
        ret->page_end = WALLET_PAGE_REFUSED;
        return;
    case STATE_CANCELLED:
        ret->outcome = WALLET_PENDING;
        ret->page_end = WALLET_PAGE_CANCELLED;
        return;
    case STATE_STRANGE:
        break;
    }
    ret->code = STR("unknown_status");
    ret->message = utf8_prefix(word, ANSWER_MESSAGE_CHARS_MAX);
    ret->strange = true;
}

void nagad_read_verify(struct arena *a, int status, struct str body, struct str ref,
    struct str merchant_id, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    if (e.refused && reason_class_of(e.code) == REASON_CREDENTIAL)
        ret->outcome = WALLET_BROKEN;
    if (!e.good)
        return;
    ret->ref = json_get_string(e.root, "paymentRefId");
    if (!str_eq(ret->ref, ref))
        answer_spoil(ret, WALLET_UNKNOWN, "other_payment_id");
    else
        state_read(e.root, merchant_id, ret);
}

/* ---- refunds ---- */

/* Nothing is left of the payment, or something. */
static bool is_whole(struct str word)
{
    return str_is(word, "Refunded") || str_is(word, "Cancelled");
}

static void refund_read(
    struct arena *a, struct str plain, struct money amount, struct wallet_answer *ret)
{
    struct json *o = NULL;
    const char *why;
    if (json_parse(a, plain, &o, &why) != ERR_OK)
        o = NULL;
    struct str word = json_get_string(o, "status");
    struct str told = json_get_scalar(o, "cancelAmount");
    ret->trx_id = ANSWER_SCALAR(o, "cancelTrxId");
    ret->has_amount = !str_absent(told) && money_parse_wallet(told, &ret->amount) == ERR_OK;
    if (str_absent(word) || state_class_of(word) != STATE_REVERSED)
        answer_spoil(ret, WALLET_UNKNOWN, "not_refunded");
    else if (!answer_is_word(ret->trx_id, 64))
        answer_spoil(ret, WALLET_UNKNOWN, "bad_refund_trx_id");
    else if (!ret->has_amount || !money_eq(ret->amount, amount))
        answer_spoil(ret, WALLET_UNKNOWN, "amount_differs");
    else {
        ret->code = word;
        ret->outcome = WALLET_OK;
    }
}

/* In another state: perhaps by what something between us and Nagad sent a second time. What it says of the sealed data may be
 * about the amount. */
static enum wallet_outcome refund_refusal(struct str code)
{
    enum reason_class cls = reason_class_of(code);
    if (str_is(code, REASON_OTHER_STATE))
        return WALLET_UNKNOWN;
    if (str_is(code, REASON_DATA))
        return WALLET_DECLINED;
    return cls == REASON_CREDENTIAL || cls == REASON_CONFIG ? WALLET_BROKEN : WALLET_DECLINED;
}

void nagad_read_refund(struct arena *a, int status, struct str body, const struct rsa_private *own,
    const struct rsa_public *nagad, struct money amount, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    if (e.refused)
        ret->outcome = refund_refusal(e.code);
    if (!e.good)
        return;
    struct str plain = sealed_text(a, e.root, own, nagad);
    if (str_absent(plain))
        answer_spoil(ret, WALLET_UNKNOWN, "bad_seal");
    else
        refund_read(a, plain, amount, ret);
}

/* "20211123" of "2021-11-23 23:50:08.0" or "20211123235008"; absent: it is neither. */
static struct str day_read(struct arena *a, struct str time)
{
    char day[8];
    size_t n = 0;
    for (size_t i = 0; i < time.n && n < sizeof day; i++) {
        bool dash = time.p[i] == '-' && (n == 4 || n == 6);
        if (!dash && (time.p[i] < '0' || time.p[i] > '9'))
            return STR_ABSENT;
        if (!dash)
            day[n++] = time.p[i];
    }
    return n == sizeof day ? arena_copy(a, (struct str){day, n}) : STR_ABSENT;
}

static void refunds_read(struct arena *a, const struct json *o, struct wallet_answer *ret)
{
    struct str word = json_get_string(o, "status");
    struct wallet_refund_seen *seen = arena_alloc(a, sizeof *seen);
    ret->paid_day = day_read(a, ANSWER_SCALAR(o, "issuerPaymentDateTime", "orderDateTime"));
    if (!ret->has_amount || ret->elsewhere || str_absent(ret->paid_day) || !seen) {
        answer_spoil(ret, WALLET_UNKNOWN, "bad_payment");
        return;
    }
    if (!ret->reversed)
        return;
    *seen = (struct wallet_refund_seen){.trx_id = json_get_scalar(o, "cancelIssuerRefNo"),
        .completed = true,
        .untold = true,
        .whole = is_whole(word)};
    ret->refunds = seen;
    ret->refund_count = 1;
    if (!answer_is_word(seen->trx_id, 64))
        answer_spoil(ret, WALLET_UNKNOWN, "bad_refund_trx_id");
}

void nagad_read_refunds(struct arena *a, int status, struct str body, struct str ref,
    struct str merchant_id, struct wallet_answer *ret)
{
    struct json *root = NULL;
    const char *why;
    nagad_read_verify(a, status, body, ref, merchant_id, ret);
    if (ret->outcome == WALLET_PENDING)
        answer_spoil(ret, WALLET_UNKNOWN, "not_paid");
    if (ret->outcome == WALLET_OK && json_parse(a, body, &root, &why) == ERR_OK)
        refunds_read(a, root, ret);
    else
        ret->outcome = WALLET_UNKNOWN;
}
