/* Nagad's online payment, v-0.2.0: initialize, complete, verify. Its texts are sealed with RSA both ways; its money moves at the
 * wallet's page, so what counts is what verify tells. For the files of src/wallet and their tests. The readers are pure:
 * what Nagad answered becomes a struct wallet_answer whose texts live in the arena or in the caller's texts. */
#ifndef KASSA_WALLET_NAGAD_H
#define KASSA_WALLET_NAGAD_H

#include "base/arena.h"
#include "base/crypto_sealed.h"
#include "wallet/connector.h"

#define NAGAD_ARENA_MAX ((size_t)2 << 20)

/* OK has `ref` and `challenge`. An answer that is not sealed for us by Nagad is BROKEN, "bad_seal", whatever is wrong with it;
 * without `complete` nothing can have moved. */
void nagad_read_initialize(struct arena *a, int status, struct str body,
    const struct rsa_private *own, const struct rsa_public *nagad, struct wallet_answer *ret);
/* The text that was sealed in it. */
void nagad_read_initialized(struct arena *a, struct str plain, struct wallet_answer *ret);
/* `http_allowed`: the payer's page may be http, as a simulator's is. BROKEN only when Nagad refused it. */
void nagad_read_complete(struct arena *a, int status, struct str body, struct str ref,
    bool http_allowed, struct wallet_answer *ret);
/* OK: the money moved (`completed`), or moved and went back (`reversed`). `elsewhere` when the merchant is not `merchant_id`. */
void nagad_read_verify(struct arena *a, int status, struct str body, struct str ref,
    struct str merchant_id, struct wallet_answer *ret);
/* A refund of `amount`: OK has trx_id. DECLINED: it was not made. BROKEN: it was not, and our keys or Nagad's idea of us are why. */
void nagad_read_refund(struct arena *a, int status, struct str body, const struct rsa_private *own,
    const struct rsa_public *nagad, struct money amount, struct wallet_answer *ret);
/* What verify tells of refunds: the last one's reference, not its amount; OK or UNKNOWN. */
void nagad_read_refunds(struct arena *a, int status, struct str body, struct str ref,
    struct str merchant_id, struct wallet_answer *ret);

#endif
