#include "base/text.h"
#include "core/notify.h"
#include "service/checkout.h"
#include "service/links.h"
#include "service/number.h"
#include "service/outcome.h"
#include "service/ways.h"

static enum page_stage stage_open(
    const struct payment_row *p, const struct attempt_row *last, int64_t now)
{
    if (now >= p->expires_at) {
        return PAGE_CONFIRMING; /* it is being ended */
    }
    if (last && last->state == ATTEMPT_CREATING && now < last->next_ask_at) {
        return PAGE_WAITING;
    }
    if (last && outcome_may_be_paid(last)) {
        return PAGE_CONFIRMING;
    }
    return last && last->state == ATTEMPT_REDIRECTED ? PAGE_AT_WALLET : PAGE_OPEN;
}

static enum page_stage stage_of(
    const struct payment_row *p, const struct attempt_row *last, int64_t now)
{
    switch (p->state) {
    case PAYMENT_OPEN:
        return stage_open(p, last, now);
    case PAYMENT_EXECUTING:
    case PAYMENT_REVIEW:
        break;
    case PAYMENT_PAID:
        return PAGE_PAID;
    case PAYMENT_CANCELLED:
        return p->final_at >= p->expires_at ? PAGE_EXPIRED : PAGE_CANCELLED;
    case PAYMENT_FAILED:
        return PAGE_FAILED;
    case PAYMENT_STATE_COUNT:
        break;
    }
    return PAGE_CONFIRMING;
}

static struct str last_reason(const struct attempt_row *last)
{
    switch (last->state) {
    case ATTEMPT_REFUSED:
        return STR("refused");
    case ATTEMPT_CANCELLED:
        return STR("cancelled");
    case ATTEMPT_DECLINED:
    case ATTEMPT_FAILED:
        return str_is(last->reason, "unavailable") ? STR("unavailable") : STR("declined");
    case ATTEMPT_CREATING:
    case ATTEMPT_REDIRECTED:
    case ATTEMPT_EXECUTING:
    case ATTEMPT_UNKNOWN:
    case ATTEMPT_PAID:
    case ATTEMPT_REVIEW:
    case ATTEMPT_STATE_COUNT:
        break;
    }
    return STR_ABSENT;
}

static enum err rows_read(struct links *l, struct db *db, struct arena *a, struct str uuid,
    struct page_view *v, struct attempt_row *last, bool *ret_has_last)
{
    enum err e = store_read_begin(db);
    if (e != ERR_OK) {
        return e;
    }
    e = links_payment(l, db, a, uuid, &v->payment);
    if (e == ERR_OK) {
        e = store_attempt_last(db, a, v->payment.id, last);
        *ret_has_last = e == ERR_OK;
        e = e == ERR_NO_ROW ? ERR_OK : e;
    }
    store_read_end(db);
    return e;
}

/* A disabled account's open payments still have their pages. */
static enum err names_read(struct db *db, struct arena *a, struct page_view *v)
{
    struct account_row account;
    struct merchant_row merchant;
    enum err e = store_account_by_id(db, a, v->payment.account_id, &account);
    if (e == ERR_OK) {
        e = store_merchant_get(db, a, account.merchant_id, &merchant);
    }
    if (e == ERR_OK) {
        v->account_uuid = account.uuid;
        v->merchant_name = merchant.name;
    }
    return e;
}

static struct str return_sign(
    const struct account_view *account, struct arena *a, int64_t now, const struct payment_row *p)
{
    struct buf text, b64;
    struct str sign = STR_ABSENT;
    buf_init(&text, 4096);
    buf_init(&b64, 1024);
    redirect_signed_text(p->order_id, p->uuid, &text);
    if (buf_ok(&text) && accounts_sign(account, now, buf_view(&text), &b64) == ERR_OK) {
        sign = arena_copy(a, buf_view(&b64));
    }
    buf_clear(&text);
    buf_clear(&b64);
    return sign;
}

static enum err account_fill(
    struct service *s, struct db *db, struct arena *a, int64_t now, struct page_view *v)
{
    const struct account_view *account = accounts_get_by_id(s->accounts, v->payment.account_id);
    if (!account) {
        return names_read(db, a, v);
    }
    v->merchant_name = arena_copy(a, account->merchant_name);
    v->account_uuid = arena_copy(a, account->row.uuid);
    if (!str_absent(v->return_url)) {
        v->return_sign = return_sign(account, a, now, &v->payment);
    }
    accounts_release(account);
    return ERR_OK;
}

enum err checkout_page_load(struct service *s, struct arena *a, struct str uuid,
    enum page_way wanted, struct page_view *ret)
{
    struct page_view v = {.wallet_healthy = false};
    struct attempt_row last;
    bool has_last = false;
    int64_t now = clock_now_ms(s->clock);
    struct db *db = store_reader(s->store);
    if (!db) {
        return ERR_STORE_IO;
    }
    enum err e = rows_read(s->links, db, a, uuid, &v, &last, &has_last);
    if (e != ERR_OK) {
        return e;
    }
    const struct payment_row *p = &v.payment;
    v.stage = stage_of(p, has_last ? &last : NULL, now);
    v.wallet_url = v.stage == PAGE_AT_WALLET ? last.wallet_url : STR_ABSENT;
    v.last_reason = has_last ? last_reason(&last) : STR_ABSENT;
    v.seconds_left = p->expires_at > now ? (p->expires_at - now + 999) / 1000 : 0;
    if (payment_is_final(p->state)) {
        v.return_url = p->state == PAYMENT_PAID ? p->success_url : p->fail_url;
    }
    e = number_view(s, db, a, p, &v.number);
    if (e != ERR_OK) {
        return e;
    }
    ways_choose(s, wanted, &v);
    e = account_fill(s, db, a, now, &v);
    if (e != ERR_OK) {
        return e;
    }
    *ret = v;
    return ERR_OK;
}
