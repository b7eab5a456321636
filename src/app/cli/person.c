/* kassa person: who may sign in to the cabinet. */
#include "app/cli/person.h"

#include "base/text.h"
#include "service/people.h"

#define LINK_MAX 1024

static const char *const roles[] = {
#define R(name, operators) #name,
#include "core/roles.def"
    NULL,
};
static const char *const languages[] = {"bn", "en", NULL};

struct change {
    struct person_row person; /* with id set: as it is in the store when the unit runs */
    int64_t id;
    struct str name;
    enum role role;
    char token[SESSION_TOKEN_LEN + 1];
};

static void person_out(struct cli *c, const struct person_row *p)
{
    const char *state = p->disabled_at                 ? "disabled"
                        : str_absent(p->password_hash) ? "invited"
                                                       : "active";
    json_w_kint(&c->w, "id", p->id);
    json_w_kstr(&c->w, "email", p->email);
    json_w_kstr(&c->w, "name", p->name);
    json_w_kcstr(&c->w, "role", role_text(p->role));
    cli_out_id(c, "merchant", p->merchant_id);
    json_w_kcstr(&c->w, "state", state);
    json_w_kbool(&c->w, "second_factor", !str_absent(p->totp_box));
    cli_out_time(c, "created_at", p->created_at);
    cli_out_time(c, "seen_at", p->seen_at);
}

void cli_person_link(struct cli *c, const char *key, const char *token)
{
    struct buf link;
    buf_init(&link, LINK_MAX);
    invitation_link(&c->config, token, &link);
    json_w_kstr(&c->w, key, buf_view(&link));
    buf_wipe(&link);
}

static void audit_person(struct change_note *audit, const struct person_row *p)
{
    change_target_id(audit, "person", p->id);
    audit->merchant_id = p->merchant_id;
    json_w_kstr(&audit->w, "email", p->email);
    json_w_kcstr(&audit->w, "role", role_text(p->role));
}

/* ---- add ---- */

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    struct change *x = arg;
    enum err e = people_invite(tx, &x->person, x->token);
    audit->action = "person.add";
    audit_person(audit, &x->person);
    return e;
}

int cli_person_invite(struct cli *c, struct person_row *p, char ret_token[SESSION_TOKEN_LEN + 1])
{
    struct change x = {.person = *p};
    x.person.email = email_normal(&c->arena, p->email);
    if (str_absent(x.person.email)) {
        return cli_usage(c, "\"%.*s\" is no e-mail address", STR_FMT(p->email));
    }
    if (str_absent(p->name)) {
        x.person.name = str_sub(x.person.email, 0, str_find(x.person.email, '@', 0));
    }
    enum err e = cli_change(c, add_unit, &x);
    if (e == ERR_DUPLICATE) {
        return cli_fail("%.*s is a person of the cabinet already", STR_FMT(x.person.email));
    }
    if (e != ERR_OK) {
        return cli_fail_err("person", e);
    }
    *p = x.person;
    memcpy(ret_token, x.token, sizeof x.token);
    return CLI_OK;
}

static int add_run(struct cli *c)
{
    char token[SESSION_TOKEN_LEN + 1];
    struct str role = STR_ABSENT;
    struct person_row p = {
        .email = str_from(c->operand), .name = STR_ABSENT, .language = STR("bn")};
    if (!cli_get_choice(c, "role", roles, &role) ||
        !cli_get_choice(c, "language", languages, &p.language) ||
        !cli_get_name(c, "name", PERSON_NAME_MAX, &p.name) || role_parse(role, &p.role) != ERR_OK) {
        return CLI_USAGE;
    }
    if (role_is_operator(p.role) != !cli_has(c, "merchant")) {
        return cli_usage(c, "--merchant goes with the roles of merchants, and they with it");
    }
    if (cli_has(c, "merchant") && !cli_merchant(c, cli_get(c, "merchant"), &p.merchant_id)) {
        return CLI_FAILED;
    }
    int code = cli_person_invite(c, &p, token);
    if (code == CLI_OK) {
        person_out(c, &p);
        cli_person_link(c, "invitation", token);
        cli_note(c, "\nThe link works once, for 72 hours: whoever opens it chooses the password.");
    }
    return code;
}

/* ---- the rest ---- */

static enum err list_item(void *arg, const struct person_row *p)
{
    struct cli *c = arg;
    cli_out_item(c);
    person_out(c, p);
    cli_out_close(c);
    return ERR_OK;
}

static int list_run(struct cli *c)
{
    cli_out_list(c, "people");
    enum err e = store_person_each(c->db, PERSON_OF_ALL, 0, INT64_MAX, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("people", e);
}

static bool person_find(struct cli *c, struct change *x)
{
    struct str email = email_normal(&c->arena, str_from(c->operand));
    enum err e =
        str_absent(email) ? ERR_NO_ROW : store_person_by_email(c->db, &c->arena, email, &x->person);
    x->id = e == ERR_OK ? x->person.id : 0;
    if (e == ERR_NO_ROW) {
        cli_fail("there is no person %s; \"kassa person list\" shows them", c->operand);
    } else if (e != ERR_OK) {
        cli_fail_err("person", e);
    }
    return e == ERR_OK;
}

static enum err fresh(struct cli *c, struct tx *tx, struct change *x)
{
    return store_person_get(tx_db(tx), &c->arena, x->id, &x->person);
}

static enum err enable_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct change *x = arg;
    enum err e = fresh(c, tx, x);
    if (e == ERR_OK) {
        e = people_enable(tx, &x->person, true);
    }
    audit->action = "person.enable";
    audit_person(audit, &x->person);
    return e;
}

