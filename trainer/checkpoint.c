/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "checkpoint.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "safetensors.h"
#include "safetensors_header.h"

#define JSON_MOST    ((size_t)32 << 20) /* a compact vocabulary in the worst case */
#define INDEX_MOST   ((size_t)8 << 20)
#define SHARDS_MOST  512
#define SIZE_MOST    (1 << 24)        /* no number in a shape is larger */
#define WEIGHTS_HASH "weights_sha256" /* in "nightshift" of model.json */
#define DEEPNET      "deepnet-"       /* in front of a model_type: with residual_scale() */

/*
 * Hugging Face has no class for the residual scale: a name that its libraries do not know is better
 * than one that they would take for another model's.
 */
static char *type_of(const struct model *model)
{
    return mem_printf("%s%s", model->shape.deepnet ? DEEPNET : "", model->arch->name);
}

static const struct architecture *architecture_of(const char *type, bool *deepnet)
{
    *deepnet = type != NULL && strncmp(type, DEEPNET, strlen(DEEPNET)) == 0;
    return type == NULL ? NULL : architecture_find(type + (*deepnet ? strlen(DEEPNET) : 0));
}

/* What was said of the weights, and their SHA-256. */
static json_t *provenance(const struct model *model, const real *weights, const json_t *about)
{
    json_t *out = about != NULL ? json_copy((json_t *)(uintptr_t)about) : json_object();
    char hash[SHA256_TEXT];

    sha256_bytes(hash, weights, model->n_weights * sizeof *weights);
    json_object_set_new(out, WEIGHTS_HASH, json_string(hash));
    return out;
}

json_t *checkpoint_describe(const struct model *model)
{
    const struct shape *s = &model->shape;
    char *type = type_of(model);
    json_t *out = json_pack(
        "{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:f, s:f, s:s, s:s}", "model_type",
        type, "hidden_size", s->dim, "num_hidden_layers", s->layers, "num_attention_heads",
        s->heads, "num_key_value_heads", s->kv_heads, "head_dim", s->head_dim, "intermediate_size",
        s->hidden, "vocab_size", s->vocab, "max_position_embeddings", s->seq, "tie_word_embeddings",
        s->tied, "rope_theta", s->rope_theta, "rms_norm_eps", s->norm_eps, "hidden_act", "silu",
        "torch_dtype", "float32");

    if (!s->deepnet)
        json_object_set_new(out, "architectures", json_pack("[s]", model->arch->class_name));
    if (!model->arch->qkv_bias) /* which Hugging Face's Qwen2 always has, and no option for */
        json_object_set_new(out, "attention_bias", json_false());
    json_object_set_new(out, "mlp_bias", json_false());
    free(type);
    return out;
}

static int write_description(const char *path, const struct model *model, const real *weights,
                             const json_t *about, struct err *err)
{
    json_t *description = checkpoint_describe(model);
    struct str text = {0};
    int rc;

    if (description == NULL)
        return err_environment(err, "%s: cannot describe the model", path);
    json_object_set_new(description, "nightshift", provenance(model, weights, about));
    json_write(&text, description);
    str_add(&text, "\n");
    rc = file_write(path, text.at, text.len, err);
    str_clear(&text);
    json_decref(description);
    return rc;
}

int checkpoint_write(const char *dir, const struct model *model, const real *weights,
                     const struct json_t *about, struct err *err)
{
    char *safetensors = path_join(dir, "model.safetensors");
    char *json = path_join(dir, "model.json"), *json_new = path_join(dir, "model.json.new");
    int rc = -1;

    if (write_description(json_new, model, weights, about, err) != 0 ||
        safetensors_write(safetensors, model, weights, err) != 0)
        (void)unlink(json_new);
    else if (rename(json_new, json) != 0)
        err_sys(err, "cannot rename '%s' to '%s'", json_new, json);
    else
        rc = file_sync_dir(dir, err);
    free(json_new);
    free(json);
    free(safetensors);
    return rc;
}

static int read_size(int *out, const json_t *root, const char *key, int otherwise, const char *path,
                     struct err *err)
{
    const json_t *value = json_object_get(root, key);
    json_int_t n = json_integer_value(value);

    *out = otherwise;
    if ((value == NULL || json_is_null(value)) && otherwise > 0)
        return 0;
    if (!json_is_integer(value) || n < 1 || n > SIZE_MOST)
        return err_usage(err, "%s: \"%s\" is missing or no size", path, key);
    *out = (int)n;
    return 0;
}

static int read_positive(double *out, const json_t *root, const char *key, double otherwise,
                         const char *path, struct err *err)
{
    const json_t *value = json_object_get(root, key);

    *out = json_is_number(value) ? json_number_value(value) : otherwise;
    if ((value != NULL && !json_is_number(value)) || !(*out > 0))
        return err_usage(err, "%s: \"%s\" is not a positive number", path, key);
    return 0;
}

