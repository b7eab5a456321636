/* What the gateway's routes stand on: server_options.ctx of kassad's two listeners. Made by app before the servers start,
 * immutable after that but for `starting` and `stopping`, released after they stopped. */
#ifndef KASSA_HTTP_GATEWAY_H
#define KASSA_HTTP_GATEWAY_H

#include "service/service.h"
#include <stdatomic.h>

struct pages;
struct page_limit;
struct cabinet;

struct gateway {
    struct service *service;
    struct pages *pages; /* page_pay.h */
    struct page_limit
        *devices;            /* requests of a device, and failed ones of an address, in a minute */
    struct cabinet *cabinet; /* cabinet.h */
    atomic_int searches;     /* of operators at a wallet, under way */
    atomic_bool starting;    /* the public listener does not serve yet, and /readyz says so */
    atomic_bool stopping;    /* /readyz says so while the public listener drains */
};

#endif
