/* A box: version (1 byte), key id (4), nonce (24), ciphertext and tag. The nonce is random: 192 bits are wide
 * enough never to meet twice. */
#include "base/box.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOX_VERSION 1
#define KEY_LEN crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define KEY_ID_LEN 4
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_LEN (1 + KEY_ID_LEN + NONCE_LEN)
#define KEY_PREFIX "kassa-key-1 "
#define KEYS_MAX 64
#define KEY_FILE_MAX 65536

struct key {
    uint8_t bytes[KEY_LEN];
    uint8_t id[KEY_ID_LEN];
};

/* Lives in memory that is locked, guarded and wiped when freed. */
struct keyring {
    size_t n;
    struct key keys[KEYS_MAX];
};

static void sodium_ready(void)
{
    ensure(sodium_init() >= 0, "libsodium does not start");
}

static void key_id_set(struct key *k)
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof(hash), k->bytes, sizeof(k->bytes), NULL, 0);
    memcpy(k->id, hash, KEY_ID_LEN);
}

/* A file that is there after a crash must be whole, and its name must be there too. */
static enum err folder_sync(const char *path)
{
    const char *slash = strrchr(path, '/');
    cleanup(mem_free_at) char *dir =
        slash ? mem_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : mem_strdup(".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    int failed = fsync(fd);
    close(fd);
    return failed ? ERR_IO : ERR_OK;
}

enum err keyring_create(const char *path)
{
    sodium_ready();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? ERR_DUPLICATE : ERR_IO;
    uint8_t key[KEY_LEN];
    char line[sizeof(KEY_PREFIX) + 2 * KEY_LEN + 1] = KEY_PREFIX;
    const size_t prefix = sizeof(KEY_PREFIX) - 1;
    randombytes_buf(key, sizeof(key));
    sodium_bin2hex(line + prefix, sizeof(line) - prefix, key, sizeof(key));
    size_t n = prefix + 2 * KEY_LEN;
    line[n++] = '\n';
    bool ok = fchmod(fd, 0600) == 0 && write(fd, line, n) == (ssize_t)n && fsync(fd) == 0;
    sodium_memzero(key, sizeof(key));
    sodium_memzero(line, sizeof(line));
    close(fd);
    if (ok && folder_sync(path) == ERR_OK)
        return ERR_OK;
    unlink(path);
    return ERR_IO;
}

static enum err key_file_check(int fd, const char *path, struct buf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return ERR_IO;
    if (!S_ISREG(st.st_mode)) {
        buf_printf(why, "%s: not a regular file", path);
        return ERR_CONFIG;
    }
    if (st.st_uid != geteuid()) {
        buf_printf(why, "%s: belongs to user %u, must belong to user %u who runs this program",
            path, (unsigned)st.st_uid, (unsigned)geteuid());
        return ERR_CONFIG;
    }
    unsigned mode = (unsigned)st.st_mode & 07777U;
    if (mode != 0600 && mode != 0400) {
        buf_printf(why, "%s: has mode %04o, must have 0600 or 0400", path, mode);
        return ERR_CONFIG;
    }
    return ERR_OK;
}

/* Reads at most `cap` bytes; more is ERR_LIMIT. */
static enum err key_file_read(int fd, char *out, size_t cap, size_t *ret_n)
{
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, out + n, cap - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0)
            break;
        n += (size_t)got;
        if (n == cap)
            return ERR_LIMIT;
    }
    *ret_n = n;
    return ERR_OK;
}

/* One line without its end. The reason never quotes the line: it may be a key with a typing mistake. */
static const char *key_line_add(struct keyring *k, struct str line)
{
    line = str_trim(line);
    if (line.n == 0 || line.p[0] == '#')
        return NULL;
    if (!str_starts(line, STR(KEY_PREFIX)))
        return "not a comment and not a key (kassa-key-1 and 64 hex digits)";
    if (k->n == KEYS_MAX)
        return "more keys than fit";
    struct key *key = &k->keys[k->n];
    struct str hex = str_trim(str_sub(line, sizeof(KEY_PREFIX) - 1, line.n));
    if (hex_decode(hex, key->bytes, KEY_LEN) != ERR_OK)
        return "a key must have 64 hex digits";
    if (sodium_is_zero(key->bytes, KEY_LEN))
        return "a key of zeros is no key";
    for (size_t i = 0; i < k->n; i++)
        if (sodium_memcmp(k->keys[i].bytes, key->bytes, KEY_LEN) == 0)
            return "the same key again";
    key_id_set(key);
    k->n++;
    return NULL;
}

