#include "service/second_factor.h"

#include "base/mem.h"

#define PURPOSE "totp"
#define BOX_MAX 256
/* Without those that look like others. */
#define RECOVERY_DIGITS "abcdefghjkmnpqrstuvwxyz023456789"

static struct str view(const void *p, size_t n)
{
    return (struct str){p, n};
}

/* ---- the secret ---- */

enum err second_factor_start(struct tx *tx, const struct service *s, struct person_row *p,
    char ret_secret[TOTP_TEXT_LEN + 1])
{
    uint8_t secret[TOTP_SECRET_LEN];
    struct buf box;
    random_bytes(secret, sizeof(secret));
    buf_init(&box, BOX_MAX);
    box_seal(s->keys, PURPOSE, view(secret, sizeof(secret)), &box);
    p->totp_new_box = buf_view(&box);
    enum err e = buf_ok(&box) ? store_person_update(tx, p) : ERR_INTERNAL;
    p->totp_new_box = STR_ABSENT;
    totp_secret_text(secret, ret_secret);
    buf_clear(&box);
    mem_wipe(secret, sizeof(secret));
    return e;
}

/* The machine's own time, which is the authenticator's, however far the clock of a sandbox was moved. */
static int64_t factor_now(const struct tx *tx, const struct service *s)
{
    int64_t now;
    return clock_wall_ms(s->clock, &now) ? now : tx_now_ms(tx);
}

/* The step of the code, by what is in the box. */
static enum err code_check(struct tx *tx, const struct service *s, struct str box, struct str code,
    int64_t used, int64_t *ret_step)
{
    struct buf secret;
    buf_init(&secret, TOTP_SECRET_LEN);
    enum err e = box_open(s->keys, PURPOSE, box, &secret);
    if (e == ERR_OK && secret.n != TOTP_SECRET_LEN)
        e = ERR_CRYPTO;
    if (e == ERR_OK)
        e = totp_check((const uint8_t *)secret.p, code, factor_now(tx, s), used, ret_step);
    buf_wipe(&secret);
    return e;
}

enum err second_factor_confirm(struct tx *tx, const struct service *s, struct person_row *p,
    struct str code, struct recovery_codes *ret)
{
    int64_t step = 0;
    if (str_absent(p->totp_new_box))
        return ERR_STATE;
    enum err e = code_check(tx, s, p->totp_new_box, code, p->totp_step, &step);
    if (e != ERR_OK)
        return e;
    p->totp_box = p->totp_new_box;
    p->totp_new_box = STR_ABSENT;
    e = store_person_totp_step(tx, p->id, step);
    if (e == ERR_OK)
        e = store_person_update(tx, p);
    return e == ERR_OK ? recovery_renew(tx, p, ret) : e;
}

enum err second_factor_remove(struct tx *tx, struct person_row *p)
{
    if (role_is_operator(p->role) || str_absent(p->totp_box))
        return ERR_STATE;
    p->totp_box = p->totp_new_box = STR_ABSENT;
    enum err e = store_person_update(tx, p);
    return e == ERR_OK ? store_recovery_set(tx, p->id, NULL, 0) : e;
}

enum err second_factor_check(
    struct tx *tx, const struct service *s, const struct person_row *p, struct str code)
{
    int64_t step = 0;
    if (str_absent(p->totp_box))
        return ERR_STATE;
    enum err e = code_check(tx, s, p->totp_box, code, p->totp_step, &step);
    if (e == ERR_OK)
        e = store_person_totp_step(tx, p->id, step);
    return e == ERR_CONFLICT ? ERR_UNAUTHORIZED : e;
}

/* ---- recovery codes ---- */

static void recovery_digest(int64_t person_id, struct str code, uint8_t out[SHA256_LEN])
{
    char plain[RECOVERY_CODE_LEN];
    char key[32];
    size_t n = 0;
    struct buf b;
    for (size_t i = 0; i < code.n && n < sizeof(plain); i++) {
        char c = code.p[i];
        if (c != '-' && c != ' ')
            plain[n++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    buf_init(&b, sizeof(key));
    buf_int(&b, person_id);
    hmac_sha256(buf_view(&b), view(plain, n), out);
    buf_clear(&b);
}

static void recovery_make(char out[RECOVERY_CODE_LEN + 1])
{
    uint8_t raw[RECOVERY_CODE_LEN];
    random_bytes(raw, sizeof(raw));
    for (size_t i = 0; i < RECOVERY_CODE_LEN; i++)
        out[i] = i % 5 == 4 ? '-' : RECOVERY_DIGITS[raw[i] & 31];
    out[RECOVERY_CODE_LEN] = '\0';
    mem_wipe(raw, sizeof(raw));
}

enum err recovery_renew(struct tx *tx, const struct person_row *p, struct recovery_codes *ret)
{
    uint8_t hashes[RECOVERY_CODES][SHA256_LEN];
    if (str_absent(p->totp_box))
        return ERR_STATE;
    for (int i = 0; i < RECOVERY_CODES; i++) {
        recovery_make(ret->code[i]);
        recovery_digest(p->id, str_from(ret->code[i]), hashes[i]);
    }
    return store_recovery_set(tx, p->id, (const uint8_t(*)[SHA256_LEN])hashes, RECOVERY_CODES);
}

enum err recovery_check(struct tx *tx, const struct person_row *p, struct str code)
{
    uint8_t digest[SHA256_LEN];
    recovery_digest(p->id, code, digest);
    enum err e = store_recovery_use(tx, p->id, view(digest, sizeof(digest)), tx_now_ms(tx));
    return e == ERR_NO_ROW ? ERR_UNAUTHORIZED : e;
}
