#include "base/mem.h"
#include "base/text.h"
#include "wallet/answer.h"
#include "wallet/bkash.h"

#define TOKEN_MAX ((size_t)8192)
#define EXPIRES_DEFAULT_S INT64_C(3600)
#define EXPIRES_MAX_S INT64_C(2678400) /* 31 days */

enum code_class {
    CLASS_SUCCESS,
    CLASS_PAYER,          /* the payer's fault, for good */
    CLASS_NOT_AUTHORISED, /* nothing to execute: the payer has not authorised */
    CLASS_SETTLED,        /* was completed before: only query knows how */
    CLASS_CONFIG,         /* our credential or configuration */
    CLASS_UNCLEAR         /* says nothing certain */
};

struct code_row {
    const char *code;
    enum code_class cls;
};

static const struct code_row code_rows[] = {
    {"2001", CLASS_CONFIG},
    {"2010", CLASS_PAYER},
    {"2011", CLASS_PAYER},
    {"2013", CLASS_PAYER},
    {"2014", CLASS_PAYER},
    {"2015", CLASS_PAYER},
    {"2016", CLASS_PAYER},
    {"2017", CLASS_PAYER},
    {"2018", CLASS_PAYER},
    {"2019", CLASS_PAYER},
    {"2023", CLASS_PAYER},
    {"2056", CLASS_NOT_AUTHORISED},
    {"2057", CLASS_PAYER},
    {"2058", CLASS_PAYER},
    {"2059", CLASS_PAYER},
    {"2060", CLASS_NOT_AUTHORISED},
    {"2062", CLASS_SETTLED},
    {"2065", CLASS_CONFIG},
    {"2068", CLASS_SETTLED},
    {"2079", CLASS_CONFIG},
    {"2080", CLASS_CONFIG},
    {"2081", CLASS_CONFIG},
    {"2082", CLASS_CONFIG},
    {"2116", CLASS_SETTLED},
    {"2117", CLASS_SETTLED},
    {"2119", CLASS_SETTLED},
};

/* An answer before its meaning for a call. */
struct envelope {
    const struct json *root; /* NULL: no JSON object */
    enum code_class cls;
    bool gateway; /* the API gateway's own refusal: bKash has not seen the call */
    struct str code, message;
};

static enum code_class class_of(const struct envelope *e, int status, bool has_code)
{
    if (status >= 500)
        return CLASS_UNCLEAR;
    for (size_t i = 0; has_code && i < array_len(code_rows); i++)
        if (str_is(e->code, code_rows[i].code))
            return code_rows[i].cls;
    if (status == 401 || status == 403 || (status == 400 && e->gateway))
        return CLASS_CONFIG;
    return CLASS_UNCLEAR;
}

static void envelope_read(struct arena *a, int status, struct str body, struct envelope *e)
{
    struct json *root = NULL;
    const char *why;
    *e = (struct envelope){.cls = CLASS_UNCLEAR};
    if (json_parse(a, body, &root, &why) == ERR_OK && root->type == JSON_OBJECT)
        e->root = root;
    struct str fault = ANSWER_SCALAR(e->root, "externalCode", "errorCode", "internalCode");
    struct str code = str_absent(fault) ? json_get_scalar(e->root, "statusCode") : fault;
    struct str gateway = json_get_string(e->root, "message");
    e->message =
        ANSWER_SCALAR(e->root, "errorMessageEn", "errorMessage", "statusMessage", "message", "msg");
    if (!str_absent(e->message))
        e->message = utf8_prefix(e->message, ANSWER_MESSAGE_CHARS_MAX);
    e->gateway = str_absent(code) && !str_absent(gateway);
    bool zero = str_is(code, "0000");
    bool has_code = !zero && answer_is_code(code);
    if (zero && status == 200 && str_absent(fault) && str_absent(gateway)) {
        e->cls = CLASS_SUCCESS;
        e->code = code;
        return;
    }
    if (has_code)
        e->code = code;
    else if (status != 200)
        e->code = answer_http_code(a, status);
    else
        e->code = e->root ? STR("no_code") : answer_body_fault(body);
    e->cls = class_of(e, status, has_code);
}

