#include "app/preflight.h"
#include "base/box.h"
#include "base/store_path.h"
#include "base/text.h"
#include "base/url.h"
#include "http/routes.h"
#include "store/store_wallet.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_MAX ((size_t)1024 * 1024)
#define ARENA_MAX ((size_t)1024 * 1024)

/* ---- files ---- */

static enum err pem_read(const char *key, const char *path, struct buf *out, struct buf *why)
{
    enum err e = buf_read_file(out, path);
    if (e != ERR_OK) {
        buf_printf(why, "%s: can't read %s\n", key, path);
        return ERR_CONFIG;
    }
    if (memmem(out->p ? out->p : "", out->n, "-----BEGIN ", 11) == NULL) {
        buf_printf(why, "%s: %s holds no PEM text\n", key, path);
        return ERR_CONFIG;
    }
    return ERR_OK;
}

static enum err key_mode_check(const char *path, struct buf *why)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077) == 0)
        return ERR_OK;
    buf_printf(
        why, "server.tls_key_file: %s must be readable by its owner alone: chmod 600\n", path);
    return ERR_CONFIG;
}

static enum err secrets_check(const struct config *config, struct buf *why)
{
    struct keyring *keys = NULL;
    enum err e = keyring_load(config->security_secret_key_file, why, &keys);
    if (e == ERR_OK)
        keyring_free(keys);
    else if (why->n == 0)
        buf_printf(
            why, "security.secret_key_file: can't read %s\n", config->security_secret_key_file);
    return e;
}

enum err preflight_files(const struct config *config, struct preflight *ret, struct buf *why)
{
    ret->lock_fd = -1;
    buf_init(&ret->tls_cert, PEM_MAX);
    buf_init(&ret->tls_key, PEM_MAX);
    enum err e = secrets_check(config, why);
    if (e != ERR_OK || config->server_tls_certificate_file[0] == 0)
        return e;
    e = pem_read(
        "server.tls_certificate_file", config->server_tls_certificate_file, &ret->tls_cert, why);
    if (e == ERR_OK)
        e = key_mode_check(config->server_tls_key_file, why);
    if (e == ERR_OK)
        e = pem_read("server.tls_key_file", config->server_tls_key_file, &ret->tls_key, why);
    if (e != ERR_OK)
        preflight_clear(ret);
    return e;
}

void preflight_clear(struct preflight *p)
{
    buf_clear(&p->tls_cert);
    buf_wipe(&p->tls_key);
    if (p->lock_fd >= 0)
        close(p->lock_fd);
    p->lock_fd = -1;
}

enum err preflight_lock(const struct config *config, struct preflight *p, struct buf *why)
{
    struct buf path;
    if (store_path_is_server(config->store_path))
        return ERR_OK;
    buf_init(&path, PATH_MAX);
    buf_printf(&path, "%s.lock", config->store_path);
    int fd = buf_ok(&path) ? open(path.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        buf_printf(why, "store.path: can't open %s.lock: %s\n", config->store_path,
            strerrordesc_np(errno));
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        buf_printf(why, "store.path: another kassad runs on %s\n", config->store_path);
    else
        p->lock_fd = fd;
    if (fd >= 0 && p->lock_fd < 0)
        close(fd);
    buf_clear(&path);
    return p->lock_fd >= 0 ? ERR_OK : ERR_STATE;
}

/* ---- the sandbox ---- */

static enum err credential_check(void *arg, const struct credential_row *row)
{
    struct buf *why = arg;
    struct url url;
    if (!row->enabled)
        return ERR_OK;
    if (url_parse(row->base_url, &url) != ERR_OK || !host_is_loopback(url.host))
        buf_printf(why,
            "sandbox.sandbox: refused, the wallet credential \"%.*s\" leads off loopback, to "
            "%.*s\n",
            STR_FMT(row->name), STR_FMT(row->base_url));
    return ERR_OK;
}

static enum err offset_restore(struct db *db, struct clock *clock)
{
    struct arena arena;
    struct str text = STR_ABSENT;
    int64_t offset = 0;
    arena_init(&arena, ARENA_MAX);
    enum err e = store_setting_get(db, &arena, SANDBOX_CLOCK_SETTING, &text);
    if (e == ERR_OK)
        e = int64_parse(text, &offset);
    arena_clear(&arena);
    if (e == ERR_OK)
        clock_advance(clock, offset);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err preflight_sandbox(const struct config *config, struct clock *clock, struct buf *why)
{
    if (!config->sandbox_sandbox)
        return ERR_OK;
    struct store_options o = {.path = config->store_path,
        .queue_max = config->store_queue_max,
        .batch_max = config->store_batch_max,
        .clock = clock,
        .migrate = true};
    struct store *store = NULL;
    size_t before = why->n;
    enum err e = store_open(&o, why, &store);
    if (e != ERR_OK)
        return e;
    struct db *db = store_reader(store);
    e = db ? store_credential_each(db, credential_check, why) : ERR_STORE_IO;
    if (e == ERR_OK && why->n > before)
        e = ERR_CONFIG;
    if (e == ERR_OK)
        e = offset_restore(db, clock);
    store_close(store);
    return e;
}
