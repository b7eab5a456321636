/* What a developer sets up: certificates, redirects, endpoints, the account's own settings; as the command line and the cabinet make them. */
#include "base/archive.h"
#include "service/accounts_keys.h"
#include "service/certs.h"
#include "service/presets.h"
#include "service_world.h"

#define BY                                                                                         \
    ((struct change_by){                                                                           \
        .person_id = 0, .actor = STR("dev@shop.example"), .client_ip = STR("192.0.2.7")})

struct doing {
    struct world *w;
    struct cert_new *cert;
    int64_t id;
    struct redirect_row *redirect;
    struct endpoint_row *endpoint;
    struct account_row *account;
    const char *action;
};

static enum err do_cert_add(struct tx *tx, void *arg, struct change_note *note)
{
    return cert_add(tx, ((struct doing *)arg)->cert, note);
}

static enum err do_cert_revoke(struct tx *tx, void *arg, struct change_note *note)
{
    struct doing *d = arg;
    return cert_revoke(tx, &d->w->arena, d->id, note);
}

static enum err do_redirect_add(struct tx *tx, void *arg, struct change_note *note)
{
    return redirect_add(tx, ((struct doing *)arg)->redirect, note);
}

static enum err do_redirect_delete(struct tx *tx, void *arg, struct change_note *note)
{
    struct doing *d = arg;
    return redirect_delete(tx, &d->w->arena, d->id, note);
}

static enum err do_endpoint_add(struct tx *tx, void *arg, struct change_note *note)
{
    return endpoint_add(tx, ((struct doing *)arg)->endpoint, note);
}

static enum err do_endpoint_change(struct tx *tx, void *arg, struct change_note *note)
{
    struct doing *d = arg;
    return endpoint_change(tx, &d->w->arena, d->action, d->endpoint, note);
}

static enum err do_account(struct tx *tx, void *arg, struct change_note *note)
{
    struct doing *d = arg;
    return account_change(tx, &d->w->arena, d->account, false, note);
}

static enum err doing(struct world *w, change_fn fn, struct doing d)
{
    d.w = w;
    return change_run(w->s.store, &BY, fn, &d);
}

static struct account_row account(struct world *w)
{
    struct account_row r;
    ok(store_account_by_id(world_db(w), &w->arena, w->account_id, &r));
    return r;
}

static struct cert_new cert_new_for(struct world *w, enum cert_purpose p)
{
    return (struct cert_new){
        .account = account(w), .purpose = p, .overlap_ms = CERT_OVERLAP_DEFAULT_MS};
}

static void make(struct world *w, struct cert_new *n, struct cert_pair *pair)
{
    cert_pair_init(pair);
    ok(cert_make(w->s.keys, &w->arena, 2048, n, pair));
    ok(doing(w, do_cert_add, (struct doing){.cert = n}));
}

static struct cert_row cert(struct world *w, int64_t id)
{
    struct cert_row r;
    ok(store_cert_get(world_db(w), &w->arena, id, &r));
    return r;
}

/* The service looks every quarter of a second. */
static enum rsa_verdict verify_soon(
    struct world *w, const struct rsa_private *key, enum cert_purpose p, enum rsa_verdict wanted)
{
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    struct buf b64;
    enum rsa_verdict verdict = RSA_REFUSED;
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    buf_init(&b64, 2048);
    ok(rsa_sign(key, RSA_DIGEST_SHA256, STR("{}"), sig, sizeof sig, &n));
    base64_encode(&b64, sig, n);
    do {
        const struct account_view *v = accounts_get_by_id(w->s.accounts, w->account_id);
        assert_non_null(v);
        verdict = accounts_verify(
            w->s.accounts, v, p, clock_now_ms(&w->clock), STR("{}"), buf_view(&b64));
        accounts_release(v);
        usleep(5000);
    } while (verdict != wanted && clock_mono_ms() < until);
    buf_clear(&b64);
    return verdict;
}

