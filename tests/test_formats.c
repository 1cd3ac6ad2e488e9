/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models in files of every format: what comes back, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "checkpoint.h"
#include "format.h"
#include "json.h"
#include "safetensors.h"
#include "scratch.h"

static const struct shape shape = {.dim = 32,
                                   .layers = 2,
                                   .heads = 4,
                                   .kv_heads = 2,
                                   .hidden = 64,
                                   .vocab = 30,
                                   .seq = 16,
                                   .rope_theta = 12345.5,
                                   .norm_eps = 1e-6};
static const struct format_hints no_hints;

/* A folder as `train` leaves it; its weights, which the caller frees. */
static real *make_model(const char *dir, const char *arch, const struct shape *of)
{
    struct model model;
    struct err err = {0};
    real *weights;

    assert_int_equal(model_init(&model, architecture_find(arch), of, &err), 0);
    weights = block_new(model.n_weights);
    model_start(&model, weights, 7, 0.02);
    for (size_t i = 0; i < model.n_tensors; i++) /* gains and biases are no constants either */
        if (!tensor_is_matrix(&model.tensors[i]))
            for (int k = 0; k < model.tensors[i].cols; k++)
                weights[model.tensors[i].at + (size_t)k] += (real)(k % 7) / 8;
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), 0);
    model_clear(&model);
    return weights;
}

static void open_file(struct model_file *in, const char *path, real **weights)
{
    struct err err = {0};

    if (model_file_open(in, path, &no_hints, &err) != 0 ||
        (weights != NULL && model_file_weights(weights, in, &err) != 0))
        fail_msg("%s", err.text);
}

static void convert(const char *from, const char *to, const struct dtype *dtype,
                    struct tokenizer *tokenizer)
{
    struct format_job job = {.path = to, .dtype = dtype, .tokenizer = tokenizer};
    struct model_file in;
    struct err err = {0};
    real *weights;

    open_file(&in, from, &weights);
    job.from = &in;
    job.weights = weights;
    if (format_of_suffix(to)->write(&job, &err) != 0)
        fail_msg("%s", err.text);
    free(weights);
    model_file_close(&in);
}

static void check_same(const char *path, const char *arch, const struct shape *of,
                       const real *wanted)
{
    struct model_file in;
    const struct shape *s = &in.model.shape;
    real *weights;

    open_file(&in, path, &weights);
    assert_string_equal(in.model.arch->name, arch);
    assert_int_equal(s->dim, of->dim);
    assert_int_equal(s->layers, of->layers);
    assert_int_equal(s->heads, of->heads);
    assert_int_equal(s->kv_heads, of->kv_heads);
    assert_int_equal(s->head_dim, of->head_dim > 0 ? of->head_dim : of->dim / of->heads);
    assert_int_equal(s->hidden, of->hidden);
    assert_int_equal(s->vocab, of->vocab);
    assert_int_equal(s->seq, of->seq);
    assert_true(s->tied == of->tied);
    assert_true(s->rope_theta == of->rope_theta);
    assert_true(s->norm_eps == of->norm_eps);
    assert_memory_equal(weights, wanted, in.model.n_weights * sizeof *weights);
    free(weights);
    model_file_close(&in);
}

/* What is lossless in a format for these weights: binary32, or what they were rounded to. */
static void round_to(real *weights, size_t n, const struct dtype *dtype)
{
    uint8_t bytes[4];

    for (size_t i = 0; i < n; i++) {
        dtype->encode(bytes, weights + i, 1);
        dtype->decode(weights + i, bytes, 1);
    }
}

static const char *const outs[] = {"out", "out.safetensors", "out.gguf"};
#define OUTS (sizeof outs / sizeof *outs)

