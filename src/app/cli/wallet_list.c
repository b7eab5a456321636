/* kassa wallet list and search: the store's credentials, with what only kassad can tell of them. Which one is out of use is in its
 * memory, and it has the token with which a wallet is asked. */
#include "app/cli/cli.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/sms_trxid.h"
#include "store/store_day.h"
#include "store/store_sms.h"
#include "store/store_wallet.h"
#include <inttypes.h>

#define LIST_TIMEOUT_MS 3000

/* ---- list ---- */

struct list {
    struct cli *c;
    const struct json *wallets; /* NULL: kassad did not tell */
};

/* NULL: kassad does not know the credential: it was added a moment ago, or the answer is of another store. */
static const struct json *health_find(const struct list *l, const struct credential_row *r)
{
    JSON_FOR_EACH (h, l->wallets) {
        int64_t id = 0;
        if (int64_parse(json_get_scalar(h, "credential"), &id) == ERR_OK && id == r->id &&
            str_is(json_get_string(h, "wallet"), wallet_kind_code(r->wallet))) {
            return h;
        }
    }
    return NULL;
}

static const char *health_text(const struct list *l, const struct json *h)
{
    if (!l->wallets) {
        return "not known";
    }
    if (!h) {
        return "not seen yet";
    }
    const struct json *hidden = json_get(h, "hidden");
    if (hidden && hidden->type == JSON_TRUE) {
        return "out of use";
    }
    return str_absent(json_get_string(h, "reason")) ? "good" : "being tried";
}

static void health_out(struct cli *c, const struct list *l, const struct credential_row *r)
{
    const struct json *h = l->wallets ? health_find(l, r) : NULL;
    json_w_kcstr(&c->w, "health", health_text(l, h));
    json_w_kstr(&c->w, "out_of_use_reason", h ? json_get_string(h, "reason") : STR_ABSENT);
    json_w_kstr(&c->w, "out_of_use_since", h ? json_get_string(h, "since") : STR_ABSENT);
}

void cli_wallet_refund_api(struct cli *c, const struct credential_row *r)
{
    json_w_kstr(&c->w, "refund_api",
        r->wallet != WALLET_BKASH ? STR_ABSENT
        : r->refunds_v1           ? STR("v1")
                                  : STR("v2"));
}

static enum err list_item(void *arg, const struct credential_row *r)
{
    const struct list *l = arg;
    struct cli *c = l->c;
    struct account_row a;
    struct str uuid = STR_ABSENT;
    if (r->account_id && store_account_by_id(c->db, &c->arena, r->account_id, &a) == ERR_OK) {
        uuid = a.uuid;
    }
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(&c->w, "name", r->name);
    json_w_kstr(&c->w, "account", uuid);
    json_w_kstr(&c->w, "base_url", r->base_url);
    cli_wallet_refund_api(c, r);
    json_w_kbool(&c->w, "enabled", r->enabled);
    health_out(c, l, r);
    cli_out_time(c, "created_at", r->created_at);
    cli_out_time(c, "certificate_ends_at",
        r->wallet == WALLET_ROCKET ? cli_rocket_certificate_end(c, r) : 0);
    cli_out_close(c);
    return ERR_OK;
}

int cli_wallet_list(struct cli *c)
{
    struct list l = {.c = c};
    const struct json *told = NULL;
    int status = 0;
    if (cli_ops_call(c, "/wallets", STR_ABSENT, LIST_TIMEOUT_MS, &status, &told)) {
        const struct json *wallets = told ? json_get(told, "wallets") : NULL;
        l.wallets = wallets && wallets->type == JSON_ARRAY ? wallets : NULL;
    }
    if (!l.wallets) {
        cli_note(c,
            "\nNo kassad answers at %s (server.ops_listen), and it alone knows which"
            " credentials are out of use.",
            c->config.server_ops_listen);
    }
    cli_out_list(c, "credentials");
    enum err e = store_credential_each(c->db, list_item, &l);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("credentials", e);
}

/* ---- search ---- */

