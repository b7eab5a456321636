/* kassa listen: a merchant's receiver on loopback. What its files share. */
#ifndef KASSA_APP_CLI_LISTEN_H
#define KASSA_APP_CLI_LISTEN_H

#include "app/cli/cli.h"
#include "http/server.h"
#include "kassa.h"

#define LISTEN_KEYS_MAX 16

struct listen {
    const struct clock *clock;
    struct buf publics[LISTEN_KEYS_MAX]; /* PEM texts */
    int public_count;
    struct buf secrets[LISTEN_KEYS_MAX]; /* "whsec_..." texts */
    int secret_count;
    int out_fd;     /* JSON lines are appended; -1: nowhere */
    bool json;      /* JSON lines on standard output, too */
    int64_t answer; /* HTTP status for genuine notifications */
};

/* ---- listen_notify.c ---- */
struct reply *listen_notify(struct request *rq);
/* ---- listen_return.c ---- */
struct reply *listen_return(struct request *rq);

#endif
