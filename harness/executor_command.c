/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs in any queue that has commands to submit, to list and to cancel (PBS, LSF, HTCondor): the
 * study gives them.  One job a run.  `poll` prints a line for each job that waits or runs, with its
 * id as the first word and the name that it was submitted with anywhere in it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "placeholder.h"
#include "queue.h"
#include "str.h"

extern const struct executor executor_command;

/* Fifteen characters at most: the oldest queues take no longer names. */
static char *name_of(const struct queue_terms *terms, int64_t number)
{
    return mem_printf("n%.8s-%" PRId64, terms->uuid, number);
}

struct filling {
    const char *name, *value;
};

static void add_value(struct str *out, const struct filling *fillings, size_t n, const char *word,
                      size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(fillings[i].name) == len && memcmp(fillings[i].name, word, len) == 0)
            str_add(out, fillings[i].value);
}

static char **fill(const struct word_list *words, const struct filling *fillings, size_t n)
{
    char **argv = mem_new(words->n + 1, sizeof *argv);
    size_t len;

    for (size_t i = 0; i < words->n; i++) {
        struct str word = {0};
        const char *from = words->at[i];
        for (const char *at; (at = placeholder_find(&len, from)) != NULL; from = at + len) {
            str_addn(&word, from, (size_t)(at - from));
            add_value(&word, fillings, n, at + 1, len - 2);
        }
        str_add(&word, from);
        argv[i] = str_take(&word);
    }
    return argv;
}

static char **submit(const struct queue_terms *terms, const struct submission *submission)
{
    char *name = name_of(terms, submission->first), cpus[16];

    snprintf(cpus, sizeof cpus, "%d", terms->rule->cpus);
    const struct filling fillings[] = {
        {"script", submission->script}, {"name", name}, {"cpus", cpus}};
    char **argv = fill(&terms->rule->submit, fillings, 3);
    free(name);
    return argv;
}

static char **look(const struct queue_terms *terms)
{
    return fill(&terms->rule->poll, NULL, 0);
}

static char **cancel(const struct queue_terms *terms, const char *const *ids, size_t n)
{
    const struct filling fillings[] = {{"id", ids[0]}};

    (void)n;
    return fill(&terms->rule->cancel, fillings, 1);
}

/* Where our name stands in the line, the number behind it; 0: it does not. */
static int64_t number_in(const char *line, const struct queue_terms *terms)
{
    char *prefix = mem_printf("n%.8s-", terms->uuid);
    const char *at = strstr(line, prefix);
    unsigned long long number = 0;

    if (at != NULL) {
        at += strlen(prefix);
        char *digits = mem_strndup(at, strspn(at, "0123456789"));
        if (!integer_read(&number, digits, INT32_MAX))
            number = 0;
        free(digits);
    }
    free(prefix);
    return (int64_t)number;
}

/* A job that is listed waits or runs: which of the two makes no difference. */
static bool read_line(struct sighting *out, const struct queue_terms *terms, const char *line)
{
    size_t blanks = strspn(line, " \t"), len = strcspn(line + blanks, " \t\r\n");

    out->number = number_in(line, terms);
    out->sight = SIGHT_RUNS;
    if (out->number == 0 || len == 0 || len >= sizeof out->id)
        return false;
    memcpy(out->id, line + blanks, len);
    out->id[len] = '\0';
    return true;
}

/* What a queue that we do not know says cannot be told from what will never pass. */
static bool passes(const char *why)
{
    return strstr(why, "no answer in time") != NULL;
}

static const struct queue_kind command = {
    .most = 1,
    .most_cancels = 1,
    .submit = submit,
    .look = look,
    .cancel = cancel,
    .read_line = read_line,
    .passes = passes,
};

static int command_open(void **self, const struct executor_terms *terms, struct err *err)
{
    return queue_open(&command, self, terms, err);
}

const struct executor executor_command = {
    .name = "command",
    .summary = "in any queue, by the study's own commands to submit, poll and cancel",
    .queue = &command,
    .open = command_open,
    .close = queue_close,
    .start = queue_start,
    .tend = queue_tend,
    .poll = queue_poll,
    .stop = queue_stop,
    .clear = queue_clear,
    .holds = queue_holds,
    .adopt = queue_adopt,
    .wait = queue_wait,
};
