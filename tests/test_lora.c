/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adapters: what they give, where they are kept, and that the loss told is that of what is kept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapter.h"
#include "block.h"
#include "check.h"
#include "evaluate.h"
#include "fine_tune.h"
#include "format.h"
#include "gemm.h"
#include "small_run.h"
#include "state.h"

#define ROWS 16

/* --- one model, beside and merged ------------------------------------------------------------- */

struct pair {
    struct model model;
    struct lora lora;
    real *weights, *block, losses[ROWS];
    struct work work;
    uint32_t ids[ROWS + 1];
};

static void pair_open(struct pair *p, const struct architecture *arch, bool deepnet)
{
    const struct shape shape = {.dim = 24,
                                .layers = 2,
                                .heads = 4,
                                .kv_heads = 2,
                                .hidden = 40,
                                .vocab = 50,
                                .seq = ROWS,
                                .deepnet = deepnet,
                                .rope_theta = 100,
                                .norm_eps = 1e-5};
    bool adapts[LORA_TARGETS];
    struct err err = {0};
    struct rng rng;

    *p = (struct pair){0};
    gemm_single_threaded();
    assert_int_equal(model_init(&p->model, arch, &shape, &err), 0);
    assert_int_equal(lora_targets_read(adapts, "q,k,v,o,gate,up,down", &err), 0);
    lora_init(&p->lora, &p->model.shape, adapts, 4, 8);
    p->weights = block_new(p->model.n_weights);
    p->block = block_new(p->lora.list.n_weights);
    model_start(&p->model, p->weights, 1, 0.1);
    lora_start(&p->lora, p->block, 1);
    p->lora.weights = p->block;
    p->model.lora = &p->lora;
    p->work.block = block_new(arch->scratch(&p->model, ROWS, false));
    rng_init(&rng, 1, "ids", 0);
    for (size_t i = 0; i <= ROWS; i++)
        p->ids[i] = (uint32_t)rng_below(&rng, 50);
}

static void pair_close(struct pair *p)
{
    free(p->weights);
    free(p->block);
    free(p->work.block);
    lora_clear(&p->lora);
    model_clear(&p->model);
}

static double pair_loss(struct pair *p)
{
    const struct batch batch = {p->ids, p->ids + 1, 1, ROWS};
    double sum = 0;

    p->model.arch->losses(&p->model, p->losses, p->weights, &p->work, &batch);
    for (size_t i = 0; i < ROWS; i++)
        sum += (double)p->losses[i];
    return sum / ROWS;
}

static void fill(struct pair *p)
{
    struct rng rng;

    rng_init(&rng, 2, "adapters", 0);
    for (size_t i = 0; i < p->lora.list.n_weights; i++)
        p->block[i] = (real)(0.2 * rng_normal(&rng));
}

static void a_fresh_adapter_leaves_the_model_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++) {
        struct pair p;
        double with, without;
        pair_open(&p, architectures[i], false);
        with = pair_loss(&p);
        p.model.lora = NULL;
        without = pair_loss(&p);
        assert_true(with == without);
        pair_close(&p);
    }
}

/* Applied twice, as the forerunner did, the loss would differ by far more than rounding. */
static void an_adapter_beside_a_matrix_is_the_adapter_in_it(void **state)
{
    (void)state;
    for (size_t i = 0; architectures[i] != NULL; i++)
        for (int deepnet = 0; deepnet < 2; deepnet++) {
            struct pair p;
            double plain, beside, merged, twice;
            pair_open(&p, architectures[i], deepnet != 0);
            plain = pair_loss(&p);
            fill(&p);
            beside = pair_loss(&p);
            lora_merge(p.weights, &p.model, &p.lora, p.block);
            twice = pair_loss(&p);
            p.model.lora = NULL;
            merged = pair_loss(&p);
            assert_close(beside, merged, 1e-5, 0);
            assert_true(fabs(beside - plain) > 1e-2 && fabs(twice - merged) > 1e-2);
            pair_close(&p);
        }
}

static void targets_are_words_with_commas_between(void **state)
{
    static const struct {
        const char *words, *error;
    } cases[] = {{"q,,v", "''"}, {"", "''"},       {"q,x", "'x'"},       {"q,v,q", "twice"},
                 {"q,v,", "''"}, {"q v", "'q v'"}, {"qproj", "'qproj'"}, {"gateup", "'gateup'"}};
    bool adapts[LORA_TARGETS];
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(lora_targets_read(adapts, cases[i].words, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, cases[i].error));
    }
    assert_int_equal(lora_targets_read(adapts, "down,q", &err), 0);
    assert_true(adapts[LORA_Q] && adapts[LORA_DOWN] && !adapts[LORA_V] && !adapts[LORA_O]);
}

