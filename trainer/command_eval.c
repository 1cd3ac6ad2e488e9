/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "block.h"
#include "checkpoint.h"
#include "command.h"
#include "data.h"
#include "emit.h"
#include "evaluate.h"
#include "gemm.h"
#include "json.h"
#include "mem.h"

#define LN2        0.69314718055994530942
#define ROWS_LEAST 512 /* tokens worked on at once, or one sequence where that is longer */

static const char help[] =
    "usage: nightshift-lm eval MODEL --tokens PATH [--seq N] [--threads N] [--json]\n"
    "\n"
    "The loss of a model on tokens, in nats per token: of a whole .bin file, or of the validation\n"
    "split of a folder that `prepare` wrote, where bits per byte are told too.\n"
    "\n"
    "  --seq N       length of the sequences read (default: the model's own)\n"
    "  --threads N   default: the processors that this process may use\n";

struct words {
    const char *model, *tokens, *seq, *threads;
    bool json, help;
};

struct evaluated {
    double loss, bits_per_byte; /* the second is NAN where the bytes are not known */
    size_t tokens;
};

static int read_words(struct words *words, int argc, char **argv, struct err *err)
{
    const struct arg table[] = {
        {"tokens", &words->tokens, NULL},   {"seq", &words->seq, NULL},
        {"threads", &words->threads, NULL}, {"json", NULL, &words->json},
        {"help", NULL, &words->help},
    };
    int n = args_read(&words->model, 1, table, sizeof table / sizeof *table, argc, argv, err);

    if (n < 0 || words->help)
        return n < 0 ? -1 : 0;
    if (n == 0)
        return err_usage(err, "eval wants a MODEL folder (see `nightshift-lm eval --help`)");
    if (words->tokens == NULL)
        return err_usage(err, "eval wants --tokens PATH (see `nightshift-lm eval --help`)");
    return 0;
}

static int open_tokens(struct data *data, const char *path, const struct model *model,
                       struct err *err)
{
    size_t vocab = (size_t)model->shape.vocab;

    return file_is_dir(path) ? data_open(data, path, vocab, err)
                             : data_open_file(data, path, vocab, err);
}

static void losses_of(real *losses, const struct evaluation *e, const struct model *model,
                      const real *weights, struct pool *pool)
{
    size_t threads = pool_threads(pool), seq = (size_t)model->shape.seq;
    size_t rows = seq > ROWS_LEAST ? seq : ROWS_LEAST;
    struct work *works = mem_new(threads, sizeof *works);

    for (size_t i = 0; i < threads; i++)
        works[i].block = block_new(model->arch->scratch(model, rows, false));
    evaluate(losses, e, model, weights, works, rows, seq, pool, NULL);
    for (size_t i = 0; i < threads; i++)
        free(works[i].block);
    free(works);
}

static int loss_on(struct evaluated *out, const struct model *model, const real *weights,
                   const struct data *data, size_t threads, struct err *err)
{
    struct evaluation e = {0};
    struct pool *pool = NULL;
    real *losses;

    if (evaluation_init(&e, &data->split[SPLIT_VAL], 0, err) != 0)
        return -1;
    if (pool_open(&pool, threads, err) != 0) {
        evaluation_clear(&e);
        return -1;
    }
    gemm_single_threaded();
    losses = mem_new(e.n, sizeof *losses);
    losses_of(losses, &e, model, weights, pool);
    out->tokens = e.n;
    out->loss = evaluation_mean(&e, losses);
    out->bits_per_byte = out->loss / LN2 / data->bytes_per_token[SPLIT_VAL];
    free(losses);
    pool_close(pool);
    evaluation_clear(&e);
    return 0;
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

static int evaluate_words(const struct words *words, struct err *err)
{
    uint64_t seq = 0, threads = pool_processors();
    struct model model = {0};
    struct data data = {0};
    struct evaluated result;
    real *weights = NULL;
    int rc = -1;

    if ((words->seq != NULL && args_integer(&seq, "seq", words->seq, 1048576, err) != 0) ||
        (words->threads != NULL &&
         args_integer(&threads, "threads", words->threads, POOL_MOST, err) != 0))
        return -1;
    if (checkpoint_read_shape(&model, words->model, (int)seq, err) != 0 ||
        open_tokens(&data, words->tokens, &model, err) != 0 ||
        checkpoint_read_weights(&weights, &model, words->model, err) != 0 ||
        loss_on(&result, &model, weights, &data, threads > 0 ? (size_t)threads : 1, err) != 0)
        goto out;
    rc = tell(&result, words->json, err);
out:
    free(weights);
    data_close(&data);
    model_clear(&model);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    struct words words = {0};

    if (read_words(&words, argc, argv, err) != 0)
        return -1;
    if (words.help)
        return fputs(help, stdout) < 0 ? err_sys(err, "standard output") : 0;
    return evaluate_words(&words, err);
}

const struct command command_eval = {"eval", "loss of a model on tokens", run};
