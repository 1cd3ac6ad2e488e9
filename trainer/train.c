/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "block.h"
#include "budget.h"
#include "checkpoint.h"
#include "clock.h"
#include "data.h"
#include "emit.h"
#include "evaluate.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "schedule.h"
#include "train.h"
#include "trainer.h"

#define LN2 0.69314718055994530942

static volatile sig_atomic_t stop_signal; /* SIGTERM or SIGINT, once it came */

static void note_signal(int number)
{
    stop_signal = number;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* One run and all that it holds. */
struct run {
    const struct config *config;
    const struct train_request *request;
    struct data data;
    struct evaluation val, test; /* test.n is 0 where there is no test split */
    struct trainer *trainer;
    int64_t steps;
    double train_s;
};

/* What a loop or an evaluation came to. */
enum outcome { OUTCOME_DONE, OUTCOME_STOPPED, OUTCOME_NONFINITE, OUTCOME_ERROR };

static int check_lengths(const struct run *run, struct err *err)
{
    size_t n = run->data.split[SPLIT_TRAIN].n, seq = (size_t)run->config->seq;

    if (n <= seq)
        return err_usage(err,
                         "%s: %zu training tokens are less than one sequence of %zu and its "
                         "next token",
                         run->config->data, n, seq);
    return 0;
}

static int prepare_data(struct run *run, struct err *err)
{
    const struct config *c = run->config;
    size_t wanted = (size_t)c->val_tokens;

    if (data_open(&run->data, c->data, (size_t)c->vocab, err) != 0 || check_lengths(run, err) != 0)
        return -1;
    if (evaluation_init(&run->val, &run->data.split[SPLIT_VAL], wanted, err) != 0)
        return err_wrap(err, "%s: validation split", c->data);
    if (run->data.split[SPLIT_TEST].n > 1)
        return evaluation_init(&run->test, &run->data.split[SPLIT_TEST], wanted, err);
    return 0;
}

static int prepare_folder(const char *out, struct err *err)
{
    if (file_mkdirs(out, err) != 0)
        return -1;
    if (access(out, W_OK | X_OK) != 0)
        return err_sys(err, "%s", out);
    return 0;
}

/* Everything that can be wrong with the input is found here, before anything is trained. */
static int prepare(struct run *run, struct err *err)
{
    if (run->request->steps <= 0 && config_check_budget(run->config, err) != 0)
        return -1;
    if (config_check(run->config, err) != 0 || prepare_data(run, err) != 0 ||
        trainer_open(&run->trainer, run->config, run->data.vocab, run->request->threads,
                     run->request->seed, err) != 0)
        return -1;
    return prepare_folder(run->request->out, err);
}

static int tell_derived(const struct run *run, struct err *err)
{
    const struct trainer *t = run->trainer;
    const struct shape *s = &t->model.shape;
    json_t *derived = json_pack(
        "{s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:s}", "hidden", s->hidden, "kv_heads", s->kv_heads,
        "vocab", s->vocab, "micro_batch", (json_int_t)t->micro, "parameters",
        (json_int_t)t->model.n_weights, "train_tokens", (json_int_t)run->data.split[SPLIT_TRAIN].n,
        "val_tokens", (json_int_t)run->val.n, "val_sha256", run->val.sha256);

    if (derived == NULL)
        return err_environment(err, "cannot describe the run");
    return emit_value("derived", derived, err);
}

static int choose_steps(struct run *run, struct err *err)
{
    bool calibrated = false;

    run->steps = run->request->steps;
    if (run->steps <= 0)
        run->steps =
            budget_steps(&calibrated, run->trainer, &run->data.split[SPLIT_TRAIN], &stop_signal);
    if (!calibrated || stop_signal != 0)
        return 0;
    return emit_value("calibrated_steps", json_integer(run->steps), err);
}

static int tell_progress(const struct run *run, int64_t done, double loss, double lr, double norm,
                         struct err *err)
{
    json_t *record = json_object();

    json_object_set_new(record, "progress", json_real((double)done / (double)run->steps));
    json_object_set_new(record, "step", json_integer(done));
    json_object_set_new(record, "train_loss", json_number_or_null(loss));
    json_object_set_new(record, "lr", json_number_or_null(lr));
    json_object_set_new(record, "grad_norm", json_number_or_null(norm));
    return emit_object(record, err);
}

/* A number that is none ends a run at once, and says so for people and for programs. */
static enum outcome nonfinite(const char *what, int64_t step, struct err *err)
{
    json_t *record = json_pack("{s:s, s:I}", "nonfinite", what, "step", (json_int_t)step);

    if (record == NULL || emit_object(record, err) != 0)
        return OUTCOME_ERROR;
    puts("val_loss: nan");
    return fflush(stdout) == 0 ? OUTCOME_NONFINITE : OUTCOME_ERROR;
}

static enum outcome train_steps(struct run *run, struct err *err)
{
    const struct config *c = run->config;
    const struct schedule_rule schedule = {schedule_find(c->schedule), c->lr, c->warmup,
                                           c->wsd_decay, c->min_lr_fraction};
    double sum = 0;
    int64_t told = 0;

    for (int64_t step = 0; step < run->steps; step++) {
        double lr = schedule_lr(&schedule, step, run->steps);
        struct step_result result;
        if (stop_signal != 0)
            return OUTCOME_STOPPED;
        result = trainer_step(run->trainer, &run->data.split[SPLIT_TRAIN], (uint64_t)step, lr);
        if (!isfinite(result.loss) || !isfinite(result.norm))
            return nonfinite(isfinite(result.loss) ? "grad_norm" : "train_loss", step + 1, err);
        sum += result.loss;
        if ((step + 1) % c->log_every != 0 && step + 1 != run->steps)
            continue;
        if (tell_progress(run, step + 1, sum / (double)(step + 1 - told), lr, result.norm, err))
            return OUTCOME_ERROR;
        sum = 0;
        told = step + 1;
    }
    return OUTCOME_DONE;
}

/* Mean loss over the set; NAN for an empty one.  The losses go to *losses where that is asked. */
static double loss_on(real **losses, const struct run *run, const struct evaluation *set)
{
    struct trainer *t = run->trainer;
    real *each;
    double mean;

    if (set->n == 0)
        return (double)NAN;
    each = mem_new(set->n, sizeof *each);
    evaluate(each, set, &t->model, trainer_weights(t), t->works, t->rows, (size_t)run->config->seq,
             t->pool, &stop_signal);
    mean = evaluation_mean(set, each);
    if (losses != NULL)
        *losses = each;
    else
        free(each);
    return mean;
}

static int write_val_losses(const struct run *run, const real *losses, struct err *err)
{
    size_t n = evaluation_sequence_count(&run->val);
    float *each = mem_new(n, sizeof *each);
    unsigned char *bytes = mem_new(n, 4);
    char *path = path_join(run->request->out, "val_losses.f32");
    int rc;

    evaluation_sequences(each, &run->val, losses);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &each[i], sizeof bits);
        for (int k = 0; k < 4; k++)
            bytes[4 * i + (size_t)k] = (unsigned char)(bits >> 8 * k);
    }
    rc = file_write(path, bytes, 4 * n, err);
    free(path);
    free(bytes);
    free(each);
    return rc;
}

