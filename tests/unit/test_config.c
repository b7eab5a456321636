#include "base/config.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/kassa-test-config-XXXXXX";
static char path[sizeof(dir) + 16];
static struct buf why;

static int folder_make(void **state)
{
    (void)state;
    buf_init(&why, 65536);
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/kassa.conf", dir);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    buf_clear(&why);
    unlink(path);
    return rmdir(dir);
}

static enum err load(struct str text, struct config *c)
{
    buf_reset(&why);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.p, text.n), (ssize_t)text.n);
    close(fd);
    return config_load(path, c, &why);
}

static struct config loaded(const char *text)
{
    struct config c = {0};
    if (load(str_from(text), &c) != ERR_OK)
        fail_msg("refused: %s", buf_view(&why).p);
    assert_int_equal(why.n, 0);
    return c;
}

/* `faults`: what stands behind the file's name, all lines. */
static void assert_refused_text(struct str text, const char *faults)
{
    struct config c = {.server_threads = 77};
    struct buf want;
    assert_int_equal(load(text, &c), ERR_CONFIG);
    assert_int_equal(c.server_threads, 77);
    assert_null(c.dir);
    buf_init(&want, 65536);
    for (struct str rest = str_from(faults); rest.n > 0;) {
        size_t end = str_find(rest, '\n', 0);
        buf_printf(&want, "%s:%.*s\n", path, (int)end, rest.p);
        rest = str_sub(rest, end + (end < rest.n), rest.n);
    }
    assert_string_equal(buf_view(&why).p, buf_view(&want).p);
    buf_clear(&want);
}

static void assert_refused(const char *text, const char *faults)
{
    assert_refused_text(str_from(text), faults);
}

static void assert_in_dir(const char *value, const char *name)
{
    char want[200];
    snprintf(want, sizeof(want), "%s/%s", dir, name);
    assert_string_equal(value, want);
}

static void assert_is_default(const struct config *c)
{
    assert_string_equal(c->server_listen, "127.0.0.1:8080");
    assert_int_equal(c->server_threads, 2);
    assert_string_equal(c->server_tls_key_file, "");
    assert_in_dir(c->store_path, "kassa.db");
    assert_string_equal(c->log_level, "info");
    assert_false(c->sandbox_sandbox);
    assert_int_equal(c->wallet_timeout_ms, 29000);
    assert_int_equal(c->notify_connect_timeout_ms, 5000);
    assert_string_equal(c->dir, dir);
    assert_int_equal(config_check(c, &why), ERR_OK);
    assert_int_equal(why.n, 0);
}

static void an_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    struct config c = loaded("");
    assert_is_default(&c);
    config_clear(&c);
    assert_null(c.server_listen);
    c = loaded("# a comment\n; another\n\n[server]\n");
    assert_is_default(&c);
    config_clear(&c);
}

static void a_missing_file_is_an_io_error(void **state)
{
    (void)state;
    struct config c = {0};
    buf_reset(&why);
    unlink(path);
    assert_int_equal(config_load(path, &c, &why), ERR_IO);
    assert_int_equal(config_load("/nonexistent/folder/kassa.conf", &c, &why), ERR_IO);
    assert_null(c.dir);
}

static void values_are_read_by_their_types(void **state)
{
    (void)state;
    struct config c = loaded("\xef\xbb\xbf[server]\r\nthreads = 64\r\nlisten=[::1]:1 ; here\n"
                             "  drain_s = 0\n\ttls_key_file = tls/key.pem\n"
                             "tls_certificate_file = /etc/chain.pem\n[log]\nlevel = warn\n"
                             "[sandbox]\nsandbox = true\n[notify]\nallow_private_addresses = 1\n"
                             "[server]\nconnections_max: 16");
    assert_int_equal(c.server_threads, 64);
    assert_string_equal(c.server_listen, "[::1]:1");
    assert_int_equal(c.server_drain_s, 0);
    assert_in_dir(c.server_tls_key_file, "tls/key.pem");
    assert_string_equal(c.server_tls_certificate_file, "/etc/chain.pem");
    assert_string_equal(c.log_level, "warn");
    assert_true(c.sandbox_sandbox);
    assert_true(c.notify_allow_private_addresses);
    assert_int_equal(c.server_connections_max, 16);
    config_clear(&c);
}

