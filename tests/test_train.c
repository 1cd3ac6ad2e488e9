/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole small runs: exactness, budgets, and that every option acts. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "checkpoint.h"
#include "evaluate.h"
#include "json.h"
#include "scratch.h"
#include "small_run.h"
#include "state.h"

static void threads_leave_no_trace_with(const struct fixture *f, const char *changes)
{
    const size_t threads[] = {1, 2, 4, 1};
    char *first = NULL, hash[SHA256_TEXT] = "";

    for (size_t i = 0; i < 4; i++) {
        struct config config;
        struct err err = {0};
        char *text, *lines, now[SHA256_TEXT];
        config_with(&config, f, changes);
        assert_int_equal(run_captured(&text, f, &config, 5, threads[i], &err), 0);
        lines = curve(text);
        hash_weights(now, f);
        if (i == 0) {
            first = mem_strdup(lines);
            strcpy(hash, now);
        }
        assert_true(strlen(lines) > 100);
        assert_string_equal(lines, first);
        assert_string_equal(now, hash);
        free(lines);
        free(text);
        config_clear(&config);
    }
    free(first);
}

static void weights_and_curve_are_the_same_for_one_two_and_four_threads(void **state)
{
    threads_leave_no_trace_with(*state, "{\"micro_batch\": 1}");
    threads_leave_no_trace_with(*state,
                                "{\"micro_batch\": 1, \"optimizer\": \"muon\", \"ema\": 0.9}");
    threads_leave_no_trace_with(*state, "{\"micro_batch\": 1, \"lora_rank\": 3}");
    for (size_t i = 0; methods[i] != NULL; i++) {
        char *changes = mem_printf("{\"micro_batch\": 1, \"method\": \"%s\", \"lora_rank\": %d,"
                                   " \"zo_refresh\": 5, \"hizoo_alpha\": 0.01}",
                                   methods[i]->name, methods[i]->adapters ? 2 : 0);
        threads_leave_no_trace_with(*state, changes);
        free(changes);
    }
}

/* Steps of a trainer by hand, and the mean by its definition: sum of ema^(t-s) w_s, normalised. */
static void ema_is_the_unbiased_mean_of_the_weights(void **state)
{
    const struct fixture *f = *state;
    struct config config;
    struct data data;
    struct trainer *t;
    struct err err = {0};
    double *sum, mass = 0;

    config_with(&config, f, "{\"ema\": 0.7}");
    assert_int_equal(data_open(&data, f->data, VOCAB, &err), 0);
    assert_int_equal(trainer_open(&t, &config, VOCAB, 2, 1, &err), 0);
    sum = mem_new(t->model.n_weights, sizeof *sum);
    for (int twice = 0; twice < 2; twice++) { /* a new start forgets the mean too */
        trainer_start(t);
        for (uint64_t step = 0; step < 3; step++)
            trainer_step(t, &data.split[SPLIT_TRAIN], step, 0.01);
    }
    trainer_start(t);
    for (uint64_t step = 0; step < 6; step++) {
        trainer_step(t, &data.split[SPLIT_TRAIN], step, 0.01);
        mass = 0.7 * mass + 1;
        for (size_t i = 0; i < t->model.n_weights; i++) {
            sum[i] = 0.7 * sum[i] + (double)t->weights[i];
            assert_close((double)trainer_weights(t)[i], sum[i] / mass, 1e-5, 1e-6);
        }
    }
    assert_true(memcmp(trainer_weights(t), t->weights, t->model.n_weights * sizeof(real)) != 0);
    free(sum);
    trainer_close(t);
    data_close(&data);
    config_clear(&config);
}