static void answer_start(const struct envelope *e, struct wallet_answer *ret)
{
    *ret = (struct wallet_answer){
        .outcome = WALLET_UNKNOWN,
        .code = e->code,
        .message = e->message,
    };
}

/* An answer that bKash calls a success and that we cannot take as one. */
static void answer_spoil(struct wallet_answer *ret, const char *code)
{
    *ret = (struct wallet_answer){
        .outcome = WALLET_UNKNOWN,
        .code = str_from(code),
        .message = ret->message,
    };
}

static void money_read(const struct json *o, struct wallet_answer *ret)
{
    struct str amount = json_get_scalar(o, "amount");
    ret->has_amount = !str_absent(amount) && money_parse_wallet(amount, &ret->amount) == ERR_OK;
    struct str currency = json_get_string(o, "currency");
    if (answer_is_word(currency, 8))
        ret->currency = currency;
    ret->invoice = ANSWER_SCALAR(o, "merchantInvoiceNumber", "merchantInvoice");
}

void bkash_read_create(
    struct arena *a, int status, struct str body, bool http_allowed, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    switch (e.cls) {
    case CLASS_PAYER:
    case CLASS_NOT_AUTHORISED:
        ret->outcome = WALLET_DECLINED;
        return;
    case CLASS_CONFIG:
        ret->outcome = WALLET_BROKEN;
        return;
    case CLASS_SETTLED:
    case CLASS_UNCLEAR:
        return;
    case CLASS_SUCCESS:
        break;
    }
    ret->ref = ANSWER_SCALAR(e.root, "paymentID", "paymentId");
    ret->url = ANSWER_SCALAR(e.root, "bkashURL", "bKashURL");
    money_read(e.root, ret);
    if (!answer_is_word(ret->ref, 64))
        answer_spoil(ret, "bad_payment_id");
    else if (!answer_page_is_safe(ret->url, http_allowed))
        answer_spoil(ret, "bad_page_url");
    else
        ret->outcome = WALLET_OK;
}

/* What a completed payment must have, as execute and query tell it. */
static void completed_read(const struct json *o, struct str ref, struct wallet_answer *ret)
{
    money_read(o, ret);
    ret->ref = ANSWER_SCALAR(o, "paymentID", "paymentId");
    ret->trx_id = ANSWER_SCALAR(o, "trxID", "trxId");
    ret->payer = answer_payer(ANSWER_SCALAR(o, "customerMsisdn"));
    if (!str_eq(ret->ref, ref))
        answer_spoil(ret, "other_payment_id");
    else if (!answer_is_word(ret->trx_id, 64))
        answer_spoil(ret, "bad_trx_id");
    else if (!ret->has_amount || str_absent(ret->currency))
        answer_spoil(ret, "bad_amount");
    else {
        ret->completed = true;
        ret->outcome = WALLET_OK;
    }
}

void bkash_read_execute(
    struct arena *a, int status, struct str body, struct str ref, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    switch (e.cls) {
    case CLASS_PAYER:
    case CLASS_NOT_AUTHORISED:
        ret->outcome = WALLET_DECLINED;
        return;
    case CLASS_CONFIG:
        if (e.gateway && (status == 401 || status == 403))
            ret->outcome = WALLET_BROKEN;
        return;
    case CLASS_SETTLED:
    case CLASS_UNCLEAR:
        return;
    case CLASS_SUCCESS:
        break;
    }
    if (str_is(json_get_string(e.root, "transactionStatus"), "Completed"))
        completed_read(e.root, ref, ret);
    else
        answer_spoil(ret, "not_completed");
}

