/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record that is not in the system's cache is read through before it is loaded row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "store.h"

enum { FILLER = 8 << 20, FILLERS = 12 }; /* more than the system reads ahead by itself */

static const char study[] = "name: cold\n"
                            "metric: {name: loss, goal: minimize}\n"
                            "trainer: {command: [./train]}\n"
                            "parameters:\n"
                            "  lr: {distribution: uniform, min: 0, max: 1, start: 0.5}\n";

static void require(int rc, const struct err *err)
{
    if (rc != 0)
        fail_msg("%s", err->text);
}

/* A record of which a load needs a few pages of thousands. */
static void make_record(const char *path)
{
    struct store *store = NULL;
    struct err err = {0};
    char *text = mem_new(FILLER + 1, 1);

    memset(text, 'x', FILLER);
    require(store_open(&store, path, STORE_WRITE, &err), &err);
    require(store_set(store, "study", study, &err), &err);
    require(store_set(store, "spec", "{\"a\":1}", &err), &err);
    for (int i = 0; i < FILLERS; i++) {
        char key[32];
        snprintf(key, sizeof key, "filler %d", i);
        require(store_set(store, key, text, &err), &err);
    }
    store_close(store);
    free(text);
}

/* Share of a file's pages that are in the cache; nobody may have it open, or loses his locks. */
static double cached(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n_in = 0;

    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    size_t n = ((size_t)st.st_size + page - 1) / page;
    unsigned char *in = mem_new(n, 1);
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(at != MAP_FAILED && mincore(at, (size_t)st.st_size, in) == 0);
    for (size_t i = 0; i < n; i++)
        n_in += in[i] & 1;
    munmap(at, (size_t)st.st_size);
    close(fd);
    free(in);
    return (double)n_in / (double)n;
}

/* False where the file system keeps everything in memory. */
static bool make_cold(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0 && fsync(fd) == 0);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
    return cached(path) < 0.1;
}

static void load(const char *path)
{
    struct store *store = NULL;
    struct record record;
    struct err err = {0};

    require(store_open(&store, path, STORE_READ, &err), &err);
    require(store_load(store, &record, &err), &err);
    record_clear(&record);
    store_close(store);
}

static void a_record_that_is_not_in_the_cache_is_read_through(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "study.db");
    double share = -1;

    (void)state;
    make_record(path);
    if (make_cold(path)) {
        load(path);
        share = cached(path);
    }
    free(path);
    scratch_remove(dir);
    if (share < 0)
        skip();
    assert_true(share > 0.99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_that_is_not_in_the_cache_is_read_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
