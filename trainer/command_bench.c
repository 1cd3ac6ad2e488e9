/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "bench.h"
#include "block.h"
#include "clock.h"
#include "command.h"
#include "emit.h"
#include "format.h"
#include "gemm.h"
#include "json.h"
#include "mem.h"
#include "preset.h"
#include "speed.h"
#include "str.h"

static const char help[] =
    "usage: nightshift-lm bench [options]\n"
    "       nightshift-lm bench MODEL [--prompt N] [--tokens N] [--threads N] [--json]\n"
    "\n"
    "Trains on random tokens for a few seconds and tells tokens a second, the share of what\n"
    "matrix products alone reach on this machine, what AdamW takes beside the memory traffic\n"
    "that it cannot avoid, the most memory held beside what a formula wants, and where the\n"
    "time goes.  All of it is measured in turn.\n"
    "\n"
    "Of a MODEL (see `info`): tokens a second of a prompt and of generation behind it, and the "
    "share\n"
    "that generation reaches of what reading the weights alone takes, in turn too; the seconds\n"
    "until the file is open and its first token is read.\n"
    "\n"
    "  --preset NAME       a ready shape (default small); the names are below\n"
    "  --compact-vocab N   instead of the preset's vocabulary\n"
    "  --sequences N       sequences of one optimizer step\n"
    "  --threads N         default: the processors that this process may use\n"
    "  --steps N           steps to time (default: for about 5 seconds, 5 at least)\n"
    "  --prompt N          tokens of the prompt (128)\n"
    "  --tokens N          new tokens behind it (32)\n"
    "  --json              one object\n"
    "\n";

struct words {
    const char *model, *preset, *vocab, *sequences, *threads, *steps, *prompt, *tokens;
    bool json, help;
};

struct request {
    const struct preset *preset;
    uint64_t vocab, sequences, threads, steps; /* steps 0: left to us */
};

static int print_help(struct err *err)
{
    fputs(help, stdout);
    for (const struct preset *p = presets; p->name != NULL; p++)
        printf("  %-18s %s (dim %d, %d layers, vocabulary %d, sequence %d)\n", p->name, p->summary,
               p->dim, p->layers, p->vocab, p->seq);
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int read_words(struct words *words, int argc, char **argv, struct err *err)
{
    const struct arg table[] = {
        {"preset", &words->preset, NULL},       {"compact-vocab", &words->vocab, NULL},
        {"sequences", &words->sequences, NULL}, {"threads", &words->threads, NULL},
        {"steps", &words->steps, NULL},         {"prompt", &words->prompt, NULL},
        {"tokens", &words->tokens, NULL},       {"json", NULL, &words->json},
        {"help", NULL, &words->help},
    };
    int n = args_read(&words->model, 1, table, sizeof table / sizeof *table, argc, argv, err);

    if (n < 0)
        return -1;
    if (n > 0 && (words->preset != NULL || words->vocab != NULL || words->sequences != NULL ||
                  words->steps != NULL))
        return err_usage(err,
                         "--preset, --compact-vocab, --sequences and --steps are of training, "
                         "and %s is a model",
                         words->model);
    if (n == 0 && (words->prompt != NULL || words->tokens != NULL))
        return err_usage(err, "--prompt and --tokens are for a MODEL");
    return 0;
}

/* A word that was not given leaves *out as it is. */
static int read_count(uint64_t *out, const char *name, const char *text, uint64_t max,
                      struct err *err)
{
    return text == NULL ? 0 : args_count(out, name, text, max, err);
}

static int read_request(struct request *r, const struct words *words, struct err *err)
{
    const char *name = words->preset != NULL ? words->preset : "small";

    r->preset = preset_find(name);
    if (r->preset == NULL)
        return err_usage(err, "preset '%s' is not known (see `nightshift-lm bench --help`)", name);
    r->vocab = (uint64_t)r->preset->vocab;
    r->sequences = (uint64_t)r->preset->batch;
    r->threads = pool_processors();
    r->steps = 0;
    if (read_count(&r->vocab, "compact-vocab", words->vocab, 1000000, err) != 0 ||
        read_count(&r->sequences, "sequences", words->sequences, 1048576, err) != 0 ||
        read_count(&r->steps, "steps", words->steps, 1000000, err) != 0)
        return -1;
    return read_count(&r->threads, "threads", words->threads, POOL_MOST, err);
}

/* The numbers of a bench, under the names that --json gives them. */
struct figure {
    const char *name;
    size_t at;
};

static const struct figure figures[] = {
    {"step_s", offsetof(struct bench, step_s)},
    {"tokens_per_s", offsetof(struct bench, tokens_per_s)},
    {"gflops", offsetof(struct bench, gflops)},
    {"gemm_gflops", offsetof(struct bench, gemm_gflops)},
    {"share_of_gemm", offsetof(struct bench, share_of_gemm)},
    {"products_s", offsetof(struct bench, products_s)},
    {"share_of_products", offsetof(struct bench, share_of_products)},
    {"adamw_s", offsetof(struct bench, adamw_s)},
    {"traffic_gb_per_s", offsetof(struct bench, traffic_gb_per_s)},
    {"adamw_of_traffic", offsetof(struct bench, adamw_of_traffic)},
    {"start_s", offsetof(struct bench, start_s)},
    {"first_step_s", offsetof(struct bench, first_step_s)},
    {"peak_mib", offsetof(struct bench, peak_mib)},
    {"memory_model_mib", offsetof(struct bench, memory_model_mib)},
    {"peak_of_model", offsetof(struct bench, peak_of_model)},
};

static json_t *describe(const struct bench *b, const char *preset)
{
    json_t *out = json_object(), *seconds = json_object();

    for (int op = 0; op < OPERATORS; op++)
        json_object_set_new(seconds, operator_names[op], json_number_or_null(b->seconds[op]));
    json_object_set_new(out, "preset", json_string(preset));
    json_object_set_new(out, "parameters", json_integer((json_int_t)b->parameters));
    json_object_set_new(out, "threads", json_integer((json_int_t)b->threads));
    json_object_set_new(out, "steps", json_integer((json_int_t)b->steps));
    json_object_set_new(out, "step_tokens", json_integer((json_int_t)b->step_tokens));
    json_object_set_new(out, "gemm_core", json_string(gemm_core()));
    json_object_set_new(out, "seconds_by_operator", seconds);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        double value;
        memcpy(&value, (const char *)b + figures[i].at, sizeof value);
        json_object_set_new(out, figures[i].name, json_number_or_null(value));
    }
    return out;
}

