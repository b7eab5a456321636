#include "service/presets.h"

#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/store_outbox.h"
#include <stdio.h>

#define SECRET_RAW_LEN 32

bool preset_name_fit(struct str name, size_t max)
{
    bool good =
        name.n > 0 && utf8_valid(name) && utf8_len(name) <= max && !text_has_outer_space(name);
    for (size_t i = 0; good && i < name.n; i++) {
        good = (unsigned char)name.p[i] >= 0x20 && name.p[i] != 0x7f;
    }
    return good;
}

struct str preset_name_new(struct arena *a, const char *kind)
{
    char text[40];
    uint32_t raw = 0;
    random_bytes(&raw, sizeof raw);
    snprintf(text, sizeof text, "%s-%08x", kind, (unsigned)raw);
    return arena_copy(a, str_from(text));
}

void preset_secret_new(
    struct keyring *keys, struct arena *a, struct buf *ret_text, struct str *ret_box)
{
    uint8_t raw[SECRET_RAW_LEN];
    struct buf box;
    random_bytes(raw, sizeof raw);
    buf_cstr(ret_text, "whsec_");
    base64_encode(ret_text, raw, sizeof raw);
    mem_wipe(raw, sizeof raw);
    buf_init(&box, PRESET_SECRET_MAX);
    box_seal(keys, "endpoint", buf_view(ret_text), &box);
    *ret_box = arena_copy(a, buf_view(&box));
    buf_clear(&box);
}

enum err preset_secret_open(struct keyring *keys, struct str box, struct buf *ret_text)
{
    return str_absent(box) ? ERR_NO_ROW : box_open(keys, "endpoint", box, ret_text);
}

static enum err count_redirect(void *arg, const struct redirect_row *r)
{
    (void)r;
    return ++*(int *)arg < PRESETS_OF_ACCOUNT_MAX ? ERR_OK : ERR_LIMIT;
}

static enum err count_endpoint(void *arg, const struct endpoint_row *r)
{
    (void)r;
    return ++*(int *)arg < PRESETS_OF_ACCOUNT_MAX ? ERR_OK : ERR_LIMIT;
}

enum err redirect_add(struct tx *tx, struct redirect_row *r, struct change_note *note)
{
    int count = 0;
    enum err e = store_redirect_each(tx_db(tx), r->account_id, count_redirect, &count);
    e = e == ERR_OK ? store_redirect_add(tx, r) : e;
    note->action = "redirect.add";
    change_target_id(note, "redirect", r->id);
    note->account_id = r->account_id;
    json_w_kint(&note->w, "account_id", r->account_id);
    json_w_kstr(&note->w, "name", r->name);
    json_w_kstr(&note->w, "url", r->url);
    return e;
}

enum err redirect_delete(struct tx *tx, struct arena *a, int64_t id, struct change_note *note)
{
    struct redirect_row r;
    struct account_row account;
    enum err e = store_redirect_get(tx_db(tx), a, id, &r);
    if (e == ERR_OK) {
        e = r.deleted_at ? ERR_NO_ROW : store_account_by_id(tx_db(tx), a, r.account_id, &account);
    }
    if (e != ERR_OK) {
        return e;
    }
    if (account.success_redirect_id == id || account.fail_redirect_id == id) {
        return ERR_STATE;
    }
    note->action = "redirect.delete";
    change_target_id(note, "redirect", id);
    note->account_id = r.account_id;
    json_w_kstr(&note->was, "name", r.name);
    json_w_kstr(&note->was, "url", r.url);
    return store_redirect_delete(tx, id, tx_now_ms(tx));
}

static void endpoint_note(
    struct change_note *note, const char *action, const struct endpoint_row *r)
{
    note->action = action;
    note->account_id = r->account_id;
    change_target_id(note, "endpoint", r->id);
}

static void endpoint_fields(struct json_writer *w, const struct endpoint_row *r)
{
    json_w_kint(w, "account_id", r->account_id);
    json_w_kstr(w, "name", r->name);
    json_w_kstr(w, "url", r->url);
    json_w_kstr(w, "mode", r->mode);
    json_w_kint(w, "field_set", r->field_set);
    json_w_kbool(w, "enabled", r->disabled_at == 0);
    if (r->deleted_at) {
        json_w_kbool(w, "deleted", true);
    }
}

