/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_gguf.c - one GGUF file, as llama.cpp reads and writes them: hyperparameters and tokenizer
 * in the metadata, tensors under names of its own.
 *
 * The rotary embedding of architecture "llama" turns neighbours (2i, 2i + 1) there, so that the
 * rows of its queries and keys stand in that order; of "qwen2" and "qwen3" it turns i with
 * i + width/2, as we do.  A residual scale is unknown there and is folded into the matrices.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "format_json.h"
#include "gguf.h"
#include "gguf_out.h"
#include "gguf_tokenizer.h"
#include "log.h"
#include "mem.h"

#define SIZE_MOST (1 << 24)
#define KEY       128

/* Ours, which stand behind "model.layers.<n>." where `layer` is set; theirs behind "blk.<n>.". */
static const struct {
    bool layer;
    const char *ours, *theirs;
} names[] = {
    {false, "model.embed_tokens.weight", "token_embd.weight"},
    {false, "model.norm.weight", "output_norm.weight"},
    {false, "lm_head.weight", "output.weight"},
    {true, "input_layernorm.weight", "attn_norm.weight"},
    {true, "self_attn.q_proj.weight", "attn_q.weight"},
    {true, "self_attn.k_proj.weight", "attn_k.weight"},
    {true, "self_attn.v_proj.weight", "attn_v.weight"},
    {true, "self_attn.q_proj.bias", "attn_q.bias"},
    {true, "self_attn.k_proj.bias", "attn_k.bias"},
    {true, "self_attn.v_proj.bias", "attn_v.bias"},
    {true, "self_attn.q_norm.weight", "attn_q_norm.weight"},
    {true, "self_attn.k_norm.weight", "attn_k_norm.weight"},
    {true, "self_attn.o_proj.weight", "attn_output.weight"},
    {true, "post_attention_layernorm.weight", "ffn_norm.weight"},
    {true, "mlp.gate_proj.weight", "ffn_gate.weight"},
    {true, "mlp.up_proj.weight", "ffn_up.weight"},
    {true, "mlp.down_proj.weight", "ffn_down.weight"},
};

/* What stands behind a layer's number in one of our names; NULL in one that is of no layer. */
static const char *behind_layer(int *layer, const char *name)
{
    int used = 0;

    return sscanf(name, "model.layers.%d.%n", layer, &used) == 1 && used > 0 ? name + used : NULL;
}

static void gguf_name(char out[STORED_NAME], const struct tensor *t)
{
    int layer = 0;
    const char *rest = behind_layer(&layer, t->name), *ours = rest != NULL ? rest : t->name;

    assert(ours != NULL);
    snprintf(out, STORED_NAME, "%s", t->name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].layer != (rest != NULL) || strcmp(names[i].ours, ours) != 0)
            continue;
        if (rest != NULL)
            snprintf(out, STORED_NAME, "blk.%d.%s", layer, names[i].theirs);
        else
            snprintf(out, STORED_NAME, "%s", names[i].theirs);
    }
}

static bool gguf_interleaved(const struct model *model, const struct tensor *t)
{
    return strcmp(model->arch->name, "llama") == 0 &&
           (strstr(t->name, ".q_proj.weight") != NULL || strstr(t->name, ".k_proj.weight") != NULL);
}

static bool gguf_spare(const char *name)
{
    (void)name;
    return false;
}

static const struct naming naming_gguf = {gguf_name, gguf_interleaved, gguf_spare};

static bool gguf_is(const char *path, const uint8_t *head, size_t n)
{
    (void)path;
    return head != NULL && n >= 4 && memcmp(head, "GGUF", 4) == 0;
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* The shape's values stand behind the architecture's name. */
struct shape_reader {
    const struct gguf *g;
    const char *path, *arch;
};

static const char *key_of(char key[KEY], const struct shape_reader *r, const char *name)
{
    snprintf(key, KEY, "%s.%s", r->arch, name);
    return key;
}

static int read_size(int *out, const struct shape_reader *r, const char *name, int otherwise,
                     struct err *err)
{
    char key[KEY];
    uint64_t n = (uint64_t)otherwise;

    if (gguf_whole(&n, r->g, key_of(key, r, name), err) != 0)
        return -1;
    if (n < 1 || n > SIZE_MOST)
        return err_usage(err, "%s: value '%s' is missing or no size", r->path, key);
    *out = (int)n;
    return 0;
}

static int read_positive(double *out, const struct shape_reader *r, const char *name,
                         double otherwise, struct err *err)
{
    char key[KEY];

    *out = otherwise;
    if (gguf_number(out, r->g, key_of(key, r, name), err) != 0)
        return -1;
    return *out > 0 ? 0 : err_usage(err, "%s: value '%s' is missing or not positive", r->path, key);
}

/* Numbers that must be absent, or what they are without effect. */
static int refuse_extras(const struct shape_reader *r, struct err *err)
{
    static const char *const none[] = {"expert_count", "attention.sliding_window"};
    char key[KEY], *scaling = NULL;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof none / sizeof *none; i++) {
        uint64_t n = 0;
        rc = gguf_whole(&n, r->g, key_of(key, r, none[i]), err);
        if (rc == 0 && n != 0)
            rc = err_usage(err, "%s: '%s' of %llu is not known here", r->path, key,
                           (unsigned long long)n);
    }
    if (rc == 0)
        rc = gguf_text(&scaling, r->g, key_of(key, r, "rope.scaling.type"), err);
    if (rc == 0 && scaling != NULL && strcmp(scaling, "none") != 0)
        rc = err_usage(err, "%s: scaled rotary embedding is not known", r->path);
    free(scaling);
    return rc;
}

