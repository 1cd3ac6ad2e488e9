/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "pager.h"
#include "view.h"

#define IN_USE "NIGHTSHIFT_PAGER_IN_USE"

enum { WORDS_MOST = 16 };

bool pager_shows_terminal(void)
{
    return isatty(STDOUT_FILENO) || getenv(IN_USE) != NULL;
}

static const char *wanted(void)
{
    const char *names[] = {"NIGHTSHIFT_PAGER", "PAGER"}, *term = getenv("TERM");

    if (!isatty(STDOUT_FILENO) || term == NULL || strcmp(term, "dumb") == 0)
        return "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *said = getenv(names[i]);
        if (said != NULL)
            return said;
    }
    return "less";
}

/* Starts it in our own process group, which the terminal listens to, and reading from `input`. */
static bool start(pid_t *out, char *const argv[], int input)
{
    posix_spawn_file_actions_t actions;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool started = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
                   posix_spawn_file_actions_addclosefrom_np(&actions, 3) == 0 &&
                   posix_spawnp(out, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started;
}

/* What the output knows of the terminal it finds in the environment from now on. */
static void remember_terminal(void)
{
    char columns[24];

    snprintf(columns, sizeof columns, "%zu", view_columns());
    setenv("COLUMNS", columns, 0);
    setenv(IN_USE, "1", 1);
}

static pid_t begin(char *const argv[])
{
    int ends[2];
    pid_t pager;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return 0;
    setenv("LESS", "FRX", 0);
    bool started = start(&pager, argv, ends[0]);
    if (started) {
        remember_terminal();
        dup2(ends[1], STDOUT_FILENO);
        signal(SIGINT, SIG_IGN); /* it is the pager's, as long as there is one */
    }
    close(ends[0]);
    close(ends[1]);
    return started ? pager : 0;
}

pid_t pager_begin(void)
{
    char *words = mem_strdup(wanted()), *rest = words, *argv[WORDS_MOST + 1];
    size_t n = 0;
    pid_t pager = 0;

    for (char *word; n < WORDS_MOST && (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0')
            argv[n++] = word;
    argv[n] = NULL;
    if (n > 0 && strcmp(argv[0], "cat") != 0)
        pager = begin(argv);
    free(words);
    return pager;
}

void pager_end(pid_t pager)
{
    if (pager == 0)
        return;
    fclose(stdout);
    while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
        continue;
}