static void print_operators(const struct bench *b)
{
    double all = 0;

    for (int op = 0; op < OPERATORS; op++)
        all += b->seconds[op];
    for (int op = 0; op < OPERATORS; op++)
        printf("  %-14s %6.2f ms  %4.1f %%\n", operator_names[op], 1e3 * b->seconds[op],
               100 * b->seconds[op] / all);
}

static void print_for_people(const struct bench *b, const char *preset)
{
    printf("%s: %.2f M parameters, %zu tokens a step, %zu thread%s, kernels %s\n", preset,
           (double)b->parameters / 1e6, b->step_tokens, b->threads, b->threads > 1 ? "s" : "",
           gemm_core());
    printf("%.0f tokens/s, %.1f GFLOP/s, %.0f %% of the %.1f of large matrix products\n",
           b->tokens_per_s, b->gflops, 100 * b->share_of_gemm, b->gemm_gflops);
    printf("a step takes %.4f s, its matrix products alone %.4f s: %.0f %%\n", b->step_s,
           b->products_s, 100 * b->share_of_products);
    printf("AdamW takes %.2f ms, %.2f times its memory traffic at %.1f GB/s\n", 1e3 * b->adamw_s,
           b->adamw_of_traffic, b->traffic_gb_per_s);
    printf("%.0f MiB at most, %.2f times the %.0f of the formula\n", b->peak_mib, b->peak_of_model,
           b->memory_model_mib);
    printf("%.2f s before the first step, which takes %.2f s\n", b->start_s, b->first_step_s);
    print_operators(b);
}

static int measure(const struct request *r, bool json, struct err *err)
{
    struct config config;
    json_t *preset = json_pack("{s:s}", "preset", r->preset->name);
    struct bench b;
    int rc;

    config_init(&config);
    rc = config_take(&config, preset, "bench", err);
    config.batch = (int64_t)r->sequences;
    if (rc == 0)
        rc = bench_run(&b, &config, (size_t)r->vocab, (size_t)r->threads, (size_t)r->steps, err);
    if (rc == 0 && json)
        rc = emit_object(describe(&b, r->preset->name), err);
    else if (rc == 0)
        print_for_people(&b, r->preset->name);
    json_decref(preset);
    config_clear(&config);
    return rc;
}

