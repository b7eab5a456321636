/* What connectors need kept: tokens in boxes, and the count of token calls. On the store. */
#ifndef KASSA_SERVICE_WALLET_HOST_H
#define KASSA_SERVICE_WALLET_HOST_H

#include "service/service.h"

/* Its functions wait for commits: only on the outgoing thread. */
struct wallet_host wallet_host_on_store(struct service *s);

#endif
