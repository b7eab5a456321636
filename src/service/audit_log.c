#include "service/audit_log.h"

#include "base/log.h"
#include "base/mem.h"

/* How the secrets begin that people are shown once: the last net below those who write events. */
static bool holds_secret(struct str s)
{
    static const char *const marks[] = {"whsec_", "PRIVATE KEY", "$argon2"};
    for (size_t i = 0; i < array_len(marks) && s.n; i++) {
        if (memmem(s.p, s.n, marks[i], strlen(marks[i]))) {
            return true;
        }
    }
    return false;
}

enum err audit_log_write(struct tx *tx, const struct audit_event *ev)
{
    struct audit_log_row row = {
        .person_id = ev->person_id,
        .actor = ev->actor,
        .merchant_id = ev->merchant_id,
        .action = str_from(ev->action),
        .target = ev->target,
        .before = ev->before,
        .after = ev->after,
        .client_ip = ev->client_ip,
    };
    if (holds_secret(ev->before) || holds_secret(ev->after)) {
        log_error("audit_event_with_secret", LOG_S("action", row.action));
        return ERR_INVALID;
    }
    enum err e = ERR_OK;
    if (row.merchant_id == 0 && ev->account_id) {
        e = store_audit_log_owner(tx_db(tx), ev->account_id, &row.merchant_id);
    }
    return e == ERR_OK ? store_audit_log_add(tx, &row) : e;
}
