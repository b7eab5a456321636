#include "service/sign_in.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/password.h"
#include "base/text.h"

/* Wrong passwords of one e-mail address, and from one network, in a quarter of an hour. The first keeps a person out for that
 * long when somebody else guesses; who is signed in stays so. */
#define TRIES_OF_EMAIL 10
#define TRIES_FROM_ADDRESS 60
#define SEEN_EVERY_MS INT64_C(60000)
#define EMAIL_MAX 254
#define AGENT_MAX 200

void token_digest(struct str token, uint8_t out[SHA256_LEN])
{
    sha256(token.p, token.n, out);
}

void token_new(char out[SESSION_TOKEN_LEN + 1])
{
    uint8_t raw[32];
    struct buf b;
    random_bytes(raw, sizeof(raw));
    buf_init(&b, SESSION_TOKEN_LEN + 1);
    base64_encode(&b, raw, sizeof(raw));
    ensure(buf_ok(&b) && b.n == SESSION_TOKEN_LEN + 1, "32 bytes are 43 digits and one '='");
    for (size_t i = 0; i < SESSION_TOKEN_LEN; i++)
        out[i] = b.p[i] == '+' ? '-' : b.p[i] == '/' ? '_' : b.p[i];
    out[SESSION_TOKEN_LEN] = '\0';
    buf_wipe(&b);
    mem_wipe(raw, sizeof(raw));
}

struct str email_normal(struct arena *a, struct str text)
{
    struct str s = str_absent(text) ? STR_ABSENT : str_trim(text);
    size_t at = str_find(s, '@', 0);
    if (str_absent(s) || s.n > EMAIL_MAX || at == 0 || at + 1 >= s.n ||
        str_find(s, '@', at + 1) != s.n || !utf8_valid(s))
        return STR_ABSENT;
    struct str copy = arena_copy(a, s);
    char *p = (char *)(uintptr_t)copy.p;
    for (size_t i = 0; i < copy.n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c <= ' ' || c == 0x7f)
            return STR_ABSENT;
        if (c >= 'A' && c <= 'Z')
            p[i] = (char)(c + ('a' - 'A'));
    }
    return copy;
}

/* ---- how often one may fail ---- */

struct tries {
    uint8_t email[SHA256_LEN], address[SHA256_LEN];
};

static struct str view(const uint8_t key[SHA256_LEN])
{
    return (struct str){(const char *)key, SHA256_LEN};
}

static void tries_of(const struct browser *b, struct str email, struct tries *ret)
{
    hmac_sha256(STR("e-mail"), email, ret->email);
    hmac_sha256(
        STR("address"), (struct str){(const char *)b->address, sizeof(b->address)}, ret->address);
}

static void person_key(const char *what, int64_t person_id, uint8_t out[SHA256_LEN])
{
    struct buf b;
    buf_init(&b, 32);
    buf_int(&b, person_id);
    hmac_sha256(str_from(what), buf_view(&b), out);
    buf_clear(&b);
}

struct person_try {
    struct store_unit unit;
    uint8_t key[SHA256_LEN];
    int64_t max;
};

static enum err person_try_run(struct store_unit *u, struct tx *tx)
{
    struct person_try *t = unit_owner(u, struct person_try, unit);
    return store_sign_in_try(tx, view(t->key), t->max);
}

enum err sign_in_try(struct service *s, const char *what, int64_t person_id, int64_t max)
{
    struct person_try t = {.unit = {.run = person_try_run}, .max = max};
    person_key(what, person_id, t.key);
    return store_run(s->store, &t.unit);
}

enum err sign_in_try_good(struct tx *tx, const char *what, int64_t person_id)
{
    uint8_t key[SHA256_LEN];
    person_key(what, person_id, key);
    return store_sign_in_good(tx, view(key));
}

struct try_unit {
    struct store_unit unit;
    struct tries tries;
};

/* Counted before the password is looked at, so that many at once are not more than one after the other. */
static enum err try_run(struct store_unit *u, struct tx *tx)
{
    struct try_unit *t = unit_owner(u, struct try_unit, unit);
    enum err e = store_sign_in_try(tx, view(t->tries.address), TRIES_FROM_ADDRESS);
    return e == ERR_OK ? store_sign_in_try(tx, view(t->tries.email), TRIES_OF_EMAIL) : e;
}

/* ---- signing in ---- */

enum session_stage sign_in_stage(const struct person_row *p)
{
    if (!str_absent(p->totp_box))
        return SESSION_CODE;
    return role_is_operator(p->role) ? SESSION_SETUP : SESSION_FULL;
}

enum err sign_in_begin(struct tx *tx, const struct browser *b, const struct person_row *p,
    enum session_stage stage, struct signed_in *ret)
{
    uint8_t digest[SHA256_LEN];
    int64_t now = tx_now_ms(tx);
    enum err e = ERR_OK;
    ret->person = *p;
    token_new(ret->token);
    token_digest(str_from(ret->token), digest);
    ret->session = (struct session_row){
        .person_id = p->id,
        .token_hash = view(digest),
        .stage = stage,
        .created_at = now,
        .seen_at = now,
        .client_ip = b->ip,
        .user_agent = utf8_valid(b->agent) ? utf8_prefix(b->agent, AGENT_MAX) : STR("?"),
    };
    if (b->session_id)
        e = store_session_end(tx, b->session_id, now);
    if (e == ERR_OK || e == ERR_CONFLICT)
        e = store_session_add(tx, &ret->session, now - SESSION_MAX_MS);
    ret->session.token_hash = STR_ABSENT;
    return e == ERR_OK ? store_person_seen(tx, p->id, now) : e;
}

