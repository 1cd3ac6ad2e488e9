/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "block.h"
#include "command.h"
#include "data.h"
#include "emit.h"
#include "evaluate.h"
#include "format.h"
#include "gemm.h"
#include "json.h"
#include "mem.h"
#include "text_tokens.h"

#define LN2        0.69314718055994530942
#define ROWS_LEAST 512 /* tokens worked on at once, or one sequence where that is longer */

static const char help[] =
    "usage: nightshift-lm eval MODEL --tokens PATH [options]\n"
    "       nightshift-lm eval MODEL --text FILE [--tokenizer DIR] [options]\n"
    "\n"
    "The loss of a model in nats per token: of a whole .bin file, of the validation split of a\n"
    "folder that `prepare` wrote, or of a text, which is one document.  Bits per byte of text are\n"
    "told too where the bytes are known.\n"
    "\n"
    "MODEL is a folder that `train` left, a Hugging Face folder, a .safetensors file, a GGUF "
    "file,\n"
    "or AutoANE's checkpoint.\n"
    "\n"
    "  --tokenizer DIR  the folder with the text's tokenizer.json (default: the model's own, or "
    "that\n"
    "                   of the data it was trained on)\n"
    "  --adapter DIR    with adapters of this folder, as `train` or PEFT left it\n"
    "  --residual SCALE, --rope-theta X  for a format that does not tell them (see `convert`)\n"
    "  --seq N          length of the sequences read (default: the model's own)\n"
    "  --threads N      default: the processors that this process may use\n"
    "  --json           one object\n";

struct words {
    const char *model, *tokens, *text, *tokenizer, *adapter, *residual, *theta, *seq, *threads;
    bool json, help;
};

struct evaluated {
    double loss, bits_per_byte; /* the second is NAN where the bytes are not known */
    size_t tokens;
};

/* What the loss is taken on: tokens of a file that is mapped, or of a text in memory. */
struct source {
    struct tokens tokens;
    double bytes_per_token; /* NAN where not known, or told by the tokenizer */
    struct data data;
    struct tokenizer *tokenizer; /* NULL where the tokens were there already */
};

static int check_words(const struct words *words, struct err *err)
{
    if (words->model == NULL)
        return err_usage(err, "eval wants a MODEL (see `nightshift-lm eval --help`)");
    if (words->tokens == NULL && words->text == NULL)
        return err_usage(
            err, "eval wants --tokens PATH or --text FILE (see `nightshift-lm eval --help`)");
    if (words->tokens != NULL && words->text != NULL)
        return err_usage(err, "eval takes --tokens or --text, not both");
    if (words->tokenizer != NULL && words->text == NULL)
        return err_usage(err, "--tokenizer is for --text alone");
    return 0;
}

static int read_words(struct words *words, int argc, char **argv, struct err *err)
{
    const struct arg table[] = {
        {"tokens", &words->tokens, NULL},
        {"text", &words->text, NULL},
        {"tokenizer", &words->tokenizer, NULL},
        {"residual", &words->residual, NULL},
        {"adapter", &words->adapter, NULL},
        {"rope-theta", &words->theta, NULL},
        {"seq", &words->seq, NULL},
        {"threads", &words->threads, NULL},
        {"json", NULL, &words->json},
        {"help", NULL, &words->help},
    };

    if (args_read(&words->model, 1, table, sizeof table / sizeof *table, argc, argv, err) < 0)
        return -1;
    return words->help ? 0 : check_words(words, err);
}

static int source_of_tokens(struct source *s, const char *path, size_t vocab, struct err *err)
{
    int rc = file_is_dir(path) ? data_open(&s->data, path, vocab, err)
                               : data_open_file(&s->data, path, vocab, err);

    s->tokens = s->data.split[SPLIT_VAL];
    s->bytes_per_token = s->data.bytes_per_token[SPLIT_VAL];
    return rc;
}

/* Tokens of a text, or of the file or folder. */
static int source_fill(struct source *s, const struct words *words, const struct model_file *in,
                       struct err *err)
{
    if (words->tokens != NULL)
        return source_of_tokens(s, words->tokens, model_file_tokens(in), err);
    if (model_file_tokenizer(&s->tokenizer, in, words->tokenizer, err) != 0)
        return -1;
    return text_tokens(&s->tokens, s->tokenizer, words->text, err);
}

static int source_open(struct source *s, const struct words *words, const struct model_file *in,
                       struct err *err)
{
    if (source_fill(s, words, in, err) != 0)
        return -1;
    if (in->compact.vocab > 0)
        s->tokens.compact = &in->compact;
    return 0;
}

