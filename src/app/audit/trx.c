/* No TrxID counts twice, however it is spelled. The gateway stores all of them in one form, and those come in order: equal ones lie
 * beside each other. Others, which somebody else must have written, are looked up in that form and compared among themselves; so
 * that any number of them fits, by so many passes as it takes. */
#include "app/audit/parts.h"

#include "base/crypto.h"
#include "base/mem.h"
#include <inttypes.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)1 << 31) /* more than an engine keeps in one text */

struct odd {
    uint8_t digest[SHA256_LEN]; /* of wallet, credential and the TrxID as people compare it */
    int64_t credit_id;
};

struct trxs {
    struct audit *audit;
    struct books_trx last; /* the newest in the common form; its text is `text` */
    struct buf text;
    int64_t odd_count;
    int64_t parts, part; /* which of the odd ones this pass is about */
    struct odd *items;
    size_t count, room;
};

static bool is_common(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ' || s.p[i] == '\t' || (s.p[i] >= 'a' && s.p[i] <= 'z')) {
            return false;
        }
    }
    return true;
}

static void common_form(struct str s, struct buf *ret)
{
    buf_reset(ret);
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (ch != ' ' && ch != '\t') {
            buf_char(ret, ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch);
        }
    }
}

static void twice(struct audit *a, int64_t credit_id, int64_t other_id)
{
    audit_tell(
        a, "trx-id", "credit", credit_id, "its TrxID is also that of credit %" PRId64, other_id);
}

static enum err trx_see(void *arg, const struct books_trx *t)
{
    struct trxs *x = arg;
    if (!is_common(t->trx_id)) {
        x->odd_count++;
        return ERR_OK;
    }
    if (x->last.credit_id && x->last.wallet == t->wallet &&
        x->last.credential_id == t->credential_id && str_eq(x->last.trx_id, t->trx_id)) {
        twice(x->audit, t->credit_id, x->last.credit_id);
    }
    buf_reset(&x->text);
    buf_str(&x->text, t->trx_id);
    x->last = *t;
    x->last.trx_id = buf_view(&x->text);
    return ERR_OK;
}

static void odd_digest(const struct books_trx *t, uint8_t out[SHA256_LEN])
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    buf_printf(&b, "%s %" PRId64 " ", wallet_kind_code(t->wallet), t->credential_id);
    buf_str(&b, t->trx_id);
    sha256(b.p, b.n, out);
    buf_clear(&b);
}

static void odd_keep(struct trxs *x, const uint8_t digest[SHA256_LEN], int64_t credit_id)
{
    uint64_t head;
    memcpy(&head, digest, sizeof head);
    if (head % (uint64_t)x->parts != (uint64_t)x->part) {
        return;
    }
    if (x->count == x->room) {
        x->room = x->room ? x->room * 2 : 64;
        x->items = mem_realloc(x->items, x->room * sizeof *x->items);
    }
    memcpy(x->items[x->count].digest, digest, SHA256_LEN);
    x->items[x->count++].credit_id = credit_id;
}

static enum err odd_see(void *arg, const struct books_trx *t)
{
    struct trxs *x = arg;
    if (is_common(t->trx_id)) {
        return ERR_OK;
    }
    struct books_trx common = *t;
    common_form(t->trx_id, &x->text);
    common.trx_id = buf_view(&x->text);
    int64_t other = 0;
    enum err e = store_books_trx_find(x->audit->db, &common, &other);
    if (e == ERR_OK && x->part == 0) {
        twice(x->audit, t->credit_id, other);
    } else if (e == ERR_NO_ROW) {
        uint8_t digest[SHA256_LEN];
        odd_digest(&common, digest);
        odd_keep(x, digest, t->credit_id);
        e = ERR_OK;
    }
    return e;
}

static int by_digest(const void *px, const void *py)
{
    const struct odd *x = px, *y = py;
    int c = memcmp(x->digest, y->digest, SHA256_LEN);
    return c ? c : (x->credit_id > y->credit_id) - (x->credit_id < y->credit_id);
}

static void odd_compare(struct trxs *x)
{
    if (x->count > 1) {
        qsort(x->items, x->count, sizeof *x->items, by_digest);
    }
    for (size_t i = 1; i < x->count; i++) {
        if (memcmp(x->items[i - 1].digest, x->items[i].digest, SHA256_LEN) == 0) {
            twice(x->audit, x->items[i].credit_id, x->items[i - 1].credit_id);
        }
    }
    x->count = 0;
}

enum err audit_trx_ids(struct audit *a)
{
    struct trxs x = {.audit = a};
    buf_init(&x.text, TEXT_MAX);
    enum err e = store_books_trx_each(a->db, trx_see, &x);
    x.parts = x.odd_count / a->o->window + (x.odd_count > 0);
    for (; e == ERR_OK && x.part < x.parts; x.part++) {
        e = store_books_trx_each(a->db, odd_see, &x);
        odd_compare(&x);
    }
    buf_clear(&x.text);
    mem_free(x.items);
    return e;
}
