/* What HTTP alone costs: libmicrohttpd as its manual starts it, with two threads, that reads a request's body and answers the
 * same small JSON text to all. Prints its port; ends with its standard input. */
#include "base/mem.h"
#include "bench.h"

#include <microhttpd.h>
#include <stdio.h>
#include <unistd.h>

#define THREADS 2

static const char answer[] =
    "{\"url\":\"http://127.0.0.1:8080/2f1d8c1e-5f0c-4a53-9a0e-0f6b1c2d3e4f\","
    "\"id\":100000001,\"uuid\":\"2f1d8c1e-5f0c-4a53-9a0e-0f6b1c2d3e4f\"}";

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *body, size_t *body_n, void **state)
{
    static char seen;
    (void)url;
    (void)method;
    (void)version;
    (void)body;
    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    if (*body_n) {
        *body_n = 0;
        return MHD_YES;
    }
    return MHD_queue_response(c, MHD_HTTP_OK, cls);
}

int bench_serve(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct MHD_Response *r = MHD_create_response_from_buffer(
        sizeof answer - 1, (void *)(uintptr_t)answer, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(r, "Content-Type", "application/json");
    int port, door = bench_listen(&port);
    struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, r,
        MHD_OPTION_LISTEN_SOCKET, door, MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_END);
    if (!d) {
        bench_die("libmicrohttpd");
    }
    printf("%d\n", port);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    MHD_stop_daemon(d);
    MHD_destroy_response(r);
    return 0;
}
