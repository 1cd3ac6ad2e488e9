/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights in files. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "checkpoint.h"
#include "json.h"
#include "safetensors.h"
#include "scratch.h"

static const struct shape shape = {.dim = 16,
                                   .layers = 2,
                                   .heads = 2,
                                   .kv_heads = 1,
                                   .hidden = 24,
                                   .vocab = 30,
                                   .seq = 8,
                                   .tied = false,
                                   .rope_theta = 12345.5,
                                   .norm_eps = 1e-6};

static real *start_as(struct model *model, const struct architecture *arch, const struct shape *of,
                      uint64_t seed)
{
    struct err err = {0};
    real *weights;

    assert_int_equal(model_init(model, arch, of, &err), 0);
    weights = block_new(model->n_weights);
    model_start(model, weights, seed, 0.02);
    return weights;
}

static real *start(struct model *model, const struct shape *of, uint64_t seed)
{
    return start_as(model, architectures[0], of, seed);
}

static void check_same_shape(const struct shape *a, const struct shape *b)
{
    assert_memory_equal(&a->dim, &b->dim, 8 * sizeof(int));
    assert_true(a->tied == b->tied);
    assert_true(a->deepnet == b->deepnet);
    assert_true(a->rope_theta == b->rope_theta);
    assert_true(a->norm_eps == b->norm_eps);
}

static void check_round_trip(const char *dir, const struct architecture *arch,
                             const struct shape *of)
{
    struct model a, b;
    struct err err = {0};
    real *wa = start_as(&a, arch, of, 1), *wb;

    assert_int_equal(checkpoint_write(dir, &a, wa, NULL, &err), 0);
    assert_int_equal(checkpoint_read_shape(&b, dir, 0, &err), 0);
    assert_int_equal(checkpoint_read_weights(&wb, &b, dir, &err), 0);
    assert_ptr_equal(a.arch, b.arch);
    check_same_shape(&a.shape, &b.shape);
    assert_memory_equal(wa, wb, a.n_weights * sizeof *wa);
    free(wa);
    free(wb);
    model_clear(&a);
    model_clear(&b);
}

static void a_checkpoint_reads_back_bit_for_bit(void **state)
{
    char *dir = scratch_new();

    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++)
        for (int kind = 0; kind < 8; kind++) {
            struct shape of = shape;
            of.tied = (kind & 1) != 0;
            of.deepnet = (kind & 2) != 0;
            of.head_dim = (kind & 4) != 0 ? 12 : 0;
            check_round_trip(dir, architectures[i], &of);
        }
    scratch_remove(dir);
}

static json_t *description_of(const char *dir, const char *arch, bool deepnet)
{
    char *path = path_join(dir, "model.json"), *text;
    struct shape of = shape;
    struct model model;
    struct err err = {0};
    json_t *root = NULL;
    real *weights;
    size_t len;

    of.deepnet = deepnet;
    of.head_dim = 12;
    weights = start_as(&model, architecture_find(arch), &of, 1);
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), 0);
    assert_int_equal(file_read(&text, &len, path, 1 << 20, &err), 0);
    assert_int_equal(json_read(&root, text, len, path, &err), 0);
    free(text);
    free(weights);
    model_clear(&model);
    free(path);
    return root;
}

static void a_description_has_the_words_of_its_class(void **state)
{
    const struct {
        const char *arch, *class_name;
        bool says_bias;
    } cases[] = {{"llama", "LlamaForCausalLM", true},
                 {"qwen2", "Qwen2ForCausalLM", false},
                 {"qwen3", "Qwen3ForCausalLM", true}};
    char *dir = scratch_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = description_of(dir, cases[i].arch, false);
        const json_t *classes = json_object_get(root, "architectures");
        assert_string_equal(json_string_value(json_object_get(root, "model_type")), cases[i].arch);
        assert_int_equal(json_array_size(classes), 1);
        assert_string_equal(json_string_value(json_array_get(classes, 0)), cases[i].class_name);
        assert_int_equal(json_integer_value(json_object_get(root, "head_dim")), 12);
        assert_true(json_is_false(json_object_get(root, "attention_bias")) == cases[i].says_bias);
        json_decref(root);
    }
    scratch_remove(dir);
}

/* Hugging Face's Llama would add the branches unscaled and tell another loss. */
static void a_residual_scale_is_not_described_as_another_librarys_model(void **state)
{
    char *dir = scratch_new();
    json_t *root = description_of(dir, "llama", true);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(root, "model_type")), "deepnet-llama");
    assert_null(json_object_get(root, "architectures"));
    json_decref(root);
    scratch_remove(dir);
}

