/* What an account keeps to be named by its id in requests: redirects and notification endpoints; and the account's own settings.
 * The functions that take a transaction are called in a change's unit (service/change.h). */
#ifndef KASSA_SERVICE_PRESETS_H
#define KASSA_SERVICE_PRESETS_H

#include "base/box.h"
#include "service/change.h"
#include "store/store_account.h"

#define PRESET_NAME_MAX 100
#define PRESET_SECRET_MAX 4096
#define PRESET_OVERLAP_DEFAULT_MS (24 * 3600000)
/* Of one account, together with those that were deleted. */
#define PRESETS_OF_ACCOUNT_MAX 4000

/* 1 to `max` characters of UTF-8, without control characters and outer blanks. */
bool preset_name_fit(struct str name, size_t max);
/* "KIND-" and some random characters. */
struct str preset_name_new(struct arena *a, const char *kind);

/* A new "whsec_..." text, and its box in the arena. Wipe the text. */
void preset_secret_new(
    struct keyring *keys, struct arena *a, struct buf *ret_text, struct str *ret_box);
/* ERR_NO_ROW: there is none; else box_open's. */
enum err preset_secret_open(struct keyring *keys, struct str box, struct buf *ret_text) must_check;

/* ERR_DUPLICATE: the name is taken. ERR_LIMIT: there are too many. */
enum err redirect_add(struct tx *tx, struct redirect_row *r, struct change_note *note) must_check;
/* Payments made with it keep their address. ERR_NO_ROW; ERR_STATE: it is its account's default. */
enum err redirect_delete(
    struct tx *tx, struct arena *a, int64_t id, struct change_note *note) must_check;

enum err endpoint_add(struct tx *tx, struct endpoint_row *r, struct change_note *note) must_check;
/* The whole row as it is to be. `action`: "endpoint.update", "endpoint.enable", ... ERR_DUPLICATE, ERR_NO_ROW; ERR_STATE: it is to be deleted and is its
 * account's default. */
enum err endpoint_change(struct tx *tx, struct arena *a, const char *action,
    const struct endpoint_row *r, struct change_note *note) must_check;
/* A new secret into the row; the older one signs too for so long. */
void endpoint_rotate(struct keyring *keys, struct arena *a, int64_t now, int64_t overlap_ms,
    struct endpoint_row *r, struct buf *ret_text);

/* What the audit log says of an account. */
void account_note_fields(struct json_writer *w, const struct account_row *r);
/* The whole row as it is to be. ERR_NO_ROW: no such redirect or endpoint of this account. */
enum err account_change(struct tx *tx, struct arena *a, const struct account_row *r, bool rotated,
    struct change_note *note) must_check;

/* A notification is due again, under its webhook-id. ERR_NO_ROW; ERR_STATE: it waits already. */
enum err notification_resend(
    struct tx *tx, struct arena *a, int64_t id, struct change_note *note) must_check;

#endif
