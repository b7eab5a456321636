/* CSV for people's spreadsheets (RFC 4180, CRLF), and safe for them: a text that a spreadsheet would take for a formula gets an
 * apostrophe in front. Pure, any thread. */
#ifndef KASSA_BASE_CSV_H
#define KASSA_BASE_CSV_H

#include "base/buf.h"
#include "base/money.h"

/* So that a spreadsheet reads what follows as UTF-8; in front of everything. */
#define CSV_BOM "\xEF\xBB\xBF"

struct csv {
    struct buf *out;
    bool begun; /* the line has a cell */
};

void csv_init(struct csv *c, struct buf *out);
/* Somebody's text; absent: an empty cell. */
void csv_text(struct csv *c, struct str s);
/* Our own words and numbers, which begin with a letter or a digit. */
void csv_word(struct csv *c, const char *s);
void csv_int(struct csv *c, int64_t i);
/* "-1234.50": a number to a spreadsheet. */
void csv_money(struct csv *c, struct money m);
/* "2024-11-07 14:58:59" in Dhaka; 0: an empty cell. */
void csv_time(struct csv *c, int64_t at_ms);
void csv_end(struct csv *c);

#endif