/* --- runs ---------------------------------------------------------------------------------------
 */

/* A model to begin with, in f->dir/base. */
static char *make_base(struct fixture *f)
{
    char *kept = f->out, *base = path_join(f->dir, "base");

    f->out = base;
    val_loss_with(f, "{\"steps\": 20}");
    f->out = kept;
    return base;
}

/* What a run with --init told; the config's data are the fixture's. */
static double tuned(const struct fixture *f, const char *base, const char *changes, size_t threads)
{
    const struct format_hints hints = {0};
    struct train_request request = {.out = f->out, .seed = 1, .threads = threads};
    struct model_file in = {0};
    struct config config;
    struct err err = {0};
    char *path = path_join(f->dir, "stdout"), *text;
    int kept = dup(1), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), rc;
    double loss;

    config_with(&config, f, changes);
    if (fine_tune_open(&in, &config, base, &hints, &err) != 0)
        fail_msg("%s", err.text);
    request.init = &in;
    assert_true(kept >= 0 && to >= 0 && fflush(stdout) == 0 && dup2(to, 1) == 1);
    rc = train(&config, &request, &err);
    assert_true(fflush(stdout) == 0 && dup2(kept, 1) == 1);
    if (rc != 0)
        fail_msg("%s", err.text);
    close(kept);
    close(to);
    assert_int_equal(file_read(&text, NULL, path, 1 << 20, &err), 0);
    loss = last_number(text, "val_loss");
    free(text);
    free(path);
    model_file_close(&in);
    config_clear(&config);
    return loss;
}

/* The loss on the fixture's validation tokens, as a run works it out. */
static double loss_of(const struct fixture *f, struct model *model, const real *weights)
{
    struct evaluation e = {0};
    struct work work = {0};
    struct pool *pool;
    struct data data;
    struct err err = {0};
    real *losses;
    double mean;

    assert_int_equal(data_open(&data, f->data, VOCAB, &err), 0);
    assert_int_equal(evaluation_init(&e, &data.split[SPLIT_VAL], 65536, &err), 0);
    assert_int_equal(pool_open(&pool, 1, &err), 0);
    model_positions(model);
    work.block = block_new(model->arch->scratch(model, 32, false));
    losses = mem_new(e.n, sizeof *losses);
    evaluate(losses, &e, model, weights, &work, 32, 16, pool, NULL); /* micro_batch 2, seq 16 */
    mean = evaluation_mean(&e, losses);
    free(losses);
    free(work.block);
    pool_close(pool);
    evaluation_clear(&e);
    data_close(&data);
    return mean;
}

/* With the adapters in f->out where they are asked for. */
static double kept_loss(const struct fixture *f, const char *path, bool adapt)
{
    const struct format_hints hints = {0};
    struct model_file in;
    struct err err = {0};
    real *weights = NULL;
    double loss;

    if (model_file_open(&in, path, &hints, &err) != 0 ||
        (adapt && model_file_adapt(&in, f->out, &err) != 0) ||
        model_file_weights(&weights, &in, &err) != 0)
        fail_msg("%s", err.text);
    loss = loss_of(f, &in.model, weights);
    free(weights);
    model_file_close(&in);
    return loss;
}

/* The base with the adapters in f->out, exported as a folder of its own. */
static void export_merged(const struct fixture *f, const char *base, const char *to)
{
    const struct format_hints hints = {0};
    struct format_job job = {.path = to, .dtype = dtypes};
    struct model_file in;
    struct err err = {0};
    real *weights = NULL;

    assert_int_equal(model_file_open(&in, base, &hints, &err), 0);
    assert_int_equal(model_file_adapt(&in, f->out, &err), 0);
    assert_int_equal(model_file_weights(&weights, &in, &err), 0);
    job.from = &in;
    job.weights = weights;
    if (format_of_suffix(to)->write(&job, &err) != 0)
        fail_msg("%s", err.text);
    free(weights);
    model_file_close(&in);
}

static void the_loss_told_is_that_of_the_adapters_kept_and_of_the_merged_model(void **state)
{
    struct fixture *f = *state;
    char *base = make_base(f), *merged = path_join(f->dir, "merged.safetensors");
    double plain = kept_loss(f, base, false), told;

    for (int average = 0; average < 2; average++) {
        told =
            tuned(f, base, average ? "{\"lora_rank\": 4, \"ema\": 0.5}" : "{\"lora_rank\": 4}", 2);
        assert_true(told < plain - 0.01);
        assert_true(kept_loss(f, base, true) == told); /* to the last bit */
        export_merged(f, base, merged);
        assert_true(kept_loss(f, merged, false) == told);
    }
    free(merged);
    free(base);
}

