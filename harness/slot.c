/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aside.h"
#include "baseline.h"
#include "classify.h"
#include "clock.h"
#include "gate.h"
#include "guard.h"
#include "host.h"
#include "json.h"
#include "launch.h"
#include "log.h"
#include "mem.h"
#include "prune.h"
#include "retry.h"
#include "room.h"
#include "run_text.h"
#include "slot.h"
#include "stream.h"

void slots_share_cores(struct slot *slots, size_t n)
{
    int cores[1024];
    size_t n_cores = host_cores(cores, 1024);

    for (size_t i = 0; i < n; i++) {
        slots[i].n_cpus = 0;
        if (n > n_cores)
            continue;
        for (size_t c = i * n_cores / n; c < (i + 1) * n_cores / n && slots[i].n_cpus < 64; c++)
            slots[i].cpus[slots[i].n_cpus++] = cores[c];
    }
}

static char *words_as_json(char *const *words)
{
    json_t *array = json_array();
    struct str text = {0};

    for (size_t i = 0; words[i] != NULL; i++)
        json_array_append_new(array, json_string(words[i]));
    json_write(&text, array);
    json_decref(array);
    return str_take(&text);
}

static json_t *json_limit(double limit)
{
    return limit > 0 ? json_real(limit) : json_null();
}

static char *limits_as_json(const struct job *job)
{
    json_t *limits = json_object(), *cpus = json_array();
    struct str text = {0};

    for (size_t i = 0; i < job->n_cpus; i++)
        json_array_append_new(cpus, json_integer(job->cpus[i]));
    json_object_set_new(limits, "timeout_s", json_number_or_null(job->timeout_s));
    json_object_set_new(limits, "grace_s", json_number_or_null(job->grace_s));
    json_object_set_new(limits, "max_output", json_integer(job->max_output));
    json_object_set_new(limits, "max_memory", json_limit(job->max_memory));
    json_object_set_new(limits, "max_file", json_limit(job->max_file));
    json_object_set_new(limits, "max_files", json_limit(job->max_files));
    json_object_set_new(limits, "sandboxed", json_boolean(job->sandboxed));
    json_object_set_new(limits, "cpus", cpus);
    json_write(&text, limits);
    json_decref(limits);
    return str_take(&text);
}

/* A fresh directory: an earlier attempt's process is proven gone, its files are removed. */
static int fresh_dir(const struct runner *runner, const char *dir, struct err *err)
{
    if (file_exists(dir) && (site_clear(runner->site, dir, err) != 0 || file_remove(dir, err) != 0))
        return -1;
    return file_mkdirs(dir, err);
}

static void clear_slot(struct slot *slot)
{
    stages_clear(&slot->stages);
    free(slot->config);
    early_watch_clear(&slot->watch);
    free(slot->dir);
    slot->config = NULL;
    slot->dir = NULL;
    slot->busy = false;
}

static int record_start(struct slot *slot, struct runner *runner, const struct run *run,
                        struct err *err)
{
    const struct job *job = &slot->stages.train;
    char *argv = words_as_json(job->argv), *limits = limits_as_json(job);
    struct run_facts facts = {.argv = argv, .limits = limits};
    struct store *store = runner->store;
    int rc = store_begin(store, err);

    if (rc == 0)
        rc = store_start_run(store, run, runner->session, &facts, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    free(argv);
    free(limits);
    return rc;
}

static struct launch launch_of(const struct slot *slot, const struct runner *runner,
                               const struct run *run)
{
    const struct record *record = runner->record;

    return (struct launch){.study = &record->study,
                           .study_dir = runner->place->study_dir,
                           .program = runner->program,
                           .dir = slot->dir,
                           .config = slot->config,
                           .seed = record_trainer_seed(record, run),
                           .steps = record->experiments[run->experiment - 1].steps,
                           .cpus = slot->cpus,
                           .n_cpus = slot->n_cpus,
                           .source = record_source(record, run->experiment),
                           .checkout = runner->checkout,
                           .evaluator = runner->evaluator};
}

/* Everything that the run is made of, in its own directory. */
static int prepare_run(struct slot *slot, const struct runner *runner, const struct run *run,
                       struct err *err)
{
    struct launch launch = launch_of(slot, runner, run);

    if (fresh_dir(runner, slot->dir, err) != 0)
        return -1;
    return stages_begin(&slot->stages, &launch, err);
}

int slot_start(struct slot *slot, struct runner *runner, const struct wanted *wanted,
               struct err *err)
{
    struct record *record = runner->record;
    struct run run = record_next_run(record, wanted->experiment, wanted->variant, wanted->seed);

