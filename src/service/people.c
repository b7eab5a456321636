#include "service/people.h"

#include "base/mem.h"
#include "base/password.h"
#include "base/text.h"
#include "store/store_account.h"

/* ---- passwords ---- */

/* Those of the lists of what leaked that are long enough to be allowed. */
static const char *const common[] = {
    "1234567890",
    "0123456789",
    "0987654321",
    "1234512345",
    "12345678910",
    "123456789a",
    "1q2w3e4r5t",
    "qwertyuiop",
    "1qaz2wsx3edc",
    "q1w2e3r4t5",
    "password12",
    "password123",
    "password1234",
    "passw0rd123",
    "iloveyou123",
    "bangladesh",
    "bangladesh123",
    "bangladesh1971",
    "welcome123",
    "admin12345",
    "administrator",
    "changeme123",
    "kassa12345",
    "letmein1234",
    "abcdefghij",
    "abc1234567",
    "asdfghjkl;",
    "asdfasdfasdf",
};

static bool is_one_again(struct str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] != s.p[0])
            return false;
    return true;
}

enum password_verdict password_judge(struct str password, struct str email)
{
    if (password.n > PASSWORD_MAX)
        return PASSWORD_LONG;
    if (str_absent(password) || !utf8_valid(password) || utf8_len(password) < PASSWORD_MIN)
        return PASSWORD_SHORT;
    if (is_one_again(password) || str_ieq(password, email))
        return PASSWORD_COMMON;
    for (size_t i = 0; i < array_len(common); i++)
        if (str_ieq(password, str_from(common[i])))
            return PASSWORD_COMMON;
    return PASSWORD_GOOD;
}

/* ---- people ---- */

static enum err invitation_new(
    struct tx *tx, int64_t person_id, char ret_token[SESSION_TOKEN_LEN + 1])
{
    uint8_t digest[SHA256_LEN];
    struct invitation_row r = {
        .person_id = person_id,
        .token_hash = {(const char *)digest, sizeof(digest)},
        .created_at = tx_now_ms(tx),
        .expires_at = tx_now_ms(tx) + INVITATION_MS,
    };
    token_new(ret_token);
    token_digest(str_from(ret_token), digest);
    return store_invitation_add(tx, &r);
}

enum err people_invite(struct tx *tx, struct person_row *p, char ret_token[SESSION_TOKEN_LEN + 1])
{
    p->created_at = tx_now_ms(tx);
    enum err e = store_person_add(tx, p);
    return e == ERR_OK ? invitation_new(tx, p->id, ret_token) : e;
}

/* Whoever may change people must not be the last to go. */
static enum err somebody_left(struct tx *tx, const struct person_row *before)
{
    int64_t n = 0;
    if (!role_may(before->role, ACTION_people_change) || str_absent(before->password_hash))
        return ERR_OK;
    enum err e = store_person_count(tx_db(tx), before->role, before->merchant_id, &n);
    return e == ERR_OK && n == 0 ? ERR_RANGE : e;
}

enum err people_reset(struct tx *tx, struct person_row *p, char ret_token[SESSION_TOKEN_LEN + 1])
{
    if (p->disabled_at)
        return ERR_STATE;
    p->password_hash = p->totp_box = p->totp_new_box = STR_ABSENT;
    enum err e = store_person_update(tx, p);
    e = e == ERR_OK ? store_recovery_set(tx, p->id, NULL, 0) : e;
    e = e == ERR_OK ? store_session_end_all(tx, p->id, 0, tx_now_ms(tx)) : e;
    return e == ERR_OK ? invitation_new(tx, p->id, ret_token) : e;
}

enum err people_change(struct tx *tx, struct person_row *p, struct str name, enum role role)
{
    struct person_row before = *p;
    p->name = name;
    p->role = role;
    enum err e = store_person_update(tx, p);
    if (e != ERR_OK || role == before.role)
        return e;
    e = somebody_left(tx, &before);
    return e == ERR_OK ? store_session_end_all(tx, p->id, 0, tx_now_ms(tx)) : e;
}

