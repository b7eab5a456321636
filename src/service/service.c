/* Start and stop of what the use cases stand on. Start: store, keys, accounts; then, with workers, the outgoing loop, the
 * wallets, their credentials, the watch, settle. */
#include "service/service.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/text.h"
#include "service/accounts.h"
#include "service/credentials.h"
#include "service/deliver.h"
#include "service/funnel.h"
#include "service/key_check.h"
#include "service/links.h"
#include "service/notices.h"
#include "service/refused.h"
#include "service/settle.h"
#include "service/trial.h"
#include "service/wallet_host.h"
#include "service/work.h"

/* Besides the notifications under way: creates, queries (both bounded below this) and executes. */
#define WALLET_CONNECTIONS 192

static void say(struct buf *why, const char *what, enum err e)
{
    if (e != ERR_OK && why->n == 0) {
        buf_printf(why, "%s: %s", what, err_name(e));
    }
}

static void credentials_changed(void *arg)
{
    credentials_reload(arg);
}

static enum err base_start(struct service *s, bool workers, struct buf *why)
{
    struct store_options o = {
        .path = s->config->store_path,
        .queue_max = s->config->store_queue_max,
        .batch_max = s->config->store_batch_max,
        .clock = s->clock,
        .create = false,
        .migrate = workers,
        .watch = workers && store_path_is_server(s->config->store_path),
    };
    enum err e = keyring_load(s->config->security_secret_key_file, why, &s->keys);
    say(why, "secret key file", e);
    if (e == ERR_OK) {
        s->links = links_new(s->keys);
        e = store_open(&o, why, &s->store);
        say(why, "store", e);
    }
    if (e == ERR_OK) {
        e = key_check(s, workers, why);
        say(why, "secret key file", e);
    }
    if (e == ERR_OK) {
        e = accounts_new(s->store, s->keys, &s->accounts);
        say(why, "accounts", e);
    }
    return e;
}

static enum err wallets_start(struct service *s, struct buf *why)
{
    struct wallet_host host = wallet_host_on_store(s);
    int connections = (int)s->config->notify_workers + WALLET_CONNECTIONS;
    s->work = work_new();
    enum err e = httpc_start(connections, &s->httpc);
    say(why, "outgoing loop", e);
    if (e == ERR_OK) {
        work_set_httpc(s->work, s->httpc);
        e = wallets_new(s->httpc, s->clock, s->config, &host, &s->wallets);
        say(why, "wallets", e);
    }
    if (e == ERR_OK) {
        e = credentials_new(s->store, s->keys, s->wallets, &s->credentials);
        say(why, "wallet credentials", e);
    }
    if (e == ERR_OK) {
        s->notices = notices_new(s);
        s->refused = refused_new(s->store, s->keys);
        s->trials = trials_new(s);
        s->funnel = funnel_new(s);
        accounts_listen(s->accounts, credentials_changed, s->credentials);
        e = accounts_watch(s->accounts);
        say(why, "watch of the accounts", e);
    }
    return e;
}

static enum err loops_start(struct service *s, struct buf *why)
{
    enum err e = settle_start(s, &s->settle);
    say(why, "settle", e);
    if (e == ERR_OK) {
        work_set_settle(s->work, s->settle);
        e = deliver_start(s, &s->deliver);
        say(why, "deliver", e);
    }
    return e;
}

enum err service_start(const struct config *config, struct clock *clock, bool workers,
    struct buf *why, struct service *ret)
{
    struct service *s = ret; /* the parts keep this address */
    uint8_t raw[16];
    *s = (struct service){.config = config, .clock = clock};
    random_uuid(raw);
    uuid_format(raw, s->node);
    enum err e = base_start(s, workers, why);
    if (e == ERR_OK && workers) {
        e = wallets_start(s, why);
    }
    if (e == ERR_OK && workers) {
        e = loops_start(s, why);
    }
    if (e != ERR_OK) {
        service_stop(s);
    }
    return e;
}

/* Nobody asks or delivers any more, then the calls under way end, then what they wrote is committed, then the rest goes. */
void service_stop(struct service *s)
{
    if (s->deliver) {
        deliver_stop(s->deliver);
    }
    if (s->work) {
        work_set_settle(s->work, NULL);
    }
    if (s->settle) {
        settle_stop(s->settle);
    }
    if (s->httpc) {
        work_set_httpc(s->work, NULL);
        httpc_stop(s->httpc);
    }
    struct accounts *accounts = s->accounts;
    if (s->store && accounts) {
        accounts_free(accounts); /* its watch reads the store and the credentials */
    }
    if (s->store) {
        store_close(s->store);
    }
    if (s->deliver) {
        deliver_free(s->deliver);
    }
    notices_free(s->notices);
    refused_free(s->refused);
    trials_free(s->trials);
    funnel_free(s->funnel);
    credentials_free(s->credentials);
    if (s->wallets) {
        wallets_free(s->wallets);
    }
    work_free(s->work);
    links_free(s->links);
    if (s->keys) {
        keyring_free(s->keys);
    }
    *s = (struct service){.config = NULL};
}
