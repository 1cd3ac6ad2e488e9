/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * executor_rule.h - the study's `executor`: where its runs happen, and how a queue is asked.
 *
 * It changes no result, so it is no part of the study's identity: a study may be begun on one
 * machine and gone on with on a cluster.
 */
#ifndef EXPERIMENTS_EXECUTOR_RULE_H
#define EXPERIMENTS_EXECUTOR_RULE_H

#include <stddef.h>

struct word_list { /* a list of texts */
    char **at;     /* [n] and a NULL; NULL where n is 0 */
    size_t n;
};

struct executor_rule {
    char *kind;      /* "local", "slurm", "command": a row of harness/executor.c */
    char *shared;    /* the folder for the runs' own, seen by every node; NULL: the run directory */
    int concurrency; /* runs in the queue at a time; 0: as many as `jobs` */
    int cpus;        /* of one run; 1 */
    double time_s;   /* after which the queue ends a run; 0: as the queue has it */
    double memory;   /* bytes of one run; 0: as the queue has it */
    char *partition; /* NULL: the queue's usual one */
    char *gres;      /* "gpu:1"; NULL: none */
    struct word_list options; /* further options of sbatch, as they are */
    struct word_list setup;   /* lines of shell that run before the trainer */
    double every_s;           /* between two questions to the queue; 10 */
    double patience_s;        /* how long a result is looked for after its task has ended; 60 */
    struct word_list
        resume;  /* arguments with which a run goes on from its state; none: it cannot */
    char *state; /* the file in the run's folder that it goes on from */
    struct word_list submit, poll, cancel; /* kind command: argvs with placeholders */
};

void executor_rule_init(struct executor_rule *rule); /* local, and the defaults */
void executor_rule_clear(struct executor_rule *rule);

/* Makes *to what `from` is, with texts of its own; what it held is freed. */
void executor_rule_copy(struct executor_rule *to, const struct executor_rule *from);

#endif
