/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * procedure.h - how it is decided what the search goes on from, and what may be believed.
 *
 * A procedure says what a pending proposal needs next; all else (baseline and audit, tests of the
 * head, the end of a night) is the referee's.  To add one: procedure_<name>.c, a row in
 * procedure.c, a word in study.c.
 */
#ifndef HARNESS_PROCEDURE_H
#define HARNESS_PROCEDURE_H

#include "referee.h"

struct procedure {
    const char *name, *summary;
    bool head_is_tested; /* the referee verifies the head; else a keep is all there is */
    /*
     * What experiment `id` needs: NEED_RUNS, NEED_PAIR or, where it is the first that is pending
     * (`first`), its decision.  The others may run ahead, on what will be needed in any case.
     */
    int (*next)(struct needs *out, struct referee *referee, const struct record *record, int64_t id,
                bool first, struct err *err);
};

extern const struct procedure *const procedures[]; /* by enum procedure_kind */
const struct procedure *procedure_of(const struct study *study);

#endif
