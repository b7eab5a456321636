/* bKash on a loopback port, as far as a payment needs it: tokens, create, execute, query, refunds, with faults that a test arms.
 * Header only, for unit tests. */
#ifndef KASSA_TESTS_UNIT_BKASH_PEER_H
#define KASSA_TESTS_UNIT_BKASH_PEER_H

#include "peer.h"

#define BKASH_PAYMENTS_MAX 512

enum bkash_fault {
    BKASH_FINE,
    BKASH_DROP_AFTER,     /* does it, then closes without an answer */
    BKASH_DROP_BEFORE,    /* does nothing and closes without an answer */
    BKASH_WRONG_AMOUNT,   /* does it, and tells another amount */
    BKASH_WRONG_INVOICE,  /* does it, and tells another invoice */
    BKASH_SAME_TRX,       /* does it, with the TrxID of the first */
    BKASH_WRONG_CURRENCY, /* does it, and tells another currency */
    BKASH_GARBAGE,        /* does it, and answers HTML */
    BKASH_ERROR_500,      /* does nothing that is known */
    BKASH_FORBIDDEN,      /* the API's gateway does not let it through */
    BKASH_REFUSE,         /* a refund: no, for good */
    BKASH_HANG            /* does it, and answers when `hang` is cleared */
};

struct bkash_payment {
    char id[32];
    char amount[24];
    char invoice[64];
    bool approved, completed;
    char trx[16];
};

#define BKASH_REFUNDS_MAX 64
struct bkash_refund {
    char of[16]; /* TrxID of the payment */
    char trx[16], amount[24];
};

struct bkash {
    struct peer *peer;
    pthread_mutex_t lock;
    struct bkash_payment payments[BKASH_PAYMENTS_MAX];
    int count;
    atomic_int grants, creates, executes, queries, executed;
    struct bkash_refund refunded[BKASH_REFUNDS_MAX];
    int refund_count;
    atomic_int refunds, refund_lists;
    atomic_int create_fault, execute_fault, query_fault, refund_fault, refund_list_fault;
    atomic_bool hang, grant_hang;
};

static inline void bkash_field(const char *body, const char *name, char *out, size_t cap)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = strstr(body, key);
    size_t n = 0;
    out[0] = 0;
    if (!at)
        return;
    at += strlen(key);
    while (at[n] && at[n] != '"' && n + 1 < cap) {
        out[n] = at[n];
        n++;
    }
    out[n] = 0;
}

/* Under the lock. */
static inline struct bkash_payment *bkash_find(struct bkash *b, const char *id)
{
    for (int i = 0; i < b->count; i++)
        if (strcmp(b->payments[i].id, id) == 0)
            return &b->payments[i];
    return NULL;
}

static inline void bkash_grant(struct bkash *b, int fd)
{
    atomic_fetch_add(&b->grants, 1);
    while (atomic_load(&b->grant_hang) && !atomic_load(&b->peer->stopping))
        usleep(2000);
    peer_answer(fd, 200,
        "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"id_token\":\"token\","
        "\"token_type\":\"Bearer\",\"expires_in\":\"360000\",\"refresh_token\":\"again\"}");
}

static inline void bkash_hang(struct bkash *b)
{
    while (atomic_load(&b->hang) && !atomic_load(&b->peer->stopping))
        usleep(2000);
}

static inline bool bkash_create(struct bkash *b, int fd, const char *body)
{
    char text[1024];
    atomic_fetch_add(&b->creates, 1);
    int fault = atomic_load(&b->create_fault);
    if (fault == BKASH_DROP_BEFORE)
        return false;
    if (fault == BKASH_ERROR_500)
        return peer_answer(fd, 500, "{\"message\":\"Internal server error\"}");
    if (fault == BKASH_HANG)
        bkash_hang(b);
    pthread_mutex_lock(&b->lock);
    assert(b->count < BKASH_PAYMENTS_MAX);
    struct bkash_payment *p = &b->payments[b->count++];
    *p = (struct bkash_payment){.approved = false};
    snprintf(p->id, sizeof p->id, "TR0011%06d", b->count);
    snprintf(p->trx, sizeof p->trx, "TRX%07d", b->count);
    bkash_field(body, "amount", p->amount, sizeof p->amount);
    bkash_field(body, "merchantInvoiceNumber", p->invoice, sizeof p->invoice);
    snprintf(text, sizeof text,
        "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"paymentID\":\"%s\","
        "\"bkashURL\":\"http://127.0.0.1:%d/pay?paymentId=%s\",\"amount\":\"%s\",\"intent\":"
        "\"sale\",\"currency\":\"BDT\",\"transactionStatus\":\"Initiated\","
        "\"merchantInvoiceNumber\":\"%s\"}",
        p->id, b->peer->port, p->id, p->amount, p->invoice);
    pthread_mutex_unlock(&b->lock);
    return peer_answer(fd, 200, text);
}

