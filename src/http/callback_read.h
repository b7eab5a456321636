/* What a payer's browser brings back from a wallet: made up by anybody, and read without believing it. Pure. */
#ifndef KASSA_HTTP_CALLBACK_READ_H
#define KASSA_HTTP_CALLBACK_READ_H

#include "service/checkout.h"

#define CALLBACK_TOKEN_CAP 65
#define CALLBACK_REF_CAP 129

/* The path's variable segment. False: no token of ours looks like it. */
bool callback_token(struct str segment, char out[CALLBACK_TOKEN_CAP]);
/* The wallet's id of the payment out of a query or a body, which may be absent. Empty: it is not there, there twice, too long, or no
 * printable text. */
void callback_ref(struct str form, const char *key, char out[CALLBACK_REF_CAP]);
/* bKash's word; whatever it is not is CALLBACK_OTHER. */
enum callback_status callback_status_read(struct str form);

#endif
