/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adapters that another program wrote, in PEFT's form (tests/golden/peft-lora/make.py). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapter.h"
#include "check.h"
#include "decoder.h"
#include "format.h"
#include "json.h"
#include "scratch.h"

#define BASE "tests/golden/llama-gqa"
#define PEFT "tests/golden/peft-lora"

static const struct format_hints no_hints;

static json_t *read_json(const char *path)
{
    struct err err = {0};
    json_t *root;

    if (json_read_file(&root, path, 1 << 20, &err) != 0)
        fail_msg("%s", err.text);
    return root;
}

static void open_base(struct model_file *in)
{
    struct err err = {0};

    if (model_file_open(in, BASE, &no_hints, &err) != 0)
        fail_msg("%s", err.text);
}

/* 1e-5 of the largest logit: what binary32 leaves of float64 through two layers. */
static void logits_with_them_are_those_of_torch(void **state)
{
    json_t *root = read_json(PEFT "/case.json"), *ids = json_object_get(root, "ids");
    const json_t *want = json_object_get(root, "logits");
    uint32_t rows[64];
    double most = 0;
    struct model_file in;
    struct weights w;
    struct decoder *d;
    struct err err = {0};
    const real *logits;

    (void)state;
    for (size_t i = 0; i < json_array_size(ids); i++)
        rows[i] = (uint32_t)json_integer_value(json_array_get(ids, i));
    open_base(&in);
    if (model_file_adapt(&in, PEFT, &err) != 0 || model_file_view(&w, &in, &err) != 0)
        fail_msg("%s", err.text);
    model_positions(&in.model);
    assert_int_equal(decoder_open(&d, &in.model, &w, 64, 1, &err), 0);
    logits = decoder_read(d, rows, json_array_size(ids));
    for (size_t i = 0; i < json_array_size(want); i++)
        most = fmax(most, fabs(json_number_value(json_array_get(want, i))));
    for (size_t i = 0; i < json_array_size(want); i++)
        assert_close((double)logits[i], json_number_value(json_array_get(want, i)), 1e-5,
                     1e-5 * most);
    /* and they are not those of the base */
    assert_true(json_number_value(json_object_get(root, "moved")) > 0.1 * most);
    decoder_close(d);
    weights_clear(&w);
    model_file_close(&in);
    json_decref(root);
}

/* The description with one entry changed, NULL: left out, in a folder with the same tensors. */
static int read_with(struct adapter *out, const char *key, json_t *value, struct err *err)
{
    char *dir = scratch_new(), *text = NULL;
    json_t *config = read_json(PEFT "/adapter_config.json");
    struct model_file in;
    struct err other = {0};
    size_t len;
    int rc;

    if (value != NULL)
        json_object_set_new(config, key, value);
    else
        json_object_del(config, key);
    assert_int_equal(file_read(&text, &len, PEFT "/adapter_model.safetensors", 1 << 20, &other), 0);
    scratch_write(dir, "adapter_model.safetensors", text, len);
    free(text);
    text = json_dumps(config, 0);
    scratch_write(dir, "adapter_config.json", text, strlen(text));
    open_base(&in);
    rc = adapter_read(out, dir, &in.model, err);
    model_file_close(&in);
    free(text);
    json_decref(config);
    scratch_remove(dir);
    return rc;
}

static void what_changes_the_product_is_refused_by_name(void **state)
{
    static const struct {
        const char *key, *value;
    } cases[] = {
        {"peft_type", "\"IA3\""},
        {"bias", "\"all\""},
        {"use_dora", "true"},
        {"lora_bias", "true"},
        {"fan_in_fan_out", "true"},
        {"use_qalora", "true"},
        {"use_bdlora", "{\"nblocks\": 2}"},
        {"alora_invocation_tokens", "[1, 2]"},
        {"arrow_config", "{\"top_k\": 3}"},
        {"exclude_modules", "[\"q_proj\"]"},
        {"rank_pattern", "{\"q_proj\": 4}"},
        {"alpha_pattern", "{\"q_proj\": 4}"},
        {"layers_to_transform", "[0]"},
        {"layer_replication", "[[0, 2]]"},
        {"modules_to_save", "[\"lm_head\"]"},
        {"target_parameters", "[\"x\"]"},
        {"trainable_token_indices", "[1]"},
        {"init_lora_weights", "\"pissa_niter_16\""},
        {"init_lora_weights", "\"olora\""},
        {"r", "\"two\""},
        {"r", "2.5"},
        {"lora_alpha", "null"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct adapter a;
        struct err err = {0};
        json_t *value = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
        assert_int_equal(read_with(&a, cases[i].key, value, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        if (strstr(err.text, cases[i].key) == NULL)
            assert_non_null(strstr(err.text, "adapted biases")); /* of the entry "bias" */
        adapter_clear(&a);
    }
}

static void what_matters_in_training_alone_is_passed_over(void **state)
{
    static const char *const keys[] = {"lora_dropout", "init_lora_weights", "task_type",
                                       "peft_version", "revision",          "inference_mode"};
    struct adapter a;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_int_equal(read_with(&a, keys[i], NULL, &err), 0);
        adapter_clear(&a);
    }
    assert_int_equal(read_with(&a, "init_lora_weights", json_string("gaussian"), &err), 0);
    adapter_clear(&a);
}

/* 3 / sqrt(2) in the file; without the alpha 8 / sqrt(2); without the rank tensors of 8 are missed.
 */
static void rank_and_alpha_are_eight_where_nobody_tells(void **state)
{
    struct adapter a;
    struct err err = {0};

    (void)state;
    assert_int_equal(read_with(&a, "revision", NULL, &err), 0);
    assert_close(a.lora.scale, 3 / sqrt(2), 1e-12, 0);
    adapter_clear(&a);
    assert_int_equal(read_with(&a, "lora_alpha", NULL, &err), 0);
    assert_close(a.lora.scale, 8 / sqrt(2), 1e-12, 0);
    adapter_clear(&a);
    assert_int_equal(read_with(&a, "r", NULL, &err), -1);
    assert_non_null(strstr(err.text, "is not [8, "));
    adapter_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_with_them_are_those_of_torch),
        cmocka_unit_test(what_changes_the_product_is_refused_by_name),
        cmocka_unit_test(what_matters_in_training_alone_is_passed_over),
        cmocka_unit_test(rank_and_alpha_are_eight_where_nobody_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
