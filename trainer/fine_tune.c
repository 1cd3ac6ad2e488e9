/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fine_tune.h"
#include "file.h"

static void take_shape(struct config *c, const struct model *model)
{
    const struct shape *s = &model->shape;

    c->model = model->arch->name;
    c->vocab = s->vocab;
    c->dim = s->dim;
    c->layers = s->layers;
    c->heads = s->heads;
    c->kv_heads = s->kv_heads;
    c->head_dim = s->head_dim;
    c->hidden = s->hidden;
    c->tied = s->tied;
    c->rope_theta = s->rope_theta;
    c->norm_eps = s->norm_eps;
    c->residual_scale = s->deepnet ? "deepnet" : "none";
}

int fine_tune_open(struct model_file *in, struct config *config, const char *path,
                   const struct format_hints *hints, struct err *err)
{
    if (model_file_open(in, path, hints, err) != 0)
        return -1;
    if (config->compact_vocab)
        return err_usage(err, "compact_vocab: a model that is there has the rows that it has");
    if (in->compact.vocab > 0)
        return err_usage(err, "%s: its compact vocabulary cannot be trained on with other data",
                         path);
    take_shape(config, &in->model);
    return 0;
}

int fine_tune_load(char *sha256, struct trainer *t, const struct model_file *in, struct err *err)
{
    if (t->model.n_weights != in->model.n_weights)
        return err_usage(err, "%s has %zu weights, and the run's model %zu", in->path,
                         in->model.n_weights, t->model.n_weights);
    if (model_file_load(t->weights, in, t->pool, err) != 0)
        return -1;
    if (sha256 != NULL)
        sha256_bytes(sha256, t->weights, t->model.n_weights * sizeof *t->weights);
    return 0;
}
