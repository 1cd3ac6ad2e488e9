/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block.h - the large blocks of a run: weights, gradients, optimizer state, activations.
 *
 * All are taken before the first step.  Large ones ask for huge pages, which shortens every pass
 * over them, and are cleared by the kernel page by page when they are first used: by the thread
 * that uses them, and not at all where nobody does.
 */
#ifndef TRAINER_BLOCK_H
#define TRAINER_BLOCK_H

#include <stddef.h>

#include "err.h"
#include "real.h"

/* n zeroed reals that begin on a cache line; exhaustion ends the program (exit 3).  free() it. */
real *block_new(size_t n);

/* Refuses (exit 2) what is more than memory_there(threads), with both numbers. */
int block_check_memory(double bytes, size_t threads, struct err *err);

/* The most memory that this program has held at once [MiB]; NAN where nobody can tell. */
double block_peak_mib(void);

#endif
