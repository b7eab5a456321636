/* The configuration: an INI file whose keys are config.def's. Unknown sections and keys, values that do not fit
 * and keys given twice are errors that name file, line and key. Immutable after loading. */
#ifndef KASSA_BASE_CONFIG_H
#define KASSA_BASE_CONFIG_H

#include "base/buf.h"
#include <sys/socket.h>

#define CONFIG_TYPE_STRING char *
#define CONFIG_TYPE_PATH char *
#define CONFIG_TYPE_INT(min, max) int64_t
#define CONFIG_TYPE_CHOICE(texts) char *
#define CONFIG_TYPE_BOOL bool

struct config {
#define C(section, name, type, def, help) CONFIG_TYPE_##type section##_##name;
#include "base/config.def"
#undef C
    char *file; /* as it was named */
    char *dir;  /* its folder, absolute */
};

/* ERR_CONFIG with one line per fault in `why`; ERR_IO. Checks each value's own range; what needs two keys
 * or the store is config_check's and app's. `ret` is untouched on failure, else freed with config_clear. */
enum err config_load(const char *path, struct config *ret, struct buf *why) must_check;
/* What needs more than one key or an address's grammar: both TLS files or none, loopback in a sandbox, urls
 * without a slash at the end, a password only where nobody else reads it. ERR_CONFIG with one line per fault in `why`, each naming
 * its key. */
enum err config_check(const struct config *c, struct buf *why) must_check;
/* "127.0.0.1:8080" or "[::1]:8080", as in server.listen; port 0 is any free one. ERR_SYNTAX. */
enum err config_listen_parse(struct str text, struct sockaddr_storage *ret) must_check;
void config_clear(struct config *c);
/* The commented sample with all defaults. */
void config_sample(struct buf *out);

#endif
