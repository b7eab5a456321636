/* What the calls about payments, overview and balance share: whose accounts, which days, files of CSV. */
#ifndef KASSA_HTTP_CABINET_FIND_H
#define KASSA_HTTP_CABINET_FIND_H

#include "base/csv.h"
#include "http/cabinet.h"

struct cabinet_accounts {
    int64_t *ids; /* in the call's arena, like the texts */
    struct str *uuids, *names;
    int count;
    bool all; /* every account that there is */
};
/* `account` of the query, which must be the person's to see (ERR_NO_ROW), or all that he may see. ERR_LIMIT. */
enum err cabinet_accounts_asked(struct cabinet_call *c, struct cabinet_accounts *ret) must_check;
struct str cabinet_account_uuid(const struct cabinet_accounts *a, int64_t id);

/* A day "YYYY-MM-DD" of the query; `usual` when it is not there. A fault is noted for what is no day. */
int32_t cabinet_day(struct cabinet_call *c, const char *key, int32_t usual);
void cabinet_w_day(struct json_writer *w, const char *key, int64_t day);
/* What a receiver answered, a wallet said: maybe no text at all. Shown as text, at most `max` characters. */
void cabinet_w_bytes(struct json_writer *w, const char *key, struct str s, size_t max);

/* A file of CSV that is made line by line. `lines` adds the next few; `end` frees what it needs, but not the file. */
struct cabinet_file {
    struct service *service;
    enum err (*lines)(struct cabinet_file *f, struct db *db, struct csv *csv, bool *ret_last);
    void (*end)(struct cabinet_file *f);
    const char *const *head; /* the names of the columns, ended by NULL */
    bool begun;
};
/* The reply that makes the file, which is then the reply's, on every path. Few at once: else busy. */
struct reply *cabinet_file_reply(struct cabinet_file *f, const char *name);

#endif
