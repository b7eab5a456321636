/* What a person shows besides the password: an authenticator's code, or a recovery code, each of which counts once. All functions run in
 * a caller's unit, on a row that was read in it. */
#ifndef KASSA_SERVICE_SECOND_FACTOR_H
#define KASSA_SERVICE_SECOND_FACTOR_H

#include "core/totp.h"
#include "service/service.h"
#include "store/store_person.h"

#define RECOVERY_CODES 10
#define RECOVERY_CODE_LEN 19 /* xxxx-xxxx-xxxx-xxxx */

struct recovery_codes {
    char code[RECOVERY_CODES][RECOVERY_CODE_LEN + 1];
};

/* A new secret, which waits for its first code; the old one goes on until then. */
enum err second_factor_start(struct tx *tx, const struct service *s, struct person_row *p,
    char ret_secret[TOTP_TEXT_LEN + 1]) must_check;
/* The waiting secret is the person's from now on, and so are these recovery codes. ERR_UNAUTHORIZED: a wrong code; ERR_STATE: none
 * waits. */
enum err second_factor_confirm(struct tx *tx, const struct service *s, struct person_row *p,
    struct str code, struct recovery_codes *ret) must_check;
/* ERR_STATE: the role wants one, or there is none. */
enum err second_factor_remove(struct tx *tx, struct person_row *p) must_check;
/* ERR_UNAUTHORIZED: wrong, or used already. */
enum err second_factor_check(
    struct tx *tx, const struct service *s, const struct person_row *p, struct str code) must_check;
enum err recovery_check(struct tx *tx, const struct person_row *p, struct str code) must_check;
/* Instead of those that there were. ERR_STATE: there is no second factor. */
enum err recovery_renew(
    struct tx *tx, const struct person_row *p, struct recovery_codes *ret) must_check;

#endif