/* From our folder to each format, from there to each, and from there to each again. */
static void check_pairs(const char *arch, const struct shape *of, const struct dtype *dtype)
{
    char *dir = scratch_new(), *own = path_join(dir, "own");
    real *weights;
    struct model model;
    struct err err = {0};

    assert_int_equal(file_mkdirs(own, &err), 0);
    weights = make_model(own, arch, of);
    assert_int_equal(model_init(&model, architecture_find(arch), of, &err), 0);
    round_to(weights, model.n_weights, dtype);
    assert_int_equal(checkpoint_write(own, &model, weights, NULL, &err), 0);
    for (size_t a = 0; a < OUTS; a++)
        for (size_t b = 0; b < OUTS; b++) {
            char *first = mem_printf("%s/a-%s", dir, outs[a]);
            char *second = mem_printf("%s/b-%s", dir, outs[b]);
            convert(own, first, dtype, NULL);
            check_same(first, arch, of, weights);
            convert(first, second, dtype, NULL);
            check_same(second, arch, of, weights);
            assert_int_equal(file_remove(first, &err), 0);
            assert_int_equal(file_remove(second, &err), 0);
            free(first);
            free(second);
        }
    free(weights);
    model_clear(&model);
    free(own);
    scratch_remove(dir);
}

static void every_pair_of_formats_gives_every_weight_back_bit_for_bit(void **state)
{
    static const char *const types[] = {"f32", "f16", "bf16"};

    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++)
        for (int kind = 0; kind < 4; kind++) {
            struct shape of = shape;
            of.tied = (kind & 1) != 0;
            of.head_dim = (kind & 2) != 0 ? 12 : 0;
            check_pairs(architectures[i]->name, &of, dtype_find(types[(size_t)kind % 3]));
        }
}

/* Where a tensor's first number stands in a file, as the format's own list says. */
static float *numbers_of(const struct model_file *in, const char *name, size_t *n)
{
    const struct stored *t = storage_find(&in->storage, name);
    struct err err = {0};
    float *out;

    assert_non_null(t);
    assert_ptr_equal(t->dtype, dtypes);
    *n = (size_t)t->bytes / sizeof *out;
    out = mem_new(*n, sizeof *out);
    assert_int_equal(storage_read(out, &in->storage, t->file, t->at, t->bytes, &err), 0);
    return out;
}

/*
 * llama.cpp turns neighbours for "llama", so that its row 2 i of a head is our row i and its row
 * 2 i + 1 is our row i + width / 2; for "qwen2" and "qwen3" it turns as we do.
 */
static void check_order(const char *arch, bool interleaved)
{
    char *dir = scratch_new(), *gguf = path_join(dir, "m.gguf");
    real *weights = make_model(dir, arch, &shape);
    size_t n, dim = (size_t)shape.dim, width = dim / (size_t)shape.heads;
    struct model_file own, in;
    float *rows;

    convert(dir, gguf, dtypes, NULL);
    open_file(&own, dir, NULL);
    open_file(&in, gguf, NULL);
    rows = numbers_of(&in, "blk.1.attn_q.weight", &n);
    assert_int_equal(n, dim * dim);
    const real *ours =
        weights + model_find(&own.model, "model.layers.1.self_attn.q_proj.weight")->at;
    for (size_t h = 0; h < (size_t)shape.heads; h++)
        for (size_t i = 0; i < width / 2; i++) {
            size_t even = interleaved ? 2 * i : i, odd = interleaved ? 2 * i + 1 : i + width / 2;
            assert_memory_equal(rows + (h * width + even) * dim, ours + (h * width + i) * dim,
                                dim * sizeof *rows);
            assert_memory_equal(rows + (h * width + odd) * dim,
                                ours + (h * width + i + width / 2) * dim, dim * sizeof *rows);
        }
    free(rows);
    rows = numbers_of(&in, "blk.1.attn_v.weight", &n); /* values do not turn */
    assert_memory_equal(
        rows, weights + model_find(&own.model, "model.layers.1.self_attn.v_proj.weight")->at,
        n * sizeof *rows);
    free(rows);
    model_file_close(&in);
    model_file_close(&own);
    free(weights);
    free(gguf);
    scratch_remove(dir);
}

static void a_gguf_has_the_rotary_order_that_llama_cpp_expects(void **state)
{
    (void)state;
    check_order("llama", true);
    check_order("qwen2", false);
    check_order("qwen3", false);
}

