/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train.h - one training run from config to checkpoint.
 *
 * Records on standard output, in order:
 *     {"config": {…}}           every option with its value in effect
 *     {"derived": {…}}          what was left to us: hidden, kv_heads, head_dim, vocab, …
 *     {"calibrated_steps": n}   where the budget is in seconds
 *     {"progress": p, "step": s, "train_loss": x, "lr": y, "grad_norm": z}   every log_every steps
 *     {"val_loss": …, "val_bpb": …, "test_loss": …, "steps": …, "tokens": …, "flops": …, …}
 * train_loss is the mean since the last such record.  In the folder: model.safetensors, model.json
 * (option save) and val_losses.f32, each by rename and at the end; while it runs, train.state every
 * checkpoint_every steps.  A run that resumes does what the one that stopped would have done, bit
 * for bit; its records go on from the state's step.
 */
#ifndef TRAINER_TRAIN_H
#define TRAINER_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "format.h"

struct train_request {
    const char *out; /* folder, made where it is missing */
    uint64_t seed;
    int64_t steps; /* above 0: instead of the config's budget */
    size_t threads;
    bool resume;                   /* goes on from the state in the folder */
    const struct model_file *init; /* begins with its weights; NULL: with the seed's.  Borrowed */
};

/*
 * Returns the exit status: 0; 1 where a loss was not finite; 130, 138 or 143 after SIGINT, SIGUSR1
 * or SIGTERM
 * (train.state alone is written then, where checkpoint_every is not 0); or -1 with err set.
 */
int train(const struct config *config, const struct train_request *request, struct err *err);

#endif
