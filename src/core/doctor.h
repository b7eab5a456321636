/* The signature doctor: tells why a request is refused, with what the merchant may know of himself: his certificates and the request. A
 * signature shows whose key made it, with which digest, and the digest itself; what was signed is found by trying what programs are
 * known to do. Pure; for threads that may compute for some ten milliseconds. */
#ifndef KASSA_CORE_DOCTOR_H
#define KASSA_CORE_DOCTOR_H

#include "base/arena.h"
#include "base/crypto_look.h"

enum doctor_code {
#define D(name, text) DOCTOR_##name,
#include "core/doctor.def"
#undef D
    DOCTOR_CODE_COUNT
};
const char *doctor_code_name(enum doctor_code c);
const char *doctor_code_text(enum doctor_code c);

/* A certificate of any of the merchant's accounts, of any purpose, revoked ones too. */
struct doctor_key {
    int64_t cert_id, account_id;
    struct str account_uuid;
    struct str purpose; /* "payments", "payouts", "notifications" */
    struct str fingerprint, public_der;
    int64_t not_before, not_after; /* not_after 0: no end */
    int64_t revoked_at;            /* 0: not */
};

struct doctor_account {
    int64_t id;
    struct str uuid; /* lower case */
    bool enabled;
};

struct doctor_input {
    struct str account, sign; /* headers; absent: not sent */
    struct str path;          /* absent: not known */
    struct str content_type, content_encoding;
    struct str body;
    int64_t now;                           /* when the request came */
    const struct doctor_account *accounts; /* all of the merchant's */
    int account_count;
    int64_t account_id; /* whose request it is, where Account does not tell */
    const struct doctor_key *keys;
    int key_count;
};

#define DOCTOR_FINDINGS_MAX 12
struct doctor_finding {
    enum doctor_code code;
    struct str detail; /* what exactly, as found; absent: the code says it all */
};

struct doctor_report {
    struct doctor_finding findings
        [DOCTOR_FINDINGS_MAX]; /* the first is what to mend first; none: it is rightly signed */
    int count;
    const struct doctor_key *key; /* who made it; NULL: not known */
    enum rsa_form form;
    enum hash_kind hash;      /* with a form other than NONE and BARE */
    size_t signature_n;       /* bytes; 0: Sign was not readable */
    struct str signed_digest; /* hex, as the signature holds it; absent: it shows none */
    struct str body_digest;   /* of what came, by the same hash, else by SHA-256 */
    struct str signed_text; /* what was signed, if it was found and is not what came; absent else */
    size_t differs_at;      /* the first byte where that and the body differ */
};

/* Texts of the report live in the arena, which wants DOCTOR_ARENA_MAX. */
#define DOCTOR_BODY_MAX ((size_t)64 * 1024)
#define DOCTOR_ARENA_MAX ((size_t)8 << 20)
void doctor_look(struct arena *a, const struct doctor_input *in, struct doctor_report *ret);

#endif
