/* The API calls received, the newest CALLS_MAX of them, in memory. The caller serialises all calls (sim.lock). */
#ifndef KASSA_APP_SIM_CALLS_H
#define KASSA_APP_SIM_CALLS_H

#include "fault.h"

#define CALLS_MAX 20000
#define CALL_TEXT_MAX 256

struct call_row {
    int64_t seq; /* from 1; 0: none */
    int64_t at_ms;
    enum op op;
    enum fault_kind fault;
    int status; /* HTTP; 0: under way or never answered */
    bool ended;
    char code[16]; /* the answer's statusCode */
    char payment_id[CALL_TEXT_MAX], invoice[CALL_TEXT_MAX];
};

struct calls {
    struct call_row *rows; /* ring */
    int64_t last;          /* seq of the newest */
    int64_t totals[OP_COUNT];
};

void calls_init(struct calls *c);
void calls_clear(struct calls *c);
void calls_reset(struct calls *c);
/* Gives its seq. Texts are cut where they are too long. */
int64_t calls_begin(
    struct calls *c, enum op op, int64_t at_ms, struct str payment_id, struct str invoice);
/* NULL when it is forgotten already. */
struct call_row *calls_get(struct calls *c, int64_t seq);

struct calls_filter {
    bool has_op;
    enum op op;
    struct str payment_id, invoice; /* absent: any */
    int64_t limit;                  /* the newest so many */
};
/* {"calls":[...],"counters":{op:{payment id or invoice:n}},"totals":{op:n}}; the oldest first. */
void calls_write(struct calls *c, const struct calls_filter *f, struct json_writer *w);

#endif
