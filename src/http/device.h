/* The phones' routes; server_options.ctx is a struct gateway. */
#ifndef KASSA_HTTP_DEVICE_H
#define KASSA_HTTP_DEVICE_H

#include "http/server.h"

#define DEVICE_BODY_MAX ((size_t)64 * 1024)

/* POST /device: signed under the device's key, see phone_auth_sign. */
struct reply *device_signed_post(struct request *rq);
/* POST /device/{}: for apps that cannot sign; the token is in the path. */
struct reply *device_token_post(struct request *rq);

#endif
