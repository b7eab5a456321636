/* kassa cert: key pairs of an account. Private keys of the merchant leave in the archive and are kept nowhere. */
#include "app/cli/cert_files.h"
#include "app/cli/rows.h"

#include <inttypes.h>
#include <stdio.h>

static enum err cert_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    (void)c;
    return cert_add(tx, arg, note);
}

static void out_cert(struct cli *c, const struct cert_new *n)
{
    json_w_kint(&c->w, "id", n->row.id);
    json_w_kstr(&c->w, "account", n->account.uuid);
    json_w_kstr(&c->w, "purpose", n->row.purpose);
    json_w_kstr(&c->w, "fingerprint", n->row.fingerprint);
    cli_out_time(c, "not_before", n->row.not_before);
    cli_out_time(c, "old_certificates_until", n->old_until);
    if (n->ended && str_is(n->row.purpose, "notifications")) {
        cli_note(c, "\nKassa signs with the older key until the time shown, then with this one.");
    } else if (n->ended) {
        cli_note(c, "\nThe older certificate is accepted until the time shown.");
    }
}

/* Files first: a certificate whose key nobody got would be useless, files without a certificate are taken away again. */
static int new_store(struct cli *c, struct cert_new *n, struct cert_files *files)
{
    int code = cert_files_write(c, files);
    if (code != CLI_OK) {
        return code;
    }
    enum err e = cli_change(c, cert_unit, n);
    if (e != ERR_OK) {
        cert_files_remove(files);
        return cli_fail_err("certificate", e);
    }
    out_cert(c, n);
    cert_files_out(c, files);
    return CLI_OK;
}

static int new_key(struct cli *c, struct cert_new *n, int bits)
{
    struct cert_files files;
    cert_files_init(&files, cli_get(c, "out"), cli_get(c, "zip"));
    enum err e = cert_make(c->service.keys, &c->arena, bits, n, &files.pair);
    int code = e == ERR_OK ? new_store(c, n, &files) : cli_fail_err("key", e);
    cert_files_wipe(&files);
    return code;
}

static bool purpose_get(struct cli *c, const char *text, struct cert_new *n)
{
    if (cert_purpose_parse(str_from(text), &n->purpose) != ERR_OK) {
        cli_usage(c, "\"%s\" is none of payments, payouts, notifications", text);
        return false;
    }
    return true;
}

static int new_run(struct cli *c)
{
    struct cert_new n = {.overlap_ms = CERT_OVERLAP_DEFAULT_MS};
    int64_t bits = 2048;
    char zip[128];
    if (!purpose_get(c, c->operand, &n) || !cli_get_int(c, "bits", 2048, 4096, &bits) ||
        !cli_get_hours(c, "overlap", &n.overlap_ms)) {
        return CLI_USAGE;
    }
    if (!cert_bits_allowed(bits)) {
        return cli_usage(c, "--bits: must be 2048, 3072 or 4096");
    }
    if (!cli_account(c, cli_get(c, "account"), &n.account)) {
        return CLI_FAILED;
    }
    if (!cli_has(c, "out") && !cli_has(c, "zip")) {
        static const struct cli_option zip_option = {.name = "zip", .arg = "FILE"};
        snprintf(
            zip, sizeof zip, "%.*s-%s.zip", STR_FMT(n.account.uuid), cert_purpose_text(n.purpose));
        c->values[c->value_count++] = (struct cli_value){.option = &zip_option, .text = zip};
    }
    return new_key(c, &n, (int)bits);
}

static int import_pem(struct cli *c, struct cert_new *n, const struct buf *pem)
{
    enum err e = cert_take(&c->arena, buf_view(pem), n);
    if (e == ERR_RANGE) {
        return cli_fail("--public: the key must have 2048 to 4096 bits and an exponent of at least"
                        " 65537");
    }
    if (e != ERR_OK) {
        return cli_fail("--public: the file is no PEM of an RSA public key");
    }
    e = cli_change(c, cert_unit, n);
    if (e != ERR_OK) {
        return cli_fail_err("certificate", e);
    }
    out_cert(c, n);
    return CLI_OK;
}

