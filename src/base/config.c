/* Reading is inih's; it gives no line numbers and cuts long lines, so it is fed line by line from here. */
#include "base/config.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include <ini.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#define CONFIG_FILE_MAX 262144

enum key_type { KEY_STRING, KEY_PATH, KEY_INT, KEY_BOOL, KEY_CHOICE };

struct key {
    const char *section;
    const char *name;
    enum key_type type;
    int64_t min;
    int64_t max;
    const char *choices; /* "one, other" */
    const char *def;
    const char *help;
    size_t offset;
};

#define SPEC_STRING .type = KEY_STRING
#define SPEC_PATH .type = KEY_PATH
#define SPEC_INT(lo, hi) .type = KEY_INT, .min = (lo), .max = (hi)
#define SPEC_BOOL .type = KEY_BOOL
#define SPEC_CHOICE(texts) .type = KEY_CHOICE, .choices = texts

static const struct key keys[] = {
#define C(s, n, t, d, h)                                                                           \
    {.section = #s,                                                                                \
        .name = #n,                                                                                \
        SPEC_##t,                                                                                  \
        .def = d,                                                                                  \
        .help = h,                                                                                 \
        .offset = offsetof(struct config, s##_##n)},
#include "base/config.def"
#undef C
};

struct reading {
    const char *path;
    struct str text;
    size_t at;
    int line;
    int given[array_len(keys)]; /* the line of each key, 0 if not yet */
    struct config *config;
    struct buf *why;
    bool faulty;
};

static void fault(
    struct reading *r, int line, const char *section, const char *name, const char *reason)
{
    r->faulty = true;
    if (name)
        buf_printf(r->why, "%s:%d: %s%s%s: %s\n", r->path, line, section, section[0] ? "." : "",
            name, reason);
    else
        buf_printf(r->why, "%s:%d: %s\n", r->path, line, reason);
}

static bool section_known(struct str name)
{
    for (size_t i = 0; i < array_len(keys); i++)
        if (str_is(name, keys[i].section))
            return true;
    return false;
}

static const struct key *key_find(const char *section, const char *name)
{
    for (size_t i = 0; i < array_len(keys); i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static bool choice_holds(const char *choices, struct str value)
{
    struct str all = str_from(choices);
    for (size_t at = 0; at < all.n;) {
        size_t end = str_find(all, ',', at);
        if (str_eq(str_trim(str_sub(all, at, end)), value))
            return true;
        at = end + 1;
    }
    return false;
}

/* What names no file is taken as it is. */
static bool is_address(const char *value)
{
    return strstr(value, "://") != NULL;
}

static void string_set(char **field, const struct config *c, const struct key *k, const char *value)
{
    mem_free(*field);
    if (k->type != KEY_PATH || value[0] == 0 || value[0] == '/' || is_address(value)) {
        *field = mem_strdup(value);
        return;
    }
    struct buf path;
    buf_init(&path, PATH_MAX + CONFIG_FILE_MAX);
    buf_printf(&path, "%s/%s", strcmp(c->dir, "/") == 0 ? "" : c->dir, value);
    *field = buf_take(&path, NULL);
}

static bool bool_parse(const char *value, bool *ret)
{
    struct str s = str_from(value);
    bool yes = str_is(s, "yes") || str_is(s, "true") || str_is(s, "1");
    bool no = str_is(s, "no") || str_is(s, "false") || str_is(s, "0");
    if (yes || no)
        *ret = yes;
    return yes || no;
}

/* False with a reason when the value does not fit. */
static bool key_set(struct config *c, const struct key *k, const char *value, struct buf *reason)
{
    void *field = (char *)c + k->offset;
    int64_t i = 0;
    switch (k->type) {
    case KEY_INT:
        if (int64_parse(str_from(value), &i) != ERR_OK || i < k->min || i > k->max) {
            buf_printf(reason, "must be a number from %" PRId64 " to %" PRId64 ", not \"%s\"",
                k->min, k->max, value);
            return false;
        }
        *(int64_t *)field = i;
        return true;
    case KEY_BOOL:
        if (bool_parse(value, field))
            return true;
        buf_printf(reason, "must be yes or no, not \"%s\"", value);
        return false;
    case KEY_CHOICE:
        if (!choice_holds(k->choices, str_from(value))) {
            buf_printf(reason, "must be one of %s; not \"%s\"", k->choices, value);
            return false;
        }
        string_set(field, c, k, value);
        return true;
    case KEY_STRING:
    case KEY_PATH:
        string_set(field, c, k, value);
        return true;
    }
    return false;
}

/* inih's callback for each key. Faults are noted and reading goes on, so that all are told at once. */
static int on_key(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;
    const struct key *k = key_find(section, name);
    if (!k) {
        if (section[0] == 0)
            fault(r, r->line, "", name, "stands before the first [section]");
        else if (section_known(str_from(section)))
            fault(r, r->line, section, name, "there is no such key");
        return 1;
    }
    struct buf reason;
    buf_init(&reason, 2048);
    int *given = &r->given[k - keys];
    if (*given) {
        buf_printf(&reason, "is given twice, first in line %d", *given);
        fault(r, r->line, section, name, buf_view(&reason).p);
    } else if (!key_set(r->config, k, value, &reason)) {
        fault(r, r->line, section, name, buf_view(&reason).p);
    }
    if (!*given)
        *given = r->line;
    buf_clear(&reason);
    return 1;
}

static bool line_is_plain(struct str line)
{
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return utf8_valid(line);
}

/* inih tells of sections only through their keys; a mistyped one without keys must not pass. */
static void section_check(struct reading *r, struct str line)
{
    size_t end = str_find(line, ']', 0);
    if (line.n == 0 || line.p[0] != '[' || end == line.n)
        return;
    struct str name = str_sub(line, 1, end);
    if (section_known(name))
        return;
    struct buf reason;
    buf_init(&reason, 2048);
    buf_printf(&reason, "there is no section [%.*s]", STR_FMT(name));
    fault(r, r->line, NULL, NULL, buf_view(&reason).p);
    buf_clear(&reason);
}

/* The key of a line that is too long or unreadable, for its fault. */
static void line_refuse(struct reading *r, struct str line, const char *text)
{
    struct str name = str_trim(str_sub(line, 0, str_find(line, '=', 0)));
    struct buf reason;
    buf_init(&reason, 256);
    if (name.n > 0 && name.n <= 50 && line_is_plain(name))
        buf_printf(&reason, "%.*s: %s", STR_FMT(name), text);
    else
        buf_cstr(&reason, text);
    fault(r, r->line, NULL, NULL, buf_view(&reason).p);
    buf_clear(&reason);
}

/* inih's fgets: gives the next line without blanks before it (they would make it continue the line above it). */
static char *on_line(char *out, int cap, void *arg)
{
    struct reading *r = arg;
    if (r->at >= r->text.n)
        return NULL;
    size_t end = str_find(r->text, '\n', r->at);
    struct str line = str_sub(r->text, r->at, end);
    r->at = end + 1;
    r->line++;
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    line = str_trim(line);
    bool comment = line.n > 0 && (line.p[0] == '#' || line.p[0] == ';');
    if (comment) {
        line.n = 0;
    } else if (!line_is_plain(line)) {
        line_refuse(r, line, "holds control characters or is not UTF-8");
        line.n = 0;
    } else if (line.n + 2 >= (size_t)cap) {
        line_refuse(r, line, "the line is too long");
        line.n = 0;
    } else if (line.n > 0 && line.p[0] != '[' && str_find(line, '=', 0) == line.n &&
               str_find(line, ':', 0) == line.n) {
        line_refuse(r, line, "is neither key = value nor [section]");
        line.n = 0;
    }
    section_check(r, line);
    if (line.n > 0)
        memcpy(out, line.p, line.n);
    out[line.n] = '\n';
    out[line.n + 1] = 0;
    return out;
}

/* The absolute folder of the file. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    cleanup(mem_free_at) char *dir =
        slash ? mem_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : mem_strdup(".");
    char real[PATH_MAX];
    return realpath(dir, real) ? mem_strdup(real) : NULL;
}

static void defaults_set(struct config *c)
{
    struct buf reason;
    buf_init(&reason, 1024);
    for (size_t i = 0; i < array_len(keys); i++)
        ensure(key_set(c, &keys[i], keys[i].def, &reason), "a default does not fit its own key");
    buf_clear(&reason);
}

static enum err config_read(const char *path, struct str text, struct config *c, struct buf *why)
{
    struct reading r = {.path = path, .text = text, .config = c, .why = why};
    /* Windows editors put a byte order mark there. */
    if (str_starts(text, STR("\xef\xbb\xbf")))
        r.at = 3;
    defaults_set(c);
    int bad_line = ini_parse_stream(on_line, &r, on_key, &r);
    if (bad_line != 0)
        fault(&r, bad_line > 0 ? bad_line : r.line, NULL, NULL,
            "is neither key = value nor [section]");
    return r.faulty ? ERR_CONFIG : ERR_OK;
}

enum err config_load(const char *path, struct config *ret, struct buf *why)
{
    struct config c = {.dir = folder_of(path)};
    if (!c.dir)
        return ERR_IO;
    c.file = mem_strdup(path);
    struct buf text;
    buf_init(&text, CONFIG_FILE_MAX);
    enum err e = buf_read_file(&text, path);
    if (e == ERR_LIMIT) {
        buf_printf(why, "%s: is too long\n", path);
        e = ERR_CONFIG;
    }
    if (e == ERR_OK)
        e = config_read(path, buf_view(&text), &c, why);
    buf_clear(&text);
    if (e == ERR_OK)
        *ret = c;
    else
        config_clear(&c);
    return e;
}

void config_clear(struct config *c)
{
    for (size_t i = 0; i < array_len(keys); i++)
        switch (keys[i].type) {
        case KEY_STRING:
        case KEY_PATH:
        case KEY_CHOICE:
            mem_free(*(char **)((char *)c + keys[i].offset));
            break;
        case KEY_INT:
        case KEY_BOOL:
            break;
        }
    mem_free(c->file);
    mem_free(c->dir);
    *c = (struct config){0};
}

static void key_sample(struct buf *out, const struct key *k)
{
    buf_printf(out, "\n# %s\n", k->help);
    switch (k->type) {
    case KEY_INT:
        buf_printf(out, "# A number from %" PRId64 " to %" PRId64 ".\n", k->min, k->max);
        break;
    case KEY_CHOICE:
        buf_printf(out, "# One of: %s.\n", k->choices);
        break;
    case KEY_PATH:
        buf_cstr(out, "# A path; a relative one begins at this file's folder.\n");
        break;
    case KEY_STRING:
    case KEY_BOOL:
        break;
    }
    buf_printf(out, "#%s =%s%s\n", k->name, k->def[0] ? " " : "", k->def);
}

void config_sample(struct buf *out)
{
    buf_cstr(out,
        "# The configuration of kassad. Each key stands here with its default; to change it, take\n"
        "# away the # before the key. A blank and a semicolon begin a comment behind a value.\n");
    const char *section = "";
    for (size_t i = 0; i < array_len(keys); i++) {
        if (strcmp(section, keys[i].section) != 0)
            buf_printf(out, "\n[%s]\n", keys[i].section);
        section = keys[i].section;
        key_sample(out, &keys[i]);
    }
}
