/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_problem.h - what the search benchmark searches (docs/search.md).
 *
 * A problem has instances, one for each repetition: another optimum and other rotations, drawn from
 * the instance's number.  Every instance has its own unit, the median over many draws of
 *
 *     the least true loss of 20 random configs - the least loss there is,
 *
 * so that a regret of 1 is what random search leaves after 20 runs without noise.
 */
#ifndef TESTS_BENCH_PROBLEM_H
#define TESTS_BENCH_PROBLEM_H

#include <stdint.h>

#include "err.h"
#include "study.h"

enum { BENCH_DIMS = 10 };

struct bench_instance;

/* A function of dims coordinates in [-5, 5], or a loss over a space of its own. */
struct bench_problem {
    const char *name, *summary;
    size_t dims;
    /* How each coordinate is spread over a parameter, repeated: u(niform), l(ogarithmic), q (48
     * multiples of 64), i (41 whole numbers).  The optimum is moved to a value that there is. */
    const char *encoding;
    double (*value)(const struct bench_instance *instance, const double *x); /* 0 is the least */
    double optimum_reach; /* of the optimum's coordinates from 0, at most */

    const char *parameters; /* dims 0: lines of the study file */
    double (*loss)(const struct space *space, const struct value *config);
    double least;
    bool fails; /* a tenth of the volume beside the optimum does */
};
extern const struct bench_problem bench_problems[];
extern const size_t n_bench_problems;
const struct bench_problem *bench_problem_find(const char *name); /* NULL: there is none */

struct bench_instance {
    const struct bench_problem *problem;
    double optimum[BENCH_DIMS];                                             /* in [-5, 5] */
    double first[BENCH_DIMS * BENCH_DIMS], second[BENCH_DIMS * BENCH_DIMS]; /* rotations by rows */
    double box[2][2];   /* of the first two coordinates; runs in it fail, where any do */
    struct study study; /* for its space */
    char *parameters;   /* lines of the study file */
    double unit;        /* see above */
    double bad;         /* the median loss of random configs: above it is the bad region */
};

/* -1: the study that holds the parameters is not valid. */
int bench_instance_init(struct bench_instance *out, const struct bench_problem *problem,
                        uint64_t number, struct err *err);
void bench_instance_clear(struct bench_instance *instance);

/* The true loss above the least there is, not in units; NAN: the run fails. */
double bench_regret(const struct bench_instance *instance, const struct space *space,
                    const struct value *config);

/* Noise of a run, in units. */
struct bench_noise {
    const char *name;
    double sd;  /* in the good region */
    double bad; /* times that in the bad region */
};
extern const struct bench_noise bench_noises[];
extern const size_t n_bench_noises;
const struct bench_noise *bench_noise_find(const char *name);

/* The standard deviation of a run with that regret, in the loss's own unit. */
double bench_sd(const struct bench_instance *instance, const struct bench_noise *noise,
                double regret);

#endif