static int write_checkpoint(const struct run *run, double val_loss, struct err *err)
{
    struct trainer *t = run->trainer;
    json_t *about;
    int rc;

    if (!run->config->save)
        return 0;
    about = json_object();
    json_object_set_new(about, "seed", json_integer((json_int_t)run->request->seed));
    json_object_set_new(about, "steps", json_integer(run->steps));
    json_object_set_new(about, "val_loss", json_number_or_null(val_loss));
    json_object_set_new(about, "config", config_echo(run->config));
    rc = checkpoint_write(run->request->out, &t->model, trainer_weights(t), about, err);
    json_decref(about);
    return rc;
}

static void set_results(json_t *record, const struct run *run, double val, double test)
{
    const struct trainer *t = run->trainer;
    size_t step_tokens = trainer_step_tokens(t);
    double tokens = (double)run->steps * (double)step_tokens;
    double flops = model_step_flops(&t->model, step_tokens, (size_t)run->config->seq);
    double bytes = run->data.bytes_per_token[SPLIT_VAL];

    json_object_set_new(record, "val_loss", json_number_or_null(val));
    if (!isnan(bytes))
        json_object_set_new(record, "val_bpb", json_number_or_null(val / LN2 / bytes));
    if (!isnan(test))
        json_object_set_new(record, "test_loss", json_number_or_null(test));
    json_object_set_new(record, "steps", json_integer(run->steps));
    json_object_set_new(record, "tokens", json_number_or_null(tokens));
    json_object_set_new(record, "flops", json_number_or_null(flops * (double)run->steps));
    json_object_set_new(record, "train_s", json_real(run->train_s));
    json_object_set_new(record, "tokens_per_s", json_real(tokens / run->train_s));
    json_object_set_new(record, "peak_mib", json_number_or_null(block_peak_mib()));
}

/* Files first: whoever reads the last record finds them. */
static enum outcome finish(struct run *run, struct err *err)
{
    real *losses = NULL;
    double begin = clock_s(), val = loss_on(&losses, run, &run->val), test = (double)NAN;
    enum outcome outcome = OUTCOME_ERROR;
    json_t *record;

    if (stop_signal == 0)
        test = loss_on(NULL, run, &run->test);
    if (stop_signal != 0) {
        outcome = OUTCOME_STOPPED;
        goto out;
    }
    if (!isfinite(val)) {
        outcome = nonfinite("val_loss", run->steps, err);
        goto out;
    }
    if (write_val_losses(run, losses, err) != 0 || write_checkpoint(run, val, err) != 0)
        goto out;
    record = json_object();
    set_results(record, run, val, test);
    json_object_set_new(record, "finish_s", json_real(clock_s() - begin));
    if (emit_object(record, err) == 0)
        outcome = OUTCOME_DONE;
out:
    free(losses);
    return outcome;
}

static enum outcome train_and_finish(struct run *run, struct err *err)
{
    enum outcome outcome;
    double begin;

    if (emit_value("config", config_echo(run->config), err) != 0 || tell_derived(run, err) != 0 ||
        choose_steps(run, err) != 0)
        return OUTCOME_ERROR;
    trainer_start(run->trainer);
    begin = clock_s();
    outcome = train_steps(run, err);
    run->train_s = clock_s() - begin;
    return outcome == OUTCOME_DONE ? finish(run, err) : outcome;
}

static int exit_status(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_DONE:
        return 0;
    case OUTCOME_STOPPED:
        return 128 + stop_signal;
    case OUTCOME_NONFINITE:
        return ERR_FAILED;
    case OUTCOME_ERROR:
        break;
    }
    return -1;
}

int train(const struct config *config, const struct train_request *request, struct err *err)
{
    struct run run = {.config = config, .request = request};
    int rc = -1;

    watch_signals();
    if (prepare(&run, err) == 0)
        rc = exit_status(train_and_finish(&run, err));
    trainer_close(run.trainer);
    evaluation_clear(&run.val);
    evaluation_clear(&run.test);
    data_close(&run.data);
    return rc;
}
