/* The merchant's side: a client of libkassa from the options that pay, status, history and sign share. */
#ifndef KASSA_APP_CLI_CLIENT_H
#define KASSA_APP_CLI_CLIENT_H

#include "app/cli/cli.h"
#include "kassa.h"

/* The folder of a purpose under --certs: DIR/payments, else DIR itself. In the arena. */
const char *client_cert_dir(struct cli *c, const char *purpose);
/* CLI_OK, CLI_FAILED or CLI_USAGE, told. Free it with kassa_client_free. `api_url` NULL: it only signs. */
int client_new(struct cli *c, const char *api_url, struct kassa_client **ret) must_check;
/* Tells why a call failed, as text or, with --json, as Kassa answered it. Returns CLI_FAILED. */
int client_failed(struct cli *c, const struct kassa_client *client, enum kassa_result result,
    const struct kassa_answer *answer);
/* A fact that may be NULL. */
void client_out(struct cli *c, const char *key, const char *text);

#define CLIENT_OPTIONS                                                                             \
    {.name = "api-url", .arg = "URL", .help = "as merchants call it", .required = true},           \
        {.name = "certs",                                                                          \
            .arg = "DIR",                                                                          \
            .help = "has payments/ with private.pem and password.txt, or is that folder",          \
            .required = true},                                                                     \
        {.name = "account", .arg = "UUID", .help = "the merchant's account", .required = true},    \
        {.name = "digest", .arg = "sha1|sha256", .help = "of the signature; else sha1"},           \
    {                                                                                              \
        .name = "ca-file", .arg = "FILE", .help = "PEM of who signed the API's certificate"        \
    }

#endif
