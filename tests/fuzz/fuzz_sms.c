/* SMS as phones report them: the first line is the sender, the rest the text. */
#include "core/sms.h"
#include "fuzz.h"

static bool inside(struct str part, struct str whole)
{
    return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static bool apart(struct str a, struct str b)
{
    return a.p + a.n <= b.p || b.p + b.n <= a.p;
}

static void money_check(const struct sms *s, struct str body)
{
    char normal[TRXID_CAP];
    struct str told = s->trx_id_told;
    FUZZ_CHECK(s->amount.poisha > 0 && s->balance.poisha >= 0);
    FUZZ_CHECK(s->fee.poisha >= 0 && s->commission.poisha >= 0);
    FUZZ_CHECK(told.n > 0 && inside(told, body));
    FUZZ_CHECK(
        trxid_normal(s->wallet, told, normal) == ERR_OK && str_is(str_from(normal), s->trx_id));
    FUZZ_CHECK(s->at_ms >= INT64_C(946663200000) && s->at_ms < INT64_C(4102423200000));
    FUZZ_CHECK(
        !s->number[0] == !s->number_masked[0] && !s->number[0] == str_absent(s->number_told));
    if (!str_absent(s->ref)) {
        FUZZ_CHECK(s->ref.n > 0 && s->ref.n <= SMS_REF_MAX && inside(s->ref, body));
        /* amount and number in front of it, TrxID behind it */
        FUZZ_CHECK(told.p >= s->ref.p + s->ref.n && apart(s->number_told, s->ref));
    }
    if (!str_absent(s->name))
        FUZZ_CHECK(s->name.n <= SMS_NAME_MAX && inside(s->name, body) && apart(told, s->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sms s;
    struct money amount;
    char normal[TRXID_CAP] = "";
    struct str all = fuzz_text(data, size);
    size_t line = str_find(all, '\n', 0);
    struct str sender = str_sub(all, 0, line), body = str_sub(all, line + 1, all.n);
    sms_parse(sender, body, &s);
    FUZZ_CHECK((s.why == SMS_FINE) == (s.kind != SMS_FOREIGN && s.kind != SMS_UNPARSED));
    FUZZ_CHECK((s.form != NULL) == (s.why == SMS_FINE));
    if (sms_moves_balance(s.kind)) {
        money_check(&s, body);
    } else {
        FUZZ_CHECK(s.amount.poisha == 0 && s.trx_id[0] == '\0' && str_absent(s.trx_id_told));
    }
    if (sms_amount_parse(sender, &amount) == ERR_OK)
        FUZZ_CHECK(amount.poisha >= 0 && amount.poisha < INT64_C(100000000000000));
    for (int w = 0; w < WALLET_COUNT; w++) {
        if (trxid_normal((enum wallet_kind)w, sender, normal) == ERR_OK)
            FUZZ_CHECK(!trxid_looks_like(sender, str_from(normal)));
    }
    return 0;
}
