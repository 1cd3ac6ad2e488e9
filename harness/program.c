/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

#include "program.h"

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    if (posix_spawnattr_setsigdefault(attributes, &all) != 0 ||
        posix_spawnattr_setsigmask(attributes, &none) != 0 ||
        posix_spawnattr_setpgroup(attributes, 0) != 0)
        return -1;
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETPGROUP);
}

static int set_actions(posix_spawn_file_actions_t *actions, const int files[3])
{
    for (int i = 0; i < 3; i++) {
        int failed = files[i] == PROGRAM_NOTHING
                         ? posix_spawn_file_actions_addopen(actions, i, "/dev/null",
                                                            i == 0 ? O_RDONLY : O_WRONLY, 0)
                         : posix_spawn_file_actions_adddup2(actions, files[i], i);
        if (failed != 0)
            return -1;
    }
    return posix_spawn_file_actions_addclosefrom_np(actions, 3);
}

int program_start(pid_t *out, char *const argv[], char *const env[], int input, int output,
                  int errors)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = ENOMEM;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return failure;
    if (posix_spawnattr_init(&attributes) == 0) {
        if (set_attributes(&attributes) == 0 &&
            set_actions(&actions, (const int[]){input, output, errors}) == 0)
            failure = posix_spawnp(out, argv[0], &actions, &attributes, argv, env);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
