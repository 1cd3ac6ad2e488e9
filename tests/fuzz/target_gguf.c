/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A GGUF file: the model, its weights, its tokenizer. */
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "file.h"
#include "format.h"
#include "gguf_tokenizer.h"
#include "mem.h"
#include "target.h"
#include "use_model.h"

extern const struct target target_gguf;

static const struct format_hints hints = {.residual = RESIDUAL_NONE};

/* --- what was read, written again ----------------------------------------------------------- */

/* The same text of tokenizer.json, or neither has one. */
static void check_tokenizer(const struct tokenizer *wanted, const struct model_file *in)
{
    struct tokenizer *again = NULL;
    struct str text = {0}, wanted_text = {0};
    struct err err = {0};

    if ((model_file_tokenizer(&again, in, NULL, &err) == 0) != (wanted != NULL))
        abort();
    if (wanted != NULL) {
        tokenizer_write(&text, again);
        tokenizer_write(&wanted_text, wanted);
        if (strcmp(text.at, wanted_text.at) != 0)
            abort();
    }
    str_clear(&text);
    str_clear(&wanted_text);
    tokenizer_free(again);
}

static void check_written(const struct format_job *job)
{
    struct model_file in;
    struct err err = {0};
    real *weights;

    if (model_file_open(&in, job->path, &hints, &err) != 0 ||
        (weights = use_weights(&in)) == NULL ||
        memcmp(weights, job->weights, in.model.n_weights * sizeof *weights) != 0)
        abort();
    check_tokenizer(job->tokenizer, &in);
    free(weights);
    model_file_close(&in);
}

/* As `convert` does. */
static void write_again(const struct model_file *in, const real *weights,
                        struct tokenizer *tokenizer)
{
    char *path = target_path("again.gguf");
    const struct format_job job = {.path = path,
                                   .from = in,
                                   .weights = weights,
                                   .dtype = dtype_find("f32"),
                                   .tokenizer = tokenizer};
    struct err err = {0};

    if (in->format->write(&job, &err) != 0)
        abort();
    check_written(&job);
    free(path);
}

/* --- reading -------------------------------------------------------------------------------- */

static void use(const struct model_file *in)
{
    struct tokenizer *tokenizer = NULL;
    real *weights = use_weights(in);
    struct err err = {0};

    if (model_file_tokenizer(&tokenizer, in, NULL, &err) != 0)
        target_check_refusal(&err);
    use_shape(&in->model);
    if (weights != NULL && (tokenizer == NULL || gguf_tokenizer_pre(tokenizer) != NULL))
        write_again(in, weights, tokenizer); /* any other cut of text is warned of each time */
    tokenizer_free(tokenizer);
    free(weights);
}

static void read(const uint8_t *bytes, size_t len)
{
    char *path = target_path("model.gguf");
    struct model_file in;
    struct err err = {0};

    target_put("model.gguf", bytes, len);
    if (model_file_open(&in, path, &hints, &err) == 0)
        use(&in);
    else
        target_check_refusal(&err);
    model_file_close(&in);
    free(path);
}

/* --- a whole one ---------------------------------------------------------------------------- */

/* The smallest model there is, in its own folder. */
static void write_model(const char *dir)
{
    const struct shape shape = {.dim = 4,
                                .layers = 1,
                                .heads = 1,
                                .kv_heads = 1,
                                .hidden = 4,
                                .vocab = 259,
                                .seq = 4,
                                .tied = true,
                                .rope_theta = 10000,
                                .norm_eps = 1e-5};
    struct model model;
    struct err err = {0};
    real *weights;

    if (model_init(&model, architecture_find("llama"), &shape, &err) != 0)
        abort();
    weights = mem_new(model.n_weights, sizeof *weights);
    if (file_mkdirs(dir, &err) != 0 || checkpoint_write(dir, &model, weights, NULL, &err) != 0)
        abort();
    free(weights);
    model_clear(&model);
}

static void convert(const char *from, const char *to)
{
    const struct merge merges[] = {{'n', 'i', 256}, {'g', 'h', 257}, {256, 257, 258}};
    struct format_job job = {.path = to, .dtype = dtype_find("f16")};
    struct model_file in;
    struct err err = {0};
    real *weights;

    if (model_file_open(&in, from, &hints, &err) != 0 ||
        model_file_weights(&weights, &in, &err) != 0 ||
        tokenizer_new(&job.tokenizer, split_pattern_find("gpt2"), merges, 3, &err) != 0)
        abort();
    job.from = &in;
    job.weights = weights;
    if (format_of_suffix(to)->write(&job, &err) != 0)
        abort();
    tokenizer_free(job.tokenizer);
    free(weights);
    model_file_close(&in);
}

static uint8_t *seed(size_t *len)
{
    char *dir = target_path("model"), *file = target_path("seed.gguf"), *bytes;
    struct err err = {0};

    write_model(dir);
    if (file_remove(file, &err) != 0)
        abort();
    convert(dir, file);
    if (file_read(&bytes, len, file, 1 << 20, &err) != 0)
        abort();
    free(dir);
    free(file);
    return (uint8_t *)bytes;
}

const struct target target_gguf = {
    .name = "gguf",
    .summary = "a model in a GGUF file",
    .read = read,
    .seed = seed,
};
