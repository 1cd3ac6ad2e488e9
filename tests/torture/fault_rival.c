/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Somebody else moves our branch while the program stands at one of its calls.  The program must
 * say so (exit 4) and leave the branch where that other one has put it; a compare-and-swap alone
 * sees to that, since between looking and moving there is always a moment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "file.h"
#include "mem.h"
#include "tracer.h"

extern const struct fault fault_rival;

static const struct subject_kind kind = {
    .experiments = 4,
    .lookahead = 1,
    .jobs = 1,
    .trainer = "ok, --config, '{config}', --seed, '{seed}', --noise, '0.02'",
    .keys = "decision: {procedure: greedy}\n",
};

#define RIVAL_REF "runs/torture/repo.git/refs/heads/nightshift/torture-log"

/* git, quietly; its exit status. */
static int git(const char *dir, const char *const *argv)
{
    char *quiet = path_join(dir, "quiet");
    struct err err = {0};
    int status = -1;

    if (file_mkdirs(quiet, &err) == 0) { /* its talk lies apart from the program's */
        pid_t pid = fork();
        if (pid == 0)
            subject_exec(quiet, argv);
        status = subject_wait(pid);
    }
    free(quiet);
    return status;
}

/* Moves the ref to the commit before it, which is surely there, or to nothing where it is the
 * first. */
static void move_ref(const struct trace *trace)
{
    static const char ref[] = "refs/heads/nightshift/torture-log";
    const char *const back[] = {"git",        "-C", "../runs/torture/repo.git",
                                "update-ref", ref,  "refs/heads/nightshift/torture-log~1",
                                NULL};
    const char *const away[] = {"git", "-C", "../runs/torture/repo.git", "update-ref", "-d",
                                ref,   NULL};

    if (git(trace->dir, back) != 0)
        git(trace->dir, away);
}

/* What the ref holds, "" where there is none.  The caller frees. */
static char *read_ref(const char *dir)
{
    char *path = path_join(dir, RIVAL_REF), *text = NULL;
    struct err err = {0};

    if (file_read(&text, NULL, path, 4096, &err) != 0)
        text = mem_strdup("");
    free(path);
    return text;
}

/* What the ref held before and after the rival's deed. */
struct rivalry {
    char *before, *after;
};

static void let_rival(const struct trace *trace)
{
    struct rivalry *r = trace->context;

    r->before = read_ref(trace->dir);
    move_ref(trace);
    r->after = read_ref(trace->dir);
}

static bool is_publication(const struct call *call, const void *context)
{
    (void)context;
    return call_changes(call, NULL) &&
           (strstr(call->text, "/refs/heads/") != NULL || strstr(call->text, "/objects/") != NULL ||
            strstr(call->text, "/logs/") != NULL);
}

/* A program that had nothing left to publish may not have noticed. */
static bool noticed(int status)
{
    return WIFEXITED(status) && (WEXITSTATUS(status) == 4 || WEXITSTATUS(status) == 0);
}

static void judge(struct tally *tally, const char *dir, const struct rivalry *r,
                  const struct traced *traced)
{
    char *end = read_ref(dir);
    bool moved = strcmp(r->before, r->after) != 0;

    tally->injected += moved;
    if (moved && strcmp(end, r->after) != 0)
        violation(tally, dir, "rival at %s: the branch was taken from him", traced->at);
    else if (moved && !noticed(traced->status))
        violation(tally, dir, "rival at %s: ended with status %d, not with exit 4", traced->at,
                  traced->status);
    free(end);
}

static enum fault_end run(struct tally *tally)
{
    for (long nth = 1; !is_enough(tally, fault_rival.usual); nth++) {
        char *dir = subject_new(tally->order->base, &kind);
        struct rivalry r = {NULL, NULL};
        struct trace trace = {.dir = dir,
                              .argv = subject_argv(),
                              .counts = is_publication,
                              .context = &r,
                              .names = true,
                              .nth = nth,
                              .act = TRACE_LET_RIVAL,
                              .rival = let_rival};
        struct traced traced;
        long violations = tally->violations;
        if (trace_run(&traced, &trace) != 0)
            return FAULT_SKIPPED;
        if (traced.acted)
            judge(tally, dir, &r, &traced);
        tally->trials++;
        free(r.before);
        free(r.after);
        if (tally->violations == violations)
            subject_remove(dir);
        free(dir);
        if (!traced.acted)
            break; /* no further such call */
    }
    return FAULT_DONE;
}

const struct fault fault_rival = {
    .name = "rival",
    .summary = "somebody else moves the branch at each call of a publication",
    .usual = 1000,
    .run = run,
};
