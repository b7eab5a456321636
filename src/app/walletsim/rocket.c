#include "rocket.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdio.h>

#define PEM_MAX ((size_t)65536)
#define THREADS 2
#define CONNECTIONS_MAX 256
#define CONNECTION_MEMORY ((size_t)64 * 1024)
#define IDLE_TIMEOUT_S 30
#define DRAIN_MS 1000

const char *rocket_state_text(enum rocket_state s)
{
    static const char *const texts[] = {
        [ROCKET_CREATED] = "CREATED",
        [ROCKET_OK] = "OK",
        [ROCKET_FAILED] = "FAILED",
        [ROCKET_CANCELLED] = "CANCELLED",
        [ROCKET_TIMEOUT] = "TIMEOUT",
        [ROCKET_REVERSED] = "REVERSED",
    };
    return texts[s];
}

/* ---- the listener ---- */

static enum err file_read(const char *dir, const char *name, struct buf *ret, struct buf *why)
{
    struct buf path;
    buf_init(&path, 4096);
    buf_printf(&path, "%s/%s", dir, name);
    enum err e = buf_ok(&path) ? buf_read_file(ret, buf_view(&path).p) : ERR_IO;
    if (e != ERR_OK)
        buf_printf(why, "%s/%s can't be read\n", dir, name);
    buf_clear(&path);
    return e;
}

static enum err listen_on(struct sim *s, struct buf *why, struct server **ret)
{
    struct buf certificate, key, issuers;
    const char *dir = s->options.rocket_tls;
    buf_init(&certificate, PEM_MAX);
    buf_init(&key, PEM_MAX);
    buf_init(&issuers, PEM_MAX);
    enum err e = file_read(dir, "bank.pem", &certificate, why);
    if (e == ERR_OK)
        e = file_read(dir, "bank.key", &key, why);
    if (e == ERR_OK)
        e = file_read(dir, "merchants.pem", &issuers, why);
    struct server_options o = {
        .listen = str_from(s->options.rocket_listen),
        .routes = sim_routes,
        .ctx = s,
        .threads = THREADS,
        .connections_max = CONNECTIONS_MAX,
        .connection_memory = CONNECTION_MEMORY,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .header_timeout_s = IDLE_TIMEOUT_S,
        .body_timeout_s = IDLE_TIMEOUT_S,
        .tls_cert = buf_view(&certificate),
        .tls_key = buf_view(&key),
        .tls_client_issuers = buf_view(&issuers),
        .error_page = page_error,
        .error_plain = sim_error,
    };
    if (e == ERR_OK)
        e = server_start(&o, why, ret);
    buf_clear(&certificate);
    buf_wipe(&key);
    buf_clear(&issuers);
    return e;
}

enum err rocket_open(struct sim *s, struct buf *why, struct rocket **ret)
{
    struct rocket *r = mem_alloc(sizeof(*r));
    r->return_url = s->options.rocket_return;
    r->pays = mem_array(ROCKET_PAYS_MAX, sizeof(*r->pays));
    enum err e = listen_on(s, why, &r->server);
    if (e != ERR_OK) {
        rocket_close(r);
        return e;
    }
    *ret = r;
    return ERR_OK;
}

void rocket_close(struct rocket *r)
{
    if (!r)
        return;
    if (r->server)
        server_stop(r->server, DRAIN_MS);
    mem_free(r->pays);
    mem_free(r);
}

void rocket_reset(struct rocket *r)
{
    if (!r)
        return;
    r->n = 0;
    r->faults_n = 0;
}

/* ---- transactions ---- */

struct rocket_pay *rocket_find(struct sim *s, struct str trans_id)
{
    struct rocket *r = s->rocket;
    for (size_t i = r ? r->n : 0; i-- > 0;) {
        struct rocket_pay *p = &r->pays[i];
        if (!str_is(trans_id, p->trans_id))
            continue;
        if (p->state == ROCKET_CREATED && clock_now_ms(&s->clock) - p->created_ms > ROCKET_LIFE_MS)
            p->state = ROCKET_TIMEOUT;
        return p;
    }
    return NULL;
}

struct rocket_pay *rocket_add(struct sim *s)
{
    struct rocket *r = s->rocket;
    struct buf id;
    uint8_t raw[20];
    if (r->n == ROCKET_PAYS_MAX)
        memmove(r->pays, r->pays + 1, --r->n * sizeof(*r->pays));
    struct rocket_pay *p = &r->pays[r->n++];
    *p = (struct rocket_pay){.created_ms = clock_now_ms(&s->clock)};
    random_bytes(raw, sizeof raw);
    buf_init(&id, 64);
    base64_encode(&id, raw, sizeof raw);
    snprintf(p->trans_id, sizeof p->trans_id, "%s", buf_view(&id).p);
    buf_clear(&id);
    return p;
}

/* ---- faults ---- */

struct rocket_fault rocket_fault_take(struct rocket *r, char command, struct str invoice)
{
    for (int i = 0; i < r->faults_n; i++) {
        struct rocket_fault *f = &r->faults[i];
        if (f->command != command || (f->invoice[0] && !str_is(invoice, f->invoice)))
            continue;
        struct rocket_fault taken = *f;
        if (--f->count == 0)
            memmove(f, f + 1, (size_t)(--r->faults_n - i) * sizeof(*f));
        return taken;
    }
    return (struct rocket_fault){.count = 0};
}
