/* What every wallet's connector offers. A connector speaks the wallet's protocol and classifies its answers; it knows
 * nothing of payments, transactions or the store: what it must keep (tokens) goes through struct wallet_host. */
#ifndef KASSA_WALLET_WALLET_H
#define KASSA_WALLET_WALLET_H

#include "base/clock.h"
#include "base/config.h"
#include "base/money.h"
#include "core/catalog.h"
#include "wallet/httpc.h"

enum wallet_outcome {
    WALLET_OK,       /* done, and the answer's fields are set */
    WALLET_DECLINED, /* the wallet says no, for good: no money moved by this call */
    WALLET_PENDING,  /* query only: not executed (yet) as the wallet sees it */
    WALLET_UNKNOWN, /* may have been sent, or an answer that says nothing certain: ask with query */
    WALLET_BROKEN /* certainly not done, and not by the payer's fault: not reachable, credential or configuration
                        refused, token budget used up. The operator is told */
};

/* How the wallet's page ended, when no money moved. It is not taken for the last word: a later query may say otherwise. */
enum wallet_page_end { WALLET_PAGE_OPEN, WALLET_PAGE_REFUSED, WALLET_PAGE_CANCELLED };

/* A refund as the wallet lists it. */
struct wallet_refund_seen {
    struct str trx_id;
    struct money amount;
    bool completed;
    bool untold; /* the wallet does not tell `amount`, only whether nothing is left (`whole`) */
    bool whole;
};

struct wallet_answer {
    enum wallet_outcome outcome;
    struct str
        code; /* the wallet's own code ("0000", "2062") or a short word of ours ("timeout", "http_500") */
    struct str message;   /* the wallet's text, for the operator; never shown as HTML unescaped */
    struct str ref;       /* bKash paymentID, Nagad paymentReferenceId */
    struct str url;       /* create, or place where there is one: where the payer goes */
    struct str challenge; /* create: what place has to give back */
    struct str trx_id;    /* when money moved */
    bool has_amount;
    struct money amount; /* what the wallet says; compared by the caller */
    struct str currency; /* absent when the answer has none */
    struct str invoice;  /* absent when the answer has none */
    struct str payer;    /* wallet number, maybe masked; absent */
    bool completed;      /* execute/query: the wallet says that the money moved */
    bool authorised;     /* query: the payer has authorised (verificationStatus Complete) */
    /* of wallets without execute: */
    bool
        invoice_taken; /* create, DECLINED: the wallet had this invoice before; it may be asked again with another one */
    bool reversed;  /* query, OK: the money moved, and some of it or all went back */
    bool elsewhere; /* query, OK: the money went to another merchant than the credential's */
    bool strange;   /* query, UNKNOWN: a state that the connector has never heard of (`message`) */
    enum wallet_page_end page_end; /* query, PENDING */
    bool
        doubtful; /* create, place, DECLINED: for a reason that may be the payment's or the credential's */
    struct str
        paid_day; /* refund_status, OK: "20261124", when the payer paid; absent: the wallet does not want it */
    /* refund_status, OK: every refund of the payment that the wallet knows; they live as long as the texts. Of a wallet that tells
     * only the last one, that one; `amount` is the payment's then. */
    const struct wallet_refund_seen *refunds;
    size_t refund_count;
    /* search, OK; in the wallet's words, absent what it did not tell */
    struct str state, kind, receiver;
    int64_t happened_at; /* 0: not told */
};

/* On the outgoing thread (on the caller's when httpc is stopping); must not block; the answer's texts are valid until it
 * returns. Called exactly once. */
typedef void (*wallet_done_fn)(void *arg, const struct wallet_answer *a);

struct wallet_credential { /* what a connector needs of a credential; copied by wallets_put */
    int64_t id;
    enum wallet_kind wallet;
    struct str base_url;                                /* without a slash at the end */
    struct str username, password, app_key, app_secret; /* bKash */
    bool refunds_v1;                                    /* bKash: refunds by its first API */
    struct str merchant_id, own_key, wallet_key;        /* Nagad; keys as base64 of their DER */
    /* Rocket: `own_key` is the certificate's key, `wallet_key` the issuers to trust (empty: the system's), all PEM; `base_url`
     * is the address that takes commands, `page_url` the payer's page, both without a query. */
    struct str own_certificate, page_url;
};

struct wallet_token {
    struct str token, refresh; /* absent: none */
    int64_t expires_at, refresh_expires_at;
    int64_t version; /* the host's */
};

/* What service lends to connectors. Called on the outgoing thread, rarely (a token call); may wait for a commit. */
struct wallet_host {
    void *arg;
    /* Gives the stored token to `fn` (texts valid only in the call). ERR_NO_ROW. */
    enum err (*token_load)(void *arg, int64_t credential_id,
        void (*fn)(void *, const struct wallet_token *), void *fn_arg);
    enum err (*token_save)(
        void *arg, int64_t credential_id, const struct wallet_token *t, int64_t *ret_version);
    /* Asked before a token call: other processes may use the credential too, and one token is enough for all. ERR_OK: it is this
     * one's turn, until token_save or token_turn_end. ERR_CONFLICT: the host has another token than `version` (0: none), to be loaded
     * first. ERR_BUSY: another process is getting one; ask again soon. */
    enum err (*token_turn_take)(void *arg, int64_t credential_id, int64_t version);
    void (*token_turn_end)(void *arg, int64_t credential_id);
    /* Counts one token call against the rolling hour's budget. ERR_BUDGET when it is used up. */
    enum err (*token_budget_take)(void *arg, int64_t credential_id);
    /* Takes the last counted call back: it certainly was not sent (the wallet could not be reached), so that an outage does
     * not use the budget up. May be NULL: it then stays counted. */
    void (*token_budget_return)(void *arg, int64_t credential_id);
};

