/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * early_watch.h - a run under way, looked at by the study's rule of early_terminate
 * (record_early.h); and what a run that was ended so counts as.
 *
 * Asking a process to end only saves time.  What the run counts as is found from its whole stream
 * when it is over: where the rule fires, the run is taken as if it had ended with the line at which
 * it does, and what was printed after it does not exist.
 */
#ifndef HARNESS_EARLY_WATCH_H
#define HARNESS_EARLY_WATCH_H

#include <stdbool.h>

#include "curve_reader.h"
#include "executor.h"
#include "record.h"
#include "stream.h"

struct early_watch {
    bool on;    /* the rule may end this run */
    bool asked; /* it was asked to end */
    struct curve_reader reader;
};

/* `run` is one of the record's; it is about to start. */
void early_watch_init(struct early_watch *out, const struct record *record, const struct run *run);
void early_watch_clear(struct early_watch *watch);

/* True, once, when the run should be asked to end.  A stream that cannot be read now says nothing:
 * what a trainer does to it is looked at when the run is over. */
bool early_watch_look(struct early_watch *watch, const struct record *record, const struct run *run,
                      const char *dir);

/*
 * The stream of a run that is over, and its curves; in a study with early_terminate.
 * Where the rule ends the run, the stream is cut there, the curves too, and the facts say
 * CLASS_STOPPED and why.  The caller clears both, also after an error.
 */
int early_watch_read(struct stream *stream, struct run_curves *curves, struct outcome_facts *facts,
                     const struct record *record, const struct run *run, const char *dir,
                     struct err *err);

#endif
