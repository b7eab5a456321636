/* What a TLS peer shows of itself. The library asks for a certificate, and leaves judging it to us. */
#include "http/server_private.h"
#include <gnutls/gnutls.h>

bool request_peer_is_known(struct request *rq)
{
    unsigned status = 0;
    const struct request_private *p = rq->priv;
    if (str_absent(p->server->options.tls_client_issuers))
        return false;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(p->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    /* an error when there is no certificate at all */
    return info && gnutls_certificate_verify_peers2(info->tls_session, &status) == 0 && status == 0;
}