static double loss_of(const char *path, const uint32_t *inputs, const uint32_t *targets,
                      size_t sequences, size_t seq)
{
    const struct batch batch = {inputs, targets, sequences, seq};
    struct model_file in;
    struct work work = {0};
    real *weights, *losses = block_new(sequences * seq);
    double sum = 0;

    open_file(&in, path, &weights);
    model_positions(&in.model);
    work.block = block_new(in.model.arch->scratch(&in.model, sequences * seq, false));
    in.model.arch->losses(&in.model, losses, weights, &work, &batch);
    for (size_t i = 0; i < sequences * seq; i++)
        sum += (double)losses[i];
    free(work.block);
    free(losses);
    free(weights);
    model_file_close(&in);
    return sum / (double)(sequences * seq);
}

/* A file knows no residual scale: the same loss, by weights that have it in them, once. */
static void a_residual_scale_is_folded_in_once(void **state)
{
    const uint32_t inputs[] = {1, 5, 9, 2, 7, 3, 8, 11}, targets[] = {5, 9, 2, 7, 3, 8, 11, 4};
    char *dir = scratch_new();
    struct shape of = shape;
    double want;

    (void)state;
    of.deepnet = true;
    of.tied = true;
    free(make_model(dir, "llama", &of));
    want = loss_of(dir, inputs, targets, 1, 8);
    for (size_t i = 0; i < OUTS; i++) {
        char *once = mem_printf("%s/1-%s", dir, outs[i]),
             *twice = mem_printf("%s/2-%s", dir, outs[i]);
        convert(dir, once, dtypes, NULL);
        convert(once, twice, dtypes, NULL);
        assert_close(loss_of(once, inputs, targets, 1, 8), want, 1e-6, 0);
        assert_close(loss_of(twice, inputs, targets, 1, 8), want, 1e-6, 0);
        free(once);
        free(twice);
    }
    scratch_remove(dir);
}

static json_t *read_case(const char *name)
{
    char *path = mem_printf("tests/golden/%s/case.json", name), *text;
    struct err err = {0};
    json_t *root;
    size_t len;

    assert_int_equal(file_read(&text, &len, path, 1 << 20, &err), 0);
    assert_int_equal(json_read(&root, text, len, path, &err), 0);
    free(text);
    free(path);
    return root;
}

/* Hugging Face's folder and a GGUF made of it have the loss that Hugging Face's code told; in 8 and
 * 4 bits it is near. */
static void losses_of_all_formats_are_the_reference_implementations(void **state)
{
    static const char *const names[] = {"llama-gqa", "llama-tied-mha", "qwen2-bias",
                                        "qwen3-qknorm"};
    const struct {
        const char *type;
        double tolerance;
    } types[] = {{"f32", 1e-5}, {"q8_0", 2e-3}, {"q4_0", 3e-2}};
    char *dir = scratch_new();

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        json_t *root = read_case(names[i]);
        const json_t *ids = json_object_get(root, "ids");
        size_t n = json_array_size(ids), seq = json_array_size(json_array_get(ids, 0)) - 1;
        uint32_t *inputs = mem_new(n * seq, sizeof *inputs);
        uint32_t *targets = mem_new(n * seq, sizeof *targets);
        double want = json_number_value(json_object_get(root, "loss"));
        char *from = mem_printf("tests/golden/%s", names[i]);
        for (size_t k = 0; k < n * seq; k++) {
            const json_t *row = json_array_get(ids, k / seq);
            inputs[k] = (uint32_t)json_integer_value(json_array_get(row, k % seq));
            targets[k] = (uint32_t)json_integer_value(json_array_get(row, k % seq + 1));
        }
        assert_close(loss_of(from, inputs, targets, n, seq), want, 1e-5, 0);
        for (size_t k = 0; k < 3; k++) {
            char *gguf = mem_printf("%s/%s-%s.gguf", dir, names[i], types[k].type);
            convert(from, gguf, dtype_find(types[k].type), NULL);
            assert_close(loss_of(gguf, inputs, targets, n, seq), want, types[k].tolerance, 0);
            free(gguf);
        }
        free(from);
        free(inputs);
        free(targets);
        json_decref(root);
    }
    scratch_remove(dir);
}

/* --- shards ------------------------------------------------------------------------------------
 */

/* The weights of `model` that are before or behind the middle of the list, as a file. */
static void write_shard(const char *dir, const char *name, const struct model *model,
                        const real *weights, size_t first, size_t n)
{
    struct model part = *model;
    char *path = path_join(dir, name);
    struct err err = {0};

    part.tensors = model->tensors + first;
    part.n_tensors = n;
    assert_int_equal(safetensors_write(path, &part, weights, &err), 0);
    free(path);
}

