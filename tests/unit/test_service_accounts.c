/* Who may call: accounts, their certificates in time, and changes that show within a second. */
#include "base/metrics.h"
#include "service/wallet_host.h"
#include "service_world.h"

#define BODY STR("{\"amount\":100}")

static struct rsa_private *keys[3]; /* two payments keys and a stranger's */

static int make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_len(keys); i++)
        ok(rsa_private_generate(2048, &keys[i]));
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_len(keys); i++)
        rsa_private_free(keys[i]);
    return 0;
}

/* An administrative change, as the command line makes it. */
struct change {
    struct store_unit unit;
    struct world *w;
    void (*fn)(struct change *c, struct tx *tx);
    struct cert_row cert;
    bool enabled;
    const char *services;
};

static enum err change_run(struct store_unit *u, struct tx *tx)
{
    struct change *c = unit_owner(u, struct change, unit);
    c->fn(c, tx);
    return store_change_bump(tx);
}

/* Makes the change and waits until the service has seen it: by then the view is another one. */
static void change(struct world *w, struct change *c)
{
    const struct account_view *before = accounts_get_by_id(w->s.accounts, w->account_id);
    const struct account_view *now = before;
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    c->unit = (struct store_unit){.run = change_run};
    c->w = w;
    ok(store_run(w->s.store, &c->unit));
    while (now == before) {
        usleep(5000);
        now = accounts_get_by_id(w->s.accounts, w->account_id);
        if (now)
            accounts_release(now);
        assert_true(clock_mono_ms() < until);
    }
    if (before)
        accounts_release(before);
}

static void change_cert_add(struct change *c, struct tx *tx)
{
    ok(store_cert_add(tx, &c->cert));
}

static void change_cert_revoke(struct change *c, struct tx *tx)
{
    ok(store_cert_revoke(tx, c->cert.id, tx_now_ms(tx)));
}

static void change_account(struct change *c, struct tx *tx)
{
    struct account_row row;
    ok(store_account_by_id(tx_db(tx), &c->w->arena, c->w->account_id, &row));
    row.enabled = c->enabled;
    if (c->services)
        row.services = str_from(c->services);
    ok(store_account_update(tx, &row));
}

static int64_t cert_add(
    struct world *w, const char *purpose, int key, int64_t not_before, int64_t not_after)
{
    struct buf der;
    struct rsa_public *public_key = NULL;
    buf_init(&der, 4096);
    ok(rsa_private_public(keys[key], &public_key));
    ok(rsa_public_to_der(public_key, &der));
    rsa_public_free(public_key);
    struct change c = {.fn = change_cert_add,
        .cert = {.account_id = w->account_id,
            .purpose = str_from(purpose),
            .public_der = buf_view(&der),
            .fingerprint = STR("0000000000000000000000000000000000000000000000000000000000000000"),
            .not_before = not_before,
            .not_after = not_after,
            .created_at = WORLD_T0}};
    change(w, &c);
    buf_clear(&der);
    return c.cert.id;
}

static enum rsa_verdict verify_text(struct world *w, enum cert_purpose p, struct str sign)
{
    const struct account_view *v = accounts_get(w->s.accounts, str_from(w->account_uuid));
    assert_non_null(v);
    enum rsa_verdict verdict =
        accounts_verify(w->s.accounts, v, p, clock_now_ms(&w->clock), BODY, sign);
    accounts_release(v);
    return verdict;
}

static enum rsa_verdict verify(
    struct world *w, enum cert_purpose p, int key, enum rsa_digest digest)
{
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    struct buf b64;
    buf_init(&b64, 2048);
    ok(rsa_sign(keys[key], digest, BODY, sig, sizeof sig, &n));
    buf_char(&b64, ' ');
    base64_encode(&b64, sig, n);
    buf_char(&b64, ' ');
    enum rsa_verdict verdict = verify_text(w, p, buf_view(&b64));
    buf_clear(&b64);
    return verdict;
}