/* Keys and values are of one width, and all of it is turned. */
static int read_width(struct shape *s, const struct shape_reader *r, struct err *err)
{
    int dim = s->heads > 0 ? s->dim / s->heads : 0, value = 0, turned = 0;

    if (read_size(&s->head_dim, r, "attention.key_length", dim > 0 ? dim : 1, err) != 0 ||
        read_size(&value, r, "attention.value_length", s->head_dim, err) != 0 ||
        read_size(&turned, r, "rope.dimension_count", s->head_dim, err) != 0)
        return -1;
    if (value != s->head_dim || turned != s->head_dim)
        return err_usage(err, "%s: keys of width %d, values of %d, and %d that turn", r->path,
                         s->head_dim, value, turned);
    return 0;
}

static int read_shape(struct shape *s, const struct shape_reader *r, const struct storage *storage,
                      struct err *err)
{
    const struct stored *table = storage_find(storage, "token_embd.weight");

    if (table == NULL || table->n_dims != 2 || table->dims[0] > SIZE_MOST)
        return err_usage(err, "%s: no table of tokens 'token_embd.weight'", r->path);
    s->vocab = (int)table->dims[0];
    s->tied = storage_find(storage, "output.weight") == NULL;
    if (read_size(&s->dim, r, "embedding_length", 0, err) != 0 ||
        read_size(&s->layers, r, "block_count", 0, err) != 0 ||
        read_size(&s->heads, r, "attention.head_count", 0, err) != 0 ||
        read_size(&s->kv_heads, r, "attention.head_count_kv", s->heads, err) != 0 ||
        read_width(s, r, err) != 0 ||
        read_size(&s->hidden, r, "feed_forward_length", 0, err) != 0 ||
        read_size(&s->seq, r, "context_length", 0, err) != 0 ||
        read_positive(&s->norm_eps, r, "attention.layer_norm_rms_epsilon", 0, err) != 0 ||
        read_positive(&s->rope_theta, r, "rope.freq_base", 10000, err) != 0)
        return -1;
    return 0;
}

static int read_model(struct model_file *in, int seq, struct err *err)
{
    const struct architecture *arch;
    struct shape_reader r = {.g = in->gguf, .path = in->path};
    struct shape shape = {0};
    char *name = NULL;
    int rc = -1;

    if (gguf_text(&name, in->gguf, "general.architecture", err) != 0)
        return -1;
    arch = name != NULL ? architecture_find(name) : NULL;
    if (arch == NULL) {
        err_usage(err, "%s: architecture '%.40s' is not known", in->path, name != NULL ? name : "");
        goto out;
    }
    r.arch = arch->name;
    if (refuse_extras(&r, err) != 0 || read_shape(&shape, &r, &in->storage, err) != 0)
        goto out;
    shape.seq = seq > 0 ? seq : shape.seq;
    rc = model_list(&in->model, arch, &shape, err) == 0 ? 0 : err_wrap(err, "%s", in->path);
out:
    free(name);
    return rc;
}

static int read_ends(struct model_file *in, struct err *err)
{
    static const char *const keys[] = {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                       "tokenizer.ggml.eom_token_id"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        uint64_t id = UINT64_MAX;
        if (gguf_whole(&id, in->gguf, keys[i], err) != 0)
            return -1;
        model_file_end(in, id <= SIZE_MOST ? (int64_t)id : -1);
    }
    return 0;
}

