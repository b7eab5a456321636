#include "service/links.h"
#include "store_fixture.h"

#define KEY_A "kassa-key-1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_B "kassa-key-1 f0e0d0c0b0a09080706050403020100f0e0d0c0b0a090807060504030201ffee\n"

/* Links as a program has them whose key file holds `keys`. */
static struct links *links_of(struct fixture *f, const char *keys)
{
    char path[192];
    struct buf why;
    struct keyring *ring = NULL;
    snprintf(path, sizeof path, "%s/key", f->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, keys, strlen(keys)), strlen(keys));
    close(fd);
    buf_init(&why, 1024);
    ok(keyring_load(path, &why, &ring));
    buf_clear(&why);
    unlink(path);
    struct links *l = links_new(ring);
    keyring_free(ring);
    return l;
}

static enum err linked_insert(void *arg, struct tx *tx)
{
    struct sample *x = arg;
    return store_payment_insert(tx, &x->p, &x->same, &x->id, x->first_uuid);
}

/* Stores a payment under the link that its id has. */
static void linked_make(struct fixture *f, struct links *l, int64_t id, struct sample *ret)
{
    char order[32];
    snprintf(order, sizeof order, "linked-%lld", (long long)id);
    sample_init(ret, f, order, T0);
    ret->p.id = id;
    links_uuid(l, id, ret->uuid);
    ok(run(f->s, linked_insert, ret));
}

static enum err find(struct fixture *f, struct links *l, const char *uuid, struct payment_row *ret)
{
    arena_clear(&f->arena);
    return links_payment(l, store_reader(f->s), &f->arena, str_from(uuid), ret);
}

static void a_link_leads_to_its_payment_in_any_case(void **state)
{
    struct fixture *f = *state;
    struct links *l = links_of(f, KEY_A);
    struct sample x;
    struct payment_row p;
    linked_make(f, l, 5000001, &x);
    ok(find(f, l, x.uuid, &p));
    assert_int_equal(p.id, 5000001);
    char upper[UUID_LEN + 1];
    for (size_t i = 0; i <= UUID_LEN; i++)
        upper[i] = (char)(x.uuid[i] >= 'a' && x.uuid[i] <= 'f' ? x.uuid[i] - 32 : x.uuid[i]);
    ok(find(f, l, upper, &p));
    assert_true(str_is(p.uuid, x.uuid));
    links_free(l);
}

static void what_is_no_link_leads_nowhere(void **state)
{
    struct fixture *f = *state;
    struct links *l = links_of(f, KEY_A);
    struct sample x;
    struct payment_row p = {.id = 77};
    char uuid[UUID_LEN + 1];
    linked_make(f, l, 5000001, &x);
    assert_int_equal(find(f, l, "", &p), ERR_NO_ROW);
    assert_int_equal(find(f, l, "no uuid at all", &p), ERR_NO_ROW);
    assert_int_equal(find(f, l, "00000000-0000-4000-8000-000000000000", &p), ERR_NO_ROW);
    links_uuid(l, 5000002, uuid); /* an id that no payment has */
    assert_int_equal(find(f, l, uuid, &p), ERR_NO_ROW);
    int64_t id = sample_make(f, "another link than its own", T0);
    links_uuid(l, id, uuid);
    assert_int_equal(find(f, l, uuid, &p), ERR_NO_ROW);
    assert_int_equal(p.id, 77);
    links_free(l);
}

static void links_outlive_a_rotation_until_their_key_is_taken_out(void **state)
{
    struct fixture *f = *state;
    struct links *before = links_of(f, KEY_A);
    struct links *rotated = links_of(f, KEY_B KEY_A);
    struct links *after = links_of(f, KEY_B);
    struct sample old, young;
    struct payment_row p;
    uint8_t raw[16];
    linked_make(f, before, 5000001, &old);
    linked_make(f, rotated, 5000002, &young);
    ok(find(f, rotated, old.uuid, &p));
    assert_int_equal(p.id, 5000001);
    ok(find(f, rotated, young.uuid, &p));
    assert_int_equal(p.id, 5000002);
    ok(find(f, after, young.uuid, &p));
    assert_int_equal(find(f, after, old.uuid, &p), ERR_NO_ROW);
    ok(uuid_parse(str_from(old.uuid), raw));
    assert_true(links_match(rotated, raw, 5000001));
    assert_false(links_match(rotated, raw, 5000002));
    assert_false(links_match(after, raw, 5000001));
    links_free(before);
    links_free(rotated);
    links_free(after);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_link_leads_to_its_payment_in_any_case),
        WITH(what_is_no_link_leads_nowhere),
        WITH(links_outlive_a_rotation_until_their_key_is_taken_out),
    };
    return cmocka_run_group_tests_name("service_links", tests, NULL, NULL);
}
