/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * direction.h - random directions that are drawn anew wherever they are needed, and never kept.
 *
 * A direction is a key; number i of a piece of it follows from (key, i) alone, so any part can be
 * made by any thread.  Bits are splitmix64's (Steele et al. 2014) at key + i; all loops are plain,
 * so that they are vectors and give the same bits on every processor.
 */
#ifndef TRAINER_DIRECTION_H
#define TRAINER_DIRECTION_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

enum draw {
    DRAW_GAUSSIAN,   /* standard normal; none beyond 5.4, where 1e-7 of them would be */
    DRAW_RADEMACHER, /* -1 or 1, each with probability 1/2 */
};

/* z [n]: the numbers 0 … n-1 of the piece with that key. */
void direction_draw(real *z, size_t n, uint64_t key, enum draw kind);

#endif
