/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * selection.h - what experiments are worth on the selection panel, as the next decision sees it.
 *
 * All experiments run on the panel's seeds in the same order, most of them on the first alone. What
 * a seed does to all configs is taken off (seed_effect.h), as far as the audit found that configs
 * share it; what is left is the noise of one run.  A placebo's seeds are its own, so nothing is
 * taken off its losses, and it has the full noise.
 */
#ifndef HARNESS_SELECTION_H
#define HARNESS_SELECTION_H

#include "record.h"

struct selection_noise {  /* what the audit says; NAN: unknown */
    double rho;           /* of two configs over seeds */
    double seed_variance; /* of one config over seeds */
    double pair_variance; /* of a paired difference */
    double pair_df;
};

struct selection {
    const struct record *record;
    struct selection_noise noise;
    double run_variance; /* of one run, seed effects taken off; NAN: nothing shows it */
    double *effect;      /* [n_seeds] */
    size_t n_seeds;
};

/*
 * Looks at the last SELECTION_WINDOW of the `decided` first experiments, at the baseline, the head,
 * the incumbent and the candidate (0: none).
 */
enum { SELECTION_WINDOW = 60 };
void selection_open(struct selection *out, const struct record *record, int64_t decided,
                    int64_t candidate, const struct selection_noise *noise);
void selection_close(struct selection *selection);

struct standing {
    /* runs that ended well, ended badly, were ended early, or have not ended */
    size_t ok, failed, stopped, open;
    double mean;     /* loss; NAN without runs */
    double variance; /* of the mean */
};
struct standing selection_standing(const struct selection *selection, int64_t experiment);

#endif
