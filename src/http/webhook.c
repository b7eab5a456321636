/* What wallets tell by themselves. Anybody may post here: what is refused counts against the sender's address as unknown links
 * do, and the answers say nothing about which topics are believed. */
#include "base/mem.h"
#include "http/page_limit.h"
#include "http/page_private.h"
#include "http/routes.h"
#include "service/notices.h"

struct webhook {
    struct request *rq;
    enum notice_end end;
};

/* 429 is sent again by SNS, 403 is not. */
static struct reply *refuse(struct request *rq, int status, struct str body)
{
    struct gateway *g = rq->ctx;
    uint8_t key[PAGE_LIMIT_KEY_LEN];
    page_limit_address_key(str_from(rq->client_ip), key);
    if (!page_limit_take(g->pages->unknown, key, clock_mono_ms()))
        return reply_error(rq, ERR_RATE);
    return reply_json(status, body);
}

static struct reply *webhook_reply(void *arg)
{
    const struct webhook *w = arg;
    switch (w->end) {
    case NOTICE_TAKEN:
        return reply_json(200, STR("{\"message\":\"Taken.\"}"));
    case NOTICE_MALFORMED:
        return refuse(
            w->rq, 400, STR("{\"message\":\"The notification could not be read.\",\"errors\":{}}"));
    case NOTICE_REFUSED:
        return refuse(
            w->rq, 403, STR("{\"message\":\"The notification was refused.\",\"errors\":{}}"));
    case NOTICE_LATER:
        break;
    }
    return reply_error(w->rq, ERR_BUSY);
}

static void taken(void *arg, enum notice_end end)
{
    struct webhook *w = arg;
    w->end = end;
    request_answer_with(w->rq, webhook_reply, w);
}

struct reply *webhook_bkash_post(struct request *rq)
{
    struct gateway *g = rq->ctx;
    struct webhook *w = arena_alloc(&rq->arena, sizeof(*w));
    if (!w)
        return reply_error(rq, ERR_LIMIT);
    w->rq = rq;
    struct reply *parked = request_park(rq);
    notices_take(g->service->notices, rq->body, taken, w);
    return parked;
}
