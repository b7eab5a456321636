/* TrxIDs, the wallets' names for a movement of money: one normal form whoever wrote it, and each wallet's format.
 * Pure functions, any thread. The formats: doc/sms.md, "TrxIDs". */
#ifndef KASSA_CORE_SMS_TRXID_H
#define KASSA_CORE_SMS_TRXID_H

#include "core/catalog.h"
#include <stdint.h>

#define TRXID_CAP 11       /* the longest normal form and its NUL */
#define TRXID_TEXT_MAX 128 /* bytes of a text that may be looked at */

/* The normal form: upper case, without blanks and characters that nobody sees; full-width forms, Bangla digits and
 * the Greek and Cyrillic letters that look like Latin ones become those. ERR_SYNTAX when that is no TrxID of this
 * wallet; `out` is untouched then. O stays O and 0 stays 0: see trxid_looks_like. */
enum err trxid_normal(enum wallet_kind w, struct str text, char out[TRXID_CAP]) must_check;

/* True when `typed` is not the normal form `stored`, but would be with O for 0 or I for 1 here and there, either way.
 * A hint to the payer, nothing to match by: both spellings may exist. */
bool trxid_looks_like(struct str typed, struct str stored);

/* The letter or digit that a character is or looks like, in upper case; 0 for one that is left out (a blank, a
 * zero-width character); -1 for any other. */
int trxid_fold(uint32_t cp);
/* 0..9 for an ASCII or Bangla digit, else -1. */
int trxid_digit(uint32_t cp);

#endif
