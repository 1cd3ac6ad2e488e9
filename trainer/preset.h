/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preset.h - ready shapes by name: the forerunners' models, and small ones for short nights.
 *
 * A preset sets options as if they had been written out; what is written out beside it wins.  The
 * vocabulary is `bench`'s alone: in training it is the data's.
 */
#ifndef TRAINER_PRESET_H
#define TRAINER_PRESET_H

#include <stdbool.h>

struct preset {
    const char *name, *summary, *model;
    int dim, layers, heads, kv_heads, head_dim, hidden, vocab, seq, batch;
    bool tied;
    double rope_theta, norm_eps;
};
extern const struct preset presets[];               /* ends in one without a name */
const struct preset *preset_find(const char *name); /* or NULL */

#endif