static void write_index(const char *dir, const struct model *model, size_t half)
{
    json_t *map = json_object(), *root = json_pack("{s:o}", "weight_map", map);
    struct str text = {0};

    for (size_t i = 0; i < model->n_tensors; i++)
        json_object_set_new(map, model->tensors[i].name,
                            json_string(i < half ? "a.safetensors" : "b.safetensors"));
    json_write(&text, root);
    scratch_write(dir, "model.safetensors.index.json", text.at, text.len);
    str_clear(&text);
    json_decref(root);
}

static void shards_are_one_model(void **state)
{
    char *dir = scratch_new(), *whole = path_join(dir, "model.safetensors");
    real *weights = make_model(dir, "qwen2", &shape), *read;
    struct model_file in;
    struct model model;
    struct err err = {0};

    (void)state;
    assert_int_equal(model_init(&model, architecture_find("qwen2"), &shape, &err), 0);
    write_shard(dir, "a.safetensors", &model, weights, 0, 9);
    write_shard(dir, "b.safetensors", &model, weights, 9, model.n_tensors - 9);
    assert_int_equal(file_remove(whole, &err), 0);
    write_index(dir, &model, 9);
    open_file(&in, dir, &read);
    assert_memory_equal(read, weights, model.n_weights * sizeof *read);
    free(read);
    model_file_close(&in);
    write_index(dir, &model, 10); /* one tensor is not where the index says */
    assert_int_equal(model_file_open(&in, dir, &no_hints, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "is not in 'a.safetensors'"));
    model_file_close(&in);
    model_clear(&model);
    free(weights);
    free(whole);
    scratch_remove(dir);
}

/* --- AutoANE's checkpoint ----------------------------------------------------------------------
 */

static void put_i32(struct str *out, int32_t x)
{
    char bytes[4];

    memcpy(bytes, &x, sizeof x);
    str_addn(out, bytes, sizeof bytes);
}

/* A tensor as it stands there: rows of queries and keys interleaved; then two moments. */
static void put_tensor(struct str *out, const struct model *model, const real *weights,
                       const char *name, bool turned)
{
    const struct tensor *t = model_find(model, name);
    size_t cols = (size_t)t->cols, width = (size_t)model->shape.head_dim;

    for (size_t r = 0; r < (size_t)t->rows; r++) {
        size_t i = r % width / 2, head = r / width * width;
        size_t row = turned ? head + i + (r % 2 == 0 ? 0 : width / 2) : r;
        str_addn(out, (const char *)(weights + t->at + row * cols), cols * sizeof *weights);
    }
}

static void put_moments(struct str *out, size_t from)
{
    size_t n = out->len - from;

    for (size_t i = 0; i < 2 * n; i += 4)
        put_i32(out, 0x7fc00000); /* NaN: nobody may read them */
}

static void put_layer(struct str *out, const struct model *model, const real *weights, int layer)
{
    static const char *const names[] = {
        "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
        "self_attn.o_proj", "mlp.gate_proj",    "mlp.down_proj",
        "mlp.up_proj",      "input_layernorm",  "post_attention_layernorm"};
    size_t from = out->len;

    for (size_t i = 0; i < 9; i++) {
        char *name = mem_printf("model.layers.%d.%s.weight", layer, names[i]);
        put_tensor(out, model, weights, name, i < 2);
        free(name);
    }
    put_moments(out, from);
}

static void make_blzt(struct str *out, const struct model *model, const real *weights)
{
    const struct shape *s = &model->shape;
    const int32_t header[24] = {
        0x424c5a54, 4,      100, 1000, s->layers, s->vocab,    s->dim,      s->hidden,
        s->heads,   s->seq, 0,   0,    0,         0,           0,           0,
        0,          0,      0,   0,    0,         s->kv_heads, s->head_dim, s->heads * s->head_dim};
    size_t from;

    for (size_t i = 0; i < 24; i++)
        put_i32(out, header[i]);
    for (int layer = 0; layer < s->layers; layer++)
        put_layer(out, model, weights, layer);
    from = out->len;
    put_tensor(out, model, weights, "model.norm.weight", false);
    put_moments(out, from);
    from = out->len;
    put_tensor(out, model, weights, "model.embed_tokens.weight", false);
    put_moments(out, from);
}

