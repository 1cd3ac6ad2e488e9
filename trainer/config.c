/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "file.h"
#include "json.h"
#include "lora.h"
#include "mem.h"
#include "method.h"
#include "optimizer.h"
#include "preset.h"
#include "schedule.h"
#include "str.h"

#define CONFIG_MOST  ((size_t)1 << 20) /* bytes of a config file */
#define MICRO_TOKENS 768               /* of a micro-batch whose size was left to us */

static const char *const model_choices[] = {"llama", "qwen2", "qwen3", NULL};
static const char *const residual_scale_choices[] = {"none", "deepnet", NULL};
static const char *const optimizer_choices[] = {"adamw", "muon", "lion", "sgd", NULL};
static const char *const schedule_choices[] = {"cosine", "linear", "wsd", "constant", NULL};
static const char *const method_choices[] = {"backprop", "mezo",  "fzoo",    "sparse_mezo",
                                             "hizoo",    "p_gap", "ff_lora", NULL};
static const char *const zo_draw_choices[] = {"gaussian", "rademacher", NULL};
static const char *const decay_choices[] = {"matrices", "all", NULL};

/* clang-format off */
#define AT(field) offsetof(struct config, field)
#define INTEGER(field, low, high, otherwise, unit, help) \
    {#field, OPTION_INTEGER, AT(field), low, high, otherwise, NULL, NULL, unit, help}
#define REAL(field, low, high, otherwise, unit, help) \
    {#field, OPTION_REAL, AT(field), low, high, otherwise, NULL, NULL, unit, help}
#define BOOLEAN(field, otherwise, help) \
    {#field, OPTION_BOOLEAN, AT(field), 0, 1, otherwise, NULL, NULL, "", help}
#define CHOICE(field, otherwise, help) \
    {#field, OPTION_CHOICE, AT(field), 0, 0, 0, otherwise, field##_choices, "", help}
#define TEXT(field, otherwise, help) \
    {#field, OPTION_TEXT, AT(field), 0, 0, 0, otherwise, NULL, "", help}

const struct option options[] = {
    TEXT(data, "", "folder that `prepare` wrote, or a .bin file of tokens"),
    TEXT(preset, "", "a ready shape; options beside it win (see `bench --help` for the names)"),
    INTEGER(vocab, 0, 1e6, 0, "tokens", "size of the vocabulary; 0: as meta.json says"),
    BOOLEAN(compact_vocab, 0, "rows for the tokens that the training split uses, and one for all others"),
    INTEGER(val_tokens, 0, 1e12, 65536, "tokens", "validation targets, the same for every config; 0: the whole split"),

    CHOICE(model, "llama", "architecture; qwen2: biases on q, k, v; qwen3: RMSNorm on q and k"),
    INTEGER(dim, 2, 65536, 128, "", "width of the residual stream"),
    INTEGER(layers, 1, 1024, 3, "", "transformer blocks"),
    INTEGER(heads, 1, 1024, 4, "", "query heads; dim is a multiple of it where head_dim is 0"),
    INTEGER(kv_heads, 0, 1024, 0, "", "key and value heads, a divisor of heads; 0: as many as heads"),
    INTEGER(head_dim, 0, 4096, 0, "", "width of a head; 0: dim / heads"),
    INTEGER(hidden, 0, 262144, 0, "", "width of the feed-forward; 0: 8/3 dim rounded up to a multiple of 64"),
    INTEGER(seq, 1, 1048576, 128, "tokens", "length of a training sequence"),
    BOOLEAN(tied, 1, "the classifier uses the embedding table"),
    REAL(rope_theta, 1, 1e12, 10000, "", "base of the rotary embedding's wavelengths"),
    REAL(norm_eps, 1e-12, 1, 1e-5, "", "added to the mean square in RMSNorm"),
    CHOICE(residual_scale, "none", "deepnet: what a half block adds is multiplied by 1/sqrt(2 layers), and its starting matrices are not"),
    REAL(init_std, 0, 10, 0.02, "", "standard deviation of the starting matrices"),

    INTEGER(batch, 1, 1048576, 16, "sequences", "sequences of one optimizer step"),
    INTEGER(micro_batch, 0, 1048576, 0, "sequences", "sequences worked on at once; changes the result by rounding alone; 0: chosen"),
    CHOICE(optimizer, "adamw", "how weights follow the gradient"),
    REAL(lr, 0, 100, 1e-3, "", "peak learning rate"),
    CHOICE(schedule, "cosine", "how the learning rate falls after warm-up"),
    REAL(min_lr_fraction, 0, 1, 0.1, "of lr", "what is left of the learning rate at the end"),
    REAL(warmup, 0, 1, 0.05, "of the budget", "share of the budget over which the learning rate rises"),
    REAL(wsd_decay, 0, 1, 0.2, "of the budget", "wsd: share of the budget, at its end, over which the learning rate falls"),
    REAL(beta1, 0, 0.999999, 0.9, "", "decay of the gradient's running mean; momentum of sgd"),
    REAL(beta2, 0, 0.999999, 0.95, "", "decay of the squared gradient's running mean"),
    REAL(eps, 1e-30, 1, 1e-8, "", "added to the root of the squared gradient's mean"),
    REAL(weight_decay, 0, 100, 0.1, "", "decoupled weight decay, times the learning rate"),
    CHOICE(decay, "matrices", "what weight decay acts on: matrices and embeddings, or all with gains and biases"),
    REAL(muon_lr_ratio, 0, 1e6, 20, "of lr", "muon: learning rate of the hidden matrices, times lr"),
    REAL(muon_momentum, 0, 0.999999, 0.95, "", "muon: decay of the running mean of a hidden matrix's gradient"),
    REAL(clip, 0, 1e12, 1, "", "largest norm of the whole gradient; 0: no limit"),
    REAL(ema, 0, 0.999999, 0, "", "decay of the running mean of the weights, which is evaluated and saved; 0: the weights themselves"),

    INTEGER(lora_rank, 0, 4096, 0, "", "train adapters of this rank beside the model's matrices, which stay as they are; 0: all weights"),
    REAL(lora_alpha, 0, 1e6, 16, "", "lora: what an adapter gives is multiplied by lora_alpha / lora_rank"),
    TEXT(lora_targets, "q,k,v,o,gate,up,down", "lora: which matrices have adapters: some of q, k, v, o, gate, up, down"),

    CHOICE(method, "backprop", "where a step comes from: a backward pass, or losses alone (docs/zeroth-order.md)"),
    REAL(zo_eps, 1e-9, 10, 1e-3, "", "without a backward pass: how far the weights go along a direction"),
    INTEGER(zo_directions, 0, 4096, 0, "", "mezo, fzoo: directions of a step; 0: chosen, 1 and 4"),
    CHOICE(zo_draw, "gaussian", "mezo, sparse_mezo, hizoo, p_gap: what a direction is drawn from; rademacher: -1 or 1"),
    BOOLEAN(zo_merge, 0, "without a backward pass: adapters go into a copy of the weights for each loss, not beside them; changes the result by rounding alone"),
    REAL(zo_sparsity, 0, 0.999, 0.75, "", "sparse_mezo: share of each tensor, its largest weights, that stays as it is"),
    INTEGER(zo_refresh, 1, 1e12, 100, "steps", "sparse_mezo, p_gap: steps from one choice of weights or subspace to the next"),
    REAL(hizoo_alpha, 0, 1, 1e-8, "", "hizoo: share of the newest measurement in the curvature's running mean"),
    INTEGER(p_gap_rank, 1, 4096, 8, "", "p_gap: rank of a matrix's subspace"),
    INTEGER(p_gap_probes, 1, 4096, 10, "", "p_gap: directions that the subspace is found from"),
    REAL(p_gap_delta, 0, 1e6, 2, "", "p_gap: how much of a direction lies along the estimated gradient, at the peak of lr"),
    REAL(ff_corrupt, 0.01, 0.95, 0.3, "", "ff_lora: share of the tokens that are replaced in what is to look wrong"),
    REAL(ff_threshold, 0.01, 100, 0.8, "", "ff_lora: goodness that parts right from wrong, over that of the first step"),

    INTEGER(tokens, 0, 1e15, 0, "tokens", "budget: tokens trained on"),
    INTEGER(steps, 0, 1e12, 0, "steps", "budget: optimizer steps"),
    REAL(flops, 0, 1e30, 0, "FLOP", "budget: floating-point operations, 6 per weight and token and attention"),
    REAL(seconds, 0, 1e9, 0, "s", "budget: time on this machine; becomes a number of steps before the start"),

    INTEGER(log_every, 1, 1e12, 20, "steps", "steps from one record to the next"),
    INTEGER(checkpoint_every, 0, 1e12, 0, "steps", "steps from one state for --resume to the next, and one at SIGTERM; 0: never"),
    BOOLEAN(save, 1, "leave the weights in the output folder"),
};
/* clang-format on */
const size_t n_options = sizeof options / sizeof *options;

static void *field_of(struct config *config, const struct option *o)
{
    return (char *)config + o->at;
}

static const void *value_of(const struct config *config, const struct option *o)
{
    return (const char *)config + o->at;
}

static void set_number(struct config *config, const struct option *o, double x)
{
    if (o->type == OPTION_INTEGER)
        *(int64_t *)field_of(config, o) = (int64_t)x;
    else if (o->type == OPTION_REAL)
        *(double *)field_of(config, o) = x;
    else
        *(bool *)field_of(config, o) = x != 0;
}

static void set_text(struct config *config, const struct option *o, const char *text)
{
    char **field = field_of(config, o);

    free(*field);
    *field = mem_strdup(text);
}

void config_init(struct config *config)
{
    *config = (struct config){0};
    for (size_t i = 0; i < n_options; i++) {
        const struct option *o = &options[i];
        if (o->type == OPTION_CHOICE)
            *(const char **)field_of(config, o) = o->start_text;
        else if (o->type == OPTION_TEXT)
            set_text(config, o, o->start_text);
        else
            set_number(config, o, o->start);
    }
}

void config_clear(struct config *config)
{
    for (size_t i = 0; i < n_options; i++)
        if (options[i].type == OPTION_TEXT)
            free(*(char **)field_of(config, &options[i]));
    *config = (struct config){0};
}

static const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < n_options; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static int refuse_unknown(const char *key, const char *name, struct err *err)
{
    const char *words[sizeof options / sizeof *options], *near;

    for (size_t i = 0; i < n_options; i++)
        words[i] = options[i].name;
    near = word_suggest(key, words, n_options);
    if (near != NULL)
        return err_usage(err, "%s: unknown option '%s' (did you mean '%s'?)", name, key, near);
    return err_usage(err, "%s: unknown option '%s' (see `nightshift-lm options`)", name, key);
}

static int take_number(struct config *config, const struct option *o, const json_t *value,
                       const char *name, struct err *err)
{
    double x = json_number_value(value);
    char low[NUMBER_TEXT], high[NUMBER_TEXT], given[NUMBER_TEXT];

    if (!json_is_number(value))
        return err_usage(err, "%s: %s is not a number", name, o->name);
    number_text(given, x);
    if (o->type == OPTION_INTEGER && x != rint(x))
        return err_usage(err, "%s: %s %s is not a whole number", name, o->name, given);
    if (!(x >= o->min && x <= o->max))
        return err_usage(err, "%s: %s %s is not in [%s, %s]", name, o->name, given,
                         number_text(low, o->min), number_text(high, o->max));
    set_number(config, o, x);
    return 0;
}

static int take_choice(struct config *config, const struct option *o, const json_t *value,
                       const char *name, struct err *err)
{
    const char *text = json_string_value(value);
    struct str known = {0};

    for (size_t i = 0; text != NULL && o->choices[i] != NULL; i++)
        if (strcmp(o->choices[i], text) == 0) {
            *(const char **)field_of(config, o) = o->choices[i];
            return 0;
        }
    for (size_t i = 0; o->choices[i] != NULL; i++)
        str_addf(&known, "%s%s", i > 0 ? ", " : "", o->choices[i]);
    if (text != NULL)
        err_usage(err, "%s: %s '%s' is none of: %s", name, o->name, text, str_text(&known));
    else
        err_usage(err, "%s: %s is not a text, so none of: %s", name, o->name, str_text(&known));
    str_clear(&known);
    return -1;
}

static int take_value(struct config *config, const struct option *o, const json_t *value,
                      const char *name, struct err *err)
{
    switch (o->type) {
    case OPTION_INTEGER:
    case OPTION_REAL:
        return take_number(config, o, value, name, err);
    case OPTION_BOOLEAN:
        if (!json_is_boolean(value))
            return err_usage(err, "%s: %s is neither true nor false", name, o->name);
        set_number(config, o, json_is_true(value));
        return 0;
    case OPTION_CHOICE:
        return take_choice(config, o, value, name, err);
    case OPTION_TEXT:
        if (!json_is_string(value))
            return err_usage(err, "%s: %s is not a text", name, o->name);
        set_text(config, o, json_string_value(value));
        return 0;
    }
    return 0;
}

static int take_preset(struct config *config, const json_t *value, const char *name,
                       struct err *err)
{
    const char *text = json_string_value(value);
    const struct preset *p;

    if (value == NULL || (text != NULL && text[0] == '\0'))
        return 0;
    if (text == NULL)
        return err_usage(err, "%s: preset is not a text", name);
    p = preset_find(text);
    if (p == NULL)
        return err_usage(err, "%s: preset '%s' is not known (see `nightshift-lm bench --help`)",
                         name, text);
    config->model = p->model;
    config->dim = p->dim;
    config->layers = p->layers;
    config->heads = p->heads;
    config->kv_heads = p->kv_heads;
    config->head_dim = p->head_dim;
    config->hidden = p->hidden;
    config->seq = p->seq;
    config->batch = p->batch;
    config->tied = p->tied;
    config->rope_theta = p->rope_theta;
    config->norm_eps = p->norm_eps;
    return 0;
}

int config_take(struct config *config, const json_t *object, const char *name, struct err *err)
{
    if (!json_is_object(object))
        return err_usage(err, "%s is no JSON object", name);
    if (take_preset(config, json_object_get(object, "preset"), name, err) != 0)
        return -1;
    for (void *it = json_object_iter((json_t *)(uintptr_t)object); it != NULL;
         it = json_object_iter_next((json_t *)(uintptr_t)object, it)) {
        const struct option *o = option_find(json_object_iter_key(it));
        if (o == NULL)
            return refuse_unknown(json_object_iter_key(it), name, err);
        if (take_value(config, o, json_object_iter_value(it), name, err) != 0)
            return -1;
    }
    return 0;
}

int config_read(struct config *config, const char *path, struct err *err)
{
    json_t *root;
    int rc = -1;

    if (!file_exists(path))
        return err_usage(err, "%s: no such config", path);
    if (json_read_file(&root, path, CONFIG_MOST, err) == 0)
        rc = config_take(config, root, path, err);
    json_decref(root);
    return rc;
}

json_t *config_echo(const struct config *config)
{
    json_t *out = json_object();

    for (size_t i = 0; i < n_options; i++) {
        const struct option *o = &options[i];
        const void *at = value_of(config, o);
        json_t *value;
        if (o->type == OPTION_INTEGER)
            value = json_integer(*(const int64_t *)at);
        else if (o->type == OPTION_REAL)
            value = json_number_or_null(*(const double *)at);
        else if (o->type == OPTION_BOOLEAN)
            value = json_boolean(*(const bool *)at);
        else
            value = json_string(*(const char *const *)at);
        json_object_set_new(out, o->name, value);
    }
    return out;
}

static const char *type_name(enum option_type type)
{
    static const char *const names[] = {"integer", "real", "boolean", "choice", "text"};

    return names[type];
}

static json_t *describe(const struct option *o)
{
    json_t *out = json_pack("{s:s, s:s, s:s, s:s}", "name", o->name, "type", type_name(o->type),
                            "unit", o->unit, "help", o->help);

    if (o->type == OPTION_INTEGER || o->type == OPTION_REAL) {
        json_object_set_new(out, "min", json_number_or_null(o->min));
        json_object_set_new(out, "max", json_number_or_null(o->max));
        json_object_set_new(out, "default", json_number_or_null(o->start));
    } else if (o->type == OPTION_BOOLEAN) {
        json_object_set_new(out, "default", json_boolean(o->start != 0));
    } else {
        json_object_set_new(out, "default", json_string(o->start_text));
    }
    if (o->type == OPTION_CHOICE) {
        json_t *choices = json_array();
        for (size_t i = 0; o->choices[i] != NULL; i++)
            json_array_append_new(choices, json_string(o->choices[i]));
        json_object_set_new(out, "choices", choices);
    }
    return out;
}

json_t *options_describe(void)
{
    json_t *out = json_array();

    for (size_t i = 0; i < n_options; i++)
        json_array_append_new(out, describe(&options[i]));
    return out;
}

int config_check_budget(const struct config *c, struct err *err)
{
    int n = (c->tokens > 0) + (c->steps > 0) + (c->flops > 0) + (c->seconds > 0);

    if (n == 0)
        return err_usage(err, "no budget: set one of tokens, steps, flops, seconds");
    if (n > 1)
        return err_usage(err, "%d budgets: set only one of tokens, steps, flops, seconds", n);
    return 0;
}

int config_check(const struct config *c, struct err *err)
{
    bool adapts[LORA_TARGETS];

    if (c->micro_batch > c->batch)
        return err_usage(err, "micro_batch %lld is larger than batch %lld",
                         (long long)c->micro_batch, (long long)c->batch);
    if (c->data[0] == '\0')
        return err_usage(err, "no data: set the option data, or --data");
    if (strcmp(c->method, "fzoo") == 0 && c->zo_directions == 1)
        return err_usage(err, "fzoo wants two directions at least: their spread is its step");
    if (method_find(c->method)->adapters && c->lora_rank == 0)
        return err_usage(err, "%s trains adapters alone: set lora_rank", c->method);
    if (c->zo_merge && (c->lora_rank == 0 || method_find(c->method)->gradients > 0))
        return err_usage(err, "zo_merge is for adapters that are trained by losses alone");
    return lora_targets_read(adapts, c->lora_targets, err);
}

struct shape config_shape(const struct config *c, size_t vocab)
{
    int64_t hidden = c->hidden > 0 ? c->hidden : (8 * c->dim / 3 + 63) / 64 * 64;

    return (struct shape){.dim = (int)c->dim,
                          .layers = (int)c->layers,
                          .heads = (int)c->heads,
                          .kv_heads = (int)(c->kv_heads > 0 ? c->kv_heads : c->heads),
                          .head_dim = (int)c->head_dim,
                          .hidden = (int)hidden,
                          .vocab = (int)vocab,
                          .seq = (int)c->seq,
                          .tied = c->tied,
                          .deepnet = strcmp(c->residual_scale, "deepnet") == 0,
                          .rope_theta = c->rope_theta,
                          .norm_eps = c->norm_eps};
}

size_t config_micro_batch(const struct config *c)
{
    size_t batch = (size_t)c->batch, parts;

    if (c->micro_batch > 0)
        return (size_t)c->micro_batch;
    parts = (batch * (size_t)c->seq + MICRO_TOKENS - 1) / MICRO_TOKENS;
    parts = parts < 2 ? 2 : parts + parts % 2;
    parts = parts < batch ? parts : batch;
    return (batch + parts - 1) / parts;
}
