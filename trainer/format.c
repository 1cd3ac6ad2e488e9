/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "adapter.h"
#include "block.h"
#include "checkpoint.h"
#include "checkpoint_tokenizer.h"
#include "format.h"
#include "gemm.h"
#include "gguf.h"
#include "log.h"
#include "mem.h"
#include "str.h"

#define HEAD 16 /* bytes that tell formats apart */

extern const struct format format_gguf, format_safetensors, format_blzt, format_folder;

const struct format *const formats[] = {
    &format_gguf, &format_safetensors, &format_blzt, &format_folder, NULL,
};

const struct format *format_of_suffix(const char *path)
{
    size_t len = strlen(path), n;

    for (size_t i = 0; formats[i] != NULL; i++) {
        n = formats[i]->suffix != NULL ? strlen(formats[i]->suffix) : 0;
        if (n > 0 && len > n && strcmp(path + len - n, formats[i]->suffix) == 0)
            return formats[i];
    }
    return &format_folder;
}

int format_hints_read(struct format_hints *out, const char *residual, const char *rope_theta,
                      struct err *err)
{
    *out = (struct format_hints){0};
    if (residual != NULL && strcmp(residual, "deepnet") == 0)
        out->residual = RESIDUAL_DEEPNET;
    else if (residual != NULL && strcmp(residual, "none") == 0)
        out->residual = RESIDUAL_NONE;
    else if (residual != NULL)
        return err_usage(err, "--residual '%s' is neither 'none' nor 'deepnet'", residual);
    if (rope_theta != NULL && (!number_read(&out->rope_theta, rope_theta) ||
                               !(out->rope_theta > 0) || out->rope_theta > 1e12))
        return err_usage(err, "--rope-theta '%s' is no number above 0 and up to 1e12", rope_theta);
    return 0;
}

static int read_head(uint8_t head[HEAD], size_t *n, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got;
    struct stat st;

    if (fd < 0)
        return errno == ENOENT ? err_usage(err, "%s: no such model", path)
                               : err_sys(err, "%s", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_usage(err, "%s is neither a folder nor a regular file", path);
    }
    got = read(fd, head, HEAD);
    close(fd);
    if (got < 0)
        return err_sys(err, "%s", path);
    *n = (size_t)got;
    return 0;
}

static int find_format(const struct format **out, const char *path, struct err *err)
{
    uint8_t head[HEAD];
    struct stat st;
    size_t n = 0;
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

    if (!folder && read_head(head, &n, path, err) != 0)
        return -1;
    for (size_t i = 0; formats[i] != NULL; i++)
        if (formats[i]->is(path, folder ? NULL : head, n)) {
            *out = formats[i];
            return 0;
        }
    return err_usage(err, "%s is no model in a known format", path);
}

int model_file_open(struct model_file *out, const char *path, const struct format_hints *hints,
                    struct err *err)
{
    *out = (struct model_file){.path = mem_strdup(path), .naming = &naming_own};
    if (find_format(&out->format, path, err) != 0 || out->format->open(out, hints, err) != 0)
        return -1;
    return storage_check(&out->storage, &out->model, out->naming, err);
}

void model_file_close(struct model_file *in)
{
    if (in->adapter != NULL)
        adapter_clear(in->adapter);
    free(in->adapter);
    if (in->gguf != NULL)
        gguf_clear(in->gguf);
    free(in->gguf);
    storage_clear(&in->storage);
    json_decref(in->about);
    compact_clear(&in->compact);
    model_clear(&in->model);
    free(in->path);
    *in = (struct model_file){0};
}

static int check_told(const struct model_file *in, struct err *err)
{
    return in->untold == NULL ? 0 : err_usage(err, "%s: %s", in->path, in->untold);
}

int model_file_adapt(struct model_file *in, const char *dir, struct err *err)
{
    in->adapter = mem_new(1, sizeof *in->adapter);
    return adapter_read(in->adapter, dir, &in->model, err);
}

/* A base in other numbers is of use still; another base is not, and nobody can tell which it is. */
static void merge_adapter(real *weights, const struct model_file *in)
{
    const struct adapter *a = in->adapter;
    char hash[SHA256_TEXT];

    if (a == NULL)
        return;
    sha256_bytes(hash, weights, in->model.n_weights * sizeof *weights);
    if (a->base_sha256[0] != '\0' && strcmp(a->base_sha256, hash) != 0)
        log_warn("%s: the adapters were trained beside other weights", in->path);
    gemm_single_threaded();
    lora_merge(weights, &in->model, &a->lora, a->weights);
}

