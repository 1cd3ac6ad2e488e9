/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "classify.h"
#include "clock.h"
#include "host.h"
#include "json.h"
#include "mem.h"
#include "slot.h"
#include "stream.h"
#include "trial.h"

enum { MAX_OUTPUT = 64 << 20, GRACE_S = 10 };

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

static char *limits_as_json(const struct job *job)
{
    json_t *limits = json_object(), *cpus = json_array();
    struct str text = {0};

    for (size_t i = 0; i < job->n_cpus; i++)
        json_array_append_new(cpus, json_integer(job->cpus[i]));
    json_object_set_new(limits, "timeout_s", json_number_or_null(job->timeout_s));
    json_object_set_new(limits, "grace_s", json_number_or_null(job->grace_s));
    json_object_set_new(limits, "max_output", json_integer(job->max_output));
    json_object_set_new(limits, "cpus", cpus);
    json_write(&text, limits);
    json_decref(limits);
    return str_take(&text);
}

/* Writes config.json and fills the job.  Placeholders are replaced in everything but the program. */
static int prepare_job(struct slot *slot, const struct runner *runner,
                       const struct experiment *experiment, uint32_t seed, struct err *err)
{
    const struct study *study = &runner->record->study;
    struct str config = {0};
    char *config_path = path_join(slot->dir, "config.json");
    struct argv_values values = {.config_path = config_path, .dir = slot->dir,
                                 .study_dir = runner->place->study_dir, .seed = seed,
                                 .steps = experiment->steps};
    char **argv = trial_argv(&study->space, experiment->config, study->command, study->n_command,
                             &values);

    free(argv[0]);
    argv[0] = mem_strdup(runner->program);
    slot->job = (struct job){.dir = slot->dir, .argv = argv, .timeout_s = study->timeout_s,
                             .grace_s = GRACE_S, .cpus = slot->cpus, .n_cpus = slot->n_cpus,
                             .max_output = MAX_OUTPUT};
    slot->job.env = host_run_environment(study->env, study->n_env, slot->n_cpus);
    trial_write_json(&config, &study->space, experiment->config);
    str_add(&config, "\n");
    int rc = file_write(config_path, config.at, config.len, err);
    str_clear(&config);
    free(config_path);
    return rc;
}

static void clear_job(struct slot *slot)
{
    argv_free((char **)(uintptr_t)slot->job.argv);
    argv_free((char **)(uintptr_t)slot->job.env);
    free(slot->dir);
    slot->dir = NULL;
    slot->job = (struct job){0};
    slot->busy = false;
}

/* A fresh directory: an earlier attempt's process is proven gone, its files are removed. */
static int fresh_dir(const struct runner *runner, const char *dir, struct err *err)
{
    if (file_exists(dir) &&
        (runner->executor->clear(dir, err) != 0 || file_remove(dir, err) != 0))
        return -1;
    return file_mkdirs(dir, err);
}

static int record_start(struct slot *slot, struct runner *runner, const struct run *run,
                        struct err *err)
{
    char *argv = words_as_json(slot->job.argv), *limits = limits_as_json(&slot->job);
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

int slot_start(struct slot *slot, struct runner *runner, int64_t experiment, uint32_t seed,
               struct err *err)
{
    struct record *record = runner->record;
    const struct run *before = record_run(record, experiment, seed);
    struct run run = {.id = (int64_t)record->n_runs + 1, .experiment = experiment, .seed = seed,
                      .attempt = before != NULL ? before->attempt + 1 : 1, .class = CLASS_NONE,
                      .exit_code = -1, .value = NAN, .wall_s = NAN, .cpu_s = NAN,
                      .peak_mib = NAN, .steps = -1, .started = (int64_t)time(NULL)};

    slot->dir = place_run_dir(runner->place, experiment, seed);
    if (fresh_dir(runner, slot->dir, err) != 0 ||
        prepare_job(slot, runner, &record->experiments[experiment - 1], seed, err) != 0 ||
        record_start(slot, runner, &run, err) != 0) {
        clear_job(slot);
        return -1;
    }
    record_add_run(record, &run);
    slot->run = record->n_runs - 1;
    slot->since = clock_s();
    slot->busy = true;
    if (runner->executor->start(&slot->ticket, &slot->job, err) != 0)
        return -1;
    return 0;
}

/* Everything that the trainer left, but what belongs to the supervision itself. */
static int record_artifacts(struct runner *runner, int64_t run, const char *dir, struct err *err)
{
    static const char *const ours[] = {"config.json", "job.json", RUN_STREAM, RUN_LOG,
                                       RUN_OUTCOME, RUN_ALIVE, NULL};
    struct dirent **names = NULL;
    int n = scandir(dir, &names, NULL, alphasort), rc = 0;

    for (int i = 0; i < n; i++) {
        struct artifact artifact = {.run = run, .path = names[i]->d_name};
        char *path = path_join(dir, names[i]->d_name);
        bool skip = names[i]->d_name[0] == '.' || !file_is_regular(path);
        for (size_t k = 0; ours[k] != NULL; k++)
            skip |= strcmp(names[i]->d_name, ours[k]) == 0;
        if (rc == 0 && !skip)
            rc = sha256_file(artifact.sha, &artifact.bytes, path, err);
        if (rc == 0 && !skip)
            rc = store_add_artifact(runner->store, &artifact, err);
        free(path);
        free(names[i]);
    }
    free(names);
    return n < 0 ? err_sys(err, "cannot read the folder '%s'", dir) : rc;
}

static int record_results(struct runner *runner, const struct run *run, const char *dir,
                          const struct stream *stream, struct err *err)
{
    for (size_t i = 0; i < stream->n_metrics; i++)
        if (store_add_metric(runner->store, run->id, &stream->metrics[i], err) != 0)
            return -1;
    return record_artifacts(runner, run->id, dir, err);
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
                      struct err *err)
{
    struct run_facts usage = {.usage = facts->usage};
    struct store *store = runner->store;
    int rc = store_begin(store, err);

    if (rc == 0)
        rc = store_end_run(store, run, &usage, err);
    if (rc == 0 && run->class != CLASS_INTERRUPTED)
        rc = record_results(runner, run, slot->dir, stream, err);
    if (rc == 0)
        rc = record_steps(runner, run, stream, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    return rc;
}

int slot_poll(struct slot *slot, struct runner *runner, bool lost, struct err *err)
{
    struct outcome_facts facts = {0};
    struct stream stream = {0};
    struct run *run = &runner->record->runs[slot->run];
    int ended = runner->executor->poll(&facts, &slot->ticket, &slot->job, err);

    if (ended != 1)
        return ended;
    int rc = stream_read(&stream, slot->dir, err);
    if (rc == 0) {
        const struct experiment *e = &runner->record->experiments[run->experiment - 1];
        if (lost)
            facts.class = CLASS_INTERRUPTED;
        run_classify(run, &facts, &stream, &runner->record->study, e->config);
        run->ended = (int64_t)time(NULL);
        rc = record_end(slot, runner, run, &facts, &stream, err);
    }
    stream_clear(&stream);
    free(facts.usage);
    clear_job(slot);
    return rc == 0 ? 1 : -1;
}

int slot_stop(struct slot *slot, const struct runner *runner, bool now, struct err *err)
{
    return runner->executor->stop(&slot->ticket, now, err);
}
