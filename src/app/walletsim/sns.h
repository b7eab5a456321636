/* The simulator's SNS: it signs and posts what bKash would, with a certificate of its own, which it serves by TLS. Only with
 * --sns-certificate and --sns-key. */
#ifndef KASSA_APP_SIM_SNS_H
#define KASSA_APP_SIM_SNS_H

#include "http/server.h"

struct sns;
struct sim_options;

/* Starts its listener, whose requests get `ctx`. ERR_IO, ERR_SYNTAX with a text in `why`. */
enum err sns_start(
    const struct sim_options *o, void *ctx, struct buf *why, struct sns **ret) must_check;
/* What is under way ends first. */
void sns_stop(struct sns *n);
/* For the simulator's own listeners to print; valid until sns_stop. */
const char *sns_url(const struct sns *n);

/* The control API's: sends what the body describes, answers with what the receiver answered. */
struct reply *control_sns_send(struct request *rq);
/* Which topics were confirmed. */
struct reply *control_sns_state(struct request *rq);

#endif
