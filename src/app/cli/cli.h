/* The frame of the command line: what a command is, how it gets its options, how it answers and how it changes the store. One file
 * per noun has a table of commands; kassa.c lists the tables. One thread, one command a process. */
#ifndef KASSA_APP_CLI_CLI_H
#define KASSA_APP_CLI_CLI_H

#include "base/arena.h"
#include "base/json.h"
#include "base/money.h"
#include "service/change.h"
#include "service/service.h"
#include "store/store_account.h"

/* What kassa ends with. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli;

struct cli_option {
    const char *name; /* without "--" */
    const char *arg;  /* what its value is called in the help; NULL: a flag */
    const char *help;
    bool required;
    bool repeats;
};

enum cli_need {
    CLI_NEEDS_NOTHING,
    CLI_NEEDS_STORE /* the configuration is read and the store opened; kassad may be running */
};

struct cli_command {
    const char *noun;
    const char *verb; /* NULL: the noun alone is the command, also beside others that have verbs */
    const char *
        operand; /* its name in the help, in brackets when it may be left out; NULL: none is taken */
    enum cli_need need;
    const struct cli_option *options; /* ended by a NULL name; NULL: none */
    int (*run)(struct cli *c);
    const char *help;
    const char *more; /* further lines of its own help; NULL: none */
};

/* One table per noun, ended by a NULL noun. */
extern const struct cli_command cli_init_commands[];
extern const struct cli_command cli_merchant_commands[];
extern const struct cli_command cli_account_commands[];
extern const struct cli_command cli_person_commands[];
extern const struct cli_command cli_cert_commands[];
extern const struct cli_command cli_redirect_commands[];
extern const struct cli_command cli_endpoint_commands[];
extern const struct cli_command cli_wallet_commands[];
extern const struct cli_command cli_topic_commands[];
extern const struct cli_command cli_notice_commands[];
extern const struct cli_command cli_number_commands[];
extern const struct cli_command cli_device_commands[];
extern const struct cli_command cli_sms_commands[];
extern const struct cli_command cli_received_commands[];
extern const struct cli_command cli_payment_commands[];
extern const struct cli_command cli_credit_commands[];
extern const struct cli_command cli_refund_commands[];
extern const struct cli_command cli_notification_commands[];
extern const struct cli_command cli_audit_commands[];
extern const struct cli_command cli_reconcile_commands[];
extern const struct cli_command cli_backup_commands[];
extern const struct cli_command cli_restore_commands[];
extern const struct cli_command cli_migrate_commands[];
extern const struct cli_command cli_move_commands[];
extern const struct cli_command cli_pay_commands[];
extern const struct cli_command cli_verify_commands[];
extern const struct cli_command cli_listen_commands[];
extern const struct cli_command cli_doctor_commands[];
extern const struct cli_command cli_audit_log_commands[];

#define CLI_VALUES_MAX 128
#define CLI_CONFIG_VARIABLE "KASSA_CONFIG"

struct cli {
    const struct cli_command *command;
    struct cli_value {
        const struct cli_option *option;
        const char *text; /* NULL: a flag */
    } values[CLI_VALUES_MAX];
    int value_count;
    const char *operand; /* NULL: not given */
    bool json;
    const char *config_path;
    char actor[80]; /* "cli:root" */

    struct config config;
    bool has_config, has_service;
    struct clock clock;
    struct service service;
    struct db *db; /* this thread's reading connection */

    struct arena arena;   /* rows and texts, until the end */
    struct buf out;       /* the facts as JSON, shown at the end */
    struct json_writer w; /* into out; the object is open while run runs */
    struct buf notes;     /* for people, shown behind the facts */
};

/* ---- cli_args.c ---- */
/* Fills command, values, operand and the flags of all commands. CLI_OK, or CLI_USAGE with the fault told on standard error. */
int cli_parse(struct cli *c, const struct cli_command *command, int argc, char **argv) must_check;
/* The value of an option, or NULL. A repeated one: the i-th. */
const char *cli_get(const struct cli *c, const char *name);
const char *cli_get_nth(const struct cli *c, const char *name, int i);
bool cli_has(const struct cli *c, const char *name);
/* Typed values: `ret` stays untouched when the option is not given. False, told on standard error, when the text is unfit. */
bool cli_get_int(
    const struct cli *c, const char *name, int64_t min, int64_t max, int64_t *ret) must_check;
bool cli_get_hours(const struct cli *c, const char *name, int64_t *ret_ms) must_check;
/* Zero is allowed. */
bool cli_get_money(const struct cli *c, const char *name, struct money *ret) must_check;
/* "1.50" to 150 basis points, exactly. */
bool cli_get_percent(const struct cli *c, const char *name, int64_t *ret_bp) must_check;
/* One of the texts, which end with NULL. */
bool cli_get_choice(
    const struct cli *c, const char *name, const char *const *texts, struct str *ret) must_check;
/* 1 to `max` characters of valid UTF-8 without control characters. */
bool cli_get_name(const struct cli *c, const char *name, size_t max, struct str *ret) must_check;
/* The same, else "KIND-" and some random characters. */
bool cli_get_name_or_new(
    struct cli *c, const char *name, const char *kind, struct str *ret) must_check;
/* The operand as an id above 0. */
bool cli_operand_id(const struct cli *c, int64_t *ret) must_check;

