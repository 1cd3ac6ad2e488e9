/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_blzt.c - AutoANE's checkpoint, version 4, which is only read.
 *
 * 96 bytes of header, then binary32 without names: for each layer Wq, Wk, Wv, Wo, W1 (gate), W2
 * (down), W3 (up), both gains, then AdamW's two moments of each in the same order; the last gain
 * and the tied table, each with its moments.  Its rotary embedding turns neighbours, so that rows
 * of queries and keys are interleaved.  Neither the base of that nor the residual scale is told:
 * models trained from scratch there had 1/sqrt(2 layers), fine-tuned ones had none.
 */
#include <stdio.h>
#include <string.h>

#include "format.h"

#define MAGIC       "TZLB" /* 0x424C5A54, little-endian */
#define VERSION     4
#define HEADER      ((uint64_t)96)
#define MOMENTS     2
#define SIZE_MOST   (1 << 24)
#define LAYERS_MOST 4096
#define USUAL_THETA 10000

/* Where the header's integers stand. */
enum {
    AT_VERSION = 4,
    AT_LAYERS = 16,
    AT_VOCAB = 20,
    AT_DIM = 24,
    AT_HIDDEN = 28,
    AT_HEADS = 32,
    AT_SEQ = 36,
    AT_KV_HEADS = 84,
    AT_HEAD_DIM = 88,
    AT_Q_DIM = 92,
};

/* A layer's tensors in the file's order. */
static const char *const layer_names[] = {
    "self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight",
    "self_attn.o_proj.weight", "mlp.gate_proj.weight",    "mlp.down_proj.weight",
    "mlp.up_proj.weight",      "input_layernorm.weight",  "post_attention_layernorm.weight",
};
#define LAYER_TENSORS (sizeof layer_names / sizeof *layer_names)

static void blzt_name(char out[STORED_NAME], const struct tensor *t)
{
    snprintf(out, STORED_NAME, "%s", t->name);
}

static bool blzt_interleaved(const struct model *model, const struct tensor *t)
{
    (void)model;
    return strstr(t->name, ".q_proj.weight") != NULL || strstr(t->name, ".k_proj.weight") != NULL;
}

static bool blzt_spare(const char *name)
{
    (void)name;
    return false;
}

static const struct naming naming_blzt = {blzt_name, blzt_interleaved, blzt_spare};

static bool blzt_is(const char *path, const uint8_t *head, size_t n)
{
    (void)path;
    return head != NULL && n >= 4 && memcmp(head, MAGIC, 4) == 0;
}

static int32_t integer_at(const uint8_t *header, size_t at)
{
    const uint8_t *p = header + at;

    return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                     (uint32_t)p[3] << 24);
}

static int read_size(int *out, const uint8_t *header, size_t at, const char *name, int most,
                     const char *path, struct err *err)
{
    int32_t n = integer_at(header, at);

    if (n < 1 || n > most)
        return err_usage(err, "%s: %s %d is not from 1 to %d", path, name, n, most);
    *out = n;
    return 0;
}

static int read_shape(struct shape *s, const uint8_t *header, const char *path, struct err *err)
{
    int queries = 0;

    if (read_size(&s->layers, header, AT_LAYERS, "layers", LAYERS_MOST, path, err) != 0 ||
        read_size(&s->vocab, header, AT_VOCAB, "vocabulary", SIZE_MOST, path, err) != 0 ||
        read_size(&s->dim, header, AT_DIM, "dim", SIZE_MOST, path, err) != 0 ||
        read_size(&s->hidden, header, AT_HIDDEN, "hidden", SIZE_MOST, path, err) != 0 ||
        read_size(&s->heads, header, AT_HEADS, "heads", SIZE_MOST, path, err) != 0 ||
        read_size(&s->seq, header, AT_SEQ, "sequence", SIZE_MOST, path, err) != 0 ||
        read_size(&s->kv_heads, header, AT_KV_HEADS, "kv_heads", SIZE_MOST, path, err) != 0 ||
        read_size(&s->head_dim, header, AT_HEAD_DIM, "head_dim", SIZE_MOST, path, err) != 0 ||
        read_size(&queries, header, AT_Q_DIM, "q_dim", SIZE_MOST, path, err) != 0)
        return -1;
    if ((int64_t)s->heads * s->head_dim != queries)
        return err_usage(err, "%s: q_dim %d is not %d heads of %d", path, queries, s->heads,
                         s->head_dim);
    s->tied = true;
    s->norm_eps = 1e-5;
    return 0;
}