static void a_new_certificates_key_signs_and_is_kept_nowhere(void **state)
{
    struct world *w = *state;
    struct cert_new n = cert_new_for(w, CERT_PAYMENTS);
    struct cert_pair pair;
    struct rsa_private *key = NULL;
    make(w, &n, &pair);
    assert_int_equal(n.ended, 0);
    ok(rsa_private_from_pem(buf_view(&pair.private_pem), buf_view(&pair.password), &key));
    assert_int_equal(verify_soon(w, key, CERT_PAYMENTS, RSA_GOOD_SHA256), RSA_GOOD_SHA256);
    assert_true(str_absent(cert(w, n.row.id).private_box));
    rsa_private_free(key);
    cert_pair_wipe(&pair);
}

static void the_archive_has_the_three_files_and_nothing_else(void **state)
{
    struct world *w = *state;
    struct cert_new n = cert_new_for(w, CERT_PAYMENTS);
    struct cert_pair pair;
    struct zip_member files[CERT_FILES_MAX];
    struct buf zip;
    buf_init(&zip, CERT_ARCHIVE_MAX);
    cert_pair_init(&pair);
    ok(cert_make(w->s.keys, &w->arena, 2048, &n, &pair));
    assert_int_equal(cert_pair_files(&pair, files), 3);
    ok(cert_pair_archive(&pair, &zip));
    assert_memory_equal(zip.p, "PK\x03\x04", 4);
    const char *const names[] = {"password.txt", "private.pem", "public.pem"};
    for (size_t i = 0; i < array_len(names); i++) {
        assert_string_equal(files[i].name, names[i]);
        /* stored as they are: the content stands in it */
        assert_non_null(memmem(zip.p, zip.n, names[i], strlen(names[i])));
        assert_non_null(memmem(zip.p, zip.n, files[i].content.p, files[i].content.n));
    }
    assert_null(memchr(pair.password.p, '\n', pair.password.n));
    cert_pair_wipe(&pair);
    struct cert_new told = cert_new_for(w, CERT_NOTIFICATIONS);
    cert_pair_init(&pair);
    ok(cert_make(w->s.keys, &w->arena, 2048, &told, &pair));
    assert_int_equal(cert_pair_files(&pair, files), 1);
    assert_string_equal(files[0].name, "public.pem");
    assert_false(str_absent(told.row.private_box));
    cert_pair_wipe(&pair);
    buf_wipe(&zip);
}

static void older_certificates_end_after_the_overlap(void **state)
{
    struct world *w = *state;
    struct cert_new first = cert_new_for(w, CERT_PAYMENTS), second = first;
    struct cert_pair pair;
    int64_t now = clock_now_ms(&w->clock);
    make(w, &first, &pair);
    cert_pair_wipe(&pair);
    second.overlap_ms = HOUR;
    make(w, &second, &pair);
    cert_pair_wipe(&pair);
    assert_true(second.ended >= 1);
    assert_int_equal(second.old_until, now + HOUR);
    assert_string_equal(cert_state(&(struct cert_row){.not_after = now + HOUR}, now), "ending");
    struct cert_row old = cert(w, first.row.id), young = cert(w, second.row.id);
    assert_string_equal(cert_state(&old, now), "ending");
    assert_string_equal(cert_state(&old, now + HOUR), "ended");
    assert_string_equal(cert_state(&young, now), "valid");
    assert_int_equal(cert_bits(&young), 2048);
    ok(doing(w, do_cert_revoke, (struct doing){.id = young.id}));
    assert_int_equal(doing(w, do_cert_revoke, (struct doing){.id = young.id}), ERR_CONFLICT);
    assert_int_equal(doing(w, do_cert_revoke, (struct doing){.id = 999999}), ERR_NO_ROW);
    young = cert(w, second.row.id);
    assert_string_equal(cert_state(&young, now), "revoked");
}

static void a_notifications_key_begins_when_the_older_one_ends(void **state)
{
    struct world *w = *state;
    struct cert_new n = cert_new_for(w, CERT_NOTIFICATIONS);
    struct cert_pair pair;
    make(w, &n, &pair);
    cert_pair_wipe(&pair);
    struct cert_row r = cert(w, n.row.id);
    assert_int_equal(n.ended, 1);
    assert_int_equal(r.not_before, n.old_until);
    assert_string_equal(cert_state(&r, clock_now_ms(&w->clock)), "not yet");
}