static inline void bkash_completed_text(
    const struct bkash_payment *p, int fault, const char *first_trx, char *text, size_t cap)
{
    snprintf(text, cap,
        "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"paymentID\":\"%s\","
        "\"customerMsisdn\":\"01700000001\",\"trxID\":\"%s\",\"amount\":\"%s\","
        "\"transactionStatus\":\"Completed\",\"currency\":\"%s\",\"intent\":\"sale\","
        "\"merchantInvoiceNumber\":\"%s\"}",
        p->id, fault == BKASH_SAME_TRX ? first_trx : p->trx,
        fault == BKASH_WRONG_AMOUNT ? "1.00" : p->amount,
        fault == BKASH_WRONG_CURRENCY ? "USD" : "BDT",
        fault == BKASH_WRONG_INVOICE ? "other" : p->invoice);
}

static inline bool bkash_execute(struct bkash *b, int fd, const char *body)
{
    char text[1024], id[32];
    int fault = atomic_load(&b->execute_fault);
    atomic_fetch_add(&b->executes, 1);
    if (fault == BKASH_DROP_BEFORE)
        return false;
    bkash_field(body, "paymentID", id, sizeof id);
    pthread_mutex_lock(&b->lock);
    struct bkash_payment *p = bkash_find(b, id);
    if (!p || p->completed || !p->approved) {
        const char *code = !p ? "2002" : p->completed ? "2062" : "2060";
        snprintf(text, sizeof text, "{\"statusCode\":\"%s\",\"statusMessage\":\"No\"}", code);
        pthread_mutex_unlock(&b->lock);
        return peer_answer(fd, 200, text);
    }
    p->completed = true;
    atomic_fetch_add(&b->executed, 1);
    bkash_completed_text(p, fault, b->payments[0].trx, text, sizeof text);
    pthread_mutex_unlock(&b->lock);
    if (fault == BKASH_DROP_AFTER)
        return false;
    if (fault == BKASH_GARBAGE)
        return peer_answer(fd, 200, "<html>Something else</html>");
    if (fault == BKASH_HANG)
        bkash_hang(b);
    return peer_answer(fd, 200, text);
}

static inline bool bkash_query(struct bkash *b, int fd, const char *body)
{
    char text[1024], id[32];
    int fault = atomic_load(&b->query_fault);
    atomic_fetch_add(&b->queries, 1);
    if (fault == BKASH_ERROR_500)
        return peer_answer(fd, 500, "{\"message\":\"Internal server error\"}");
    bkash_field(body, "paymentID", id, sizeof id);
    pthread_mutex_lock(&b->lock);
    struct bkash_payment *p = bkash_find(b, id);
    if (!p) {
        snprintf(text, sizeof text, "{\"statusCode\":\"2002\",\"statusMessage\":\"No\"}");
    } else if (p->completed) {
        bkash_completed_text(p, fault, b->payments[0].trx, text, sizeof text);
    } else {
        snprintf(text, sizeof text,
            "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"paymentID\":\"%s\","
            "\"amount\":\"%s\",\"currency\":\"BDT\",\"transactionStatus\":\"Initiated\","
            "\"verificationStatus\":\"%s\",\"merchantInvoice\":\"%s\"}",
            p->id, p->amount, p->approved ? "Complete" : "Incomplete", p->invoice);
    }
    pthread_mutex_unlock(&b->lock);
    if (fault == BKASH_HANG)
        bkash_hang(b);
    return peer_answer(fd, 200, text);
}

/* Gives the refund's number. Without the wallet's knowledge of who asked: so may a person in the wallet's portal. */
static inline int bkash_refund_add(struct bkash *b, const char *of, const char *amount)
{
    pthread_mutex_lock(&b->lock);
    assert(b->refund_count < BKASH_REFUNDS_MAX);
    struct bkash_refund *r = &b->refunded[b->refund_count++];
    snprintf(r->of, sizeof r->of, "%s", of);
    snprintf(r->amount, sizeof r->amount, "%s", amount);
    int number = b->refund_count;
    snprintf(r->trx, sizeof r->trx, "REF%07d", number);
    pthread_mutex_unlock(&b->lock);
    return number;
}

