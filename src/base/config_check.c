/* What one key's type can't tell: the grammar of addresses, and keys that must agree. */
#include "base/config.h"

#include "base/store_path.h"
#include "base/text.h"
#include "base/url.h"
#include <inttypes.h>
#include <netinet/in.h>
#include <sys/stat.h>

/* "[::1]:8080" into host and port; false when the form is another. */
static bool listen_split(struct str text, struct str *host, struct str *port)
{
    if (text.n > 0 && text.p[0] == '[') {
        size_t end = str_find(text, ']', 0);
        if (end + 1 >= text.n || text.p[end + 1] != ':')
            return false;
        *host = str_sub(text, 1, end);
        *port = str_sub(text, end + 2, text.n);
        return str_find(*host, ':', 0) < host->n;
    }
    size_t colon = str_find(text, ':', 0);
    if (colon == text.n)
        return false;
    *host = str_sub(text, 0, colon);
    *port = str_sub(text, colon + 1, text.n);
    return true;
}

enum err config_listen_parse(struct str text, struct sockaddr_storage *ret)
{
    struct str host = STR_ABSENT;
    struct str port_text = STR_ABSENT;
    struct sockaddr_storage address;
    int64_t port = 0;
    if (!listen_split(text, &host, &port_text) || ip_parse(host, &address) != ERR_OK)
        return ERR_SYNTAX;
    if (int64_parse(port_text, &port) != ERR_OK || port < 0 || port > 65535)
        return ERR_SYNTAX;
    if (address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
    *ret = address;
    return ERR_OK;
}

static bool listen_is_loopback(struct str text)
{
    struct str host = STR_ABSENT;
    struct str port = STR_ABSENT;
    return listen_split(text, &host, &port) && host_is_loopback(host);
}

static void listen_check(
    const struct config *c, const char *key, const char *value, struct buf *why)
{
    struct sockaddr_storage address;
    if (config_listen_parse(str_from(value), &address) != ERR_OK)
        buf_printf(why,
            "%s: must be address:port such as 127.0.0.1:8080 or [::1]:8080, not \"%s\"\n", key,
            value);
    else if (c->sandbox_sandbox && !listen_is_loopback(str_from(value)))
        buf_printf(why, "%s: must be a loopback address in a sandbox, not \"%s\"\n", key, value);
}

/* Links are made by putting a path behind it, so nothing may come after the path. */
static void base_url_check(const char *key, const char *value, struct buf *why)
{
    struct str s = str_from(value);
    struct url url;
    if (url_parse(s, &url) != ERR_OK)
        buf_printf(why, "%s: must be an absolute http or https url, not \"%s\"\n", key, value);
    else if (!str_absent(url.query) || str_find(s, '#', 0) < s.n || str_find(s, '?', 0) < s.n)
        buf_printf(why, "%s: must have no query and no fragment\n", key);
    else if (str_ends(s, STR("/")))
        buf_printf(why, "%s: must not end with a slash\n", key);
}

/* The pages' own links begin at the host's root. */
static void pay_url_check(const char *key, const char *value, struct buf *why)
{
    struct url url;
    size_t before = why->n;
    base_url_check(key, value, why);
    if (why->n == before && url_parse(str_from(value), &url) == ERR_OK && url.path.n > 0)
        buf_printf(why, "%s: must have no path: the page needs a host of its own\n", key);
}

static void proxy_url_check(const char *key, const char *value, struct buf *why)
{
    struct url url;
    if (value[0] == 0)
        return;
    if (url_parse(str_from(value), &url) != ERR_OK || url.https || url.path.n > 0 ||
        url.query.n > 0)
        buf_printf(why, "%s: must be http://address:port or empty, not \"%s\"\n", key, value);
}

static void path_check(const char *key, const char *value, struct buf *why)
{
    if (value[0] && (value[0] != '/' || strcspn(value, "?# \t") != strlen(value)))
        buf_printf(why, "%s: must be a path such as /v2/name, or empty, not \"%s\"\n", key, value);
}

static void not_empty_check(const char *key, const char *value, struct buf *why)
{
    if (value[0] == 0)
        buf_printf(why, "%s: must not be empty\n", key);
}

static void order_check(
    const char *small_key, int64_t small, const char *large_key, int64_t large, struct buf *why)
{
    if (small > large)
        buf_printf(why, "%s: %" PRId64 " must be at most %s, which is %" PRId64 "\n", small_key,
            small, large_key, large);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* What would otherwise be found out by the first payer. */
static void rocket_check(const struct config *c, struct buf *why)
{
    struct sockaddr_storage ip;
    if (!has(c->rocket_begin_form, "{amount}") && !has(c->rocket_begin_form, "{taka}"))
        buf_cstr(why, "rocket.begin_form: must have {amount} or {taka}\n");
    if (!has(c->rocket_end_form, "{trans_id}"))
        buf_cstr(why, "rocket.end_form: must have {trans_id}\n");
    if (!has(c->rocket_page_query, "{trans_id}"))
        buf_cstr(why, "rocket.page_query: must have {trans_id}\n");
    if (!has(c->rocket_reverse_form, "{trans_id}"))
        buf_cstr(why, "rocket.reverse_form: must have {trans_id}\n");
    if (ip_parse(str_from(c->rocket_client_ip), &ip) != ERR_OK || ip.ss_family != AF_INET)
        buf_printf(
            why, "rocket.client_ip: must be an IPv4 address, not \"%s\"\n", c->rocket_client_ip);
}

static void trusted_proxy_check(const char *value, struct buf *why)
{
    struct str list = str_from(value), one;
    struct sockaddr_storage sa;
    while (ip_list_next(&list, &one))
        if (ip_parse(one, &sa) != ERR_OK) {
            buf_printf(why,
                "server.trusted_proxy: must be IP addresses with commas between or empty, "
                "not \"%s\"\n",
                value);
            return;
        }
}

static void server_check(const struct config *c, struct buf *why)
{
    listen_check(c, "server.listen", c->server_listen, why);
    listen_check(c, "server.ops_listen", c->server_ops_listen, why);
    if (strcmp(c->server_listen, c->server_ops_listen) == 0 &&
        !str_ends(str_from(c->server_listen), STR(":0")))
        buf_cstr(why, "server.ops_listen: must differ from server.listen\n");
    base_url_check("server.api_url", c->server_api_url, why);
    pay_url_check("server.pay_url", c->server_pay_url, why);
    if (c->server_cabinet_url[0])
        pay_url_check("server.cabinet_url", c->server_cabinet_url, why);
    if ((c->server_tls_certificate_file[0] == 0) != (c->server_tls_key_file[0] == 0))
        buf_cstr(why, "server.tls_certificate_file: needs server.tls_key_file, and it the first\n");
    trusted_proxy_check(c->server_trusted_proxy, why);
}

/* The stand-in is believed as Amazon is: never outside a sandbox, and never off this machine. */
static void sns_check(const struct config *c, struct buf *why)
{
    struct url url;
    if (c->sandbox_sns_url[0] == 0) {
        if (c->sandbox_sns_ca_file[0])
            buf_cstr(why, "sandbox.sns_ca_file: needs sandbox.sns_url\n");
        return;
    }
    if (!c->sandbox_sandbox)
        buf_cstr(why, "sandbox.sns_url: only in a sandbox\n");
    if (url_parse(str_from(c->sandbox_sns_url), &url) != ERR_OK || !url.https || url.path.n > 0 ||
        url.query.n > 0 || !host_is_loopback(url.host))
        buf_printf(why, "sandbox.sns_url: must be https://address:port on loopback, not \"%s\"\n",
            c->sandbox_sns_url);
}

/* What it says is not repeated: it may hold a password. */
static void store_check(const struct config *c, struct buf *why)
{
    struct stat st;
    not_empty_check("store.path", c->store_path, why);
    if (!store_path_is_server(c->store_path))
        return;
    if (store_path_check(c->store_path) != ERR_OK)
        buf_cstr(why,
            "store.path: must be postgresql://user@host:port,host:port/database?key=value; what is"
            " neither letter nor digit in a name or a password is written as %40 for @\n");
    else if (store_path_has_password(c->store_path) &&
             (stat(c->file, &st) != 0 || (st.st_mode & 077) != 0))
        buf_printf(why,
            "store.path: has a password, and others may read %s: chmod 600, or keep the password"
            " in a file that passfile=FILE names\n",
            c->file);
}

/* An execute begins up to ten seconds after its commit (service/errand.h), its token may take one time-out and it another; and the
 * clocks of two nodes may differ by ten seconds. Before that nobody may take it as not done: it could still be. */
#define WINDOW_BESIDE_MS 20000

static void window_check(const struct config *c, struct buf *why)
{
    int64_t least_s = (2 * c->wallet_timeout_ms + WINDOW_BESIDE_MS + 999) / 1000;
    if (c->wallet_unknown_window_s < least_s)
        buf_printf(why,
            "wallet.unknown_window_s: %" PRId64 " must be at least %" PRId64
            " with this wallet.timeout_ms\n",
            c->wallet_unknown_window_s, least_s);
}

enum err config_check(const struct config *c, struct buf *why)
{
    size_t before = why->n;
    server_check(c, why);
    store_check(c, why);
    not_empty_check("security.secret_key_file", c->security_secret_key_file, why);
    proxy_url_check("wallet.proxy", c->wallet_proxy, why);
    sns_check(c, why);
    path_check("wallet.bkash_search_path", c->wallet_bkash_search_path, why);
    proxy_url_check("wallet.bkash_proxy", c->wallet_bkash_proxy, why);
    proxy_url_check("wallet.nagad_proxy", c->wallet_nagad_proxy, why);
    proxy_url_check("wallet.rocket_proxy", c->wallet_rocket_proxy, why);
    rocket_check(c, why);
    order_check("store.batch_max", c->store_batch_max, "store.queue_max", c->store_queue_max, why);
    order_check("notify.per_host", c->notify_per_host, "notify.workers", c->notify_workers, why);
    order_check("notify.connect_timeout_ms", c->notify_connect_timeout_ms, "notify.timeout_ms",
        c->notify_timeout_ms, why);
    order_check("wallet.connect_timeout_ms", c->wallet_connect_timeout_ms, "wallet.timeout_ms",
        c->wallet_timeout_ms, why);
    window_check(c, why);
    return why->n == before && buf_ok(why) ? ERR_OK : ERR_CONFIG;
}
