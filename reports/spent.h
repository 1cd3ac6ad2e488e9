/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spent.h - what a study has cost, from its runs: every attempt counts, also those that failed.
 */
#ifndef REPORTS_SPENT_H
#define REPORTS_SPENT_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct spent {
    size_t runs, ended;   /* all; those whose end is recorded */
    double wall_s, cpu_s; /* added up over the runs that say so; NAN: none does */
    double peak_mib;      /* the largest of a run; NAN: unknown */
    double steps, flops;  /* added up; NAN: no run says */
    double steps_per_s;   /* median over the runs that ended well; NAN: unknown */
    int64_t first, last;  /* start of the first run, end of the last [Unix s]; 0: unknown */
    double elapsed_s;     /* between them, pauses included; NAN: unknown */
};

void spent_count(struct spent *out, const struct record *record);

#endif
