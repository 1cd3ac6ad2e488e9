/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "args.h"
#include "checkpoint.h"
#include "checkpoint_tokenizer.h"
#include "command.h"
#include "emit.h"
#include "json.h"

static const char help[] =
    "usage: nightshift-lm info MODEL [--json]\n"
    "\n"
    "The shape of a model, its tokenizer, and where its weights come from: a\n"
    "folder that `train` left, or a Hugging Face folder.\n";

/* A model, and what its folder tells about it. */
struct known {
    struct model model;
    struct compact compact; /* zero where rows are the tokens' ids */
    json_t *about;          /* NULL where the folder does not say */
    int64_t tokenizer;      /* tokens of the tokenizer; -1 where none is found */
};

static void known_clear(struct known *k)
{
    json_decref(k->about);
    compact_clear(&k->compact);
    model_clear(&k->model);
}

/* Ids of tokens are below it. */
static size_t tokens_known(const struct known *k)
{
    return k->compact.vocab > 0 ? k->compact.vocab : (size_t)k->model.shape.vocab;
}

static int known_read(struct known *k, const char *dir, struct err *err)
{
    struct tokenizer *tokenizer;
    struct err none = {0}; /* a model without a tokenizer is a model too */

    *k = (struct known){.tokenizer = -1};
    if (checkpoint_read_shape(&k->model, dir, 0, err) != 0 ||
        checkpoint_read_compact(&k->compact, &k->model, dir, err) != 0)
        return -1;
    k->about = checkpoint_read_about(dir);
    json_object_del(k->about, "vocabulary"); /* told by its sizes alone */
    if (checkpoint_tokenizer(&tokenizer, tokens_known(k), dir, NULL, &none) == 0) {
        k->tokenizer = tokenizer_vocab(tokenizer);
        tokenizer_free(tokenizer);
    }
    return 0;
}

static const char *residual_word(const struct shape *s)
{
    return s->deepnet ? "deepnet" : "none";
}

static int tell_json(const struct known *k, struct err *err)
{
    const struct shape *s = &k->model.shape;
    json_t *out = json_pack(
        "{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:f, s:f, s:s, s:I}", "model",
        k->model.arch->name, "dim", s->dim, "layers", s->layers, "heads", s->heads, "kv_heads",
        s->kv_heads, "head_dim", s->head_dim, "hidden", s->hidden, "vocab", s->vocab, "seq", s->seq,
        "tied", s->tied, "rope_theta", s->rope_theta, "norm_eps", s->norm_eps, "residual_scale",
        residual_word(s), "parameters", (json_int_t)k->model.n_weights);

    if (out == NULL)
        return err_environment(err, "cannot describe the model");
    json_object_set_new(out, "data_vocab", json_integer((json_int_t)tokens_known(k)));
    json_object_set_new(out, "tokenizer_tokens",
                        k->tokenizer < 0 ? json_null() : json_integer((json_int_t)k->tokenizer));
    json_object_set_new(out, "provenance", k->about != NULL ? json_incref(k->about) : json_null());
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
    const struct model *model = &k->model;
    const struct shape *s = &model->shape;

    printf("%s: %s\n", model->arch->name, model->arch->summary);
    printf("parameters  %.3f M, %zu tensors\n", (double)model->n_weights / 1e6, model->n_tensors);
    printf("dim         %d\nlayers      %d\nheads       %d, %d for keys and values, width %d\n",
           s->dim, s->layers, s->heads, s->kv_heads, s->head_dim);
    printf("hidden      %d\nvocab       %d, %s\nseq         %d\n", s->hidden, s->vocab,
           s->tied ? "tied head" : "head of its own", s->seq);
    if (k->compact.vocab > 0)
        printf("compact     %zu of %zu tokens have a row of their own\n", k->compact.used,
               k->compact.vocab);
    printf("rope_theta  %g\nnorm_eps    %g\n", s->rope_theta, s->norm_eps);
    printf("residual    scale %s\n", residual_word(s));
    if (k->tokenizer >= 0)
        printf("tokenizer   %lld tokens\n", (long long)k->tokenizer);
    if (json_is_object(k->about))
        tell_provenance(k->about);
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int run(int argc, char **argv, struct err *err)
{
    const char *dir = NULL;
    bool json = false, wants_help = false;
    const struct arg table[] = {{"json", NULL, &json}, {"help", NULL, &wants_help}};
    struct known known;
    int n = args_read(&dir, 1, table, 2, argc, argv, err), rc;

    if (n < 0)
        return -1;
    if (wants_help)
        return emit_text(help, err);
    if (n == 0)
        return err_usage(err, "info wants a MODEL folder");
    rc = known_read(&known, dir, err);
    if (rc == 0)
        rc = json ? tell_json(&known, err) : tell_people(&known, err);
    known_clear(&known);
    return rc;
}

const struct command command_info = {"info", "shape, tokenizer and origin of a model", run};
