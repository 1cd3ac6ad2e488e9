/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stages.h - the processes that make one run, one after the other: the build of the source, where
 * the study has one and nobody has built that commit yet; the training; the evaluation of what it
 * left, by the study's own unpatched program.
 *
 * Used by the loop and by `reproduce`, so that a repetition goes the same way as the original.
 */
#ifndef HARNESS_STAGES_H
#define HARNESS_STAGES_H

#include "launch.h"
#include "stream.h"

enum stage { STAGE_BUILD, STAGE_TRAIN, STAGE_EVALUATE };

struct stages {
    enum stage now;
    const struct job *job; /* of the stage that is due: one of the two */
    struct job train, other;
    struct launch launch;         /* what it borrows must live as long */
    struct outcome_facts trained; /* how the training ended, while the evaluation is due */
};

/* The first job is ready to be started; *out must stay where it is. */
int stages_begin(struct stages *out, const struct launch *launch, struct err *err);
void stages_clear(struct stages *stages);

/*
 * The job has ended as `facts` say.  1: the next one is ready to be started; 0: the run is over,
 * and *facts say how (of a failed build or evaluation with that in front); -1: error.
 */
int stages_next(struct stages *stages, struct outcome_facts *facts, struct err *err);

/* What the run printed; where the study has an evaluation the metric and the test loss are the
 * evaluation's, and none where it printed none.  The caller clears. */
int stages_read(struct stream *out, const struct stages *stages, struct err *err);

#endif
