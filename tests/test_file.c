/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others leave behind can be removed, whatever they did to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

enum { NOBODY = 65534 };

/* 0: all was removed.  Closed folders are no hindrance to root, so nobody does it. */
static int make_and_remove(const char *dir)
{
    struct err err = {0};
    char *top = path_join(dir, "top"), *deep = path_join(top, "a/b/c"), *a = path_join(top, "a");
    char *b = path_join(top, "a/b"), *file = path_join(deep, "file");
    int rc = 1;

    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return 2;
    if (file_mkdirs(deep, &err) == 0 && file_write(file, "x", 1, &err) == 0 &&
        chmod(deep, 0) == 0 && chmod(b, 0500) == 0 && chmod(a, 0) == 0 &&
        file_remove(top, &err) == 0)
        rc = file_exists(top) ? 3 : 0;
    free(file);
    free(b);
    free(a);
    free(deep);
    free(top);
    return rc;
}

static void closed_folders_are_removed(void **state)
{
    char *dir = scratch_new();
    int status = 0;

    (void)state;
    assert_int_equal(chmod(dir, 0777), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(make_and_remove(dir));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_folders_are_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
