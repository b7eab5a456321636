/* The last digits of the number that money came from: what a payer types beside his TrxID, and what an SMS shows. A TrxID can be
 * guessed where it counts up; these only who paid knows. Pure, any thread. */
#ifndef KASSA_CORE_PAYER_END_H
#define KASSA_CORE_PAYER_END_H

#include "base/err.h"
#include "base/str.h"

#define PAYER_END_CAP 4 /* three digits, all that Rocket shows, and their NUL */

/* Of a number as an SMS shows it, in digits and stars; "" when its end is hidden, or there is none (a bank). */
void payer_end_of_number(const char *number, char out[PAYER_END_CAP]);

/* Of what a payer typed: the digits, or his whole number, in any script that TrxIDs may be typed in. ERR_SYNTAX: fewer digits,
 * more than a number has, or something else; `out` is untouched then. */
enum err payer_end_parse(struct str typed, char out[PAYER_END_CAP]) must_check;

#endif
