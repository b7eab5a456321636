/* THE table: what kassad answers. server_options.ctx is a struct gateway on both listeners. */
#ifndef KASSA_HTTP_ROUTES_H
#define KASSA_HTTP_ROUTES_H

#include "http/gateway.h"
#include "http/server.h"

#define API_BODY_MAX ((size_t)64 * 1024)
/* What SNS may send. */
#define WEBHOOK_BODY_MAX ((size_t)256 * 1024)

extern const struct route routes_public[];
extern const struct route routes_ops[];
/* With the sandbox's controls. */
extern const struct route routes_ops_sandbox[];

/* ---- api_merchant.c, api_status.c, api_history.c ---- */
struct reply *api_payment_create(struct request *rq);
struct reply *api_payment_status(struct request *rq);
struct reply *api_payment_history(struct request *rq);

/* ---- webhook.c ---- */
struct reply *webhook_bkash_post(struct request *rq);

/* ---- api_ops.c ---- */
struct reply *ops_health_get(struct request *rq);
struct reply *ops_ready_get(struct request *rq);
struct reply *ops_wallets_get(struct request *rq);
/* ops_search.c */
struct reply *ops_search_post(struct request *rq);
struct reply *ops_metrics_get(struct request *rq);
struct reply *sandbox_clock_get(struct request *rq);
struct reply *sandbox_clock_post(struct request *rq);

#endif