int model_file_load(real *weights, const struct model_file *in, struct pool *pool, struct err *err)
{
    if (check_told(in, err) != 0)
        return -1;
    if (storage_load(weights, &in->storage, &in->model, in->naming, pool, err) != 0)
        return -1;
    if (in->format == &format_folder &&
        checkpoint_check_hash(&in->model, weights, in->path, err) != 0)
        return -1;
    merge_adapter(weights, in);
    return 0;
}

int model_file_weights(real **weights, const struct model_file *in, struct err *err)
{
    size_t threads = pool_processors();
    struct pool *pool = NULL;
    int rc;

    *weights = NULL;
    if (check_told(in, err) != 0 ||
        block_check_memory((double)in->model.n_weights * sizeof(real), threads, err) != 0 ||
        pool_open(&pool, threads, err) != 0)
        return -1;
    *weights = block_new(in->model.n_weights);
    rc = model_file_load(*weights, in, pool, err);
    pool_close(pool);
    return rc;
}

static int view_copy(struct weights *out, const struct model_file *in, struct err *err)
{
    real *block;
    int rc = model_file_weights(&block, in, err);

    if (block != NULL)
        weights_of_block(out, &in->model, block);
    out->block = block;
    return rc;
}

/* Weights of our own folders have a hash, of all of them side by side as they were written. */
static int check_view(struct weights *out, const struct model_file *in, struct err *err)
{
    const real *block = weights_side_by_side(out, &in->model);

    if (block != NULL)
        return checkpoint_check_hash(&in->model, block, in->path, err);
    weights_clear(out);
    return view_copy(out, in, err);
}

int model_file_view(struct weights *out, const struct model_file *in, struct err *err)
{
    *out = (struct weights){0};
    if (check_told(in, err) != 0)
        return -1;
    if (in->adapter != NULL)
        return view_copy(out, in, err);
    if (storage_map(out, &in->storage, &in->model, in->naming, err) != 0)
        return -1;
    return checkpoint_tells_hash(in->about) ? check_view(out, in, err) : 0;
}

size_t model_file_tokens(const struct model_file *in)
{
    return in->compact.vocab > 0 ? in->compact.vocab : (size_t)in->model.shape.vocab;
}

int model_file_tokenizer(struct tokenizer **out, const struct model_file *in, const char *given,
                         struct err *err)
{
    *out = NULL;
    if (given != NULL)
        return checkpoint_tokenizer(out, model_file_tokens(in), in->path, given, err);
    if (in->format->tokenizer == NULL)
        return err_usage(err, "%s holds no tokenizer: give --tokenizer DIR", in->path);
    if (in->format->tokenizer(out, in, err) != 0)
        return -1;
    if (tokenizer_vocab(*out) <= model_file_tokens(in))
        return 0;
    err_usage(err, "%s: %u tokens are more than the model's %zu", in->path, tokenizer_vocab(*out),
              model_file_tokens(in));
    tokenizer_free(*out);
    *out = NULL;
    return -1;
}

const struct dtype *model_file_dtype(const struct model_file *in)
{
    const struct dtype *common = NULL;

    for (size_t i = 0; i < in->storage.n; i++) {
        const struct stored *t = &in->storage.tensors[i];
        if (t->n_dims < 2)
            continue;
        if (common != NULL && t->dtype != common)
            return dtypes;
        common = t->dtype;
    }
    return common != NULL ? common : dtypes;
}

static uint64_t numbers_of(const struct model_file *in, const struct dtype *dtype)
{
    uint64_t n = 0;

    for (size_t i = 0; i < in->storage.n; i++)
        if (in->storage.tensors[i].dtype == dtype)
            n += in->storage.tensors[i].bytes / dtype->bytes * dtype->block;
    return n;
}

const struct dtype *model_file_main_dtype(const struct model_file *in)
{
    const struct dtype *most = dtypes;

    for (const struct dtype *d = dtypes; d->name != NULL; d++)
        if (numbers_of(in, d) > numbers_of(in, most))
            most = d;
    return most;
}

bool model_file_vectors_are_f32(const struct model_file *in)
{
    for (size_t i = 0; i < in->storage.n; i++)
        if (in->storage.tensors[i].n_dims == 1 && in->storage.tensors[i].dtype != dtypes)
            return false;
    return true;
}

void model_file_end(struct model_file *in, int64_t id)
{
    if (id < 0 || (uint64_t)id >= model_file_tokens(in) || in->n_ends == MODEL_ENDS)
        return;
    for (size_t i = 0; i < in->n_ends; i++)
        if (in->ends[i] == (uint32_t)id)
            return;
    in->ends[in->n_ends++] = (uint32_t)id;
}