static void an_autoane_checkpoint_is_read_in_our_order(void **state)
{
    const struct format_hints hints = {.residual = RESIDUAL_DEEPNET, .rope_theta = 5e4};
    char *dir = scratch_new(), *path = path_join(dir, "ckpt.bin");
    struct shape of = shape;
    struct model_file in;
    struct model model;
    struct str bytes = {0};
    struct err err = {0};
    real *weights, *read;

    (void)state;
    of.tied = true;
    weights = make_model(dir, "llama", &of);
    assert_int_equal(model_init(&model, architecture_find("llama"), &of, &err), 0);
    make_blzt(&bytes, &model, weights);
    scratch_write(dir, "ckpt.bin", bytes.at, bytes.len);
    assert_int_equal(model_file_open(&in, path, &hints, &err), 0);
    assert_int_equal(model_file_weights(&read, &in, &err), 0);
    assert_memory_equal(read, weights, model.n_weights * sizeof *read);
    assert_true(in.model.shape.deepnet && in.model.shape.rope_theta == 5e4);
    free(read);
    model_file_close(&in);
    open_file(&in, path, NULL); /* its shape needs no hint, the use of its weights does */
    assert_int_equal(model_file_weights(&read, &in, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "--residual"));
    model_file_close(&in);
    scratch_write(dir, "ckpt.bin", bytes.at, bytes.len - 4);
    assert_int_equal(model_file_open(&in, path, &hints, &err), -1);
    model_file_close(&in);
    str_clear(&bytes);
    model_clear(&model);
    free(weights);
    free(path);
    scratch_remove(dir);
}

/* --- tokenizers --------------------------------------------------------------------------------
 */

/* Bytes, some merges, and a mark; `more` goes into the model. */
static struct tokenizer *make_tokenizer(const char *pre_tokenizer, const char *more,
                                        const char *top)
{
    static const char *const pairs[][2] = {
        {"t", "h"}, {"th", "e"}, {"\xc4\xa0", "the"}, {"1", "2"}};
    struct str text = {0}, plain = {0};
    struct tokenizer *t = NULL, *base;
    struct err err = {0};
    json_t *root = NULL;
    const char *vocab, *merges;

    /* The vocabulary of bytes as our own writer spells it, with words added behind. */
    assert_int_equal(tokenizer_new(&base, ".", NULL, 0, &err), 0);
    tokenizer_write(&plain, base);
    vocab = strstr(plain.at, "\"vocab\": {") + strlen("\"vocab\": {");
    merges = strstr(vocab, "\"<|endoftext|>\": 256");
    str_addf(&text,
             "{%s\"added_tokens\": [{\"id\": 256, \"content\": \"<|endoftext|>\"}],"
             " \"pre_tokenizer\": %s, \"model\": {\"type\": \"BPE\", %s\"vocab\": {",
             top, pre_tokenizer, more);
    str_addn(&text, vocab, (size_t)(merges - vocab));
    str_add(&text, "\"th\": 260, \"the\": 261, \"\xc4\xa0the\": 262, \"12\": 263, \"xyz\": 264},"
                   " \"merges\": [");
    for (size_t i = 0; i < 4; i++)
        str_addf(&text, "%s[\"%s\", \"%s\"]", i > 0 ? ", " : "", pairs[i][0], pairs[i][1]);
    str_add(&text, "]}}");
    assert_int_equal(json_read(&root, text.at, text.len, "test", &err), 0);
    if (tokenizer_from_json(&t, root, "test", &err) != 0)
        fail_msg("%s", err.text);
    json_decref(root);
    tokenizer_free(base);
    str_clear(&plain);
    str_clear(&text);
    return t;
}

