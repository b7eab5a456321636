#include "service/key_check.h"

#include "base/log.h"
#include "base/text.h"

#define SETTING "secret_key_check"
#define PURPOSE "key check"
#define BOX_MAX 1024

struct mark_unit {
    struct store_unit unit;
    struct str value;
};

static enum err mark_run(struct store_unit *u, struct tx *tx)
{
    return store_setting_put(tx, SETTING, unit_owner(u, struct mark_unit, unit)->value);
}

/* A store that can't be written now is no reason not to start: reading goes on. */
static void mark_write(struct service *s)
{
    struct buf box, hex;
    buf_init(&box, BOX_MAX);
    buf_init(&hex, 2 * BOX_MAX);
    box_seal(s->keys, PURPOSE, STR("kassa"), &box);
    hex_encode(&hex, box.p, box.n);
    struct mark_unit m = {.unit = {.run = mark_run}, .value = buf_view(&hex)};
    enum err e = store_run(s->store, &m.unit);
    if (e != ERR_OK) {
        log_warn("key_check_not_marked", LOG_ERR(e));
    }
    buf_clear(&box);
    buf_clear(&hex);
}

static enum err mark_open(struct service *s, struct str hex)
{
    uint8_t raw[BOX_MAX];
    struct buf plain;
    size_t n = hex.n / 2;
    if (n > sizeof raw || hex_decode(hex, raw, n) != ERR_OK) {
        return ERR_CRYPTO;
    }
    buf_init(&plain, BOX_MAX);
    enum err e = box_open(s->keys, PURPOSE, (struct str){(const char *)raw, n}, &plain);
    buf_wipe(&plain);
    return e;
}

enum err key_check(struct service *s, bool mark, struct buf *why)
{
    struct arena a;
    struct str hex = STR_ABSENT;
    struct db *db = store_reader(s->store);
    arena_init(&a, 16 * BOX_MAX);
    enum err e = db ? store_setting_get(db, &a, SETTING, &hex) : ERR_STORE_IO;
    if (e == ERR_OK && mark_open(s, hex) != ERR_OK) {
        buf_printf(why,
            "security.secret_key_file: %s is not the one that this store was made with, or lacks"
            " its newest key; all nodes need the same file",
            s->config->security_secret_key_file);
        e = ERR_CONFIG;
    }
    arena_clear(&a);
    if (mark && (e == ERR_OK || e == ERR_NO_ROW)) {
        mark_write(s);
    }
    return e == ERR_NO_ROW ? ERR_OK : e;
}
