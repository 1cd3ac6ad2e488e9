/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A confined process changes what it may and nothing else, whatever it tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "scratch.h"

/* Each says whether it was possible; they run in a process of their own, in the scratch folder. */
typedef bool act(void);

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool makes_a_file_inside(void)
{
    return opens("mine/new", O_WRONLY | O_CREAT);
}

static bool moves_a_file_inside(void)
{
    return opens("mine/a", O_WRONLY | O_CREAT) && mkdir("mine/sub", 0700) == 0 &&
           rename("mine/a", "mine/sub/b") == 0;
}

static bool writes_to_dev_null(void)
{
    return opens("/dev/null", O_WRONLY);
}

static bool reads_outside(void)
{
    return opens("data", O_RDONLY);
}

static bool writes_outside(void)
{
    return opens("data", O_WRONLY);
}

static bool cuts_off_outside(void)
{
    return opens("data", O_RDONLY | O_TRUNC) || truncate("data", 0) == 0;
}

static bool makes_a_file_outside(void)
{
    return opens("new", O_WRONLY | O_CREAT);
}

static bool removes_outside(void)
{
    return unlink("data") == 0;
}

static bool replaces_outside(void)
{
    return opens("mine/a", O_WRONLY | O_CREAT) && rename("mine/a", "data") == 0;
}

static bool writes_through_a_link(void)
{
    return symlink("../data", "mine/link") == 0 && opens("mine/link", O_WRONLY);
}

static bool writes_through_a_hard_link(void)
{
    return link("data", "mine/hard") == 0 && opens("mine/hard", O_WRONLY);
}

static bool writes_as_another_process(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(writes_outside() ? 0 : 1);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool signals_its_parent(void)
{
    return kill(getppid(), 0) == 0;
}

static const struct {
    const char *name;
    act *deed;
    bool possible;
} deeds[] = {
    {"makes a file inside", makes_a_file_inside, true},
    {"moves a file inside", moves_a_file_inside, true},
    {"writes to /dev/null", writes_to_dev_null, true},
    {"reads outside", reads_outside, true},
    {"writes outside", writes_outside, false},
    {"cuts off outside", cuts_off_outside, false},
    {"makes a file outside", makes_a_file_outside, false},
    {"removes outside", removes_outside, false},
    {"replaces outside", replaces_outside, false},
    {"writes through a link", writes_through_a_link, false},
    {"writes through a hard link", writes_through_a_hard_link, false},
    {"writes as another process", writes_as_another_process, false},
    {"signals its parent", signals_its_parent, false},
};

/* From Linux 6.12 on. */
static bool scopes_signals(void)
{
    struct utsname names;
    int major = 0, minor = 0;

    assert_int_equal(uname(&names), 0);
    return sscanf(names.release, "%d.%d", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 12));
}

static bool is_possible(const char *dir, act *deed)
{
    static const char *const folders[] = {"mine", "not there", NULL};
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (chdir(dir) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            !confine_writes(folders))
            _exit(2);
        _exit(deed() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

static void a_confined_process_changes_its_own_folders_alone(void **state)
{
    (void)state;
    if (!confine_possible())
        skip();
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (deeds[i].deed == signals_its_parent && !scopes_signals())
            continue;
        char *dir = scratch_new(), *mine = path_join(dir, "mine"), *data = path_join(dir, "data");
        struct err err = {0};
        char *text;
        scratch_write(dir, "data", "0.3", 3);
        assert_int_equal(file_mkdirs(mine, &err), 0);
        if (is_possible(dir, deeds[i].deed) != deeds[i].possible)
            fail_msg("a confined process %s", deeds[i].name);
        assert_int_equal(file_read(&text, NULL, data, 10, &err), 0);
        assert_string_equal(text, "0.3");
        free(text);
        free(data);
        free(mine);
        scratch_remove(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confined_process_changes_its_own_folders_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
