/* MerchantHandler. Its answers are lines "KEY: value". */
#include "base/mem.h"
#include "base/text.h"
#include "rocket.h"
#include <stdio.h>

struct command {
    struct sim *sim;
    struct request *rq;
    struct rocket_fault fault;
    struct buf out;
};

/* A field of the form; empty when it is not there. */
static struct str field(struct request *rq, const char *name)
{
    struct buf b;
    struct str value = STR("");
    buf_init(&b, 4096);
    if (form_get(rq->body, str_from(name), &b) == ERR_OK && buf_ok(&b))
        value = arena_copy(&rq->arena, buf_view(&b));
    buf_clear(&b);
    return value;
}

static bool fault_is(const struct command *c, const char *kind)
{
    return strcmp(c->fault.kind, kind) == 0;
}

static void refuse(struct command *c, const char *text)
{
    buf_reset(&c->out);
    buf_printf(&c->out, "error: %s\n", text);
}

/* ---- v ---- */

static const char *begin_judge(struct request *rq, int64_t *ret_amount)
{
    if (int64_parse(field(rq, "amount"), ret_amount) != ERR_OK || *ret_amount <= 0 ||
        *ret_amount > MONEY_API_MAX_POISHA)
        return "wrong amount";
    if (!str_is(field(rq, "currency"), "050"))
        return "wrong currency";
    if (field(rq, "client_ip_addr").n == 0 || field(rq, "client_ip_addr").n > 15)
        return "wrong client_ip_addr";
    if (!str_is(field(rq, "msg_type"), "SMS") || field(rq, "language").n == 0)
        return "wrong msg_type or language";
    return str_starts(field(rq, "description"), STR("6^")) ? NULL : "wrong card type";
}

static void begin_run(struct command *c)
{
    int64_t amount = 0;
    struct str invoice = field(c->rq, "mrch_transaction_id");
    const char *why = begin_judge(c->rq, &amount);
    if (why) {
        refuse(c, why);
        return;
    }
    struct rocket_pay *p = rocket_add(c->sim);
    p->amount = money_poisha(amount);
    snprintf(p->invoice, sizeof p->invoice, "%.*s", STR_FMT(invoice));
    buf_printf(&c->out, "TRANSACTION_ID: %s\nMRCH_TRANSACTION_ID: %s\n",
        fault_is(c, "trans_id") ? c->fault.value : p->trans_id, p->invoice);
}

/* ---- c ---- */

static const char *result_word(const struct command *c, const struct rocket_pay *p)
{
    if (fault_is(c, "result"))
        return c->fault.value;
    return p->state == ROCKET_CANCELLED ? "FAILED" : rocket_state_text(p->state);
}

static const char *result_ps(const struct rocket_pay *p)
{
    return p->state == ROCKET_CREATED     ? "ACTIVE"
           : p->state == ROCKET_CANCELLED ? "CANCELLED"
                                          : "FINISHED";
}

static void end_write(struct command *c, const struct rocket_pay *p)
{
    struct buf amount;
    buf_init(&amount, 64);
    buf_int(&amount, p->amount.poisha);
    buf_printf(&c->out, "RESULT: %s\nRESULT_PS: %s\n", result_word(c, p), result_ps(p));
    if (p->code[0])
        buf_printf(&c->out, "RESULT_CODE: %s\n", p->code);
    if (p->rrn[0])
        buf_printf(&c->out,
            "3DSECURE: ATTEMPTED\nRRN: %s\nAPPROVAL_CODE: 180180\nCARD_NUMBER: "
            "1**************7701\nAMOUNT: %s\n"
            "CARDNAME: ROCKET\n",
            fault_is(c, "rrn") ? c->fault.value : p->rrn,
            fault_is(c, "amount") ? c->fault.value : buf_view(&amount).p);
    buf_printf(
        &c->out, "MRCH_TRANSACTION_ID: %s\n", fault_is(c, "invoice") ? c->fault.value : p->invoice);
    buf_clear(&amount);
}

/* ---- r, b ---- */

static void reverse_run(struct command *c, struct rocket_pay *p)
{
    struct str asked = field(c->rq, "amount");
    int64_t amount = 0;
    p->reversals++;
    if (p->state == ROCKET_REVERSED) {
        buf_cstr(&c->out, "RESULT: REVERSED\nRESULT_CODE: 914\n");
        return;
    }
    if (p->state != ROCKET_OK || fault_is(c, "refuse")) {
        buf_cstr(&c->out, "RESULT: FAILED\nRESULT_CODE: 914\n");
        return;
    }
    if (int64_parse(asked, &amount) != ERR_OK || amount != p->amount.poisha) {
        refuse(c, "wrong amount");
        return;
    }
    p->state = ROCKET_REVERSED;
    snprintf(p->code, sizeof p->code, "400");
    buf_cstr(&c->out, "RESULT: OK\nRESULT_CODE: 400\n");
}

static void close_run(struct command *c)
{
    struct rocket *r = c->sim->rocket;
    int64_t count = 0, sum = 0;
    r->closes++;
    for (size_t i = 0; i < r->n; i++) {
        if (r->pays[i].state != ROCKET_OK)
            continue;
        count++;
        sum += r->pays[i].amount.poisha;
    }
    if (count == 0) {
        refuse(c, "nothing to close");
        return;
    }
    buf_cstr(&c->out, "RESULT: OK\nRESULT_CODE: 500\nFLD_075: ");
    buf_int(&c->out, count);
    buf_cstr(&c->out, "\nFLD_087: ");
    buf_int(&c->out, sum);
    buf_char(&c->out, '\n');
}

static void command_run(struct command *c, char command, struct rocket_pay *p)
{
    if (command == 'v')
        begin_run(c);
    else if (command == 'b')
        close_run(c);
    else if (!p)
        refuse(c, "no such transaction");
    else if (command == 'r')
        reverse_run(c, p);
    else {
        p->asked++;
        end_write(c, p);
    }
}

static struct reply *answer(struct command *c)
{
    if (fault_is(c, "drop_after_commit"))
        return reply_drop();
    if (fault_is(c, "status_500"))
        return reply_bytes(500, "text/html", STR("<html>Internal Server Error</html>"));
    if (fault_is(c, "html"))
        return reply_bytes(200, "text/html", STR("<html>RESULT: OK</html>"));
    return reply_bytes(200, "text/plain", fault_is(c, "empty") ? STR("") : buf_view(&c->out));
}

struct reply *rocket_command(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct str word = field(rq, "command");
    char command = word.n == 1 ? word.p[0] : 0;
    if (!s->rocket)
        return sim_error(rq, ERR_NOT_FOUND);
    if (!request_peer_is_known(rq))
        return reply_bytes(
            400, "text/html", STR("<html>400 No required SSL certificate was sent</html>"));
    if (!command || !strchr("vcrb", command))
        return reply_bytes(200, "text/plain", STR("error: wrong command\n"));
    struct command c = {.sim = s, .rq = rq};
    buf_init(&c.out, 8192);
    pthread_mutex_lock(&s->lock);
    struct rocket_pay *p =
        command == 'c' || command == 'r' ? rocket_find(s, field(rq, "trans_id")) : NULL;
    c.fault = rocket_fault_take(
        s->rocket, command, p ? str_from(p->invoice) : field(rq, "mrch_transaction_id"));
    bool drop = fault_is(&c, "drop_before");
    if (!drop)
        command_run(&c, command, p);
    pthread_mutex_unlock(&s->lock);
    struct reply *r = drop ? reply_drop() : answer(&c);
    buf_clear(&c.out);
    return r;
}
