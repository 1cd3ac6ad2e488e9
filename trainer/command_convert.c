/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "args.h"
#include "command.h"
#include "emit.h"
#include "format.h"
#include "log.h"
#include "str.h"

static const char help[] =
    "usage: nightshift-lm convert IN OUT [options]\n"
    "\n"
    "Writes a model in another format.  IN is a folder that `train` left, a Hugging Face folder,\n"
    "a .safetensors file, a GGUF file, or AutoANE's checkpoint.  OUT is a GGUF file where it ends\n"
    "in .gguf, a file where it ends in .safetensors, and else a Hugging Face folder.  The\n"
    "tokenizer goes along where OUT has room for it.  A residual scale is folded into the "
    "weights.\n"
    "\n"
    "  --type T           f32, f16, bf16; in a GGUF q8_0 and q4_0 too (default: as IN has them\n"
    "                     where that loses nothing and OUT keeps it, else f32)\n"
    "  --adapter DIR      merge the adapters of this folder, as `train` or PEFT left it, into the\n"
    "                     weights\n"
    "  --tokenizer DIR    the folder with tokenizer.json (default: the model's own)\n"
    "  --residual SCALE   none or deepnet, for IN of a format that does not tell it\n"
    "  --rope-theta X     for IN of a format that does not tell it (10000)\n";

struct words {
    const char *paths[2], *type, *tokenizer, *adapter, *residual, *theta;
    bool help;
};

static int read_words(struct words *w, int argc, char **argv, struct err *err)
{
    const struct arg table[] = {
        {"type", &w->type, NULL},         {"tokenizer", &w->tokenizer, NULL},
        {"residual", &w->residual, NULL}, {"rope-theta", &w->theta, NULL},
        {"adapter", &w->adapter, NULL},   {"help", NULL, &w->help},
    };
    int n = args_read(w->paths, 2, table, sizeof table / sizeof *table, argc, argv, err);

    if (n < 0)
        return -1;
    if (n < 2 && !w->help)
        return err_usage(err, "convert wants IN and OUT (see `nightshift-lm convert --help`)");
    return 0;
}

/* What is asked for, or what loses nothing. */
static int choose_type(const struct dtype **out, const struct format *to, const char *type,
                       const struct model_file *in, struct err *err)
{
    *out = type != NULL ? dtype_find(type) : model_file_dtype(in);
    if (type == NULL && ((*out)->block > 1 || !to->keeps(*out)))
        *out = dtypes;
    if (*out == NULL || !to->keeps(*out))
        return err_usage(err, "--type '%s' is none that a %s keeps", type, to->name);
    return 0;
}

static int check_paths(const char *in, const char *out, const struct format *to, struct err *err)
{
    struct stat a, b;

    if (stat(out, &b) != 0)
        return 0;
    if (stat(in, &a) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return err_usage(err, "%s and %s are the same", in, out);
    if ((*to->suffix == '\0') != S_ISDIR(b.st_mode))
        return err_usage(err, "%s is there, and is %s folder", out,
                         S_ISDIR(b.st_mode) ? "a" : "no");
    return 0;
}

/* Rows that are not ids mean nothing to anyone else. */
static int check_rows(const struct model_file *in, struct err *err)
{
    if (in->compact.vocab == 0)
        return 0;
    return err_usage(err,
                     "%s: its compact vocabulary has rows for %zu of %zu tokens, which no "
                     "other program can read",
                     in->path, in->compact.used, in->compact.vocab);
}

static void warn_nonfinite(const struct model_file *in, const real *weights)
{
    size_t n = 0;

    for (size_t i = 0; i < in->model.n_weights; i++)
        n += !isfinite(weights[i]);
    if (n > 0)
        log_warn("%s: %zu of %zu weights are no finite numbers", in->path, n, in->model.n_weights);
}

/* A model without a tokenizer is one too; a tokenizer that is asked for must be there. */
static int open_tokenizer(struct tokenizer **out, const struct model_file *in, const char *given,
                          struct err *err)
{
    struct err none = {0};

    *out = NULL;
    if (given != NULL)
        return model_file_tokenizer(out, in, given, err);
    if (model_file_tokenizer(out, in, NULL, &none) != 0)
        log_warn("without a tokenizer: %s", none.text);
    return 0;
}

static int convert(const struct words *w, const struct format *to, const struct model_file *in,
                   struct err *err)
{
    struct format_job job = {.path = w->paths[1], .from = in};
    real *weights = NULL;
    int rc = -1;

    if (check_rows(in, err) != 0 || choose_type(&job.dtype, to, w->type, in, err) != 0 ||
        open_tokenizer(&job.tokenizer, in, w->tokenizer, err) != 0 ||
        model_file_weights(&weights, in, err) != 0)
        goto out;
    warn_nonfinite(in, weights);
    job.weights = weights;
    rc = to->write(&job, err);
    if (rc == 0)
        printf("%s: %s, %s\n", job.path, to->name, job.dtype->name);
out:
    tokenizer_free(job.tokenizer);
    free(weights);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    struct words w = {0};
    struct format_hints hints;
    struct model_file in = {0};
    const struct format *to;
    int rc = -1;

    if (read_words(&w, argc, argv, err) != 0)
        return -1;
    if (w.help)
        return emit_text(help, err);
    to = format_of_suffix(w.paths[1]);
    if (format_hints_read(&hints, w.residual, w.theta, err) == 0 &&
        check_paths(w.paths[0], w.paths[1], to, err) == 0 &&
        model_file_open(&in, w.paths[0], &hints, err) == 0 &&
        (w.adapter == NULL || model_file_adapt(&in, w.adapter, err) == 0))
        rc = convert(&w, to, &in, err);
    model_file_close(&in);
    if (rc == 0 && fflush(stdout) != 0)
        rc = err_sys(err, "standard output");
    return rc;
}

const struct command command_convert = {"convert", "weights from one format to another", run};
