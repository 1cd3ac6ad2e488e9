/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * big_record [-g] [-n EXPERIMENTS] [-s STRATEGY] DIR - writes the record of a long study straight
 * into DIR/runs/simulated/study.db, without a process, a file of a run or a git repository: for
 * measuring what reads records.  Proposals, runs, tests and decisions are those of a simulated
 * night (simulated_night.h) on a space as a language model's, one run in fifty fails; the strategy
 * is `random` without -s.  With -g by the rule `greedy`, which takes so long for each experiment
 * whatever came before it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decision.h"
#include "file.h"
#include "ledger.h"
#include "mem.h"
#include "simulated_night.h"
#include "store.h"
#include "str.h"
#include "trial.h"

static const char parameters[] =
    "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2, start: 6e-4}\n"
    "  dim: {distribution: q_uniform, q: 64, min: 64, max: 512, start: 128}\n"
    "  layers: {distribution: int_uniform, min: 1, max: 12, start: 3}\n"
    "  optimizer: {values: [adamw, muon], start: adamw}\n"
    "  muon_lr: {distribution: log_uniform_values, min: 1e-3, max: 1e-1, start: 2e-2, when: "
    "{optimizer: muon}}\n"
    "  dropout: {distribution: uniform, min: 0, max: 0.5, start: 0.1}\n"
    "  tokens: {value: 2000000}\n";

/* A bowl in log lr, depth and dropout; one config in fifty fails. */
static double truth(const void *of, const struct space *space, const struct value *config)
{
    (void)of;
    double lr = config[space_find(space, "lr")].number;
    double layers = config[space_find(space, "layers")].number;
    double dropout = config[space_find(space, "dropout")].number;

    if (fmod(floor(lr * 1e7), 50) == 7)
        return NAN;
    double x = log10(lr) + 2.6, y = (layers - 6) / 6, z = dropout - 0.2;
    return 2 + x * x + 0.5 * y * y + z * z;
}

static const struct surface surface = {.parameters = parameters, .truth = truth};

/* --- the record of a night, into a store, event by event ------------------------------------- */

struct target {
    struct store *store;
    const struct record *whole; /* how it ended */
    struct record so_far;       /* what decision_write() may know */
    int64_t session, commits;
    char parent[41];
};

static int put_experiment(struct target *t, size_t row, struct err *err)
{
    struct experiment e = t->whole->experiments[row];

    e.decision = 0;
    e.verified = false;
    e.created = 1795300000 + 10 * (int64_t)row;
    trial_hash(e.sha, &t->whole->study.space, e.config);
    record_add_experiment(&t->so_far, &e);
    return store_add_experiment(t->store, &t->whole->study.space, &e, err);
}

static int put_pair(struct target *t, size_t row, struct err *err)
{
    record_add_pair(&t->so_far, &t->whole->pairs[row]);
    return store_add_pair(t->store, &t->whole->pairs[row], err);
}

static int put_start(struct target *t, size_t row, struct err *err)
{
    const struct run_facts facts = {.argv = "[\"none\",\"config.json\"]",
                                    .limits = "{\"cpus\":[0],\"timeout_s\":900}"};
    struct run run = t->whole->runs[row];

    run.class = CLASS_NONE;
    run.value = run.wall_s = run.cpu_s = run.peak_mib = NAN;
    run.exit_code = -1;
    run.started = 1795300000 + 10 * (int64_t)row;
    record_add_run(&t->so_far, &run);
    return store_start_run(t->store, &run, t->session, &facts, err);
}

static int put_end(struct target *t, size_t row, struct err *err)
{
    const struct run_facts facts = {.usage = "{\"system_s\":0.1,\"user_s\":8.8}"};
    struct run *run = &t->so_far.runs[row];
    char *detail = t->whole->runs[row].class == CLASS_EXIT ? mem_strdup("exit 1") : NULL;
    const char *const names[] = {"loss", "train_loss", "tokens_per_s"};

    run->class = t->whole->runs[row].class;
    run->value = t->whole->runs[row].value;
    run->exit_code = t->whole->runs[row].exit_code;
    run->wall_s = 9 + 0.001 * (double)(row % 1000);
    run->cpu_s = 8.9;
    run->peak_mib = 120;
    run->ended = run->started + 9;
    free(run->detail);
    run->detail = detail;
    int rc = store_end_run(t->store, run, &facts, err);
    for (size_t i = 0; rc == 0 && run->class == CLASS_OK && i < 3; i++) {
        struct metric metric = {mem_strdup(names[i]), run->value + (double)i};
        rc = store_add_metric(t->store, run->id, &metric, err);
        free(metric.name);
    }
    return rc == 0 ? store_tell_end(t->store, run->id, err) : -1;
}

