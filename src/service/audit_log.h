/* What a person changes is told in the same transaction: whoever changes certificates, roles, endpoints, credentials, accounts or
 * money by hand writes one event for each change. The rows are a hash chain (store/store_audit_log.h, doc/audit-log.md). */
#ifndef KASSA_SERVICE_AUDIT_LOG_H
#define KASSA_SERVICE_AUDIT_LOG_H

#include "store/store_audit_log.h"

struct audit_event {
    int64_t person_id; /* who is signed in; 0: nobody, as at the command line */
    struct str actor;  /* how people call who did it: an e-mail, "cli:root", "kassad" */
    int64_t
        merchant_id; /* whom it concerns and who may read it; 0: the operator alone, or whose account_id is */
    int64_t account_id; /* 0: none */
    const char *action; /* "noun.verb" */
    struct str target;  /* "noun:ID" */
    /* JSON objects of what was and what is now. Never a secret, a box, a password, a token or a whole SMS. Absent: none. */
    struct str before, after;
    struct str client_ip; /* absent: not by the network */
};

/* In a unit, after the change. ERR_INVALID: what only a secret holds is in it, and the unit must not be kept. Errors of the store. */
enum err audit_log_write(struct tx *tx, const struct audit_event *ev) must_check;

#endif