/* ---- cli_say.c: all on standard error; each returns its exit code ---- */
int cli_usage(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cli_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "WHAT: the error's public text". */
int cli_fail_err(const char *what, enum err e);
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line for people behind the facts; not shown with --json. */
void cli_note(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- cli_ops.c ---- */
/* Asks the kassad of this configuration, at its operations listener. False when none answers there within `timeout_ms`; else the
 * status, and the body's tree in the arena (NULL: no JSON). `body` absent: a GET. */
bool cli_ops_call(struct cli *c, const char *path, struct str body, int64_t timeout_ms,
    int *ret_status, const struct json **ret) must_check;

/* ---- cli_out.c: facts, written once as JSON into c->w; shown as such or for people ---- */
void cli_out_money(struct cli *c, const char *key, struct money m);
void cli_out_time(struct cli *c, const char *key, int64_t at_ms); /* 0: null */
void cli_out_id(struct cli *c, const char *key, int64_t id);      /* 0: null */
void cli_out_list(struct cli *c, const char *key);
void cli_out_close(struct cli *c); /* of a list or of an item */
void cli_out_item(struct cli *c);
/* Text from elsewhere, so that its control characters do not steer a terminal. */
void cli_add_plain(struct buf *b, struct str s);
/* Shows what was written. CLI_OK, or CLI_FAILED when standard output can't be written. */
int cli_out_show(struct cli *c) must_check;

/* ---- cli_help.c ---- */
void cli_help_all(const struct cli_command *const *tables);
void cli_help_noun(const struct cli_command *table);
void cli_help_command(const struct cli_command *command);

/* ---- cli_store.c ---- */
/* Reads the configuration, opens the store. CLI_OK or CLI_FAILED with the reason told. */
int cli_store_open(struct cli *c) must_check;
/* Brings the configuration's store to this program's schema, or makes it with `create`, when it is none yet; closes it. CLI_OK
 * or CLI_FAILED with the reason told. */
int cli_store_make(struct cli *c, bool create) must_check;
/* The configuration's store, as it may be shown to anybody; lives in the arena. */
const char *cli_store_name(struct cli *c);
/* Reads the configuration alone, once. CLI_OK or CLI_FAILED with the reason told. */
int cli_config_open(struct cli *c) must_check;
void cli_store_close(struct cli *c);

/* A change by whoever runs this (service/change.h). The function may run more than once. */
typedef enum err (*cli_change_fn)(
    struct cli *c, struct tx *tx, void *arg, struct change_note *note);
enum err cli_change(struct cli *c, cli_change_fn fn, void *arg) must_check;

/* Finds the account of an option or operand; false, told, when there is none. */
bool cli_account(struct cli *c, const char *uuid, struct account_row *ret) must_check;
/* Finds a merchant by its id or name; false, told. */
bool cli_merchant(struct cli *c, const char *text, int64_t *ret_id) must_check;

/* ---- audit.c ---- */
/* Adds up the books of the open store and writes what it found. CLI_OK: they are right. */
int cli_audit(struct cli *c) must_check;

/* ---- cli_files.c ---- */
/* Gives the finished file `part` its name, for good; overwrites nothing. CLI_OK, or CLI_FAILED, told; `part` stays then. */
int cli_file_place(const char *part, const char *path) must_check;
/* A copy of a file as a new one, 0600, synced. CLI_OK, or CLI_FAILED, told; nothing stays then. */
int cli_file_copy(const char *from, const char *to, int64_t *ret_bytes) must_check;
/* The folder and those above it, 0700 where they are new. CLI_OK, or CLI_FAILED, told. */
int cli_folders_make(const char *dir) must_check;

/* ---- cli_secret.c ---- */
/* A secret in a box, purpose "endpoint"; false, told, when the key does not open it. Wipe the text. */
bool cli_secret_open(struct cli *c, struct str box, struct buf *ret_text) must_check;
/* A file's text without the line's end; "-" is standard input. False, told. Wipe the text. */
bool cli_secret_read(const char *option, const char *path, struct buf *ret_text) must_check;
/* From NAME-file, NAME-stdin or NAME-env, whichever is given. False, told, when none or several are. */
bool cli_secret_option(struct cli *c, const char *name, struct buf *ret_text) must_check;
/* wallet_nagad.c: a Nagad credential's content as JSON. False, told. Wipe the text. */
bool cli_nagad_secrets(struct cli *c, struct buf *plain) must_check;
/* wallet_rocket.c: the same for Rocket. */
bool cli_rocket_secrets(struct cli *c, struct buf *plain) must_check;
/* When its client certificate ends; 0: its box can't be opened. */
struct credential_row;
int64_t cli_rocket_certificate_end(struct cli *c, const struct credential_row *r);
/* wallet.c: an address of a wallet, without query and slash at the end, which is called over TLS or on this machine. False, told. */
bool cli_wallet_url_check(struct cli *c, const char *option, struct str s) must_check;
/* wallet_list.c: the commands that ask kassad about the credentials. */
int cli_wallet_list(struct cli *c);
/* "refund_api": v1 or v2 of bKash's, null of another wallet's. */
struct credential_row;
void cli_wallet_refund_api(struct cli *c, const struct credential_row *r);
int cli_wallet_search(struct cli *c);

#endif
