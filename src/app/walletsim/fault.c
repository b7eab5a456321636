#include "fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

static const char *const OP_NAMES[OP_COUNT] = {
    [OP_GRANT] = "grant",
    [OP_REFRESH] = "refresh",
    [OP_CREATE] = "create",
    [OP_EXECUTE] = "execute",
    [OP_QUERY] = "query",
    [OP_SEARCH] = "search",
    [OP_REFUND] = "refund",
    [OP_REFUND_STATUS] = "refund_status",
    [OP_AGREEMENT_STATUS] = "agreement_status",
    [OP_AGREEMENT_CANCEL] = "agreement_cancel",
    [OP_NAGAD_INITIALIZE] = "nagad_initialize",
    [OP_NAGAD_COMPLETE] = "nagad_complete",
    [OP_NAGAD_VERIFY] = "nagad_verify",
    [OP_NAGAD_CANCEL] = "nagad_cancel",
};

bool op_is_nagad(enum op op)
{
    return op >= OP_NAGAD_INITIALIZE;
}

const char *op_name(enum op op)
{
    return OP_NAMES[op];
}

enum err op_find(struct str name, enum op *ret)
{
    for (int i = 0; i < OP_COUNT; i++) {
        if (!str_is(name, OP_NAMES[i]))
            continue;
        *ret = (enum op)i;
        return ERR_OK;
    }
    return ERR_NO_ROW;
}

enum value_type { VALUE_NONE, VALUE_TEXT, VALUE_NUMBER };

static const struct kind {
    const char *name;
    bool commit;        /* default of "commit" */
    bool commit_choice; /* may be given */
    enum value_type value;
    bool value_needed;
    int64_t value_default, value_max;
} KINDS[FAULT_COUNT] = {
    [FAULT_NONE] = {"", true},
    [FAULT_DROP_BEFORE] = {"drop_before", false},
    [FAULT_DROP_AFTER_COMMIT] = {"drop_after_commit", true},
    [FAULT_DELAY] = {"delay", true, false, VALUE_NUMBER, false, 35000, FAULT_DELAY_MAX_MS},
    [FAULT_DELAY_BEFORE] = {"delay_before", true, false, VALUE_NUMBER, false, 35000,
        FAULT_DELAY_MAX_MS},
    [FAULT_STATUS_500] = {"status_500", true, true},
    [FAULT_STATUS] = {"status", true, true, VALUE_NUMBER, true, 0, 599},
    [FAULT_HTML] = {"html", true, true},
    [FAULT_EMPTY] = {"empty", true, true},
    [FAULT_HALF_JSON] = {"half_json", true, false},
    [FAULT_HUGE] = {"huge", true, false, VALUE_NUMBER, false, 1024 * 1024, FAULT_HUGE_MAX},
    [FAULT_SLOW] = {"slow", true, false, VALUE_NUMBER, false, 1, 1000},
    [FAULT_CODE] = {"code", false, true, VALUE_TEXT, true},
    [FAULT_AMOUNT] = {"amount", true, false, VALUE_TEXT, true},
    [FAULT_CURRENCY] = {"currency", true, false, VALUE_TEXT, true},
    [FAULT_INVOICE] = {"invoice", true, false, VALUE_TEXT, true},
    [FAULT_PAYMENT_ID] = {"payment_id", true, false, VALUE_TEXT, true},
    [FAULT_TRX_ID] = {"trx_id", true, false, VALUE_TEXT, true},
    [FAULT_TRANSACTION_STATUS] = {"transaction_status", true, false, VALUE_TEXT, true},
    [FAULT_EXPIRED_TOKEN] = {"expired_token", false},
    [FAULT_UNAUTHORIZED] = {"unauthorized", false},
    [FAULT_REASON] = {"reason", false, true, VALUE_TEXT, true},
    [FAULT_BAD_SIGNATURE] = {"bad_signature", true},
    [FAULT_WRONG_KEY] = {"wrong_key", true},
    [FAULT_BAD_PADDING] = {"bad_padding", true},
    [FAULT_BAD_BASE64] = {"bad_base64", true},
};

const char *fault_name(enum fault_kind k)
{
    return KINDS[k].name;
}

/* ---- arming ---- */

static enum err text_take(
    const struct json *o, const char *key, char out[FAULT_TEXT_MAX], bool *ret_there)
{
    struct str s = json_get_scalar(o, key);
    if (str_absent(s) ? json_get(o, key) != NULL : s.n >= FAULT_TEXT_MAX)
        return ERR_INVALID;
    *ret_there = !str_absent(s);
    if (s.n)
        memcpy(out, s.p, s.n);
    return ERR_OK;
}

static enum err value_take(const struct json *o, struct fault *f)
{
    const struct kind *k = &KINDS[f->kind];
    bool there = false;
    if (text_take(o, "value", f->value, &there) != ERR_OK || (k->value_needed && !there))
        return ERR_INVALID;
    f->number = k->value_default;
    if (k->value != VALUE_NUMBER || !there)
        return ERR_OK;
    enum err e = int64_parse(str_from(f->value), &f->number);
    int64_t min = f->kind == FAULT_STATUS ? 200 : f->kind == FAULT_SLOW ? 1 : 0;
    return e == ERR_OK && f->number >= min && f->number <= k->value_max ? ERR_OK : ERR_INVALID;
}

