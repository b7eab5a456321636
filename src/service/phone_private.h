/* Shared by service/phone*.c. */
#ifndef KASSA_SERVICE_PHONE_PRIVATE_H
#define KASSA_SERVICE_PHONE_PRIVATE_H

#include "service/phone.h"

#define PHONE_REASON_CHAIN STR("broken_chain")
#define PHONE_REASON_TWICE STR("trxid_told_twice")
#define PHONE_REASON_PASTED STR("pasted")
/* The SMS shows no end of the payer's number, so that no payer can show that it is his. */
#define PHONE_REASON_NO_PAYER STR("no_payer_number")

/* Money whose TrxID may claim it now, if its payer can be known; *ret_free tells. */
enum err phone_credit_free(
    struct tx *tx, const struct number_credit_row *c, bool *ret_free) must_check;

/* `why` of a held SMS whose TrxID was told before for another number: it has its own place in its number's chain, or waits for it. */
#define PHONE_WHY_LINKED STR("told_elsewhere_linked")
#define PHONE_WHY_UNLINKED STR("told_elsewhere")

/* Moves the number's balance on by this message, and by what waited for it. False: it does not follow. The first one of
 * a number always follows. */
enum err phone_chain_go(
    struct tx *tx, int64_t number_id, const struct sms *s, bool *ret_follows) must_check;

#endif
