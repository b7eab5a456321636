/* The log: one JSON object a line on standard error: time, level, event, request id of the thread, fields.
 * Never given secrets, signatures or payer data; phone numbers go through LOG_PHONE, which masks them.
 * Thread-safe; a full disk behind standard error never blocks or fails a payment. */
#ifndef KASSA_BASE_LOG_H
#define KASSA_BASE_LOG_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_ALARM
};

enum log_kind { LOG_KIND_STR, LOG_KIND_INT, LOG_KIND_PHONE, LOG_KIND_MONEY };

struct log_field {
    const char *key;
    enum log_kind kind;
    struct str s;
    int64_t i;
};

#define LOG_S(k, v) ((struct log_field){(k), LOG_KIND_STR, (v), 0})
#define LOG_C(k, v) ((struct log_field){(k), LOG_KIND_STR, str_from(v), 0})
#define LOG_I(k, v) ((struct log_field){(k), LOG_KIND_INT, STR_ABSENT, (int64_t)(v)})
#define LOG_PHONE(k, v) ((struct log_field){(k), LOG_KIND_PHONE, (v), 0})
#define LOG_MONEY(k, v) ((struct log_field){(k), LOG_KIND_MONEY, STR_ABSENT, (v).poisha})
#define LOG_ERR(e) ((struct log_field){"error", LOG_KIND_STR, str_from(err_name(e)), 0})

/* Before threads start; `clock` outlives the log. */
void log_init(const struct clock *clock, enum log_level min, int fd);
/* Set for the lines of this thread until changed; "" for none. Copied (at most 40 characters). */
void log_request_id_set(struct str id);

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n);
#define log_event(level, event, ...)                                                               \
    do {                                                                                           \
        const struct log_field log_fields_[] = {{0}, ##__VA_ARGS__};                               \
        log_write((level), (event), log_fields_ + 1, array_len_log_(log_fields_) - 1);             \
    } while (0)
#define array_len_log_(a) (sizeof(a) / sizeof((a)[0]))

#define log_debug(event, ...) log_event(LOG_LEVEL_DEBUG, event, ##__VA_ARGS__)
#define log_info(event, ...) log_event(LOG_LEVEL_INFO, event, ##__VA_ARGS__)
#define log_warn(event, ...) log_event(LOG_LEVEL_WARN, event, ##__VA_ARGS__)
#define log_error(event, ...) log_event(LOG_LEVEL_ERROR, event, ##__VA_ARGS__)
/* An operator must look. */
#define log_alarm(event, ...) log_event(LOG_LEVEL_ALARM, event, ##__VA_ARGS__)

/* A broken promise of the program itself: logs the place and the text, then aborts. Kept in release builds. */
#define ensure(cond, text)                                                                         \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0))                                                          \
            log_bug(__FILE__, __LINE__, #cond, (text));                                            \
    } while (0)
void log_bug(const char *file, int line, const char *cond, const char *text)
    __attribute__((noreturn));

#endif