static enum err commit_take(const struct json *o, struct fault *f)
{
    const struct json *commit = json_get(o, "commit");
    f->commit = KINDS[f->kind].commit;
    if (!commit)
        return ERR_OK;
    if (commit->type != JSON_TRUE && commit->type != JSON_FALSE)
        return ERR_INVALID;
    bool wanted = commit->type == JSON_TRUE;
    if (wanted != f->commit && !KINDS[f->kind].commit_choice)
        return ERR_INVALID;
    f->commit = wanted;
    return ERR_OK;
}

static enum err count_take(const struct json *o, struct fault *f)
{
    f->count = 1;
    struct str s = json_get_scalar(o, "count");
    if (str_absent(s))
        return json_get(o, "count") ? ERR_INVALID : ERR_OK;
    enum err e = int64_parse(s, &f->count);
    return e == ERR_OK && f->count >= 1 && f->count <= 1000000000 ? ERR_OK : ERR_INVALID;
}

static enum err kind_take(const struct json *o, struct fault *f)
{
    struct str name = json_get_string(o, "fault");
    for (int i = 1; i < FAULT_COUNT; i++)
        if (str_is(name, KINDS[i].name))
            f->kind = (enum fault_kind)i;
    bool token_op = f->op == OP_GRANT || f->op == OP_REFRESH;
    bool token_fault = f->kind == FAULT_EXPIRED_TOKEN || f->kind == FAULT_UNAUTHORIZED;
    bool bkash_fault = token_fault || f->kind == FAULT_CODE || f->kind == FAULT_CURRENCY;
    bool fits =
        op_is_nagad(f->op) ? !bkash_fault : f->kind < FAULT_REASON && !(token_op && token_fault);
    return f->kind != FAULT_NONE && fits ? ERR_OK : ERR_INVALID;
}

enum err faults_arm(struct faults *f, const struct json *o, const char **ret_why)
{
    struct fault new = {0};
    bool there;
    if (f->n == FAULTS_MAX) {
        *ret_why = "too many faults are armed";
        return ERR_LIMIT;
    }
    if (op_find(json_get_string(o, "op"), &new.op) != ERR_OK)
        *ret_why = "op is one of grant, refresh, create, execute, query, search, refund,"
                   " refund_status, nagad_initialize, nagad_complete, nagad_verify, nagad_cancel";
    else if (kind_take(o, &new) != ERR_OK)
        *ret_why = "fault is none that this op can have";
    else if (value_take(o, &new) != ERR_OK)
        *ret_why = "value does not fit the fault";
    else if (commit_take(o, &new) != ERR_OK)
        *ret_why = "commit does not fit the fault";
    else if (count_take(o, &new) != ERR_OK)
        *ret_why = "count is a number from 1";
    else if (text_take(o, "invoice", new.invoice, &there) != ERR_OK)
        *ret_why = "invoice is a text";
    else if (text_take(o, "payment_id", new.payment_id, &there) != ERR_OK)
        *ret_why = "payment_id is a text";
    else {
        f->list[f->n++] = new;
        return ERR_OK;
    }
    return ERR_INVALID;
}

void faults_clear(struct faults *f)
{
    f->n = 0;
}

/* ---- using ---- */

static bool filter_fits(const char *filter, struct str s)
{
    return !filter[0] || str_is(s, filter);
}

struct fault faults_take(struct faults *f, enum op op, struct str payment_id, struct str invoice)
{
    for (int i = 0; i < f->n; i++) {
        struct fault *x = &f->list[i];
        if (x->op != op || !filter_fits(x->payment_id, payment_id) ||
            !filter_fits(x->invoice, invoice))
            continue;
        struct fault taken = *x;
        if (--x->count == 0) {
            f->n--;
            memmove(x, x + 1, (size_t)(f->n - i) * sizeof(*x));
        }
        return taken;
    }
    return (struct fault){.op = op, .commit = true};
}

void faults_write(const struct faults *f, struct json_writer *w)
{
    json_w_open(w, '[');
    for (int i = 0; i < f->n; i++) {
        const struct fault *x = &f->list[i];
        json_w_open(w, '{');
        json_w_kcstr(w, "op", op_name(x->op));
        json_w_kcstr(w, "fault", fault_name(x->kind));
        json_w_kcstr(w, "value", x->value);
        json_w_kbool(w, "commit", x->commit);
        json_w_kint(w, "count", x->count);
        json_w_kcstr(w, "invoice", x->invoice);
        json_w_kcstr(w, "payment_id", x->payment_id);
        json_w_close(w);
    }
    json_w_close(w);
}

struct str fault_field(const struct fault *f, enum fault_kind kind, struct str right)
{
    return f->kind == kind ? str_from(f->value) : right;
}
