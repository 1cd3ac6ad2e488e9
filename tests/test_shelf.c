/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays on a shelf are read as those in memory, take no memory at rest, and are never trusted
 * when the disk has lost them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "shelf.h"

enum { LEAST = 4096, MANY = 200000 };

static uint64_t nth(size_t i)
{
    return (uint64_t)i * 0x9e3779b97f4a7c15u;
}

static uint64_t *grow(struct shelf *shelf, uint64_t *array, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        array = shelf_room(shelf, array, i, sizeof *array);
        array[i] = nth(i);
    }
    return array;
}

static size_t count_wrong(const uint64_t *array, size_t n)
{
    size_t wrong = 0;

    for (size_t i = 0; i < n; i++)
        wrong += array[i] != nth(i);
    return wrong;
}

/* The descriptor of a file without a name; -1: none is open. */
static int find_nameless(void)
{
    char path[64], target[256];
    int found = -1;
    DIR *dir = opendir("/proc/self/fd");

    assert_non_null(dir);
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "/proc/self/fd/%.20s", d->d_name);
        ssize_t len = readlink(path, target, sizeof target - 1);
        target[len > 0 ? len : 0] = '\0';
        if (strstr(target, "(deleted)") != NULL)
            found = (int)strtol(d->d_name, NULL, 10);
    }
    closedir(dir);
    return found;
}

/* KiB of an array that are in memory, by /proc/self/smaps; -1: it is no mapping of its own. */
static long resident_kib(const void *at)
{
    char line[512], begin[32];
    long kib = -1;
    bool here = false;
    FILE *in = fopen("/proc/self/smaps", "re");

    assert_non_null(in);
    snprintf(begin, sizeof begin, "%lx-", (unsigned long)at);
    while (kib < 0 && fgets(line, sizeof line, in) != NULL) {
        here |= strncmp(line, begin, strlen(begin)) == 0;
        if (here && strncmp(line, "Rss:", 4) == 0)
            kib = strtol(line + 4, NULL, 10);
    }
    fclose(in);
    return kib;
}

static void at_rest_an_array_takes_no_memory_and_is_whole(void **state)
{
    char *dir = scratch_new();
    struct shelf *shelf = shelf_open(dir, LEAST);
    uint64_t *array = grow(shelf, NULL, 0, MANY);

    (void)state;
    assert_true(resident_kib(array) >= (long)(MANY * sizeof *array / 1024));
    shelf_rest(shelf);
    assert_int_equal(resident_kib(array), 0);
    assert_int_equal(array[MANY / 2], nth(MANY / 2));
    assert_in_range(resident_kib(array), 4, 64); /* its page alone, however large pages are */
    array = grow(shelf, array, MANY, 2 * MANY);
    shelf_rest(shelf);
    assert_int_equal(count_wrong(array, 2 * MANY), 0);
    shelf_free(shelf, array);
    shelf_close(shelf);
    scratch_remove(dir);
}

static void small_arrays_stay_in_memory_and_no_file_is_made(void **state)
{
    char *dir = scratch_new();
    struct shelf *shelf = shelf_open(dir, LEAST);
    uint64_t *array = grow(shelf, NULL, 0, LEAST / sizeof *array / 2);

    (void)state;
    assert_int_equal(find_nameless(), -1);
    array = grow(shelf, array, LEAST / sizeof *array / 2, LEAST / sizeof *array);
    assert_int_not_equal(find_nameless(), -1);
    assert_int_equal(count_wrong(array, LEAST / sizeof *array), 0);
    shelf_free(shelf, array);
    shelf_close(shelf);
    assert_int_equal(find_nameless(), -1);
    scratch_remove(dir);
}

static void on_the_shelf_nothing_moves(void **state)
{
    char *dir = scratch_new();
    struct shelf *shelf = shelf_open(dir, LEAST);
    uint64_t *array = grow(shelf, NULL, 0, LEAST / sizeof *array), *there = array;
    uint64_t *beside = grow(shelf, NULL, 0, MANY);

    (void)state;
    assert_ptr_equal(grow(shelf, array, LEAST / sizeof *array, MANY), there);
    assert_int_equal(count_wrong(array, MANY) + count_wrong(beside, MANY), 0);
    shelf_free(shelf, array);
    shelf_free(shelf, beside);
    shelf_close(shelf);
    scratch_remove(dir);
}

static void what_is_new_is_zero_and_what_is_freed_gives_its_room_back(void **state)
{
    char *dir = scratch_new();
    struct shelf *shelf = shelf_open(dir, LEAST);
    struct stat before, after;

    (void)state;
    for (int round = 0; round < 100; round++) { /* more than there are areas: memory, in the end */
        uint64_t *array = shelf_new(shelf, LEAST, sizeof *array);
        for (size_t i = 0; i < LEAST; i++) {
            assert_int_equal(array[i], 0);
            array[i] = 1;
        }
        if (round == 0)
            assert_int_equal(fstat(find_nameless(), &before), 0);
        shelf_free(shelf, array);
    }
    assert_int_equal(fstat(find_nameless(), &after), 0);
    assert_true(after.st_blocks <= before.st_blocks);
    shelf_close(shelf);
    scratch_remove(dir);
}