/* Hugging Face's default for Qwen3 is 128; for the others dim / heads. */
static void a_head_width_that_is_not_given_is_that_of_the_architecture(void **state)
{
    static const char rest[] = "\"hidden_size\": 8, \"num_attention_heads\": 2, \"head_dim\": null,"
                               " \"num_hidden_layers\": 1, \"intermediate_size\": 8,"
                               " \"vocab_size\": 8";
    const struct {
        const char *arch;
        int width;
    } cases[] = {{"llama", 4}, {"qwen2", 4}, {"qwen3", 128}};
    char *dir = scratch_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf("{\"model_type\": \"%s\", %s}", cases[i].arch, rest);
        struct model model;
        struct err err = {0};
        scratch_write(dir, "model.json", text, strlen(text));
        assert_int_equal(checkpoint_read_shape(&model, dir, 0, &err), 0);
        assert_int_equal(model.shape.head_dim, cases[i].width);
        model_clear(&model);
        free(text);
    }
    scratch_remove(dir);
}

static void another_shape_is_refused(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors");
    struct shape wider = shape, deeper = shape, tied = shape;
    const struct {
        const struct shape *of;
        const char *words;
    } cases[] = {{&wider, "is not [32, 16]"}, {&deeper, "no tensor"}, {&tied, NULL}};
    struct model model;
    struct err err = {0};
    real *weights = start(&model, &shape, 1);

    (void)state;
    wider.hidden = 32;
    deeper.layers = 3;
    tied.tied = true; /* may leave a head aside */
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), 0);
    for (size_t i = 0; i < 3; i++) {
        struct model other;
        real *into = start(&other, cases[i].of, 2);
        int rc = safetensors_read(&other, into, path, &err);
        assert_int_equal(rc, cases[i].words != NULL ? -1 : 0);
        if (cases[i].words != NULL)
            assert_non_null(strstr(err.text, cases[i].words));
        free(into);
        model_clear(&other);
    }
    free(weights);
    model_clear(&model);
    free(path);
    scratch_remove(dir);
}

/* Whatever a file holds, it is read within its bounds and refused in one line. */
static void cut_or_damaged_files_are_refused(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors"), *bytes;
    struct model model;
    struct err err = {0};
    real *weights = start(&model, &shape, 1);
    size_t len;

    (void)state;
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), 0);
    assert_int_equal(file_read(&bytes, &len, path, 1 << 20, &err), 0);
    for (size_t cut = 0; cut < len; cut += cut < 40 ? 1 : 397) {
        scratch_write(dir, "model.safetensors", bytes, cut);
        err = (struct err){0};
        assert_int_equal(safetensors_read(&model, weights, path, &err), -1);
        assert_true(err.code != 0);
    }
    for (size_t at = 0; at < 600; at++) { /* length and header; a flip may be harmless */
        bytes[at] ^= 0x11;
        scratch_write(dir, "model.safetensors", bytes, len);
        (void)safetensors_read(&model, weights, path, &err);
        bytes[at] ^= 0x11;
    }
    free(bytes);
    free(weights);
    model_clear(&model);
    free(path);
    scratch_remove(dir);
}

/* Weights under the SHA-256 that model.json tells; a folder that tells none is taken as it is. */
static void weights_with_a_flipped_bit_or_of_another_run_are_refused(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors"), *bytes;
    struct model model;
    struct err err = {0};
    real *weights = start(&model, &shape, 1), *read;
    size_t len, numbers = model.n_weights * sizeof *weights;

    (void)state;
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), 0);
    assert_int_equal(file_read(&bytes, &len, path, 1 << 20, &err), 0);
    for (size_t bit = 0; bit < 8 * numbers; bit += 8 * numbers / 101 + 1) {
        char *at = bytes + len - numbers + bit / 8;
        *at ^= (char)(1 << bit % 8);
        scratch_write(dir, "model.safetensors", bytes, len);
        assert_int_equal(checkpoint_read_weights(&read, &model, dir, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, "model.safetensors is damaged"));
        free(read);
        *at ^= (char)(1 << bit % 8);
    }
    weights[5] += 1;
    assert_int_equal(safetensors_write(path, &model, weights, &err), 0);
    assert_int_equal(checkpoint_read_weights(&read, &model, dir, &err), -1);
    free(read);
    scratch_write(dir, "model.json", "{}", 2);
    assert_int_equal(checkpoint_read_weights(&read, &model, dir, &err), 0);
    assert_memory_equal(read, weights, numbers);
    free(read);
    free(bytes);
    free(weights);
    model_clear(&model);
    free(path);
    scratch_remove(dir);
}

