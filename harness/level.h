/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * level.h - how much a repetition may be asked to give again.
 *
 *   L1  same machine, same program: bit for bit
 *   L2  another build of the program, or other libraries: bit for bit is the aim, and what comes
 *       out is said
 *   L3  another processor, or another core of the BLAS: the mean within two standard errors
 *
 * With other data nothing can be compared.
 */
#ifndef HARNESS_LEVEL_H
#define HARNESS_LEVEL_H

#include "store.h"
#include "str.h"

enum level_number { LEVEL_SAME = 1, LEVEL_REBUILT = 2, LEVEL_OTHER_CPU = 3 };
extern const char *const level_words[]; /* by number */

struct level {
    enum level_number number;
    struct str data; /* the first input that is another one, the program apart; empty: none */
    struct str
        fact; /* the first fact that differs: program, CPU, BLAS core, library; empty: none */
};
void level_clear(struct level *level);

/*
 * recorded, now  the inputs then and now; `program` is the name of the trainer's among them
 * then, here     host_describe() of the run and of this machine; NULL: not known, not suspected
 */
void level_measure(struct level *out, const struct artifact *recorded, size_t n_recorded,
                   const struct artifact *now, size_t n_now, const char *program, const char *then,
                   const char *here);

#endif