static void without_a_shelf_or_a_folder_for_it_arrays_are_plain_memory(void **state)
{
    struct shelf *nowhere = shelf_open("/nonexistent/folder", LEAST);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct shelf *shelf = i == 0 ? NULL : nowhere;
        uint64_t *array = grow(shelf, NULL, 0, MANY);
        uint64_t *zeros = shelf_new(shelf, LEAST, sizeof *zeros);
        shelf_rest(shelf);
        assert_int_equal(count_wrong(array, MANY) + zeros[LEAST - 1], 0);
        shelf_free(shelf, array);
        shelf_free(shelf, zeros);
    }
    assert_int_equal(find_nameless(), -1);
    shelf_close(nowhere);
    shelf_close(NULL);
}

/* A limit of the file's size stands in for the full disk: EFBIG for ENOSPC. */
static void where_the_room_ends_an_array_goes_back_to_memory(void **state)
{
    const struct rlimit little = {64 * LEAST, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    char *dir = scratch_new();
    struct shelf *shelf = shelf_open(dir, LEAST);
    uint64_t *array = grow(shelf, NULL, 0, LEAST);
    const uint64_t *there = array;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    array = grow(shelf, array, LEAST, MANY);
    uint64_t *other = grow(shelf, NULL, 0, MANY);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_ptr_not_equal(array, there);
    shelf_rest(shelf);
    assert_int_equal(count_wrong(array, MANY) + count_wrong(other, MANY), 0);
    shelf_free(shelf, array);
    shelf_free(shelf, other);
    shelf_close(shelf);
    scratch_remove(dir);
}

/* In a child: the file loses its pages under the program. */
static void lose_and_look(const char *dir)
{
    struct shelf *shelf = shelf_open(dir, LEAST);
    uint64_t *array = grow(shelf, NULL, 0, MANY);
    int fd = find_nameless();

    if (fd < 0 || ftruncate(fd, 0) != 0)
        _exit(77);
    _exit(count_wrong(array, MANY) == 0 ? 78 : 79);
}

static void a_page_that_cannot_be_read_ends_the_program_with_3_and_a_word(void **state)
{
    char *dir = scratch_new(), said[512] = "";
    int pipe_fds[2], status;

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(pipe_fds[1], STDERR_FILENO);
        lose_and_look(dir);
    }
    close(pipe_fds[1]);
    assert_true(read(pipe_fds[0], said, sizeof said - 1) > 0);
    close(pipe_fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_ENVIRONMENT);
    assert_non_null(strstr(said, "the disk fails"));
    scratch_remove(dir);
}

/* --- a disk that takes less than it has promised ------------------------------------------- */

static bool call(const char *const *argv)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* An ext4 of 64 MiB in a file of a file system that holds 8; all mounts are this process's own. */
static bool mount_liar(const char *dir)
{
    char *thin = path_join(dir, "thin"), *image = path_join(thin, "image");
    char *disk = path_join(dir, "disk");
    const char *const make[] = {"mkfs.ext4", "-q", "-F", image, NULL};
    const char *const mount_it[] = {"mount", "-o", "loop", image, disk, NULL};
    int fd = -1;
    bool done = geteuid() == 0 && access("/dev/loop-control", F_OK) == 0 &&
                unshare(CLONE_NEWNS) == 0 &&
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mkdir(thin, 0700) == 0 &&
                mkdir(disk, 0700) == 0 && mount("none", thin, "tmpfs", 0, "size=8m") == 0 &&
                (fd = open(image, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) >= 0 &&
                ftruncate(fd, 64 << 20) == 0 && call(make) && call(mount_it);

    if (fd >= 0)
        close(fd);
    free(thin);
    free(image);
    free(disk);
    return done;
}

static void unmount_liar(const char *dir)
{
    char *thin = path_join(dir, "thin"), *disk = path_join(dir, "disk");

    umount2(disk, MNT_DETACH);
    umount2(thin, MNT_DETACH);
    free(thin);
    free(disk);
}

/* In a child.  0: pages were lost, and the shelf said so before it was read again. */
static int write_to_liar(const char *dir)
{
    enum { TOO_MANY = 2 << 20 };
    char *disk = path_join(dir, "disk");
    struct shelf *shelf = shelf_open(disk, LEAST);
    uint64_t *array = grow(shelf, NULL, 0, TOO_MANY);
    int fd = find_nameless();
    struct err err = {0};

    free(disk);
    if (fd < 0)
        return 2;
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* as the system does by and by */
    shelf_rest(shelf);
    int said = shelf_check(shelf, &err);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* likewise */
    size_t wrong = count_wrong(array, TOO_MANY);
    shelf_close(shelf);
    if (wrong == 0)
        return 3;
    return said == -1 && err.code == ERR_ENVIRONMENT ? 0 : 4;
}

static void rows_that_a_disk_has_lost_are_not_gone_by(void **state)
{
    char *dir = scratch_new();
    int status;

    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int rc = mount_liar(dir) ? write_to_liar(dir) : 77;
        unmount_liar(dir);
        _exit(rc);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    scratch_remove(dir);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip(); /* wants root, mounts and loop devices */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_rest_an_array_takes_no_memory_and_is_whole),
        cmocka_unit_test(small_arrays_stay_in_memory_and_no_file_is_made),
        cmocka_unit_test(on_the_shelf_nothing_moves),
        cmocka_unit_test(what_is_new_is_zero_and_what_is_freed_gives_its_room_back),
        cmocka_unit_test(without_a_shelf_or_a_folder_for_it_arrays_are_plain_memory),
        cmocka_unit_test(where_the_room_ends_an_array_goes_back_to_memory),
        cmocka_unit_test(a_page_that_cannot_be_read_ends_the_program_with_3_and_a_word),
        cmocka_unit_test(rows_that_a_disk_has_lost_are_not_gone_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
