#include "base/password.h"

#include "base/log.h"
#include <pthread.h>
#include <sodium.h>

_Static_assert(crypto_pwhash_STRBYTES <= PASSWORD_HASH_MAX, "a hash fits");

static char nobody[PASSWORD_HASH_MAX];
static pthread_once_t nobody_once = PTHREAD_ONCE_INIT;

void password_hash(struct str password, char out[PASSWORD_HASH_MAX])
{
    ensure(sodium_init() >= 0, "libsodium does not start");
    int failed = crypto_pwhash_str(out, password.n ? password.p : "", password.n,
        crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
    ensure(failed == 0, "there is memory for a password's hash");
}

static void nobody_make(void)
{
    char random[32];
    ensure(sodium_init() >= 0, "libsodium does not start");
    randombytes_buf(random, sizeof(random));
    password_hash((struct str){random, sizeof(random)}, nobody);
}

bool password_is(struct str hash, struct str password)
{
    char text[PASSWORD_HASH_MAX];
    bool known = !str_absent(hash) && hash.n < sizeof(text);
    pthread_once(&nobody_once, nobody_make);
    memcpy(text, known ? hash.p : nobody, known ? hash.n : sizeof(text));
    if (known)
        text[hash.n] = '\0';
    bool fits = crypto_pwhash_str_verify(text, password.n ? password.p : "", password.n) == 0;
    return fits && known;
}
