#include "app/cli/audit.h"

#include "base/mem.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void audit_fault(
    struct audit *a, const char *check, const char *object, int64_t id, const char *fmt, ...)
{
    char text[512];
    a->faults++;
    if (a->faults > AUDIT_FAULTS_MAX) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct cli *c = a->c;
    cli_out_item(c);
    json_w_kcstr(&c->w, "check", check);
    json_w_kcstr(&c->w, "object", object);
    json_w_kint(&c->w, "id", id);
    json_w_kcstr(&c->w, "fault", text);
    cli_out_close(c);
}

static enum err audit_all(struct audit *a)
{
    enum err (*const parts[])(struct audit *) = {audit_postings_load, audit_books_load,
        audit_credits, audit_attempts, audit_notifications, audit_ledger, audit_days, audit_chain};
    for (size_t i = 0; i < array_len(parts); i++) {
        enum err e = parts[i](a);
        if (e != ERR_OK) {
            return e;
        }
    }
    audit_payments(a);
    return ERR_OK;
}

static void out_counts(struct audit *a)
{
    struct cli *c = a->c;
    json_w_kint(&c->w, "payments", (int64_t)a->book_count);
    json_w_kint(&c->w, "credits", a->credits);
    json_w_kint(&c->w, "ledger_entries", a->entries);
    json_w_kint(&c->w, "postings", (int64_t)a->posting_count);
    json_w_kint(&c->w, "notifications", a->notifications);
    json_w_kint(&c->w, "changes", a->changes);
    json_w_kcstr(&c->w, "chain_head", a->chain_head[0] ? a->chain_head : NULL);
    json_w_kint(&c->w, "fault_count", a->faults);
    json_w_kcstr(&c->w, "verdict", a->faults ? "wrong" : "right");
    json_w_kbool(&c->w, "ok", a->faults == 0);
    if (a->faults) {
        cli_note(c, "\nThe books are WRONG: %" PRId64 " fault%s, above.", a->faults,
            a->faults == 1 ? "" : "s");
    } else {
        cli_note(c, "\nThe books are right.");
    }
}

static int audit_run(struct cli *c)
{
    struct audit a = {.c = c, .db = c->db};
    enum err e = store_read_begin(a.db);
    cli_out_list(c, "faults");
    if (e == ERR_OK) {
        e = audit_all(&a);
        store_read_end(a.db);
    }
    cli_out_close(c);
    if (e == ERR_OK) {
        out_counts(&a);
    } else {
        json_w_kcstr(&c->w, "verdict", "unknown");
        json_w_kbool(&c->w, "ok", false);
        cli_fail_err("the store can't be read to its end", e);
    }
    mem_free(a.postings);
    mem_free(a.books);
    mem_free(a.wanted);
    return e == ERR_OK && a.faults == 0 ? CLI_OK : CLI_FAILED;
}

const struct cli_command cli_audit_commands[] = {
    {.noun = "audit",
        .need = CLI_NEEDS_STORE,
        .run = audit_run,
        .help = "adds up the books again from the rows and says whether they are right",
        .more =
            "Ends with 1 when they are not, and names what and where. The chain of administrative\n"
            "changes is checked too; note its head elsewhere: later it must still be part of the "
            "chain."},
    {.noun = NULL},
};
