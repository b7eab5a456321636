#include "base/url.h"
#include "base/mem.h"
#include "base/text.h"
#include <arpa/inet.h>

#define HOST_MAX 253
#define LABEL_MAX 63

/* No blank, control character or backslash, in the fragment either: parsers differ on them. */
static bool bytes_allowed(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        if (cp <= 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == '\\')
            return false;
    }
    return utf8_valid(s);
}

static bool label_valid(struct str label)
{
    if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++) {
        char c = label.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '-'))
            return false;
    }
    return true;
}

static bool host_valid(struct str host)
{
    if (host.n == 0 || host.n > HOST_MAX)
        return false;
    for (size_t from = 0; from <= host.n;) {
        size_t dot = str_find(host, '.', from);
        if (!label_valid(str_sub(host, from, dot)))
            return false;
        from = dot + 1;
    }
    return true;
}

static bool host_ipv6_valid(struct str host)
{
    struct sockaddr_storage sa;
    return ip_parse(host, &sa) == ERR_OK && sa.ss_family == AF_INET6;
}

/* Splits host[:port] or [ipv6][:port]; "user@" fails as no part of a host. */
static bool authority_parse(struct str authority, struct url *u)
{
    size_t end;
    if (authority.n && authority.p[0] == '[') {
        end = str_find(authority, ']', 0);
        u->host = str_sub(authority, 1, end);
        u->host_is_ipv6 = true;
        if (end == authority.n || !host_ipv6_valid(u->host))
            return false;
        end++;
    } else {
        end = str_find(authority, ':', 0);
        u->host = str_sub(authority, 0, end);
        if (!host_valid(u->host))
            return false;
    }
    if (end == authority.n)
        return true;
    int64_t port;
    if (authority.p[end] != ':' || int64_parse(str_sub(authority, end + 1, authority.n), &port) ||
        port < 1 || port > 65535)
        return false;
    u->port = (int)port;
    u->port_given = true;
    return true;
}

enum err url_parse(struct str s, struct url *ret)
{
    struct url u = {0};
    size_t colon = str_find(s, ':', 0);
    struct str scheme = str_sub(s, 0, colon);
    u.https = str_ieq(scheme, STR("https"));
    u.port = u.https ? 443 : 80;
    if (!u.https && !str_ieq(scheme, STR("http")))
        return ERR_SYNTAX;
    if (!bytes_allowed(s) || !str_starts(str_sub(s, colon, s.n), STR("://")))
        return ERR_SYNTAX;
    s = str_sub(s, colon + 3, str_find(s, '#', 0));
    size_t authority_end = str_find(str_sub(s, 0, str_find(s, '/', 0)), '?', 0);
    if (!authority_parse(str_sub(s, 0, authority_end), &u))
        return ERR_SYNTAX;
    size_t path_end = str_find(s, '?', authority_end);
    u.path = str_sub(s, authority_end, path_end);
    u.query = path_end < s.n ? str_sub(s, path_end + 1, s.n) : STR_ABSENT;
    *ret = u;
    return ERR_OK;
}

static void add_lower(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        buf_char(b, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
    }
}

static void add_scheme_and_host(struct buf *b, const struct url *u)
{
    buf_cstr(b, u->https ? "https://" : "http://");
    if (u->host_is_ipv6)
        buf_char(b, '[');
    add_lower(b, u->host);
    if (u->host_is_ipv6)
        buf_char(b, ']');
}

static void add_port(struct buf *b, const struct url *u)
{
    buf_char(b, ':');
    buf_int(b, u->port);
}

void url_origin(struct buf *b, const struct url *u)
{
    add_scheme_and_host(b, u);
    if (u->port != (u->https ? 443 : 80))
        add_port(b, u);
}

static void add_ascii(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x80)
            buf_char(b, s.p[i]);
        else
            percent_encode(b, str_sub(s, i, i + 1));
    }
}

void url_wire(struct buf *b, const struct url *u)
{
    add_scheme_and_host(b, u);
    if (u->port_given)
        add_port(b, u);
    add_ascii(b, u->path);
    if (!str_absent(u->query)) {
        buf_char(b, '?');
        add_ascii(b, u->query);
    }
}

bool url_port_allowed(int port)
{
    return port == 80 || port == 443 || (port >= 1024 && port <= 65535);
}

