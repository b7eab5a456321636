/* Matching a text against a form's patterns. Private to core/sms*.c. */
#ifndef KASSA_CORE_SMS_SCAN_H
#define KASSA_CORE_SMS_SCAN_H

#include "core/sms.h"

/* One known text. The patterns are written as the text is, with
 *   {field}   a value: amount, fee, comm, balance, number, trxid, when (02/07/2026 15:00), when12 (08-JUN-26 06:21:43 am),
 *             code (digits)
 *   [words]   words that may be missing
 *   a blank   blanks or line ends; it may be missing behind a full stop or a colon
 * All else is itself. A full stop more at the end of the text is always allowed. */
struct sms_form {
    const char *name;
    enum wallet_kind wallet;
    enum sms_kind kind;
    const char *head; /* from the text's first character */
    /* What people wrote, in the middle: one {ref}, which may be missing with its words, or one {name}. It reaches to the
     * last place from where on `tail` fits to the end. NULL: nothing is between head and tail. */
    const char *middle;
    const char *no_ref; /* how the wallet prints that there is no reference */
    const char *
        tail; /* up to the text's last character; begins with a letter. NULL (IGNORED only): whatever */
};

/* NULL behind the last. */
const struct sms_form *sms_form_at(size_t i);

/* A place in the body, and what was read up to there. */
struct sms_scan {
    struct str body;
    size_t at;
    enum sms_why why; /* what is wrong at `at`, when something is */
    struct sms *out;  /* its wallet is set */
};

/* Each moves `at` behind what fits, or answers false with `why` set and `at` where it broke. */
bool scan_pattern(struct sms_scan *x, struct str pattern);
/* The blanks between two parts of a form, by the rule above. */
bool scan_gap(struct sms_scan *x);
bool scan_blanks(struct sms_scan *x); /* false when there are none; `why` stays */

/* The value of a field; `next` is the pattern behind it. */
bool scan_field(struct sms_scan *x, struct str name, struct str next);

/* Where a blank stands, its length in bytes; else 0. */
size_t scan_blank_at(struct str s, size_t i);

#endif
