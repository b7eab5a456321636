#include "base/mem.h"
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct str file_map(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
        bench_die(path);
    }
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (p == MAP_FAILED) {
        bench_die(path);
    }
    close(fd);
    return (struct str){p, (size_t)st.st_size};
}

void bench_feed_open(struct bench_feed *f, const char *path)
{
    size_t cap = 1024;
    *f = (struct bench_feed){.all = file_map(path), .lines = mem_array(cap, sizeof *f->lines)};
    for (size_t i = 0; i < f->all.n;) {
        size_t end = str_find(f->all, '\n', i);
        if ((size_t)f->count == cap) {
            cap *= 2;
            f->lines = mem_realloc(f->lines, cap * sizeof *f->lines);
        }
        f->lines[f->count++] = str_sub(f->all, i, end);
        i = end + 1;
    }
}

struct str bench_feed_line(const struct bench_feed *f, int64_t i)
{
    return f->lines[i % f->count];
}

void bench_feed_close(struct bench_feed *f)
{
    munmap((void *)(uintptr_t)f->all.p, f->all.n);
    mem_free(f->lines);
}
