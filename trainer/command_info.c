/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "args.h"
#include "command.h"
#include "emit.h"
#include "format.h"
#include "json.h"

static const char help[] =
    "usage: nightshift-lm info MODEL [--json]\n"
    "\n"
    "The shape of a model, its tokenizer, and where its weights come from: a folder that `train`\n"
    "left, a Hugging Face folder, a .safetensors file, a GGUF file, or AutoANE's checkpoint.\n";

/* A model, and what its file tells about it. */
struct known {
    struct model_file file;
    int64_t tokenizer; /* tokens of the tokenizer; -1 where none is found */
};

static int known_read(struct known *k, const char *path, struct err *err)
{
    const struct format_hints hints = {0};
    struct tokenizer *tokenizer;
    struct err none = {0}; /* a model without a tokenizer is a model too */

    k->tokenizer = -1;
    if (model_file_open(&k->file, path, &hints, err) != 0)
        return -1;
    json_object_del(k->file.about, "vocabulary"); /* told by its sizes alone */
    if (model_file_tokenizer(&tokenizer, &k->file, NULL, &none) == 0) {
        k->tokenizer = tokenizer_vocab(tokenizer);
        tokenizer_free(tokenizer);
    }
    return 0;
}

static const char *residual_word(const struct known *k)
{
    if (k->file.untold != NULL)
        return "not told";
    return k->file.model.shape.deepnet ? "deepnet" : "none";
}

static int tell_json(const struct known *k, struct err *err)
{
    const struct shape *s = &k->file.model.shape;
    json_t *out = json_pack(
        "{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:f, s:f, s:s, s:I}", "model",
        k->file.model.arch->name, "dim", s->dim, "layers", s->layers, "heads", s->heads, "kv_heads",
        s->kv_heads, "head_dim", s->head_dim, "hidden", s->hidden, "vocab", s->vocab, "seq", s->seq,
        "tied", s->tied, "rope_theta", s->rope_theta, "norm_eps", s->norm_eps, "residual_scale",
        residual_word(k), "parameters", (json_int_t)k->file.model.n_weights);

    if (out == NULL)
        return err_environment(err, "cannot describe the model");
    json_object_set_new(out, "format", json_string(k->file.format->name));
    json_object_set_new(out, "type", json_string(model_file_main_dtype(&k->file)->name));
    json_object_set_new(out, "data_vocab", json_integer((json_int_t)model_file_tokens(&k->file)));
    json_object_set_new(out, "tokenizer_tokens",
                        k->tokenizer < 0 ? json_null() : json_integer((json_int_t)k->tokenizer));
    json_object_set_new(out, "provenance",
                        k->file.about != NULL ? json_incref(k->file.about) : json_null());
    return emit_object(out, err);
}

static void tell_provenance(const json_t *about)
{
    const char *data = json_string_value(json_object_get(json_object_get(about, "config"), "data"));
    const json_t *loss = json_object_get(about, "val_loss");

    printf("trained     seed %lld, %lld steps",
           (long long)json_integer_value(json_object_get(about, "seed")),
           (long long)json_integer_value(json_object_get(about, "steps")));
    if (data != NULL)
        printf(", data %s", data);
    if (json_is_number(loss))
        printf(", val_loss %.6f", json_number_value(loss));
    putchar('\n');
}

static int tell_people(const struct known *k, struct err *err)
{
    const struct model *model = &k->file.model;
    const struct shape *s = &model->shape;

    printf("%s: %s\n", model->arch->name, model->arch->summary);
    printf("format      %s, %s\n", k->file.format->name, model_file_main_dtype(&k->file)->name);
    printf("parameters  %.3f M, %zu tensors\n", (double)model->n_weights / 1e6, model->n_tensors);
    printf("dim         %d\nlayers      %d\nheads       %d, %d for keys and values, width %d\n",
           s->dim, s->layers, s->heads, s->kv_heads, s->head_dim);
    printf("hidden      %d\nvocab       %d, %s\nseq         %d\n", s->hidden, s->vocab,
           s->tied ? "tied head" : "head of its own", s->seq);
    if (k->file.compact.vocab > 0)
        printf("compact     %zu of %zu tokens have a row of their own\n", k->file.compact.used,
               k->file.compact.vocab);
    printf("rope_theta  %g\nnorm_eps    %g\n", s->rope_theta, s->norm_eps);
    printf("residual    scale %s\n", residual_word(k));
    if (k->tokenizer >= 0)
        printf("tokenizer   %lld tokens\n", (long long)k->tokenizer);
    if (json_is_object(k->file.about))
        tell_provenance(k->file.about);
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int run(int argc, char **argv, struct err *err)
{
    const char *dir = NULL;
    bool json = false, wants_help = false;
    const struct arg table[] = {{"json", NULL, &json}, {"help", NULL, &wants_help}};
    struct known known = {0};
    int n = args_read(&dir, 1, table, 2, argc, argv, err), rc;

    if (n < 0)
        return -1;
    if (wants_help)
        return emit_text(help, err);
    if (n == 0)
        return err_usage(err, "info wants a MODEL");
    rc = known_read(&known, dir, err);
    if (rc == 0)
        rc = json ? tell_json(&known, err) : tell_people(&known, err);
    model_file_close(&known.file);
    return rc;
}

const struct command command_info = {"info", "shape, tokenizer and origin of a model", run};