static void a_relative_path_begins_at_the_files_folder_wherever_it_is_called_from(void **state)
{
    (void)state;
    struct config c = loaded("[store]\npath = data/k.db\n");
    config_clear(&c);
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(dir), 0);
    enum err e = config_load("kassa.conf", &c, &why);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(e, ERR_OK);
    assert_string_equal(c.dir, dir);
    assert_in_dir(c.store_path, "data/k.db");
    config_clear(&c);
}

static void every_fault_is_told_with_its_line_and_key(void **state)
{
    (void)state;
    assert_refused("threads = 2\n[server]\nthread = 3\nthreads = 0\nthreads = 3\n[servers]\nx = 1\n"
                   "[log]\nlevel = loud\nnonsense\n[sandbox]\nsandbox = maybe\n",
        "1: threads: stands before the first [section]\n"
        "3: server.thread: there is no such key\n"
        "4: server.threads: must be a number from 1 to 64, not \"0\"\n"
        "5: server.threads: is given twice, first in line 4\n"
        "6: there is no section [servers]\n"
        "9: log.level: must be one of debug, info, warn, error; not \"loud\"\n"
        "10: nonsense: is neither key = value nor [section]\n"
        "12: sandbox.sandbox: must be yes or no, not \"maybe\"\n");
}

static void numbers_must_be_whole_and_in_range(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "65", "-1", "", "2x", "0x2", "2.0", "+2", "02", "1e1", "99999999999999999999"};
    for (size_t i = 0; i < array_len(bad); i++) {
        char text[100];
        char want[200];
        snprintf(text, sizeof(text), "[server]\nthreads = %s\n", bad[i]);
        snprintf(want, sizeof(want),
            "2: server.threads: must be a number from 1 to 64, not \"%s\"\n", bad[i]);
        assert_refused(text, want);
    }
}

static void a_key_given_twice_is_refused_even_in_two_places(void **state)
{
    (void)state;
    assert_refused("[store]\nqueue_max = 5\n[log]\n[store]\nqueue_max = 5\n",
        "5: store.queue_max: is given twice, first in line 2\n");
}

static void a_line_that_is_too_long_is_refused_not_cut(void **state)
{
    (void)state;
    char text[400] = "[store]\npath = ";
    size_t n = strlen(text);
    memset(text + n, 'a', 300);
    text[n + 300] = 0;
    assert_refused(text, "2: path: the line is too long\n");
    memset(text, '#', 300);
    text[300] = 0;
    struct config c = loaded(text);
    config_clear(&c);
}

static void unreadable_bytes_are_refused(void **state)
{
    (void)state;
    assert_refused_text(
        STR("[store]\npath = a\0b\n"), "2: path: holds control characters or is not UTF-8\n");
    assert_refused(
        "[store]\npath = a\xff\n", "2: path: holds control characters or is not UTF-8\n");
    assert_refused("[store]\n\x01\n", "2: holds control characters or is not UTF-8\n");
    assert_refused("[store\n", "1: is neither key = value nor [section]\n");
}

static void a_file_that_is_too_long_is_refused(void **state)
{
    (void)state;
    size_t n = 300000;
    char *text = mem_alloc(n);
    memset(text, '\n', n);
    assert_refused_text((struct str){text, n}, " is too long\n");
    mem_free(text);
}

static void assert_check(const char *text, const char *faults)
{
    struct config c = loaded(text);
    buf_reset(&why);
    enum err e = config_check(&c, &why);
    assert_string_equal(buf_view(&why).p, faults);
    assert_int_equal(e, faults[0] ? ERR_CONFIG : ERR_OK);
    config_clear(&c);
}