/* Rounding of binary32 alone parts them: 1e-5 of the loss at most. */
static void the_loss_beside_the_weights_is_that_of_the_merged_ones(void **state)
{
    struct fixture *f = *state;
    char *base = make_base(f);
    double told = tuned(f, base, "{\"lora_rank\": 4}", 1), beside;
    const struct format_hints hints = {0};
    struct model_file in;
    struct adapter a;
    struct err err = {0};
    real *weights = NULL;

    assert_int_equal(model_file_open(&in, base, &hints, &err), 0);
    assert_int_equal(model_file_weights(&weights, &in, &err), 0);
    assert_int_equal(adapter_read(&a, f->out, &in.model, &err), 0);
    a.lora.weights = a.weights;
    in.model.lora = &a.lora;
    beside = loss_of(f, &in.model, weights);
    assert_close(beside, told, 1e-5, 0);
    adapter_clear(&a);
    free(weights);
    model_file_close(&in);
    free(base);
}

static void threads_leave_no_trace_in_adapters(void **state)
{
    struct fixture *f = *state;
    char *base = make_base(f), *path = path_join(f->out, ADAPTER_WEIGHTS);
    char first[SHA256_TEXT], now[SHA256_TEXT];
    struct err err = {0};

    for (size_t threads = 1; threads <= 4; threads *= 2) {
        tuned(f, base, "{\"lora_rank\": 4, \"micro_batch\": 1}", threads);
        assert_int_equal(sha256_file(threads == 1 ? first : now, NULL, path, &err), 0);
        assert_true(threads == 1 || strcmp(first, now) == 0);
    }
    free(path);
    free(base);
}

static void the_weights_beside_adapters_stay_as_they_are(void **state)
{
    const struct fixture *f = *state;
    struct config config;
    struct trainer *t;
    struct data data;
    struct err err = {0};
    real *before;
    size_t bytes;

    config_with(&config, f, "{\"lora_rank\": 2, \"weight_decay\": 1}");
    assert_int_equal(data_open(&data, f->data, VOCAB, &err), 0);
    assert_int_equal(trainer_open(&t, &config, VOCAB, 2, 1, &err), 0);
    trainer_start(t);
    bytes = t->model.n_weights * sizeof *before;
    before = mem_new(t->model.n_weights, sizeof *before);
    memcpy(before, t->weights, bytes);
    for (uint64_t step = 0; step < 5; step++)
        trainer_step(t, &data.split[SPLIT_TRAIN], step, 0.01);
    assert_memory_equal(t->weights, before, bytes);
    trainer_finish(t);
    assert_memory_not_equal(t->weights, before, bytes);
    free(before);
    trainer_close(t);
    data_close(&data);
    config_clear(&config);
}

/*
 * One block of weights; gradient, two partial ones and AdamW's two states are the adapters' alone,
 * and so is what is moved.  The scratch of both is the same but for the adapters' narrow products.
 */
static void memory_is_one_block_of_weights_and_six_of_adapters(void **state)
{
    const struct fixture *f = *state;
    struct config config, whole;
    struct model model;
    struct err err = {0};
    bool adapts[LORA_TARGETS];
    struct lora lora;
    struct shape shape;
    double saved, adapters, narrow;

    config_with(&config, f, "{\"lora_rank\": 2}");
    config_with(&whole, f, "{}");
    shape = config_shape(&whole, VOCAB);
    assert_int_equal(model_list(&model, architecture_find("llama"), &shape, &err), 0);
    assert_int_equal(lora_targets_read(adapts, config.lora_targets, &err), 0);
    lora_init(&lora, &model.shape, adapts, 2, 16);
    saved = trainer_memory(&whole, &model, 2) - trainer_memory(&config, &model, 2);
    adapters = 6 * (double)lora.list.n_weights;
    narrow = 2 * 2 * 32 * 2; /* two threads, x a' and its gradient, 32 rows, rank 2 */
    assert_close(saved, sizeof(real) * (5 * (double)model.n_weights - adapters - narrow), 0, 0);
    lora_clear(&lora);
    model_clear(&model);
    config_clear(&whole);
    config_clear(&config);
}

/* --- what others write ------------------------------------------------------------------------ */

