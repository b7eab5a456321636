/* kassa account: add and update; account_show.c has the rest. */
#include "app/cli/account.h"

#include "base/crypto.h"
#include "base/text.h"
#include "core/catalog.h"
#include "core/notify.h"
#include "service/presets.h"
#include <inttypes.h>

#define SERVICES_MAX 1000

static const char *const digests[] = {"sha1", "sha256", NULL};
static const char *const modes[] = {"GET", "POST", "POST_JSON", NULL};

/* Each of the names, separated by commas, is a service of the catalog in the account's currency. */
static bool services_check(struct cli *c, struct str services, struct str currency)
{
    for (size_t at = 0; at <= services.n;) {
        size_t end = str_find(services, ',', at);
        struct str name = str_sub(services, at, end);
        const struct catalog_service *s = catalog_service_find(name);
        if (!s) {
            cli_usage(c, "--services: there is no service \"%.*s\"", STR_FMT(name));
            return false;
        }
        if (!str_is(currency, s->currency)) {
            cli_usage(c, "--services: %s is in %s, the account in %.*s", s->name, s->currency,
                STR_FMT(currency));
            return false;
        }
        at = end + 1;
    }
    return true;
}

/* All services of a currency; absent when there is none. */
static struct str services_of(struct cli *c, struct str currency)
{
    struct buf b;
    buf_init(&b, SERVICES_MAX);
    for (size_t i = 0; catalog_service_at(i); i++) {
        const struct catalog_service *s = catalog_service_at(i);
        if (str_is(currency, s->currency)) {
            buf_cstr(&b, b.n ? "," : "");
            buf_cstr(&b, s->name);
        }
    }
    struct str copy = b.n ? arena_copy(&c->arena, buf_view(&b)) : STR_ABSENT;
    buf_clear(&b);
    return copy;
}

bool account_options(struct cli *c, struct account_row *r)
{
    struct str services = str_from(cli_get(c, "services"));
    if (!cli_get_percent(c, "fee-percent", &r->fee_bp) ||
        !cli_get_money(c, "fee-fixed", &r->fee_fixed) ||
        !cli_get_choice(c, "digest", digests, &r->digest) ||
        !cli_get_choice(c, "notify-mode", modes, &r->notify_mode) ||
        !cli_get_int(c, "notify-field-set", 10, 12, &r->notify_field_set) ||
        !cli_get_name(c, "name", 100, &r->name)) {
        return false;
    }
    if (!str_absent(services)) {
        if (!services_check(c, services, r->currency)) {
            return false;
        }
        r->services = services;
    }
    return true;
}

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct account_row *r = arg;
    struct merchant_row m;
    enum err e = store_merchant_get(tx_db(tx), &c->arena, r->merchant_id, &m);
    if (e != ERR_OK) {
        return e;
    }
    r->created_at = tx_now_ms(tx);
    e = store_account_add(tx, r);
    audit->action = "account.add";
    change_target(audit, "account", r->uuid);
    audit->merchant_id = r->merchant_id;
    json_w_kint(&audit->w, "merchant", r->merchant_id);
    account_note_fields(&audit->w, r);
    return e;
}

static int add_row(struct cli *c, struct account_row *r)
{
    struct buf secret;
    buf_init(&secret, PRESET_SECRET_MAX);
    preset_secret_new(c->service.keys, &c->arena, &secret, &r->notify_secret_box);
    enum err e = cli_change(c, add_unit, r);
    if (e == ERR_OK) {
        account_out(c, r);
        json_w_kstr(&c->w, "notify_secret", buf_view(&secret));
    }
    buf_wipe(&secret);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no merchant %" PRId64, r->merchant_id);
    }
    if (e == ERR_DUPLICATE) {
        return cli_fail("the merchant has an account named \"%.*s\" already", STR_FMT(r->name));
    }
    if (e != ERR_OK) {
        return cli_fail_err("account", e);
    }
    cli_note(c, "\nThe notify secret signs notifications to addresses given in requests; keep it.");
    cli_note(c, "Next, for each of payments, payouts and notifications:");
    cli_note(c, "  kassa cert new payments --account %.*s", STR_FMT(r->uuid));
    return CLI_OK;
}

int account_add_run(struct cli *c)
{
    uint8_t raw[16];
    char uuid[UUID_LEN + 1];
    struct account_row r = {
        .name = STR(""),
        .currency = str_from(cli_get(c, "currency")),
        .digest = STR("sha1"),
        .notify_mode = STR("GET"),
        .notify_field_set = NOTIFY_FIELDS_11,
        .notify_old_secret_box = STR_ABSENT,
        .enabled = true,
    };
    r.services = services_of(c, r.currency);
    if (str_absent(r.services)) {
        return cli_usage(c, "--currency: there is no service in \"%.*s\"", STR_FMT(r.currency));
    }
    if (!account_options(c, &r)) {
        return CLI_USAGE;
    }
    if (!cli_merchant(c, cli_get(c, "merchant"), &r.merchant_id)) {
        return CLI_FAILED;
    }
    random_uuid(raw);
    uuid_format(raw, uuid);
    r.uuid = (struct str){uuid, UUID_LEN};
    return add_row(c, &r);
}

struct update {
    struct account_row row;
    bool rotated;
};

static enum err update_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    const struct update *u = arg;
    return account_change(tx, &c->arena, &u->row, u->rotated, note);
}

static bool update_options(struct cli *c, struct update *u, struct buf *secret)
{
    struct account_row *r = &u->row;
    int64_t overlap = PRESET_OVERLAP_DEFAULT_MS;
    if (!account_options(c, r) ||
        !cli_get_int(c, "success-redirect", 0, INT64_MAX, &r->success_redirect_id) ||
        !cli_get_int(c, "fail-redirect", 0, INT64_MAX, &r->fail_redirect_id) ||
        !cli_get_int(c, "endpoint", 0, INT64_MAX, &r->endpoint_id) ||
        !cli_get_hours(c, "overlap", &overlap)) {
        return false;
    }
    u->rotated = cli_has(c, "rotate-notify-secret");
    if (!u->rotated && cli_has(c, "overlap")) {
        cli_usage(c, "--overlap goes with --rotate-notify-secret");
        return false;
    }
    if (u->rotated) {
        r->notify_old_secret_box = overlap > 0 ? r->notify_secret_box : STR_ABSENT;
        r->notify_old_secret_until = overlap > 0 ? clock_now_ms(&c->clock) + overlap : 0;
        preset_secret_new(c->service.keys, &c->arena, secret, &r->notify_secret_box);
    }
    return true;
}

static int update_row(struct cli *c, struct update *u, struct buf *secret)
{
    if (!cli_account(c, c->operand, &u->row)) {
        return CLI_FAILED;
    }
    if (!update_options(c, u, secret)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, update_unit, u);
    if (e == ERR_NO_ROW) {
        return cli_fail("the account has no such redirect or endpoint");
    }
    if (e != ERR_OK) {
        return cli_fail_err("account", e);
    }
    account_out(c, &u->row);
    if (u->rotated) {
        json_w_kstr(&c->w, "notify_secret", buf_view(secret));
        cli_out_time(c, "old_notify_secret_until", u->row.notify_old_secret_until);
    }
    return CLI_OK;
}

int account_update_run(struct cli *c)
{
    struct update u = {.rotated = false};
    struct buf secret;
    buf_init(&secret, PRESET_SECRET_MAX);
    int code = update_row(c, &u, &secret);
    buf_wipe(&secret);
    return code;
}
