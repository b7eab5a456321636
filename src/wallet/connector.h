/* What connectors share: the credentials' slots, the life of one call, and the way to the wallet. For the files of
 * src/wallet alone. A call's life: connector_call_start (any thread) -> run (outgoing thread) -> connector_http_send, maybe
 * several times -> connector_call_end, exactly once. */
#ifndef KASSA_WALLET_CONNECTOR_H
#define KASSA_WALLET_CONNECTOR_H

#include "wallet/wallet.h"
#include <pthread.h>

#define WALLET_REPLY_MAX ((size_t)262144)

/* A credential's texts; immutable, shared by the calls under way, wiped when the last one lets go. */
struct wallet_secret {
    int refs; /* under the registry's lock */
    int64_t generation;
    char *base_url, *username, *password, *app_key, *app_secret, *merchant_id, *own_key,
        *wallet_key, *own_certificate, *page_url;
    bool refunds_v1;
};

/* Whether a credential is in use. Open: creates are refused at once, until a minute later one of them probes. */
struct wallet_circuit {
    int broken_in_a_row, doubtful_in_a_row;
    bool open;
    int64_t opened_at, open_until; /* wall clock */
    int64_t since_at;              /* of the first opening, whatever was probed since */
    const char *reason;            /* static text */
};

struct wallet_slot {
    struct wallet_slot *next;
    struct wallets *w;
    int64_t id;
    enum wallet_kind kind;
    struct wallet_secret *secret;  /* under the registry's lock; NULL: removed */
    struct wallet_circuit circuit; /* under the registry's lock */
    /* The connector's own, such as its token; outgoing thread only. */
    void *state;
    void (*state_free)(void *state);
};

struct wallets {
    struct httpc *httpc;
    const struct clock *clock;
    const struct config *config;
    struct wallet_host host;
    pthread_mutex_t lock;
    int64_t generations;
    struct wallet_slot *slots; /* never shrinks: calls hold their slot without a reference */
};

enum connector_op {
    CONNECTOR_OP_CREATE,
    CONNECTOR_OP_PLACE,
    CONNECTOR_OP_EXECUTE,
    CONNECTOR_OP_QUERY,
    CONNECTOR_OP_REFUND,
    CONNECTOR_OP_REFUND_STATUS,
    CONNECTOR_OP_CLOSE_DAY,
    CONNECTOR_OP_SEARCH
};

/* What a call's end says of the credential's health. */
enum connector_health {
    CONNECTOR_HEALTH_BY_OUTCOME, /* BROKEN counts against it, UNKNOWN says nothing, the rest is good */
    CONNECTOR_HEALTH_TRIP,       /* opens the circuit at once */
    CONNECTOR_HEALTH_DOUBTFUL, /* counts little: payers may bring such refusals about */
    CONNECTOR_HEALTH_NONE      /* says nothing */
};

/* The first member of a connector's own call. */
struct connector_call {
    struct wallets *w;
    enum wallet_kind kind;
    enum connector_op op;
    int64_t credential_id;
    wallet_done_fn done;
    void *arg;
    void (*run)(struct connector_call *c);     /* slot and secret are set */
    void (*release)(struct connector_call *c); /* frees the call */
    struct wallet_slot *slot;
    struct wallet_secret *secret;
    int64_t started_us;
};

/* Any thread. Takes the call over. */
void connector_call_start(struct connector_call *c);
/* Tells the answer, logs and counts it, frees the call. A question's answer never says that money did not move for
 * good: DECLINED and BROKEN become UNKNOWN. `reason` is static text for CONNECTOR_HEALTH_TRIP, else NULL. */
void connector_call_end(struct connector_call *c, const struct wallet_answer *a,
    enum connector_health health, const char *reason);
/* For what ends before an answer: only outcome and code. */
void connector_call_fail(struct connector_call *c, enum wallet_outcome outcome, const char *code,
    enum connector_health health);
/* Ends the call when the peer did not answer; true if it did so. */
bool connector_call_end_unanswered(struct connector_call *c, const struct httpc_result *r);

/* Too long after its start for a call that moves money: whoever made it may be taken to be dead by now. */
bool connector_call_is_late(const struct connector_call *c);

struct connector_http {
    const char *method;
    const char *path;           /* behind base_url */
    bool at_root;               /* the path is the whole one of base_url's host */
    const char *const *headers; /* ended by NULL */
    struct str body;            /* absent: none */
    bool fresh_connect;         /* for calls that must not be sent twice */
    bool own_tls;      /* shows the credential's certificate, trusts the credential's issuers */
    const char *proxy; /* this wallet's own; NULL or empty: the one of all wallets */
    void (*done)(void *arg, const struct httpc_result *r);
    void *arg;
};
/* With the configuration's times and proxy. ERR_STOPPING. */
enum err connector_http_send(
    struct wallets *w, const struct wallet_secret *s, const struct connector_http *rq) must_check;
/* Counts a call that ended. */
void connector_http_note(const struct httpc_result *r);

struct wallet_secret *wallet_secret_ref(struct wallets *w, struct wallet_secret *s);
void wallet_secret_unref(struct wallets *w, struct wallet_secret *s);
/* True when the wallet's API is on this machine: a simulator, which may do without TLS. */
bool wallet_base_is_loopback(const struct wallet_secret *s);

/* wallet.c's, for connector_call.c */
struct wallet_slot *wallet_slot_use(struct wallets *w, int64_t id, struct wallet_secret **ret);
bool wallet_circuit_admits(struct wallet_slot *slot);
void wallet_circuit_note(struct wallet_slot *slot, enum wallet_outcome outcome,
    enum connector_health health, const char *reason);

extern const struct wallet_ops bkash_ops;
extern const struct wallet_ops nagad_ops;
extern const struct wallet_ops ecomm_ops;
/* wallet_template.c: an example, in no registry. */
extern const struct wallet_ops wallet_template_ops;

#endif
