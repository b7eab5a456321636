/* Rocket through DBBL's ECOMM gateway: command v begins a transaction, the payer pays at the bank's page, command c asks how it
 * ended and completes it. The bank knows the merchant by a client certificate. Of its HTTP nothing is published: what is sent is
 * written as templates in the configuration, so that it can be put right without a new program. For the files of src/wallet and
 * their tests. The readers and the writer are pure. */
#ifndef KASSA_WALLET_ECOMM_H
#define KASSA_WALLET_ECOMM_H

#include "base/arena.h"
#include "wallet/connector.h"

#define ECOMM_ARENA_MAX ((size_t)64 << 10)
#define ECOMM_LINES_MAX 64
#define ECOMM_VALUE_MAX 512

/* The value of `key` in lines "KEY: value"; what is no such line is passed over. ERR_NO_ROW; ERR_DUPLICATE when two lines have
 * it; ERR_LIMIT when there are more lines than ECOMM_LINES_MAX or it is longer than ECOMM_VALUE_MAX; ERR_SYNTAX when it has
 * other characters than those from ' ' to '~'. */
enum err ecomm_line(struct str text, const char *key, struct str *ret) must_check;

/* OK has `ref` alone. */
void ecomm_read_begun(struct arena *a, int status, struct str body, struct wallet_answer *ret);
/* OK: the money moved (`completed`), or moved and went back (`reversed`). */
void ecomm_read_ended(struct arena *a, int status, struct str body, struct wallet_answer *ret);

/* Of command b. OK: RESULT is OK, with a code; DECLINED: an error or another word, such as when there is nothing to close. `message` has the
 * answer's lines on one, cut. */
void ecomm_read_closed(struct arena *a, int status, struct str body, struct wallet_answer *ret);

/* Of command r. OK by RESULT OK with the code of an accepted reversal. A failure, an error and "it is reversed" say nothing: c does.
 * The bank gives a reversal no name of its own: it is R and the payment's RRN, `trx_id`. */
void ecomm_read_reversed(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret);
/* Of command c, as a list of refunds: none of a paid transaction, one of all its money of a reversed one. */
void ecomm_read_reversals(
    struct arena *a, int status, struct str body, struct str trx_id, struct wallet_answer *ret);

/* What a template's {names} stand for; absent: empty. Each is percent-encoded. */
struct ecomm_values {
    struct str amount; /* {amount}, in poisha */
    struct str taka;   /* {taka}, with two decimals */
    struct str invoice, ip, trans_id;
};
/* Appends. ERR_SYNTAX: a name that is not one of these, or a brace without its like. */
enum err ecomm_write(struct buf *b, struct str template, const struct ecomm_values *v) must_check;

#endif
