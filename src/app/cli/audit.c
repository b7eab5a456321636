#include "app/audit/audit.h"

#include "app/cli/cli.h"
#include <inttypes.h>

static void out_fault(void *arg, const struct audit_fault *f)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kcstr(&c->w, "check", f->check);
    json_w_kcstr(&c->w, "object", f->object);
    json_w_kint(&c->w, "id", f->id);
    json_w_kcstr(&c->w, "fault", f->text);
    cli_out_close(c);
}

static void out_result(struct cli *c, const struct audit_result *r)
{
    json_w_kint(&c->w, "payments", r->payments);
    json_w_kint(&c->w, "credits", r->credits);
    json_w_kint(&c->w, "refunds", r->refunds);
    json_w_kint(&c->w, "ledger_entries", r->entries);
    json_w_kint(&c->w, "postings", r->postings);
    json_w_kint(&c->w, "notifications", r->notifications);
    json_w_kint(&c->w, "changes", r->changes);
    json_w_kcstr(&c->w, "chain_head", r->chain_head);
    json_w_kint(&c->w, "fault_count", r->faults);
    json_w_kcstr(&c->w, "verdict", r->faults ? "wrong" : "right");
    json_w_kbool(&c->w, "ok", r->faults == 0);
    if (r->faults) {
        cli_note(c, "\nThe books are WRONG: %" PRId64 " fault%s, above.", r->faults,
            r->faults == 1 ? "" : "s");
    } else {
        cli_note(c, "\nThe books are right.");
    }
}

int cli_audit(struct cli *c)
{
    struct audit_options o = {.db = c->db,
        .links = c->service.links,
        .window = AUDIT_WINDOW,
        .fault = out_fault,
        .arg = c};
    struct audit_result r = {.faults = 0};
    enum err e = store_read_all_begin(o.db);
    cli_out_list(c, "faults");
    if (e == ERR_OK) {
        e = audit_books(&o, &r);
        store_read_end(o.db);
    }
    cli_out_close(c);
    if (e == ERR_OK) {
        out_result(c, &r);
    } else {
        json_w_kcstr(&c->w, "verdict", "unknown");
        json_w_kbool(&c->w, "ok", false);
        cli_fail_err("the store can't be read to its end", e);
    }
    return e == ERR_OK && r.faults == 0 ? CLI_OK : CLI_FAILED;
}

const struct cli_command cli_audit_commands[] = {
    {.noun = "audit",
        .need = CLI_NEEDS_STORE,
        .run = cli_audit,
        .help = "adds up the books again from the rows and says whether they are right",
        .more =
            "Ends with 1 when they are not, and names what and where. The chain of administrative\n"
            "changes is checked too; note its head elsewhere: later it must still be part of the "
            "chain."},
    {.noun = NULL},
};
