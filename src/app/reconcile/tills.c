/* Credentials and numbers, disabled ones too: money still comes in by them. */
#include "app/reconcile/parts.h"

#include "base/mem.h"
#include "store/store_notice.h"
#include "store/store_sms.h"
#include "store/store_wallet.h"
#include <stdlib.h>

static bool is_chosen(const struct reconcile_options *o, enum wallet_kind wallet, int64_t id)
{
    bool named = o->till_count == 0;
    for (size_t i = 0; i < o->till_count; i++) {
        named = named || o->till_ids[i] == id;
    }
    return named && (o->every_wallet || o->wallet == wallet);
}

static void till_add(struct reconcile *x, struct reconcile_till t, struct str name)
{
    if (x->till_count == x->till_room) {
        x->till_room = x->till_room ? x->till_room * 2 : 16;
        x->tills = mem_realloc(x->tills, x->till_room * sizeof *x->tills);
    }
    t.name = mem_strndup(name.p, name.n);
    t.chosen = is_chosen(x->o, t.wallet, t.id);
    x->tills[x->till_count++] = t;
}

static enum err credential_see(void *arg, const struct credential_row *r)
{
    till_add(arg, (struct reconcile_till){.id = r->id, .wallet = r->wallet}, r->name);
    return ERR_OK;
}

static enum err number_see(void *arg, const struct number_row *r)
{
    struct reconcile_till t = {.id = r->id, .wallet = r->wallet, .is_number = true};
    till_add(arg, t, r->number);
    return ERR_OK;
}

static enum err topic_see(void *arg, const struct topic_row *r)
{
    struct reconcile_till *t = reconcile_till(arg, r->credential_id);
    if (t && r->confirmed_at && (t->tells_from == 0 || r->confirmed_at < t->tells_from)) {
        t->tells_from = r->confirmed_at;
    }
    return ERR_OK;
}

static int by_id(const void *px, const void *py)
{
    const struct reconcile_till *x = px, *y = py;
    return (x->id > y->id) - (x->id < y->id);
}

struct reconcile_till *reconcile_till(const struct reconcile *x, int64_t id)
{
    struct reconcile_till key = {.id = id}, *t = NULL;
    if (x->till_count > 0) {
        t = bsearch(&key, x->tills, x->till_count, sizeof key, by_id);
    }
    return t && t->chosen ? t : NULL;
}

enum err reconcile_tills_read(struct reconcile *x)
{
    enum err e = store_credential_each(x->db, credential_see, x);
    if (e == ERR_OK) {
        e = store_number_each(x->db, number_see, x);
    }
    if (e == ERR_OK && x->till_count > 1) {
        qsort(x->tills, x->till_count, sizeof *x->tills, by_id);
    }
    return e == ERR_OK ? store_topic_each(x->db, topic_see, x) : e;
}
