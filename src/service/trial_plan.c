#include "service/trial.h"

#include "base/mem.h"

/* Between the two of a pair: a receiver has answered the first by then. */
#define PAIR_MS INT64_C(1000)

static const char *const kinds[TRIAL_KIND_COUNT] = {
    [TRIAL_TEST] = "test",
    [TRIAL_DOUBLED] = "doubled",
    [TRIAL_LATE] = "late",
    [TRIAL_OUT_OF_ORDER] = "out_of_order",
    [TRIAL_WRONG_SIGNATURE] = "wrong_signature",
    [TRIAL_SLOW] = "slow",
};

const char *trial_kind_text(enum trial_kind k)
{
    return kinds[k];
}

enum err trial_kind_parse(struct str s, enum trial_kind *ret)
{
    for (size_t i = 0; i < array_len(kinds); i++) {
        if (str_is(s, kinds[i])) {
            *ret = (enum trial_kind)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

bool trial_kind_is_to_be_taken(enum trial_kind k)
{
    return k != TRIAL_WRONG_SIGNATURE;
}

int trial_plan(enum trial_kind k, int64_t delay_ms, struct trial_step out[TRIAL_SENDS_MAX])
{
    out[0] = (struct trial_step){.sequence = 1, .paid = true};
    switch (k) {
    case TRIAL_DOUBLED:
        out[1] =
            (struct trial_step){.sequence = 1, .paid = true, .again = true, .delay_ms = PAIR_MS};
        return 2;
    case TRIAL_OUT_OF_ORDER:
        /* a payment that was cancelled and paid after all */
        out[0].sequence = 2;
        out[1] = (struct trial_step){.sequence = 1, .delay_ms = PAIR_MS};
        return 2;
    case TRIAL_LATE:
        out[0].delay_ms = delay_ms;
        return 1;
    case TRIAL_TEST:
    case TRIAL_WRONG_SIGNATURE:
    case TRIAL_SLOW:
    case TRIAL_KIND_COUNT:
        break;
    }
    return 1;
}

bool trial_reference_fit(struct str s)
{
    bool good = s.n > 0 && s.n <= TRIAL_REFERENCE_MAX;
    for (size_t i = 0; good && i < s.n; i++) {
        char c = s.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    }
    return good;
}
