/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wandb.h - a sweep file of Weights & Biases becomes a study file.
 *
 * Source of the keys and what they mean: https://docs.wandb.ai/models/sweeps/sweep-config-keys and
 * the schema in github.com/wandb/sweeps.  Nothing is dropped in silence: what a study cannot say is
 * noted with its place, and where the study would search something else than the sweep did (nested
 * parameters, an argument that cannot be passed) the file is refused.  To add a distribution: a row
 * in wandb_parameter.c.
 */
#ifndef HARNESS_WANDB_H
#define HARNESS_WANDB_H

#include "err.h"
#include "str.h"

/*
 * Writes the text of a study from that of a sweep.  `path` names the sweep in errors and notes,
 * `beside` is the folder that the study file will lie in, `metric` stands in for a sweep that names
 * none, or is NULL.  `notes` has a line for each thing that is not carried over, or that the user
 * must see to.
 */
int wandb_import(struct str *study, struct str *notes, const char *path, const char *beside,
                 const char *metric, struct err *err);

#endif
