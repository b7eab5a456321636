#include "service/payment_story.h"

#include "base/mem.h"

struct story_load {
    struct db *db;
    struct arena *arena;
    struct story *s;
    const struct outbox_row *note;
    bool full; /* the arena */
};

static struct str keep(struct story_load *x, struct str s)
{
    struct str kept = arena_copy(x->arena, s);
    x->full = x->full || (str_absent(kept) && !str_absent(s));
    return kept;
}

/* A list's place for one more; NULL: it is full. Lists grow by doubling, the old one stays in the arena. */
static void *list_add(struct story_load *x, void *list, int *n, size_t size)
{
    char **rows = list;
    if (*n >= STORY_ITEMS_MAX) {
        x->s->cut = true;
        return NULL;
    }
    if ((*n & (*n - 1)) == 0) {
        void *more = arena_alloc(x->arena, (*n ? 2 * (size_t)*n : 1) * size);
        if (!more) {
            x->full = true;
            return NULL;
        }
        if (*n)
            memcpy(more, *rows, (size_t)*n * size);
        *rows = more;
    }
    return *rows + (size_t)(*n)++ * size;
}

#define ADD(x, list, count) list_add(x, &(x)->s->list, &(x)->s->count, sizeof *(x)->s->list)

static struct story_item *item_add(struct story_load *x, int64_t at, enum story_kind kind)
{
    struct story_item *i = ADD(x, items, item_count);
    if (i)
        *i = (struct story_item){.at = at, .kind = kind};
    return i;
}

static enum err told(const struct story_load *x)
{
    return x->full ? ERR_LIMIT : ERR_OK;
}

static enum err attempt_see(void *arg, const struct attempt_row *r)
{
    struct story_load *x = arg;
    struct attempt_row *to = ADD(x, attempts, attempt_count);
    if (to) {
        *to = *r;
        to->callback_token = to->wallet_url = STR_ABSENT; /* who has them can act for the payer */
        to->invoice = keep(x, r->invoice);
        to->currency = keep(x, r->currency);
        to->wallet_ref = keep(x, r->wallet_ref);
        to->trx_id = keep(x, r->trx_id);
        to->payer_mask = keep(x, r->payer_mask);
        to->reason = keep(x, r->reason);
    }
    return told(x);
}

static enum err refund_see(void *arg, const struct refund_row *r)
{
    struct story_load *x = arg;
    struct refund_row *to = ADD(x, refunds, refund_count);
    if (to) {
        *to = *r;
        to->known = STR_ABSENT;
        to->wallet_ref = keep(x, r->wallet_ref);
        to->trx_id = keep(x, r->trx_id);
        to->payer_mask = keep(x, r->payer_mask);
        to->currency = keep(x, r->currency);
        to->refund_trx_id = keep(x, r->refund_trx_id);
        to->code = keep(x, r->code);
        to->reason = keep(x, r->reason);
        to->actor = keep(x, r->actor);
    }
    return told(x);
}

static enum err credit_see(void *arg, const struct credit_row *r)
{
    struct story_load *x = arg;
    struct credit_row *to = ADD(x, credits, credit_count);
    if (to) {
        *to = *r;
        to->trx_id = keep(x, r->trx_id);
        to->currency = keep(x, r->currency);
        to->payer_mask = keep(x, r->payer_mask);
    }
    return told(x);
}

static enum err event_see(void *arg, const struct event_row *r)
{
    struct story_load *x = arg;
    struct story_item *i = item_add(x, r->at, STORY_EVENT);
    if (i) {
        i->event = *r;
        i->event.actor = keep(x, r->actor);
        i->event.event = keep(x, r->event);
        i->event.from_state = keep(x, r->from_state);
        i->event.to_state = keep(x, r->to_state);
        i->event.reason = keep(x, r->reason);
        i->event.detail = keep(x, r->detail);
    }
    return told(x);
}

static enum err line_see(void *arg, const struct statement_line *l)
{
    struct story_load *x = arg;
    struct story_item *i = item_add(x, l->at, STORY_LINE);
    if (i) {
        i->line = *l;
        i->line.kind = keep(x, l->kind);
        i->line.order_id = STR_ABSENT;
    }
    return told(x);
}

static enum err note_see(void *arg, const struct outbox_row *r)
{
    struct story_load *x = arg;
    struct outbox_row *to = ADD(x, notes, note_count);
    if (to) {
        *to = *r;
        to->webhook_id = keep(x, r->webhook_id);
        to->payment_status = keep(x, r->payment_status);
        to->state = keep(x, r->state);
        to->parked_reason = keep(x, r->parked_reason);
    }
    return told(x);
}

static enum err try_see(void *arg, const struct outbox_try_row *r)
{
    struct story_load *x = arg;
    struct story_item *i = item_add(x, r->at, STORY_TRY);
    if (i) {
        i->note = x->note;
        i->one_try = *r;
        i->one_try.url = keep(x, r->url);
        i->one_try.error = keep(x, r->error);
        i->one_try.reply = keep(x, r->reply);
    }
    return told(x);
}

static enum err notes_load(struct story_load *x, int64_t payment_id)
{
    enum err e = store_outbox_each(x->db, payment_id, STR_ABSENT, STORY_ITEMS_MAX, note_see, x);
    struct story *s = x->s;
    for (int i = 0; i < s->note_count / 2; i++) {
        struct outbox_row swap = s->notes[i];
        s->notes[i] = s->notes[s->note_count - 1 - i];
        s->notes[s->note_count - 1 - i] = swap;
    }
    for (int i = 0; i < s->note_count && e == ERR_OK; i++) {
        struct story_item *item = item_add(x, s->notes[i].created_at, STORY_NOTE);
        x->note = &s->notes[i];
        if (item)
            item->note = x->note;
        e = s->notes[i].tries ? store_outbox_try_each(x->db, s->notes[i].id, try_see, x) : ERR_OK;
    }
    return e == ERR_OK ? told(x) : e;
}

/* What happens in one transaction has one time: the request, what changed, the ledger, the notification. */
static bool comes_before(const struct story_item *x, const struct story_item *y)
{
    return x->at != y->at ? x->at < y->at : x->kind < y->kind;
}

/* Each kind was read in its order, which stays. */
static void items_sort(struct story *s)
{
    for (int i = 1; i < s->item_count; i++)
        for (int k = i; k > 0 && comes_before(&s->items[k], &s->items[k - 1]); k--) {
            struct story_item swap = s->items[k - 1];
            s->items[k - 1] = s->items[k];
            s->items[k] = swap;
        }
}

static enum err lists_load(struct story_load *x, const struct payment_row *p)
{
    enum err e = store_attempt_each(x->db, p->id, attempt_see, x);
    e = e == ERR_OK ? store_refund_each(x->db, p->id, false, refund_see, x) : e;
    e = e == ERR_OK ? store_credit_each(x->db, p->id, false, credit_see, x) : e;
    e = e == ERR_OK ? store_event_each(x->db, p->id, event_see, x) : e;
    e = e == ERR_OK ? store_statement_of(x->db, p->id, line_see, x) : e;
    return e == ERR_OK ? notes_load(x, p->id) : e;
}

enum err payment_story(
    struct db *db, struct arena *a, const struct payment_row *p, struct story *ret)
{
    struct story_load x = {.db = db, .arena = a, .s = ret};
    *ret = (struct story){.cut = false};
    item_add(&x, p->created_at, STORY_CREATED);
    enum err e = store_read_begin(db);
    if (e != ERR_OK)
        return e;
    e = lists_load(&x, p);
    store_read_end(db);
    if (e == ERR_OK)
        items_sort(ret);
    return e;
}
