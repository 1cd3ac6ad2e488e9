/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * told.h - what an outside program is told before it proposes: JSON lines on its standard input.
 *
 * First the study with its space, then every experiment that a strategy would see, oldest first,
 * then the answers that were refused since the last one that was taken.  Placebos are left out and
 * not counted (ids are places in this list), and a test loss is nowhere in it.
 */
#ifndef HARNESS_TOLD_H
#define HARNESS_TOLD_H

#include "record.h"
#include "str.h"

/* For a proposal of experiment `id`, the next one of `record`; `seed` is the program's to use, and
 * `tree` the folder with the head's source, NULL where the study has none. */
void told_write(struct str *out, const struct record *record, int64_t id, uint32_t seed,
                const char *tree);

#endif
