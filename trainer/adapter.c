/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "adapter.h"
#include "block.h"
#include "json.h"
#include "mem.h"
#include "outgoing.h"
#include "safetensors.h"
#include "safetensors_header.h"
#include "storage.h"

#define PREFIX      "base_model.model." /* in front of the model's own names */
#define ABOUT       "nightshift"        /* key in the metadata */
#define CONFIG_MOST ((size_t)1 << 20)
#define RANK_MOST   65536
#define USUAL       8 /* PEFT's rank and alpha where a description has none */

static void peft_name(char out[STORED_NAME], const struct tensor *t)
{
    snprintf(out, STORED_NAME, PREFIX "%s", t->name);
}

static bool never_turned(const struct model *model, const struct tensor *t)
{
    (void)model;
    (void)t;
    return false;
}

static bool never_spare(const char *name)
{
    (void)name;
    return false;
}

static const struct naming naming_peft = {peft_name, never_turned, never_spare};

/* --- writing ---------------------------------------------------------------------------------- */

static json_t *modules(const struct lora *lora)
{
    json_t *out = json_array();

    for (int i = 0; i < LORA_TARGETS; i++)
        if (lora->adapts[i])
            json_array_append_new(out, json_string(lora_places[i].module));
    return out;
}

static int write_config(const char *path, const struct lora *lora, const char *base,
                        struct err *err)
{
    json_t *root = json_pack("{s:s, s:s, s:I, s:f, s:f, s:s, s:b, s:b, s:b, s:o}", "peft_type",
                             "LORA", "task_type", "CAUSAL_LM", "r", (json_int_t)lora->rank,
                             "lora_alpha", lora->scale * (double)lora->rank, "lora_dropout", 0.0,
                             "bias", "none", "fan_in_fan_out", 0, "use_rslora", 0, "inference_mode",
                             1, "target_modules", modules(lora));
    struct str text = {0};
    int rc;

    if (root == NULL)
        return err_environment(err, "%s: cannot describe the adapters", path);
    json_object_set_new(root, "base_model_name_or_path",
                        base != NULL ? json_string(base) : json_null());
    json_write(&text, root);
    str_add(&text, "\n");
    rc = file_write(path, text.at, text.len, err);
    str_clear(&text);
    json_decref(root);
    return rc;
}

