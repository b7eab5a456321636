/* kassa-walletsim: a wallet to test against. See sim.h for what lives where. */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "nagad.h"
#include "rocket.h"
#include "sim.h"
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define THREADS 4
#define CONNECTIONS_MAX 4096
#define CONNECTION_MEMORY ((size_t)64 * 1024)
#define IDLE_TIMEOUT_S 120
#define HEADER_TIMEOUT_S 10
#define BODY_TIMEOUT_S 60
#define DRAIN_MS 3000

static const char HELP[] =
    "usage: kassa-walletsim --dir DIR [options]\n"
    "Simulates bKash's tokenized checkout (mode 0011, intent sale) and Nagad's checkout for tests "
    "and the sandbox. No real money moves.\n"
    "\n"
    "  --dir DIR             where the state lives; made when missing; one simulator a folder\n"
    "  --listen ADDR:PORT    default 127.0.0.1:8090; port 0: any free one\n"
    "  --public-url URL      what payers' browsers reach it by; default: http:// and the address "
    "it listens on\n"
    "  --username, --password, --app-key, --app-secret TEXT\n"
    "                        what merchants must send; default: kassa-sandbox, "
    "kassa-sandbox-password,\n"
    "                        kassa-sandbox-key, kassa-sandbox-secret\n"
    "  --token-life S        seconds a token is good for; default 3600\n"
    "  --hourly-block yes|no after two token calls within an hour refuse (429) and block further "
    "ones for an hour;\n"
    "                        default yes\n"
    "  --fsync yes|no        no: the last changes may be lost when the machine dies, not when the "
    "simulator does, and\n"
    "                        calls are several times faster; default yes\n"
    "  --nagad-merchant ID   offers Nagad too, to this merchant; the keys are made in DIR/nagad: "
    "merchant_private.pem\n"
    "                        and pg_public.pem are what the merchant needs\n"
    "  --nagad-window S      how far a merchant's dateTime may be from the clock; default 900\n"
    "  --nagad-sha1 yes|no   merchants may sign with SHA-1 too; default no\n"
    "  --sns-certificate, --sns-key FILE\n"
    "                        PEM: offers Amazon SNS, which posts bKash's notifications; it signs "
    "with them, and serves the\n"
    "                        certificate by TLS with it\n"
    "  --sns-listen ADDR:PORT where that is; default 127.0.0.1:0\n"
    "  --rocket-listen ADDR:PORT, --rocket-tls DIR, --rocket-return URL\n"
    "                        offers Rocket too, by TLS at this address. DIR holds bank.pem and "
    "bank.key, and\n"
    "                        merchants.pem: the issuers of merchants' certificates. Payers are "
    "sent back to URL\n"
    "  --help\n"
    "\n"
    "When it is ready it prints {\"listening\":\"http://ADDR:PORT\"}. SIGTERM or SIGINT ends it.\n"
    "The API is under /v1.2.0-beta/tokenized/checkout/. Payers go to /pay/PAYMENTID.\n"
    "Nagad's API is under /remote-payment-gateway-1.0/api/dfs/. Its payers go to "
    "/nagad/check-out/REF.\n"
    "Payments, tokens and the clock survive a restart; armed faults and the log of calls do not.\n"
    "It keeps 100000 payments: beyond that the oldest that is completed, cancelled, failed or "
    "expired is forgotten.\n"
    "\n"
    "Control API, for programs on this machine only:\n"
    "  POST /control/payments/ID    "
    "{\"action\":\"approve|decline|cancel|wrong-pin|insufficient\"}\n"
    "                               answers {\"callback_url\":...}: where the payer's browser "
    "would go\n"
    "  GET  /control/payments/ID    its state, executes and queries received, trx_id, amount\n"
    "  GET  /control/payments       ?invoice= &executes_min= &limit=, with totals\n"
    "  POST /control/faults         "
    "{\"op\":\"grant|refresh|create|execute|query|search|refund|refund_status\",\"fault\":F,"
    "\"value\":V,\n"
    "                               "
    "\"count\":N,\"invoice\":I,\"payment_id\":P,\"commit\":true|false}, where F is one of\n"
    "                               drop_before, drop_after_commit; delay (done now, answered V ms "
    "later),\n"
    "                               delay_before (done V ms later); status_500, html, empty, "
    "status V, code V\n"
    "                               (with \"commit\": whether the work is done all the same; for "
    "code the default is\n"
    "                               not); half_json; huge V bytes; slow V bytes a second; "
    "expired_token,\n"
    "                               unauthorized; a field of the answer: amount, currency, "
    "invoice, payment_id,\n"
    "                               trx_id, transaction_status V\n"
    "                               For op nagad_initialize, nagad_complete, nagad_verify, "
    "nagad_cancel not code and\n"
    "                               the tokens', but reason V (HTTP 400), bad_signature, "
    "wrong_key, "
    "bad_padding, bad_base64\n"
    "  POST /control/nagad/payments/REF   {\"action\":\"approve|decline|cancel|leave|refund\"}, or "
    "a status under way;\n"
    "                               leave: pays and never goes back\n"
    "  GET  /control/nagad/payments/REF, GET /control/nagad/payments ?order_id=\n"
    "  POST /control/rocket/payments      {\"trans_id\":T,\"action\":\"approve|leave|cancel|"
    "wrong-pin|insufficient|\n"
    "                               timeout|reverse\"}; GET, ?invoice=: all, newest first. They "
    "don't survive a restart\n"
    "  POST /control/rocket/faults  "
    "{\"command\":\"v|c\",\"fault\":F,\"value\":V,\"count\":N,\"invoice\":I}, where F is\n"
    "                               drop_before, drop_after_commit, status_500, html, empty; or "
    "amount (poisha), result,\n"
    "                               rrn, invoice, trans_id V\n"
    "  GET /control/faults, DELETE /control/faults or POST /control/faults/clear\n"
    "  GET  /control/calls          the last 20000 API calls and counters, ?op= &payment_id= "
    "&invoice= &limit=\n"
    "  POST /control/sns            {\"url\":WHERE,\"payment_id\":ID}: tells of it, and answers "
    "the receiver's status; also\n"
    "                               type (SubscriptionConfirmation, UnsubscribeConfirmation), "
    "topic, version 1 or 2,\n"
    "                               message_id, amount, invoice, trx_id, message, subject, "
    "cert_url, subscribe_url,\n"
    "                               bad_signature\n"
    "  GET  /control/sns            its address, and the topic that was confirmed last\n"
    "  POST /control/clock          {\"advance_s\":N} moves the simulator's clock forward; GET: "
    "what it shows\n"
    "  POST /control/reset          forgets everything\n";