static void source_close(struct source *s)
{
    if (s->tokenizer != NULL)
        free((void *)(uintptr_t)s->tokens.at);
    tokenizer_free(s->tokenizer);
    data_close(&s->data);
}

static double bytes_per_token(const struct source *s, const struct evaluation *e)
{
    if (s->tokenizer == NULL)
        return s->bytes_per_token;
    return (double)text_target_bytes(e, s->tokenizer) / (double)e->n;
}

static void losses_of(real *losses, const struct evaluation *e, const struct model *model,
                      const real *weights, size_t seq, size_t rows, struct pool *pool)
{
    size_t threads = pool_threads(pool);
    struct work *works = mem_new(threads, sizeof *works);

    for (size_t i = 0; i < threads; i++)
        works[i].block = block_new(model->arch->scratch(model, rows, false));
    evaluate(losses, e, model, weights, works, rows, seq, pool, NULL);
    for (size_t i = 0; i < threads; i++)
        free(works[i].block);
    free(works);
}

/* Refuses what is larger than the machine before any of it is taken. */
static int measure(real *losses, const struct evaluation *e, const struct model *model,
                   const real *weights, size_t threads, struct err *err)
{
    size_t seq = (size_t)model->shape.seq, rows = seq < e->window ? seq : e->window;
    struct pool *pool = NULL;

    rows = rows > ROWS_LEAST ? rows : ROWS_LEAST;
    if (block_check_memory(model_scratch(model, rows, false) * (double)threads * sizeof(real),
                           threads, err) != 0 ||
        pool_open(&pool, threads, err) != 0)
        return -1;
    gemm_single_threaded();
    losses_of(losses, e, model, weights, seq, rows, pool);
    pool_close(pool);
    return 0;
}

static int loss_on(struct evaluated *out, const struct source *source, const struct model *model,
                   const real *weights, size_t threads, struct err *err)
{
    struct evaluation e = {0};
    real *losses;
    int rc;

    if (evaluation_init(&e, &source->tokens, 0, err) != 0)
        return -1;
    losses = mem_new(e.n, sizeof *losses);
    rc = measure(losses, &e, model, weights, threads, err);
    if (rc == 0) {
        out->tokens = e.n;
        out->loss = evaluation_mean(&e, losses);
        out->bits_per_byte = out->loss / LN2 / bytes_per_token(source, &e);
    }
    free(losses);
    evaluation_clear(&e);
    return rc;
}

static int tell(const struct evaluated *r, bool json, struct err *err)
{
    if (json) {
        json_t *out = json_object();
        json_object_set_new(out, "loss", json_number_or_null(r->loss));
        json_object_set_new(out, "bits_per_byte", json_number_or_null(r->bits_per_byte));
        json_object_set_new(out, "tokens", json_integer((json_int_t)r->tokens));
        return emit_object(out, err);
    }
    printf("%.6f nats per token", r->loss);
    if (!isnan(r->bits_per_byte))
        printf(", %.6f bits per byte", r->bits_per_byte);
    printf(", %zu tokens\n", r->tokens);
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int evaluate_source(const struct words *words, int seq, size_t threads, struct err *err)
{
    struct source source = {.bytes_per_token = (double)NAN};
    struct model_file in = {0};
    struct format_hints hints;
    struct evaluated result = {0};
    real *weights = NULL;
    int rc = -1;

    if (format_hints_read(&hints, words->residual, words->theta, err) != 0)
        return -1;
    hints.seq = seq;
    if (model_file_open(&in, words->model, &hints, err) != 0 ||
        (words->adapter != NULL && model_file_adapt(&in, words->adapter, err) != 0) ||
        source_open(&source, words, &in, err) != 0 || model_file_weights(&weights, &in, err) != 0)
        goto out;
    model_positions(&in.model);
    if (loss_on(&result, &source, &in.model, weights, threads, err) == 0)
        rc = tell(&result, words->json, err);
out:
    free(weights);
    source_close(&source);
    model_file_close(&in);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    uint64_t seq = 0, threads = pool_processors();
    struct words words = {0};

    if (read_words(&words, argc, argv, err) != 0)
        return -1;
    if (words.help)
        return emit_text(help, err);
    if ((words.seq != NULL && args_count(&seq, "seq", words.seq, 1048576, err) != 0) ||
        (words.threads != NULL &&
         args_count(&threads, "threads", words.threads, POOL_MOST, err) != 0))
        return -1;
    return evaluate_source(&words, (int)seq, (size_t)threads, err);
}

const struct command command_eval = {"eval", "loss of a model on tokens or text", run};
