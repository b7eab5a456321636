/* Faults that tests arm: the next calls that fit are answered wrongly, late or not at all. Kept in memory only; the
 * caller serialises all calls (sim.lock). */
#ifndef KASSA_APP_SIM_FAULT_H
#define KASSA_APP_SIM_FAULT_H

#include "base/json.h"
#include <stdint.h>

#define FAULTS_MAX 200
#define FAULT_TEXT_MAX 256
#define FAULT_DELAY_MAX_MS 600000
#define FAULT_HUGE_MAX (8 * 1024 * 1024)

enum op {
    OP_GRANT,
    OP_REFRESH,
    OP_CREATE,
    OP_EXECUTE,
    OP_QUERY,
    OP_SEARCH,
    OP_REFUND,
    OP_REFUND_STATUS,
    OP_AGREEMENT_STATUS,
    OP_AGREEMENT_CANCEL,
    OP_NAGAD_INITIALIZE,
    OP_NAGAD_COMPLETE,
    OP_NAGAD_VERIFY,
    OP_NAGAD_CANCEL
};
#define OP_COUNT 14

bool op_is_nagad(enum op op);

const char *op_name(enum op op);
/* ERR_NO_ROW. */
enum err op_find(struct str name, enum op *ret) must_check;

enum fault_kind {
    FAULT_NONE,
    FAULT_DROP_BEFORE,       /* nothing is done, the connection is closed */
    FAULT_DROP_AFTER_COMMIT, /* all is done, the connection is closed */
    FAULT_DELAY,             /* done at once, answered `value` ms later */
    FAULT_DELAY_BEFORE,      /* done and answered `value` ms later */
    FAULT_STATUS_500,
    FAULT_STATUS, /* the right body under the HTTP status `value` */
    FAULT_HTML,
    FAULT_EMPTY,
    FAULT_HALF_JSON,
    FAULT_HUGE, /* `value` bytes (1 MiB) in front of the end of the right body */
    FAULT_SLOW, /* `value` bytes a second (1) */
    FAULT_CODE, /* HTTP 200 with the statusCode `value` */
    /* the right answer but for one field, which is `value` */
    FAULT_AMOUNT,
    FAULT_CURRENCY,
    FAULT_INVOICE,
    FAULT_PAYMENT_ID,
    FAULT_TRX_ID,
    FAULT_TRANSACTION_STATUS,
    FAULT_EXPIRED_TOKEN, /* the token is forgotten: 401, also for calls after this one */
    FAULT_UNAUTHORIZED,  /* 401 */
    /* Nagad's */
    FAULT_REASON,        /* HTTP 400 with the reason `value` */
    FAULT_BAD_SIGNATURE, /* the signature is over other bytes */
    FAULT_WRONG_KEY,     /* encrypted with a key that is not the merchant's */
    FAULT_BAD_PADDING,   /* random bytes as long as the key */
    FAULT_BAD_BASE64
};
#define FAULT_COUNT 26

const char *fault_name(enum fault_kind k);

struct fault {
    enum fault_kind kind;
    enum op op;
    bool commit; /* whether the call does its work all the same */
    char value[FAULT_TEXT_MAX];
    int64_t number; /* value as a number where the kind wants one */
    int64_t count;  /* calls still to be spoiled */
    char invoice[FAULT_TEXT_MAX], payment_id[FAULT_TEXT_MAX]; /* empty: any */
};

struct faults {
    struct fault list[FAULTS_MAX];
    int n;
};

/* From the control API's JSON. ERR_INVALID with a static text that names the member; ERR_LIMIT. */
enum err faults_arm(struct faults *f, const struct json *o, const char **ret_why) must_check;
void faults_clear(struct faults *f);
/* The first armed one that fits, counted down; kind FAULT_NONE: none. Absent texts fit no filter. */
struct fault faults_take(struct faults *f, enum op op, struct str payment_id, struct str invoice);
void faults_write(const struct faults *f, struct json_writer *w);

/* `value` if this fault spoils the field `kind`, else `right`. */
struct str fault_field(const struct fault *f, enum fault_kind kind, struct str right);

#endif
