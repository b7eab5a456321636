#include "core/validate.h"

#include "base/text.h"
#include "base/url.h"

#define URL_CHARS_MAX 255

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Resolvers read a host whose last label is a number ("2130706433", "127.1", "0x7f.1", "0177.0.0.1") as an IPv4
 * address; such a host must be one in its plain form, so that what is shown is what is connected to. */
static bool host_looks_numeric(struct str host)
{
    size_t from = host.n;
    while (from > 0 && host.p[from - 1] != '.') {
        from--;
    }
    struct str label = str_sub(host, from, host.n);
    if (label.n == 0) {
        return false;
    }
    if (label.n >= 2 && label.p[0] == '0' && (label.p[1] | 0x20) == 'x') {
        return true;
    }
    for (size_t i = 0; i < label.n; i++) {
        if (!is_digit(label.p[i])) {
            return false;
        }
    }
    return true;
}

static bool ipv4_never_allowed(const struct in_addr *a)
{
    uint32_t ip = ntohl(a->s_addr);
    return ip >> 24 == 0 || ip >> 28 >= 0xe; /* this network; multicast, reserved, broadcast */
}

/* Hosts that no configuration allows: they name no single machine. Private and loopback ones depend on the
 * operator's configuration and are judged on the connected address, on every try. */
static bool host_never_allowed(const struct url *u)
{
    struct sockaddr_storage sa;
    if (ip_parse(u->host, &sa) != ERR_OK) {
        return host_looks_numeric(u->host);
    }
    if (sa.ss_family == AF_INET) {
        return ipv4_never_allowed(&((const struct sockaddr_in *)(const void *)&sa)->sin_addr);
    }
    const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)&sa)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(a)) {
        struct in_addr v4;
        memcpy(&v4, a->s6_addr + 12, sizeof(v4));
        return ipv4_never_allowed(&v4);
    }
    return IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_MULTICAST(a);
}

bool validate_url(struct str url, bool notification, const char **ret_text)
{
    struct url u;
    if (!utf8_valid(url) || url_parse(url, &u) != ERR_OK) {
        *ret_text = "format is invalid.";
    } else if (utf8_len(url) > URL_CHARS_MAX) {
        *ret_text = "may not be greater than 255 characters.";
    } else if (notification && !url_port_allowed(u.port)) {
        *ret_text = "port is not allowed.";
    } else if (notification && host_never_allowed(&u)) {
        *ret_text = "host is not allowed.";
    } else {
        return true;
    }
    return false;
}
