#include "http/routes.h"

#include "http/cabinet.h"
#include "http/cabinet_files.h"
#include "http/device.h"
#include "http/page_pay.h"

const struct route routes_public[] = {
    {"POST", "/v1/payment", ROUTE_API, API_BODY_MAX, api_payment_create},
    {"POST", "/v1/payment/history", ROUTE_API, API_BODY_MAX, api_payment_history},
    {"POST", "/v1/payment/status", ROUTE_API, API_BODY_MAX, api_payment_status},
    {"POST", "/device", ROUTE_API, DEVICE_BODY_MAX, device_signed_post},
    {"POST", "/device/{}", ROUTE_PLAIN, DEVICE_BODY_MAX, device_token_post},
    {"GET", "/", ROUTE_PAGE, 0, page_home_get},
    {"GET", "/favicon.ico", ROUTE_PAGE, 0, page_favicon_get},
    {"GET", "/robots.txt", ROUTE_PAGE, 0, page_robots_get},
    {"GET", "/assets/{}", ROUTE_PAGE, 0, page_asset_get},
    {"GET", "/cabinet/api/{*}", ROUTE_PAGE, 0, cabinet_api_request},
    {"POST", "/cabinet/api/{*}", ROUTE_PAGE, CABINET_BODY_MAX, cabinet_api_request},
    {"GET", "/cabinet", ROUTE_PAGE, 0, cabinet_page_get},
    {"GET", "/cabinet/", ROUTE_PAGE, 0, cabinet_page_get},
    {"GET", "/cabinet/assets/{*}", ROUTE_PLAIN, 0, cabinet_file_get},
    {"GET", "/cabinet/{*}", ROUTE_PAGE, 0, cabinet_page_get},
    {"GET", "/callback/bkash/{}", ROUTE_PAGE, 0, page_bkash_callback_get},
    {"GET", "/callback/nagad/{}", ROUTE_PAGE, 0, page_nagad_callback_get},
    {"POST", "/callback/rocket", ROUTE_PAGE, PAGE_BODY_MAX, page_rocket_callback_post},
    {"GET", "/callback/nagad/{}/", ROUTE_PAGE, 0, page_nagad_callback_get},
    {"POST", "/webhook/bkash", ROUTE_PLAIN, WEBHOOK_BODY_MAX, webhook_bkash_post},
    {"GET", "/{}", ROUTE_PAGE, 0, page_get},
    {"GET", "/{}/state", ROUTE_PAGE, 0, page_state_get},
    {"GET", "/{}/wait", ROUTE_PAGE, 0, page_wait_get},
    {"POST", "/{}/cancel", ROUTE_PAGE, PAGE_BODY_MAX, page_cancel_post},
    {"POST", "/{}/language", ROUTE_PAGE, PAGE_BODY_MAX, page_language_post},
    {"POST", "/{}/pay", ROUTE_PAGE, PAGE_BODY_MAX, page_pay_post},
    {"POST", "/{}/trxid", ROUTE_PAGE, PAGE_BODY_MAX, page_trxid_post},
    {0},
};

#define OPS_ROUTES                                                                                 \
    {"GET", "/healthz", ROUTE_PLAIN, 0, ops_health_get},                                           \
        {"GET", "/readyz", ROUTE_PLAIN, 0, ops_ready_get},                                         \
        {"GET", "/wallets", ROUTE_PLAIN, 0, ops_wallets_get},                                      \
        {"POST", "/wallets/search", ROUTE_PLAIN, 1024, ops_search_post},                           \
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