/* Waits for a note that is written behind the caller's back. */
static struct cert_row noted(struct world *w, int64_t id, bool used)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    for (;;) {
        struct cert_row r = cert(w, id);
        if (used ? r.used_at : r.refused_at)
            return r;
        assert_true(clock_mono_ms() < until);
        usleep(5000);
    }
}

static void the_last_use_is_noted_and_the_last_refused_one_with_why(void **state)
{
    struct world *w = *state;
    struct cert_new n = cert_new_for(w, CERT_PAYMENTS);
    struct cert_pair pair;
    struct rsa_private *key = NULL, *stranger = NULL;
    make(w, &n, &pair);
    assert_int_equal(cert(w, n.row.id).used_at, 0);
    ok(rsa_private_from_pem(buf_view(&pair.private_pem), buf_view(&pair.password), &key));
    ok(rsa_private_generate(2048, &stranger));
    assert_int_equal(verify_soon(w, key, CERT_PAYMENTS, RSA_GOOD_SHA256), RSA_GOOD_SHA256);
    struct cert_row r = noted(w, n.row.id, true);
    assert_true(str_is(r.used_digest, "sha256"));
    assert_int_equal(r.used_at, clock_now_ms(&w->clock));
    assert_int_equal(verify_soon(w, stranger, CERT_PAYMENTS, RSA_REFUSED), RSA_REFUSED);
    r = noted(w, n.row.id, false);
    assert_true(str_is(r.refused_why, "signature"));
    rsa_private_free(key);
    rsa_private_free(stranger);
    cert_pair_wipe(&pair);
}

static const char *why_of(struct world *w, enum cert_purpose p, struct str sign)
{
    struct account_full *f = NULL;
    struct account_check check;
    ok(account_full_load(world_db(w), w->s.keys, w->account_id, &f));
    assert_int_equal(
        account_full_verify(f, p, clock_now_ms(&w->clock), STR("{}"), sign, &check), RSA_REFUSED);
    account_full_free(f);
    return check.why;
}

static void why_a_use_is_refused_is_told_without_another_operation(void **state)
{
    struct world *w = *state;
    struct cert_new n = cert_new_for(w, CERT_PAYMENTS);
    struct cert_pair pair;
    struct buf b64;
    uint8_t zero[384] = {0};
    assert_string_equal(why_of(w, CERT_PAYMENTS, STR("AAAA")), "no_certificate");
    make(w, &n, &pair);
    cert_pair_wipe(&pair);
    buf_init(&b64, 4096);
    assert_string_equal(why_of(w, CERT_PAYMENTS, STR("not base64!")), "base64");
    assert_string_equal(why_of(w, CERT_PAYMENTS, STR("AAAA")), "length");
    base64_encode(&b64, zero, 384);
    assert_string_equal(why_of(w, CERT_PAYMENTS, buf_view(&b64)), "length");
    buf_reset(&b64);
    base64_encode(&b64, zero, 256);
    assert_string_equal(why_of(w, CERT_PAYMENTS, buf_view(&b64)), "signature");
    assert_string_equal(why_of(w, CERT_PAYOUTS, buf_view(&b64)), "no_certificate");
    buf_clear(&b64);
}

static void a_merchants_own_key_is_taken_but_not_for_notifications(void **state)
{
    struct world *w = *state;
    struct cert_new n = cert_new_for(w, CERT_PAYOUTS);
    struct cert_pair pair;
    cert_pair_init(&pair);
    ok(cert_make(w->s.keys, &w->arena, 3072, &n, &pair));
    struct cert_new own = cert_new_for(w, CERT_PAYOUTS);
    ok(cert_take(&w->arena, buf_view(&pair.public_pem), &own));
    assert_true(str_eq(own.row.fingerprint, n.row.fingerprint));
    assert_int_equal(cert_bits(&own.row), 3072);
    assert_int_equal(cert_take(&w->arena, STR("-----BEGIN x"), &own), ERR_SYNTAX);
    own.purpose = CERT_NOTIFICATIONS;
    assert_int_equal(cert_take(&w->arena, buf_view(&pair.public_pem), &own), ERR_STATE);
    cert_pair_wipe(&pair);
}

