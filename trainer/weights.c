/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <sys/mman.h>

#include "mem.h"
#include "weights.h"

void weights_of_block(struct weights *out, const struct model *model, const real *block)
{
    *out = (struct weights){.at = mem_new(model->n_tensors, sizeof *out->at)};
    for (size_t i = 0; i < model->n_tensors; i++)
        out->at[i] = block + model->tensors[i].at;
}

void weights_clear(struct weights *w)
{
    for (size_t i = 0; i < w->n_maps; i++)
        if (w->maps[i].at != NULL)
            (void)munmap(w->maps[i].at, w->maps[i].bytes);
    free(w->maps);
    free(w->block);
    free(w->at);
    *w = (struct weights){0};
}

const real *weights_find(const struct weights *w, const struct model *model, const char *name)
{
    const struct tensor *t = model_find(model, name);

    return t == NULL ? NULL : w->at[t - model->tensors];
}

const real *weights_side_by_side(const struct weights *w, const struct model *model)
{
    for (size_t i = 1; i < model->n_tensors; i++)
        if (w->at[i] != w->at[0] + model->tensors[i].at)
            return NULL;
    return w->at[0];
}
