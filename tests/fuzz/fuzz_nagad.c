/* Nagad's answers, as every reader of them sees them: the first two bytes choose status and reader. What is sealed is read as
 * if it had been opened. */
#include "wallet/nagad.h"

#include "fuzz.h"

#define REF "MDIwMjEyNTQ0NTEyMy42ODM="
#define MERCHANT "683002007104225"

static const int statuses[] = {200, 400, 401, 403, 404, 500, 504};

static void paid_check(const struct wallet_answer *w)
{
    FUZZ_CHECK(w->outcome != WALLET_OK || w->completed != w->reversed);
    FUZZ_CHECK(!w->completed || (w->has_amount && w->trx_id.n > 0 && w->currency.n > 0 &&
                                    !str_absent(w->invoice) && str_is(w->ref, REF)));
    FUZZ_CHECK(w->outcome != WALLET_DECLINED);
    FUZZ_CHECK(!w->strange || w->outcome == WALLET_UNKNOWN);
    FUZZ_CHECK(w->page_end == WALLET_PAGE_OPEN || w->outcome == WALLET_PENDING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct wallet_answer w = {.outcome = WALLET_UNKNOWN};
    if (size < 2)
        return 0;
    int status = statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))];
    struct str body = fuzz_text(data + 2, size - 2);
    arena_init(&a, NAGAD_ARENA_MAX);
    switch (data[1] % 3) {
    case 0:
        nagad_read_initialized(&a, body, &w);
        FUZZ_CHECK(w.outcome != WALLET_OK || (w.ref.n > 0 && w.ref.n <= 128 && w.challenge.n > 0));
        break;
    case 1:
        nagad_read_complete(&a, status, body, STR(REF), data[1] & 64, &w);
        FUZZ_CHECK(w.outcome != WALLET_OK || (w.url.n > 0 && str_is(w.ref, REF)));
        FUZZ_CHECK(w.outcome != WALLET_BROKEN || status / 100 == 4);
        break;
    case 2:
        nagad_read_verify(&a, status, body, STR(REF), STR(MERCHANT), &w);
        paid_check(&w);
        break;
    }
    FUZZ_CHECK(w.code.n > 0 && w.code.n <= 40);
    for (size_t i = 0; i < w.url.n; i++)
        FUZZ_CHECK(w.url.p[i] > ' ' && w.url.p[i] <= '~');
    arena_clear(&a);
    return 0;
}