/* A checkpoint's loss, worked out anew, is the loss that the run told. */
static void saved_weights_are_the_evaluated_ones(void **state)
{
    const struct fixture *f = *state;
    double told = val_loss_with(f, "{\"ema\": 0.9, \"val_tokens\": 0}");
    struct config config;
    struct data data;
    struct evaluation val;
    struct trainer *t;
    struct err err = {0};
    real *saved, *losses;

    config_with(&config, f, "{}");
    assert_int_equal(data_open(&data, f->data, VOCAB, &err), 0);
    assert_int_equal(trainer_open(&t, &config, VOCAB, 1, 1, &err), 0);
    assert_int_equal(checkpoint_read_weights(&saved, &t->model, f->out, &err), 0);
    assert_int_equal(evaluation_init(&val, &data.split[SPLIT_VAL], 0, &err), 0);
    losses = mem_new(val.n, sizeof *losses);
    evaluate(losses, &val, &t->model, saved, t->works, t->rows, (size_t)config.seq, t->pool, NULL);
    assert_close(evaluation_mean(&val, losses), told, 1e-6, 0);
    free(losses);
    free(saved);
    evaluation_clear(&val);
    trainer_close(t);
    data_close(&data);
    config_clear(&config);
}

/* A run with all the state there can be, steps by hand, and a file to keep it in. */
struct hand {
    struct config config;
    struct data data;
    struct trainer *t;
    json_t *identity;
    char *path;
};

static void hand_open(struct hand *h, const struct fixture *f, const char *changes, size_t threads)
{
    struct err err = {0};

    config_with(&h->config, f, changes);
    if (data_open(&h->data, f->data, VOCAB, &err) != 0 ||
        trainer_open(&h->t, &h->config, VOCAB, threads, 1, &err) != 0)
        fail_msg("%s", err.text);
    h->identity = json_pack("{s:{s:f, s:s}}", "config", "lr", 0.5, "optimizer", "adamw");
    h->path = path_join(f->dir, "state");
}

static void hand_close(struct hand *h)
{
    json_decref(h->identity);
    free(h->path);
    trainer_close(h->t);
    data_close(&h->data);
    config_clear(&h->config);
}

static void hand_steps(struct hand *h, uint64_t from, uint64_t to)
{
    for (uint64_t step = from; step < to; step++)
        trainer_step(h->t, &h->data.split[SPLIT_TRAIN], step, 0.01);
}

static void hand_write(struct hand *h, int64_t done)
{
    const struct progress progress = {
        .steps = 6, .calibrated = true, .done = done, .told = 0, .loss_sum = 0.1};
    struct err err = {0};

    if (state_write(h->path, h->identity, &progress, h->t, &err) != 0)
        fail_msg("%s", err.text);
}

static void same_blocks(const struct trainer *a, const struct trainer *b)
{
    struct trainer_block of_a[TRAINER_BLOCKS], of_b[TRAINER_BLOCKS];
    size_t n = trainer_blocks(of_a, a);

    assert_int_equal(trainer_blocks(of_b, b), n);
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(of_a[i].at, of_b[i].at, of_a[i].n * sizeof(real));
}

