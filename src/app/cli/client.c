#include "app/cli/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *const digests[] = {"sha1", "sha256", NULL};

static const char *path_join(struct cli *c, const char *dir, const char *name)
{
    struct buf b;
    buf_init(&b, 8192);
    buf_printf(&b, "%s/%s", dir, name);
    struct str copy = arena_copy(&c->arena, buf_view(&b));
    buf_clear(&b);
    return copy.p ? copy.p : dir;
}

const char *client_cert_dir(struct cli *c, const char *purpose)
{
    struct stat st;
    const char *dir = cli_get(c, "certs");
    const char *own = path_join(c, dir, purpose);
    return stat(own, &st) == 0 && S_ISDIR(st.st_mode) ? own : dir;
}

int client_new(struct cli *c, const char *api_url, struct kassa_client **ret)
{
    struct kassa_options o = KASSA_OPTIONS_INIT;
    struct str digest = STR("sha1");
    struct stat st;
    const char *why = NULL, *dir = client_cert_dir(c, "payments");
    if (!cli_get_choice(c, "digest", digests, &digest)) {
        return CLI_USAGE;
    }
    o.api_url = api_url ? api_url : "http://127.0.0.1";
    o.account =
        cli_get(c, "account") ? cli_get(c, "account") : "00000000-0000-0000-0000-000000000000";
    o.payments_key_file = path_join(c, dir, "private.pem");
    o.payments_password_file = path_join(c, dir, "password.txt");
    if (stat(o.payments_password_file, &st) != 0) {
        o.payments_password_file = NULL;
    }
    o.digest = str_is(digest, "sha256") ? KASSA_SHA256 : KASSA_SHA1;
    o.ca_file = cli_get(c, "ca-file");
    enum kassa_result r = kassa_client_new(&o, ret, &why);
    if (r != KASSA_OK) {
        return cli_fail("%s: %s", why ? why : "client", kassa_result_text(r));
    }
    return CLI_OK;
}

void client_out(struct cli *c, const char *key, const char *text)
{
    json_w_kstr(&c->w, key, str_from(text));
}

/* With --json the errors are facts too. */
static void out_errors(struct cli *c, enum kassa_result result, const struct kassa_answer *answer)
{
    const char *field = NULL, *text = NULL;
    json_w_kcstr(&c->w, "result", kassa_result_text(result));
    if (!answer) {
        return;
    }
    json_w_kint(&c->w, "http_status", answer->status);
    client_out(c, "message", answer->message);
    cli_out_list(c, "errors");
    for (size_t i = 0; kassa_answer_error(answer, i, &field, &text) == KASSA_OK; i++) {
        cli_out_item(c);
        client_out(c, "field", field);
        client_out(c, "text", text);
        cli_out_close(c);
    }
    cli_out_close(c);
}

int client_failed(struct cli *c, const struct kassa_client *client, enum kassa_result result,
    const struct kassa_answer *answer)
{
    const char *field = NULL, *text = NULL, *detail = kassa_client_error(client);
    cli_fail("%s%s%s", kassa_result_text(result), detail[0] ? ": " : "", detail);
    for (size_t i = 0; answer && kassa_answer_error(answer, i, &field, &text) == KASSA_OK; i++) {
        fprintf(stderr, "  %s: %s\n", field, text);
    }
    if (c->json) {
        out_errors(c, result, answer);
    }
    return CLI_FAILED;
}