/* What a model was found to do, and what loading it took. */
struct model_bench {
    struct speed speed;
    double load_s;
    size_t threads;
};

static json_t *describe_model(const struct model_bench *b, const struct model *model)
{
    json_t *out = json_object();

    json_object_set_new(out, "parameters", json_integer((json_int_t)model->n_weights));
    json_object_set_new(out, "threads", json_integer((json_int_t)b->threads));
    json_object_set_new(out, "rounds", json_integer((json_int_t)b->speed.rounds));
    json_object_set_new(out, "prompt_tokens", json_integer((json_int_t)b->speed.prompt));
    json_object_set_new(out, "prompt_tokens_per_s",
                        json_number_or_null(b->speed.prompt_tokens_per_s));
    json_object_set_new(out, "generate_tokens_per_s",
                        json_number_or_null(b->speed.generate_tokens_per_s));
    json_object_set_new(out, "read_gb_per_s", json_number_or_null(b->speed.read_gb_per_s));
    json_object_set_new(out, "share_of_bandwidth", json_number_or_null(b->speed.share_of_reading));
    json_object_set_new(out, "load_s", json_number_or_null(b->load_s));
    json_object_set_new(out, "first_token_s", json_number_or_null(b->load_s + b->speed.first_s));
    json_object_set_new(out, "peak_mib", json_number_or_null(block_peak_mib()));
    return out;
}

static void print_model(const struct model_bench *b, const struct model *model)
{
    const struct speed *s = &b->speed;

    printf("%.2f M parameters, %zu thread%s, loaded in %.2f s, the first token behind %.2f s\n",
           (double)model->n_weights / 1e6, b->threads, b->threads > 1 ? "s" : "", b->load_s,
           b->load_s + s->first_s);
    printf("prompt      %.1f tokens/s (%zu tokens)\n", s->prompt_tokens_per_s, s->prompt);
    printf("generation  %.1f tokens/s, %.0f %% of reading the weights at %.1f GB/s\n",
           s->generate_tokens_per_s, 100 * s->share_of_reading, s->read_gb_per_s);
}

/* Prompt and tokens, as asked for or as the model has room for. */
static int read_lengths(uint64_t *prompt, uint64_t *tokens, const struct words *words, int seq,
                        struct err *err)
{
    *tokens = seq > 64 ? 32 : 1;
    *prompt = seq > 160 ? 128 : seq > 64 ? 32 : 1;
    if (read_count(prompt, "prompt", words->prompt, 1048576, err) != 0 ||
        read_count(tokens, "tokens", words->tokens, 1048576, err) != 0)
        return -1;
    return 0;
}

static int measure_model(const struct words *words, struct err *err)
{
    const struct format_hints hints = {.residual = RESIDUAL_NONE};
    struct model_bench b = {.load_s = clock_s()};
    struct model_file in = {0};
    uint64_t prompt, tokens, threads = pool_processors();
    struct weights weights = {0};
    int rc = -1;

    if (read_count(&threads, "threads", words->threads, POOL_MOST, err) != 0 ||
        model_file_open(&in, words->model, &hints, err) != 0 ||
        read_lengths(&prompt, &tokens, words, in.model.shape.seq, err) != 0 ||
        model_file_view(&weights, &in, err) != 0)
        goto out;
    model_positions(&in.model);
    b.load_s = clock_s() - b.load_s;
    b.threads = (size_t)threads;
    rc = speed_run(&b.speed, &in.model, &weights, (size_t)prompt, (size_t)tokens, b.threads, err);
    if (rc == 0 && words->json)
        rc = emit_object(describe_model(&b, &in.model), err);
    else if (rc == 0)
        print_model(&b, &in.model);
out:
    weights_clear(&weights);
    model_file_close(&in);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    struct words words = {0};
    struct request request;

    if (read_words(&words, argc, argv, err) < 0)
        return -1;
    if (words.help)
        return print_help(err);
    if (words.model != NULL) {
        if (measure_model(&words, err) != 0)
            return -1;
        return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
    }
    if (read_request(&request, &words, err) != 0 || measure(&request, words.json, err) != 0)
        return -1;
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

const struct command command_bench = {
    "bench", "speed of training by operator, or of a model's reading and writing", run};