/* ---- command line ---- */

static int refuse(const char *text)
{
    fprintf(stderr, "kassa-walletsim: %s\n", text);
    return 2;
}

static bool public_url_good(const char *url)
{
    struct url u;
    return url_parse(str_from(url), &u) == ERR_OK && u.path.n == 0 && str_absent(u.query) &&
           strchr(url, '#') == NULL;
}

static int options_check(const struct sim_options *o)
{
    if (!o->dir)
        return refuse("--dir is needed, see --help");
    if (o->nagad_window_s < 1 || o->nagad_window_s > 10 * 365 * 86400)
        return refuse("--nagad-window is a number of seconds");
    if (o->nagad_merchant_id && (!o->nagad_merchant_id[0] || strlen(o->nagad_merchant_id) > 20))
        return refuse("--nagad-merchant is an id of at most 20 characters");
    if (!o->sns_certificate != !o->sns_key)
        return refuse("--sns-certificate and --sns-key go together");
    if (!o->rocket_listen != !o->rocket_tls || !o->rocket_listen != !o->rocket_return)
        return refuse("--rocket-listen, --rocket-tls and --rocket-return go together");
    if (o->token_life_s < 1 || o->token_life_s > 86400)
        return refuse("--token-life is a number of seconds from 1 to 86400");
    if (o->public_url && !public_url_good(o->public_url))
        return refuse("--public-url is http:// or https:// and a host, without a path");
    return 0;
}

