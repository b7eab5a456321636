/* Payments that a batch's units handed over, and that are written by one statement. Private to the store. */
#ifndef KASSA_STORE_CREATE_H
#define KASSA_STORE_CREATE_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct tx;
struct payment_new;
struct payment_answer;

struct payment_puts {
    struct payment_put {
        struct payment_new *p;
        struct payment_answer *answer;
        int64_t id;
    } * items;
    size_t n, room;
    size_t kept; /* of n: those of units that are kept; behind them those of the unit under way */
};

void payment_puts_keep(struct payment_puts *t);
void payment_puts_undo(struct payment_puts *t);
void payment_puts_clear(struct payment_puts *t);
/* Writes what is kept, and answers it. An error that is none of the engine's own is about one of the rows, and nobody knows which. */
enum err payment_puts_write(struct tx *tx) must_check;

#endif