/* Newer libraries put rope_theta into "rope_parameters". */
static const json_t *rope_of(const json_t *root)
{
    const json_t *parameters = json_object_get(root, "rope_parameters");

    return json_is_object(parameters) ? parameters : root;
}

static int refuse_other_models(const json_t *root, const char *path, struct err *err)
{
    const char *type = json_string_value(json_object_get(root, "model_type"));
    const char *rope = json_string_value(json_object_get(rope_of(root), "rope_type"));
    bool deepnet;

    if (architecture_of(type, &deepnet) == NULL)
        return err_usage(err, "%s: model_type '%s' is not known", path, type != NULL ? type : "");
    if (json_is_true(json_object_get(root, "attention_bias")) ||
        json_is_true(json_object_get(root, "mlp_bias")))
        return err_usage(err, "%s: biases are not known", path);
    if ((rope != NULL && strcmp(rope, "default") != 0) ||
        json_is_object(json_object_get(root, "rope_scaling")))
        return err_usage(err, "%s: scaled rotary embedding is not known", path);
    if (json_is_true(json_object_get(root, "use_sliding_window")))
        return err_usage(err, "%s: sliding-window attention is not known", path);
    return 0;
}

/* Where the file has none: Hugging Face's default, which may be 0 for dim / heads. */
static int read_head_dim(int *out, const json_t *root, const struct architecture *arch,
                         const char *path, struct err *err)
{
    const json_t *value = json_object_get(root, "head_dim");

    *out = arch->head_dim;
    if (value == NULL || json_is_null(value))
        return 0;
    return read_size(out, root, "head_dim", 0, path, err);
}

static int shape_parse(struct shape *shape, const struct architecture *arch, const json_t *root,
                       const char *path, struct err *err)
{
    if (read_size(&shape->dim, root, "hidden_size", 0, path, err) != 0 ||
        read_size(&shape->layers, root, "num_hidden_layers", 0, path, err) != 0 ||
        read_size(&shape->heads, root, "num_attention_heads", 0, path, err) != 0 ||
        read_size(&shape->kv_heads, root, "num_key_value_heads", shape->heads, path, err) != 0 ||
        read_head_dim(&shape->head_dim, root, arch, path, err) != 0 ||
        read_size(&shape->hidden, root, "intermediate_size", 0, path, err) != 0 ||
        read_size(&shape->vocab, root, "vocab_size", 0, path, err) != 0 ||
        read_size(&shape->seq, root, "max_position_embeddings", 2048, path, err) != 0 ||
        read_positive(&shape->norm_eps, root, "rms_norm_eps", 1e-6, path, err) != 0 ||
        read_positive(&shape->rope_theta, rope_of(root), "rope_theta", 10000, path, err) != 0)
        return -1;
    shape->tied = json_is_true(json_object_get(root, "tie_word_embeddings"));
    return 0;
}

static char *description_path(const char *dir)
{
    char *own = path_join(dir, "model.json");

    if (file_exists(own))
        return own;
    free(own);
    return path_join(dir, "config.json");
}

int checkpoint_parse(struct model *model, const json_t *root, const char *path, int seq,
                     struct err *err)
{
    const struct architecture *arch;
    struct shape shape = {0};

    if (refuse_other_models(root, path, err) != 0)
        return -1;
    arch = architecture_of(json_string_value(json_object_get(root, "model_type")), &shape.deepnet);
    if (shape_parse(&shape, arch, root, path, err) != 0)
        return -1;
    shape.seq = seq > 0 ? seq : shape.seq;
    return model_list(model, arch, &shape, err) == 0 ? 0 : err_wrap(err, "%s", path);
}

int checkpoint_list(struct model *model, const char *dir, int seq, struct err *err)
{
    char *path = description_path(dir);
    json_t *root = NULL;
    int rc = -1;

    *model = (struct model){0};
    if (!file_is_regular(path))
        err_usage(err, "%s holds no model (no model.json, no config.json)", dir);
    else if (json_read_file(&root, path, JSON_MOST, err) == 0)
        rc = checkpoint_parse(model, root, path, seq, err);
    json_decref(root);
    free(path);
    return rc;
}

int checkpoint_read_shape(struct model *model, const char *dir, int seq, struct err *err)
{
    if (checkpoint_list(model, dir, seq, err) != 0)
        return -1;
    model_positions(model);
    return 0;
}

struct json_t *checkpoint_read_about(const char *dir)
{
    char *path = description_path(dir);
    json_t *root, *about = NULL;
    struct err ignored = {0};

    if (json_read_file(&root, path, JSON_MOST, &ignored) == 0)
        about = json_incref(json_object_get(root, "nightshift"));
    json_decref(root);
    free(path);
    return about;
}