static void a_signature_fits_only_its_account_and_purpose(void **state)
{
    struct world *w = *state;
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_REFUSED);
    (void)cert_add(w, "payments", 0, WORLD_T0, 0);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA256), RSA_GOOD_SHA256);
    assert_int_equal(verify(w, CERT_PAYOUTS, 0, RSA_DIGEST_SHA1), RSA_REFUSED);
    assert_int_equal(verify(w, CERT_PAYMENTS, 2, RSA_DIGEST_SHA1), RSA_REFUSED);
    const struct str bad[] = {STR(""), STR_ABSENT, STR("AA=="), STR("not base64!"), STR("AAAA")};
    for (size_t i = 0; i < array_len(bad); i++)
        assert_int_equal(verify_text(w, CERT_PAYMENTS, bad[i]), RSA_REFUSED);
    assert_int_equal(
        accounts_verify(w->s.accounts, NULL, CERT_PAYMENTS, WORLD_T0, BODY, bad[2]), RSA_REFUSED);
}

static void certificates_overlap_and_end(void **state)
{
    struct world *w = *state;
    (void)cert_add(w, "payments", 0, WORLD_T0, WORLD_T0 + HOUR);
    (void)cert_add(w, "payments", 1, WORLD_T0 + MINUTE, 0);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
    assert_int_equal(verify(w, CERT_PAYMENTS, 1, RSA_DIGEST_SHA1), RSA_REFUSED);
    clock_advance(&w->clock, MINUTE);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
    assert_int_equal(verify(w, CERT_PAYMENTS, 1, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
    clock_advance(&w->clock, HOUR - MINUTE - 1);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
    clock_advance(&w->clock, 1);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_REFUSED);
    assert_int_equal(verify(w, CERT_PAYMENTS, 1, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
}

/* Of a refused Sign of so many bytes, at the account or, without one, at an unknown account: so many operations of so many bits. */
static void assert_refusal_costs(
    struct world *w, bool known, size_t sign_n, int64_t wanted, int64_t bits)
{
    uint8_t sig[RSA_SIG_MAX + 1];
    struct buf b64;
    buf_init(&b64, 2048);
    memset(sig, 0x5c, sizeof sig);
    base64_encode(&b64, sig, sign_n);
    int64_t operations = metric_get(METRIC_rsa_verifications_total);
    int64_t sum = metric_get(METRIC_rsa_verification_bits_total);
    enum rsa_verdict verdict =
        known ? verify_text(w, CERT_PAYMENTS, buf_view(&b64))
              : accounts_verify(w->s.accounts, NULL, CERT_PAYMENTS, WORLD_T0, BODY, buf_view(&b64));
    assert_int_equal(verdict, RSA_REFUSED);
    assert_int_equal(metric_get(METRIC_rsa_verifications_total) - operations, wanted);
    assert_int_equal(metric_get(METRIC_rsa_verification_bits_total) - sum, wanted * bits);
    buf_clear(&b64);
}

/* `overlapping`: certificates of 2048 bits that the account has at this time. */
static void assert_refusals_cost_alike(struct world *w, int overlapping)
{
    static const size_t usual[] = {256, 257, 300, 384, 511, 512}, other[] = {0, 1, 255, 513};
    for (int known = 0; known < 2; known++) {
        for (size_t i = 0; i < array_len(usual); i++)
            assert_refusal_costs(w, known, usual[i],
                known && usual[i] == 256 && overlapping > 1 ? overlapping : 1,
                (int64_t)usual[i] * 8);
        for (size_t i = 0; i < array_len(other); i++)
            assert_refusal_costs(w, known, other[i], 1, 2048);
    }
}

static void a_refusal_costs_what_its_signatures_length_says_and_nothing_else(void **state)
{
    struct world *w = *state;
    assert_refusals_cost_alike(w, 0);
    (void)cert_add(w, "payments", 0, WORLD_T0 - HOUR, WORLD_T0);
    (void)cert_add(w, "payouts", 1, WORLD_T0, 0);
    assert_refusals_cost_alike(w, 0);
    for (int i = 1; i <= 6; i++) {
        (void)cert_add(w, "payments", (i + 1) % 2, WORLD_T0, 0);
        assert_refusals_cost_alike(w, i < 4 ? i : 4); /* no more are tried */
    }
    int64_t operations = metric_get(METRIC_rsa_verifications_total);
    assert_int_equal(verify(w, CERT_PAYMENTS, 1, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
    assert_int_equal(metric_get(METRIC_rsa_verifications_total) - operations, 1);
}

static void a_revoked_certificate_is_refused_and_its_use_noted_once(void **state)
{
    struct world *w = *state;
    struct cert_row row;
    int64_t id = cert_add(w, "payments", 0, WORLD_T0, 0);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_GOOD_SHA1);
    struct change c = {.fn = change_cert_revoke, .cert = {.id = id}};
    change(w, &c);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_REFUSED);
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    do {
        usleep(2000);
        ok(store_cert_get(world_db(w), &w->arena, id, &row));
        assert_true(clock_mono_ms() < until);
    } while (row.refused_at == 0);
    assert_int_equal(row.refused_at, WORLD_T0);
    clock_advance(&w->clock, 5 * SECOND);
    assert_int_equal(verify(w, CERT_PAYMENTS, 0, RSA_DIGEST_SHA1), RSA_REFUSED);
    usleep(100000);
    ok(store_cert_get(world_db(w), &w->arena, id, &row));
    assert_int_equal(row.refused_at, WORLD_T0);
}

static void an_account_is_found_by_its_uuid_in_any_case(void **state)
{
    struct world *w = *state;
    const struct account_view *v =
        accounts_get(w->s.accounts, STR("0B0D5C1E-7A47-4B43-9C3A-0D4A3C2B1A00"));
    assert_non_null(v);
    assert_int_equal(v->row.id, w->account_id);
    assert_true(str_is(v->merchant_name, "Shop"));
    accounts_release(v);
    assert_null(accounts_get(w->s.accounts, STR("0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a01")));
    assert_null(accounts_get(w->s.accounts, STR("0b0d5c1e")));
    assert_null(accounts_get(w->s.accounts, STR_ABSENT));
    assert_null(accounts_get_by_id(w->s.accounts, w->account_id + 1000));
}

static void a_disabled_account_becomes_unknown(void **state)
{
    struct world *w = *state;
    struct page_view page;
    struct shop_payment sp = world_create(w, "A-1", "1.00");
    struct change c = {.fn = change_account, .enabled = false};
    change(w, &c);
    assert_null(accounts_get(w->s.accounts, str_from(w->account_uuid)));
    ok(checkout_page_load(&w->s, &w->arena, str_from(sp.uuid), PAGE_WAY_NONE, &page));
    assert_true(str_is(page.merchant_name, "Shop"));
    assert_true(str_is(page.account_uuid, w->account_uuid));
}

static void a_return_is_signed_with_the_notifications_key(void **state)
{
    struct world *w = *state;
    struct buf b64;
    const struct account_view *v = accounts_get(w->s.accounts, str_from(w->account_uuid));
    buf_init(&b64, 2048);
    ok(accounts_sign(v, WORLD_T0, STR("text"), &b64));
    assert_int_equal(b64.n, 344);
    buf_reset(&b64);
    assert_int_equal(accounts_sign(v, WORLD_T0 - 2, STR("text"), &b64), ERR_NO_ROW);
    assert_int_equal(b64.n, 0);
    accounts_release(v);
    buf_clear(&b64);
}

struct reader {
    struct world *w;
    atomic_bool *stop;
    pthread_t thread;
    int reads;
};

static void *reader_main(void *arg)
{
    struct reader *r = arg;
    while (!atomic_load(r->stop)) {
        const struct account_view *v = accounts_get(r->w->s.accounts, str_from(r->w->account_uuid));
        assert_non_null(v);
        assert_true(v->row.services.n > 0);
        (void)verify_text(r->w, CERT_PAYMENTS, STR("AA=="));
        accounts_release(v);
        r->reads++;
    }
    return NULL;
}

static void views_stay_whole_while_accounts_change(void **state)
{
    struct world *w = *state;
    atomic_bool stop = false;
    struct reader readers[4];
    for (int i = 0; i < 4; i++) {
        readers[i] = (struct reader){.w = w, .stop = &stop};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, reader_main, &readers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        struct change c = {.fn = change_account,
            .enabled = true,
            .services = i % 2 ? "payment_card_bdt_hpp" : "payment_card_bdt_hpp,other"};
        change(w, &c);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 4; i++) {
        pthread_join(readers[i].thread, NULL);
        assert_true(readers[i].reads > 0);
    }
}

struct credential_change {
    struct store_unit unit;
    struct world *w;
};

static enum err credential_disable(struct store_unit *u, struct tx *tx)
{
    struct credential_change *c = unit_owner(u, struct credential_change, unit);
    ok(store_credential_set_enabled(tx, c->w->credential_id, false));
    return store_change_bump(tx);
}

static void a_disabled_credential_goes_out_of_use(void **state)
{
    struct world *w = *state;
    struct page_view page;
    struct shop_payment sp = world_create(w, "C-1", "1.00");
    struct credential_change c = {.unit = {.run = credential_disable}, .w = w};
    ok(store_run(w->s.store, &c.unit));
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    do {
        usleep(5000);
        assert_true(clock_mono_ms() < until);
        ok(checkout_page_load(&w->s, &w->arena, str_from(sp.uuid), PAGE_WAY_NONE, &page));
    } while (page.wallet_healthy);
    assert_int_equal(world_pay(w, &sp), ERR_NOT_SENT);
    assert_int_equal(world_payment(w, sp.id).attempts, 0);
}

static void a_token_call_that_was_not_made_is_not_counted(void **state)
{
    struct world *w = *state;
    struct wallet_host host = wallet_host_on_store(&w->s);
    int64_t id = w->credential_id;
    ok(host.token_budget_take(host.arg, id));
    clock_advance(&w->clock, MINUTE);
    ok(host.token_budget_take(host.arg, id));
    assert_int_equal(host.token_budget_take(host.arg, id), ERR_BUDGET);
    host.token_budget_return(host.arg, id);
    ok(host.token_budget_take(host.arg, id));
    assert_int_equal(host.token_budget_take(host.arg, id), ERR_BUDGET);
    /* the first one is an hour old, the later ones are not */
    clock_advance(&w->clock, HOUR - MINUTE + 1);
    ok(host.token_budget_take(host.arg, id));
    assert_int_equal(host.token_budget_take(host.arg, id), ERR_BUDGET);
}

static void token_see(void *arg, const struct wallet_token *t)
{
    bool *seen = arg;
    assert_true(str_is(t->token, "a-token"));
    assert_true(str_absent(t->refresh));
    assert_int_equal(t->expires_at, WORLD_T0 + HOUR);
    *seen = true;
}

static void a_token_outlives_the_process(void **state)
{
    struct world *w = *state;
    struct wallet_host host = wallet_host_on_store(&w->s);
    struct wallet_token token = {.token = STR("a-token"), .expires_at = WORLD_T0 + HOUR};
    bool seen = false;
    assert_int_equal(host.token_load(host.arg, w->credential_id, token_see, &seen), ERR_NO_ROW);
    assert_false(seen);
    int64_t version = 0;
    ok(host.token_save(host.arg, w->credential_id, &token, &version));
    assert_int_equal(version, 1);
    service_stop(&w->s);
    world_service_start(w, true);
    ok(host.token_load(host.arg, w->credential_id, token_see, &seen));
    assert_true(seen);
}

static void without_workers_a_change_shows_at_once(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    (void)state;
    world_make(w);
    world_service_start(w, false);
    const struct account_view *v = accounts_get(w->s.accounts, str_from(w->account_uuid));
    assert_non_null(v);
    accounts_release(v);
    struct change c = {.unit = {.run = change_run}, .w = w, .fn = change_account};
    ok(store_run(w->s.store, &c.unit));
    assert_null(accounts_get(w->s.accounts, str_from(w->account_uuid)));
    world_stop(w);
    mem_free(w);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_signature_fits_only_its_account_and_purpose),
        T(certificates_overlap_and_end),
        T(a_refusal_costs_what_its_signatures_length_says_and_nothing_else),
        T(a_revoked_certificate_is_refused_and_its_use_noted_once),
        T(an_account_is_found_by_its_uuid_in_any_case),
        T(a_disabled_account_becomes_unknown),
        T(a_return_is_signed_with_the_notifications_key),
        T(views_stay_whole_while_accounts_change),
        T(a_disabled_credential_goes_out_of_use),
        T(a_token_call_that_was_not_made_is_not_counted),
        T(a_token_outlives_the_process),
        cmocka_unit_test(without_workers_a_change_shows_at_once),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
