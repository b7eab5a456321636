/* What a payer does: pay, cancel, choose a language, come back from the wallet. Each is answered after its commit. */
#include "base/mem.h"
#include "http/callback_read.h"
#include "http/page_private.h"
#include "service/number.h"

#define LANG_COOKIE_AGE_S INT64_C(31536000)

struct page_act {
    struct checkout_act act;
    struct request *rq;
    const char *done_path;  /* behind the payment's path, when it worked */
    const char *other_path; /* when the payment's state did not allow it: its page tells why */
    bool trxid;             /* the answer says where to go */
    bool callback;          /* ERR_STATE: refused, as it names another payment's reference */
    const char *set_lang;   /* the cookie to set; NULL: none */
    enum err result;
};

/* ---- answers ---- */

/* The page says what was wrong beside the field; what waits or counts, the payment itself tells. */
static const char *trxid_path(enum number_answer answer)
{
    switch (answer) {
    case NUMBER_TAKEN:
    case NUMBER_WAITS:
        break;
    case NUMBER_MALFORMED:
        return "?trx=malformed#trx";
    case NUMBER_NO_PAYER:
        return "?trx=payer#payer";
    case NUMBER_LOOK:
        return "?trx=look#trx";
    case NUMBER_UNUSABLE:
        return "?trx=unusable#trx";
    case NUMBER_TOO_MANY:
        return "?trx=many#trx";
    }
    return "";
}

static struct reply *act_reply(void *arg)
{
    struct page_act *a = arg;
    struct request *rq = a->rq;
    struct page_visit *visit = rq->user;
    enum err result = a->result;
    bool done = result == ERR_OK;
    if (result == ERR_NO_ROW || (result == ERR_STATE && a->act.uuid[0] == 0))
        return reply_error(rq, page_unknown(rq));
    if (!done && result != ERR_STATE && result != ERR_NOT_SENT && !a->set_lang)
        return reply_error(rq, result);
    if (a->callback && result == ERR_STATE && page_unknown(rq) == ERR_RATE)
        return reply_error(rq, ERR_RATE);
    memcpy(visit->uuid, a->act.uuid, sizeof(visit->uuid));
    if (a->trxid && done)
        a->done_path = trxid_path((enum number_answer)a->act.answer);
    struct reply *r = page_go(rq, done ? a->done_path : a->other_path);
    if (a->set_lang)
        page_cookie_set(visit->pages, r, PAGE_LANG_COOKIE, a->set_lang, LANG_COOKIE_AGE_S);
    return r;
}

/* On the writer's thread. */
static void act_done(struct checkout_act *c, enum err result)
{
    struct page_act *a = c->arg;
    a->result = result;
    request_answer_with(a->rq, act_reply, a);
}

typedef enum err (*act_submit_fn)(struct service *s, struct checkout_act *c);

static struct reply *act_start(struct page_act *a, act_submit_fn submit)
{
    struct request *rq = a->rq;
    const struct page_visit *visit = rq->user;
    struct service *s = visit->pages->service;
    a->act.done = act_done;
    a->act.arg = a;
    struct reply *parked = request_park(rq);
    enum err e = submit(s, &a->act);
    if (e != ERR_OK)
        act_done(&a->act, e);
    return parked;
}

static struct page_act *act_new(struct request *rq)
{
    const struct page_visit *visit = rq->user;
    struct page_act *a = arena_alloc(&rq->arena, sizeof(*a));
    if (!a)
        return NULL;
    a->rq = rq;
    a->done_path = a->other_path = "";
    memcpy(a->act.uuid, visit->uuid, sizeof(visit->uuid));
    return a;
}

/* ---- posts ---- */

/* A form's or query's value; empty when it is absent, there twice or unreadable. Lives with the request. */
static struct str form_value(struct request *rq, struct str form, const char *key)
{
    struct buf b;
    struct str value = STR("");
    buf_init(&b, PAGE_BODY_MAX);
    if (!str_absent(form) && form_get(form, str_from(key), &b) == ERR_OK && buf_ok(&b))
        value = arena_copy(&rq->arena, buf_view(&b));
    buf_clear(&b);
    return str_absent(value) ? STR("") : value;
}

static bool post_is_ours(struct request *rq)
{
    const struct page_visit *visit = rq->user;
    struct page_post post = {
        .fetch_site = request_header(rq, "Sec-Fetch-Site"),
        .origin = request_header(rq, "Origin"),
        .cookie = visit->cookie[0] ? str_from(visit->cookie) : STR_ABSENT,
        .token = form_value(rq, rq->body, "token"),
    };
    return page_post_is_ours(&visit->pages->csrf, str_from(visit->uuid), &post);
}

/* The payment is known, the post is our form's and not one too many. The payment is read first, so that unknown ones
 * cost no write. */
static enum err post_check(struct request *rq)
{
    struct page_view v;
    uint8_t key[PAGE_LIMIT_KEY_LEN];
    enum err e = page_visit_load(rq, &v);
    if (e != ERR_OK)
        return e;
    const struct page_visit *visit = rq->user;
    if (!post_is_ours(rq))
        return ERR_FORBIDDEN;
    if (uuid_parse(str_from(visit->uuid), key) != ERR_OK)
        return ERR_INTERNAL;
    return page_limit_take(visit->pages->posts, key, clock_mono_ms()) ? ERR_OK : ERR_RATE;
}

