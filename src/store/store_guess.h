/* Guesses, counted by the minute for all nodes together (table guess). */
#ifndef KASSA_STORE_STORE_GUESS_H
#define KASSA_STORE_STORE_GUESS_H

#include "store/store.h"

/* Counts one more of `who` in the transaction's minute; ERR_RATE: there were `max` already. Older minutes are forgotten. */
enum err store_guess_take(struct tx *tx, struct str who, int64_t max) must_check;

#endif