#define LEVEL "{\"type\": \"ByteLevel\", \"add_prefix_space\": false"
#define SPLIT(re)                                                                                  \
    "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": "             \
    "{\"Regex\": \"" re "\"}, \"behavior\": \"Isolated\"}, " LEVEL ", \"use_regex\": "             \
    "false}]}"
#define GPT2 LEVEL "}"
#define SMOLLM                                                                                     \
    "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\", "                         \
    "\"individual_digits\": true}, " LEVEL ", \"use_regex\": true}]}"
#define QWEN                                                                                       \
    SPLIT("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| "        \
          "?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+")
#define LLAMA3                                                                                     \
    SPLIT("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}| "   \
          "?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+")
#define BEGINS                                                                                     \
    "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": "      \
    "{\"id\": \"<|endoftext|>\"}}, {\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": "         \
    "{\"<|endoftext|>\": {\"ids\": [256]}}}, "

static const struct {
    const char *pre_tokenizer, *more, *top, *text;
    uint32_t ids[8];
    size_t n;
    int64_t begin;
} families[] = {
    {GPT2, "", "", "the  12 the", {261, ' ', ' ', 263, 262}, 5, -1},
    /* each digit is a piece of its own, and blanks in front of one belong together */
    {SMOLLM, "", "", "the  12 the", {261, ' ', ' ', '1', '2', 262}, 6, -1},
    {QWEN, "", "\"normalizer\": {\"type\": \"NFC\"}, ", "12the", {'1', '2', 261}, 3, -1},
    /* no merge leads to xyz: only a piece that is looked up whole becomes it */
    {LLAMA3, "\"ignore_merges\": true, ", BEGINS, "xyz12", {264, 263}, 2, 256},
    {LLAMA3, "", "", "xyz12", {'x', 'y', 'z', 263}, 4, -1},
};

static void check_tokenizer(struct tokenizer *t, size_t family)
{
    const char *text = families[family].text;
    struct ids ids = {0};
    struct err err = {0};
    char bytes[512];
    size_t n, at = 0;

    assert_int_equal(tokenizer_encode(&ids, t, text, strlen(text), &err), 0);
    assert_int_equal(ids.n, families[family].n);
    assert_memory_equal(ids.at, families[family].ids, ids.n * sizeof *ids.at);
    assert_int_equal(tokenizer_begin(t), families[family].begin);
    assert_int_equal(tokenizer_endoftext(t), 256);
    ids_clear(&ids);
    for (size_t i = 0; i < sizeof bytes; i++) /* all bytes there are, and back */
        bytes[i] = (char)(i < 256 ? i : i * 7 % 256);
    assert_int_equal(tokenizer_encode(&ids, t, bytes, sizeof bytes, &err), 0);
    for (size_t i = 0; i < ids.n; i++) {
        const unsigned char *token = tokenizer_decode(&n, t, ids.at[i]);
        assert_non_null(token);
        assert_memory_equal(token, bytes + at, n);
        at += n;
    }
    assert_int_equal(at, sizeof bytes);
    ids_clear(&ids);
}

/* A model of 300 rows with that tokenizer goes into a GGUF and on into a folder. */
static void tokenizers_of_all_families_go_through_a_gguf_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        char *dir = scratch_new(), *gguf = path_join(dir, "m.gguf"), *hf = path_join(dir, "hf");
        struct tokenizer *t =
            make_tokenizer(families[i].pre_tokenizer, families[i].more, families[i].top);
        struct shape of = shape;
        struct model_file in;
        struct err err = {0};
        of.vocab = 300;
        check_tokenizer(t, i);
        free(make_model(dir, "llama", &of));
        convert(dir, gguf, dtypes, t);
        tokenizer_free(t);
        open_file(&in, gguf, NULL);
        assert_int_equal(in.ends[0], 256);
        assert_int_equal(model_file_tokenizer(&t, &in, NULL, &err), 0);
        check_tokenizer(t, i);
        model_file_close(&in);
        convert(gguf, hf, dtypes, t);
        tokenizer_free(t);
        open_file(&in, hf, NULL);
        assert_int_equal(model_file_tokenizer(&t, &in, NULL, &err), 0);
        check_tokenizer(t, i);
        tokenizer_free(t);
        model_file_close(&in);
        free(hf);
        free(gguf);
        scratch_remove(dir);
    }
}

/* --- bad input ---------------------------------------------------------------------------------
 */

/* The smallest model there is, in one file. */
static char *make_small(const char *dir, const char *name)
{
    const struct shape small = {.dim = 4,
                                .layers = 1,
                                .heads = 1,
                                .kv_heads = 1,
                                .hidden = 4,
                                .vocab = 5,
                                .seq = 4,
                                .tied = true,
                                .rope_theta = 10000,
                                .norm_eps = 1e-5};
    char *own = path_join(dir, "own"), *path = path_join(dir, name), *to = path;
    struct err err = {0};

    assert_int_equal(file_mkdirs(own, &err), 0);
    if (strstr(name, ".bin") == NULL) {
        free(make_model(own, "llama", &small));
        convert(own, to, dtypes, NULL);
    } else {
        struct model model;
        struct str bytes = {0};
        real *weights = make_model(own, "llama", &small);
        assert_int_equal(model_init(&model, architecture_find("llama"), &small, &err), 0);
        make_blzt(&bytes, &model, weights);
        scratch_write(dir, name, bytes.at, bytes.len);
        str_clear(&bytes);
        model_clear(&model);
        free(weights);
    }
    free(own);
    return path;
}

/* What can be loaded can be read where it stands, and has the same bits. */
static void check_view(const struct model_file *in, const real *weights)
{
    struct weights w;
    struct err err = {0};

    assert_int_equal(model_file_view(&w, in, &err), 0);
    for (size_t i = 0; i < in->model.n_tensors; i++) {
        const struct tensor *t = &in->model.tensors[i];
        assert_memory_equal(w.at[i], weights + t->at, tensor_size(t) * sizeof *weights);
    }
    weights_clear(&w);
}

/* Opens and loads; where that fails, it is the file's fault and one clear line says so. */
static int try(const char *path)
{
    const struct format_hints hints = {.residual = RESIDUAL_NONE};
    struct model_file in;
    struct tokenizer *tokenizer = NULL;
    struct err err = {0}, none = {0};
    real *weights = NULL;
    int rc = model_file_open(&in, path, &hints, &err);

    if (rc == 0 && model_file_tokenizer(&tokenizer, &in, NULL, &none) == 0)
        tokenizer_free(tokenizer);
    if (rc == 0)
        rc = model_file_weights(&weights, &in, &err);
    if (rc == 0)
        check_view(&in, weights);
    if (rc != 0) {
        assert_int_equal(err.code, ERR_USAGE);
        assert_true(strlen(err.text) > 10 && strchr(err.text, '\n') == NULL);
    }
    free(weights);
    model_file_close(&in);
    return rc;
}

static const char *const single[] = {"m.gguf", "m.safetensors", "m.bin"};

/* Padding behind the last tensor of a GGUF is all that may be missing. */
static void every_truncation_is_refused_in_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *dir = scratch_new(), *path = make_small(dir, single[i]), *bytes;
        struct err err = {0};
        size_t len, last = 0;
        struct model_file in;
        const struct format_hints hints = {.residual = RESIDUAL_NONE};
        assert_int_equal(try(path), 0);
        assert_int_equal(file_read(&bytes, &len, path, 1 << 20, &err), 0);
        assert_int_equal(model_file_open(&in, path, &hints, &err), 0);
        for (size_t k = 0; k < in.storage.n; k++)
            if (in.storage.tensors[k].at + in.storage.tensors[k].bytes > last)
                last = (size_t)(in.storage.tensors[k].at + in.storage.tensors[k].bytes);
        model_file_close(&in);
        if (i == 2)
            last = len; /* moments stand behind it */
        for (size_t cut = len; cut-- > 0;) {
            assert_int_equal(truncate(path, (off_t)cut), 0);
            assert_int_equal(try(path), cut < last ? -1 : 0);
        }
        free(bytes);
        free(path);
        scratch_remove(dir);
    }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static void limit_memory(void)
{
}
#else
/* What this process has, and 64 MiB: a size that a file claims and does not have ends the test. */
static void limit_memory(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    struct rlimit limit;

    assert_non_null(statm);
    assert_int_equal(fscanf(statm, "%lu", &pages), 1);
    fclose(statm);
    limit.rlim_cur = pages * (unsigned long)sysconf(_SC_PAGESIZE) + (64ul << 20);
    limit.rlim_max = RLIM_INFINITY;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}
