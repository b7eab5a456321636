/* The ECOMM gateway's answers: the first two bytes choose status and reader. */
#include "wallet/ecomm.h"

#include "fuzz.h"

static const int statuses[] = {200, 302, 400, 403, 500, 504};

static void ended_check(const struct wallet_answer *w)
{
    FUZZ_CHECK(w->outcome != WALLET_OK || w->completed != w->reversed);
    FUZZ_CHECK(!w->completed || (w->has_amount && w->amount.poisha >= 0 && w->trx_id.n > 0));
    FUZZ_CHECK(w->outcome != WALLET_DECLINED);
    FUZZ_CHECK(!w->strange || w->outcome == WALLET_UNKNOWN);
    FUZZ_CHECK(w->page_end == WALLET_PAGE_OPEN || w->outcome == WALLET_PENDING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct buf b;
    struct wallet_answer w = {.outcome = WALLET_UNKNOWN, .code = STR("-")};
    if (size < 2)
        return 0;
    int status = statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))];
    struct str body = fuzz_text(data + 2, size - 2);
    struct ecomm_values v = {.amount = STR("100"), .trans_id = STR("a/b=")};
    arena_init(&a, ECOMM_ARENA_MAX);
    buf_init(&b, 4096);
    switch (data[1] % 6) {
    case 0:
        ecomm_read_begun(&a, status, body, &w);
        FUZZ_CHECK(w.outcome != WALLET_OK || (status == 200 && w.ref.n > 0 && w.ref.n <= 128));
        break;
    case 1:
        ecomm_read_ended(&a, status, body, &w);
        FUZZ_CHECK(w.outcome != WALLET_OK || status == 200);
        ended_check(&w);
        break;
    case 2:
        FUZZ_CHECK(ecomm_write(&b, body, &v) != ERR_OK || str_find(buf_view(&b), '{', 0) == b.n);
        break;
    case 3:
        ecomm_read_closed(&a, status, body, &w);
        FUZZ_CHECK(w.outcome != WALLET_OK || status == 200);
        break;
    case 4:
        ecomm_read_reversed(&a, status, body, STR("413522230000"), &w);
        FUZZ_CHECK(w.completed == (w.outcome == WALLET_OK) && w.outcome != WALLET_DECLINED);
        FUZZ_CHECK(!w.completed || (status == 200 && w.trx_id.n == 13));
        break;
    case 5:
        ecomm_read_reversals(&a, status, body, STR("413522230000"), &w);
        FUZZ_CHECK(w.outcome == WALLET_OK || (w.outcome == WALLET_UNKNOWN && !w.refund_count));
        FUZZ_CHECK(w.refund_count <= 1 && (w.outcome != WALLET_OK || status == 200));
        break;
    }
    FUZZ_CHECK(w.code.n > 0 && w.code.n <= 40);
    for (size_t i = 0; i < w.message.n; i++)
        FUZZ_CHECK(w.message.p[i] >= ' ' && w.message.p[i] <= '~');
    buf_clear(&b);
    arena_clear(&a);
    return 0;
}
