#include "store/pg_plan.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/pg_array.h"
#include "store/pg_value.h"
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

static enum err plan_prepare(struct pg_plans *plans, struct pg_link *link, struct pg_plan *p)
{
    snprintf(p->name, sizeof p->name, "q%d", ++plans->count);
    PGresult *res = pg_link_result(
        link, PQsendPrepare(link->c, p->name, p->text, p->params, p->param_types) == 1);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        return pg_link_fault(link, res, p->text);
    PQclear(res);
    res = pg_link_result(link, PQsendDescribePrepared(link->c, p->name) == 1);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        return pg_link_fault(link, res, p->text);
    PQclear(p->shape);
    p->shape = res;
    p->params = PQnparams(res);
    p->columns = PQnfields(res);
    ensure(p->params <= PG_PARAMS_MAX, "a statement has more placeholders than fit");
    p->epoch = link->epoch;
    return ERR_OK;
}

/* The server guesses a placeholder's type by what stands beside it, and 0 is an int4. True: it has guessed right. */
static bool types_fit(struct pg_plan *p)
{
    bool fit = true;
    for (int i = 0; i < p->params; i++) {
        Oid guess = PQparamtype(p->shape, i);
        bool number = guess == PG_INT4 || guess == PG_INT2 || guess == PG_NUMERIC;
        bool kept = guess == PG_BYTEA || guess == PG_INT8 || pg_array_element(guess) != 0;
        p->param_types[i] = kept ? guess : number ? PG_INT8 : PG_TEXT;
        fit = fit && p->param_types[i] == guess;
    }
    return fit;
}

enum err pg_plan_make(struct pg_plans *plans, struct pg_link *link, struct pg_plan *p)
{
    if (p->epoch == link->epoch)
        return ERR_OK;
    enum err e = plan_prepare(plans, link, p);
    if (e == ERR_OK && !types_fit(p))
        e = plan_prepare(plans, link, p);
    return e;
}

struct pg_plan *pg_plan_find(struct pg_plans *plans, const char *text)
{
    for (struct pg_plan *p = plans->first; p; p = p->next)
        if (strcmp(p->text, text) == 0)
            return p;
    struct pg_plan *p = mem_alloc(sizeof *p);
    p->text = mem_strdup(text);
    p->next = plans->first;
    plans->first = p;
    return p;
}

void pg_plans_free(struct pg_plans *plans)
{
    while (plans->first) {
        struct pg_plan *p = plans->first;
        plans->first = p->next;
        PQclear(p->shape);
        mem_free(p->text);
        mem_free(p);
    }
}
