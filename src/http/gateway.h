/* What the gateway's routes stand on: server_options.ctx of kassad's public listener. Made by app before the server starts,
 * immutable after that, released after it stopped. */
#ifndef KASSA_HTTP_GATEWAY_H
#define KASSA_HTTP_GATEWAY_H

#include "service/service.h"

struct pages;

struct gateway {
    struct service *service;
    struct pages *pages; /* page_pay.h */
};

#endif
