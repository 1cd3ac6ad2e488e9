/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "clock.h"
#include "fault.h"
#include "file.h"
#include "mem.h"

extern const struct fault fault_syscall, fault_random, fault_power, fault_error, fault_process,
    fault_rival, fault_second;

const struct fault *const faults[] = {
    &fault_syscall, &fault_random, &fault_power,  &fault_error,
    &fault_process, &fault_rival,  &fault_second, NULL,
};

void violation(struct tally *tally, const char *dir, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    tally->violations++;
    fprintf(stderr, "torture: %s: %s\n", tally->fault, text);
    if (dir != NULL)
        fprintf(stderr, "torture:   kept in %s; it said: %s\n", dir, subject_last_words(dir));
}

bool is_enough(const struct tally *tally, long usual)
{
    long count = tally->order->count > 0 ? tally->order->count : usual;

    return tally->injected >= count || (tally->violations > 0 && !tally->order->keep_going);
}

char *undisturbed(const char *base, const struct subject_kind *kind, double *seconds)
{
    char *dir = subject_new(base, kind), why[512];
    double began = clock_s();
    int status = subject_run(dir);

    *seconds = clock_s() - began;
    char *state = subject_state(dir, why);
    if (status != 0 || state == NULL || !subject_is_healthy(dir)) {
        fprintf(stderr, "torture: an undisturbed study in %s went wrong: %s %s\n", dir, why,
                subject_last_words(dir));
        exit(1);
    }
    subject_remove(dir);
    free(dir);
    return state;
}

/* The first line in which two states differ. */
static void tell_difference(const char *dir, const char *want, const char *got)
{
    struct err err = {0};
    char *path = path_join(dir, "wanted-state"), *other = path_join(dir, "state");

    if (file_write(path, want, strlen(want), &err) != 0 ||
        file_write(other, got, strlen(got), &err) != 0)
        fprintf(stderr, "torture: %s\n", err.text);
    while (*want != '\0' && *want == *got)
        want++, got++;
    fprintf(stderr, "torture:   wanted %.*s\n", (int)strcspn(want, "\n"), want);
    fprintf(stderr, "torture:   got    %.*s\n", (int)strcspn(got, "\n"), got);
    free(path);
    free(other);
}

bool ends_as(struct tally *tally, const char *dir, const char *want, const char *what)
{
    int status = subject_run(dir);
    char why[512], *got = NULL;
    bool well = false;

    if (status != 0)
        violation(tally, dir, "%s: the study did not go on: %s %d", what,
                  WIFSIGNALED(status) ? "signal" : "exit",
                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    else if ((got = subject_state(dir, why)) == NULL)
        violation(tally, dir, "%s: %s", what, why);
    else if (strcmp(got, want) != 0) {
        violation(tally, dir, "%s: the study ended differently", what);
        tell_difference(dir, want, got);
    } else if (!subject_is_healthy(dir))
        violation(tally, dir, "%s: doctor or git fsck found something", what);
    else
        well = true;
    free(got);
    tally->trials++;
    if (well)
        subject_remove(dir);
    return well;
}