enum err endpoint_add(struct tx *tx, struct endpoint_row *r, struct change_note *note)
{
    int count = 0;
    enum err e = store_endpoint_each(tx_db(tx), r->account_id, count_endpoint, &count);
    e = e == ERR_OK ? store_endpoint_add(tx, r) : e;
    endpoint_note(note, "endpoint.add", r);
    endpoint_fields(&note->w, r);
    return e;
}

enum err endpoint_change(struct tx *tx, struct arena *a, const char *action,
    const struct endpoint_row *r, struct change_note *note)
{
    struct account_row account;
    struct endpoint_row was;
    enum err e = store_endpoint_get(tx_db(tx), a, r->id, &was);
    if (e == ERR_OK && r->deleted_at) {
        e = store_account_by_id(tx_db(tx), a, r->account_id, &account);
        e = e == ERR_OK && account.endpoint_id == r->id ? ERR_STATE : e;
    }
    if (e != ERR_OK) {
        return e;
    }
    endpoint_note(note, action, r);
    endpoint_fields(&note->was, &was);
    endpoint_fields(&note->w, r);
    return store_endpoint_update(tx, r);
}

void endpoint_rotate(struct keyring *keys, struct arena *a, int64_t now, int64_t overlap_ms,
    struct endpoint_row *r, struct buf *ret_text)
{
    r->old_secret_box = overlap_ms > 0 ? r->secret_box : STR_ABSENT;
    r->old_secret_until = overlap_ms > 0 ? now + overlap_ms : 0;
    preset_secret_new(keys, a, ret_text, &r->secret_box);
}

static enum err redirect_own(struct tx *tx, struct arena *a, int64_t id, int64_t account_id)
{
    struct redirect_row r;
    enum err e = id == 0 ? ERR_OK : store_redirect_get(tx_db(tx), a, id, &r);
    return id && e == ERR_OK && (r.account_id != account_id || r.deleted_at) ? ERR_NO_ROW : e;
}

static enum err endpoint_own(struct tx *tx, struct arena *a, int64_t id, int64_t account_id)
{
    struct endpoint_row r;
    enum err e = id == 0 ? ERR_OK : store_endpoint_get(tx_db(tx), a, id, &r);
    return id && e == ERR_OK && (r.account_id != account_id || r.deleted_at) ? ERR_NO_ROW : e;
}

void account_note_fields(struct json_writer *w, const struct account_row *r)
{
    json_w_kstr(w, "name", r->name);
    json_w_kstr(w, "currency", r->currency);
    json_w_kint(w, "fee_basis_points", r->fee_bp);
    json_w_kint(w, "fee_fixed_poisha", r->fee_fixed.poisha);
    json_w_kstr(w, "services", r->services);
    json_w_kstr(w, "digest", r->digest);
    json_w_kint(w, "success_redirect_id", r->success_redirect_id);
    json_w_kint(w, "fail_redirect_id", r->fail_redirect_id);
    json_w_kint(w, "endpoint_id", r->endpoint_id);
    json_w_kstr(w, "notify_mode", r->notify_mode);
    json_w_kint(w, "notify_field_set", r->notify_field_set);
    json_w_kbool(w, "enabled", r->enabled);
}

enum err account_change(struct tx *tx, struct arena *a, const struct account_row *r, bool rotated,
    struct change_note *note)
{
    struct account_row was;
    enum err e = redirect_own(tx, a, r->success_redirect_id, r->id);
    e = e == ERR_OK ? redirect_own(tx, a, r->fail_redirect_id, r->id) : e;
    e = e == ERR_OK ? endpoint_own(tx, a, r->endpoint_id, r->id) : e;
    e = e == ERR_OK ? store_account_by_id(tx_db(tx), a, r->id, &was) : e;
    if (e != ERR_OK) {
        return e;
    }
    note->action = "account.update";
    change_target(note, "account", r->uuid);
    note->merchant_id = r->merchant_id;
    account_note_fields(&note->was, &was);
    account_note_fields(&note->w, r);
    if (rotated) {
        json_w_kbool(&note->w, "notify_secret_rotated", true);
    }
    return store_account_update(tx, r);
}

enum err notification_resend(struct tx *tx, struct arena *a, int64_t id, struct change_note *note)
{
    struct outbox_row r;
    enum err e = store_outbox_get(tx_db(tx), a, id, &r);
    if (e != ERR_OK) {
        return e;
    }
    note->action = "notification.resend";
    note->uncached = true;
    change_target_id(note, "notification", id);
    note->account_id = r.account_id;
    json_w_kint(&note->w, "payment", r.payment_id);
    return store_outbox_resend(tx, id, tx_now_ms(tx));
}