static void rocket_s_templates_need_what_makes_them_useful(void **state)
{
    (void)state;
    assert_check(
        "[rocket]\nbegin_form = command=v\n", "rocket.begin_form: must have {amount} or {taka}\n");
    assert_check("[rocket]\nbegin_form = {taka}\n", "");
    assert_check("[rocket]\nend_form = command=c\npage_query = x\n",
        "rocket.end_form: must have {trans_id}\nrocket.page_query: must have {trans_id}\n");
    assert_check(
        "[rocket]\nclient_ip = ::1\n", "rocket.client_ip: must be an IPv4 address, not \"::1\"\n");
}

static void tls_needs_both_files(void **state)
{
    (void)state;
    static const char fault[] =
        "server.tls_certificate_file: needs server.tls_key_file, and it the first\n";
    assert_check("[server]\ntls_key_file = k\n", fault);
    assert_check("[server]\ntls_certificate_file = c\n", fault);
    assert_check("[server]\ntls_certificate_file = c\ntls_key_file = k\n", "");
}

static void a_sandbox_listens_on_loopback_only(void **state)
{
    (void)state;
    assert_check("[sandbox]\nsandbox = yes\n", "");
    assert_check("[server]\nlisten = 0.0.0.0:80\n[sandbox]\nsandbox = no\n", "");
    assert_check("[server]\nlisten = 0.0.0.0:80\nops_listen = [::]:90\n[sandbox]\nsandbox = yes\n",
        "server.listen: must be a loopback address in a sandbox, not \"0.0.0.0:80\"\n"
        "server.ops_listen: must be a loopback address in a sandbox, not \"[::]:90\"\n");
    assert_check(
        "[server]\nlisten = [::1]:80\nops_listen = 127.8.9.1:1\n[sandbox]\nsandbox = yes\n", "");
}

static void base_urls_are_absolute_and_end_without_a_slash(void **state)
{
    (void)state;
    assert_check(
        "[server]\napi_url = https://pay.example.com/kassa\npay_url = http://[::1]:81\n", "");
    assert_check("[server]\npay_url = https://example.com/pay\n",
        "server.pay_url: must have no path: the page needs a host of its own\n");
    assert_check("[server]\napi_url = https://pay.example.com/\npay_url = pay.example.com\n",
        "server.api_url: must not end with a slash\n"
        "server.pay_url: must be an absolute http or https url, not \"pay.example.com\"\n");
    assert_check("[server]\napi_url = ftp://a\npay_url = http://u:p@a\n",
        "server.api_url: must be an absolute http or https url, not \"ftp://a\"\n"
        "server.pay_url: must be an absolute http or https url, not \"http://u:p@a\"\n");
    assert_check("[server]\napi_url = http://a?b\npay_url = http://a#\n",
        "server.api_url: must have no query and no fragment\n"
        "server.pay_url: must have no query and no fragment\n");
    assert_check("[server]\napi_url =\n",
        "server.api_url: must be an absolute http or https url, not \"\"\n");
}

