/* The chain of a number's balances. Messages come late and in any order, so one that does not follow waits until what lies
 * between was told. A forged one waits for ever, or for a person. */
#include "service/phone_private.h"

#include "base/log.h"

#define ROW_BYTES_MAX 65536
/* In one unit; the rest goes on with the next message. */
#define ROUNDS_MAX 16
#define LINKS_MAX 256

/* The chain, as far as one reading of what waits brings it. */
struct links {
    struct money balance;
    int64_t at_ms;
    struct link {
        int64_t sms_id;
        bool held; /* its TrxID was told for another number: it is linked, and stays held */
    } links[LINKS_MAX];
    int count;
};

static enum err waiting_look(void *arg, const struct sms_row *r)
{
    struct links *x = arg;
    struct sms s;
    bool held = str_is(r->state, "conflict") && str_eq(r->why, PHONE_WHY_UNLINKED);
    if (x->count == LINKS_MAX || (!str_is(r->state, "broken") && !held))
        return ERR_OK;
    sms_parse(r->sender, r->body, &s);
    if (sms_moves_balance(s.kind) && sms_chain_fits(&s, x->balance)) {
        x->links[x->count++] = (struct link){r->id, held};
        x->balance = s.balance;
        x->at_ms = s.at_ms;
    }
    return ERR_OK;
}

/* Its money, if it is a payer's, is free now, unless it waits for something else. */
static enum err message_free(struct tx *tx, int64_t sms_id)
{
    struct arena a;
    struct number_credit_row c;
    arena_init(&a, ROW_BYTES_MAX);
    enum err e = store_sms_set_state(tx, sms_id, STR("done"));
    bool now_free;
    enum err found = store_number_credit_of_sms(tx_db(tx), &a, sms_id, &c);
    if (e == ERR_OK && found == ERR_OK && c.state == NUMBER_CREDIT_REVIEW &&
        str_eq(c.reason, PHONE_REASON_CHAIN))
        e = phone_credit_free(tx, &c, &now_free);
    arena_clear(&a);
    return e != ERR_OK || found == ERR_NO_ROW ? e : found;
}

/* Most of what waits was told in its order, so that one reading links all of it. */
static enum err go_on(struct tx *tx, int64_t number_id, struct money balance, int64_t at)
{
    struct links x = {.balance = balance, .at_ms = at, .count = 1};
    for (int round = 0; round < ROUNDS_MAX && x.count > 0; round++) {
        x.count = 0;
        enum err e = store_sms_each_open(tx_db(tx), number_id, waiting_look, &x);
        for (int i = 0; i < x.count && e == ERR_OK; i++)
            e = x.links[i].held ? store_sms_set_why(tx, x.links[i].sms_id, PHONE_WHY_LINKED)
                                : message_free(tx, x.links[i].sms_id);
        if (e != ERR_OK)
            return e;
    }
    return store_number_set_balance(tx, number_id, x.balance, x.at_ms);
}

enum err phone_chain_go(struct tx *tx, int64_t number_id, const struct sms *s, bool *ret_follows)
{
    struct arena a;
    struct number_row n;
    arena_init(&a, ROW_BYTES_MAX);
    enum err e = store_number_get(tx_db(tx), &a, number_id, &n);
    arena_clear(&a);
    if (e != ERR_OK)
        return e;
    bool follows = n.balance_at == 0 || sms_chain_fits(s, n.balance);
    e = follows ? go_on(tx, number_id, s->balance, s->at_ms) : ERR_OK;
    if (e == ERR_OK)
        *ret_follows = follows;
    return e;
}

enum err phone_balance_set(struct tx *tx, int64_t number_id, struct money balance, int64_t at)
{
    return go_on(tx, number_id, balance, at);
}
