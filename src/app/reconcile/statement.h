/* A wallet's statement as a file, exported from its merchant portal and brought into three columns: doc/operations.md. */
#ifndef KASSA_APP_RECONCILE_STATEMENT_H
#define KASSA_APP_RECONCILE_STATEMENT_H

#include "base/buf.h"
#include "base/money.h"
#include "core/catalog.h"

#define STATEMENT_TRX_MAX 32
/* 32 MiB of memory: several days of the largest shops. */
#define STATEMENT_LINES_MAX 500000

struct statement_line {
    char trx_id[STATEMENT_TRX_MAX + 1]; /* in the form in which the store keeps it */
    int32_t number;                     /* of the line in the file, from 1 */
    bool found;                         /* for the reader: a row of ours is about it */
    struct money amount;                /* never zero; negative: it went out */
    int64_t at;                         /* ms */
};

/* In order of TrxID, each once. */
struct statement {
    struct statement_line *lines;
    size_t count;
};

/* ERR_SYNTAX, ERR_DUPLICATE, ERR_LIMIT, ERR_IO with line and column named in `why`. Owner: the caller, statement_clear. */
enum err statement_read(
    const char *path, enum wallet_kind wallet, struct statement *ret, struct buf *why) must_check;
void statement_clear(struct statement *s);
/* NULL: no line has it. */
struct statement_line *statement_find(struct statement *s, struct str trx_id);

#endif