/* Every size is below 2^24, so that no product of two and no sum here overflows but the last. */
static bool file_size(uint64_t *bytes, const struct shape *s)
{
    uint64_t dim = (uint64_t)s->dim, q = (uint64_t)s->heads * (uint64_t)s->head_dim;
    uint64_t kv = (uint64_t)s->kv_heads * (uint64_t)s->head_dim, layer, all;

    if (kv > SIZE_MOST)
        return false;
    layer = dim * (2 * q + 2 * kv + 3 * (uint64_t)s->hidden) + 2 * dim;
    return !__builtin_mul_overflow(layer, (uint64_t)s->layers, &all) &&
           !__builtin_add_overflow(all, dim + (uint64_t)s->vocab * dim, &all) &&
           !__builtin_mul_overflow(all, (uint64_t)(1 + MOMENTS) * sizeof(float), &all) &&
           !__builtin_add_overflow(all, HEADER, bytes);
}

/* Adds a tensor at *at; returns its bytes, or 0 with err set. */
static uint64_t add_tensor(struct model_file *in, const char *name, uint64_t at, struct err *err)
{
    const struct tensor *t = model_find(&in->model, name);
    struct stored s = {.name = (char *)(uintptr_t)name, .dtype = dtypes, .at = at};

    s.n_dims = tensor_is_matrix(t) ? 2 : 1;
    s.dims[0] = (uint64_t)(tensor_is_matrix(t) ? t->rows : t->cols);
    s.dims[1] = (uint64_t)t->cols;
    return storage_add(&in->storage, &s, err) == 0 ? tensor_size(t) * sizeof(float) : 0;
}

static int add_layer(struct model_file *in, uint64_t *at, int layer, struct err *err)
{
    uint64_t from = *at;
    char name[STORED_NAME];

    for (size_t i = 0; i < LAYER_TENSORS; i++) {
        snprintf(name, sizeof name, "model.layers.%d.%s", layer, layer_names[i]);
        uint64_t bytes = add_tensor(in, name, *at, err);
        if (bytes == 0)
            return -1;
        *at += bytes;
    }
    *at += MOMENTS * (*at - from);
    return 0;
}

static int add_tensors(struct model_file *in, struct err *err)
{
    static const char *const last[] = {"model.norm.weight", "model.embed_tokens.weight"};
    uint64_t at = HEADER;

    for (int layer = 0; layer < in->model.shape.layers; layer++)
        if (add_layer(in, &at, layer, err) != 0)
            return -1;
    for (size_t i = 0; i < 2; i++) {
        uint64_t bytes = add_tensor(in, last[i], at, err);
        if (bytes == 0)
            return -1;
        at += (1 + MOMENTS) * bytes;
    }
    return storage_check_names(&in->storage, err);
}

static int check_size(const struct shape *s, const struct model_file *in, struct err *err)
{
    uint64_t wanted, bytes = in->storage.files[0].bytes;

    if (!file_size(&wanted, s) || wanted != bytes)
        return err_usage(err, "%s has %llu bytes, which is not what its header wants", in->path,
                         (unsigned long long)bytes);
    return 0;
}

static int blzt_open(struct model_file *in, const struct format_hints *hints, struct err *err)
{
    uint8_t header[HEADER];
    struct shape shape = {0};

    in->naming = &naming_blzt;
    if (storage_open(&in->storage, in->path, err) != 0 ||
        storage_read(header, &in->storage, 0, 0, HEADER, err) != 0)
        return -1;
    if (integer_at(header, AT_VERSION) != VERSION)
        return err_usage(err, "%s: version %d of this format is not known", in->path,
                         integer_at(header, AT_VERSION));
    if (read_shape(&shape, header, in->path, err) != 0 || check_size(&shape, in, err) != 0)
        return -1;
    shape.seq = hints->seq > 0 ? hints->seq : shape.seq;
    shape.rope_theta = hints->rope_theta > 0 ? hints->rope_theta : USUAL_THETA;
    shape.deepnet = hints->residual == RESIDUAL_DEEPNET;
    if (hints->residual == RESIDUAL_UNTOLD)
        in->untold = "its format does not tell the residual scale: give --residual deepnet (for "
                     "what was trained from scratch) or --residual none (for what was fine-tuned)";
    if (model_list(&in->model, architecture_find("llama"), &shape, err) != 0)
        return err_wrap(err, "%s", in->path);
    return add_tensors(in, err);
}

const struct format format_blzt = {
    .name = "blzt",
    .summary = "AutoANE's checkpoint, version 4; only read",
    .is = blzt_is,
    .open = blzt_open,
};
