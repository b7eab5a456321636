/* Rocket's side of the simulator: DBBL's ECOMM gateway as it is inferred from other banks' (see doc/wallets.md).
 *   rocket.c       the second listener with TLS, transactions, faults     rocket_command.c  MerchantHandler: v, c, r, b
 *   rocket_page.c  ClientHandler, the payer's page; the control API's part
 * What it knows lives in memory alone. */
#ifndef KASSA_APP_SIM_ROCKET_H
#define KASSA_APP_SIM_ROCKET_H

#include "sim.h"

#define ROCKET_PAYS_MAX 10000
#define ROCKET_FAULTS_MAX 32
/* Who has not paid by then has not paid. */
#define ROCKET_LIFE_MS (15 * 60 * INT64_C(1000))
#define ROCKET_TRANS_ID_LEN 28

enum rocket_state {
    ROCKET_CREATED,
    ROCKET_OK,
    ROCKET_FAILED,
    ROCKET_CANCELLED,
    ROCKET_TIMEOUT,
    ROCKET_REVERSED
};

struct rocket_pay {
    char trans_id[ROCKET_TRANS_ID_LEN + 1];
    char invoice[65];
    struct money amount;
    enum rocket_state state;
    char code[4]; /* RESULT_CODE */
    char rrn[13];
    int wrong_pins;
    int64_t created_ms;
    int64_t asked, reversals; /* commands c and r */
};

struct rocket_fault {
    char command; /* 'v', 'c', 'r', 'b' */
    char kind[32], value[128], invoice[65];
    int64_t count;
};

struct rocket {
    struct server *server;
    const char *return_url;
    /* under sim.lock: */
    struct rocket_pay *pays; /* the oldest first */
    size_t n;
    struct rocket_fault faults[ROCKET_FAULTS_MAX];
    int faults_n;
    int64_t closes; /* commands b that arrived */
};

/* Begins to listen. ERR_IO, ERR_CONFIG with a text in `why`. */
enum err rocket_open(struct sim *s, struct buf *why, struct rocket **ret) must_check;
void rocket_close(struct rocket *r);
/* With sim.lock, as all below. */
void rocket_reset(struct rocket *r);
/* NULL: unknown. Its time-out is applied. */
struct rocket_pay *rocket_find(struct sim *s, struct str trans_id);
/* The oldest makes room for it. */
struct rocket_pay *rocket_add(struct sim *s);
/* Kind "" when none is armed. */
struct rocket_fault rocket_fault_take(struct rocket *r, char command, struct str invoice);
const char *rocket_state_text(enum rocket_state s);

struct reply *rocket_command(struct request *rq);
struct reply *rocket_page_show(struct request *rq);
struct reply *rocket_page_act(struct request *rq);
struct reply *rocket_control_list(struct request *rq);
struct reply *rocket_control_act(struct request *rq);
struct reply *rocket_control_arm(struct request *rq);

#endif
