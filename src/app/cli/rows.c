#include "app/cli/rows.h"

#include "base/text.h"
#include "service/certs.h"

enum err cli_row_cert(void *arg, const struct cert_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kstr(&c->w, "purpose", r->purpose);
    json_w_kcstr(&c->w, "state", cert_state(r, clock_now_ms(&c->clock)));
    cli_out_time(c, "not_before", r->not_before);
    cli_out_time(c, "not_after", r->not_after);
    cli_out_time(c, "revoked_at", r->revoked_at);
    cli_out_time(c, "refused_at", r->refused_at);
    json_w_kstr(&c->w, "fingerprint", r->fingerprint);
    cli_out_close(c);
    return ERR_OK;
}

enum err cli_row_redirect(void *arg, const struct redirect_row *r)
{
    struct cli *c = arg;
    if (r->deleted_at) {
        return ERR_OK;
    }
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kstr(&c->w, "name", r->name);
    json_w_kstr(&c->w, "url", r->url);
    cli_out_close(c);
    return ERR_OK;
}

enum err cli_row_endpoint(void *arg, const struct endpoint_row *r)
{
    struct cli *c = arg;
    if (r->deleted_at) {
        return ERR_OK;
    }
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kstr(&c->w, "name", r->name);
    json_w_kstr(&c->w, "url", r->url);
    json_w_kstr(&c->w, "mode", r->mode);
    json_w_kint(&c->w, "field_set", r->field_set);
    json_w_kbool(&c->w, "enabled", r->disabled_at == 0);
    json_w_kstr(&c->w, "disabled_reason", r->disabled_reason);
    cli_out_time(c, "old_secret_until", r->old_secret_until);
    cli_out_close(c);
    return ERR_OK;
}

enum err cli_row_credit(void *arg, const struct credit_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kint(&c->w, "credential", r->credential_id);
    json_w_kstr(&c->w, "trx_id", r->trx_id);
    cli_out_money(c, "amount", r->amount);
    json_w_kstr(&c->w, "currency", r->currency);
    json_w_kstr(&c->w, "payer", r->payer_mask);
    cli_out_id(c, "payment", r->payment_id);
    json_w_kbool(&c->w, "attached", r->attached);
    cli_out_time(c, "seen_at", r->seen_at);
    if (r->marked_at) {
        cli_out_time(c, "marked_at", r->marked_at);
    }
    cli_out_close(c);
    return ERR_OK;
}

/* The answer was cut at a byte, perhaps inside a character. */
static struct str whole_text(struct str s)
{
    for (int i = 0; i < 4 && s.n > 0 && !utf8_valid(s); i++) {
        s.n--;
    }
    return utf8_valid(s) ? s : STR("(not UTF-8)");
}

enum err cli_row_outbox_try(void *arg, const struct outbox_try_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "notification", r->outbox_id);
    json_w_kint(&c->w, "number", r->number);
    cli_out_time(c, "at", r->at);
    json_w_kint(&c->w, "duration_ms", r->duration_ms);
    cli_out_id(c, "status", r->status);
    json_w_kstr(&c->w, "error", r->error);
    json_w_kstr(&c->w, "url", r->url);
    json_w_kstr(&c->w, "reply", whole_text(r->reply));
    cli_out_close(c);
    return ERR_OK;
}

void cli_out_outbox(struct cli *c, const struct outbox_row *r)
{
    bool waiting = str_is(r->state, "waiting");
    json_w_kint(&c->w, "id", r->id);
    json_w_kint(&c->w, "payment", r->payment_id);
    json_w_kint(&c->w, "sequence", r->sequence);
    json_w_kstr(&c->w, "webhook_id", r->webhook_id);
    json_w_kstr(&c->w, "state", r->state);
    json_w_kstr(&c->w, "payment_status", r->payment_status);
    cli_out_money(c, "payment_amount", r->payment_amount);
    cli_out_money(c, "commission_amount", r->commission_amount);
    json_w_kbool(&c->w, "is_partial_payment", r->is_partial);
    json_w_kint(&c->w, "tries", r->tries);
    cli_out_time(c, "created_at", r->created_at);
    cli_out_time(c, "due_at", waiting ? r->due_at : 0);
    cli_out_time(c, "delivered_at", r->delivered_at);
    json_w_kstr(&c->w, "parked_reason", r->parked_reason);
}

enum err cli_row_outbox(void *arg, const struct outbox_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    cli_out_outbox(c, r);
    cli_out_close(c);
    return ERR_OK;
}
