/* Errors: one enum for the whole program, from err.def. A function logs an error or returns it, never both. */
#ifndef KASSA_BASE_ERR_H
#define KASSA_BASE_ERR_H

enum err {
#define E(name, status, class, key, text) ERR_##name,
#include "base/err.def"
#undef E
    ERR_COUNT
};

enum err_class { ERR_CLASS_NONE, ERR_CLASS_PEER, ERR_CLASS_TRANSIENT, ERR_CLASS_HARD };

struct err_info {
    const char *name;   /* "STORE_FULL" */
    int http_status;    /* 400 */
    enum err_class cls; /* whose fault it is and whether a retry may help */
    const char
        *key; /* the key in the error body's "errors", or "" where the caller names the field */
    const char *text; /* public text, safe to show to anybody */
};

#define must_check __attribute__((warn_unused_result))

/* The table's row for `e`; asserts that `e` is one of the enum. */
const struct err_info *err_info(enum err e);

/* Short for err_info(e)->name. */
const char *err_name(enum err e);

#endif