int adapter_write(const char *dir, const struct lora *lora, const real *block, const char *base,
                  const struct json_t *about, struct err *err)
{
    const struct outgoing o = {
        .model = &lora->list, .weights = block, .naming = &naming_peft, .dtype = dtypes};
    char *weights = path_join(dir, ADAPTER_WEIGHTS), *config = path_join(dir, ADAPTER_CONFIG);
    struct str text = {0};
    int rc;

    json_write(&text, about);
    rc = safetensors_write_as(weights, &o, ABOUT, str_text(&text), err);
    if (rc == 0)
        rc = write_config(config, lora, base, err);
    str_clear(&text);
    free(config);
    free(weights);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_nothing(const json_t *value)
{
    return value == NULL || json_is_null(value) || json_is_false(value) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/*
 * Adapters that began as a part of the weights ("pissa_niter_16"): what they stand beside is the
 * rest, and no longer the model that the description names.
 */
static int refuse_parted(const json_t *root, const char *path, struct err *err)
{
    static const char *const parted[] = {"pissa", "olora", "corda", "loftq", "lora_ga"};
    const char *start = json_string_value(json_object_get(root, "init_lora_weights"));

    for (size_t i = 0; start != NULL && i < sizeof parted / sizeof *parted; i++)
        if (strncmp(start, parted[i], strlen(parted[i])) == 0)
            return err_usage(err, "%s: init_lora_weights '%s' has changed the model's own weights",
                             path, parted[i]);
    return 0;
}

static int refuse_others(const json_t *root, const char *path, struct err *err)
{
    static const char *const unknown[] = {"use_dora",          "rank_pattern",
                                          "alpha_pattern",     "modules_to_save",
                                          "fan_in_fan_out",    "layers_to_transform",
                                          "layers_pattern",    "layer_replication",
                                          "megatron_config",   "trainable_token_indices",
                                          "target_parameters", "lora_bias",
                                          "exclude_modules",   "alora_invocation_tokens",
                                          "arrow_config",      "use_qalora",
                                          "use_bdlora"};
    const char *type = json_string_value(json_object_get(root, "peft_type"));
    const char *bias = json_string_value(json_object_get(root, "bias"));

    if (type == NULL || strcmp(type, "LORA") != 0)
        return err_usage(err, "%s: peft_type '%s' is not LORA", path, type != NULL ? type : "");
    if (bias != NULL && strcmp(bias, "none") != 0)
        return err_usage(err, "%s: adapted biases are not known", path);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        if (!is_nothing(json_object_get(root, unknown[i])))
            return err_usage(err, "%s: \"%s\" is not known", path, unknown[i]);
    return refuse_parted(root, path, err);
}

static int take_module(bool adapts[LORA_TARGETS], const char *module, const char *path,
                       struct err *err)
{
    for (int i = 0; module != NULL && i < LORA_TARGETS; i++)
        if (strcmp(lora_places[i].module, module) == 0) {
            adapts[i] = true;
            return 0;
        }
    return err_usage(err, "%s: target module '%s' is not known", path,
                     module != NULL ? module : "");
}

static int read_modules(bool adapts[LORA_TARGETS], const json_t *list, const char *path,
                        struct err *err)
{
    const char *word = json_string_value(list);

    memset(adapts, 0, LORA_TARGETS * sizeof *adapts);
    if (word != NULL && strcmp(word, "all-linear") == 0) {
        for (int i = 0; i < LORA_TARGETS; i++)
            adapts[i] = true;
        return 0;
    }
    if (word != NULL)
        return take_module(adapts, word, path, err);
    if (json_array_size(list) == 0)
        return err_usage(err, "%s: no \"target_modules\"", path);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (take_module(adapts, json_string_value(json_array_get(list, i)), path, err) != 0)
            return -1;
    return 0;
}

/* A number that a description need not have. */
static double number_of(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);

    if (value == NULL)
        return USUAL;
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int parse(struct lora *lora, const json_t *root, const char *path, const struct model *model,
                 struct err *err)
{
    double rank = number_of(root, "r"), alpha = number_of(root, "lora_alpha");
    bool adapts[LORA_TARGETS];

    if (refuse_others(root, path, err) != 0)
        return -1;
    if (!(rank >= 1 && rank <= RANK_MOST && rank == floor(rank)))
        return err_usage(err, "%s: \"r\" is no rank", path);
    if (!isfinite(alpha))
        return err_usage(err, "%s: \"lora_alpha\" is no number", path);
    if (json_is_true(
            json_object_get(root, "use_rslora"))) /* Kalajdzievski 2023, arXiv:2312.03732 */
        alpha *= sqrt(rank);
    if (read_modules(adapts, json_object_get(root, "target_modules"), path, err) != 0)
        return -1;
    lora_init(lora, &model->shape, adapts, (size_t)rank, alpha);
    return 0;
}

static int read_config(struct lora *lora, const char *path, const struct model *model,
                       struct err *err)
{
    json_t *root;
    int rc = -1;

    if (!file_is_regular(path))
        return err_usage(err, "%s: no such file", path);
    if (json_read_file(&root, path, CONFIG_MOST, err) == 0)
        rc = parse(lora, root, path, model, err);
    json_decref(root);
    return rc;
}

/* The metadata is the text of a JSON string, which an array around it makes one of its own. */
static void read_base_hash(char out[SHA256_TEXT], const char *quoted)
{
    char *list = mem_printf("[\"%s\"]", quoted != NULL ? quoted : "");
    json_t *outer = NULL, *about = NULL;
    const char *text = NULL, *hash = NULL;
    struct err none = {0};

    if (json_read(&outer, list, strlen(list), ABOUT, &none) == 0)
        text = json_string_value(json_array_get(outer, 0));
    if (text != NULL && json_read(&about, text, strlen(text), ABOUT, &none) == 0)
        hash = json_string_value(json_object_get(about, ADAPTER_BASE_HASH));
    snprintf(out, SHA256_TEXT, "%s", hash != NULL ? hash : "");
    json_decref(about);
    json_decref(outer);
    free(list);
}

static int read_weights(struct adapter *out, const char *path, struct err *err)
{
    struct metadata about = {.key = ABOUT};
    struct storage s = {0};
    struct pool *pool = NULL;
    int rc = -1;

    if (storage_open(&s, path, err) == 0 && safetensors_header(&s, 0, &about, err) == 0 &&
        storage_check(&s, &out->lora.list, &naming_peft, err) == 0 &&
        pool_open(&pool, 1, err) == 0) {
        read_base_hash(out->base_sha256, about.value);
        out->weights = block_new(out->lora.list.n_weights);
        rc = storage_load(out->weights, &s, &out->lora.list, &naming_peft, pool, err);
    }
    free(about.value);
    pool_close(pool);
    storage_clear(&s);
    return rc;
}

int adapter_read(struct adapter *out, const char *dir, const struct model *model, struct err *err)
{
    char *config = path_join(dir, ADAPTER_CONFIG), *weights = path_join(dir, ADAPTER_WEIGHTS);
    int rc = -1;

    *out = (struct adapter){0};
    if (read_config(&out->lora, config, model, err) == 0)
        rc = read_weights(out, weights, err);
    free(weights);
    free(config);
    return rc;
}

void adapter_clear(struct adapter *adapter)
{
    free(adapter->weights);
    lora_clear(&adapter->lora);
    *adapter = (struct adapter){0};
}
