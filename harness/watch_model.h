/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_model.h - what `watch` shows of a study, as plain texts and numbers: made from the record
 * and from what runs under way say, without a terminal, a size or a clock of its own.
 */
#ifndef HARNESS_WATCH_MODEL_H
#define HARNESS_WATCH_MODEL_H

#include "facts.h"
#include "watch_live.h"

struct watch_run {
    char *what;     /* "41 seed 3, proposal" */
    double done;    /* share; NAN: the trainer does not say */
    double took_s;  /* since its start */
    double usual_s; /* mean of the runs before; NAN: none yet */
    char *value;    /* "val_loss 2.314", what it printed last; "" while it printed none */
    double *curve;  /* [n_curve] that metric, or else the training loss, on its way */
    size_t n_curve;
};

struct watch_fact {
    const char *label;
    char *text;
    bool bad; /* something is wrong */
};

struct watch_decision {
    enum outcome verdict;
    bool verified;
    char
        *cells[6]; /* number, kind, experiment, verdict, effect, what it changed or why it failed */
};

enum { WATCH_DECISIONS = 1000, WATCH_TROUBLES = 200 };

struct watch_model {
    char *study;
    char *state; /* "running 2 h 07 min", "not running" */
    char *count; /* "experiment 41 of 100" */
    char *left;  /* "about 3 h 20 min left, by 07:30"; "" where nothing is known */
    char *tally; /* experiments by decision, runs */
    bool running;
    int64_t since; /* start of the first run, Unix seconds; 0: none yet */

    struct watch_run *runs; /* [n_runs] under way */
    size_t n_runs;
    struct watch_fact *facts; /* [n_facts] */
    size_t n_facts;
    struct watch_decision *decisions; /* [n_decisions] newest first, at most WATCH_DECISIONS */
    size_t n_decisions, all_decisions;
    char **troubles; /* [n_troubles] what went wrong, newest first, at most WATCH_TROUBLES */
    size_t n_troubles;

    char *metric;
    double *best; /* [n_best] mean of what the search went on from, by experiment */
    size_t n_best;
};

struct watch_now {
    int64_t unix_s; /* now */
    int64_t end;    /* when the night ends at the latest; 0: no time was given */
};

/* The caller clears. */
void watch_model_make(struct watch_model *out, const struct view *view,
                      const struct watch_live *live, const struct watch_now *now);
void watch_model_clear(struct watch_model *model);

/* What changes between two looks at the record: the runs' progress, and the time left. */
void watch_model_renew(struct watch_model *model, const struct view *view,
                       const struct watch_live *live, const struct watch_now *now);

#endif