struct wallet_create {
    int64_t credential_id;
    struct str invoice;
    struct money amount;
    struct str currency;
    struct str callback_url;
    struct str payer_reference; /* [A-Za-z0-9_-], at most 255 */
    struct str payer_ip;        /* as the merchant told it, IPv4 or IPv6 */
};

struct wallet_refund {
    int64_t credential_id;
    struct str ref, trx_id,
        invoice; /* of the payment, as the wallet told them; `invoice` is ours */
    struct money amount;
    struct str currency;
    struct money paid;      /* refund_status's; zero: it told none */
    struct str paid_day;    /* refund_status's; absent */
    struct str sku, reason; /* for the wallet's records; letters, digits, blanks; not empty */
    struct str reference;   /* ours, this refund's alone; letters and digits, at most 40 */
};

struct wallets; /* registry: credentials and their tokens' state */

enum err wallets_new(struct httpc *h, const struct clock *clock, const struct config *config,
    const struct wallet_host *host, struct wallets **ret) must_check;
void wallets_free(struct wallets *w); /* after httpc_stop */
/* Adds or replaces a credential; any thread. */
void wallets_put(struct wallets *w, const struct wallet_credential *c);
void wallets_remove(struct wallets *w, int64_t credential_id);
/* For an operator: each credential in use, and why it is not healthy. `hidden` is over a minute after the last failure, and the
 * reason stays until a create has worked. Any thread; `fn` is called under the registry's lock. */
struct wallet_health {
    int64_t credential_id;
    enum wallet_kind wallet;
    bool hidden;
    const char *reason; /* static text; NULL: it is well */
    int64_t since_at;   /* with a reason */
};
typedef void (*wallet_health_fn)(void *arg, const struct wallet_health *h);
void wallets_each_health(struct wallets *w, wallet_health_fn fn, void *arg);
/* False while the credential's circuit is open (repeated BROKEN answers, token block): creates then end BROKEN with the
 * code "circuit_open" and nothing is sent, until a minute later one of them probes. `ret_reason` is static text. Any thread. */
bool wallets_healthy(struct wallets *w, int64_t credential_id, const char **ret_reason);

struct wallet_ops {
    enum wallet_kind kind;
    bool needs_execute; /* money moves at execute only (bKash), not at the wallet's page (Nagad) */
    bool plain_invoice; /* invoices are 5 to 20 letters and digits */
    bool
        query_completes; /* the question may make the wallet take the money that its payer has authorised */
    void (*create)(
        struct wallets *w, const struct wallet_create *c, wallet_done_fn done, void *arg);
    /* NULL where create alone makes the payment. Else create gives the reference and no page, and this, sent once after the
     * reference was committed, gives the page: whoever loses the reference could never ask about the money. */
    void (*place)(struct wallets *w, const struct wallet_create *c, struct str ref,
        struct str challenge, wallet_done_fn done, void *arg);
    /* Sent once for a ref. A 401 of the wallet's gateway, which never reaches the wallet, renews the token and sends again. */
    void (*execute)(
        struct wallets *w, int64_t credential_id, struct str ref, wallet_done_fn done, void *arg);
    /* Answers OK, PENDING or UNKNOWN: no answer to a question says that money did not move, for good. */
    void (*query)(
        struct wallets *w, int64_t credential_id, struct str ref, wallet_done_fn done, void *arg);
    /* NULL where the wallet knows no such question. What it knows of a transaction to the merchant by its TrxID alone: OK, DECLINED
     * (there is none), BROKEN (the code "not_offered": not for this credential), UNKNOWN. It is for people: it names no payment of
     * ours, and nothing is paid by it. */
    void (*search)(struct wallets *w, int64_t credential_id, struct str trx_id, wallet_done_fn done,
        void *arg);
    /* NULL where the wallet knows no such thing. Closes the merchant's day: OK, DECLINED (the wallet answered, and did not), BROKEN
     * (certainly not sent), UNKNOWN; `message` has the wallet's own words. */
    void (*close_day)(struct wallets *w, int64_t credential_id, wallet_done_fn done, void *arg);
    /* Both NULL: the wallet's refunds are not through here. Sent once: OK with trx_id and amount of the refund, DECLINED (none was
     * made), BROKEN (certainly not sent), UNKNOWN. No key is known by which a wallet would surely know it again. */
    void (*refund)(
        struct wallets *w, const struct wallet_refund *r, wallet_done_fn done, void *arg);
    /* NULL: any. Whether a refund of all that was paid at once, or of a part, may go that way. */
    bool (*refund_takes)(const struct config *config, bool whole);
    /* OK with the list, or UNKNOWN. */
    void (*refund_status)(struct wallets *w, int64_t credential_id, struct str ref,
        struct str trx_id, wallet_done_fn done, void *arg);
};

/* NULL: no connector for this wallet. */
const struct wallet_ops *wallet_ops_find(enum wallet_kind kind);

#endif