static bool yes_no(const char *text, bool *ret)
{
    bool yes = strcmp(text, "yes") == 0;
    if (!yes && strcmp(text, "no") != 0)
        return false;
    *ret = yes;
    return true;
}

/* -1: go on; else the exit code. */
static int options_parse(int argc, char **argv, struct sim_options *o)
{
    static const struct option table[] = {{"listen", 1, NULL, 'l'}, {"dir", 1, NULL, 'd'},
        {"public-url", 1, NULL, 'u'}, {"username", 1, NULL, 'n'}, {"password", 1, NULL, 'p'},
        {"app-key", 1, NULL, 'k'}, {"app-secret", 1, NULL, 's'}, {"token-life", 1, NULL, 't'},
        {"hourly-block", 1, NULL, 'b'}, {"fsync", 1, NULL, 'f'}, {"nagad-merchant", 1, NULL, 'm'},
        {"sns-listen", 1, NULL, 'L'}, {"sns-certificate", 1, NULL, 'C'}, {"sns-key", 1, NULL, 'K'},
        {"nagad-window", 1, NULL, 'w'}, {"nagad-sha1", 1, NULL, '1'},
        {"rocket-listen", 1, NULL, 'A'}, {"rocket-tls", 1, NULL, 'T'},
        {"rocket-return", 1, NULL, 'R'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        const char **texts[] = {['l'] = &o->listen,
            ['d'] = &o->dir,
            ['u'] = &o->public_url,
            ['n'] = &o->username,
            ['p'] = &o->password,
            ['k'] = &o->app_key,
            ['s'] = &o->app_secret,
            ['m'] = &o->nagad_merchant_id,
            ['A'] = &o->rocket_listen,
            ['T'] = &o->rocket_tls,
            ['R'] = &o->rocket_return,
            ['L'] = &o->sns_listen,
            ['C'] = &o->sns_certificate,
            ['K'] = &o->sns_key};
        if (c == '?')
            return 2;
        if (c == 'h')
            return fputs(HELP, stdout) < 0;
        if (c == 't' && int64_parse(str_from(optarg), &o->token_life_s) != ERR_OK)
            return refuse("--token-life is a number of seconds");
        if (c == 'w' && int64_parse(str_from(optarg), &o->nagad_window_s) != ERR_OK)
            return refuse("--nagad-window is a number of seconds");
        if (c == 'b' || c == 'f' || c == '1') {
            if (!yes_no(optarg, c == 'b'   ? &o->hourly_block
                                : c == 'f' ? &o->fsync
                                           : &o->nagad_sha1))
                return refuse("--hourly-block, --fsync and --nagad-sha1 are yes or no");
        } else if (c != 't' && c != 'w') {
            *texts[c] = optarg;
        }
    }
    if (optind < argc)
        return refuse("there is an argument too many, see --help");
    int code = options_check(o);
    return code ? code : -1;
}

/* ---- running ---- */

static enum err sim_open(struct sim *s, struct buf *why)
{
    int64_t offset_ms = 0;
    enum err e = sim_store_open(s->options.dir, s->options.fsync, why, &s->store);
    if (e != ERR_OK)
        return e;
    e = sim_value_get(s->store, "clock_offset_ms", &offset_ms);
    if (e != ERR_OK) {
        buf_cstr(why, "the state can't be read\n");
        sim_store_close(s->store);
        return e;
    }
    if (s->options.nagad_merchant_id)
        e = nagad_open(&s->options, why, &s->nagad);
    if (e != ERR_OK) {
        sim_store_close(s->store);
        return e;
    }
    atomic_store(&s->clock.offset_ms, offset_ms);
    pthread_mutex_init(&s->lock, NULL);
    calls_init(&s->calls);
    s->later = later_start();
    return ERR_OK;
}

static void sim_close(struct sim *s)
{
    rocket_close(s->rocket);
    later_free(s->later);
    nagad_close(s->nagad);
    calls_clear(&s->calls);
    sim_store_close(s->store);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->public_url);
}