static void other_addresses_are_checked(void **state)
{
    (void)state;
    assert_check("[server]\ntrusted_proxy = proxy.local\n[wallet]\nproxy = socks5://10.0.0.1\n"
                 "bkash_proxy = 10.0.0.1:3128\nnagad_proxy = https://10.0.0.1:3128\n"
                 "rocket_proxy = http://10.0.0.1:3128/x\n",
        "server.trusted_proxy: must be IP addresses with commas between or empty, not "
        "\"proxy.local\"\n"
        "wallet.proxy: must be http://address:port or empty, not \"socks5://10.0.0.1\"\n"
        "wallet.bkash_proxy: must be http://address:port or empty, not \"10.0.0.1:3128\"\n"
        "wallet.nagad_proxy: must be http://address:port or empty, not "
        "\"https://10.0.0.1:3128\"\n"
        "wallet.rocket_proxy: must be http://address:port or empty, not "
        "\"http://10.0.0.1:3128/x\"\n");
    assert_check(
        "[server]\ntrusted_proxy = 10.0.0.1, ::1\n[wallet]\nproxy = http://10.0.0.1:3128\n", "");
    assert_check("[server]\nlisten = 127.0.0.1:1\nops_listen = 127.0.0.1:1\n",
        "server.ops_listen: must differ from server.listen\n");
    assert_check("[server]\nlisten = 127.0.0.1:0\nops_listen = 127.0.0.1:0\n", "");
    assert_check(
        "[sandbox]\nsns_url = https://127.0.0.1:8091\n", "sandbox.sns_url: only in a sandbox\n");
    assert_check("[sandbox]\nsandbox = yes\nsns_url = https://10.0.0.1:8091\n",
        "sandbox.sns_url: must be https://address:port on loopback, not "
        "\"https://10.0.0.1:8091\"\n");
    assert_check("[sandbox]\nsandbox = yes\nsns_url = http://127.0.0.1:8091\n",
        "sandbox.sns_url: must be https://address:port on loopback, not "
        "\"http://127.0.0.1:8091\"\n");
    assert_check(
        "[sandbox]\nsns_ca_file = a.pem\n", "sandbox.sns_ca_file: needs sandbox.sns_url\n");
    assert_check("[sandbox]\nsandbox = yes\nsns_url = https://127.0.0.1:8091\n", "");
    assert_check("[store]\npath =\n[security]\nsecret_key_file =\n",
        "store.path: must not be empty\nsecurity.secret_key_file: must not be empty\n");
}

static void a_server_s_address_is_refused_without_being_repeated(void **state)
{
    (void)state;
    static const char *const bad[] = {"postgresql://u:p@w@db/kassa", "postgresql://u:p/w@db/kassa",
        "postgresql://db/kassa?sslmode", "postgresql://db:port/kassa"};
    char text[200];
    for (size_t i = 0; i < array_len(bad); i++) {
        snprintf(text, sizeof(text), "[store]\npath = %s\n", bad[i]);
        assert_check(text,
            "store.path: must be postgresql://user@host:port,host:port/database?key=value; what is "
            "neither letter nor digit in a name or a password is written as %40 for @\n");
    }
    assert_check("[store]\npath = postgresql://u@a:5433,b/kassa?sslmode=verify-full\n", "");
}

