/* The chain of administrative changes, and each merchant's own. */
#include "app/audit/parts.h"

#include "store/store_audit_log.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct chain {
    struct audit *audit;
    int64_t merchant_id, number; /* of the last link */
    char head[AUDIT_HASH_LEN + 1];
};

static void chain_begin(struct chain *x, int64_t merchant_id)
{
    x->merchant_id = merchant_id;
    x->number = 0;
    memset(x->head, '0', AUDIT_HASH_LEN);
    x->head[AUDIT_HASH_LEN] = '\0';
}

static void head_set(char head[AUDIT_HASH_LEN + 1], struct str hash)
{
    snprintf(head, AUDIT_HASH_LEN + 1, "%.*s", STR_FMT(hash));
}

static enum err link_check(void *arg, const struct audit_log_row *r)
{
    struct chain *x = arg;
    char hash[AUDIT_HASH_LEN + 1];
    x->audit->r.changes++;
    if (r->id != x->number + 1) {
        audit_tell(x->audit, "audit-chain", "change", x->number + 1,
            "it is missing; the next is %" PRId64, r->id);
    }
    store_audit_log_hash(r, hash);
    if (!str_is(r->hash, hash)) {
        audit_tell(
            x->audit, "audit-chain", "change", r->id, "it was altered: its hash does not fit");
    }
    if (!str_is(r->prev_hash, x->head)) {
        audit_tell(x->audit, "audit-chain", "change", r->id, "it does not follow the one before");
    }
    x->number = r->id;
    head_set(x->head, r->hash);
    return ERR_OK;
}

/* What a merchant exports: the same rows, by his own numbers. */
static enum err own_link_check(void *arg, const struct audit_log_row *r)
{
    struct chain *x = arg;
    char hash[AUDIT_HASH_LEN + 1];
    if (r->merchant_id != x->merchant_id) {
        chain_begin(x, r->merchant_id);
    }
    if (r->merchant_number != x->number + 1) {
        audit_tell(x->audit, "merchant-chain", "change", r->id,
            "of merchant %" PRId64 " it is number %" PRId64 ", and %" PRId64 " is missing",
            r->merchant_id, r->merchant_number, x->number + 1);
    }
    store_audit_log_merchant_hash(r, hash);
    if (!str_is(r->merchant_hash, hash)) {
        audit_tell(x->audit, "merchant-chain", "change", r->id,
            "it was altered: its hash in the chain of merchant %" PRId64 " does not fit",
            r->merchant_id);
    }
    if (!str_is(r->merchant_prev_hash, x->head)) {
        audit_tell(x->audit, "merchant-chain", "change", r->id,
            "it does not follow the one before in the chain of merchant %" PRId64, r->merchant_id);
    }
    x->number = r->merchant_number;
    head_set(x->head, r->merchant_hash);
    return ERR_OK;
}

enum err audit_changes(struct audit *a)
{
    struct chain all = {.audit = a}, own = {.audit = a};
    chain_begin(&all, 0);
    enum err e = store_audit_log_each(a->db, 0, link_check, &all);
    snprintf(a->r.chain_head, sizeof a->r.chain_head, "%s", all.head);
    return e == ERR_OK ? store_audit_log_each_owned(a->db, own_link_check, &own) : e;
}
