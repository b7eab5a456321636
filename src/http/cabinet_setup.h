/* What the handlers of accounts, certificates, redirects, endpoints and trials share. Nobody else includes it. */
#ifndef KASSA_HTTP_CABINET_SETUP_H
#define KASSA_HTTP_CABINET_SETUP_H

#include "http/cabinet.h"
#include "service/change.h"

#define SETUP_OVERLAP_HOURS_MAX (24 * 366)
#define STAMP_LEN 32

/* A change by whoever calls. */
enum err setup_change(struct cabinet_call *c, change_fn fn, void *arg) must_check;
/* What a form was filled from: two that differ in what a form changes have different ones. */
void setup_stamp_account(const struct account_row *r, char out[STAMP_LEN + 1]);
void setup_stamp_endpoint(const struct endpoint_row *r, char out[STAMP_LEN + 1]);
/* The body's "stamp" is that one, or there is none. */
bool setup_stamp_fits(struct cabinet_call *c, const char *stamp);
/* The body's "overlap_hours". */
int64_t setup_overlap_ms(struct cabinet_call *c, int64_t otherwise);
/* The text of one of them, which end with NULL; absent and noted as a fault otherwise. */
struct str setup_choice(struct cabinet_call *c, const char *field, const char *const *texts);
/* A name of 1 to 100 characters, or a new one. */
struct str setup_name(struct cabinet_call *c, const char *kind);
/* An address that fits; absent and noted as a fault otherwise. */
struct str setup_url(struct cabinet_call *c, bool notification);
/* The row of the list of an account's trials, notifications, ... : text that was cut at a byte. */
struct str setup_text_whole(struct str s);

void setup_endpoint_write(
    struct json_writer *w, const struct account_row *a, const struct endpoint_row *r);

extern const char *const setup_modes[];

#endif