/* The payer's own choice of wallet and amount does not exist: whatever the form holds besides the token is not read. */
struct reply *page_pay_post(struct request *rq)
{
    enum err e = post_check(rq);
    struct page_act *a = e == ERR_OK ? act_new(rq) : NULL;
    if (!a)
        return reply_error(rq, e == ERR_OK ? ERR_INTERNAL : e);
    /* Not to the wallet: form-action 'self' would stop a redirect that leaves this site. */
    a->done_path = "/wait";
    return act_start(a, checkout_pay);
}

/* Who guesses TrxIDs is slow, whatever he guesses: here and from one address. */
static enum err trxid_limit(struct request *rq)
{
    const struct page_visit *visit = rq->user;
    uint8_t payment[PAGE_LIMIT_KEY_LEN], address[PAGE_LIMIT_KEY_LEN];
    int64_t now = clock_mono_ms();
    if (uuid_parse(str_from(visit->uuid), payment) != ERR_OK)
        return ERR_INTERNAL;
    page_limit_address_key(str_from(rq->client_ip), address);
    return page_limit_take(visit->pages->trxids, payment, now) &&
                   page_limit_take(visit->pages->trxids_from, address, now)
               ? ERR_OK
               : ERR_RATE;
}

/* What is longer is neither a TrxID nor a number. */
static void typed_copy(struct str typed, char *out, size_t cap)
{
    out[0] = 0;
    if (typed.n >= cap)
        return;
    memcpy(out, typed.p, typed.n);
    out[typed.n] = 0;
}

struct reply *page_trxid_post(struct request *rq)
{
    enum err e = post_check(rq);
    if (e == ERR_OK)
        e = trxid_limit(rq);
    struct page_act *a = e == ERR_OK ? act_new(rq) : NULL;
    if (!a)
        return reply_error(rq, e == ERR_OK ? ERR_INTERNAL : e);
    a->trxid = true;
    page_limit_address_key(str_from(rq->client_ip), a->act.address);
    typed_copy(form_value(rq, rq->body, "trx_id"), a->act.ref, sizeof(a->act.ref));
    typed_copy(form_value(rq, rq->body, "payer"), a->act.payer, sizeof(a->act.payer));
    return act_start(a, number_submit);
}

struct reply *page_cancel_post(struct request *rq)
{
    enum err e = post_check(rq);
    struct page_act *a = e == ERR_OK ? act_new(rq) : NULL;
    if (!a)
        return reply_error(rq, e == ERR_OK ? ERR_INTERNAL : e);
    return act_start(a, checkout_cancel);
}

struct reply *page_language_post(struct request *rq)
{
    enum page_lang lang;
    enum err e = post_check(rq);
    if (e == ERR_OK && page_lang_parse(form_value(rq, rq->body, "language"), &lang) != ERR_OK)
        e = ERR_INVALID;
    struct page_act *a = e == ERR_OK ? act_new(rq) : NULL;
    if (!a)
        return reply_error(rq, e == ERR_OK ? ERR_INTERNAL : e);
    a->set_lang = page_lang_code(lang);
    a->act.language = str_from(a->set_lang);
    struct str from = form_value(rq, rq->body, "from");
    if (str_is(from, "wait"))
        a->done_path = a->other_path = "/wait";
    else if (str_is(from, "number"))
        a->done_path = a->other_path = "?way=number";
    else if (str_is(from, "checkout"))
        a->done_path = a->other_path = "?way=checkout";
    return act_start(a, checkout_language);
}

/* ---- back from the wallet ---- */

static enum err callback_submit(struct service *s, struct checkout_act *c)
{
    return checkout_callback(s, c, (enum callback_status)c->callback_status);
}

/* Wallets return the payer with a GET that has an effect: only the browser's own GET has it, no HEAD of a link preview. The answer
 * is the same for each of several equal callbacks. */
static struct reply *callback_get(struct request *rq, enum wallet_kind wallet, const char *ref_key)
{
    const struct page_visit *visit = page_visit_new(rq);
    struct page_act *a = visit ? act_new(rq) : NULL;
    if (!a)
        return reply_error(rq, ERR_INTERNAL);
    if (str_is(rq->method, "HEAD"))
        return page_secure(rq, reply_html(200, STR("")), NULL);
    if (!callback_token(rq->param, a->act.token))
        return reply_error(rq, page_unknown(rq));
    a->act.wallet = wallet;
    callback_ref(rq->query, ref_key, a->act.ref);
    a->act.callback_status = (int)callback_status_read(rq->query);
    a->done_path = a->other_path = "/wait";
    a->callback = true;
    return act_start(a, callback_submit);
}

struct reply *page_bkash_callback_get(struct request *rq)
{
    return callback_get(rq, WALLET_BKASH, "paymentID");
}

/* Nagad puts "/?" behind the address that it was given. Its status is not read: it decides nothing. */
struct reply *page_nagad_callback_get(struct request *rq)
{
    return callback_get(rq, WALLET_NAGAD, "payment_ref_id");
}

/* The bank's page posts through the payer's browser, to one address for all payments: what it names is known only by being asked
 * about. Nobody's form token is in it, and none is needed, for it decides nothing. */
struct reply *page_rocket_callback_post(struct request *rq)
{
    const struct page_visit *visit = page_visit_new(rq);
    struct page_act *a = visit ? act_new(rq) : NULL;
    if (!a)
        return reply_error(rq, ERR_INTERNAL);
    a->act.wallet = WALLET_ROCKET;
    callback_ref(rq->body, "trans_id", a->act.ref);
    if (a->act.ref[0] == 0)
        return reply_error(rq, page_unknown(rq));
    a->act.callback_status = CALLBACK_OTHER;
    a->done_path = a->other_path = "/wait";
    a->callback = true;
    return act_start(a, callback_submit);
}
