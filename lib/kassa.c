/* The client: its options, keys and raw calls. */
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "kassa_client.h"

#include <stdio.h>

#define PASSWORD_MAX 1024
#define PATH_MAX_BYTES 4096

static const char *const result_texts[] = {
    [KASSA_OK] = "success",
    [KASSA_REFUSED] = "the signature does not fit",
    [KASSA_MALFORMED] = "the text lacks fields or cannot be read",
    [KASSA_STALE] = "the timestamp is too far from the clock",
    [KASSA_ARGUMENT] = "an argument is missing or unfit",
    [KASSA_FILE] = "a file cannot be read",
    [KASSA_KEY] = "a key or its pass phrase is unfit",
    [KASSA_NOT_SENT] = "the call could not be sent",
    [KASSA_MAYBE_SENT] = "the answer was lost",
    [KASSA_ANSWER] = "the answer cannot be understood",
    [KASSA_ERRORS] = "Kassa refused the call",
};

const char *kassa_result_text(enum kassa_result result)
{
    size_t i = (size_t)result;
    return i < array_len(result_texts) ? result_texts[i] : "unknown result";
}

void kassa_free(void *text)
{
    mem_free(text);
}

static enum kassa_result file_read(const char *path, size_t max, struct buf *ret)
{
    buf_init(ret, max);
    return buf_read_file(ret, path) == ERR_OK ? KASSA_OK : KASSA_FILE;
}

static enum kassa_result payments_key_load(
    struct kassa_client *c, const struct kassa_options *o, const char **ret_why)
{
    struct buf pem, password;
    buf_init(&password, PASSWORD_MAX);
    enum kassa_result result = file_read(o->payments_key_file, RSA_PEM_MAX, &pem);
    *ret_why = "payments_key_file cannot be read";
    if (result == KASSA_OK && o->payments_password_file) {
        result = file_read(o->payments_password_file, PASSWORD_MAX, &password);
        *ret_why = "payments_password_file cannot be read";
    }
    if (result == KASSA_OK &&
        rsa_private_from_pem(buf_view(&pem), buf_view(&password), &c->payments_key) != ERR_OK) {
        result = KASSA_KEY;
        *ret_why = "payments_key_file holds no usable key, or the pass phrase is wrong";
    }
    buf_wipe(&pem);
    buf_wipe(&password);
    return result;
}

static enum kassa_result notifications_key_load(
    struct kassa_client *c, const struct kassa_options *o, const char **ret_why)
{
    if (!o->notifications_key_file) {
        return KASSA_OK;
    }
    struct buf pem;
    enum kassa_result result = file_read(o->notifications_key_file, RSA_PEM_MAX, &pem);
    *ret_why = "notifications_key_file cannot be read";
    if (result == KASSA_OK &&
        rsa_public_from_pem(buf_view(&pem), &c->notifications_key) != ERR_OK) {
        result = KASSA_KEY;
        *ret_why = "notifications_key_file holds no usable public key";
    }
    buf_clear(&pem);
    return result;
}

static const char *options_fault(const struct kassa_options *o)
{
    struct url url;
    uint8_t uuid[16];
    if (!o->api_url || !utf8_valid(str_from(o->api_url)) ||
        url_parse(str_from(o->api_url), &url) != ERR_OK || !str_absent(url.query)) {
        return "api_url is not an http or https address";
    }
    if (!o->account || uuid_parse(str_from(o->account), uuid) != ERR_OK) {
        return "account is not a uuid";
    }
    if (!o->payments_key_file) {
        return "payments_key_file is missing";
    }
    if (o->digest != KASSA_SHA1 && o->digest != KASSA_SHA256) {
        return "digest is unknown";
    }
    return NULL;
}

/* The caller's struct may be of an older header (shorter) or a newer one (longer). */
static bool options_copy(const struct kassa_options *given, struct kassa_options *ret)
{
    *ret = (struct kassa_options){.size = 0};
    if (!given || given->size < sizeof(given->size)) {
        return false;
    }
    memcpy(ret, given, given->size < sizeof(*ret) ? given->size : sizeof(*ret));
    return true;
}