static int import_run(struct cli *c)
{
    struct cert_new n = {.overlap_ms = CERT_OVERLAP_DEFAULT_MS};
    struct buf pem;
    if (!purpose_get(c, cli_get(c, "purpose"), &n) || !cli_get_hours(c, "overlap", &n.overlap_ms)) {
        return CLI_USAGE;
    }
    if (n.purpose == CERT_NOTIFICATIONS) {
        return cli_usage(c, "--purpose: Kassa signs notifications itself; make its key by"
                            " \"cert new notifications\"");
    }
    if (!cli_account(c, cli_get(c, "account"), &n.account)) {
        return CLI_FAILED;
    }
    buf_init(&pem, RSA_PEM_MAX);
    int code = buf_read_file(&pem, cli_get(c, "public")) == ERR_OK
                   ? import_pem(c, &n, &pem)
                   : cli_fail("--public: %s can't be read", cli_get(c, "public"));
    buf_clear(&pem);
    return code;
}

static enum err revoke_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    const int64_t *id = arg;
    return cert_revoke(tx, &c->arena, *id, note);
}

static int revoke_run(struct cli *c)
{
    int64_t id = 0;
    if (!cli_operand_id(c, &id)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, revoke_unit, &id);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no certificate %" PRId64, id);
    }
    if (e == ERR_CONFLICT) {
        return cli_fail("certificate %" PRId64 " was revoked before", id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("certificate", e);
    }
    json_w_kint(&c->w, "revoked", id);
    return CLI_OK;
}

static int list_run(struct cli *c)
{
    struct account_row r;
    if (!cli_account(c, cli_get(c, "account"), &r)) {
        return CLI_FAILED;
    }
    cli_out_list(c, "certificates");
    enum err e = store_cert_each(c->db, r.id, cli_row_cert, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("certificates", e);
}

#define ACCOUNT_OPTION                                                                             \
    {                                                                                              \
        .name = "account", .arg = "UUID", .help = "whose", .required = true                        \
    }
#define OVERLAP_OPTION                                                                             \
    {                                                                                              \
        .name = "overlap", .arg = "HOURS",                                                         \
        .help = "older certificates of the purpose stay valid so long; else 24; 0: end at once"    \
    }

static const struct cli_option new_options[] = {
    ACCOUNT_OPTION,
    {.name = "bits", .arg = "2048|3072|4096", .help = "of the key; else 2048"},
    OVERLAP_OPTION,
    {.name = "out", .arg = "DIR", .help = "writes the files there"},
    {.name = "zip",
        .arg = "FILE",
        .help = "writes the archive; else, without --out, UUID-PURPOSE.zip"},
    {.name = NULL},
};
static const struct cli_option import_options[] = {
    ACCOUNT_OPTION,
    {.name = "purpose", .arg = "payments|payouts", .help = "what it signs", .required = true},
    {.name = "public",
        .arg = "FILE",
        .help = "PEM of the merchant's own public key",
        .required = true},
    OVERLAP_OPTION,
    {.name = NULL},
};
static const struct cli_option list_options[] = {
    ACCOUNT_OPTION,
    {.name = NULL},
};

const struct cli_command cli_cert_commands[] = {
    {.noun = "cert",
        .verb = "new",
        .operand = "payments|payouts|notifications",
        .need = CLI_NEEDS_STORE,
        .options = new_options,
        .run = new_run,
        .help = "a key pair; the archive has password.txt, private.pem, public.pem",
        .more = "Of notifications the archive has public.pem only: Kassa keeps the private half, "
                "encrypted.\n"
                "Of the others Kassa keeps the public half only: the archive is the one copy of "
                "the key."},
    {.noun = "cert",
        .verb = "import",
        .need = CLI_NEEDS_STORE,
        .options = import_options,
        .run = import_run,
        .help = "takes a merchant's own public key"},
    {.noun = "cert",
        .verb = "revoke",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = revoke_run,
        .help = "refuses a certificate from now on"},
    {.noun = "cert",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "an account's certificates"},
    {.noun = NULL},
};
