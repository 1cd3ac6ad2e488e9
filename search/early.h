/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * early.h - may a run be ended before its end?  A rule for candidates of the search.
 *
 * A rule is a pure function of curves: of the candidate's so far, and of curves that were whole
 * before it began.  So it fires at the same point of a run whether it is asked at every point or
 * once at the end, and a run counts as ended there, however far its process came.  To add one:
 * early_<name>.c and a row in early.c.
 *
 * How large a difference of two curves is by chance is learnt from pairs of whole runs under one
 * seed: those of the audit (baseline and neighbour), and those of the tests that were decided
 * before.  At a place x the differences of a group of pairs have a sample variance about their own
 * mean; the groups' variances together give the prior variance s0^2(x), worth v degrees of freedom,
 * as they do for the losses at the end (noise_prior() of noise.h, Smyth 2004).  The candidate has
 * one difference, which says nothing about its own spread: the prior is all there is, and
 *
 *     z(x) = the normal deviate with the tail of  t = (rival(x) - own(x)) / s0(x)  on v degrees
 *
 * (noise_z()), so that a variance that is hardly known asks for a larger difference.
 */
#ifndef SEARCH_EARLY_H
#define SEARCH_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "curve.h"
#include "noise.h"

/* The usual values. */
#define EARLY_Z            2.5
#define EARLY_MIN_PROGRESS 0.2
#define EARLY_ETA          3.0
enum { EARLY_RUNGS = 2 };

struct early_rule {
    const struct early_kind *kind; /* NULL: no run is ended early */
    double z;                      /* paired_curves: ends where z <= -z */
    double min_progress;           /* paired_curves: not before this share of the run */
    double eta;                    /* hyperband: one in eta goes on */
    int min_iter;                  /* hyperband: the first rung is the baseline's point of this
                                    * number (from 1); 0: `s` says where the rungs are */
    int s;                         /* hyperband: rungs at eta^-s … eta^-1 of the run */
};

/* Pairs of curves that belong together: two configs on n seeds. */
struct curve_pairs {
    const struct curve **a, **b; /* [n] borrowed */
    size_t n;
};

struct early_case { /* all borrowed */
    const struct curve *own, *rival;
    double end; /* the place where the rival's run ended; progress = place / end */
    const struct curve_pairs *noise; /* [n_noise]; the audit's is the first, perhaps empty */
    size_t n_noise;
    const struct curve *const *others; /* [n_others] hyperband: those that `own` is ranked among */
    size_t n_others;
    double first_rung; /* hyperband with min_iter [progress]; NAN: not known */
};

struct early_end {
    double place, progress; /* of the point at which the rule fires */
    double gap;             /* own - rival there: positive is behind; NAN unknown */
    double z;               /* NAN unknown */
    size_t line;            /* of that point */
    int rank, of, go_on;    /* hyperband; 0 else */
};

/* An end in a record (record_early.h). */
struct early_found {
    struct early_end end;
    int64_t rival; /* the experiment that it was compared with */
    /* What it is taken for, as a loss at the end: as many SDs of a pair behind the rival as it was
     * then.  Negative: worse.  NAN unknown. */
    double effect, variance;
    double loss; /* the rival's on that seed, less effect */
};

struct early_kind {
    const char *name, *summary;
    bool ranks; /* looks at `others` */
    bool (*fires)(struct early_end *out, const struct early_rule *rule, const struct early_case *c);
};
extern const struct early_kind *const early_kinds[]; /* NULL-terminated */
const struct early_kind *early_kind_find(const char *name);

/* What is known of a difference at a place; nothing (df 0) where too few pairs come so far. */
struct noise early_noise(const struct early_case *c, double place);

/* Fills out with what is seen at a point of the candidate's curve. */
void early_measure(struct early_end *out, const struct early_case *c,
                   const struct curve_point *point);

#endif
