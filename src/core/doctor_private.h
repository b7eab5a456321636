/* What the doctor's files share. */
#ifndef KASSA_CORE_DOCTOR_PRIVATE_H
#define KASSA_CORE_DOCTOR_PRIVATE_H

#include "base/json.h"
#include "core/doctor.h"

struct doctor {
    struct arena *arena;
    const struct doctor_input *in;
    struct doctor_report *r;
    struct rsa_look look;
    uint8_t sig[RSA_SIG_MAX];
    size_t sig_n;
    size_t tried;    /* bytes of candidates so far */
    struct buf text; /* of candidates */
    struct buf more;
};

void doctor_tell(struct doctor *d, enum doctor_code code, struct str detail);

/* doctor_sign.c: Sign's text into bytes, by force; false: there are none. Tells what was wrong with it. */
bool doctor_sign_read(struct doctor *d);

/* doctor_body.c: finds and tells what was signed. */
void doctor_body_hunt(struct doctor *d);
/* Is that what was signed? No more, once so much was tried that a thread should do something else. */
bool doctor_is(struct doctor *d, struct str candidate);
bool doctor_tired(const struct doctor *d);
/* The same; then it is told and kept. */
bool doctor_try(struct doctor *d, enum doctor_code code, struct str candidate, const char *detail);

/* doctor_json.c: the same JSON in the ways in which programs write it; the fields as a form, joined. */
bool doctor_json_hunt(struct doctor *d);

#endif