static int refused(const struct json *told, int status)
{
    const struct json *errors = told ? json_get(told, "errors") : NULL;
    const struct json *field = errors && errors->type == JSON_OBJECT ? errors->first : NULL;
    const struct json *text = field && field->type == JSON_ARRAY ? field->first : NULL;
    if (text && text->type == JSON_STRING) {
        return cli_fail("%.*s", STR_FMT(text->text));
    }
    return cli_fail("kassad answers %d", status);
}

/* What we have counted under the same TrxID, by the page or by a number. */
static enum err ours_out(struct cli *c, const struct credential_row *r, struct str trx_id)
{
    struct day_credit counted = {.id = 0};
    struct number_credit_row received = {.id = 0};
    enum err e = store_day_credit_find(c->db, r->wallet, r->id, trx_id, &counted);
    if (e == ERR_OK || e == ERR_NO_ROW) {
        e = store_number_credit_find(c->db, &c->arena, r->wallet, trx_id, &received);
    }
    if (e != ERR_OK && e != ERR_NO_ROW) {
        return e;
    }
    cli_out_id(c, "our_credit", counted.id);
    cli_out_id(c, "our_payment", counted.id ? counted.payment_id : received.payment_id);
    cli_out_id(c, "our_received", received.id);
    return ERR_OK;
}

static void told_out(struct cli *c, const struct json *told)
{
    static const char *const keys[] = {"result", "amount", "currency", "state", "kind", "payer",
        "receiver", "completed_at", "code", "message"};
    for (size_t i = 0; i < array_len(keys); i++) {
        json_w_kstr(&c->w, keys[i], json_get_string(told, keys[i]));
    }
}

static bool question_write(
    struct cli *c, const struct credential_row *r, char trx_id[TRXID_CAP], struct buf *ret)
{
    struct json_writer w;
    if (trxid_normal(r->wallet, str_from(cli_get(c, "trx-id")), trx_id) != ERR_OK) {
        cli_usage(c, "--trx-id: this is no TrxID of %s", wallet_kind_code(r->wallet));
        return false;
    }
    json_w_init(&w, ret);
    json_w_open(&w, '{');
    json_w_kint(&w, "credential", r->id);
    json_w_kcstr(&w, "trx_id", trx_id);
    json_w_close(&w);
    return true;
}

static int search(struct cli *c, const struct credential_row *r, struct str trx_id, struct str body)
{
    const struct json *told = NULL;
    int status = 0;
    /* A token may have to be renewed first: refreshed, else granted. */
    int64_t timeout_ms = 3 * c->config.wallet_timeout_ms + LIST_TIMEOUT_MS;
    if (!cli_ops_call(c, "/wallets/search", body, timeout_ms, &status, &told)) {
        return cli_fail("no kassad answers at %s (server.ops_listen); it has the token with which"
                        " the wallet is asked",
            c->config.server_ops_listen);
    }
    if (status != 200 || !told) {
        return refused(told, status);
    }
    json_w_kint(&c->w, "credential", r->id);
    json_w_kstr(&c->w, "trx_id", trx_id);
    told_out(c, told);
    enum err e = ours_out(c, r, trx_id);
    if (e != ERR_OK) {
        return cli_fail_err("credits", e);
    }
    struct str result = json_get_string(told, "result");
    return str_is(result, "found") || str_is(result, "not_found") ? CLI_OK : CLI_FAILED;
}

int cli_wallet_search(struct cli *c)
{
    struct credential_row r;
    struct buf body;
    char trx_id[TRXID_CAP];
    int64_t id = 0;
    if (!cli_operand_id(c, &id)) {
        return CLI_USAGE;
    }
    enum err e = store_credential_get(c->db, &c->arena, id, &r);
    if (e != ERR_OK) {
        return e == ERR_NO_ROW ? cli_fail("there is no credential %" PRId64, id)
                               : cli_fail_err("credential", e);
    }
    buf_init(&body, 1024);
    int code = question_write(c, &r, trx_id, &body)
                   ? search(c, &r, str_from(trx_id), buf_view(&body))
                   : CLI_USAGE;
    buf_clear(&body);
    return code;
}