static enum err keyring_parse(struct keyring *k, struct str text, const char *path, struct buf *why)
{
    int line_no = 1;
    for (size_t at = 0; at < text.n; line_no++) {
        size_t end = str_find(text, '\n', at);
        size_t line_end = end > at && text.p[end - 1] == '\r' ? end - 1 : end;
        const char *fault = key_line_add(k, str_sub(text, at, line_end));
        if (fault) {
            buf_printf(why, "%s:%d: %s", path, line_no, fault);
            return ERR_CONFIG;
        }
        at = end + 1;
    }
    if (k->n == 0) {
        buf_printf(why, "%s: holds no key", path);
        return ERR_CONFIG;
    }
    return ERR_OK;
}

static enum err keyring_read(struct keyring *k, int fd, const char *path, struct buf *why)
{
    enum err e = key_file_check(fd, path, why);
    if (e != ERR_OK)
        return e;
    char *text = sodium_malloc(KEY_FILE_MAX);
    ensure(text, "no memory for a key file");
    size_t n = 0;
    e = key_file_read(fd, text, KEY_FILE_MAX, &n);
    if (e == ERR_LIMIT) {
        buf_printf(why, "%s: too long for a key file", path);
        e = ERR_CONFIG;
    }
    if (e == ERR_OK)
        e = keyring_parse(k, (struct str){text, n}, path, why);
    sodium_free(text);
    return e;
}

enum err keyring_load(const char *path, struct buf *why, struct keyring **ret)
{
    sodium_ready();
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return ERR_IO;
    struct keyring *k = sodium_malloc(sizeof(*k));
    ensure(k, "no memory for a keyring");
    memset(k, 0, sizeof(*k));
    enum err e = keyring_read(k, fd, path, why);
    close(fd);
    if (e != ERR_OK) {
        keyring_free(k);
        return e;
    }
    sodium_mprotect_readonly(k);
    *ret = k;
    return ERR_OK;
}

void keyring_free(struct keyring *k)
{
    if (k)
        sodium_free(k);
}

size_t keyring_count(const struct keyring *k)
{
    return k->n;
}

void keyring_derive(const struct keyring *k, const char *purpose, uint8_t out[KEYRING_DERIVED_LEN])
{
    keyring_derive_nth(k, 0, purpose, out);
}

void keyring_derive_nth(
    const struct keyring *k, size_t i, const char *purpose, uint8_t out[KEYRING_DERIVED_LEN])
{
    ensure(i < k->n, "a key file has no such key");
    static const char domain[] = "kassa-derive-1 ";
    crypto_generichash_state state;
    crypto_generichash_init(&state, k->keys[i].bytes, KEY_LEN, KEYRING_DERIVED_LEN);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof(domain) - 1);
    crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose));
    crypto_generichash_final(&state, out, KEYRING_DERIVED_LEN);
    sodium_memzero(&state, sizeof(state));
}

void box_seal(const struct keyring *k, const char *purpose, struct str plain, struct buf *out)
{
    const struct key *key = &k->keys[0];
    cleanup(mem_free_at) uint8_t *box = mem_alloc(HEAD_LEN + plain.n + TAG_LEN);
    uint8_t *nonce = box + 1 + KEY_ID_LEN;
    box[0] = BOX_VERSION;
    memcpy(box + 1, key->id, KEY_ID_LEN);
    randombytes_buf(nonce, NONCE_LEN);
    unsigned long long n = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + HEAD_LEN, &n, (const uint8_t *)plain.p,
        plain.n, (const uint8_t *)purpose, strlen(purpose), NULL, nonce, key->bytes);
    buf_add(out, box, HEAD_LEN + (size_t)n);
}

enum err box_open(const struct keyring *k, const char *purpose, struct str box, struct buf *out)
{
    const uint8_t *p = (const uint8_t *)box.p;
    if (box.n < HEAD_LEN + TAG_LEN || p[0] != BOX_VERSION)
        return ERR_CRYPTO;
    size_t cap = box.n - HEAD_LEN - TAG_LEN;
    uint8_t *plain = mem_alloc(cap + 1);
    unsigned long long n = 0;
    bool opened = false;
    /* Ids are short: two keys of a ring may share one. */
    for (size_t i = 0; i < k->n && !opened; i++)
        opened = memcmp(k->keys[i].id, p + 1, KEY_ID_LEN) == 0 &&
                 crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &n, NULL, p + HEAD_LEN,
                     box.n - HEAD_LEN, (const uint8_t *)purpose, strlen(purpose),
                     p + 1 + KEY_ID_LEN, k->keys[i].bytes) == 0;
    if (opened)
        buf_add(out, plain, (size_t)n);
    mem_wipe(plain, cap);
    mem_free(plain);
    if (!opened)
        return ERR_CRYPTO;
    return buf_ok(out) ? ERR_OK : ERR_LIMIT;
}