    run.started = (int64_t)time(NULL);
    slot->dir = place_run_dir(runner->place, &run);
    slot->config = run_config(record, &run);
    if (prepare_run(slot, runner, &run, err) != 0 || record_start(slot, runner, &run, err) != 0) {
        clear_slot(slot);
        return -1;
    }
    record_add_run(record, &run);
    slot->run = record->n_runs - 1;
    early_watch_init(&slot->watch, record, &record->runs[slot->run]);
    slot->since = clock_s();
    slot->busy = true;
    if (site_start(runner->site, &slot->ticket, slot->stages.job, err) == 0)
        return 0;
    clear_slot(slot);
    return -1;
}

int slot_adopt(struct slot *slot, struct runner *runner, size_t index, struct err *err)
{
    struct record *record = runner->record;
    struct run *run = &record->runs[index];

    slot->dir = place_run_dir(runner->place, run);
    slot->config = run_config(record, run);
    struct launch launch = launch_of(slot, runner, run);
    if (stages_begin(&slot->stages, &launch, err) != 0) {
        clear_slot(slot);
        return -1;
    }
    slot->run = index;
    early_watch_init(&slot->watch, record, run);
    slot->since = clock_s() - fmax(0, difftime(time(NULL), (time_t)run->started));
    slot->busy = true;
    site_adopt(runner->site, &slot->ticket, slot->stages.job);
    return 0;
}

/* What a run that counts has said on its way. */
static int store_curves(struct runner *runner, const struct run *run,
                        const struct run_curves *curves, struct err *err)
{
    if (run->class != CLASS_OK && run->class != CLASS_STOPPED)
        return 0;
    record_set_curves(runner->record, run, curves);
    return store_add_curves(runner->store, &runner->record->study, run->id, curves, err);
}

static int record_results(struct runner *runner, const struct run *run, const char *dir,
                          const struct stream *stream, struct err *err)
{
    for (size_t i = 0; i < stream->n_metrics; i++)
        if (store_add_metric(runner->store, run->id, &stream->metrics[i], err) != 0)
            return -1;
    struct artifact *files = NULL;
    size_t n = 0;
    if (run->class == CLASS_STOPPED) /* what it has left depends on how far it came */
        return 0;
    int rc = launch_files(&files, &n, dir, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        files[i].run = run->id;
        rc = store_add_artifact(runner->store, &files[i], err);
    }
    artifacts_free(files, n);
    return rc;
}

/* A time budget becomes steps once per config: later runs are given the count. */
static int record_steps(struct runner *runner, const struct run *run, const struct stream *stream,
                        struct err *err)
{
    struct experiment *e = &runner->record->experiments[run->experiment - 1];