/* An earlier model in the folder is whole, and the later one is none or whole. */
static void a_description_that_cannot_be_written_leaves_the_old_model_whole(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors");
    char *in_the_way = path_join(dir, "model.json.new/x"), before[SHA256_TEXT], after[SHA256_TEXT];
    struct model model;
    struct err err = {0};
    real *weights = start(&model, &shape, 1), *read;

    (void)state;
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), 0);
    assert_int_equal(sha256_file(before, NULL, path, &err), 0);
    assert_int_equal(file_mkdirs(in_the_way, &err), 0);
    weights[0] += 1;
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), -1);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_int_equal(sha256_file(after, NULL, path, &err), 0);
    assert_string_equal(before, after);
    assert_int_equal(checkpoint_read_weights(&read, &model, dir, &err), 0);
    free(read);
    free(weights);
    model_clear(&model);
    free(in_the_way);
    free(path);
    scratch_remove(dir);
}

static void a_full_disk_leaves_the_old_checkpoint_whole(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors");
    char *part = path_join(dir, "model.safetensors.new");
    struct rlimit limit, small;
    struct model model;
    struct err err = {0};
    real *weights = start(&model, &shape, 1);
    char before[SHA256_TEXT], after[SHA256_TEXT];

    (void)state;
    assert_int_equal(safetensors_write(path, &model, weights, &err), 0);
    assert_int_equal(sha256_file(before, NULL, path, &err), 0);
    signal(SIGXFSZ, SIG_IGN); /* a size limit stands in for the full disk: EFBIG for ENOSPC */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 5000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    weights[0] += 1;
    assert_int_equal(safetensors_write(path, &model, weights, &err), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_int_equal(sha256_file(after, NULL, path, &err), 0);
    assert_string_equal(before, after);
    assert_false(file_exists(part));
    free(weights);
    model_clear(&model);
    free(part);
    free(path);
    scratch_remove(dir);
}

static void descriptions_that_make_no_model_are_refused(void **state)
{
    const struct {
        const char *text, *words;
    } cases[] = {
        {"{}", "model_type"},
        {"{\"model_type\": \"gpt2\"}", "gpt2"},
        {"{\"model_type\": \"llama\"}", "hidden_size"},
        {"{\"model_type\": \"llama\", \"hidden_size\": -4}", "hidden_size"},
        {"{\"model_type\": \"llama\", \"hidden_size\": 8, \"num_attention_heads\": 2,"
         " \"num_hidden_layers\": 1, \"head_dim\": 0}",
         "head_dim"},
        {"{\"model_type\": \"deepnet-gpt2\"}", "deepnet-gpt2"},
        {"{\"model_type\": \"qwen2\", \"use_sliding_window\": true}", "sliding-window"},
        {"{\"model_type\": \"llama\", \"attention_bias\": true}", "biases"},
        {"{\"model_type\": \"llama\", \"rope_scaling\": {\"factor\": 8}}", "scaled"},
        {"{\"model_type\": \"llama\", \"hidden_size\": 8, \"num_attention_heads\": 2,"
         " \"num_hidden_layers\": 10000000, \"intermediate_size\": 8, \"vocab_size\": 8}",
         "layers"},
        {"not json", "model.json:1"},
    };
    char *dir = scratch_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model model;
        struct err err = {0};
        scratch_write(dir, "model.json", cases[i].text, strlen(cases[i].text));
        assert_int_equal(checkpoint_read_shape(&model, dir, 0, &err), -1);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("'%s' lacks '%s'", err.text, cases[i].words);
        model_clear(&model);
    }
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_reads_back_bit_for_bit),
        cmocka_unit_test(a_description_has_the_words_of_its_class),
        cmocka_unit_test(a_residual_scale_is_not_described_as_another_librarys_model),
        cmocka_unit_test(a_head_width_that_is_not_given_is_that_of_the_architecture),
        cmocka_unit_test(another_shape_is_refused),
        cmocka_unit_test(cut_or_damaged_files_are_refused),
        cmocka_unit_test(weights_with_a_flipped_bit_or_of_another_run_are_refused),
        cmocka_unit_test(a_description_that_cannot_be_written_leaves_the_old_model_whole),
        cmocka_unit_test(a_full_disk_leaves_the_old_checkpoint_whole),
        cmocka_unit_test(descriptions_that_make_no_model_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
