/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rerun.h - logged runs, run again in a scratch folder and compared: for `reproduce`, and for the
 * one run that every night repeats by itself.
 */
#ifndef HARNESS_RERUN_H
#define HARNESS_RERUN_H

#include <jansson.h>

#include "executor.h"
#include "level.h"
#include "place.h"
#include "repeat.h"
#include "slot.h"

/* All that the repetitions of one experiment have in common. */
struct rerun {
    /* What the caller fills in, borrowed. */
    const struct study *study;
    const char *study_dir;
    const struct artifact *inputs; /* [n_inputs] as recorded */
    size_t n_inputs;
    int64_t experiment;
    bool quiet;   /* nothing is printed */
    json_t *runs; /* an array: an object is added for each run.  NULL: they are told of in words */

    const struct site *site;
    char *program;
    char *evaluator;       /* NULL: runs judge themselves */
    struct ledger *source; /* where the trainer's source lies; NULL: it is not built */
    char *source_root;     /* where it is built: in scratch */
    char *scratch;         /* folder for the repetitions */
    struct slot slot;      /* only its cores: as many as a run of the study has */
    struct level level;
    size_t same, different, failed; /* failed: of the different ones, those without a value */
    double gap;                     /* sum of (now - recorded) over the others */
    struct str last;                /* what was said of the last run */
};

int rerun_open(struct rerun *rerun, struct err *err);
/* Scratch of identical runs is of no more use; what differs is kept to be looked at. */
int rerun_close(struct rerun *rerun, struct err *err);

/* Hashes program and inputs, looks at the machine, and finds the level (level.h).  `then`: the
 * environment of the runs, NULL: not known.  With other data rerun->level.data says so, and nothing
 * is to be run. */
int rerun_measure(struct rerun *rerun, const char *then, struct err *err);

/* One run again; it is counted, and said. */
int rerun_seed(struct rerun *rerun, const struct value *config, const char *source, int64_t steps,
               uint32_t seed, const struct expected *expected, struct err *err);
int rerun_logged(struct rerun *rerun, const struct place *place, struct store *store,
                 const struct record *record, const struct run *run, struct err *err);

/* The SD of a run over seeds, pooled over all experiments; NAN where none has two runs. */
double rerun_noise(const struct record *record);

/*
 * The verdict over all runs, one line: what came out, the level, and the first fact that differs
 * where something does.  `sd`: of a run over seeds, NAN unknown; it is needed for L3 only.  True
 * where the level's promise is held.
 */
bool rerun_conclude(struct str *out, const struct rerun *rerun, double sd);

#endif
