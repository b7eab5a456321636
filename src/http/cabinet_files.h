/* The cabinet's program for browsers, compiled from web/cabinet by tools/web and tools/embed-web.mjs: each file as it is and
 * compressed. The name of each but the first page holds its content's hash, so that browsers may keep it for good. */
#ifndef KASSA_HTTP_CABINET_FILES_H
#define KASSA_HTTP_CABINET_FILES_H

#include "http/server.h"

/* As Content-Encoding tells them, the preferred last. */
enum coding { CODING_NONE, CODING_GZIP, CODING_BR, CODING_COUNT };

struct cabinet_file {
    const char *path; /* "/cabinet/assets/main-1a2b3c4d.js" */
    const char *type;
    struct str body[CODING_COUNT]; /* absent where compressing gains nothing */
};

/* Generated; ended by a NULL path. */
extern const struct cabinet_file cabinet_files[];
/* The page that starts the program, whatever path below /cabinet is asked for. */
extern const struct cabinet_file cabinet_page;

/* The best of what a request's Accept-Encoding takes; absent: as it is. */
enum coding coding_choose(struct str accept);

struct reply *cabinet_page_get(struct request *rq); /* GET /cabinet, /cabinet/ and what is below */
struct reply *cabinet_file_get(struct request *rq); /* GET /cabinet/assets/{*} */

#endif
