/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "block.h"
#include "checkpoint.h"
#include "target.h"
#include "use_model.h"

/* One worker, the caller, for the whole program: threads would cost more than the reading. */
static struct pool *alone(void)
{
    static struct pool *pool;
    struct err err = {0};

    if (pool == NULL && pool_open(&pool, 1, &err) != 0)
        abort();
    return pool;
}

/* As on a machine with one processor, for the same reason. */
static int view_alone(struct weights *view, const struct model_file *in, struct err *err)
{
    cpu_set_t all, one;
    int rc, cpu = sched_getcpu();

    CPU_ZERO(&one);
    CPU_SET(cpu >= 0 ? (size_t)cpu : 0, &one);
    if (sched_getaffinity(0, sizeof all, &all) != 0 || sched_setaffinity(0, sizeof one, &one) != 0)
        abort();
    rc = model_file_view(view, in, err);
    if (sched_setaffinity(0, sizeof all, &all) != 0)
        abort();
    return rc;
}

static void compare(const struct weights *view, const real *block, const struct model *model)
{
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *t = &model->tensors[i];
        if (memcmp(view->at[i], block + t->at, tensor_size(t) * sizeof *block) != 0)
            abort();
        if (weights_find(view, model, t->name) != view->at[i])
            abort();
    }
}

real *use_weights(const struct model_file *in)
{
    struct weights view;
    struct err err = {0};
    real *block;

    if (block_check_memory((double)in->model.n_weights * sizeof *block, 1, &err) != 0) {
        target_check_refusal(&err);
        return NULL;
    }
    block = block_new(in->model.n_weights);
    if (model_file_load(block, in, alone(), &err) != 0) {
        target_check_refusal(&err);
        free(block);
        block = NULL;
    }
    err = (struct err){0};
    if ((view_alone(&view, in, &err) == 0) != (block != NULL))
        abort();
    if (block != NULL)
        compare(&view, block, &in->model);
    else
        target_check_refusal(&err);
    weights_clear(&view);
    return block;
}

static bool same_shape(const struct shape *a, const struct shape *b)
{
    return a->dim == b->dim && a->layers == b->layers && a->heads == b->heads &&
           a->kv_heads == b->kv_heads && a->head_dim == b->head_dim && a->hidden == b->hidden &&
           a->vocab == b->vocab && a->seq == b->seq && a->tied == b->tied &&
           a->deepnet == b->deepnet && !(a->rope_theta < b->rope_theta) &&
           !(a->rope_theta > b->rope_theta) && !(a->norm_eps < b->norm_eps) &&
           !(a->norm_eps > b->norm_eps);
}

void use_shape(const struct model *model)
{
    json_t *words = checkpoint_describe(model);
    struct model again = {0};
    struct err err = {0};

    if (words == NULL || checkpoint_parse(&again, words, "again", 0, &err) != 0 ||
        !same_shape(&again.shape, &model->shape) || again.n_weights != model->n_weights)
        abort();
    model_clear(&again);
    json_decref(words);
}