static enum kassa_result client_fill(
    struct kassa_client *c, const struct kassa_options *o, const char **ret_why)
{
    size_t n = strlen(o->api_url);
    c->api_url = mem_strndup(o->api_url, n - (o->api_url[n - 1] == '/'));
    c->account = mem_strdup(o->account);
    c->digest = o->digest == KASSA_SHA256 ? RSA_DIGEST_SHA256 : RSA_DIGEST_SHA1;
    enum kassa_result result = payments_key_load(c, o, ret_why);
    if (result == KASSA_OK) {
        result = notifications_key_load(c, o, ret_why);
    }
    if (result == KASSA_OK) {
        c->http = kassa_http_new(o);
        *ret_why = "libcurl refuses an option";
        result = c->http ? KASSA_OK : KASSA_ARGUMENT;
    }
    return result;
}

enum kassa_result kassa_client_new(
    const struct kassa_options *options, struct kassa_client **ret, const char **ret_why)
{
    struct kassa_options o;
    const char *why = options_copy(options, &o) ? options_fault(&o) : "options have no size";
    enum kassa_result result = why ? KASSA_ARGUMENT : KASSA_OK;
    struct kassa_client *c = mem_alloc(sizeof(*c));
    if (result == KASSA_OK) {
        result = client_fill(c, &o, &why);
    }
    if (result != KASSA_OK) {
        kassa_client_free(c);
        if (ret_why) {
            *ret_why = why;
        }
        return result;
    }
    *ret = c;
    return KASSA_OK;
}

static bool path_join(char out[PATH_MAX_BYTES], const char *dir, const char *name)
{
    int n = snprintf(out, PATH_MAX_BYTES, "%s/%s", dir, name);
    return n > 0 && n < PATH_MAX_BYTES;
}

enum kassa_result kassa_client_from_dirs(const char *api_url, const char *account,
    const char *payments_dir, const char *notifications_dir, struct kassa_client **ret,
    const char **ret_why)
{
    char key[PATH_MAX_BYTES], password[PATH_MAX_BYTES], public[PATH_MAX_BYTES];
    if (!payments_dir || !path_join(key, payments_dir, "private.pem") ||
        !path_join(password, payments_dir, "password.txt") ||
        (notifications_dir && !path_join(public, notifications_dir, "public.pem"))) {
        if (ret_why) {
            *ret_why = "a directory is missing or its path too long";
        }
        return KASSA_ARGUMENT;
    }
    struct kassa_options o = KASSA_OPTIONS_INIT;
    o.api_url = api_url;
    o.account = account;
    o.payments_key_file = key;
    o.payments_password_file = password;
    o.notifications_key_file = notifications_dir ? public : NULL;
    return kassa_client_new(&o, ret, ret_why);
}

void kassa_client_free(struct kassa_client *client)
{
    if (!client) {
        return;
    }
    kassa_http_free(client->http);
    rsa_private_free(client->payments_key);
    rsa_public_free(client->notifications_key);
    mem_free(client->api_url);
    mem_free(client->account);
    mem_free(client);
}

const char *kassa_client_error(const struct kassa_client *client)
{
    return client->why;
}

enum kassa_result kassa_sign(
    const struct kassa_client *client, const void *body, size_t body_len, char **ret_base64)
{
    uint8_t raw[RSA_SIG_MAX];
    size_t raw_n = 0;
    struct str message = body_len > 0 ? (struct str){body, body_len} : STR("");
    if (rsa_sign(client->payments_key, client->digest, message, raw, sizeof(raw), &raw_n)) {
        return KASSA_KEY;
    }
    struct buf text;
    buf_init(&text, 2 * RSA_SIG_MAX);
    base64_encode(&text, raw, raw_n);
    size_t n = 0;
    *ret_base64 = buf_take(&text, &n);
    return KASSA_OK;
}

