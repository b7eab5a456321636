#include "base/mem.h"
#include "nagad.h"
#include "rocket.h"
#include "sim.h"

#define API "/v1.2.0-beta/tokenized/checkout/"
#define CHECKOUT "/v1.2.0-beta/checkout/"
#define V2_API "/v2/tokenized-checkout/"
#define REFUND_API V2_API "refund/payment/"

const struct route sim_routes[] = {
    {"POST", API "token/grant", ROUTE_PLAIN, SIM_BODY_MAX, gateway_grant},
    {"POST", API "token/refresh", ROUTE_PLAIN, SIM_BODY_MAX, gateway_refresh},
    {"POST", API "create", ROUTE_PLAIN, SIM_BODY_MAX, gateway_create},
    {"POST", API "execute", ROUTE_PLAIN, SIM_BODY_MAX, gateway_execute},
    {"POST", API "payment/status", ROUTE_PLAIN, SIM_BODY_MAX, gateway_query},
    {"POST", API "general/searchTransaction", ROUTE_PLAIN, SIM_BODY_MAX, gateway_search},
    {"POST", V2_API "general/search-transaction", ROUTE_PLAIN, SIM_BODY_MAX, gateway_search},
    {"POST", API "agreement/status", ROUTE_PLAIN, SIM_BODY_MAX, gateway_agreement_status},
    {"POST", API "agreement/cancel", ROUTE_PLAIN, SIM_BODY_MAX, gateway_agreement_cancel},
    {"POST", API "payment/refund", ROUTE_PLAIN, SIM_BODY_MAX, gateway_refund_v1},
    {"POST", CHECKOUT "token/grant", ROUTE_PLAIN, SIM_BODY_MAX, gateway_grant},
    {"POST", CHECKOUT "token/refresh", ROUTE_PLAIN, SIM_BODY_MAX, gateway_refresh},
    {"POST", CHECKOUT "payment/create", ROUTE_PLAIN, SIM_BODY_MAX, gateway_create},
    {"POST", CHECKOUT "payment/execute/{}", ROUTE_PLAIN, SIM_BODY_MAX, gateway_execute},
    {"GET", CHECKOUT "payment/query/{}", ROUTE_PLAIN, 0, gateway_query},
    {"GET", CHECKOUT "payment/search/{}", ROUTE_PLAIN, 0, gateway_search},
    {"POST", CHECKOUT "payment/refund", ROUTE_PLAIN, SIM_BODY_MAX, gateway_refund_v1},
    {"POST", REFUND_API "transaction", ROUTE_PLAIN, SIM_BODY_MAX, gateway_refund},
    {"POST", REFUND_API "status", ROUTE_PLAIN, SIM_BODY_MAX, gateway_refund_status},

    {"GET", NAGAD_BASE "{*}", ROUTE_PLAIN, 0, nagad_get},
    {"POST", NAGAD_BASE "{*}", ROUTE_PLAIN, SIM_BODY_MAX, nagad_post},
    {"GET", "/nagad/check-out/{}", ROUTE_PAGE, 0, nagad_page_show},
    {"POST", "/nagad/check-out/{}/approve", ROUTE_PAGE, SIM_BODY_MAX, nagad_page_approve},
    {"POST", "/nagad/check-out/{}/decline", ROUTE_PAGE, SIM_BODY_MAX, nagad_page_decline},
    {"POST", "/nagad/check-out/{}/cancel", ROUTE_PAGE, SIM_BODY_MAX, nagad_page_cancel},
    {"POST", "/nagad/check-out/{}/leave", ROUTE_PAGE, SIM_BODY_MAX, nagad_page_leave},
    {"GET", "/control/nagad/payments", ROUTE_PLAIN, 0, nagad_control_list},
    {"GET", "/control/nagad/payments/{}", ROUTE_PLAIN, 0, nagad_control_get},
    {"POST", "/control/nagad/payments/{}", ROUTE_PLAIN, SIM_BODY_MAX, nagad_control_act},

    {"POST", "/ecomm2/MerchantHandler", ROUTE_PLAIN, SIM_BODY_MAX, rocket_command},
    {"GET", "/ecomm2/ClientHandler", ROUTE_PAGE, 0, rocket_page_show},
    {"POST", "/ecomm2/ClientHandler", ROUTE_PAGE, SIM_BODY_MAX, rocket_page_act},
    {"GET", "/control/rocket/payments", ROUTE_PLAIN, 0, rocket_control_list},
    {"POST", "/control/rocket/payments", ROUTE_PLAIN, SIM_BODY_MAX, rocket_control_act},
    {"POST", "/control/rocket/faults", ROUTE_PLAIN, SIM_BODY_MAX, rocket_control_arm},

    {"GET", "/walletsim.css", ROUTE_PAGE, 0, page_style},
    {"GET", "/pay/{}", ROUTE_PAGE, 0, page_show},
    {"POST", "/pay/{}/approve", ROUTE_PAGE, SIM_BODY_MAX, page_approve},
    {"POST", "/pay/{}/decline", ROUTE_PAGE, SIM_BODY_MAX, page_decline},
    {"POST", "/pay/{}/cancel", ROUTE_PAGE, SIM_BODY_MAX, page_cancel},
    {"POST", "/pay/{}/wrong-pin", ROUTE_PAGE, SIM_BODY_MAX, page_wrong_pin},
    {"POST", "/pay/{}/insufficient", ROUTE_PAGE, SIM_BODY_MAX, page_insufficient},

    {"GET", "/control/payments", ROUTE_PLAIN, 0, control_payments},
    {"GET", "/control/payments/{}", ROUTE_PLAIN, 0, control_payment},
    {"POST", "/control/payments/{}", ROUTE_PLAIN, SIM_BODY_MAX, control_act},
    {"GET", "/control/faults", ROUTE_PLAIN, 0, control_faults},
    {"POST", "/control/faults", ROUTE_PLAIN, SIM_BODY_MAX, control_arm},
    {"DELETE", "/control/faults", ROUTE_PLAIN, SIM_BODY_MAX, control_disarm},
    {"POST", "/control/faults/clear", ROUTE_PLAIN, SIM_BODY_MAX, control_disarm},
    {"GET", "/control/calls", ROUTE_PLAIN, 0, control_calls},
    {"GET", "/control/clock", ROUTE_PLAIN, 0, control_clock_now},
    {"POST", "/control/clock", ROUTE_PLAIN, SIM_BODY_MAX, control_clock},
    {"GET", "/control/sns", ROUTE_PLAIN, 0, control_sns_state},
    {"POST", "/control/sns", ROUTE_PLAIN, SIM_BODY_MAX, control_sns_send},
    {"POST", "/control/reset", ROUTE_PLAIN, SIM_BODY_MAX, control_reset},
    {"GET", "/healthz", ROUTE_PLAIN, 0, control_health},
    {NULL},
};

static struct reply *message(int status, struct str text)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kstr(&w, "message", text);
    json_w_close(&w);
    struct reply *r = reply_json(status, buf_view(&b));
    buf_clear(&b);
    return r;
}

struct reply *sim_error(struct request *rq, enum err e)
{
    const struct err_info *i = err_info(e);
    bool no_route = e == ERR_NOT_FOUND || e == ERR_METHOD;
    if (no_route && !str_starts(rq->path, STR("/control/")))
        return message(403, STR("Missing Authentication Token"));
    if (e == ERR_TOO_LARGE)
        return message(413, STR("Request Too Long"));
    return message(i->http_status, str_from(i->text));
}