#endif

static void unlimit_memory(void)
{
    const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static void put_byte(int fd, size_t at, uint8_t byte)
{
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
}

/* Every byte in front of the numbers, alone, in eight ways; every eight together all ones, all
 * zeroes, the largest signed number and 2^32. */
static void every_mutation_of_a_header_is_read_or_refused_in_one_line(void **state)
{
    static const uint64_t wholes[] = {UINT64_MAX, 0, INT64_MAX, (uint64_t)1 << 32};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *dir = scratch_new(), *path = make_small(dir, single[i]), *bytes;
        struct err err = {0};
        size_t len, header, refused = 0;
        FILE *file = fopen(path, "r+e");
        assert_non_null(file);
        assert_int_equal(file_read(&bytes, &len, path, 1 << 20, &err), 0);
        header = i == 2 ? 96 : len - 4 * 150;
        limit_memory();
        for (size_t at = 0; at < header; at++) {
            const uint8_t was = (uint8_t)bytes[at];
            const uint8_t others[] = {
                0,  0xff, 0x7f, 0x80, (uint8_t)(was + 1), (uint8_t)(was - 1), (uint8_t)(was ^ 0x20),
                '"'};
            for (size_t k = 0; k < sizeof others; k++) {
                put_byte(fileno(file), at, others[k]);
                refused += try(path) != 0;
            }
            put_byte(fileno(file), at, was);
            for (size_t k = 0; k < 4 && at + 8 <= len; k++) {
                assert_int_equal(pwrite(fileno(file), &wholes[k], 8, (off_t)at), 8);
                refused += try(path) != 0;
            }
            if (at + 8 <= len)
                assert_int_equal(pwrite(fileno(file), bytes + at, 8, (off_t)at), 8);
        }
        unlimit_memory();
        assert_true(refused > header);
        assert_int_equal(try(path), 0);
        fclose(file);
        free(bytes);
        free(path);
        scratch_remove(dir);
    }
}

