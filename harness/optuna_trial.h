/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optuna_trial.h - a record as Optuna sees it: an experiment is a trial, its mean over its seeds
 * the trial's value.
 *
 * Optuna knows neither seeds nor belief: study.best_trial is the smallest mean, not what a test has
 * kept.  What it cannot say stands in user attributes: purpose, decision, verified, reason, change,
 * remark, effect, commit, seeds and values (parallel), n, se; of the study also the constants.
 */
#ifndef HARNESS_OPTUNA_TRIAL_H
#define HARNESS_OPTUNA_TRIAL_H

#include <jansson.h>

#include "view_line.h"

/* Optuna's numbers (optuna.trial.TrialState). */
enum optuna_state {
    OPTUNA_RUNNING,
    OPTUNA_COMPLETE,
    OPTUNA_PRUNED, /* every one of its runs was ended early */
    OPTUNA_FAIL,
    OPTUNA_WAITING,
};
extern const char *const optuna_state_names[]; /* "RUNNING", … */

struct optuna_point {
    int64_t step; /* as the trainer counts, or thousandths of its progress */
    double value;
};

struct optuna_trial {
    enum optuna_state state;
    double value;                /* NAN: none */
    int64_t started, ended;      /* Unix seconds; 0: not known, or not ended */
    struct json_line attributes; /* names and their JSON texts */
    struct optuna_point *points; /* [n_points] intermediate values by step, each step once */
    size_t n_points;
};

/* The caller clears *out. */
int optuna_trial_read(struct optuna_trial *out, const struct view *view, int64_t experiment,
                      struct err *err);
void optuna_trial_clear(struct optuna_trial *trial);

/* User attributes of the study; the caller decrefs. */
json_t *optuna_study_attributes(const struct view *view);

/*
 * The distribution of each parameter as Optuna's JSON, {"name": …, "attributes": {…}}, [space->n]
 * texts.  Optuna knows no logarithmic steps: those become the range they lie in.  Powers of two
 * become choices.  NULL for a constant, which is no parameter there.
 */
char **optuna_distributions(const struct space *space);
void optuna_distributions_free(char **texts, const struct space *space);

/* What Optuna stores for a value: the number, or which choice it is. */
double optuna_value(const struct param *param, const struct value *value);

/* "2026-11-21 01:00:00.000000" in UTC, `between` in place of the blank. */
#define OPTUNA_TIME 64
void optuna_time(char out[OPTUNA_TIME], int64_t when, char between);

#endif
