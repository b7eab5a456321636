#include "base/json.h"
#include "base/text.h"
#include "wallet/bkash.h"

#define TRX_MAX 32
#define TEXT_MAX 255

/* A member that is a text or a number of letters, digits and some marks; absent when it is something else. */
static struct str word(const struct json *o, const char *key, size_t max)
{
    struct str s = json_get_scalar(o, key);
    if (s.n == 0 || s.n > max)
        return STR_ABSENT;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return STR_ABSENT;
    return s;
}

static enum err trx_id_read(struct arena *a, const struct json *o, struct str *ret)
{
    char upper[TRX_MAX];
    struct str s = word(o, "trxID", TRX_MAX);
    if (str_absent(s))
        s = word(o, "trxId", TRX_MAX);
    if (str_absent(s))
        return ERR_SYNTAX;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            return ERR_SYNTAX;
        upper[i] = c;
    }
    *ret = arena_copy(a, (struct str){upper, s.n});
    return str_absent(*ret) ? ERR_LIMIT : ERR_OK;
}

static enum err amount_read(const struct json *o, struct money *ret)
{
    struct str sale = json_get_scalar(o, "saleAmount");
    struct str text = str_absent(sale) ? json_get_scalar(o, "amount") : sale;
    struct money m;
    if (str_absent(text) || money_parse_wallet(text, &m) != ERR_OK || m.poisha <= 0)
        return ERR_SYNTAX;
    *ret = m;
    return ERR_OK;
}

enum err bkash_read_notice(struct arena *a, struct str message, struct bkash_notice *ret)
{
    struct json *o = NULL;
    const char *why = NULL;
    enum err e = json_parse(a, message, &o, &why);
    if (e != ERR_OK)
        return e;
    struct bkash_notice n = {
        .status = word(o, "transactionStatus", TEXT_MAX),
        .type = word(o, "transactionType", TEXT_MAX),
        .invoice = word(o, "merchantInvoiceNumber", TEXT_MAX),
        .currency = word(o, "currency", 8),
        .payer = word(o, "debitMSISDN", 64),
    };
    struct str at = json_get_scalar(o, "dateTime");
    if (str_absent(at) || bkash_time_parse(at, &n.at_ms) != ERR_OK)
        n.at_ms = 0;
    if (str_absent(n.status))
        return ERR_SYNTAX;
    e = amount_read(o, &n.amount);
    if (e == ERR_OK)
        e = trx_id_read(a, o, &n.trx_id);
    if (e == ERR_OK)
        *ret = n;
    return e;
}
