/* Whose address a request counts for. An address has one text here, however its peer or a proxy spells it: limits and trust
 * compare these texts. */
#include "base/config.h"
#include "base/url.h"
#include "http/server_private.h"

static void peer_format(struct MHD_Connection *c, char ret[IP_TEXT_LEN])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    ret[0] = '\0';
    if (info && info->client_addr)
        ip_format(info->client_addr, ret);
}

/* Proxies write an address alone, one in brackets, or one with its port: 1.2.3.4:5678, [::1]:443. */
static enum err entry_format(struct str entry, char ret[IP_TEXT_LEN])
{
    struct sockaddr_storage address;
    bool bracketed = entry.n > 2 && entry.p[0] == '[' && entry.p[entry.n - 1] == ']';
    struct str bare = bracketed ? str_sub(entry, 1, entry.n - 1) : entry;
    if (ip_parse(bare, &address) == ERR_OK) {
        if (bracketed && address.ss_family != AF_INET6)
            return ERR_SYNTAX;
    } else if (config_listen_parse(entry, &address) != ERR_OK) {
        return ERR_SYNTAX;
    }
    ip_format((const struct sockaddr *)&address, ret);
    return ERR_OK;
}

static bool is_trusted(struct str proxies, const char *peer)
{
    struct str one;
    while (ip_list_next(&proxies, &one))
        if (str_is(one, peer))
            return true;
    return false;
}

/* Only the last entry was written by the proxy we trust; those before it are the client's own words. */
void client_ip_find(struct request_private *p, const struct header_facts *f)
{
    peer_format(p->connection, p->rq.client_ip);
    if (str_absent(f->forwarded_for) ||
        !is_trusted(p->server->options.trusted_proxy, p->rq.client_ip))
        return;
    size_t start = f->forwarded_for.n;
    while (start > 0 && f->forwarded_for.p[start - 1] != ',')
        start--;
    char named[IP_TEXT_LEN];
    struct str last = str_trim(str_sub(f->forwarded_for, start, f->forwarded_for.n));
    if (entry_format(last, named) == ERR_OK)
        memcpy(p->rq.client_ip, named, sizeof(named));
}
