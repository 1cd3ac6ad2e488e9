/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_part.h - what the files study*.c share: the readers of the larger sections.
 *
 * The file is read in two turns: first every section by itself in the order of the file, then what
 * refers to other sections (constraints and the command's placeholders mean parameters).
 */
#ifndef EXPERIMENTS_STUDY_PART_H
#define EXPERIMENTS_STUDY_PART_H

#include "err.h"
#include "study.h"
#include "yaml.h"

struct study_reading {
    struct study *study;
    const struct yaml *constraints, *command; /* for the second turn; NULL where absent */
    const struct yaml *strategy, *enqueue;    /* likewise */
    const struct yaml *fdr;                   /* likewise */
    const struct yaml *source, *evaluate;     /* likewise */
    const struct yaml *early, *hypotheses;    /* likewise */
    int audit;                                /* on, off, or -1: not given */
};

/* `parameters`: ranges, choices, starts and conditions into study->space. */
int study_read_parameters(struct study *study, const struct yaml *node, struct err *err);

/* `constraints`, each of which the start values must fulfil. */
int study_read_constraints(struct study *study, const struct yaml *node, struct err *err);

/* `search.enqueue`: the user's own guesses into study->enqueued, each allowed and none twice. */
int study_read_enqueue(struct study *study, const struct yaml *node, struct err *err);

/* Sets what a member of a map names in config [space->n] to a value that it can have. */
int study_set_member(struct value *config, struct space *space, const struct yaml *member,
                     struct err *err);

/* `hypotheses`, read last: into study->hypotheses. */
int study_read_hypotheses(struct study *study, const struct yaml *node, struct err *err);

/* A value that parameter `index` can have: one of its choices, or a number of its range. */
int study_read_value(struct value *out, struct space *space, size_t index, const struct yaml *node,
                     struct err *err);

/* `executor`; `into` is a struct study_reading. */
int study_read_executor(void *into, const struct yaml *node, struct err *err);

/* The keys of policy.h; `into` is a struct study_reading. */
int study_read_breaker(void *into, const struct yaml *node, struct err *err);
int study_read_notify(void *into, const struct yaml *node, struct err *err);
int study_read_min_free(void *into, const struct yaml *node, struct err *err);
int study_read_min_memory(void *into, const struct yaml *node, struct err *err);
int study_read_keep_files(void *into, const struct yaml *node, struct err *err);
int study_read_sandbox(void *into, const struct yaml *node, struct err *err);
int study_read_limits(void *into, const struct yaml *node, struct err *err);

/* `trainer.command`: an argv whose placeholders are all known. */
int study_read_command(struct study *study, const struct yaml *node, struct err *err);

/* `search.command`: an argv of which no element but {study_dir}, {dir} and {seed} is a
 * placeholder. */
int study_read_proposer(void *reading, const struct yaml *node, struct err *err);

/* `search` as a whole: a command belongs to a strategy that asks an outside program, and to no
 * other. */
int study_check_proposer(const struct study *study, const struct yaml *search, struct err *err);

/* `source`, and `evaluate`, which is read in the second turn. */
int study_read_source(void *reading, const struct yaml *node, struct err *err);
int study_remember_evaluate(void *reading, const struct yaml *node, struct err *err);

/* Whether the two fit each other and the strategy. */
int study_check_source(const struct study_reading *reading, struct err *err);

/* `evaluate`: an argv with the placeholders of the trainer's. */
int study_read_evaluate(struct study *study, const struct study_reading *reading, struct err *err);

/* `early_terminate` into study->early; and, when all else is settled, whether the study goes with
 * it. */
int study_read_early(struct study *study, const struct yaml *node, struct err *err);
int study_check_early(const struct study *study, const struct yaml *node, struct err *err);

#endif
