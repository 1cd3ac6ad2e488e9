/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulated_night.h - whole nights within one process, on a landscape whose truth is known.
 *
 * A simulated night drives what a real one drives: the record, the strategy's proposals (placebos
 * included), the referee, and the end of the night, in the order of harness/loop.c.  Only the
 * trainer, the store and git are not there: a run is answered by the landscape,
 *
 *     loss(config, seed) = truth(config) + u(seed) + e(config, seed),
 *     u ~ N(0, rho s^2),   e ~ N(0, (1 - rho) s^2),   2 (1 - rho) s^2 = sigma_d^2,
 *
 * and on its way, where the study has early_terminate, at CURVE_POINTS shares x of the run
 *
 *     truth + u(seed) + CURVE_SHARED e(config, seed) + sqrt(1 - CURVE_SHARED^2) e_x(config, seed)
 *           + 2 (1 - x),
 *
 * u and e being fixed by their names, so that a run repeated has the same loss.  Time is counted in
 * runs: every run takes as long as every other.
 */
#ifndef TESTS_SIMULATED_NIGHT_H
#define TESTS_SIMULATED_NIGHT_H

#include "err.h"
#include "record.h"
#include "record_past.h"
#include "referee.h"
#include "rng.h"

enum { LANDSCAPE_DIMS = 6, CURVE_POINTS = 20 };
#define CURVE_SHARED 0.8

struct landscape { /* over the unit cube */
    const char *name, *summary;
    double start[LANDSCAPE_DIMS];
    double (*truth)(const double *x, const double *start); /* 0 is the best there is */
};
extern const struct landscape *const landscapes[]; /* NULL-terminated */
const struct landscape *landscape_find(const char *name);

/* What answers runs in a space of its own; docs/search.md has problems of that kind. */
struct surface {
    const char *parameters; /* lines of the study file */
    const void *of;         /* handed to the functions */
    double (*truth)(const void *of, const struct space *space, const struct value *config);
    double (*spread)(const void *of, double truth); /* noise there, times the plan's; NULL: 1 */
};

struct night_plan {
    const struct landscape *landscape;
    const struct surface *surface; /* in the landscape's place; a truth of NAN is a failed run */
    const char *strategy;          /* NULL: perturb */
    enum procedure_kind procedure;
    double sigma_d, rho;
    uint64_t seed;  /* of the study and of its noise */
    int64_t runs;   /* the deadline; 0: none */
    int64_t cap;    /* experiments; 0: none */
    int jobs;       /* at least 1 */
    bool any_order; /* runs end in any order, drawn from `order` */
    uint64_t order;
    const char *study; /* more lines of the study file; "" for what is usual */
};

/* What happened, in order: enough to make the record as it was at any moment. */
enum night_event_kind {
    EVENT_EXPERIMENT,
    EVENT_PAIR,
    EVENT_START,
    EVENT_END,
    EVENT_DECISION,
    EVENT_CLOSING
};
struct night_event {
    enum night_event_kind kind;
    size_t row; /* of the record's array */
};

struct simulated_night {
    struct night_plan plan;
    struct record record;
    struct referee referee;
    struct past_memory past;
    struct rng order;
    struct night_event *events;
    size_t n_events;
    size_t *busy; /* [n_busy] rows of runs under way, at most plan.jobs */
    size_t n_busy;
    int64_t started;               /* runs */
    double experiment_runs;        /* runs that a proposal takes, as a running mean */
    int64_t decided, decided_runs; /* own decisions, and `started` at the last */
    bool exhausted;
};

/* Before anything was done.  -1: the study is not valid. */
int simulated_begin(struct simulated_night *out, const struct night_plan *plan, struct err *err);

/* `night` as a kill after its first n events leaves it: what was under way is lost. */
int simulated_cut(struct simulated_night *out, const struct simulated_night *night, size_t n,
                  struct err *err);

/* Goes on to the end of the night. */
int simulated_run(struct simulated_night *night, struct err *err);

/* Both: from nothing to the end of the night.  -1: there is nothing to end. */
int simulated_whole(struct simulated_night *out, const struct night_plan *plan, struct err *err);
void simulated_end(struct simulated_night *night);

double simulated_truth(const struct simulated_night *night, int64_t experiment);

/* The noise of one run, SD 1, that nothing but (config, study seed, trainer's seed) decides. */
double simulated_noise(const struct space *space, const struct value *config, uint64_t study_seed,
                       uint32_t seed);

/* --- what became of it ---------------------------------------------------------------------- */

enum measure {
    MEASURE_RUNS,     /* that were started */
    MEASURE_EXCESS,   /* true loss of what the night offers, above the best there is */
    MEASURE_HEAD,     /* the same of the search head */
    MEASURE_TESTS,    /* verifications */
    MEASURE_KEEPS,    /* verified; greedy: moves */
    MEASURE_HARMFUL,  /* keeps of what is worse in truth */
    MEASURE_FALSE,    /* keeps of what is no better in truth */
    MEASURE_ANY,      /* 1 where a keep is false: a share of nights */
    MEASURE_FDP,      /* false keeps / keeps; 0 without keeps */
    MEASURE_BIAS,     /* of the gain that is reported: claimed - true; NAN where none is */
    MEASURE_OPTIMISM, /* of the gain as the deciding samples have it */
    MEASURE_PLACEBOS, /* among the proposals */
    MEASURE_MOVES,    /* to which the head would have moved */
    MEASURE_TRIALS,   /* tests of a placebo */
    MEASURE_LUCKY,    /* that kept it */
    MEASURE_LEVELS,   /* sum of their levels: so many may be kept */
    MEASURES
};
extern const char *const measure_names[MEASURES];

void simulated_measure(double out[MEASURES], const struct simulated_night *night);

/* A whole night. */
int simulate(double out[MEASURES], const struct night_plan *plan, struct err *err);

/* Mean and standard error over nights; NAN is left out. */
struct tally {
    double n, sum, squares;
};
void tally_add(struct tally *tally, double x);
double tally_mean(const struct tally *tally);
double tally_se(const struct tally *tally);

/* `nights` nights with the seeds plan->seed, plan->seed + 1, … */
int simulate_nights(struct tally out[MEASURES], const struct night_plan *plan, size_t nights,
                    struct err *err);

#endif