static void initiated_read(const struct json *o, struct str ref, struct wallet_answer *ret)
{
    money_read(o, ret);
    ret->ref = ANSWER_SCALAR(o, "paymentID", "paymentId");
    if (!str_eq(ret->ref, ref)) {
        answer_spoil(ret, "other_payment_id");
        return;
    }
    ret->outcome = WALLET_PENDING;
    ret->authorised = str_ieq(json_get_string(o, "verificationStatus"), STR("Complete"));
}

void bkash_read_query(
    struct arena *a, int status, struct str body, struct str ref, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    if (e.cls == CLASS_CONFIG)
        ret->outcome = WALLET_BROKEN;
    if (e.cls != CLASS_SUCCESS)
        return;
    struct str state = json_get_string(e.root, "transactionStatus");
    if (str_is(state, "Completed"))
        completed_read(e.root, ref, ret);
    else if (str_is(state, "Initiated"))
        initiated_read(e.root, ref, ret);
    else
        answer_spoil(ret, "other_status");
}

/* ---- search, which the second API may answer without a code ---- */

#define KIND_CHARS_MAX 100

/* The API's gateway says so of a path that it does not have; a bad token it calls unauthorized. */
static bool is_no_route(const struct envelope *e, int status)
{
    return status == 404 ||
           (status == 403 && e->gateway && str_is(e->message, "Missing Authentication Token"));
}

static void found_read(const struct json *o, struct str trx_id, struct wallet_answer *ret)
{
    struct str kind = json_get_string(o, "transactionType");
    struct str receiver = ANSWER_SCALAR(o, "organizationShortCode");
    struct str state = json_get_string(o, "transactionStatus");
    money_read(o, ret);
    ret->trx_id = ANSWER_SCALAR(o, "trxID", "trxId");
    ret->payer = answer_payer(ANSWER_SCALAR(o, "customerMsisdn"));
    if (!str_ieq(ret->trx_id, trx_id)) {
        answer_spoil(ret, "other_trx_id");
        return;
    }
    if (!answer_is_word(state, 40) || !ret->has_amount) {
        answer_spoil(ret, "bad_transaction");
        return;
    }
    ret->outcome = WALLET_OK;
    ret->state = state;
    ret->kind = str_absent(kind) ? kind : utf8_prefix(kind, KIND_CHARS_MAX);
    ret->receiver = str_absent(receiver) ? receiver : utf8_prefix(receiver, KIND_CHARS_MAX);
    if (bkash_time_parse(json_get_string(o, "completedTime"), &ret->happened_at) != ERR_OK)
        ret->happened_at = 0;
}

void bkash_read_search(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    answer_start(&e, ret);
    bool told = e.cls == CLASS_SUCCESS ||
                (status == 200 && e.root && !e.gateway && str_is(e.code, "no_code"));
    if (told) {
        found_read(e.root, trx_id, ret);
    } else if (is_no_route(&e, status)) {
        ret->outcome = WALLET_BROKEN;
        ret->code = STR("not_offered");
    } else if (status < 500 && (str_is(e.code, "2033") || str_is(e.code, "2077"))) {
        ret->outcome = WALLET_DECLINED;
    } else if (e.cls == CLASS_CONFIG) {
        ret->outcome = WALLET_BROKEN;
    }
}

/* ---- refunds, whose successes have no code ---- */

/* bKash refused the refund itself. Not among them is 2034, "already reversed": so it may answer to a call that something in
 * between repeated, and then the money went back. */
static bool refund_refused(struct str code)
{
    static const char *const codes[] = {"2002", "2006", "2007", "2023", "2025", "2026", "2033",
        "2035", "2042", "2065", "2071", "2072", "2073", "2074", "2075", "2076", "2077", "2078",
        "2079", "2080", "2081", "2082", "2127"};
    for (size_t i = 0; i < array_len(codes); i++)
        if (str_is(code, codes[i]))
            return true;
    return false;
}