int checkpoint_read_compact(struct compact *out, const struct model *model, const char *dir,
                            struct err *err)
{
    json_t *about = checkpoint_read_about(dir);
    const json_t *value = json_object_get(about, "vocabulary");
    char *path = description_path(dir);
    int rc = 0;

    *out = (struct compact){0};
    if (value != NULL)
        rc = compact_read(out, value, (size_t)model->shape.vocab, path, err);
    free(path);
    json_decref(about);
    return rc;
}

bool checkpoint_tells_hash(const struct json_t *about)
{
    return json_is_string(json_object_get(about, WEIGHTS_HASH));
}

/* Weights that model.json tells the SHA-256 of are those, or are refused. */
int checkpoint_check_hash(const struct model *model, const real *weights, const char *dir,
                          struct err *err)
{
    json_t *about = checkpoint_read_about(dir);
    const char *told = json_string_value(json_object_get(about, WEIGHTS_HASH));
    char hash[SHA256_TEXT];
    int rc = 0;

    if (told != NULL) {
        sha256_bytes(hash, weights, model->n_weights * sizeof *weights);
        if (strcmp(hash, told) != 0)
            rc = err_usage(err,
                           "%s/model.safetensors is damaged, or not what model.json beside it "
                           "tells of",
                           dir);
    }
    json_decref(about);
    return rc;
}

/* A shard's name from the index: a plain file beside it. */
static bool is_shard(const char *name)
{
    return name != NULL && *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

static int find_shard(size_t *file, struct storage *s, const char *path)
{
    for (*file = 0; *file < s->n_files; ++*file)
        if (strcmp(s->files[*file].path, path) == 0)
            return 0;
    return -1;
}

/* Opens the shard of one tensor, unless it is open. */
static int open_shard(struct storage *s, const char *dir, const char *name, struct err *err)
{
    char *path = path_join(dir, name);
    size_t file;
    int rc = 0;

    if (find_shard(&file, s, path) != 0) {
        rc = s->n_files < SHARDS_MOST ? 0
                                      : err_usage(err, "%s: more than %d files", dir, SHARDS_MOST);
        if (rc == 0)
            rc = storage_open(s, path, err);
        if (rc == 0)
            rc = safetensors_header(s, s->n_files - 1, NULL, err);
    }
    free(path);
    return rc;
}

/* Every tensor of the index stands in the shard that it names. */
static int check_shards(struct storage *s, const json_t *map, const char *dir, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)map, name, value) {
        char *path = path_join(dir, json_string_value(value));
        const struct stored *t = storage_find(s, name);
        assert(s->files != NULL); /* each shard was opened */
        bool there = t != NULL && strcmp(s->files[t->file].path, path) == 0;
        free(path);
        if (!there)
            return err_usage(err, "%s: tensor '%s' is not in '%s'", dir, name,
                             json_string_value(value));
    }
    return 0;
}

static int open_shards(struct storage *s, const char *dir, const char *index, struct err *err)
{
    json_t *root, *map, *value;
    const char *name;
    int rc = -1;

    if (json_read_file(&root, index, INDEX_MOST, err) != 0)
        goto out;
    map = json_object_get(root, "weight_map");
    if (json_object_size(map) == 0) {
        err_usage(err, "%s: no \"weight_map\"", index);
        goto out;
    }
    json_object_foreach (map, name, value)
        if (!is_shard(json_string_value(value))) {
            err_usage(err, "%s: tensor '%s' is in no file of this folder", index, name);
            goto out;
        } else if (open_shard(s, dir, json_string_value(value), err) != 0) {
            goto out;
        }
    rc = check_shards(s, map, dir, err);
out:
    json_decref(root);
    return rc;
}

int checkpoint_open_weights(struct storage *s, const char *dir, struct err *err)
{
    char *whole = path_join(dir, "model.safetensors");
    char *index = path_join(dir, "model.safetensors.index.json");
    int rc;

    if (!file_exists(whole) && file_exists(index)) {
        rc = open_shards(s, dir, index, err);
    } else {
        rc = storage_open(s, whole, err);
        if (rc == 0)
            rc = safetensors_header(s, 0, NULL, err);
    }
    free(index);
    free(whole);
    return rc;
}

int checkpoint_read_weights(real **weights, const struct model *model, const char *dir,
                            struct err *err)
{
    struct storage s = {0};
    struct pool *pool = NULL;
    int rc = -1;

    *weights = NULL;
    if (checkpoint_open_weights(&s, dir, err) == 0 &&
        storage_check(&s, model, &naming_own, err) == 0 &&
        block_check_memory((double)model->n_weights * sizeof(real), 1, err) == 0 &&
        pool_open(&pool, 1, err) == 0) {
        *weights = block_new(model->n_weights);
        rc = storage_load(*weights, &s, model, &naming_own, pool, err);
    }
    if (rc == 0)
        rc = checkpoint_check_hash(model, *weights, dir, err);
    pool_close(pool);
    storage_clear(&s);
    return rc;
}
