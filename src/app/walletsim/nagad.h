/* Nagad's side of the simulator: its checkout with RSA both ways, and its payer's page.
 *   nagad.c            keys, the addresses below the API's base   nagad_operation.c  initialize, complete, verify, cancel
 *   nagad_payer.c      what a payer or Nagad's own people do      nagad_page.c       the page, the control API
 * A merchant's key pair is made here too, so that a test has both ends. */
#ifndef KASSA_APP_SIM_NAGAD_H
#define KASSA_APP_SIM_NAGAD_H

#include "base/crypto_sealed.h"
#include "nagad_store.h"
#include "sim.h"

#define NAGAD_BASE "/remote-payment-gateway-1.0/api/dfs/"
#define NAGAD_WINDOW_S 900

struct nagad {
    char *merchant_id;
    struct rsa_private *own;     /* Nagad's */
    struct rsa_public *merchant; /* the merchant's */
    struct rsa_public *wrong;    /* nobody's, for the fault wrong_key */
    int64_t window_ms;           /* how far a merchant's dateTime may be from our clock */
    bool sha1;                   /* merchants may sign with SHA-1 */
};

/* Keys are in `dir`/nagad: pg_public.pem and merchant_private.pem are for the merchant. Made when missing. ERR_IO with a
 * text in `why`. */
enum err nagad_open(const struct sim_options *o, struct buf *why, struct nagad **ret) must_check;
void nagad_close(struct nagad *n);

struct reply *nagad_get(struct request *rq);
struct reply *nagad_post(struct request *rq);
struct reply *nagad_page_show(struct request *rq);
struct reply *nagad_page_approve(struct request *rq);
struct reply *nagad_page_decline(struct request *rq);
struct reply *nagad_page_cancel(struct request *rq);
struct reply *nagad_page_leave(struct request *rq);
struct reply *nagad_control_list(struct request *rq);
struct reply *nagad_control_get(struct request *rq);
struct reply *nagad_control_act(struct request *rq);

/* ---- nagad_payer.c: with sim.lock ---- */
/* "approve", "decline", "cancel", "leave" (pays and closes the page), "refund" (Nagad's people), or a word of the wallet's for
 * a payment under way ("OtpSent"). `callback_url` is set when the browser goes on. ERR_NO_ROW, ERR_STATE, ERR_SYNTAX: no such
 * action. */
enum err nagad_act(struct sim *s, struct arena *a, struct str ref, struct str action,
    struct buf *callback_url) must_check;
/* The payer can still pay. */
bool nagad_is_open(const struct nagad_pay *p);
/* "20211123235008" in Dhaka. */
void nagad_time_compact(int64_t at_ms, char out[15]);
/* Eight letters and digits, as an issuer's reference. */
void nagad_issuer_ref(char out[9]);

#endif
