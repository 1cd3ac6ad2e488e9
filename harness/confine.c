/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"

/* Of later versions than the headers of every system know. */
#define ACCESS_REFER    (1ULL << 13) /* version 2 */
#define ACCESS_TRUNCATE (1ULL << 14) /* version 3 */

/* struct landlock_ruleset_attr as of version 6; older kernels know its beginning. */
struct ruleset {
    uint64_t access_fs; /* what is refused where no rule allows it */
    uint64_t access_net;
    uint64_t scoped;
};
#define SCOPE_SIGNAL (1ULL << 1) /* version 6: no signals to processes outside */

static long version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool confine_possible(void)
{
    return version() >= 1;
}

/* Everything that changes a file or a folder. */
static uint64_t changes(long known)
{
    uint64_t set = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                   LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                   LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

    if (known >= 2)
        set |= ACCESS_REFER;
    if (known >= 3)
        set |= ACCESS_TRUNCATE;
    return set;
}

static bool allow(int rules, const char *folder, uint64_t set)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = set};

    rule.parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    long rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return rc == 0;
}

bool confine_writes(const char *const *folders)
{
    long known = version();
    struct ruleset rule = {.access_fs = changes(known), .scoped = known >= 6 ? SCOPE_SIGNAL : 0};
    size_t size = known >= 6 ? sizeof rule : sizeof rule.access_fs;

    if (known < 1)
        return true;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &rule, size, 0);
    if (rules < 0)
        return false;
    bool good = allow(rules, "/dev", rule.access_fs);
    for (; good && *folders != NULL; folders++)
        good = allow(rules, *folders, rule.access_fs);
    good = good && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return good;
}
