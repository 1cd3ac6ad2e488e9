/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A W&B sweep file.  What is taken becomes a study, which wandb_import() has parsed. */
#include <stdlib.h>

#include "target.h"
#include "wandb.h"

extern const struct target target_sweep;

static void read(const uint8_t *bytes, size_t len)
{
    struct str study = {0}, notes = {0};
    struct err err = {0};

    target_put("sweep.yaml", bytes, len);
    char *path = target_path("sweep.yaml");
    if (wandb_import(&study, &notes, path, target_folder(), NULL, &err) != 0)
        target_check_refusal(&err);
    else if (notes.len == 0)
        abort(); /* the start values at least must be told of */
    free(path);
    str_clear(&study);
    str_clear(&notes);
}

const struct target target_sweep = {
    .name = "sweep",
    .summary = "a sweep file of Weights & Biases",
    .read = read,
};