struct sign_in_unit {
    struct store_unit unit;
    struct arena *arena;
    const struct browser *browser;
    struct tries tries;
    int64_t person_id;
    struct str hash; /* that the password was compared with */
    struct signed_in *ret;
};

static enum err sign_in_run(struct store_unit *u, struct tx *tx)
{
    struct sign_in_unit *x = unit_owner(u, struct sign_in_unit, unit);
    struct person_row p;
    enum err e = store_person_get(tx_db(tx), x->arena, x->person_id, &p);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_UNAUTHORIZED : e;
    if (p.disabled_at || !str_eq(p.password_hash, x->hash))
        return ERR_UNAUTHORIZED;
    e = store_sign_in_good(tx, view(x->tries.email));
    return e == ERR_OK ? sign_in_begin(tx, x->browser, &p, sign_in_stage(&p), x->ret) : e;
}

enum err sign_in_password(struct service *s, struct arena *a, const struct browser *b,
    struct str email, struct str password, struct signed_in *ret)
{
    struct try_unit t = {.unit = {.run = try_run}};
    struct sign_in_unit x = {.unit = {.run = sign_in_run}, .arena = a, .browser = b, .ret = ret};
    struct person_row p = {.password_hash = STR_ABSENT};
    struct db *db = store_reader(s->store);
    tries_of(b, email, &t.tries);
    enum err e = db ? store_run(s->store, &t.unit) : ERR_STORE_BUSY;
    if (e != ERR_OK)
        return e;
    e = store_person_by_email(db, a, email, &p);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return e;
    if (!password_is(p.password_hash, password))
        return ERR_UNAUTHORIZED;
    x.tries = t.tries;
    x.person_id = p.id;
    x.hash = p.password_hash;
    return store_run(s->store, &x.unit);
}

/* ---- sessions ---- */

struct seen_unit {
    struct store_unit unit;
    int64_t person_id, session_id;
};

static enum err seen_run(struct store_unit *u, struct tx *tx)
{
    struct seen_unit *x = unit_owner(u, struct seen_unit, unit);
    enum err e = store_session_seen(tx, x->session_id, tx_now_ms(tx));
    return e == ERR_OK ? store_person_seen(tx, x->person_id, tx_now_ms(tx)) : e;
}

static bool session_lives(const struct session_row *r, int64_t now)
{
    int64_t longest = r->stage == SESSION_CODE ? SESSION_CODE_MS : SESSION_MAX_MS;
    return !r->ended_at && now - r->created_at < longest && now - r->seen_at < SESSION_IDLE_MS;
}

enum err session_find(struct service *s, struct arena *a, struct str token, struct signed_in *ret)
{
    uint8_t digest[SHA256_LEN];
    struct db *db = store_reader(s->store);
    int64_t now = clock_now_ms(s->clock);
    if (!db)
        return ERR_STORE_BUSY;
    if (str_absent(token) || token.n != SESSION_TOKEN_LEN)
        return ERR_NO_ROW;
    token_digest(token, digest);
    enum err e = store_session_find(db, a, view(digest), &ret->session);
    if (e == ERR_OK && !session_lives(&ret->session, now))
        e = ERR_NO_ROW;
    if (e == ERR_OK)
        e = store_person_get(db, a, ret->session.person_id, &ret->person);
    if (e == ERR_OK && ret->person.disabled_at)
        e = ERR_NO_ROW;
    if (e != ERR_OK || now - ret->session.seen_at < SEEN_EVERY_MS)
        return e;
    struct seen_unit x = {
        .unit = {.run = seen_run}, .person_id = ret->person.id, .session_id = ret->session.id};
    /* Whoever can't be written down may read all the same. */
    if (store_run(s->store, &x.unit) != ERR_OK)
        log_debug("session_not_seen", LOG_I("session", x.session_id));
    return ERR_OK;
}

enum err session_rotate(struct tx *tx, struct signed_in *x, enum session_stage stage)
{
    uint8_t digest[SHA256_LEN];
    token_new(x->token);
    token_digest(str_from(x->token), digest);
    return store_session_rotate(tx, &x->session, view(digest), stage);
}

struct end_unit {
    struct store_unit unit;
    struct arena *arena;
    int64_t person_id;
    int64_t session_id; /* that ends, or with `others` the one that does not */
    bool others;
};

static enum err end_run(struct store_unit *u, struct tx *tx)
{
    struct end_unit *x = unit_owner(u, struct end_unit, unit);
    struct session_row r;
    if (x->others)
        return store_session_end_all(tx, x->person_id, x->session_id, tx_now_ms(tx));
    enum err e = store_session_get(tx_db(tx), x->arena, x->session_id, &r);
    if (e == ERR_OK && r.person_id != x->person_id)
        e = ERR_NO_ROW;
    if (e == ERR_OK)
        e = store_session_end(tx, x->session_id, tx_now_ms(tx));
    return e == ERR_CONFLICT ? ERR_NO_ROW : e;
}

enum err session_end(struct service *s, struct arena *a, int64_t person_id, int64_t session_id)
{
    struct end_unit x = {
        .unit = {.run = end_run}, .arena = a, .person_id = person_id, .session_id = session_id};
    return store_run(s->store, &x.unit);
}

enum err session_end_others(struct service *s, int64_t person_id, int64_t keep_id)
{
    struct end_unit x = {
        .unit = {.run = end_run}, .person_id = person_id, .session_id = keep_id, .others = true};
    return store_run(s->store, &x.unit);
}
