/* A text for one reader by one writer: encrypted with the reader's public key (RSA, PKCS#1 v1.5) and signed over its plain bytes
 * with the writer's private key (SHA-256), both as base64. It is at most one block long. Thread-safe. */
#ifndef KASSA_BASE_CRYPTO_SEALED_H
#define KASSA_BASE_CRYPTO_SEALED_H

#include "base/crypto.h"

#define SEALED_PLAIN_MAX RSA_SIG_MAX

/* Appends. ERR_LIMIT: `plain` is too long for the reader's key; ERR_CRYPTO. */
enum err sealed_make(const struct rsa_public *reader, const struct rsa_private *writer,
    struct str plain, struct buf *ret_data, struct buf *ret_sign) must_check;

/* Appends the plain bytes once the signature fits them. Everything else is ERR_CRYPTO: from outside nobody can tell base64,
 * padding, lengths and signature apart, and what can't be decrypted has its signature checked all the same. */
enum err sealed_open(const struct rsa_private *reader, const struct rsa_public *writer,
    struct str data, struct str sign, struct buf *ret_plain) must_check;

#endif