static void presets_that_are_defaults_stay(void **state)
{
    struct world *w = *state;
    struct redirect_row r = {
        .account_id = w->account_id, .name = STR("back"), .url = STR("https://shop.example/ok")};
    struct endpoint_row e = {.account_id = w->account_id,
        .name = STR("told"),
        .url = STR("https://shop.example/n"),
        .mode = STR("POST_JSON"),
        .field_set = 11};
    struct buf secret, again;
    buf_init(&secret, PRESET_SECRET_MAX);
    buf_init(&again, PRESET_SECRET_MAX);
    preset_secret_new(w->s.keys, &w->arena, &secret, &e.secret_box);
    ok(preset_secret_open(w->s.keys, e.secret_box, &again));
    assert_true(str_eq(buf_view(&secret), buf_view(&again)));
    ok(doing(w, do_redirect_add, (struct doing){.redirect = &r}));
    ok(doing(w, do_endpoint_add, (struct doing){.endpoint = &e}));
    struct redirect_row same = r;
    assert_int_equal(doing(w, do_redirect_add, (struct doing){.redirect = &same}), ERR_DUPLICATE);
    struct account_row a = account(w);
    a.success_redirect_id = r.id;
    a.endpoint_id = e.id;
    ok(doing(w, do_account, (struct doing){.account = &a}));
    assert_int_equal(doing(w, do_redirect_delete, (struct doing){.id = r.id}), ERR_STATE);
    e.deleted_at = clock_now_ms(&w->clock);
    assert_int_equal(
        doing(w, do_endpoint_change, (struct doing){.endpoint = &e, .action = "endpoint.delete"}),
        ERR_STATE);
    a.success_redirect_id = a.endpoint_id = 0;
    ok(doing(w, do_account, (struct doing){.account = &a}));
    ok(doing(w, do_redirect_delete, (struct doing){.id = r.id}));
    ok(doing(w, do_endpoint_change, (struct doing){.endpoint = &e, .action = "endpoint.delete"}));
    a.endpoint_id = e.id;
    assert_int_equal(doing(w, do_account, (struct doing){.account = &a}), ERR_NO_ROW);
    buf_wipe(&secret);
    buf_wipe(&again);
}

static void names_are_short_and_plain(void **state)
{
    (void)state;
    assert_true(preset_name_fit(STR("দোকান"), PRESET_NAME_MAX));
    const struct str bad[] = {
        STR(""), STR(" x"), STR("x "), STR("a\nb"), STR("a\x7f"), STR("\xff"), STR_ABSENT};
    for (size_t i = 0; i < array_len(bad); i++)
        assert_false(preset_name_fit(bad[i], PRESET_NAME_MAX));
    assert_false(preset_name_fit(STR("abcd"), 3));
}

static int start(void **state)
{
    static struct world w;
    world_start(&w);
    *state = &w;
    return 0;
}

static int stop(void **state)
{
    world_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_new_certificates_key_signs_and_is_kept_nowhere, start, stop),
        cmocka_unit_test_setup_teardown(
            the_archive_has_the_three_files_and_nothing_else, start, stop),
        cmocka_unit_test_setup_teardown(older_certificates_end_after_the_overlap, start, stop),
        cmocka_unit_test_setup_teardown(
            a_notifications_key_begins_when_the_older_one_ends, start, stop),
        cmocka_unit_test_setup_teardown(
            the_last_use_is_noted_and_the_last_refused_one_with_why, start, stop),
        cmocka_unit_test_setup_teardown(
            why_a_use_is_refused_is_told_without_another_operation, start, stop),
        cmocka_unit_test_setup_teardown(
            a_merchants_own_key_is_taken_but_not_for_notifications, start, stop),
        cmocka_unit_test_setup_teardown(presets_that_are_defaults_stay, start, stop),
        cmocka_unit_test(names_are_short_and_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
