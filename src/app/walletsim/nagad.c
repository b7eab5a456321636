#include "nagad.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_LINE 64

/* PKCS#8 without a pass phrase, as merchants' programs read it. */
static void private_pem(struct buf *pem, const struct rsa_private *k)
{
    struct buf der, text;
    buf_init(&der, RSA_PEM_MAX);
    buf_init(&text, RSA_PEM_MAX);
    ensure(rsa_private_to_der(k, &der) == ERR_OK, "a key that was made can be written");
    base64_encode(&text, der.p, der.n);
    buf_cstr(pem, "-----BEGIN PRIVATE KEY-----\n");
    for (size_t at = 0; at < text.n; at += PEM_LINE) {
        buf_add(pem, text.p + at, text.n - at < PEM_LINE ? text.n - at : PEM_LINE);
        buf_char(pem, '\n');
    }
    buf_cstr(pem, "-----END PRIVATE KEY-----\n");
    buf_wipe(&der);
    buf_wipe(&text);
}

/* The key of a file; made, with its public half beside it, when there is none. */
static enum err key_pair(const char *dir, const char *name, struct rsa_private **ret)
{
    struct buf path, pem;
    struct rsa_public *public = NULL;
    buf_init(&path, 4096);
    buf_init(&pem, RSA_PEM_MAX);
    buf_printf(&path, "%s/%s_private.pem", dir, name);
    bool there = access(buf_view(&path).p, F_OK) == 0;
    enum err e = there ? buf_read_file(&pem, path.p) : rsa_private_generate(2048, ret);
    if (e == ERR_OK && there)
        e = rsa_private_from_pem(buf_view(&pem), STR_ABSENT, ret);
    if (e == ERR_OK && !there) {
        private_pem(&pem, *ret);
        e = buf_write_file(&pem, path.p, 0600);
    }
    if (e == ERR_OK)
        e = rsa_private_public(*ret, &public);
    if (e == ERR_OK) {
        buf_reset(&path);
        buf_reset(&pem);
        buf_printf(&path, "%s/%s_public.pem", dir, name);
        e = rsa_public_to_pem(public, &pem);
    }
    if (e == ERR_OK)
        e = buf_write_file(&pem, path.p, 0644);
    rsa_public_free(public);
    buf_clear(&path);
    buf_wipe(&pem);
    return e;
}

static enum err keys_open(struct nagad *n, const char *dir)
{
    struct rsa_private *merchant = NULL, *nobody = NULL;
    enum err e = key_pair(dir, "pg", &n->own);
    if (e == ERR_OK)
        e = key_pair(dir, "merchant", &merchant);
    if (e == ERR_OK)
        e = rsa_private_public(merchant, &n->merchant);
    if (e == ERR_OK)
        e = rsa_private_generate(2048, &nobody);
    if (e == ERR_OK)
        e = rsa_private_public(nobody, &n->wrong);
    rsa_private_free(merchant);
    rsa_private_free(nobody);
    return e;
}

enum err nagad_open(const struct sim_options *o, struct buf *why, struct nagad **ret)
{
    struct nagad *n = mem_alloc(sizeof(*n));
    struct buf dir;
    n->merchant_id = mem_strdup(o->nagad_merchant_id);
    n->window_ms = o->nagad_window_s * 1000;
    n->sha1 = o->nagad_sha1;
    buf_init(&dir, 4096);
    buf_printf(&dir, "%s/nagad", o->dir);
    bool made = buf_ok(&dir) && (mkdir(dir.p, 0700) == 0 || errno == EEXIST);
    enum err e = made ? keys_open(n, dir.p) : ERR_IO;
    buf_clear(&dir);
    if (e != ERR_OK) {
        buf_printf(why, "the keys in %s/nagad can't be read or made\n", o->dir);
        nagad_close(n);
        return ERR_IO;
    }
    *ret = n;
    return ERR_OK;
}

void nagad_close(struct nagad *n)
{
    if (!n)
        return;
    rsa_private_free(n->own);
    rsa_public_free(n->merchant);
    rsa_public_free(n->wrong);
    mem_free(n->merchant_id);
    mem_free(n);
}

/* ---- addresses ---- */

/* The next part of the path; absent behind the last. Clients write two slashes where one is meant. */
static struct str part_next(struct str *path)
{
    while (path->n > 0 && path->p[0] == '/')
        *path = str_sub(*path, 1, path->n);
    size_t end = str_find(*path, '/', 0);
    struct str part = str_sub(*path, 0, end);
    *path = str_sub(*path, end, path->n);
    return part.n ? part : STR_ABSENT;
}

static struct reply *nowhere(struct request *rq)
{
    return sim_error(rq, ERR_NOT_FOUND);
}

struct reply *nagad_get(struct request *rq)
{
    const struct sim *s = rq->ctx;
    struct str path = rq->param;
    if (!s->nagad || !str_is(part_next(&path), "verify") || !str_is(part_next(&path), "payment"))
        return nowhere(rq);
    return gateway_call(rq, OP_NAGAD_VERIFY);
}

struct reply *nagad_post(struct request *rq)
{
    const struct sim *s = rq->ctx;
    struct str path = rq->param;
    struct str group = part_next(&path), verb = part_next(&path);
    if (!s->nagad)
        return nowhere(rq);
    if (str_is(group, "purchase") && str_is(verb, "cancel"))
        return gateway_call(rq, OP_NAGAD_CANCEL);
    if (!str_is(group, "check-out"))
        return nowhere(rq);
    if (str_is(verb, "initialize"))
        return gateway_call(rq, OP_NAGAD_INITIALIZE);
    return str_is(verb, "complete") ? gateway_call(rq, OP_NAGAD_COMPLETE) : nowhere(rq);
}

/* initialize/{merchantId}/{orderId}, complete/{ref}, verify/payment/{ref}, purchase/cancel?paymentRefId=&orderId= */
void nagad_subject(struct call *c, struct str *ret_ref, struct str *ret_order_id)
{
    struct nagad_pay p;
    struct str path = c->rq->param;
    struct str first = part_next(&path), second = part_next(&path);
    struct str third = part_next(&path), fourth = part_next(&path);
    *ret_ref = *ret_order_id = STR_ABSENT;
    (void)second;
    c->app_key = STR_ABSENT;
    if (c->op == OP_NAGAD_INITIALIZE) {
        c->app_key = third;
        *ret_order_id = fourth;
    } else if (str_is(first, "purchase")) {
        enum err e = control_param(c->rq, "paymentRefId", ret_ref);
        if (e != ERR_OK)
            *ret_ref = STR_ABSENT;
    } else {
        *ret_ref = third;
    }
    struct buf plain;
    buf_init(&plain, 1024);
    if (percent_decode(&plain, *ret_ref, false) == ERR_OK && !str_absent(*ret_ref))
        *ret_ref = arena_copy(&c->rq->arena, buf_view(&plain));
    buf_clear(&plain);
    if (!str_absent(*ret_ref) &&
        nagad_pay_find(c->sim->store, &c->rq->arena, *ret_ref, &p) == ERR_OK)
        *ret_order_id = p.order_id;
    c->ref = *ret_ref;
    c->order_id = *ret_order_id;
}