static void state_leads_to_the_same_bits(const struct fixture *f, const char *changes)
{
    struct hand whole;
    hand_open(&whole, f, changes, 1);
    trainer_start(whole.t);
    hand_steps(&whole, 0, 6);
    for (int64_t at = 0; at <= 6; at++) {
        struct hand first, second;
        struct progress progress;
        struct err err = {0};
        hand_open(&first, f, changes, 1);
        trainer_start(first.t);
        hand_steps(&first, 0, (uint64_t)at);
        hand_write(&first, at);
        hand_close(&first);
        hand_open(&second, f, changes, 2);
        trainer_start(second.t); /* what calibration or anything else left goes away */
        hand_steps(&second, 3, 5);
        if (state_read(&progress, second.t, second.path, second.identity, &err) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(progress.done, at);
        assert_true(progress.loss_sum == 0.1 && progress.steps == 6 && progress.told == 0);
        assert_true(progress.calibrated);
        hand_steps(&second, (uint64_t)at, 6);
        same_blocks(second.t, whole.t);
        hand_close(&second);
    }
    hand_close(&whole);
}

static void state_at_every_step_leads_to_the_same_bits(void **state)
{
    for (size_t k = 0; optimizers[k] != NULL; k++) {
        char *changes = mem_printf("{\"optimizer\": \"%s\", \"ema\": %s, \"lora_rank\": %d}",
                                   optimizers[k]->name, k % 2 == 0 ? "0.9" : "0", k < 2 ? 0 : 3);
        state_leads_to_the_same_bits(*state, changes);
        free(changes);
    }
    for (size_t k = 0; methods[k] != NULL; k++) {
        char *changes =
            mem_printf("{\"method\": \"%s\", \"lora_rank\": %d, \"zo_refresh\": 4,"
                       " \"hizoo_alpha\": 0.01, \"ema\": %s}",
                       methods[k]->name, methods[k]->adapters ? 2 : 0, k % 2 == 0 ? "0.9" : "0");
        state_leads_to_the_same_bits(*state, changes);
        free(changes);
    }
}

/* Reads the state and demands a refusal that says `words`. */
static void refused_state(struct hand *h, const char *words)
{
    struct progress progress;
    struct err err = {0};

    assert_int_equal(state_read(&progress, h->t, h->path, h->identity, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' lacks '%s'", err.text, words);
    assert_null(strchr(err.text, '\n'));
}

static void a_state_of_another_run_or_a_damaged_one_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct hand h, other;
    struct err err = {0};
    char *bytes;
    size_t len;

    hand_open(&h, f, "{}", 1);
    trainer_start(h.t);
    hand_steps(&h, 0, 2);
    hand_write(&h, 2);
    hand_open(&other, f, "{\"dim\": 20}", 1);
    refused_state(&other, "of another size");
    hand_close(&other);
    hand_open(&other, f, "{\"optimizer\": \"sgd\"}", 1);
    refused_state(&other, "of another size");
    hand_close(&other);
    json_object_set_new(json_object_get(h.identity, "config"), "lr", json_real(0.25));
    refused_state(&h, "lr is 0.5 there and 0.25 here");
    json_object_set_new(json_object_get(h.identity, "config"), "lr", json_real(0.5));
    assert_int_equal(file_read(&bytes, &len, h.path, 1 << 22, &err), 0);
    for (size_t cut = 0; cut < len; cut += len / 13) {
        scratch_write(f->dir, "state", bytes, cut);
        refused_state(&h, "is damaged");
    }
    for (size_t at = 0; at < len; at += len / 29) {
        bytes[at] ^= 4;
        scratch_write(f->dir, "state", bytes, len);
        refused_state(&h, "is damaged");
        bytes[at] ^= 4;
    }
    free(bytes);
    assert_int_equal(file_remove(h.path, &err), 0);
    refused_state(&h, "no state to resume");
    hand_close(&h);
}

static void a_full_disk_leaves_the_old_state_whole(void **state)
{
    const struct fixture *f = *state;
    const struct progress progress = {.steps = 6, .done = 2};
    struct rlimit limit, small;
    struct hand h;
    struct err err = {0};
    char before[SHA256_TEXT], after[SHA256_TEXT], *part;

    hand_open(&h, f, "{}", 1);
    trainer_start(h.t);
    hand_write(&h, 0);
    assert_int_equal(sha256_file(before, NULL, h.path, &err), 0);
    hand_steps(&h, 0, 2);
    signal(SIGXFSZ, SIG_IGN); /* a size limit stands in for the full disk: EFBIG for ENOSPC */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = h.t->model.n_weights * sizeof(real) * 3 / 2; /* in the second block */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(state_write(h.path, h.identity, &progress, h.t, &err), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_int_equal(sha256_file(after, NULL, h.path, &err), 0);
    assert_string_equal(before, after);
    part = mem_printf("%s.part", h.path);
    assert_false(file_exists(part));
    scratch_write(f->dir, "state.part", "left", 4); /* by a kill in mid-write */
    assert_int_equal(state_remove(h.path, &err), 0);
    assert_false(file_exists(part) || file_exists(h.path));
    free(part);
    hand_close(&h);
}

static void another_seed_is_another_run(void **state)
{
    const struct fixture *f = *state;
    double loss[2];

    for (uint64_t seed = 0; seed < 2; seed++) {
        struct config config;
        struct err err = {0};
        char *text;
        config_with(&config, f, "{}");
        assert_int_equal(run_captured(&text, f, &config, seed, 1, &err), 0);
        loss[seed] = last_number(text, "val_loss");
        free(text);
        config_clear(&config);
    }
    assert_true(loss[0] != loss[1]);
}

static void training_learns_what_is_in_the_data(void **state)
{
    const struct fixture *f = *state;
    double before = val_loss_with(f, "{\"lr\": 0}");
    double after = val_loss_with(f, "{\"steps\": 300, \"lr\": 0.02}");

    /* A quarter of the tokens is uniform, the rest determined: the entropy is
     * -(0.75 + 0.25/61) ln(0.75 + 0.25/61) - 60 (0.25/61) ln(0.25/61) = 1.57 nats. */
    assert_true(before > log(VOCAB) - 0.1);
    assert_true(after < 2.0 && after > 1.4);
}

static void micro_batches_change_the_result_by_rounding_alone(void **state)
{
    const struct fixture *f = *state;
    double whole = val_loss_with(f, "{\"micro_batch\": 6}");

    assert_close(val_loss_with(f, "{\"micro_batch\": 1}"), whole, 1e-4, 0);
    assert_close(val_loss_with(f, "{\"micro_batch\": 4}"), whole, 1e-4, 0); /* a smaller last one */
    assert_close(val_loss_with(f, "{\"micro_batch\": 0}"), whole, 1e-4, 0);
}

/* Losses of the first step's targets, sequence by sequence; the caller frees. */
static real *first_losses(const struct fixture *f, const char *changes)
{
    struct config config;
    struct data data;
    struct trainer *t;
    struct err err = {0};
    real *losses;

    config_with(&config, f, changes);
    assert_int_equal(data_open(&data, f->data, VOCAB, &err), 0);
    assert_int_equal(trainer_open(&t, &config, VOCAB, 2, 1, &err), 0);
    trainer_start(t);
    trainer_step(t, &data.split[SPLIT_TRAIN], 0, 0.01);
    losses = mem_new(trainer_step_tokens(t), sizeof *losses);
    memcpy(losses, t->losses, trainer_step_tokens(t) * sizeof *losses);
    trainer_close(t);
    data_close(&data);
    config_clear(&config);
    return losses;
}

/*
 * Each target's loss is that of its sequence alone, up to the rounding of larger products (1e-5 of
 * losses about 4): another sequence in its place, or another order, would be off by tenths.
 */
static void batch_and_micro_batch_leave_the_data_of_a_step_as_it_is(void **state)
{
    static const char *const splits[] = {
        "{\"batch\": 6, \"micro_batch\": 2}", "{\"batch\": 6, \"micro_batch\": 4}",
        "{\"batch\": 6, \"micro_batch\": 6}", "{\"batch\": 6, \"micro_batch\": 0}",
        "{\"batch\": 11, \"micro_batch\": 3}"};
    const struct fixture *f = *state;
    real *alone = first_losses(f, "{\"batch\": 6, \"micro_batch\": 1}");

    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        real *losses = first_losses(f, splits[i]);
        for (size_t k = 0; k < 6 * 16; k++)
            assert_close((double)losses[k], (double)alone[k], 1e-5, 1e-5);
        free(losses);
    }
    assert_true(fabs((double)(alone[0] - alone[16])) > 1e-3);
    free(alone);
}

#define OTHER(method)            "{\"method\": \"" method "\"}"
#define OTHER_WITH(method, more) "{\"method\": \"" method "\", " more "}"
#define MEZO                     OTHER("mezo")
#define MEZO_WITH(more)          OTHER_WITH("mezo", more)
#define FORWARD                  OTHER_WITH("ff_lora", "\"lora_rank\": 2")
#define FORWARD_WITH(more)       OTHER_WITH("ff_lora", "\"lora_rank\": 2, " more)

/* How options that act only beside another one are tried: with that one, on both sides. */
static const struct {
    const char *name, *beside, *changes;
} acts_beside[] = {
    {"muon_lr_ratio", "{\"optimizer\": \"muon\"}",
     "{\"optimizer\": \"muon\", \"muon_lr_ratio\": 10}"},
    {"muon_momentum", "{\"optimizer\": \"muon\"}",
     "{\"optimizer\": \"muon\", \"muon_momentum\": 0.9}"},
    {"compact_vocab", "{\"vocab\": 70}", "{\"vocab\": 70, \"compact_vocab\": true}"},
    {"zo_eps", MEZO, MEZO_WITH("\"zo_eps\": 0.02")},
    {"zo_directions", MEZO, MEZO_WITH("\"zo_directions\": 3")},
    {"zo_draw", MEZO, MEZO_WITH("\"zo_draw\": \"rademacher\"")},
    {"zo_merge", MEZO_WITH("\"lora_rank\": 2"), MEZO_WITH("\"lora_rank\": 2, \"zo_merge\": true")},
    {"zo_sparsity", OTHER("sparse_mezo"), OTHER_WITH("sparse_mezo", "\"zo_sparsity\": 0.5")},
    {"zo_refresh", OTHER("sparse_mezo"), OTHER_WITH("sparse_mezo", "\"zo_refresh\": 3")},
    {"hizoo_alpha", OTHER("hizoo"), OTHER_WITH("hizoo", "\"hizoo_alpha\": 0.01")},
    {"p_gap_rank", OTHER("p_gap"), OTHER_WITH("p_gap", "\"p_gap_rank\": 2")},
    {"p_gap_probes", OTHER("p_gap"), OTHER_WITH("p_gap", "\"p_gap_probes\": 3")},
    {"p_gap_delta", OTHER("p_gap"), OTHER_WITH("p_gap", "\"p_gap_delta\": 1")},
    {"ff_corrupt", FORWARD, FORWARD_WITH("\"ff_corrupt\": 0.5")},
    {"ff_threshold", FORWARD, FORWARD_WITH("\"ff_threshold\": 1.5")},
    {"lora_alpha", "{\"lora_rank\": 2}", "{\"lora_rank\": 2, \"lora_alpha\": 8}"},
    {"lora_targets", "{\"lora_rank\": 2}", "{\"lora_rank\": 2, \"lora_targets\": \"q,v\"}"},
    {"wsd_decay", "{\"schedule\": \"wsd\"}", "{\"schedule\": \"wsd\", \"wsd_decay\": 0.5}"},
};

static bool acts_beside_another(const struct fixture *f, const char *name)
{
    for (size_t i = 0; i < sizeof acts_beside / sizeof *acts_beside; i++) {
        if (strcmp(acts_beside[i].name, name) != 0)
            continue;
        if (val_loss_with(f, acts_beside[i].beside) == val_loss_with(f, acts_beside[i].changes))
            fail_msg("option '%s' does nothing", name);
        return true;
    }
    return false;
}

/* Each choice of an option is a run of its own. */
static void every_choice_acts(void **state)
{
    static const char *const names[] = {"optimizer", "schedule", "method"};
    const struct fixture *f = *state;

    for (size_t i = 0; i < n_options; i++) {
        double losses[16];
        if (strcmp(options[i].name, names[0]) != 0 && strcmp(options[i].name, names[1]) != 0 &&
            strcmp(options[i].name, names[2]) != 0)
            continue;
        for (size_t k = 0; options[i].choices[k] != NULL; k++) {
            char *changes =
                mem_printf("{\"%s\": \"%s\"%s}", options[i].name, options[i].choices[k],
                           strcmp(options[i].name, names[2]) == 0 ? ", \"lora_rank\": 2" : "");
            assert_true(k < sizeof losses / sizeof *losses);
            losses[k] = val_loss_with(f, changes);
            for (size_t j = 0; j < k; j++)
                assert_true(losses[j] != losses[k]);
            free(changes);
        }
    }
}

/* No placebo: each option alone changes the loss. */
static void every_option_acts(void **state)
{
    static const struct {
        const char *name, *changes;
    } acts[] = {
        {"vocab", "{\"vocab\": 70}"},
        {"val_tokens", "{\"val_tokens\": 0}"},
        {"dim", "{\"dim\": 20}"},
        {"layers", "{\"layers\": 3}"},
        {"heads", "{\"heads\": 4}"},
        {"kv_heads", "{\"kv_heads\": 2}"},
        {"model", "{\"model\": \"qwen2\"}"},
        {"head_dim", "{\"head_dim\": 6}"},
        {"residual_scale", "{\"residual_scale\": \"deepnet\"}"},
        {"hidden", "{\"hidden\": 32}"},
        {"seq", "{\"seq\": 20}"},
        {"tied", "{\"tied\": false}"},
        {"rope_theta", "{\"rope_theta\": 100}"},
        {"norm_eps", "{\"norm_eps\": 0.01}"},
        {"init_std", "{\"init_std\": 0.12}"},
        {"batch", "{\"batch\": 8}"},
        {"optimizer", "{\"optimizer\": \"lion\"}"},
        {"schedule", "{\"schedule\": \"linear\"}"},
        {"decay", "{\"decay\": \"all\"}"},
        {"lr", "{\"lr\": 0.011}"},
        {"min_lr_fraction", "{\"min_lr_fraction\": 0.2}"},
        {"warmup", "{\"warmup\": 0.3}"},
        {"beta1", "{\"beta1\": 0.8}"},
        {"beta2", "{\"beta2\": 0.9}"},
        {"eps", "{\"eps\": 0.0001}"},
        {"weight_decay", "{\"weight_decay\": 0.2}"},
        {"clip", "{\"clip\": 0.1}"},
        {"ema", "{\"ema\": 0.9}"},
        {"lora_rank", "{\"lora_rank\": 2}"},
        {"method", MEZO},
        {"tokens", "{\"steps\": 0, \"tokens\": 1900}"},
        {"steps", "{\"steps\": 13}"},
        {"flops", "{\"steps\": 0, \"flops\": 5e8}"},
    };
    /* A name for other options (test_config.c); where files lie; what is told and kept; machine
     * time; rounding alone. */
    static const char *const others[] = {"preset", "data",    "log_every",  "checkpoint_every",
                                         "save",   "seconds", "micro_batch"};
    const struct fixture *f = *state;
    double usual;

    /* More validation tokens than one window, so that val_tokens has a choice. */
    scratch_tokens(f->data, "val.bin", 7000, VOCAB, 1);
    usual = val_loss_with(f, "{\"val_tokens\": 2048}");
    for (size_t i = 0; i < n_options; i++) {
        bool found = acts_beside_another(f, options[i].name);
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            found = found || strcmp(others[k], options[i].name) == 0;
        for (size_t k = 0; k < sizeof acts / sizeof *acts; k++) {
            struct str changes = {0};
            if (strcmp(acts[k].name, options[i].name) != 0)
                continue;
            found = true;
            str_addf(&changes, "%s", acts[k].changes);
            if (strcmp(acts[k].name, "val_tokens") != 0) {
                changes.at[changes.len - 1] = ',';
                str_add(&changes, " \"val_tokens\": 2048}");
            }
            if (val_loss_with(f, str_text(&changes)) == usual)
                fail_msg("option '%s' does nothing", acts[k].name);
            str_clear(&changes);
        }
        if (!found)
            fail_msg("option '%s' has no case here", options[i].name);
    }
    scratch_tokens(f->data, "val.bin", 700, VOCAB, 1);
}

/* The data use every token: then a compact vocabulary is the whole one, to the last bit. */
static void a_compact_vocabulary_without_gaps_leaves_no_trace(void **state)
{
    const struct fixture *f = *state;
    double usual = val_loss_with(f, "{}");
    char whole[SHA256_TEXT], compact[SHA256_TEXT];

    hash_weights(whole, f);
    assert_true(val_loss_with(f, "{\"compact_vocab\": true}") == usual);
    hash_weights(compact, f);
    assert_string_equal(whole, compact);
}

static void budgets_become_steps(void **state)
{
    const struct {
        const char *changes;
        double steps;
    } cases[] = {
        {"{\"steps\": 0, \"tokens\": 1000}", 10}, /* of 96 tokens each */
        {"{\"steps\": 0, \"tokens\": 5}", 1},
        {"{\"steps\": 7}", 7},
    };
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        struct err err = {0};
        char *text;
        config_with(&config, f, cases[i].changes);
        assert_int_equal(run_captured(&text, f, &config, 1, 1, &err), 0);
        assert_close(last_number(text, "steps"), cases[i].steps, 0, 0);
        assert_close(last_number(text, "tokens"), cases[i].steps * 96, 0, 0);
        assert_close(last_number(text, "progress"), 1, 0, 0);
        assert_true(isnan(last_number(text, "calibrated_steps")));
        free(text);
        config_clear(&config);
    }
}

/* A calibrated run is the same as one that is told its number of steps. */
static void calibration_leaves_no_trace_in_the_result(void **state)
{
    const struct fixture *f = *state;
    struct config config;
    struct err err = {0};
    char *text, *told;
    double calibrated, steps, loss;

    config_with(&config, f, "{\"steps\": 0, \"seconds\": 0.05}");
    assert_int_equal(run_captured(&text, f, &config, 1, 1, &err), 0);
    calibrated = last_number(text, "calibrated_steps");
    steps = last_number(text, "steps");
    loss = last_number(text, "val_loss");
    assert_true(calibrated >= 1);
    assert_close(steps, calibrated, 0, 0);
    free(text);
    config_clear(&config);
    told = mem_printf("{\"steps\": %.0f}", steps);
    assert_close(val_loss_with(f, told), loss, 0, 0);
    free(told);
}

static void a_loss_that_is_no_number_ends_the_run_at_once(void **state)
{
    const struct fixture *f = *state;
    struct config config;
    struct err err = {0};
    char *text;

    config_with(&config, f,
                "{\"lr\": 100, \"init_std\": 10, \"clip\": 0, \"steps\": 1000,"
                " \"schedule\": \"constant\", \"weight_decay\": 100}");
    assert_int_equal(run_captured(&text, f, &config, 1, 1, &err), 1);
    assert_non_null(strstr(text, "\"nonfinite\""));
    assert_non_null(strstr(text, "\nval_loss: nan\n"));
    assert_true(isnan(last_number(text, "val_loss")));
    free(text);
    config_clear(&config);
}

static void bits_per_byte_follow_from_meta_json(void **state)
{
    static const char meta[] = "{\"vocab\": 61, \"bytes_per_token\": {\"val\": 2.5}}";
    const struct fixture *f = *state;
    struct config config;
    struct err err = {0};
    char *text, *path = path_join(f->data, "meta.json");

    scratch_write(f->data, "meta.json", meta, strlen(meta));
    config_with(&config, f, "{\"vocab\": 0}");
    assert_int_equal(run_captured(&text, f, &config, 1, 1, &err), 0);
    assert_close(last_number(text, "val_bpb"), last_number(text, "val_loss") / log(2) / 2.5, 1e-12,
                 0);
    assert_true(isfinite(last_number(text, "test_loss")));
    free(text);
    config_clear(&config);
    assert_int_equal(file_remove(path, &err), 0);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_and_curve_are_the_same_for_one_two_and_four_threads),
        cmocka_unit_test(ema_is_the_unbiased_mean_of_the_weights),
        cmocka_unit_test(saved_weights_are_the_evaluated_ones),
        cmocka_unit_test(state_at_every_step_leads_to_the_same_bits),
        cmocka_unit_test(a_state_of_another_run_or_a_damaged_one_is_refused),
        cmocka_unit_test(a_full_disk_leaves_the_old_state_whole),
        cmocka_unit_test(another_seed_is_another_run),
        cmocka_unit_test(training_learns_what_is_in_the_data),
        cmocka_unit_test(micro_batches_change_the_result_by_rounding_alone),
        cmocka_unit_test(batch_and_micro_batch_leave_the_data_of_a_step_as_it_is),
        cmocka_unit_test(every_option_acts),
        cmocka_unit_test(every_choice_acts),
        cmocka_unit_test(a_compact_vocabulary_without_gaps_leaves_no_trace),
        cmocka_unit_test(budgets_become_steps),
        cmocka_unit_test(calibration_leaves_no_trace_in_the_result),
        cmocka_unit_test(a_loss_that_is_no_number_ends_the_run_at_once),
        cmocka_unit_test(bits_per_byte_follow_from_meta_json),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
