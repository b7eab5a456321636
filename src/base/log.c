#include "base/log.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192
/* What the line's end needs when fields are left out. */
#define LINE_TAIL 32
#define VALUE_MAX 1024
#define REQUEST_ID_MAX 40
#define VALUE_CUT_MARK "…[cut]"

/* p[0] stays free for a newline before the line (line_send). Each item is added whole or not at all. */
struct line {
    char p[LINE_MAX_BYTES];
    size_t n;
    bool full;
};

static const struct clock machine_clock;
static const struct clock *log_clock = &machine_clock;
static enum log_level log_min = LOG_LEVEL_INFO;
static int log_fd = STDERR_FILENO;
static bool log_fd_may_block;
/* The last line went out in part: the next one begins with a newline. */
static _Atomic bool log_torn;

static _Thread_local char request_id[REQUEST_ID_MAX];
static _Thread_local size_t request_id_n;

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG:
        return "debug";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_ALARM:
        return "alarm";
    }
    return "unknown";
}

void log_init(const struct clock *clock, enum log_level min, int fd)
{
    struct stat st;
    log_clock = clock;
    log_min = min;
    log_fd = fd;
    log_fd_may_block = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
}

void log_request_id_set(struct str id)
{
    request_id_n = id.n < REQUEST_ID_MAX ? id.n : REQUEST_ID_MAX;
    if (request_id_n > 0)
        memcpy(request_id, id.p, request_id_n);
}

static void line_add(struct line *l, const char *p, size_t n)
{
    if (l->n + n > sizeof(l->p) - LINE_TAIL)
        l->full = true;
    if (l->full || n == 0)
        return;
    memcpy(l->p + l->n, p, n);
    l->n += n;
}

static void line_cstr(struct line *l, const char *s)
{
    line_add(l, s, strlen(s));
}

/* Bytes of the well-formed character at `i`, or 0. */
static size_t char_len(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (i + n > s.n || !utf8_valid((struct str){s.p + i, n}))
        return 0;
    return n;
}

/* C1 controls steer terminals as well as C0 do. */
static bool char_is_c1(const char *p, size_t n)
{
    return n == 2 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] < 0xa0;
}

static void line_char(struct line *l, const char *p, size_t n)
{
    char escape[8];
    unsigned char c = (unsigned char)p[0];
    if (n == 1 && (c == '"' || c == '\\')) {
        escape[0] = '\\';
        escape[1] = (char)c;
        line_add(l, escape, 2);
    } else if (n == 1 && (c < 0x20 || c == 0x7f)) {
        snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)c);
        line_add(l, escape, 6);
    } else if (char_is_c1(p, n)) {
        snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(unsigned char)p[1]);
        line_add(l, escape, 6);
    } else {
        line_add(l, p, n);
    }
}

static void line_string(struct line *l, struct str s)
{
    line_add(l, "\"", 1);
    size_t start = l->n;
    for (size_t i = 0; i < s.n;) {
        if (l->n - start >= VALUE_MAX || l->full) {
            line_cstr(l, VALUE_CUT_MARK);
            break;
        }
        size_t n = char_len(s, i);
        if (n == 0)
            line_cstr(l, "\xef\xbf\xbd");
        else
            line_char(l, s.p + i, n);
        i += n > 0 ? n : 1;
    }
    line_add(l, "\"", 1);
}

static void line_int(struct line *l, int64_t i)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, i);
    line_cstr(l, text);
}

static void line_money(struct line *l, int64_t poisha)
{
    char text[32];
    uint64_t u = poisha < 0 ? 0 - (uint64_t)poisha : (uint64_t)poisha;
    snprintf(text, sizeof(text), "\"%s%" PRIu64 ".%02" PRIu64 "\"", poisha < 0 ? "-" : "", u / 100,
        u % 100);
    line_cstr(l, text);
}

static void line_phone(struct line *l, struct str s)
{
    struct buf masked;
    buf_init(&masked, 256);
    text_mask_number(&masked, s);
    line_string(l, buf_ok(&masked) ? buf_view(&masked) : STR("***"));
    buf_clear(&masked);
}

static void line_value(struct line *l, const struct log_field *f)
{
    switch (f->kind) {
    case LOG_KIND_STR:
        if (str_absent(f->s))
            line_cstr(l, "null");
        else
            line_string(l, f->s);
        break;
    case LOG_KIND_INT:
        line_int(l, f->i);
        break;
    case LOG_KIND_PHONE:
        line_phone(l, f->s);
        break;
    case LOG_KIND_MONEY:
        line_money(l, f->i);
        break;
    }
}

static void line_key(struct line *l, const char *key)
{
    line_cstr(l, ",");
    line_string(l, str_from(key));
    line_cstr(l, ":");
}

/* A field that does not fit is taken back whole. */
static bool line_field(struct line *l, const struct log_field *f)
{
    size_t before = l->n;
    line_key(l, f->key);
    line_value(l, f);
    if (!l->full)
        return true;
    l->n = before;
    return false;
}

static void line_head(struct line *l, enum log_level level, const char *event)
{
    char time[25];
    utc_time_format(clock_now_ms(log_clock), time);
    line_cstr(l, "{\"time\":\"");
    line_cstr(l, time);
    line_cstr(l, "\",\"level\":\"");
    line_cstr(l, level_name(level));
    line_cstr(l, "\",\"event\":");
    line_string(l, str_from(event));
    if (request_id_n > 0) {
        line_key(l, "request_id");
        line_string(l, (struct str){request_id, request_id_n});
    }
}

/* One write; what standard error can't take at once is lost and counted. */
static void line_send(struct line *l)
{
    struct pollfd ready = {.fd = log_fd, .events = POLLOUT};
    if (log_fd_may_block && (poll(&ready, 1, 0) != 1 || ready.revents != POLLOUT)) {
        metric_add(METRIC_log_lines_dropped_total, 1);
        return;
    }
    size_t from = atomic_exchange(&log_torn, false) ? 0 : 1;
    ssize_t n = 0;
    do {
        n = write(log_fd, l->p + from, l->n - from);
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)(l->n - from))
        return;
    if (n > 0 || from == 0)
        atomic_store(&log_torn, true);
    metric_add(METRIC_log_lines_dropped_total, 1);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    if (level < log_min)
        return;
    int errno_before = errno;
    struct line l;
    l.p[0] = '\n';
    l.n = 1;
    l.full = false;
    line_head(&l, level, event);
    for (size_t i = 0; i < n; i++)
        if (!line_field(&l, &fields[i]))
            break;
    static const char end[] = "}\n";
    static const char end_cut[] = ",\"fields_cut\":true}\n";
    _Static_assert(sizeof(end_cut) <= LINE_TAIL, "the tail holds the longest end");
    size_t end_n = l.full ? sizeof(end_cut) - 1 : sizeof(end) - 1;
    memcpy(l.p + l.n, l.full ? end_cut : end, end_n);
    l.n += end_n;
    line_send(&l);
    errno = errno_before;
}

void log_bug(const char *file, int line, const char *cond, const char *text)
{
    const struct log_field fields[] = {
        LOG_C("file", file),
        LOG_I("line", line),
        LOG_C("condition", cond),
        LOG_C("text", text),
    };
    log_write(LOG_LEVEL_ALARM, "bug", fields, array_len(fields));
    abort();
}
