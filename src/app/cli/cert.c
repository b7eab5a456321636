/* kassa cert: key pairs of an account. Private keys of the merchant leave in the archive and are kept nowhere. */
#include "app/cli/cert_files.h"
#include "app/cli/rows.h"

#include "base/crypto.h"
#include "base/text.h"
#include "service/accounts.h"
#include <inttypes.h>
#include <stdio.h>

#define OVERLAP_DEFAULT_MS (24 * 3600000)
#define OLD_MAX 256

struct cert_new {
    struct account_row account;
    struct cert_row row;
    int64_t overlap_ms;
    /* set by the unit */
    int ended;
    int64_t old_until; /* when the older ones end; 0: there are none */
};

struct old_certs {
    struct str purpose;
    int64_t until; /* those that would be valid at this time end then */
    int64_t ids[OLD_MAX];
    int count;
};

static enum err old_note(void *arg, const struct cert_row *r)
{
    struct old_certs *o = arg;
    if (!str_eq(r->purpose, o->purpose) || r->revoked_at ||
        (r->not_after && r->not_after <= o->until)) {
        return ERR_OK;
    }
    if (o->count == OLD_MAX) {
        return ERR_LIMIT;
    }
    o->ids[o->count++] = r->id;
    return ERR_OK;
}

/* Kassa goes on signing with the old notifications key during the overlap, while the merchant puts the new one in place. */
static enum err cert_unit(struct cli *c, struct tx *tx, void *arg, struct cli_audit *audit)
{
    (void)c;
    struct cert_new *n = arg;
    int64_t now = tx_now_ms(tx);
    struct old_certs old = {.purpose = n->row.purpose, .until = now + n->overlap_ms};
    enum err e = store_cert_each(tx_db(tx), n->account.id, old_note, &old);
    for (int i = 0; e == ERR_OK && i < old.count; i++) {
        e = store_cert_set_not_after(tx, old.ids[i], old.until);
    }
    bool later = old.count > 0 && str_is(n->row.purpose, "notifications");
    n->row.created_at = now;
    n->row.not_before = later ? old.until : now;
    n->ended = old.count;
    n->old_until = old.count ? old.until : 0;
    if (e == ERR_OK) {
        e = store_cert_add(tx, &n->row);
    }
    audit->action =
        str_absent(n->row.private_box) && cli_has(c, "public") ? "cert.import" : "cert.new";
    cli_audit_target(audit, "account", n->account.uuid);
    audit->merchant_id = n->account.merchant_id;
    json_w_kint(&audit->w, "certificate", n->row.id);
    json_w_kstr(&audit->w, "purpose", n->row.purpose);
    json_w_kstr(&audit->w, "fingerprint", n->row.fingerprint);
    json_w_kint(&audit->w, "older_ended", n->ended);
    json_w_kint(&audit->w, "older_until", n->old_until);
    return e;
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

/* The row's public half; texts in the arena. */
static enum err row_public(struct cli *c, struct cert_new *n, const struct rsa_public *key)
{
    struct buf der, hex;
    uint8_t digest[SHA256_LEN];
    buf_init(&der, RSA_PEM_MAX);
    buf_init(&hex, 2 * SHA256_LEN);
    enum err e = rsa_public_to_der(key, &der);
    if (e == ERR_OK) {
        sha256(der.p, der.n, digest);
        hex_encode(&hex, digest, sizeof digest);
        n->row.public_der = arena_copy(&c->arena, buf_view(&der));
        n->row.fingerprint = arena_copy(&c->arena, buf_view(&hex));
    }
    buf_clear(&der);
    buf_clear(&hex);
    return e;
}

static enum err row_private(struct cli *c, struct cert_new *n, const struct rsa_private *key)
{
    struct buf der, box;
    buf_init(&der, RSA_PEM_MAX);
    buf_init(&box, 2 * RSA_PEM_MAX);
    enum err e = rsa_private_to_der(key, &der);
    if (e == ERR_OK) {
        box_seal(c->service.keys, "cert", buf_view(&der), &box);
        n->row.private_box = arena_copy(&c->arena, buf_view(&box));
    }
    buf_wipe(&der);
    buf_clear(&box);
    return e;
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

static int new_key(struct cli *c, struct cert_new *n, int bits, bool private_is_ours)
{
    struct rsa_private *key = NULL;
    struct rsa_public *public = NULL;
    struct cert_files files;
    cert_files_init(&files, cli_get(c, "out"), cli_get(c, "zip"));
    enum err e = rsa_private_generate(bits, &key);
    if (e == ERR_OK) {
        e = rsa_private_public(key, &public);
    }
    if (e == ERR_OK) {
        e = row_public(c, n, public);
    }
    if (e == ERR_OK) {
        e = private_is_ours ? row_private(c, n, key) : cert_files_private(&files, key);
    }
    if (e == ERR_OK) {
        e = cert_files_public(&files, public);
    }
    if (key) {
        rsa_private_free(key);
    }
    if (public) {
        rsa_public_free(public);
    }
    int code = e == ERR_OK ? new_store(c, n, &files) : cli_fail_err("key", e);
    cert_files_wipe(&files);
    return code;
}

static bool purpose_get(struct cli *c, const char *text, struct cert_new *n)
{
    enum cert_purpose p;
    if (cert_purpose_parse(str_from(text), &p) != ERR_OK) {
        cli_usage(c, "\"%s\" is none of payments, payouts, notifications", text);
        return false;
    }
    n->row.purpose = str_from(cert_purpose_text(p));
    return true;
}

static int new_run(struct cli *c)
{
    struct cert_new n = {.overlap_ms = OVERLAP_DEFAULT_MS};
    int64_t bits = 2048;
    char zip[128];
    if (!purpose_get(c, c->operand, &n) || !cli_get_int(c, "bits", 2048, 4096, &bits) ||
        !cli_get_hours(c, "overlap", &n.overlap_ms)) {
        return CLI_USAGE;
    }
    if (bits != 2048 && bits != 3072 && bits != 4096) {
        return cli_usage(c, "--bits: must be 2048, 3072 or 4096");
    }
    if (!cli_account(c, cli_get(c, "account"), &n.account)) {
        return CLI_FAILED;
    }
    if (!cli_has(c, "out") && !cli_has(c, "zip")) {
        static const struct cli_option zip_option = {.name = "zip", .arg = "FILE"};
        snprintf(zip, sizeof zip, "%.*s-%.*s.zip", STR_FMT(n.account.uuid), STR_FMT(n.row.purpose));
        c->values[c->value_count++] = (struct cli_value){.option = &zip_option, .text = zip};
    }
    n.row.account_id = n.account.id;
    return new_key(c, &n, (int)bits, str_is(n.row.purpose, "notifications"));
}

static int import_pem(struct cli *c, struct cert_new *n, const struct buf *pem)
{
    struct rsa_public *key = NULL;
    enum err e = rsa_public_from_pem(buf_view(pem), &key);
    if (e == ERR_RANGE) {
        return cli_fail("--public: the key must have 2048 to 4096 bits and an exponent of at least"
                        " 65537");
    }
    if (e != ERR_OK) {
        return cli_fail("--public: the file is no PEM of an RSA public key");
    }
    e = row_public(c, n, key);
    rsa_public_free(key);
    if (e == ERR_OK) {
        e = cli_change(c, cert_unit, n);
    }
    if (e != ERR_OK) {
        return cli_fail_err("certificate", e);
    }
    out_cert(c, n);
    return CLI_OK;
}

static int import_run(struct cli *c)
{
    struct cert_new n = {.overlap_ms = OVERLAP_DEFAULT_MS};
    struct buf pem;
    if (!purpose_get(c, cli_get(c, "purpose"), &n) || !cli_get_hours(c, "overlap", &n.overlap_ms)) {
        return CLI_USAGE;
    }
    if (str_is(n.row.purpose, "notifications")) {
        return cli_usage(c, "--purpose: Kassa signs notifications itself; make its key by"
                            " \"cert new notifications\"");
    }
    if (!cli_account(c, cli_get(c, "account"), &n.account)) {
        return CLI_FAILED;
    }
    n.row.account_id = n.account.id;
    buf_init(&pem, RSA_PEM_MAX);
    int code = buf_read_file(&pem, cli_get(c, "public")) == ERR_OK
                   ? import_pem(c, &n, &pem)
                   : cli_fail("--public: %s can't be read", cli_get(c, "public"));
    buf_clear(&pem);
    return code;
}

static enum err revoke_unit(struct cli *c, struct tx *tx, void *arg, struct cli_audit *audit)
{
    struct cert_row row;
    const int64_t *id = arg;
    enum err e = store_cert_get(tx_db(tx), &c->arena, *id, &row);
    if (e != ERR_OK) {
        return e;
    }
    audit->action = "cert.revoke";
    cli_audit_target_id(audit, "certificate", *id);
    audit->account_id = row.account_id;
    json_w_kbool(&audit->was, "revoked", row.revoked_at != 0);
    json_w_kbool(&audit->w, "revoked", true);
    json_w_kstr(&audit->w, "purpose", row.purpose);
    json_w_kstr(&audit->w, "fingerprint", row.fingerprint);
    return store_cert_revoke(tx, *id, tx_now_ms(tx));
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
