#include "app/audit/parts.h"

#include "store/store_audit.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum err link_check(void *arg, const struct audit_row *r)
{
    struct audit *a = arg;
    struct audit_result *seen = &a->r;
    char hash[65];
    seen->changes++;
    if (r->id != seen->changes) {
        audit_tell(a, "audit-chain", "change", seen->changes, "it is missing; the next is %" PRId64,
            r->id);
        seen->changes = r->id;
    }
    store_audit_hash(r, hash);
    if (!str_is(r->hash, hash)) {
        audit_tell(a, "audit-chain", "change", r->id, "it was altered: its hash does not fit");
    }
    if (!str_is(r->prev_hash, seen->chain_head)) {
        audit_tell(a, "audit-chain", "change", r->id, "it does not follow the one before");
    }
    snprintf(seen->chain_head, sizeof seen->chain_head, "%.*s", STR_FMT(r->hash));
    return ERR_OK;
}

enum err audit_changes(struct audit *a)
{
    memset(a->r.chain_head, '0', sizeof a->r.chain_head - 1);
    return store_audit_each(a->db, 0, link_check, a);
}