static enum err sim_listen(struct sim *s, struct buf *why, struct server **ret)
{
    struct server_options o = {
        .listen = str_from(s->options.listen),
        .routes = sim_routes,
        .ctx = s,
        .threads = THREADS,
        .connections_max = CONNECTIONS_MAX,
        .connection_memory = CONNECTION_MEMORY,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .header_timeout_s = HEADER_TIMEOUT_S,
        .body_timeout_s = BODY_TIMEOUT_S,
        .error_page = page_error,
        .error_plain = sim_error,
    };
    return server_start(&o, why, ret);
}

/* The address it is reached by, with the port that was found. Owner: the caller, mem_free. */
static char *own_url(const struct sim *s, const struct server *server)
{
    struct buf b;
    size_t n;
    buf_init(&b, 4096);
    const char *colon = strrchr(s->options.listen, ':');
    buf_cstr(&b, "http://");
    buf_add(&b, s->options.listen, (size_t)(colon - s->options.listen));
    buf_printf(&b, ":%d", server_port(server));
    return buf_take(&b, &n);
}

static void wait_for_end(void)
{
    sigset_t set;
    int sig;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigwait(&set, &sig);
}

/* Threads inherit the mask: the signals come to wait_for_end alone. */
static void signals_block(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Starts listening and says so. */
static enum err sim_serve(struct sim *s, struct buf *why, struct server **ret)
{
    /* A call that comes at once waits until it is known where payers go. */
    pthread_mutex_lock(&s->lock);
    enum err e = s->options.sns_key ? sns_start(&s->options, s, why, &s->sns) : ERR_OK;
    if (e == ERR_OK)
        e = sim_listen(s, why, ret);
    if (e == ERR_OK && s->options.rocket_listen)
        e = rocket_open(s, why, &s->rocket);
    if (e == ERR_OK) {
        char *url = own_url(s, *ret);
        s->public_url = mem_strdup(s->options.public_url ? s->options.public_url : url);
        printf("{\"listening\":\"%s\"", url);
        if (s->rocket)
            printf(",\"rocket_port\":%d", server_port(s->rocket->server));
        printf("}\n");
        if (s->sns)
            printf("{\"sns\":\"%s\"}\n", sns_url(s->sns));
        fflush(stdout);
        mem_free(url);
    }
    pthread_mutex_unlock(&s->lock);
    return e;
}

static int sim_run(struct sim *s)
{
    struct buf why;
    struct server *server = NULL;
    buf_init(&why, 4096);
    if (sim_open(s, &why) != ERR_OK) {
        fprintf(stderr, "kassa-walletsim: %.*s", STR_FMT(buf_view(&why)));
        buf_clear(&why);
        return 1;
    }
    enum err e = sim_serve(s, &why, &server);
    if (e == ERR_OK) {
        wait_for_end();
        later_stop(s->later);
        sns_stop(s->sns);
        server_stop(server, DRAIN_MS);
    } else {
        fprintf(stderr, "kassa-walletsim: %.*s", STR_FMT(buf_view(&why)));
        later_stop(s->later);
        sns_stop(s->sns);
        if (server)
            server_stop(server, 0);
    }
    sim_close(s);
    buf_clear(&why);
    return e == ERR_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct sim s;
    s.options = (struct sim_options){.listen = "127.0.0.1:8090",
        .sns_listen = "127.0.0.1:0",
        .username = "kassa-sandbox",
        .password = "kassa-sandbox-password",
        .app_key = "kassa-sandbox-key",
        .app_secret = "kassa-sandbox-secret",
        .token_life_s = 3600,
        .nagad_window_s = NAGAD_WINDOW_S,
        .hourly_block = true,
        .fsync = true};
    int code = options_parse(argc, argv, &s.options);
    if (code >= 0)
        return code;
    signals_block();
    clock_init(&s.clock);
    log_init(&s.clock, LOG_LEVEL_WARN, STDERR_FILENO);
    return sim_run(&s);
}
