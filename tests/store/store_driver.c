/* A store on the address that is given, driven by lines: one command a line, one answer a line.
 *
 *     put NAME SIZE   a value of SIZE characters, which don't compress   OK or an error's name
 *     get NAME        by this thread's reader                            OK SIZE or an error's name
 *     state           what /readyz tells                                 good, unwritable
 *     limits S O      ms that a server may be silent, that an outage is sat out
 *
 * The first line it says is `open`, or why it could not be opened. */
#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/pg_link.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX (8 << 20)

struct put {
    struct store_unit unit;
    const char *name;
    struct str value;
};

static enum err put_run(struct store_unit *u, struct tx *tx)
{
    struct put *p = unit_owner(u, struct put, unit);
    return store_setting_put(tx, p->name, p->value);
}

static enum err put(struct store *s, const char *name, size_t n)
{
    char *text = mem_alloc(n + 1);
    random_bytes((uint8_t *)text, n);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('0' + (text[i] & 63));
    struct put p = {.unit = {.run = put_run}, .name = name, .value = {text, n}};
    enum err e = store_run(s, &p.unit);
    mem_free(text);
    return e;
}

static void get(struct store *s, const char *name)
{
    struct arena a;
    struct str value = STR_ABSENT;
    struct db *db = store_reader(s);
    arena_init(&a, 2 * VALUE_MAX);
    enum err e = db ? store_setting_get(db, &a, name, &value) : ERR_STORE_IO;
    if (e == ERR_OK)
        printf("OK %zu\n", value.n);
    else
        printf("%s\n", err_name(e));
    arena_clear(&a);
}

static void command(struct store *s, const char *line)
{
    char name[64] = "";
    unsigned size = 1;
    int silence, outage;
    if (sscanf(line, "put %63s %u", name, &size) >= 1)
        printf("%s\n", err_name(size <= VALUE_MAX ? put(s, name, size) : ERR_LIMIT));
    else if (sscanf(line, "get %63s", name) == 1)
        get(s, name);
    else if (strncmp(line, "state", 5) == 0)
        printf("%s\n", store_writable(s) ? "good" : "unwritable");
    else if (sscanf(line, "limits %d %d", &silence, &outage) == 2) {
        pg_limits.silence_write_ms = pg_limits.silence_read_ms = silence;
        pg_limits.outage_ms = outage;
        printf("OK\n");
    } else
        printf("what?\n");
}

int main(int argc, char **argv)
{
    static struct clock clock;
    char line[256];
    struct buf why;
    struct store *s = NULL;
    if (argc != 2)
        return 2;
    clock_init(&clock);
    log_init(&clock, LOG_LEVEL_INFO, 2);
    setvbuf(stdout, NULL, _IOLBF, 0);
    buf_init(&why, 4096);
    struct store_options o = {.path = argv[1],
        .queue_max = 64,
        .batch_max = 16,
        .clock = &clock,
        .create = true,
        .migrate = true};
    enum err e = store_open(&o, &why, &s);
    if (e == ERR_OK)
        printf("open\n");
    else
        printf("%s %.*s\n", err_name(e), (int)why.n, why.p ? why.p : "");
    buf_clear(&why);
    while (e == ERR_OK && fgets(line, sizeof line, stdin))
        command(s, line);
    store_close(s);
    return e == ERR_OK ? 0 : 1;
}