/* True when the answer may be a success of v2, which bKash writes without a code. */
static bool refund_envelope(
    struct arena *a, int status, struct str body, struct envelope *e, struct wallet_answer *ret)
{
    envelope_read(a, status, body, e);
    answer_start(e, ret);
    if (status == 200 && e->root && !e->gateway &&
        (e->cls == CLASS_SUCCESS || str_is(e->code, "no_code")))
        return true;
    if (status < 500 && refund_refused(e->code))
        ret->outcome = WALLET_DECLINED;
    else if (e->gateway && (status == 400 || status == 401 || status == 403))
        ret->outcome = WALLET_BROKEN;
    return false;
}

/* In the words of either API. */
static void refund_read(const struct envelope *e, bool v1, struct str trx_id, struct money amount,
    struct wallet_answer *ret)
{
    struct str told = json_get_scalar(e->root, v1 ? "amount" : "refundAmount");
    struct str word =
        json_get_string(e->root, v1 ? "transactionStatus" : "refundTransactionStatus");
    ret->trx_id = ANSWER_SCALAR(e->root, "refundTrxId", "refundTrxID");
    ret->currency = json_get_string(e->root, "currency");
    ret->has_amount = !str_absent(told) && money_parse_wallet(told, &ret->amount) == ERR_OK;
    if (!answer_is_word(ret->trx_id, 64) || str_ieq(ret->trx_id, trx_id))
        answer_spoil(ret, "bad_trx_id");
    else if (!str_is(word, "Completed"))
        answer_spoil(ret, "not_completed");
    else if (!str_eq(ANSWER_SCALAR(e->root, "originalTrxId", "originalTrxID"), trx_id))
        answer_spoil(ret, "other_payment");
    else if (!ret->has_amount || !money_eq(ret->amount, amount) || !str_is(ret->currency, "BDT"))
        answer_spoil(ret, "other_amount");
    else {
        ret->code = STR("completed");
        ret->completed = true;
        ret->outcome = WALLET_OK;
    }
}

void bkash_read_refund(struct arena *a, int status, struct str body, struct str trx_id,
    struct money amount, struct wallet_answer *ret)
{
    struct envelope e;
    if (refund_envelope(a, status, body, &e, ret))
        refund_read(&e, false, trx_id, amount, ret);
}

void bkash_read_refund_v1(struct arena *a, int status, struct str body, struct str trx_id,
    struct money amount, struct wallet_answer *ret)
{
    struct envelope e;
    if (refund_envelope(a, status, body, &e, ret) && e.cls == CLASS_SUCCESS)
        refund_read(&e, true, trx_id, amount, ret);
}

/* At most; beyond, the list is none that we understand. */
#define REFUNDS_MAX 100

static bool refund_item_read(const struct json *o, struct wallet_refund_seen *ret)
{
    struct str amount = json_get_scalar(o, "refundAmount");
    *ret = (struct wallet_refund_seen){
        .trx_id = ANSWER_SCALAR(o, "refundTrxId", "refundTrxID"),
        .completed = str_is(json_get_string(o, "refundTransactionStatus"), "Completed"),
    };
    return answer_is_word(ret->trx_id, 64) && !str_absent(amount) &&
           money_parse_wallet(amount, &ret->amount) == ERR_OK;
}

static bool refund_list_read(struct arena *a, const struct json *list, struct wallet_answer *ret)
{
    size_t count = 0, i = 0;
    if (list->type != JSON_ARRAY)
        return false;
    for (const struct json *item = list->first; item; item = item->next)
        count++;
    if (count == 0)
        return true;
    struct wallet_refund_seen *seen =
        count <= REFUNDS_MAX ? arena_alloc(a, count * sizeof(*seen)) : NULL;
    if (!seen)
        return false;
    JSON_FOR_EACH (item, list)
        if (!refund_item_read(item, &seen[i++]))
            return false;
    ret->refunds = seen;
    ret->refund_count = count;
    return true;
}