#define IP4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static bool ipv4_is_private(uint32_t ip)
{
    static const struct {
        uint32_t net;
        int bits;
    } nets[] = {
        {IP4(0, 0, 0, 0), 8},        /* this network, unspecified */
        {IP4(10, 0, 0, 0), 8},       /* private */
        {IP4(100, 64, 0, 0), 10},    /* carriers' NAT */
        {IP4(127, 0, 0, 0), 8},      /* loopback */
        {IP4(168, 63, 129, 16), 32}, /* a cloud's metadata, on a public address */
        {IP4(169, 254, 0, 0), 16},   /* link-local, metadata */
        {IP4(172, 16, 0, 0), 12},    /* private */
        {IP4(192, 0, 0, 0), 24},     /* protocol assignments */
        {IP4(192, 0, 2, 0), 24},     /* documentation */
        {IP4(192, 88, 99, 0), 24},   /* 6to4 relays, withdrawn */
        {IP4(192, 168, 0, 0), 16},   /* private */
        {IP4(198, 18, 0, 0), 15},    /* benchmarking */
        {IP4(198, 51, 100, 0), 24},  /* documentation */
        {IP4(203, 0, 113, 0), 24},   /* documentation */
        {IP4(224, 0, 0, 0), 4},      /* multicast */
        {IP4(240, 0, 0, 0), 4},      /* reserved, broadcast */
    };
    for (size_t i = 0; i < array_len(nets); i++)
        if (((ip ^ nets[i].net) >> (32 - nets[i].bits)) == 0)
            return true;
    return false;
}

static uint32_t ipv4_at(const uint8_t *p)
{
    return IP4(p[0], p[1], p[2], p[3]);
}

static bool prefix_is(const uint8_t ip[16], const uint8_t prefix[16], int bits)
{
    int bytes = bits / 8, rest = bits % 8;
    if (memcmp(ip, prefix, (size_t)bytes) != 0)
        return false;
    return rest == 0 || ((ip[bytes] ^ prefix[bytes]) >> (8 - rest)) == 0;
}

/* Only 2000::/3 is public, less what is carved out of it. Addresses that carry an IPv4 address are
 * as public as that is; the withdrawn form ::a.b.c.d is reserved whatever it carries. */
static bool ipv6_is_private(const uint8_t ip[16])
{
    static const uint8_t mapped[16] = {[10] = 0xFF, [11] = 0xFF};
    static const uint8_t nat64[16] = {0x00, 0x64, 0xFF, 0x9B};
    static const uint8_t six_to_four[16] = {0x20, 0x02};
    static const uint8_t global[16] = {0x20};
    static const struct {
        uint8_t net[16];
        int bits;
    } nets[] = {
        {{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, benchmarking, ORCHID */
        {{0x20, 0x01, 0x0D, 0xB8}, 32}, /* documentation */
        {{0x3F, 0xFF, 0x00}, 20},       /* documentation */
    };
    if (prefix_is(ip, mapped, 96) || prefix_is(ip, nat64, 96))
        return ipv4_is_private(ipv4_at(ip + 12));
    if (prefix_is(ip, six_to_four, 16))
        return ipv4_is_private(ipv4_at(ip + 2));
    for (size_t i = 0; i < array_len(nets); i++)
        if (prefix_is(ip, nets[i].net, nets[i].bits))
            return true;
    return !prefix_is(ip, global, 3);
}

bool address_is_private(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        return ipv4_is_private(ntohl(in.sin_addr.s_addr));
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        return ipv6_is_private(in6.sin6_addr.s6_addr);
    }
    return true;
}

bool host_is_loopback(struct str host)
{
    if (str_ieq(host, STR("localhost")))
        return true;
    struct sockaddr_storage sa;
    if (ip_parse(host, &sa))
        return false;
    if (sa.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &sa, sizeof(in));
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, &sa, sizeof(in6));
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

enum err ip_parse(struct str s, struct sockaddr_storage *ret)
{
    char text[INET6_ADDRSTRLEN];
    if (s.n == 0 || s.n >= sizeof(text) || str_find(s, '\0', 0) < s.n)
        return ERR_SYNTAX;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memset(ret, 0, sizeof(*ret));
        memcpy(ret, &in, sizeof(in));
        return ERR_OK;
    }
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
        memset(ret, 0, sizeof(*ret));
        memcpy(ret, &in6, sizeof(in6));
        return ERR_OK;
    }
    return ERR_SYNTAX;
}

void ip_format(const struct sockaddr *sa, char ret[IP_TEXT_LEN])
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    ret[0] = '\0';
    if (sa->sa_family == AF_INET) {
        memcpy(&in, sa, sizeof(in));
        inet_ntop(AF_INET, &in.sin_addr, ret, IP_TEXT_LEN);
    } else if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof(in6));
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            inet_ntop(AF_INET, &in6.sin6_addr.s6_addr[12], ret, IP_TEXT_LEN);
        else
            inet_ntop(AF_INET6, &in6.sin6_addr, ret, IP_TEXT_LEN);
    }
}

bool ip_list_next(struct str *list, struct str *ret_entry)
{
    if (str_absent(*list) || list->n == 0)
        return false;
    size_t comma = str_find(*list, ',', 0);
    *ret_entry = str_trim(str_sub(*list, 0, comma));
    *list = comma < list->n ? str_sub(*list, comma + 1, list->n) : STR("");
    return true;
}