static int gguf_open(struct model_file *in, const struct format_hints *hints, struct err *err)
{
    in->naming = &naming_gguf;
    in->gguf = mem_new(1, sizeof *in->gguf);
    if (storage_open(&in->storage, in->path, err) != 0 ||
        gguf_read(in->gguf, &in->storage, 0, err) != 0 || read_model(in, hints->seq, err) != 0)
        return -1;
    return read_ends(in, err);
}

static int gguf_tokenizer(struct tokenizer **out, const struct model_file *in, struct err *err)
{
    return gguf_tokenizer_read(out, in->gguf, err);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static bool gguf_keeps(const struct dtype *dtype)
{
    return dtype->encode != NULL && dtype->ggml_file >= 0;
}

static void add_shape(struct gguf_out *g, const struct model *model)
{
    const struct shape *s = &model->shape;
    const struct shape_reader r = {.arch = model->arch->name};
    const struct {
        const char *name;
        int value;
    } sizes[] = {{"context_length", s->seq},
                 {"embedding_length", s->dim},
                 {"block_count", s->layers},
                 {"feed_forward_length", s->hidden},
                 {"attention.head_count", s->heads},
                 {"attention.head_count_kv", s->kv_heads},
                 {"attention.key_length", s->head_dim},
                 {"attention.value_length", s->head_dim},
                 {"rope.dimension_count", s->head_dim},
                 {"vocab_size", s->vocab}};
    char key[KEY];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        gguf_add_u32(g, key_of(key, &r, sizes[i].name), (uint32_t)sizes[i].value);
    gguf_add_f32(g, key_of(key, &r, "attention.layer_norm_rms_epsilon"), s->norm_eps);
    gguf_add_f32(g, key_of(key, &r, "rope.freq_base"), s->rope_theta);
}

static void add_ends(struct gguf_out *g, const struct format_job *job)
{
    bool told = job->tokenizer != NULL && tokenizer_endoftext(job->tokenizer) >= 0;

    if (!told && job->from->n_ends > 0)
        gguf_add_u32(g, "tokenizer.ggml.eos_token_id", job->from->ends[0]);
    if (!told && job->from->n_ends > 1)
        gguf_add_u32(g, "tokenizer.ggml.eot_token_id", job->from->ends[1]);
}

static void make_header(struct str *out, const struct format_job *job, const struct outgoing *o)
{
    const struct model *model = &job->from->model;
    struct gguf_out g = {0};
    char name[STORED_NAME];

    gguf_add_text(&g, "general.architecture", model->arch->name);
    gguf_add_u32(&g, "general.file_type", (uint32_t)job->dtype->ggml_file);
    if (job->dtype->block > 1)
        gguf_add_u32(&g, "general.quantization_version", 2);
    add_shape(&g, model);
    gguf_tokenizer_add(&g, job->tokenizer, (size_t)model->shape.vocab);
    add_ends(&g, job);
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *t = &model->tensors[i];
        o->naming->name(name, t);
        gguf_add_tensor(&g, name, tensor_is_matrix(t) ? (uint64_t)t->rows : 0, (uint64_t)t->cols,
                        outgoing_dtype(o, t)->ggml, outgoing_bytes(o, t));
    }
    gguf_out_header(out, &g);
    gguf_out_clear(&g);
}

static int write_all(struct out_file *out, const struct format_job *job, struct err *err)
{
    const struct outgoing o = format_outgoing(job, &naming_gguf, true);
    struct str header = {0};
    int rc;

    make_header(&header, job, &o);
    rc = out_file_add(out, header.at, header.len, err);
    str_clear(&header);
    for (size_t i = 0; rc == 0 && i < o.model->n_tensors; i++) {
        rc = outgoing_write(out, &o, &o.model->tensors[i], err);
        if (rc == 0)
            rc = out_file_pad(out, GGUF_ALIGNMENT, err);
    }
    return rc;
}

static int gguf_write(const struct format_job *job, struct err *err)
{
    struct out_file out;

    if (job->tokenizer != NULL && gguf_tokenizer_pre(job->tokenizer) == NULL)
        log_warn("%s: other programs have no name for how this tokenizer cuts text", job->path);
    if (out_file_open(&out, job->path, err) == 0 && write_all(&out, job, err) == 0)
        return out_file_finish(&out, err);
    out_file_drop(&out);
    return -1;
}

const struct format format_gguf = {
    .name = "gguf",
    .summary = "one GGUF file (version 2 or 3), as llama.cpp has them",
    .suffix = ".gguf",
    .is = gguf_is,
    .open = gguf_open,
    .tokenizer = gguf_tokenizer,
    .keeps = gguf_keeps,
    .write = gguf_write,
};