void bkash_read_refund_status(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret)
{
    struct envelope e;
    if (!refund_envelope(a, status, body, &e, ret))
        return;
    const struct json *list = json_get(e.root, "refundTransactions");
    if (!str_eq(ANSWER_SCALAR(e.root, "originalTrxId", "originalTrxID"), trx_id))
        answer_spoil(ret, "other_payment");
    else if (list && list->type != JSON_NULL && !refund_list_read(a, list, ret))
        answer_spoil(ret, "bad_list");
    else {
        ret->code = STR("listed");
        ret->outcome = WALLET_OK;
    }
}

/* One refund, whose fields are the answer's own. That there is none was seen from no bKash: "not found", or a success without
 * a refund's TrxID, is taken for it. */
static void refund_item_v1_read(
    struct arena *a, const struct envelope *e, struct str trx_id, struct wallet_answer *ret)
{
    struct wallet_refund_seen *seen = arena_alloc(a, sizeof(*seen));
    struct str told = json_get_scalar(e->root, "amount");
    struct str refund_trx_id = ANSWER_SCALAR(e->root, "refundTrxID", "refundTrxId");
    if (!str_eq(ANSWER_SCALAR(e->root, "originalTrxID", "originalTrxId"), trx_id)) {
        answer_spoil(ret, "other_payment");
        return;
    }
    if (refund_trx_id.n > 0 && seen) {
        *seen = (struct wallet_refund_seen){.trx_id = refund_trx_id,
            .completed = str_is(json_get_string(e->root, "transactionStatus"), "Completed")};
        ret->refunds = seen;
        ret->refund_count = 1;
    }
    if (refund_trx_id.n > 0 &&
        (!seen || !answer_is_word(refund_trx_id, 64) || str_ieq(refund_trx_id, trx_id) ||
            str_absent(told) || money_parse_wallet(told, &seen->amount) != ERR_OK)) {
        answer_spoil(ret, "bad_list");
        return;
    }
    ret->code = STR("listed");
    ret->outcome = WALLET_OK;
}

void bkash_read_refund_status_v1(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret)
{
    struct envelope e;
    if (refund_envelope(a, status, body, &e, ret) && e.cls == CLASS_SUCCESS) {
        refund_item_v1_read(a, &e, trx_id, ret);
    } else if (status == 200 && str_is(e.code, "2033")) {
        ret->outcome = WALLET_OK;
        ret->code = STR("listed");
    }
}

/* What may stand in a header line. */
static bool is_token(struct str s)
{
    if (s.n == 0 || s.n > TOKEN_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

static int64_t expires_read(const struct json *o)
{
    int64_t s;
    struct str text = json_get_scalar(o, "expires_in");
    if (str_absent(text) || int64_parse(text, &s) || s < 1 || s > EXPIRES_MAX_S)
        return EXPIRES_DEFAULT_S;
    return s;
}

enum bkash_grant_result bkash_read_grant(
    struct arena *a, int status, struct str body, struct bkash_grant *ret)
{
    struct envelope e;
    envelope_read(a, status, body, &e);
    *ret = (struct bkash_grant){.code = e.code, .message = e.message};
    struct str token = json_get_string(e.root, "id_token");
    struct str refresh = json_get_string(e.root, "refresh_token");
    if (status == 200 && is_token(token)) {
        ret->token = token;
        ret->refresh = is_token(refresh) ? refresh : STR_ABSENT;
        ret->expires_in_s = expires_read(e.root);
        return BKASH_GRANT_OK;
    }
    bool fail = str_ieq(json_get_string(e.root, "status"), STR("fail"));
    if (fail || e.cls == CLASS_CONFIG || (status >= 400 && status < 500))
        return BKASH_GRANT_REFUSED;
    return BKASH_GRANT_UNCLEAR;
}