/* A commit that nobody wrote: what reads the record alone never looks for it. */
static int put_commit(struct target *t, const struct decision *d, bool log, struct err *err)
{
    struct outbox outbox = {.decision = d->number, .done = true};
    char sha[SHA256_TEXT], ref[160];

    ledger_ref_name(ref, t->whole->study.name, log);
    outbox.ref = ref;
    snprintf(outbox.parent, sizeof outbox.parent, "%s", t->parent);
    int len = snprintf(sha, sizeof sha, "commit %lld", (long long)++t->commits);
    sha256_bytes(sha, sha, (size_t)len);
    snprintf(outbox.tree, sizeof outbox.tree, "%.40s", sha + 24);
    snprintf(outbox.commit, sizeof outbox.commit, "%.40s", sha);
    if (log)
        memcpy(t->parent, outbox.commit, sizeof t->parent);
    record_add_outbox(&t->so_far, &outbox);
    return store_add_outbox(t->store, &outbox, sha, SHA256_TEXT - 1, err);
}

static int put_decision(struct target *t, size_t row, struct err *err)
{
    struct decision d = t->whole->decisions[row];

    int rc = decision_write(&d.body, &d, &t->so_far, t->store, err);
    if (rc == 0)
        rc = store_add_decision(t->store, &d, err);
    if (rc == 0) {
        record_add_decision(&t->so_far, &d);
        rc = put_commit(t, &d, true, err);
    }
    if (rc == 0 && d.verified)
        rc = put_commit(t, &d, false, err);
    free(d.body);
    return rc == 0 ? store_tell_decision(t->store, d.number, err) : -1;
}

static int put_event(struct target *t, const struct night_event *event, struct err *err)
{
    switch (event->kind) {
    case EVENT_EXPERIMENT:
        return put_experiment(t, event->row, err);
    case EVENT_PAIR:
        return put_pair(t, event->row, err);
    case EVENT_START:
        return put_start(t, event->row, err);
    case EVENT_END:
        return put_end(t, event->row, err);
    case EVENT_DECISION:
        return put_decision(t, event->row, err);
    case EVENT_CLOSING:
        record_add_closing(&t->so_far, &t->whole->closings[event->row]);
        return store_add_closing(t->store, &t->whole->closings[event->row], err);
    }
    return -1;
}

static int put_study(struct target *t, struct err *err)
{
    struct str spec = {0};
    const struct study *study = &t->whole->study;

    study_write_spec(&spec, study);
    int rc = store_set(t->store, "study", study->text, err);
    if (rc == 0)
        rc = store_set(t->store, "spec", str_text(&spec), err);
    if (rc == 0)
        rc = store_tell_begun(t->store, err);
    if (rc == 0)
        rc = store_add_session(t->store, &t->session, "{\"cpu\":\"none\"}", err);
    str_clear(&spec);
    return rc;
}

static int put_all(struct target *t, const struct simulated_night *night, struct err *err)
{
    if (store_begin(t->store, err) != 0 || put_study(t, err) != 0 ||
        study_parse(&t->so_far.study, night->record.study.text, night->record.study.text_len,
                    "simulated", err) != 0)
        return -1;
    for (size_t i = 0; i < night->n_events; i++)
        if (put_event(t, &night->events[i], err) != 0)
            return -1;
    return store_commit(t->store, err);
}

static int write_record(const char *dir, const struct simulated_night *night, struct err *err)
{
    char *folder = mem_printf("%s/runs/%s", dir, night->record.study.name);
    char *db = path_join(folder, "study.db");
    struct target target = {.whole = &night->record};
    int rc = file_mkdirs(folder, err);

    if (rc == 0)
        rc = store_open(&target.store, db, STORE_WRITE, err);
    if (rc == 0) {
        rc = put_all(&target, night, err);
        store_close(target.store);
        record_clear(&target.so_far);
    }
    if (rc == 0)
        printf("%s: %zu experiments, %zu runs, %zu decisions\n", db, night->record.n_experiments,
               night->record.n_runs, night->record.n_decisions);
    free(folder);
    free(db);
    return rc;
}

int main(int argc, char **argv)
{
    struct night_plan plan = {.surface = &surface,
                              .strategy = "random",
                              .procedure = PROCEDURE_TWO_LEVEL,
                              .sigma_d = 0.02,
                              .rho = 0.5,
                              .seed = 1,
                              .cap = 10000,
                              .jobs = 2,
                              .study = ""};
    struct simulated_night night;
    struct err err = {0};
    unsigned long long n = 0;

    for (int c; (c = getopt(argc, argv, "gn:s:")) != -1;)
        if (c == 'g')
            plan.procedure = PROCEDURE_GREEDY;
        else if (c == 's')
            plan.strategy = optarg;
        else if (c != 'n' || !integer_read(&n, optarg, 1000000) || n == 0)
            return 2;
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: big_record [-g] [-n EXPERIMENTS] [-s STRATEGY] DIR\n");
        return 2;
    }
    plan.cap = n > 0 ? (int64_t)n : plan.cap;
    int rc = simulated_whole(&night, &plan, &err);
    if (rc == 0) {
        rc = write_record(argv[optind], &night, &err);
        simulated_end(&night);
    }
    if (rc != 0)
        fprintf(stderr, "big_record: %s\n", err.text);
    return rc == 0 ? 0 : err.code;
}
