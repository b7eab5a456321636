/* Runs a fuzz target over the files of one folder, without libFuzzer: the corpus as a unit test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole of a file, in memory of exactly its size, so that a read behind it is seen. */
static uint8_t *file_read(const char *path, size_t *ret_size)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        perror(path);
        exit(1);
    }
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL || fread(data, 1, size, f) != size) {
        perror(path);
        exit(1);
    }
    fclose(f);
    *ret_size = size;
    return data;
}

static void input_run(const char *path)
{
    size_t size = 0;
    uint8_t *data = file_read(path, &size);
    if (size == 0) {
        LLVMFuzzerTestOneInput(NULL, 0);
    } else {
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (dir == NULL) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    size_t count = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (e->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
        if (n < 0 || (size_t)n >= sizeof(path)) {
            fprintf(stderr, "%s: name too long\n", e->d_name);
            return 1;
        }
        input_run(path);
        count++;
    }
    closedir(dir);
    printf("%zu inputs ran\n", count);
    return count > 0 ? 0 : 1;
}
