/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adapter.h"
#include "block.h"
#include "budget.h"
#include "checkpoint.h"
#include "clock.h"
#include "data.h"
#include "emit.h"
#include "evaluate.h"
#include "file.h"
#include "fine_tune.h"
#include "json.h"
#include "mem.h"
#include "schedule.h"
#include "state.h"
#include "train.h"
#include "trainer.h"

#define LN2 0.69314718055994530942

static volatile sig_atomic_t stop_signal; /* SIGTERM, SIGINT or SIGUSR1, once it came */

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
    sigaction(SIGUSR1, &action, NULL); /* how a cluster warns of the end of its time */
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of the write, as a full disk is */
}

/* One run and all that it holds. */
struct run {
    const struct config *config;
    const struct train_request *request;
    struct data data;
    struct compact compact;      /* zero where the option is off */
    struct evaluation val, test; /* test.n is 0 where there is no test split */
    struct trainer *trainer;
    json_t *derived;
    json_t *identity; /* for the state; NULL where none is kept or resumed */
    char *state_path;
    char init_sha256[SHA256_TEXT]; /* of the weights it began with; empty: the seed's */
    struct progress progress;
    int64_t kept; /* the step that the file at state_path is of; 0: there is none */
    double begin; /* clock_s() that makes progress.train_s start at 0 */
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

static void compact_vocabulary(struct run *run)
{
    struct data *data = &run->data;

    if (!run->config->compact_vocab)
        return;
    compact_from_tokens(&run->compact, &data->split[SPLIT_TRAIN], data->vocab);
    for (int i = 0; i < SPLITS; i++)
        data->split[i].compact = &run->compact;
}

/* Rows of the token table. */
static size_t rows_of_table(const struct run *run)
{
    return run->config->compact_vocab ? run->compact.rows : run->data.vocab;
}

static int prepare_data(struct run *run, struct err *err)
{
    const struct config *c = run->config;
    size_t wanted = (size_t)c->val_tokens;

    if (data_open(&run->data, c->data, (size_t)c->vocab, err) != 0 || check_lengths(run, err) != 0)
        return -1;
    compact_vocabulary(run);
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

static int derive(struct run *run, struct err *err)
{
    const struct trainer *t = run->trainer;
    const struct shape *s = &t->model.shape;

    run->derived = json_pack("{s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:s}", "hidden",
                             s->hidden, "kv_heads", s->kv_heads, "head_dim", s->head_dim, "vocab",
                             s->vocab, "data_vocab", (json_int_t)run->data.vocab, "micro_batch",
                             (json_int_t)t->micro, "parameters", (json_int_t)t->model.n_weights,
                             "train_tokens", (json_int_t)run->data.split[SPLIT_TRAIN].n,
                             "val_tokens", (json_int_t)run->val.n, "val_sha256", run->val.sha256);
    if (run->derived == NULL)
        return err_environment(err, "cannot describe the run");
    if (t->lora.rank > 0)
        json_object_set_new(run->derived, "trained_parameters",
                            json_integer((json_int_t)trainer_reals(t)));
    return 0;
}

/* What must be the same for a run to go on: all but what is kept of it, and when. */
static void identify(struct run *run)
{
    const struct tokens *tokens = &run->data.split[SPLIT_TRAIN];
    json_t *own, *config;
    char hash[SHA256_TEXT];

    if (run->config->checkpoint_every == 0 && !run->request->resume)
        return;
    own = json_object();
    config = config_echo(run->config);
    sha256_bytes(hash, tokens->at, tokens->n * tokens->width);
    json_object_del(config, "save");
    json_object_del(config, "checkpoint_every");
    json_object_set_new(own, "config", config);
    json_object_set(own, "derived", run->derived);
    json_object_set_new(own, "seed", json_integer((json_int_t)run->request->seed));
    json_object_set_new(own, "--steps", json_integer(run->request->steps));
    json_object_set_new(own, "train_sha256", json_string(hash));
    if (run->request->init != NULL)
        json_object_set_new(own, "init_sha256", json_string(run->init_sha256));
    run->identity = own;
}

static int resume(struct run *run, struct err *err)
{
    if (!run->request->resume)
        return 0;
    if (state_read(&run->progress, run->trainer, run->state_path, run->identity, err) != 0)
        return -1;
    run->kept = run->progress.done;
    return 0;
}

static int keep_state(struct run *run, struct err *err)
{
    if (state_write(run->state_path, run->identity, &run->progress, run->trainer, err) != 0)
        return -1;
    run->kept = run->progress.done;
    return 0;
}

/* Everything that can be wrong with the input is found here, before anything is trained. */
static int prepare(struct run *run, struct err *err)
{
    run->state_path = path_join(run->request->out, "train.state");
    if (run->request->steps <= 0 && config_check_budget(run->config, err) != 0)
        return -1;
    if (config_check(run->config, err) != 0 || prepare_data(run, err) != 0 ||
        trainer_open(&run->trainer, run->config, rows_of_table(run), run->request->threads,
                     run->request->seed, err) != 0)
        return -1;
    if (derive(run, err) != 0)
        return -1;
    if (run->request->resume) /* the weights beside which adapters go on */
        trainer_start(run->trainer);
    if (run->request->init != NULL &&
        fine_tune_load(run->init_sha256, run->trainer, run->request->init, err) != 0)
        return -1;
    identify(run);
    if (resume(run, err) != 0)
        return -1;
    return prepare_folder(run->request->out, err);
}

static int choose_steps(struct run *run, struct err *err)
{
    struct progress *p = &run->progress;

    if (!run->request->resume) {
        p->steps = run->request->steps;
        if (p->steps <= 0)
            p->steps = budget_steps(&p->calibrated, run->trainer, &run->data.split[SPLIT_TRAIN],
                                    &stop_signal);
    }
    if (!p->calibrated || stop_signal != 0)
        return 0;
    return emit_value("calibrated_steps", json_integer(p->steps), err);
}

/* A record of the steps since the last one. */
static int tell_progress(struct run *run, double lr, double norm, struct err *err)
{
    struct progress *p = &run->progress;
    double loss = p->loss_sum / (double)(p->done - p->told);
    json_t *record = json_object();

    json_object_set_new(record, "progress", json_real((double)p->done / (double)p->steps));
    json_object_set_new(record, "step", json_integer(p->done));
    json_object_set_new(record, "train_loss", json_number_or_null(loss));
    json_object_set_new(record, "lr", json_number_or_null(lr));
    json_object_set_new(record, "grad_norm", json_number_or_null(norm));
    p->loss_sum = 0;
    p->told = p->done;
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

/* One step, and what is told and kept after it. */
static enum outcome one_step(struct run *run, const struct schedule_rule *schedule, struct err *err)
{
    const struct config *c = run->config;
    struct progress *p = &run->progress;
    double lr = schedule_lr(schedule, p->done, p->steps);
    struct step_result result =
        trainer_step(run->trainer, &run->data.split[SPLIT_TRAIN], (uint64_t)p->done, lr);

    p->done++;
    p->train_s = clock_s() - run->begin;
    if (!isfinite(result.loss) || !isfinite(result.norm))
        return nonfinite(isfinite(result.loss) ? "grad_norm" : "train_loss", p->done, err);
    p->loss_sum += result.loss;
    if ((p->done % c->log_every == 0 || p->done == p->steps) &&
        tell_progress(run, lr, result.norm, err) != 0)
        return OUTCOME_ERROR;
    if (c->checkpoint_every > 0 && p->done % c->checkpoint_every == 0 && keep_state(run, err) != 0)
        return OUTCOME_ERROR;
    return OUTCOME_DONE;
}

static enum outcome train_steps(struct run *run, struct err *err)
{
    const struct config *c = run->config;
    const struct schedule_rule schedule = {schedule_find(c->schedule), c->lr, c->warmup,
                                           c->wsd_decay, c->min_lr_fraction};
    enum outcome outcome = OUTCOME_DONE;

    while (outcome == OUTCOME_DONE && run->progress.done < run->progress.steps)
        outcome = stop_signal != 0 ? OUTCOME_STOPPED : one_step(run, &schedule, err);
    return outcome;
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

/* Where what is kept comes from.  The caller drops the reference. */
static json_t *provenance(const struct run *run, double val_loss)
{
    json_t *about = json_object();

    json_object_set_new(about, "seed", json_integer((json_int_t)run->request->seed));
    json_object_set_new(about, "steps", json_integer(run->progress.steps));
    json_object_set_new(about, "val_loss", json_number_or_null(val_loss));
    json_object_set_new(about, "config", config_echo(run->config));
    if (run->request->init != NULL)
        json_object_set_new(about, "init",
                            json_pack("{s:s, s:s}", "path", run->request->init->path,
                                      "weights_sha256", run->init_sha256));
    if (run->config->compact_vocab)
        json_object_set_new(about, "vocabulary", compact_write(&run->compact));
    return about;
}

/* The adapters alone: their model is there already. */
static int write_adapters(const struct run *run, json_t *about, struct err *err)
{
    const struct trainer *t = run->trainer;

    json_object_set_new(about, ADAPTER_BASE_HASH, json_string(run->init_sha256));
    return adapter_write(run->request->out, &t->lora, trainer_adapters(t), run->request->init->path,
                         about, err);
}

static int write_model(const struct run *run, const json_t *about, struct err *err)
{
    const struct trainer *t = run->trainer;
    struct model kept;

    kept = t->model;
    if (run->request->init != NULL && run->request->init->model.shape.seq > kept.shape.seq)
        kept.shape.seq = run->request->init->model.shape.seq; /* it reads as far as before */
    return checkpoint_write(run->request->out, &kept, trainer_weights(t), about, err);
}

static int write_checkpoint(const struct run *run, double val_loss, struct err *err)
{
    bool adapters = run->trainer->lora.rank > 0 && run->request->init != NULL;
    json_t *about;
    int rc;

    if (!run->config->save)
        return 0;
    about = provenance(run, val_loss);
    rc = adapters ? write_adapters(run, about, err) : write_model(run, about, err);
    json_decref(about);
    return rc;
}

static void set_results(json_t *record, const struct run *run, double val, double test)
{
    const struct trainer *t = run->trainer;
    double steps = (double)run->progress.steps;
    double tokens = steps * (double)trainer_step_tokens(t), flops = trainer_step_flops(t);
    double bytes = run->data.bytes_per_token[SPLIT_VAL];

    json_object_set_new(record, "val_loss", json_number_or_null(val));
    if (!isnan(bytes))
        json_object_set_new(record, "val_bpb", json_number_or_null(val / LN2 / bytes));
    if (!isnan(test))
        json_object_set_new(record, "test_loss", json_number_or_null(test));
    json_object_set_new(record, "steps", json_integer(run->progress.steps));
    json_object_set_new(record, "tokens", json_number_or_null(tokens));
    json_object_set_new(record, "flops", json_number_or_null(flops * steps));
    json_object_set_new(record, "train_s", json_real(run->progress.train_s));
    json_object_set_new(record, "tokens_per_s",
                        json_number_or_null(tokens / run->progress.train_s));
    json_object_set_new(record, "peak_mib", json_number_or_null(block_peak_mib()));
}

/* The state of a run that is over is of no use. */
static int drop_state(const struct run *run, struct err *err)
{
    return run->kept > 0 ? state_remove(run->state_path, err) : 0;
}

/* Files first: whoever reads the last record finds them. */
static enum outcome finish(struct run *run, struct err *err)
{
    real *losses = NULL;
    double begin = clock_s(), val, test = (double)NAN;
    enum outcome outcome = OUTCOME_ERROR;
    json_t *record;

    trainer_finish(run->trainer);
    val = loss_on(&losses, run, &run->val);
    if (stop_signal == 0)
        test = loss_on(NULL, run, &run->test);
    if (stop_signal != 0) {
        outcome = OUTCOME_STOPPED;
        goto out;
    }
    if (!isfinite(val)) {
        outcome = nonfinite("val_loss", run->progress.steps, err);
        goto out;
    }
    if (write_val_losses(run, losses, err) != 0 || write_checkpoint(run, val, err) != 0)
        goto out;
    record = json_object();
    set_results(record, run, val, test);
    json_object_set_new(record, "finish_s", json_real(clock_s() - begin));
    if (emit_object(record, err) == 0 && drop_state(run, err) == 0)
        outcome = OUTCOME_DONE;
out:
    free(losses);
    return outcome;
}

static int tell_start(struct run *run, struct err *err)
{
    if (emit_value("config", config_echo(run->config), err) != 0 ||
        emit_value("derived", json_incref(run->derived), err) != 0)
        return -1;
    return choose_steps(run, err);
}

/* The seed's weights, or the model's: calibration has changed what was loaded before. */
static int start(struct run *run, struct err *err)
{
    trainer_start(run->trainer);
    if (run->request->init == NULL)
        return 0;
    return fine_tune_load(NULL, run->trainer, run->request->init, err);
}

static enum outcome train_and_finish(struct run *run, struct err *err)
{
    enum outcome outcome;

    if (tell_start(run, err) != 0)
        return OUTCOME_ERROR;
    if (!run->request->resume && start(run, err) != 0)
        return OUTCOME_ERROR;
    run->begin = clock_s() - run->progress.train_s;
    outcome = train_steps(run, err);
    if (outcome == OUTCOME_DONE)
        outcome = finish(run, err);
    if (outcome == OUTCOME_STOPPED && run->config->checkpoint_every > 0 &&
        run->progress.done > run->kept && keep_state(run, err) != 0)
        return OUTCOME_ERROR;
    return outcome;
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
    compact_clear(&run.compact);
    data_close(&run.data);
    json_decref(run.identity);
    json_decref(run.derived);
    free(run.state_path);
    return rc;
}
