/* A copy of the store in use, and the way back: what is put in its place was opened, looked through and added up before. */
#include "app/cli/cli.h"
#include "app/preflight.h"
#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool path_join(char ret[PATH_MAX], const char *path, const char *end)
{
    int n = snprintf(ret, PATH_MAX, "%s%s", path, end);
    if (n <= 0 || n >= PATH_MAX) {
        cli_fail("%s: the path is too long", path);
        return false;
    }
    return true;
}

static int refuse_there(const char *path, const char *more)
{
    struct stat st;
    if (lstat(path, &st) == 0) {
        return cli_fail("%s exists already%s", path, more);
    }
    return errno == ENOENT ? CLI_OK : cli_fail("%s: %s", path, strerror(errno));
}

/* ---- backup ---- */

static int backup_elsewhere(struct cli *c, const char *to)
{
    const char *name = cli_store_name(c);
    return cli_fail(
        "%s is a PostgreSQL database, whose own tools copy it while kassad runs:\n"
        "  pg_dump --format=custom --file=%s '%s'\n"
        "and, so that no payment is lost with the server, pg_basebackup and an archive of its log;"
        " see \"PostgreSQL\" in doc/operations.md",
        name, to, name);
}

static int backup_fault(struct cli *c, enum err e, const char *part, const struct buf *why)
{
    if (e == ERR_STATE) {
        return backup_elsewhere(c, part);
    }
    if (e == ERR_DUPLICATE) {
        return cli_fail(
            "%s exists already: another backup runs, or one was cut off; then delete it", part);
    }
    return why->n ? cli_fail("%s", why->p) : cli_fail_err(part, e);
}

static int backup_run(struct cli *c)
{
    const char *to = cli_get(c, "to");
    char part[PATH_MAX];
    struct stat st = {.st_size = 0};
    if (store_path_is_server(c->config.store_path)) {
        return backup_elsewhere(c, to);
    }
    if (!path_join(part, to, ".part") || refuse_there(to, "; name another file") != CLI_OK) {
        return CLI_FAILED;
    }
    struct buf why;
    buf_init(&why, 65536);
    int64_t begun = clock_now_ms(&c->clock);
    enum err e = store_backup(c->db, part, &why);
    int code = e == ERR_OK ? cli_file_place(part, to) : backup_fault(c, e, part, &why);
    buf_clear(&why);
    if (code == CLI_OK && stat(to, &st) != 0) {
        code = cli_fail("%s: %s", to, strerror(errno));
    }
    if (code == CLI_OK) {
        json_w_kcstr(&c->w, "file", to);
        json_w_kint(&c->w, "bytes", st.st_size);
        cli_out_time(c, "taken_at", begun);
        cli_note(c,
            "\nTry it: kassa restore %s --check\nWithout the secret key file, kept elsewhere, it is"
            " of little use.",
            to);
    }
    return code;
}

static const struct cli_option backup_options[] = {
    {.name = "to", .arg = "FILE", .help = "the new file; nothing is overwritten", .required = true},
    {.name = NULL},
};

const struct cli_command cli_backup_commands[] = {
    {.noun = "backup",
        .need = CLI_NEEDS_STORE,
        .options = backup_options,
        .run = backup_run,
        .help = "copies the store into one file, while kassad runs",
        .more =
            "It holds all that was committed when the copy began, and is synced before it gets\n"
            "its name. The write-ahead log grows while it runs, as it keeps one moment in view."},
    {.noun = NULL},
};

/* ---- restore ---- */

/* A log beside the backup holds commits that the file alone does not. */
static int refuse_log_beside(const char *file)
{
    char wal[PATH_MAX];
    struct stat st;
    if (!path_join(wal, file, "-wal")) {
        return CLI_FAILED;
    }
    return stat(wal, &st) != 0 || st.st_size == 0
               ? CLI_OK
               : cli_fail("%s lies beside it: the file alone is not whole; make the backup with "
                          "\"kassa backup\"",
                     wal);
}

static int place_is_free(const struct cli *c)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[PATH_MAX];
        if (!path_join(path, c->config.store_path, ends[i]) ||
            refuse_there(path, ": move it away first, and keep it") != CLI_OK) {
            return CLI_FAILED;
        }
    }
    return CLI_OK;
}

static int look_through(struct cli *c)
{
    struct buf why;
    buf_init(&why, 65536);
    enum err e = store_check(c->db, &why);
    int code = e == ERR_OK ? CLI_OK : cli_fail("%s is damaged: %s", cli_store_name(c), why.p);
    buf_clear(&why);
    return code;
}

/* Everything that would be done to the restored store is done to the copy. */
static int try_copy(struct cli *c, const char *part)
{
    mem_free(c->config.store_path);
    c->config.store_path = mem_strdup(part);
    int code = cli_store_make(c, false);
    code = code == CLI_OK ? cli_store_open(c) : code;
    code = code == CLI_OK ? look_through(c) : code;
    code = code == CLI_OK ? cli_audit(c) : code;
    if (c->has_service) {
        service_stop(&c->service);
        c->has_service = false;
        c->db = NULL;
    }
    return code;
}

static void copy_remove(const char *part)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[PATH_MAX];
        if (path_join(path, part, ends[i])) {
            (void)unlink(path);
        }
    }
}

