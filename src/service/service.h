/* What the use cases stand on. Made by app, immutable after that; its parts are thread-safe. */
#ifndef KASSA_SERVICE_SERVICE_H
#define KASSA_SERVICE_SERVICE_H

#include "base/box.h"
#include "base/clock.h"
#include "base/config.h"
#include "store/store.h"
#include "wallet/wallet.h"

struct accounts;
struct links;
struct settle;
struct deliver;
struct credentials;
struct notices;
struct refused;
struct work;
struct trials;
struct funnel;

/* The name under which the sandbox's clock offset is kept, in milliseconds. */
#define SANDBOX_CLOCK_SETTING "sandbox_clock_offset_ms"

struct service {
    const struct config *config;
    struct clock *clock;
    char node[37]; /* this process among those that share the store: a random uuid */
    struct keyring *keys;
    struct links *links;
    struct store *store;
    struct accounts *accounts;
    struct httpc *httpc;
    struct wallets *wallets;
    struct settle *settle;
    struct deliver *deliver;
    struct credentials *credentials; /* NULL without workers */
    struct notices *notices;         /* NULL without workers */
    struct refused *refused;         /* NULL without workers */
    struct trials *trials;           /* NULL without workers */
    struct funnel *funnel;           /* NULL without workers */
    struct work *
        work; /* wakes settle and deliver (service/work.h): what ends late uses it, not the pointers above */
};

/* Opens the store and starts all parts (outgoing loop, settle, deliver) in order; recovery of what a crash left is settle's
 * first round. With text in `why` for the operator. `workers` false: only store, keys and accounts (command line). */
enum err service_start(const struct config *config, struct clock *clock, bool workers,
    struct buf *why, struct service *ret) must_check;
/* Stops in reverse order; what is under way is left to the next start's recovery. */
void service_stop(struct service *s);

#endif
