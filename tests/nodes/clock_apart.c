/* A machine whose clock is wrong: LD_PRELOAD this, and CLOCK_APART_S says by how much. The monotonic clock is as it was. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *ts)
{
    const char *apart = getenv("CLOCK_APART_S");
    long rc = syscall(SYS_clock_gettime, id, ts);
    if (rc == 0 && id == CLOCK_REALTIME && apart)
        ts->tv_sec += strtol(apart, NULL, 10);
    return (int)rc;
}