enum err people_enable(struct tx *tx, struct person_row *p, bool enabled)
{
    struct person_row before = *p;
    if (enabled == (p->disabled_at == 0))
        return ERR_STATE;
    p->disabled_at = enabled ? 0 : tx_now_ms(tx);
    enum err e = store_person_update(tx, p);
    if (e != ERR_OK || enabled)
        return e;
    e = somebody_left(tx, &before);
    e = e == ERR_OK ? store_invitation_end(tx, p->id, tx_now_ms(tx)) : e;
    return e == ERR_OK ? store_session_end_all(tx, p->id, 0, tx_now_ms(tx)) : e;
}

/* ---- invitations ---- */

void invitation_link(const struct config *config, const char *token, struct buf *out)
{
    const char *at = config->server_cabinet_url;
    buf_printf(out, "%s/cabinet/invitation#%s", at[0] ? at : config->server_pay_url, token);
}

static enum err invitation_read(
    struct db *db, struct arena *a, struct str token, int64_t now, struct invitation_view *ret)
{
    uint8_t digest[SHA256_LEN];
    if (str_absent(token) || token.n != SESSION_TOKEN_LEN)
        return ERR_NO_ROW;
    token_digest(token, digest);
    enum err e = store_invitation_find(
        db, a, (struct str){(const char *)digest, sizeof(digest)}, &ret->invitation);
    if (e == ERR_OK && (ret->invitation.used_at || now >= ret->invitation.expires_at))
        e = ERR_NO_ROW;
    if (e == ERR_OK)
        e = store_person_get(db, a, ret->invitation.person_id, &ret->person);
    return e == ERR_OK && ret->person.disabled_at ? ERR_NO_ROW : e;
}

enum err invitation_find(
    struct service *s, struct arena *a, struct str token, struct invitation_view *ret)
{
    struct merchant_row m;
    struct db *db = store_reader(s->store);
    if (!db)
        return ERR_STORE_BUSY;
    ret->merchant_name = STR_ABSENT;
    enum err e = invitation_read(db, a, token, clock_now_ms(s->clock), ret);
    if (e != ERR_OK || !ret->person.merchant_id)
        return e;
    e = store_merchant_get(db, a, ret->person.merchant_id, &m);
    if (e == ERR_OK)
        ret->merchant_name = m.name;
    return e;
}

struct accept_unit {
    struct store_unit unit;
    struct arena *arena;
    const struct browser *browser;
    struct str token, hash, language;
    struct signed_in *ret;
};

static enum err accept_run(struct store_unit *u, struct tx *tx)
{
    struct accept_unit *x = unit_owner(u, struct accept_unit, unit);
    struct invitation_view v;
    enum err e = invitation_read(tx_db(tx), x->arena, x->token, tx_now_ms(tx), &v);
    e = e == ERR_OK ? store_invitation_use(tx, v.invitation.id, tx_now_ms(tx)) : e;
    if (e != ERR_OK)
        return e == ERR_CONFLICT ? ERR_NO_ROW : e;
    v.person.password_hash = x->hash;
    if (x->language.n)
        v.person.language = x->language;
    e = store_person_update(tx, &v.person);
    return e == ERR_OK ? sign_in_begin(tx, x->browser, &v.person, sign_in_stage(&v.person), x->ret)
                       : e;
}

enum err invitation_accept(struct service *s, struct arena *a, const struct browser *b,
    struct str token, struct str password, struct str language, struct signed_in *ret)
{
    char hash[PASSWORD_HASH_MAX];
    struct accept_unit x = {.unit = {.run = accept_run},
        .arena = a,
        .browser = b,
        .token = token,
        .language = language,
        .ret = ret};
    password_hash(password, hash);
    x.hash = arena_copy(a, str_from(hash));
    return str_absent(x.hash) ? ERR_LIMIT : store_run(s->store, &x.unit);
}