static const char *arena_text(struct arena *a, struct str s)
{
    const char *text = arena_copy(a, s).p;
    return text ? text : "";
}

static void errors_read(struct kassa_answer_box *box, const struct json *errors)
{
    size_t count = 0;
    JSON_FOR_EACH (field, errors) {
        JSON_FOR_EACH (text, field) {
            count++;
        }
    }
    box->errors = arena_alloc(&box->arena, count * sizeof(*box->errors));
    if (!box->errors) {
        return;
    }
    JSON_FOR_EACH (field, errors) {
        JSON_FOR_EACH (text, field) {
            box->errors[box->answer.error_count++] =
                (struct kassa_field){.name = arena_text(&box->arena, field->key),
                    .value = arena_text(&box->arena, text->text)};
        }
    }
}

/* Reads the body's JSON, if it is some, and tells what the answer means. */
static enum kassa_result answer_read(struct kassa_answer_box *box)
{
    struct json *root = NULL;
    const char *why = NULL;
    box->answer.body = buf_view(&box->body).p;
    box->answer.body_len = box->body.n;
    if (json_parse(&box->arena, buf_view(&box->body), &root, &why) != ERR_OK ||
        root->type != JSON_OBJECT) {
        return KASSA_ANSWER;
    }
    box->root = root;
    const struct json *errors = json_get(root, "errors");
    if (!errors) {
        return box->answer.status == 200 ? KASSA_OK : KASSA_ANSWER;
    }
    box->answer.message = kassa_json_text(&box->arena, root, "message");
    errors_read(box, errors);
    return KASSA_ERRORS;
}

static enum kassa_result argument_fault(struct kassa_client *client, const char *why)
{
    snprintf(client->why, sizeof(client->why), "%s", why);
    return KASSA_ARGUMENT;
}

enum kassa_result kassa_call(struct kassa_client *client, const char *path, const void *body,
    size_t body_len, struct kassa_answer **ret_answer)
{
    client->why[0] = '\0';
    *ret_answer = NULL;
    if (!path || path[0] != '/' || strpbrk(path, " \r\n\t#") || !body || body_len == 0) {
        return argument_fault(client, "path or body is unfit");
    }
    char *sign = NULL;
    enum kassa_result result = kassa_sign(client, body, body_len, &sign);
    if (result != KASSA_OK) {
        return result;
    }
    struct buf url;
    buf_init(&url, strlen(client->api_url) + strlen(path) + 1);
    buf_cstr(&url, client->api_url);
    buf_cstr(&url, path);
    struct kassa_answer_box *box = mem_alloc(sizeof(*box));
    buf_init(&box->body, KASSA_ANSWER_MAX);
    arena_init(&box->arena, KASSA_ARENA_MAX);
    struct kassa_http_reply reply = {.status = 0};
    result = kassa_http_post(client->http, url.p, client->account, sign,
        (struct str){body, body_len}, &box->body, &reply, client->why);
    buf_clear(&url);
    mem_free(sign);
    if (result != KASSA_OK) {
        kassa_answer_free(&box->answer);
        return result;
    }
    box->answer.status = reply.status;
    box->answer.replayed = reply.replayed;
    box->answer.retry_after_s = reply.retry_after_s;
    result = answer_read(box);
    *ret_answer = &box->answer;
    return result;
}

enum kassa_result kassa_answer_error(
    const struct kassa_answer *answer, size_t i, const char **ret_field, const char **ret_text)
{
    const struct kassa_answer_box *box = (const struct kassa_answer_box *)(const void *)answer;
    if (i >= answer->error_count) {
        return KASSA_ARGUMENT;
    }
    *ret_field = box->errors[i].name;
    *ret_text = box->errors[i].value;
    return KASSA_OK;
}

void kassa_answer_free(struct kassa_answer *answer)
{
    if (!answer) {
        return;
    }
    struct kassa_answer_box *box = (struct kassa_answer_box *)(void *)answer;
    buf_clear(&box->body);
    arena_clear(&box->arena);
    mem_free(box);
}