static void a_password_is_only_taken_from_a_file_that_nobody_else_reads(void **state)
{
    (void)state;
    char want[400];
    struct config c = loaded("[store]\npath = postgresql://u:secret@db/kassa\n");
    assert_int_equal(config_check(&c, &why), ERR_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(config_check(&c, &why), ERR_CONFIG);
    snprintf(want, sizeof(want),
        "store.path: has a password, and others may read %s: chmod 600, or keep the password in a "
        "file that passfile=FILE names\n",
        path);
    assert_string_equal(buf_view(&why).p, want);
    config_clear(&c);
    c = loaded("[store]\npath = postgresql://u@db/kassa?passfile=/etc/kassa/pgpass\n");
    assert_int_equal(config_check(&c, &why), ERR_OK);
    assert_int_equal(chmod(path, 0600), 0);
    config_clear(&c);
}

static void limits_that_contain_each_other_must_fit(void **state)
{
    (void)state;
    assert_check("[store]\nqueue_max = 10\nbatch_max = 11\n[notify]\nworkers = 3\nper_host = 4\n"
                 "timeout_ms = 200\nconnect_timeout_ms = 201\n"
                 "[wallet]\ntimeout_ms = 300\nconnect_timeout_ms = 301\n",
        "store.batch_max: 11 must be at most store.queue_max, which is 10\n"
        "notify.per_host: 4 must be at most notify.workers, which is 3\n"
        "notify.connect_timeout_ms: 201 must be at most notify.timeout_ms, which is 200\n"
        "wallet.connect_timeout_ms: 301 must be at most wallet.timeout_ms, which is 300\n");
    assert_check("[wallet]\nunknown_window_s = 77\n",
        "wallet.unknown_window_s: 77 must be at least 78 with this wallet.timeout_ms\n");
    assert_check("[wallet]\nunknown_window_s = 78\n", "");
}

static void listen_texts_are_an_address_and_a_port(void **state)
{
    (void)state;
    struct sockaddr_storage a = {0};
    assert_int_equal(config_listen_parse(STR("127.0.0.1:8080"), &a), ERR_OK);
    assert_int_equal(a.ss_family, AF_INET);
    assert_int_equal(ntohs(((struct sockaddr_in *)&a)->sin_port), 8080);
    assert_int_equal(ntohl(((struct sockaddr_in *)&a)->sin_addr.s_addr), 0x7f000001);
    assert_int_equal(config_listen_parse(STR("[::1]:0"), &a), ERR_OK);
    assert_int_equal(a.ss_family, AF_INET6);
    assert_int_equal(((struct sockaddr_in6 *)&a)->sin6_port, 0);
    static const char *const bad[] = {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:80x", "localhost:80", "::1:80", "[::1]", "[::1]80", "[::1:80",
        "[127.0.0.1]:80", "[]:80", "127.0.0.1:80:90"};
    for (size_t i = 0; i < array_len(bad); i++)
        if (config_listen_parse(str_from(bad[i]), &a) != ERR_SYNTAX)
            fail_msg("was taken: %s", bad[i]);
}

/* The committed sample is what this program writes (tools/config-sample.c), and with its keys switched on it
 * still means the defaults. */
static void the_sample_is_fresh_and_means_the_defaults(void **state)
{
    (void)state;
    struct buf sample;
    struct buf committed;
    struct buf active;
    buf_init(&sample, 1 << 20);
    buf_init(&committed, 1 << 20);
    buf_init(&active, 1 << 20);
    config_sample(&sample);
    assert_int_equal(buf_read_file(&committed, KASSA_SOURCE "/doc/kassa.conf.sample"), ERR_OK);
    if (!str_eq(buf_view(&sample), buf_view(&committed)))
        fail_msg("doc/kassa.conf.sample is stale: config-sample > doc/kassa.conf.sample");
    struct config c = loaded(sample.p);
    assert_is_default(&c);
    config_clear(&c);
    size_t keys = 0;
    for (size_t i = 0; i < sample.n; i++) {
        bool key =
            sample.p[i] == '#' && (i == 0 || sample.p[i - 1] == '\n') && sample.p[i + 1] != ' ';
        keys += key;
        if (!key)
            buf_char(&active, sample.p[i]);
    }
    size_t table = 0;
#define C(section, name, type, def, help) table++;
#include "base/config.def"
#undef C
    assert_int_equal(keys, table);
    c = loaded(buf_view(&active).p);
    assert_is_default(&c);
    config_clear(&c);
    buf_clear(&sample);
    buf_clear(&committed);
    buf_clear(&active);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(values_are_read_by_their_types),
        cmocka_unit_test(a_relative_path_begins_at_the_files_folder_wherever_it_is_called_from),
        cmocka_unit_test(every_fault_is_told_with_its_line_and_key),
        cmocka_unit_test(numbers_must_be_whole_and_in_range),
        cmocka_unit_test(a_key_given_twice_is_refused_even_in_two_places),
        cmocka_unit_test(a_line_that_is_too_long_is_refused_not_cut),
        cmocka_unit_test(unreadable_bytes_are_refused),
        cmocka_unit_test(a_file_that_is_too_long_is_refused),
        cmocka_unit_test(rocket_s_templates_need_what_makes_them_useful),
        cmocka_unit_test(tls_needs_both_files),
        cmocka_unit_test(a_sandbox_listens_on_loopback_only),
        cmocka_unit_test(base_urls_are_absolute_and_end_without_a_slash),
        cmocka_unit_test(other_addresses_are_checked),
        cmocka_unit_test(a_server_s_address_is_refused_without_being_repeated),
        cmocka_unit_test(a_password_is_only_taken_from_a_file_that_nobody_else_reads),
        cmocka_unit_test(limits_that_contain_each_other_must_fit),
        cmocka_unit_test(listen_texts_are_an_address_and_a_port),
        cmocka_unit_test(the_sample_is_fresh_and_means_the_defaults),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
