#include "calls.h"
#include "base/clock.h"
#include "base/mem.h"
#include <stdlib.h>

void calls_init(struct calls *c)
{
    *c = (struct calls){.rows = mem_array(CALLS_MAX, sizeof(*c->rows))};
}

void calls_clear(struct calls *c)
{
    mem_free(c->rows);
}

void calls_reset(struct calls *c)
{
    calls_clear(c);
    calls_init(c);
}

static void text_set(char out[CALL_TEXT_MAX], struct str s)
{
    size_t n = s.n < CALL_TEXT_MAX - 1 ? s.n : CALL_TEXT_MAX - 1;
    /* Never half a character. */
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

int64_t calls_begin(
    struct calls *c, enum op op, int64_t at_ms, struct str payment_id, struct str invoice)
{
    int64_t seq = ++c->last;
    struct call_row *r = &c->rows[seq % CALLS_MAX];
    *r = (struct call_row){.seq = seq, .at_ms = at_ms, .op = op};
    text_set(r->payment_id, payment_id);
    text_set(r->invoice, invoice);
    c->totals[op]++;
    return seq;
}

struct call_row *calls_get(struct calls *c, int64_t seq)
{
    struct call_row *r = &c->rows[seq % CALLS_MAX];
    return r->seq == seq ? r : NULL;
}

static bool fits(const struct call_row *r, const struct calls_filter *f)
{
    return r->seq > 0 && (!f->has_op || r->op == f->op) &&
           (str_absent(f->payment_id) || str_is(f->payment_id, r->payment_id)) &&
           (str_absent(f->invoice) || str_is(f->invoice, r->invoice));
}

static void row_write(const struct call_row *r, struct json_writer *w)
{
    char at[25];
    utc_time_format(r->at_ms, at);
    json_w_open(w, '{');
    json_w_kint(w, "seq", r->seq);
    json_w_kcstr(w, "at", at);
    json_w_kcstr(w, "op", op_name(r->op));
    json_w_kcstr(w, "payment_id", r->payment_id);
    json_w_kcstr(w, "invoice", r->invoice);
    json_w_kcstr(w, "fault", fault_name(r->fault));
    json_w_kint(w, "status", r->status);
    json_w_kcstr(w, "code", r->code);
    json_w_kbool(w, "ended", r->ended);
    json_w_close(w);
}

/* What a call is counted under. */
static const char *counted_as(const struct call_row *r)
{
    return r->op == OP_CREATE || r->op == OP_NAGAD_INITIALIZE ? r->invoice : r->payment_id;
}

static int compare(const void *a, const void *b)
{
    const struct call_row *x = *(struct call_row *const *)a, *y = *(struct call_row *const *)b;
    if (x->op != y->op)
        return x->op < y->op ? -1 : 1;
    return strcmp(counted_as(x), counted_as(y));
}

static void counters_write(struct call_row **rows, int n, struct json_writer *w)
{
    qsort(rows, (size_t)n, sizeof(struct call_row *), compare);
    json_w_open(w, '{');
    for (int i = 0; i < n;) {
        enum op op = rows[i]->op;
        json_w_key(w, op_name(op));
        json_w_open(w, '{');
        while (i < n && rows[i]->op == op) {
            int from = i;
            while (i < n && compare(&rows[i], &rows[from]) == 0)
                i++;
            json_w_kint(w, counted_as(rows[from]), i - from);
        }
        json_w_close(w);
    }
    json_w_close(w);
}

void calls_write(struct calls *c, const struct calls_filter *f, struct json_writer *w)
{
    struct call_row **rows = mem_array(CALLS_MAX, sizeof(struct call_row *));
    int n = 0;
    int64_t from = c->last > CALLS_MAX ? c->last - CALLS_MAX + 1 : 1;
    for (int64_t seq = from; seq <= c->last; seq++) {
        struct call_row *r = &c->rows[seq % CALLS_MAX];
        if (fits(r, f))
            rows[n++] = r;
    }
    json_w_open(w, '{');
    json_w_key(w, "calls");
    json_w_open(w, '[');
    for (int i = n > f->limit ? n - (int)f->limit : 0; i < n; i++)
        row_write(rows[i], w);
    json_w_close(w);
    json_w_key(w, "counters");
    counters_write(rows, n, w);
    json_w_key(w, "totals");
    json_w_open(w, '{');
    for (int i = 0; i < OP_COUNT; i++)
        if (i < OP_REFUND || c->totals[i] > 0)
            json_w_kint(w, op_name((enum op)i), c->totals[i]);
    json_w_close(w);
    json_w_close(w);
    mem_free(rows);
}
