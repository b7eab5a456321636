/* What kassad checks before anything of it runs. */
#ifndef KASSA_APP_PREFLIGHT_H
#define KASSA_APP_PREFLIGHT_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"

struct preflight {
    int lock_fd;                  /* -1: not held */
    struct buf tls_cert, tls_key; /* empty: plain HTTP; wiped by preflight_clear */
};

/* The files that the configuration names: secret key, TLS certificate and key. ERR_CONFIG with text in `why`. */
enum err preflight_files(
    const struct config *config, struct preflight *ret, struct buf *why) must_check;
/* One kassad at a time on a SQLite file: holds STORE.lock until preflight_clear or the process ends. ERR_STATE with text in `why`.
 * On a PostgreSQL database any number may run. */
enum err preflight_lock(
    const struct config *config, struct preflight *p, struct buf *why) must_check;
/* In a sandbox: every enabled wallet's address is on loopback (ERR_CONFIG, and `why` names those that are not), and the
 * clock goes on where its control had moved it. Opens and closes the store; brings its schema up to date. */
enum err preflight_sandbox(
    const struct config *config, struct clock *clock, struct buf *why) must_check;
void preflight_clear(struct preflight *p);

#endif