static void descriptions_that_are_not_known_are_refused(void **state)
{
    static const struct {
        const char *change, *error;
    } cases[] = {
        {"{\"peft_type\": \"IA3\"}", "IA3"},
        {"{\"use_dora\": true}", "use_dora"},
        {"{\"bias\": \"all\"}", "biases"},
        {"{\"r\": 0}", "\"r\""},
        {"{\"r\": 3}", "is not ["},
        {"{\"lora_alpha\": null}", "lora_alpha"},
        {"{\"rank_pattern\": {\"q_proj\": 2}}", "rank_pattern"},
        {"{\"modules_to_save\": [\"lm_head\"]}", "modules_to_save"},
        {"{\"target_modules\": [\"q_proj\", \"lm_head\"]}", "'lm_head'"},
        {"{\"target_modules\": []}", "target_modules"},
        {"{\"target_modules\": [\"q_proj\"]}", "none of this model's"},
        {"{\"layers_to_transform\": [0]}", "layers_to_transform"},
    };
    struct fixture *f = *state;
    char *base = make_base(f), *path = path_join(f->out, ADAPTER_CONFIG), *text;
    const struct format_hints hints = {0};
    struct model_file in;
    struct adapter a;
    struct err err = {0};
    size_t len;

    tuned(f, base, "{\"lora_rank\": 2, \"lora_targets\": \"q,v\"}", 1);
    assert_int_equal(file_read(&text, &len, path, 1 << 20, &err), 0);
    assert_int_equal(model_file_open(&in, base, &hints, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = json_loads(text, 0, NULL), *over = json_loads(cases[i].change, 0, NULL);
        char *changed;
        json_object_update(root, over);
        changed = json_dumps(root, 0);
        scratch_write(f->out, ADAPTER_CONFIG, changed, strlen(changed));
        assert_int_equal(adapter_read(&a, f->out, &in.model, &err), -1);
        if (err.code != ERR_USAGE || strstr(err.text, cases[i].error) == NULL)
            fail_msg("%s: %s", cases[i].change, err.text);
        adapter_clear(&a);
        free(changed);
        json_decref(over);
        json_decref(root);
    }
    scratch_write(f->out, ADAPTER_CONFIG, text, len);
    assert_int_equal(adapter_read(&a, f->out, &in.model, &err), 0);
    assert_int_equal(a.lora.rank, 2);
    assert_close(a.lora.scale, 8, 0, 0);
    adapter_clear(&a);
    model_file_close(&in);
    free(text);
    free(path);
    free(base);
}

/* Cut anywhere: one clear line.  A byte of the header another: that, or adapters that fit. */
static void damaged_files_are_refused(void **state)
{
    struct fixture *f = *state;
    char *base = make_base(f), *path = path_join(f->out, ADAPTER_WEIGHTS), *bytes;
    const struct format_hints hints = {0};
    struct model_file in;
    struct adapter a;
    struct err err = {0};
    size_t len, refused = 0, entries, header;

    tuned(f, base, "{\"lora_rank\": 1, \"lora_targets\": \"v\", \"steps\": 1}", 1);
    assert_int_equal(file_read(&bytes, &len, path, 1 << 20, &err), 0);
    assert_int_equal(model_file_open(&in, base, &hints, &err), 0);
    for (size_t cut = 0; cut < len; cut += 1 + len / 60) {
        scratch_write(f->out, ADAPTER_WEIGHTS, bytes, cut);
        assert_int_equal(adapter_read(&a, f->out, &in.model, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        adapter_clear(&a);
    }
    header = (unsigned char)bytes[0] + 256u * (unsigned char)bytes[1] + 8;
    entries = header - 350; /* behind the metadata */
    for (size_t at = entries; at < header; at += 5) {
        int rc;
        bytes[at] ^= 0x15;
        scratch_write(f->out, ADAPTER_WEIGHTS, bytes, len);
        rc = adapter_read(&a, f->out, &in.model, &err);
        assert_true(rc == 0 || err.code == ERR_USAGE);
        refused += rc != 0;
        adapter_clear(&a);
        bytes[at] ^= 0x15;
    }
    assert_true(refused > 50); /* of 70 */
    model_file_close(&in);
    free(bytes);
    free(path);
    free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_adapter_leaves_the_model_as_it_is),
        cmocka_unit_test(an_adapter_beside_a_matrix_is_the_adapter_in_it),
        cmocka_unit_test(targets_are_words_with_commas_between),
        cmocka_unit_test(the_loss_told_is_that_of_the_adapters_kept_and_of_the_merged_model),
        cmocka_unit_test(the_loss_beside_the_weights_is_that_of_the_merged_ones),
        cmocka_unit_test(threads_leave_no_trace_in_adapters),
        cmocka_unit_test(the_weights_beside_adapters_stay_as_they_are),
        cmocka_unit_test(memory_is_one_block_of_weights_and_six_of_adapters),
        cmocka_unit_test(descriptions_that_are_not_known_are_refused),
        cmocka_unit_test(damaged_files_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
