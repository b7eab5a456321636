/* What the readers of wallets' answers share: pieces of text that may go into rows, logs and addresses. Pure. */
#ifndef KASSA_WALLET_ANSWER_H
#define KASSA_WALLET_ANSWER_H

#include "base/arena.h"
#include "base/json.h"

#define ANSWER_MESSAGE_CHARS_MAX 300

/* Letters and digits, at least one. */
bool answer_is_word(struct str s, size_t max);
/* A code for logs and rows: letters, digits, '_', '.', '-'; at most 40. */
bool answer_is_code(struct str s);
/* The first of the names that has a text or number; absent when none has. `names` ends with NULL. */
struct str answer_scalar(const struct json *o, const char *const *names);
#define ANSWER_SCALAR(o, ...) answer_scalar((o), (const char *const[]){__VA_ARGS__, NULL})
/* "http_503" */
struct str answer_http_code(struct arena *a, int status);
/* Why a body is no JSON object: "bad_json" or "empty_body". */
struct str answer_body_fault(struct str body);
/* An address that a payer may be sent to. `http_allowed`: as a simulator's is. */
bool answer_page_is_safe(struct str s, bool http_allowed);
/* `s` if it is a wallet number, masked or not; else absent. */
struct str answer_payer(struct str s);

#endif
