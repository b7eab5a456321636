/* The signature doctor's way to the rows: a request as text, whose it is, and what the doctor says about it, as JSON. Blocks; for the
 * cabinet's threads and the command line. */
#ifndef KASSA_SERVICE_DOCTOR_H
#define KASSA_SERVICE_DOCTOR_H

#include "base/json.h"
#include "core/doctor.h"
#include "store/store.h"

struct doctor_request {
    struct str path;
    struct str account, sign, content_type, content_encoding; /* absent: not there */
    struct str body;
    int64_t at; /* when it came */
};

/* A request as it goes over the line, or as people paste it: an optional request line, headers (also with curl's "> " before each, and
 * lines ended by LF alone), an empty line, the body to the last byte. Views into `text`. ERR_SYNTAX: no headers and no empty line. */
enum err doctor_request_parse(struct str text, struct doctor_request *ret) must_check;
/* The same the other way round: what the parser reads back. Appends. */
void doctor_request_write(const struct doctor_request *rq, struct buf *b);

/* Looks at it with all accounts and certificates of the merchant. ERR_LIMIT: too many; store errors. */
enum err doctor_examine(struct db *db, struct arena *a, int64_t merchant_id, int64_t account_id,
    const struct doctor_request *rq, struct doctor_report *ret) must_check;
/* Members into an open object. */
void doctor_report_json(
    struct json_writer *w, const struct doctor_request *rq, const struct doctor_report *r);

#endif