static inline bool bkash_refund(struct bkash *b, int fd, const char *body)
{
    char text[1024], trx[16], amount[24];
    int fault = atomic_load(&b->refund_fault);
    atomic_fetch_add(&b->refunds, 1);
    if (fault == BKASH_DROP_BEFORE)
        return false;
    if (fault == BKASH_ERROR_500)
        return peer_answer(fd, 500, "{\"message\":\"Internal server error\"}");
    if (fault == BKASH_FORBIDDEN)
        return peer_answer(fd, 403, "{\"message\":\"Forbidden\"}");
    if (fault == BKASH_REFUSE)
        return peer_answer(fd, 400, "{\"externalCode\":\"2023\",\"errorMessageEn\":\"No\"}");
    bkash_field(body, "trxId", trx, sizeof trx);
    bkash_field(body, "refundAmount", amount, sizeof amount);
    int number = bkash_refund_add(b, trx, amount);
    snprintf(text, sizeof text,
        "{\"originalTrxId\":\"%s\",\"refundTrxId\":\"REF%07d\",\"refundTransactionStatus\":"
        "\"Completed\",\"refundAmount\":\"%s\",\"currency\":\"BDT\"}",
        trx, number, fault == BKASH_WRONG_AMOUNT ? "1.00" : amount);
    if (fault == BKASH_DROP_AFTER)
        return false;
    if (fault == BKASH_HANG)
        bkash_hang(b);
    return peer_answer(fd, 200, text);
}

static inline bool bkash_refund_list(struct bkash *b, int fd, const char *body)
{
    char text[8192], trx[16];
    size_t n;
    const char *comma = "";
    atomic_fetch_add(&b->refund_lists, 1);
    if (atomic_load(&b->refund_list_fault) == BKASH_ERROR_500)
        return peer_answer(fd, 500, "{\"message\":\"Internal server error\"}");
    bkash_field(body, "trxId", trx, sizeof trx);
    n = (size_t)snprintf(
        text, sizeof text, "{\"originalTrxId\":\"%s\",\"refundTransactions\":[", trx);
    pthread_mutex_lock(&b->lock);
    for (int i = 0; i < b->refund_count; i++) {
        const struct bkash_refund *r = &b->refunded[i];
        if (strcmp(r->of, trx) != 0)
            continue;
        n += (size_t)snprintf(text + n, sizeof text - n,
            "%s{\"refundTrxId\":\"%s\",\"refundTransactionStatus\":\"Completed\","
            "\"refundAmount\":\"%s\"}",
            comma, r->trx, r->amount);
        comma = ",";
    }
    pthread_mutex_unlock(&b->lock);
    snprintf(text + n, sizeof text - n, "]}");
    return peer_answer(fd, 200, text);
}

static inline bool bkash_serve(struct peer *peer, int fd, const struct peer_request *rq)
{
    struct bkash *b = peer->arg;
    if (strstr(rq->path, "/token/")) {
        bkash_grant(b, fd);
        return true;
    }
    if (strstr(rq->path, "/checkout/create"))
        return bkash_create(b, fd, rq->body);
    if (strstr(rq->path, "/checkout/execute"))
        return bkash_execute(b, fd, rq->body);
    if (strcmp(rq->path, "/v2/tokenized-checkout/refund/payment/transaction") == 0)
        return bkash_refund(b, fd, rq->body);
    if (strcmp(rq->path, "/v2/tokenized-checkout/refund/payment/status") == 0)
        return bkash_refund_list(b, fd, rq->body);
    if (strstr(rq->path, "/checkout/payment/status"))
        return bkash_query(b, fd, rq->body);
    return peer_answer(fd, 403, "{\"message\":\"Missing Authentication Token\"}");
}

static inline void bkash_start(struct bkash *b)
{
    memset(b, 0, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    b->peer = peer_start(bkash_serve, b);
}

static inline void bkash_stop(struct bkash *b)
{
    atomic_store(&b->hang, false);
    peer_stop(b->peer);
    pthread_mutex_destroy(&b->lock);
}

/* The payer authorises at the wallet's page. */
static inline void bkash_approve(struct bkash *b, const char *id)
{
    pthread_mutex_lock(&b->lock);
    struct bkash_payment *p = bkash_find(b, id);
    assert(p);
    p->approved = true;
    pthread_mutex_unlock(&b->lock);
}

#endif
