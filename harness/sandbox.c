/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"
#include "program.h"
#include "sandbox.h"

enum { MOST_WORDS = 40 };

/* bwrap in the usual places: never what a study's folder may hold. */
static const char *find_bwrap(void)
{
    static const char *const places[] = {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

struct words {
    char *at[MOST_WORDS + 1];
    size_t n;
};

static void add(struct words *words, const char *word)
{
    if (words->n < MOST_WORDS)
        words->at[words->n++] = mem_strdup(word);
}

static void add_all(struct words *words, const char *const *all)
{
    for (; *all != NULL; all++)
        add(words, *all);
}

static void add_bind(struct words *words, const char *how, const char *path)
{
    add_all(words, (const char *const[]){how, path, path, NULL});
}

/* What comes later covers what came before: /tmp is fresh, but what lies there of ours is seen. */
static void add_options(struct words *words)
{
    static const char *const options[] = {"--unshare-user-try",
                                          "--unshare-pid",
                                          "--unshare-net",
                                          "--unshare-ipc",
                                          "--die-with-parent",
                                          "--ro-bind",
                                          "/",
                                          "/",
                                          "--dev-bind",
                                          "/dev",
                                          "/dev",
                                          "--proc",
                                          "/proc",
                                          "--tmpfs",
                                          "/tmp",
                                          "--setenv",
                                          "TMPDIR",
                                          "/tmp",
                                          NULL};

    add_all(words, options);
}

static bool runs(const char *bwrap)
{
    struct words words = {.n = 0};
    char *none[] = {NULL};
    int status = -1;
    pid_t pid;

    add(&words, bwrap);
    add_options(&words);
    add_all(&words, (const char *const[]){"--", "/bin/true", NULL});
    bool started =
        program_start(&pid, words.at, none, PROGRAM_NOTHING, PROGRAM_NOTHING, PROGRAM_NOTHING) == 0;
    if (started && waitpid(pid, &status, 0) != pid)
        status = -1;
    for (size_t i = 0; i < words.n; i++)
        free(words.at[i]);
    return started && status == 0;
}

int sandbox_check(const struct study *study, struct err *err)
{
    const char *bwrap = find_bwrap();

    if (study->policy.sandbox == SANDBOX_OFF)
        return 0;
    if (study->source.binary != NULL)
        return err_usage(err, "'sandbox' and 'source' exclude each other: a trainer that may be "
                              "patched is confined already (docs/agents.md)");
    if (bwrap == NULL)
        return err_environment(err, "'sandbox: bwrap' needs bubblewrap, which is not installed "
                                    "(apt-get install bubblewrap); or leave 'sandbox' out");
    if (!runs(bwrap))
        return err_environment(err,
                               "'%s' cannot make a sandbox here: it needs user namespaces (sysctl "
                               "kernel.unprivileged_userns_clone=1) or the right to mount; or "
                               "leave 'sandbox' out",
                               bwrap);
    return 0;
}

bool sandbox_wrap(char ***argv, const struct study *study, const char *dir, const char *study_dir)
{
    const char *bwrap = study->policy.sandbox == SANDBOX_BWRAP ? find_bwrap() : NULL;
    struct words words = {.n = 0};
    char **wrapped, *program_dir;
    size_t n = 0;

    if (bwrap == NULL)
        return false;
    program_dir = path_dir((*argv)[0]);
    add(&words, bwrap);
    add_options(&words);
    add_bind(&words, "--ro-bind", study_dir);
    add_bind(&words, "--ro-bind", program_dir);
    add_bind(&words, "--bind", dir);
    add_all(&words, (const char *const[]){"--chdir", dir, "--", NULL});
    while ((*argv)[n] != NULL)
        n++;
    wrapped = mem_new(words.n + n + 1, sizeof *wrapped);
    memcpy(wrapped, words.at, words.n * sizeof *wrapped);
    memcpy(wrapped + words.n, *argv, n * sizeof *wrapped);
    free(*argv);
    free(program_dir);
    *argv = wrapped;
    return true;
}
