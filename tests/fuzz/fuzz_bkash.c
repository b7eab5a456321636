/* bKash's answers, as every reader of them sees them: the first two bytes choose status and reader. */
#include "wallet/bkash.h"
#include <stdint.h>
#include <stdlib.h>

static const int statuses[] = {200, 400, 401, 403, 429, 500, 504};

static void expect(bool good)
{
    if (!good)
        abort();
}

static void answer_check(const struct wallet_answer *w)
{
    expect(w->code.n > 0 && w->code.n <= 40);
    expect(!w->completed || (w->outcome == WALLET_OK && w->has_amount && w->trx_id.n > 0 &&
                                w->currency.n > 0 && str_is(w->ref, "TR0011abc")));
    expect(w->outcome != WALLET_OK || w->ref.n > 0);
    expect(!w->has_amount || w->amount.poisha >= 0);
    for (size_t i = 0; i < w->url.n; i++)
        expect(w->url.p[i] > ' ' && w->url.p[i] <= '~');
}

static void grant_check(struct arena *a, int status, struct str body)
{
    struct bkash_grant g;
    if (bkash_read_grant(a, status, body, &g) != BKASH_GRANT_OK)
        return;
    expect(status == 200 && g.token.n > 0 && g.expires_in_s > 0);
    for (size_t i = 0; i < g.token.n; i++)
        expect(g.token.p[i] > ' ' && g.token.p[i] <= '~');
}

static void refund_check(struct arena *a, int status, struct str body)
{
    struct wallet_answer w;
    for (int v1 = 0; v1 < 2; v1++) {
        (v1 ? bkash_read_refund_v1 : bkash_read_refund)(
            a, status, body, STR("BFD90JRLST"), money_poisha(100), &w);
        expect(w.code.n > 0 && w.code.n <= 40);
        expect(w.completed == (w.outcome == WALLET_OK));
        expect(!w.completed || (status == 200 && w.trx_id.n > 0 && w.amount.poisha == 100));
        expect(w.outcome != WALLET_BROKEN || (status >= 400 && status < 500));
    }
}

static void refund_list_check(struct arena *a, int status, struct str body)
{
    struct wallet_answer w;
    for (int v1 = 0; v1 < 2; v1++) {
        (v1 ? bkash_read_refund_status_v1 : bkash_read_refund_status)(
            a, status, body, STR("BFD90JRLST"), &w);
        expect(w.code.n > 0 && w.code.n <= 40);
        expect(w.outcome != WALLET_OK || status == 200);
        expect(w.refund_count == 0 || (w.outcome == WALLET_OK && w.refund_count <= 100));
        for (size_t i = 0; i < w.refund_count; i++)
            expect(w.refunds[i].trx_id.n > 0 && w.refunds[i].trx_id.n <= 64);
    }
}

/* For people alone: nothing of it may look like a payment that is done. */
static void search_check(struct arena *a, int status, struct str body)
{
    struct wallet_answer w;
    bkash_read_search(a, status, body, STR("BFD90JRLST"), &w);
    expect(w.code.n > 0 && w.code.n <= 40);
    expect(!w.completed && str_absent(w.ref));
    expect(w.outcome != WALLET_OK || (status == 200 && w.has_amount && w.state.n > 0 &&
                                         str_ieq(w.trx_id, STR("BFD90JRLST"))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct wallet_answer w = {.outcome = WALLET_UNKNOWN, .code = STR("x")};
    int64_t ms;
    if (size < 2)
        return 0;
    int status = statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))];
    struct str body = {(const char *)data + 2, size - 2};
    arena_init(&a, BKASH_ARENA_MAX);
    if (data[1] & 128) {
        (data[1] & 2      ? search_check
            : data[1] & 1 ? refund_check
                          : refund_list_check)(&a, status, body);
        arena_clear(&a);
        return 0;
    }
    switch (data[1] % 5) {
    case 0:
        bkash_read_create(&a, status, body, data[1] & 64, &w);
        expect(w.outcome != WALLET_OK || w.url.n > 0);
        break;
    case 1:
        bkash_read_execute(&a, status, body, STR("TR0011abc"), &w);
        expect(w.outcome != WALLET_BROKEN || status == 401 || status == 403);
        expect(w.completed || w.outcome != WALLET_OK);
        break;
    case 2:
        bkash_read_query(&a, status, body, STR("TR0011abc"), &w);
        expect(w.outcome != WALLET_DECLINED);
        break;
    case 3:
        grant_check(&a, status, body);
        break;
    case 4:
        if (bkash_time_parse(body, &ms) == ERR_OK)
            expect(ms > INT64_C(-86400000) && ms < INT64_C(253402400000000));
        break;
    }
    answer_check(&w);
    arena_clear(&a);
    return 0;
}
