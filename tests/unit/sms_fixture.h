/* What the tests of SMS share. All numbers and ids are made up. Header only. */
#ifndef KASSA_TESTS_UNIT_SMS_FIXTURE_H
#define KASSA_TESTS_UNIT_SMS_FIXTURE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/sms.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define BKASH "bKash"
#define NAGAD "NAGAD"
#define ROCKET "16216"
#define BKASH_HEAD "You have received Tk 20.00 from 01711111111. "
#define BKASH_TAIL "Fee Tk 0.00. Balance Tk 140.13. TrxID DH38AAAAAA at 03/08/2026 22:18"
#define NAGAD_HEAD "Money Received.\nAmount: Tk 99.00\nSender: 01811111111\n"
#define NAGAD_TAIL "TxnID: 75HKAAAA\nBalance: Tk 1289.43\n08/06/2026 19:00"
#define ROCKET_TAIL "TxnId: 6022161111 Date:27-DEC-25 07:17:16 pm."

static inline struct sms parse(const char *sender, struct str body)
{
    struct sms s;
    sms_parse(str_from(sender), body, &s);
    return s;
}

struct refused {
    const char *sender;
    const char *body;
    enum sms_why why;
};

static inline void refused_all(const struct refused *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sms s = parse(cases[i].sender, str_from(cases[i].body));
        if (s.why != cases[i].why || sms_moves_balance(s.kind) || s.form || s.amount.poisha)
            fail_msg("%s: %s: %s, %s", cases[i].sender, cases[i].body, sms_kind_text(s.kind),
                sms_why_text(s.why));
    }
}

/* The body with this reference, or what replaces it; parsed. */
static inline struct sms with_ref(struct buf *b, const char *sender, const char *ref)
{
    buf_reset(b);
    if (strcmp(sender, BKASH) == 0) {
        buf_printf(b, BKASH_HEAD "Ref %s. " BKASH_TAIL, ref);
    } else if (strcmp(sender, NAGAD) == 0) {
        buf_printf(b, NAGAD_HEAD "Ref: %s\n" NAGAD_TAIL, ref);
    } else {
        buf_printf(b,
            "Tk.20.00 received from A/C:***946 Ref No: %s Fee: Tk.00 NetBal: Tk41.00 " ROCKET_TAIL,
            ref);
    }
    assert_true(buf_ok(b));
    return parse(sender, buf_view(b));
}

#endif