static void headers_that_hold_no_model_are_refused(void **state)
{
    static const struct {
        const char *header, *words;
    } cases[] = {
        {"", "'{' was expected"},
        {"[]", "'{' was expected"},
        {"{", "'\"' was expected"},
        {"{}x", "the end of the header"},
        {"{\"a\":{}}", "'\"' was expected"},
        {"{\"a\":{\"x\":1}}", "one dtype, one shape"},
        {"{\"a\":{\"dtype\":\"F32\"}}", "a dtype, a shape and data_offsets"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", "'F64'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", "a whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", "']' was expected"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}", "a whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551616],\"data_offsets\":[0,4]}}",
         "below 2^64"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}",
         "no shape that can be"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
         "no shape that can be"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "before it begins"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,3]}}", "its shape wants 4"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "lies outside"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"shape\":[1]}}",
         "one dtype, one shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
         "stands twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
         "overlaps"},
        {"{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", "'\"' was expected"},
        {"{}", "4 bytes behind the last tensor"},
    };
    char *dir = scratch_new(), *path = path_join(dir, "m.safetensors");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].header);
        char *bytes = mem_new(8 + n + 4, 1);
        struct model_file in;
        struct err err = {0};
        bytes[0] = (char)n;
        bytes[1] = (char)(n >> 8);
        memcpy(bytes + 8, cases[i].header, n);
        scratch_write(dir, "m.safetensors", bytes, 8 + n + 4);
        assert_int_equal(model_file_open(&in, path, &no_hints, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("'%s' lacks '%s' for %s", err.text, cases[i].words, cases[i].header);
        model_file_close(&in);
        free(bytes);
    }
    free(path);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_formats_gives_every_weight_back_bit_for_bit),
        cmocka_unit_test(a_gguf_has_the_rotary_order_that_llama_cpp_expects),
        cmocka_unit_test(a_residual_scale_is_folded_in_once),
        cmocka_unit_test(losses_of_all_formats_are_the_reference_implementations),
        cmocka_unit_test(shards_are_one_model),
        cmocka_unit_test(an_autoane_checkpoint_is_read_in_our_order),
        cmocka_unit_test(tokenizers_of_all_families_go_through_a_gguf_and_back),
        cmocka_unit_test(every_truncation_is_refused_in_one_line),
        cmocka_unit_test(every_mutation_of_a_header_is_read_or_refused_in_one_line),
        cmocka_unit_test(headers_that_hold_no_model_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