/* The copy lies where the store will, so that it gets its name without another copy; a drill's lies where there is room. */
static bool part_name(struct cli *c, const char *place, char ret[PATH_MAX])
{
    const char *scratch = cli_get(c, "scratch");
    if (!scratch) {
        return path_join(ret, cli_has(c, "check") ? c->operand : place, ".restore");
    }
    char end[40];
    snprintf(end, sizeof end, "/kassa-%ld.restore", (long)getpid());
    return path_join(ret, scratch, end);
}

/* Of a restore that was killed: nothing else would delete it, and its log must not lie beside another copy. */
static int refuse_cut_off(struct cli *c, const char *part)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[PATH_MAX];
        struct stat st;
        if (!path_join(path, part, ends[i])) {
            return CLI_FAILED;
        }
        if (lstat(path, &st) == 0) {
            return cli_fail("%s was left by a restore that was cut off, and is no store. When no"
                            " other one runs, delete it and begin again:\n"
                            "  rm -f '%s' '%s-wal' '%s-shm'\n"
                            "  kassa --config %s restore %s%s",
                path, part, part, part, c->config_path, c->operand,
                cli_has(c, "check") ? " --check" : "");
        }
    }
    return CLI_OK;
}

static int restore_locked(struct cli *c, const char *place)
{
    bool check = cli_has(c, "check");
    char part[PATH_MAX];
    int64_t bytes = 0;
    if (!part_name(c, place, part) || (!check && place_is_free(c) != CLI_OK) ||
        refuse_cut_off(c, part) != CLI_OK || refuse_log_beside(c->operand) != CLI_OK ||
        cli_file_copy(c->operand, part, &bytes) != CLI_OK) {
        return CLI_FAILED;
    }
    json_w_kcstr(&c->w, "backup", c->operand);
    json_w_kint(&c->w, "bytes", bytes);
    int code = try_copy(c, part);
    if (code == CLI_OK && !check) {
        code = refuse_log_beside(part);
        code = code == CLI_OK ? cli_file_place(part, place) : code;
        json_w_kcstr(&c->w, "restored", place);
    }
    if (code != CLI_OK || check) {
        copy_remove(part);
    }
    if (code == CLI_OK && !check) {
        cli_note(c, "\nPayments made since the backup are unknown to it: compare the wallets' "
                    "statements from then on.");
    }
    return code;
}

/* What pg_restore put into a scratch database is treated as a copy of a file would be; the database stays. */
static int drill_database(struct cli *c)
{
    if (store_path_check(c->operand) != ERR_OK) {
        return cli_fail("that is no postgresql://user@host/database");
    }
    if (strcmp(c->operand, c->config.store_path) == 0) {
        return cli_fail("%s is the store in use: restore into another database and name that",
            cli_store_name(c));
    }
    int code = try_copy(c, c->operand);
    json_w_kcstr(&c->w, "backup", cli_store_name(c));
    return code;
}

/* CLI_OK: it is about files, as far as the arguments tell. */
static int refuse_server(struct cli *c)
{
    if (store_path_is_server(c->config.store_path)) {
        return cli_fail(
            "%s is a PostgreSQL database: pg_restore puts a dump into an empty one; try it before"
            " with \"kassa restore postgresql://HOST/SCRATCH --check\"; see \"PostgreSQL\" in"
            " doc/operations.md",
            cli_store_name(c));
    }
    return store_path_is_server(c->operand)
               ? cli_fail("a database is no file to restore from; --check tries one")
               : CLI_OK;
}

static int restore_into_place(struct cli *c)
{
    struct buf why;
    struct preflight lock = {.lock_fd = -1};
    buf_init(&why, 65536);
    int code = CLI_OK;
    if (!cli_has(c, "check") && preflight_lock(&c->config, &lock, &why) != ERR_OK) {
        code = cli_fail("%.*s", (int)(why.n ? why.n - 1 : 0), why.n ? why.p : "");
    }
    buf_clear(&why);
    char *place = mem_strdup(c->config.store_path);
    code = code == CLI_OK ? restore_locked(c, place) : code;
    mem_free(place);
    preflight_clear(&lock);
    return code;
}

static int restore_run(struct cli *c)
{
    if (!c->operand) {
        return cli_usage(c, "say which FILE");
    }
    if (cli_has(c, "scratch") && !cli_has(c, "check")) {
        return cli_usage(c, "--scratch goes with --check");
    }
    if (cli_config_open(c) != CLI_OK) {
        return CLI_FAILED;
    }
    if (cli_has(c, "check") && store_path_is_server(c->operand)) {
        return drill_database(c);
    }
    if (!cli_has(c, "check") && refuse_server(c) != CLI_OK) {
        return CLI_FAILED;
    }
    return restore_into_place(c);
}

static const struct cli_option restore_options[] = {
    {.name = "check", .help = "a drill: nothing stays, and the store in use is not touched"},
    {.name = "scratch",
        .arg = "FOLDER",
        .help = "where the drill's copy lies meanwhile, else beside FILE"},
    {.name = NULL},
};

const struct cli_command cli_restore_commands[] = {
    {.noun = "restore",
        .operand = "FILE",
        .options = restore_options,
        .run = restore_run,
        .help = "puts a backup in the place of a store that is gone, or tries whether it could",
        .more =
            "The copy is brought to this program's schema, looked through page by page, and its\n"
            "books are added up; only a right one gets the store's name. kassad must not run, and\n"
            "what lies there is never overwritten. Ends with 1 when the backup is not right."},
    {.noun = NULL},
};