static enum err disable_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct change *x = arg;
    enum err e = fresh(c, tx, x);
    if (e == ERR_OK) {
        e = people_enable(tx, &x->person, false);
    }
    audit->action = "person.disable";
    audit_person(audit, &x->person);
    return e;
}

static enum err reset_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct change *x = arg;
    enum err e = fresh(c, tx, x);
    if (e == ERR_OK) {
        e = people_reset(tx, &x->person, x->token);
    }
    audit->action = "person.reset";
    audit_person(audit, &x->person);
    return e;
}

static enum err role_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct change *x = arg;
    enum err e = fresh(c, tx, x);
    if (e != ERR_OK) {
        return e;
    }
    enum role before = x->person.role;
    e = people_change(tx, &x->person, x->person.name, x->role);
    audit->action = "person.role";
    audit_person(audit, &x->person);
    json_w_kcstr(&audit->was, "role", role_text(before));
    return e;
}

static int person_change_run(struct cli *c, cli_change_fn fn, struct change *x)
{
    enum err e = cli_change(c, fn, x);
    if (e == ERR_STATE) {
        return cli_fail("%s: it is so already, or the person is disabled", c->operand);
    }
    if (e == ERR_RANGE) {
        return cli_fail("%s: nobody would be left who may change people", c->operand);
    }
    if (e != ERR_OK) {
        return cli_fail_err("person", e);
    }
    person_out(c, &x->person);
    if (x->token[0]) {
        cli_person_link(c, "invitation", x->token);
    }
    return CLI_OK;
}

static int plain_run(struct cli *c, cli_change_fn fn)
{
    struct change x = {.id = 0};
    return person_find(c, &x) ? person_change_run(c, fn, &x) : CLI_FAILED;
}

static int enable_run(struct cli *c)
{
    return plain_run(c, enable_unit);
}

static int disable_run(struct cli *c)
{
    return plain_run(c, disable_unit);
}

static int reset_run(struct cli *c)
{
    return plain_run(c, reset_unit);
}

static int role_run(struct cli *c)
{
    struct change x = {.id = 0};
    struct str role = STR_ABSENT;
    if (!cli_get_choice(c, "role", roles, &role) || role_parse(role, &x.role) != ERR_OK) {
        return CLI_USAGE;
    }
    if (!person_find(c, &x)) {
        return CLI_FAILED;
    }
    if (role_is_operator(x.role) != role_is_operator(x.person.role)) {
        return cli_usage(
            c, "--role: a merchant's person does not become the operator's, nor the other way");
    }
    return person_change_run(c, role_unit, &x);
}

#define ROLE_ARG "ROLE"
#define ROLE_HELP                                                                                  \
    "operator_admin, operator_support, merchant_owner, merchant_developer or merchant_viewer"

static const struct cli_option add_options[] = {
    {.name = "role", .arg = ROLE_ARG, .help = ROLE_HELP, .required = true},
    {.name = "merchant", .arg = "ID|NAME", .help = "whose person it is, with a merchant's role"},
    {.name = "name", .arg = "TEXT", .help = "else what stands before the '@'"},
    {.name = "language",
        .arg = "bn|en",
        .help = "of the cabinet until the person chooses; else bn"},
    {.name = NULL},
};

static const struct cli_option role_options[] = {
    {.name = "role", .arg = ROLE_ARG, .help = ROLE_HELP, .required = true},
    {.name = NULL},
};

const struct cli_command cli_person_commands[] = {
    {.noun = "person",
        .verb = "add",
        .operand = "EMAIL",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = add_run,
        .help = "lets a person into the cabinet; prints the link that chooses the password"},
    {.noun = "person",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .run = list_run,
        .help = "all people of the cabinet"},
    {.noun = "person",
        .verb = "role",
        .operand = "EMAIL",
        .need = CLI_NEEDS_STORE,
        .options = role_options,
        .run = role_run,
        .help = "gives another role; signs the person out"},
    {.noun = "person",
        .verb = "disable",
        .operand = "EMAIL",
        .need = CLI_NEEDS_STORE,
        .run = disable_run,
        .help = "signs a person out for good"},
    {.noun = "person",
        .verb = "enable",
        .operand = "EMAIL",
        .need = CLI_NEEDS_STORE,
        .run = enable_run,
        .help = "lets a disabled person sign in again"},
    {.noun = "person",
        .verb = "reset",
        .operand = "EMAIL",
        .need = CLI_NEEDS_STORE,
        .run = reset_run,
        .help = "takes password and second factor away; prints a new link"},
    {.noun = NULL},
};