    if (run->class != CLASS_OK || e->steps != 0 || stream->calibrated_steps <= 0)
        return 0;
    if (store_set_steps(runner->store, e->id, stream->calibrated_steps, err) != 0)
        return -1;
    e->steps = stream->calibrated_steps;
    return 0;
}

static int record_end(struct slot *slot, struct runner *runner, struct run *run,
                      const struct outcome_facts *facts, const struct stream *stream,
                      const struct run_curves *curves, struct err *err)
{
    struct run_facts usage = {.usage = facts->usage};
    struct store *store = runner->store;
    int rc = store_begin(store, err);

    if (rc == 0)
        rc = store_end_run(store, run, &usage, err);
    if (rc == 0 && run->class != CLASS_INTERRUPTED)
        rc = record_results(runner, run, slot->dir, stream, err);
    if (rc == 0)
        rc = store_curves(runner, run, curves, err);
    if (rc == 0)
        rc = store_tell_end(store, run->id, err);
    if (rc == 0)
        rc = record_steps(runner, run, stream, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    return rc;
}

/*
 * A run whose supervisor was killed by somebody else is repeated, but a trainer that does it every
 * time would be repeated for ever: from the third time in a session on it is the run that failed.
 */
static void give_up_on(struct outcome_facts *facts, const struct runner *runner,
                       const struct run *run)
{
    enum { TIMES = 3 };
    const struct record *record = runner->record;
    int times = 1;

    for (size_t i = runner->first_run; i < record->n_runs; i++)
        times += record->runs[i].class == CLASS_INTERRUPTED &&
                 !run_is_set_aside(&record->runs[i]) &&
                 record->runs[i].experiment == run->experiment &&
                 record->runs[i].variant == run->variant && record->runs[i].seed == run->seed;
    if (times < TIMES || strncmp(facts->detail, EVICTED, strlen(EVICTED)) == 0)
        return;
    facts->class = CLASS_SIGNAL;
    facts->signal = SIGKILL;
    snprintf(facts->detail, sizeof facts->detail, "its supervisor was killed %d times", times);
}

/* A failure that may pass, or a run of odd speed, is no result and will be run again. */
static int set_aside(struct run *run, struct runner *runner, const struct outcome_facts *facts,
                     const struct stream *stream, const char *dir, struct err *err)
{
    struct room room = {0};

    if (run->class != CLASS_OK)
        room_look(&room, runner->place->run_dir, &runner->record->study.policy);
    if (retry_pass(run, runner->record, facts, room_is_short_of_disk(&room)))
        return prune_dir(dir, err);
    return gate_pass(run, runner->record, runner->store, stream, err);
}

/* What is recorded need not take more of the disk than it must. */
static void tidy(const struct runner *runner, const struct run *run, const char *dir)
{
    static const char *const texts[] = {RUN_STREAM, RUN_LOG};
    struct err err = {0};

    for (size_t i = 0; i < 2; i++)
        if (run_text_pack(dir, texts[i], &err) != 0)
            log_warn("'%s' of experiment %lld stays as it is: %s", texts[i],
                     (long long)run->experiment, err.text);
    prune_after_run(runner->record, run, dir);
}

/* Asks a run that the study's rule ends to end. */
static int look_early(struct slot *slot, struct runner *runner, struct err *err)
{
    const struct run *run = &runner->record->runs[slot->run];

    if (!early_watch_look(&slot->watch, runner->record, run, slot->dir))
        return 0;
    return site_stop(runner->site, &slot->ticket, false, err);
}

/* What was printed, and on the way; a study with early_terminate has one stage only. */
static int read_output(struct stream *stream, struct run_curves *curves,
                       struct outcome_facts *facts, const struct slot *slot,
                       const struct runner *runner, struct err *err)
{
    const struct record *record = runner->record;

    *curves = (struct run_curves){.kind = PLACE_NONE};
    if (record->study.early.kind == NULL)
        return stages_read(stream, &slot->stages, err);
    return early_watch_read(stream, curves, facts, record, &record->runs[slot->run], slot->dir,
                            err);
}

/* What the run is worth, recorded. */
static int finish(struct slot *slot, struct runner *runner, struct outcome_facts *facts, bool lost,
                  struct err *err)
{
    struct run *run = &runner->record->runs[slot->run];
    struct stream stream = {0};
    struct run_curves curves;
    int rc = read_output(&stream, &curves, facts, slot, runner, err);

    if (rc == 0) {
        if (lost && facts->class != CLASS_STOPPED)
            facts->class = CLASS_INTERRUPTED;
        else if (facts->class == CLASS_INTERRUPTED)
            give_up_on(facts, runner, run);
        run_classify(run, facts, &stream, &runner->record->study, slot->config);
        run->ended = (int64_t)time(NULL);
        rc = set_aside(run, runner, facts, &stream, slot->dir, err);
    }
    if (rc == 0)
        rc = record_end(slot, runner, run, facts, &stream, &curves, err);
    run_curves_clear(&curves);
    if (rc == 0)
        tidy(runner, run, slot->dir);
    stream_clear(&stream);
    return rc;
}

/* A stage has ended: 1: so has the run; 0: the next one was started. */
static int go_on(struct slot *slot, struct runner *runner, struct outcome_facts *facts, bool lost,
                 struct err *err)
{
    int next = lost ? 0 : stages_next(&slot->stages, facts, err);

    if (next == 1)
        return site_start(runner->site, &slot->ticket, slot->stages.job, err);
    if (next == 0 && !lost && runner->checkout.source != NULL)
        next = guard_inputs(runner->place, runner->store, &runner->record->study, runner->program,
                            err);
    return next == 0 && finish(slot, runner, facts, lost, err) == 0 ? 1 : -1;
}

int slot_poll(struct slot *slot, struct runner *runner, bool lost, struct err *err)
{
    struct outcome_facts facts = {0};
    int ended = site_poll(runner->site, &facts, &slot->ticket, slot->stages.job, err);

    if (ended == 0)
        return look_early(slot, runner, err);
    if (ended > 0)
        ended = go_on(slot, runner, &facts, lost, err);
    free(facts.usage);
    if (ended != 0)
        clear_slot(slot);
    return ended;
}

int slot_stop(struct slot *slot, const struct runner *runner, bool now, struct err *err)
{
    return site_stop(runner->site, &slot->ticket, now, err);
}

void slot_abandon(struct slot *slot, const struct runner *runner)
{
    enum { STEP_MS = 50, STEPS = 200 };
    struct outcome_facts facts = {0};
    struct err ignored;
    int ended = site_stop(runner->site, &slot->ticket, true, &ignored);

    for (int i = 0; i < STEPS && ended == 0; i++) {
        struct pollfd fd = {.fd = slot->ticket.fd, .events = POLLIN};
        poll(&fd, 1, STEP_MS);
        ended = site_poll(runner->site, &facts, &slot->ticket, slot->stages.job, &ignored);
    }
    free(facts.usage);
    clear_slot(slot);
}
