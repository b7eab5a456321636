#include "core/doctor_private.h"

#include "base/log.h"
#include "base/text.h"
#include <stdio.h>

static const struct {
    const char *name, *text;
} codes[DOCTOR_CODE_COUNT] = {
#define D(name, text) [DOCTOR_##name] = {#name, text},
#include "core/doctor.def"
#undef D
};

const char *doctor_code_name(enum doctor_code c)
{
    ensure((unsigned)c < DOCTOR_CODE_COUNT, "no such finding");
    return codes[c].name;
}

const char *doctor_code_text(enum doctor_code c)
{
    ensure((unsigned)c < DOCTOR_CODE_COUNT, "no such finding");
    return codes[c].text;
}

void doctor_tell(struct doctor *d, enum doctor_code code, struct str detail)
{
    if (d->r->count < DOCTOR_FINDINGS_MAX) {
        d->r->findings[d->r->count++] = (struct doctor_finding){code, arena_copy(d->arena, detail)};
    }
}

/* ---- Account ---- */

static const struct doctor_account *account_by_uuid(const struct doctor_input *in, struct str uuid)
{
    for (int i = 0; i < in->account_count; i++) {
        if (str_ieq(in->accounts[i].uuid, uuid)) {
            return &in->accounts[i];
        }
    }
    return NULL;
}

static const struct doctor_account *account_by_id(const struct doctor_input *in, int64_t id)
{
    for (int i = 0; i < in->account_count; i++) {
        if (in->accounts[i].id == id) {
            return &in->accounts[i];
        }
    }
    return NULL;
}

/* The account that the request is for, as Kassa reads it; else the one that is looked at. */
static const struct doctor_account *account_judge(struct doctor *d)
{
    const struct doctor_input *in = d->in;
    const struct doctor_account *own = account_by_id(in, in->account_id);
    uint8_t raw[16];
    struct str text = str_absent(in->account) ? STR_ABSENT : str_trim(in->account);
    const struct doctor_account *named = str_absent(text) ? NULL : account_by_uuid(in, text);
    if (str_absent(text)) {
        doctor_tell(d, DOCTOR_account_missing, STR_ABSENT);
    } else if (uuid_parse(text, raw) != ERR_OK) {
        doctor_tell(d, DOCTOR_account_malformed, text);
    } else if (!named) {
        doctor_tell(d, DOCTOR_account_unknown, text);
    }
    const struct doctor_account *a = named ? named : own;
    if (a && !a->enabled) {
        doctor_tell(d, DOCTOR_account_disabled, a->uuid);
    }
    return a;
}

/* ---- whose key ---- */

static bool key_valid(const struct doctor_key *k, int64_t now)
{
    return !k->revoked_at && k->not_before <= now && (k->not_after == 0 || now < k->not_after);
}

/* Whether that key made the signature; the look is kept. A chance is none until something fits. */
static bool key_try(struct doctor *d, const struct doctor_key *k, bool *ret_length)
{
    struct rsa_public *public = NULL;
    struct rsa_look look;
    if (rsa_public_from_der(k->public_der, &public) != ERR_OK) {
        return false;
    }
    bool fits = (size_t)(rsa_public_bits(public) + 7) / 8 == d->sig_n;
    *ret_length = *ret_length || fits;
    rsa_look(public, (struct str){(const char *)d->sig, d->sig_n}, d->in->body, &look);
    rsa_public_free(public);
    bool made = look.form != RSA_FORM_NONE && look.sure;
    if (made) {
        d->look = look;
        d->r->key = k;
        d->r->form = look.form;
        d->r->hash = look.hash;
    }
    return made;
}

static void key_missing(struct doctor *d, bool length)
{
    char text[64];
    if (d->sig_n < 128 || (d->sig[0] == 0x30 && d->sig_n < 160)) {
        snprintf(text, sizeof text, "%zu bytes", d->sig_n);
        doctor_tell(d, DOCTOR_sign_not_rsa, str_from(text));
    } else if (!length && d->in->key_count) {
        snprintf(text, sizeof text, "%zu bits", d->sig_n * 8);
        doctor_tell(d, DOCTOR_sign_length, str_from(text));
    } else {
        doctor_tell(d, DOCTOR_key_unknown, STR_ABSENT);
    }
}

static void key_judge(struct doctor *d, const struct doctor_account *a)
{
    const struct doctor_key *k = d->r->key;
    if (a && k->account_id != a->id) {
        doctor_tell(d, DOCTOR_key_of_other_account, k->account_uuid);
    }
    if (str_is(k->purpose, "payouts")) {
        doctor_tell(d, DOCTOR_key_payouts, STR_ABSENT);
    } else if (str_is(k->purpose, "notifications")) {
        doctor_tell(d, DOCTOR_key_notifications, STR_ABSENT);
    } else if (k->revoked_at) {
        doctor_tell(d, DOCTOR_cert_revoked, STR_ABSENT);
    } else if (k->not_after && d->in->now >= k->not_after) {
        doctor_tell(d, DOCTOR_cert_expired, STR_ABSENT);
    } else if (d->in->now < k->not_before) {
        doctor_tell(d, DOCTOR_cert_not_yet, STR_ABSENT);
    }
}

