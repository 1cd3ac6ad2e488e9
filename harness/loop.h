/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - the heart: propose, record, start, collect, judge, commit; until the study is done, the
 * time is up or somebody asks it to stop.
 *
 * The record is the only memory.  Each turn looks at it and does what is missing, so a session that
 * was killed anywhere goes on by the same code that runs a fresh one.
 */
#ifndef HARNESS_LOOP_H
#define HARNESS_LOOP_H

#include "notify.h"
#include "service.h"
#include "session.h"

/* What a session is for. */
struct errand {
    enum {
        ERRAND_NIGHT,  /* search, test, confirm */
        ERRAND_NOISE,  /* the noise audit and no more */
        ERRAND_CONFIRM /* `experiment` against the baseline on so many `seeds`, as test `test` */
    } kind;
    int64_t experiment, test;
    size_t seeds;
};

struct limits {
    struct errand errand;
    int64_t experiments;       /* proposals in all, the baseline among them; 0: no cap */
    int64_t runs;              /* of the trainer in all, whatever they are for; 0: no cap */
    double seconds;            /* of this session; INFINITY: no limit */
    int jobs;                  /* runs at a time */
    struct notifier *notifier; /* who is told what happens; NULL: nobody */
    struct service *service;   /* the service manager; NULL: none */
};

enum loop_end {
    LOOP_CAP,       /* as many experiments as asked for */
    LOOP_RUNS,      /* as many runs as asked for */
    LOOP_EXHAUSTED, /* the strategy has nothing left to try */
    LOOP_TIME,      /* the time is up */
    LOOP_SIGNAL,    /* asked to stop; resumable */
    LOOP_ERRAND,    /* the errand is done */
    LOOP_BASELINE,  /* the baseline failed: there is nothing to compare with */
    LOOP_BREAKER,   /* everything fails: it pauses (breaker.h) */
};

/* 0 with how it ended (and the signal, for LOOP_SIGNAL), or -1. */
int loop_run(struct session *session, const struct limits *limits, enum loop_end *end, int *signal,
             struct err *err);

#endif
