/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "args.h"
#include "checkpoint.h"
#include "command.h"
#include "emit.h"

static const char help[] = "usage: nightshift-lm info MODEL [--json]\n"
                           "\n"
                           "The shape of a model: a folder that `train` left, or a Hugging Face\n"
                           "folder.\n";

static int tell_json(const struct model *model, struct err *err)
{
    const struct shape *s = &model->shape;
    json_t *out = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:f, s:f, s:I}", "model",
                            model->arch->name, "dim", s->dim, "layers", s->layers, "heads",
                            s->heads, "kv_heads", s->kv_heads, "hidden", s->hidden, "vocab",
                            s->vocab, "seq", s->seq, "tied", s->tied, "rope_theta", s->rope_theta,
                            "norm_eps", s->norm_eps, "parameters", (json_int_t)model->n_weights);

    return out != NULL ? emit_object(out, err) : err_environment(err, "cannot describe the model");
}

static int tell_people(const struct model *model, struct err *err)
{
    const struct shape *s = &model->shape;

    printf("%s: %s\n", model->arch->name, model->arch->summary);
    printf("parameters  %.3f M, %zu tensors\n", (double)model->n_weights / 1e6, model->n_tensors);
    printf("dim         %d\nlayers      %d\nheads       %d, %d for keys and values\n", s->dim,
           s->layers, s->heads, s->kv_heads);
    printf("hidden      %d\nvocab       %d, %s\nseq         %d\n", s->hidden, s->vocab,
           s->tied ? "tied head" : "head of its own", s->seq);
    printf("rope_theta  %g\nnorm_eps    %g\n", s->rope_theta, s->norm_eps);
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int run(int argc, char **argv, struct err *err)
{
    const char *dir = NULL;
    bool json = false, wants_help = false;
    const struct arg table[] = {{"json", NULL, &json}, {"help", NULL, &wants_help}};
    struct model model = {0};
    int n = args_read(&dir, 1, table, 2, argc, argv, err), rc;

    if (n < 0)
        return -1;
    if (wants_help)
        return fputs(help, stdout) < 0 ? err_sys(err, "standard output") : 0;
    if (n == 0)
        return err_usage(err, "info wants a MODEL folder");
    rc = checkpoint_read_shape(&model, dir, 0, err);
    if (rc == 0)
        rc = json ? tell_json(&model, err) : tell_people(&model, err);
    model_clear(&model);
    return rc;
}

const struct command command_info = {"info", "shape and size of a model", run};