static void key_find(struct doctor *d, const struct doctor_account *a)
{
    const struct doctor_input *in = d->in;
    bool length = false, any = false;
    for (int i = 0; i < in->key_count; i++) {
        any = any || (a && in->keys[i].account_id == a->id && key_valid(&in->keys[i], in->now) &&
                         str_is(in->keys[i].purpose, "payments"));
    }
    /* The account's own first: two accounts may have imported the same key. */
    for (int pass = 0; pass < 2 && !d->r->key; pass++) {
        for (int i = 0; i < in->key_count && !d->r->key; i++) {
            const struct doctor_key *k = &in->keys[i];
            bool own = a && k->account_id == a->id && key_valid(k, in->now) &&
                       str_is(k->purpose, "payments");
            if (own == (pass == 0) && key_try(d, k, &length)) {
                key_judge(d, a);
            }
        }
    }
    if (!d->r->key) {
        key_missing(d, length);
    }
    if (!any) {
        doctor_tell(d, DOCTOR_no_certificate, STR_ABSENT);
    }
}

/* ---- how, and of what ---- */

static void digest_judge(struct doctor *d)
{
    if (d->look.form == RSA_FORM_PSS) {
        doctor_tell(d, DOCTOR_padding_pss, str_from(hash_kind_text(d->look.hash)));
    } else if (d->look.form == RSA_FORM_BARE) {
        doctor_tell(d, DOCTOR_padding_bare, STR_ABSENT);
    } else if (d->look.hash == HASH_MD5) {
        doctor_tell(d, DOCTOR_digest_md5, STR_ABSENT);
    } else if (d->look.hash != HASH_SHA1 && d->look.hash != HASH_SHA256) {
        doctor_tell(d, DOCTOR_digest_sha512, str_from(hash_kind_text(d->look.hash)));
    }
}

static struct str hex_of(struct doctor *d, const uint8_t *p, size_t n)
{
    buf_reset(&d->text);
    hex_encode(&d->text, p, n);
    return arena_copy(d->arena, buf_view(&d->text));
}

static void digests_show(struct doctor *d)
{
    uint8_t digest[HASH_LEN_MAX];
    bool named = d->look.form == RSA_FORM_PKCS1 || d->look.form == RSA_FORM_PSS;
    enum hash_kind k = named ? d->look.hash : HASH_SHA256;
    hash_compute(k, d->in->body, digest);
    d->r->body_digest = hex_of(d, digest, hash_kind_len(k));
    if (d->look.form == RSA_FORM_PKCS1) {
        d->r->signed_digest = hex_of(d, d->look.bytes, d->look.n);
    }
}

/* gzip, zlib, Zstandard; Brotli has no mark. */
static bool is_compressed(const struct doctor_input *in)
{
    const unsigned char *p = (const unsigned char *)in->body.p;
    bool marked =
        in->body.n > 3 &&
        ((p[0] == 0x1f && p[1] == 0x8b) || (p[0] == 0x78 && (p[0] * 256 + p[1]) % 31 == 0) ||
            (p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd));
    bool said = !str_absent(in->content_encoding) && in->content_encoding.n &&
                !str_ieq(str_trim(in->content_encoding), STR("identity"));
    return marked || said;
}

static bool type_is_json(struct str s)
{
    struct str type = str_trim(str_sub(s, 0, str_find(s, ';', 0)));
    return str_ieq(type, STR("application/json"));
}

static void content_judge(struct doctor *d)
{
    const struct doctor_input *in = d->in;
    struct arena a;
    struct json *tree = NULL;
    const char *why = NULL;
    if (!str_absent(in->content_type) && !type_is_json(in->content_type)) {
        doctor_tell(d, DOCTOR_content_type, in->content_type);
    }
    arena_init(&a, DOCTOR_ARENA_MAX);
    enum err e = json_parse(&a, in->body, &tree, &why);
    if (e != ERR_OK || tree->type != JSON_OBJECT) {
        doctor_tell(d, DOCTOR_body_not_json, str_from(e == ERR_SYNTAX ? why : NULL));
    }
    arena_clear(&a);
}

void doctor_look(struct arena *a, const struct doctor_input *in, struct doctor_report *ret)
{
    struct doctor d = {.arena = a, .in = in, .r = ret};
    *ret = (struct doctor_report){.form = RSA_FORM_NONE};
    buf_init(&d.text, DOCTOR_ARENA_MAX);
    buf_init(&d.more, DOCTOR_ARENA_MAX);
    const struct doctor_account *account = account_judge(&d);
    if (doctor_sign_read(&d)) {
        ret->signature_n = d.sig_n;
        key_find(&d, account);
    }
    if (ret->key) {
        digest_judge(&d);
    }
    if (is_compressed(in)) {
        doctor_tell(&d, DOCTOR_body_compressed, in->content_encoding);
    } else if (ret->key && !rsa_look_is(&d.look, in->body)) {
        doctor_body_hunt(&d);
    }
    digests_show(&d);
    content_judge(&d);
    buf_wipe(&d.text);
    buf_wipe(&d.more);
}
