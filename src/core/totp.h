/* Codes of an authenticator app (RFC 6238 as all of them do it: HMAC-SHA-1, 30 seconds, 6 digits). Pure. */
#ifndef KASSA_CORE_TOTP_H
#define KASSA_CORE_TOTP_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

#define TOTP_SECRET_LEN 20
#define TOTP_TEXT_LEN 32 /* of the secret, as people type it: base32 without padding */
#define TOTP_CODE_LEN 6

void totp_secret_text(const uint8_t secret[TOTP_SECRET_LEN], char out[TOTP_TEXT_LEN + 1]);
/* The step of 30 seconds that holds the instant. */
int64_t totp_step(int64_t at_ms);
void totp_code(const uint8_t secret[TOTP_SECRET_LEN], int64_t step, char out[TOTP_CODE_LEN + 1]);
/* Is it the code of the present step, the one before or the one behind, and of a later one than `used`? Blanks in it do not count.
 * ERR_UNAUTHORIZED. Store the step, so that it counts once. */
enum err totp_check(const uint8_t secret[TOTP_SECRET_LEN], struct str code, int64_t now_ms,
    int64_t used, int64_t *ret_step) must_check;

#endif
