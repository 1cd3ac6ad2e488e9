/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * git_program.h - the real git, asked about what the ledger wrote.  No shell, no configuration but
 * the repository's own.
 */
#ifndef TESTS_GIT_PROGRAM_H
#define TESTS_GIT_PROGRAM_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "str.h"

#define GIT_ARGS_MAX 16

static inline void become_git(const char *dir, const char *const *args, int out)
{
    char *argv[GIT_ARGS_MAX + 4] = {(char *)(uintptr_t) "git", (char *)(uintptr_t) "-C",
                                    (char *)(uintptr_t)dir};

    for (int i = 0; args[i] != NULL && i < GIT_ARGS_MAX; i++)
        argv[3 + i] = (char *)(uintptr_t)args[i];
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(out, 1);
    dup2(out, 2);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    setenv("GIT_AUTHOR_NAME", "a user", 1);
    setenv("GIT_AUTHOR_EMAIL", "user@example.org", 1);
    setenv("GIT_COMMITTER_NAME", "a user", 1);
    setenv("GIT_COMMITTER_EMAIL", "user@example.org", 1);
    setenv("LC_ALL", "C", 1);
    execvp("git", argv);
    _exit(127);
}

/* Runs `git -C dir args…`; its exit status.  What it printed, errors too, goes to *out. */
static inline int git_run(struct str *out, const char *dir, const char *const *args)
{
    int ends[2], status = 0;
    char bytes[4096];
    ssize_t n;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        become_git(dir, args, ends[1]);
    close(ends[1]);
    while ((n = read(ends[0], bytes, sizeof bytes)) > 0)
        str_addn(out, bytes, (size_t)n);
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The same, and the test fails where git does not exit 0.  The caller frees. */
#define GIT(dir, ...) git_text(dir, (const char *const[]){__VA_ARGS__, NULL})
static inline char *git_text(const char *dir, const char *const *args)
{
    struct str out = {0};

    if (git_run(&out, dir, args) != 0)
        fail_msg("git %s %s: %s", args[0], args[1] != NULL ? args[1] : "", str_text(&out));
    str_add(&out, "");
    return str_take(&out);
}

#define GIT_DO(dir, ...) free(GIT(dir, __VA_ARGS__))

#endif
