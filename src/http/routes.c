#include "http/routes.h"

const struct route routes_public[] = {
    {"POST", "/v1/payment", ROUTE_API, API_BODY_MAX, api_payment_create},
    {"POST", "/v1/payment/history", ROUTE_API, API_BODY_MAX, api_payment_history},
    {"POST", "/v1/payment/status", ROUTE_API, API_BODY_MAX, api_payment_status},
    {0},
};

#define OPS_ROUTES                                                                                 \
    {"GET", "/healthz", ROUTE_PLAIN, 0, ops_health_get},                                           \
        {"GET", "/readyz", ROUTE_PLAIN, 0, ops_ready_get},                                         \
    {                                                                                              \
        "GET", "/metrics", ROUTE_PLAIN, 0, ops_metrics_get                                         \
    }

const struct route routes_ops[] = {OPS_ROUTES, {0}};

const struct route routes_ops_sandbox[] = {
    OPS_ROUTES,
    {"GET", "/sandbox/clock", ROUTE_PLAIN, 0, sandbox_clock_get},
    {"POST", "/sandbox/clock", ROUTE_PLAIN, 1024, sandbox_clock_post},
    {0},
};
