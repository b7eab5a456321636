/* A machine whose clock is wrong: LD_PRELOAD this, and CLOCK_APART_S says by how much, or CLOCK_APART_FILE names a file of eight
 * bytes that says it at each look, so that all programs with the same file jump together. The monotonic clock is as it was. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *file_of(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *p = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    if (fd < 0 || p == MAP_FAILED)
        abort();
    close(fd);
    return p;
}

static int64_t apart_s(void)
{
    static const volatile int64_t *shared; /* two threads that map it twice do no harm */
    const char *path = getenv("CLOCK_APART_FILE");
    const char *apart = getenv("CLOCK_APART_S");
    if (path && !shared)
        shared = file_of(path);
    return shared ? *shared : apart ? strtol(apart, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    long rc = syscall(SYS_clock_gettime, id, ts);
    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ts->tv_sec += apart_s();
    return (int)rc;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    struct timespec ts;
    (void)tz;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
        return -1;
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (ret)
        *ret = ts.tv_sec;
    return ts.tv_sec;
}
