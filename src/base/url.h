/* Addresses that merchants give: absolute http or https urls with an ASCII host. */
#ifndef KASSA_BASE_URL_H
#define KASSA_BASE_URL_H

#include "base/buf.h"
#include <netinet/in.h>

struct url {
    bool https;
    struct str host; /* without brackets; lower case is not forced */
    bool host_is_ipv6;
    int port; /* explicit or the scheme's */
    bool port_given;
    struct str path;  /* begins with '/', or empty */
    struct str query; /* without '?', absent when there is none */
};

/* Refuses: other schemes, user:password, blanks, control characters, backslashes, a non-ASCII or malformed host
 * (letters, digits, '-', '.', no empty labels but one trailing dot is refused too), ports out of 1..65535.
 * A fragment is allowed and dropped. Non-ASCII in path and query is allowed. ERR_SYNTAX. The views point into `s`. */
enum err url_parse(struct str s, struct url *ret) must_check;
/* The origin: scheme://host[:port], lower case, default port dropped. */
void url_origin(struct buf *b, const struct url *u);
/* The url as it goes on the wire: non-ASCII bytes of path and query percent-encoded, fragment dropped. */
void url_wire(struct buf *b, const struct url *u);
/* Ports that notifications may use: 80, 443, 1024 and up. */
bool url_port_allowed(int port);

/* True for addresses outside the public internet: loopback, private, link-local, multicast, CGNAT, unspecified,
 * documentation, benchmarking, reserved, metadata, IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) of such. */
bool address_is_private(const struct sockaddr *sa);
/* True for 127.0.0.0/8, ::1, and the name localhost. */
bool host_is_loopback(struct str host);
/* IPv4 or IPv6 text without zone. ERR_SYNTAX. */
enum err ip_parse(struct str s, struct sockaddr_storage *ret) must_check;
/* Takes the next of addresses with commas between off `list`. False: there is none left. */
bool ip_list_next(struct str *list, struct str *ret_entry);
/* The one text of an address, so that texts can be compared: lower case, zeros shortened, IPv4 mapped into IPv6 as IPv4.
 * Empty for what is neither. */
#define IP_TEXT_LEN 46
void ip_format(const struct sockaddr *sa, char ret[IP_TEXT_LEN]);

#endif
