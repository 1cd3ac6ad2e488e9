/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "executor.h"
#include "inputs.h"
#include "json.h"
#include "launch.h"
#include "mem.h"
#include "propose.h"
#include "publish.h"
#include "referee.h"
#include "repeat.h"
#include "store_audit.h"
#include "trial.h"

struct patient { /* what the checks look at */
    const struct place *place;
    struct store *store;
    const struct record *record;
    struct ledger *ledger; /* NULL: there is no repository */
    bool running;          /* a run goes on: what it has begun need not be finished */
};

/* A check writes what is wrong into `found`; nothing written: it holds.  What a crash leaves and
 * `nightshift run` mends by itself is noted, it is not bad. */
struct check {
    const char *name;
    enum { FAST, DEEP, MENDED } kind;
    int (*look)(struct str *found, const struct patient *patient, struct err *err);
};

static int look_database(struct str *found, const struct patient *p, struct err *err)
{
    if (store_check(p->store, true, err) != 0 || store_check_log(p->store, err) != 0)
        str_add(found, err->text);
    return 0;
}

static int look_log(struct str *found, const struct patient *p, struct err *err)
{
    return store_audit_log(p->store, found, err);
}

static int look_spec(struct str *found, const struct patient *p, struct err *err)
{
    struct str spec = {0};

    (void)err;
    study_write_spec(&spec, &p->record->study);
    if (strcmp(spec.at, p->record->spec) != 0)
        str_add(found, "the stored study does not give the stored spec");
    str_clear(&spec);
    return 0;
}

static int look_configs(struct str *found, const struct patient *p, struct err *err)
{
    char sha[SHA256_TEXT];

    (void)err;
    for (size_t i = 0; i < p->record->n_experiments && found->len == 0; i++) {
        const struct experiment *e = &p->record->experiments[i];
        trial_hash(sha, &p->record->study.space, e->config);
        if (strcmp(sha, e->sha) != 0)
            str_addf(found, "experiment %lld: its config has another hash", (long long)e->id);
    }
    return 0;
}

/* Decisions are 1…K, the experiments' own in order, and those without one are the last. */
static int look_order(struct str *found, const struct patient *p, struct err *err)
{
    const struct record *r = p->record;
    int64_t decided = 0;

    (void)err;
    for (size_t i = 0; i < r->n_decisions && found->len == 0; i++) {
        const struct decision *d = &r->decisions[i];
        bool own = r->experiments[d->experiment - 1].decision == d->number;
        if (d->number != (int64_t)i + 1 || (own && d->experiment != ++decided))
            str_addf(found, "decision %zu is about experiment %lld", i + 1,
                     (long long)d->experiment);
    }
    return 0;
}

static int look_runs(struct str *found, const struct patient *p, struct err *err)
{
    const struct record *r = p->record;

    (void)err;
    for (size_t i = 0; i < r->n_runs && found->len == 0; i++) {
        const struct run *run = &r->runs[i];
        if (run->class == CLASS_NONE && !p->running)
            str_addf(found,
                     "run %lld (experiment %lld, seed %u) has no end; `nightshift run` repeats it",
                     (long long)run->id, (long long)run->experiment, run->seed);
    }
    return 0;
}

static int look_seeds(struct str *found, const struct patient *p, struct err *err)
{
    const struct record *r = p->record;

    (void)err;
    for (size_t i = 0; i < r->n_runs && found->len == 0; i++) {
        const struct run *run = &r->runs[i];
        if (run->class == CLASS_OK &&
            record_variant(r, run->experiment, run->variant, run->seed) != run)
            str_addf(found, "experiment %lld was run again on seed %u after it was ok",
                     (long long)run->experiment, run->seed);
    }
    return 0;
}

/* The rows that are pending are the newest ones. */
static const struct outbox *pending(const struct patient *p)
{
    size_t n = p->record->n_outbox;

    return n > 0 && !p->record->outbox[n - 1].done ? &p->record->outbox[n - 1] : NULL;
}

static int look_pending(struct str *found, const struct patient *p, struct err *err)
{
    (void)err;
    if (!p->running && pending(p) != NULL)
        str_addf(found, "commit %s is intended; `nightshift run` publishes it", pending(p)->commit);
    return 0;
}

/* While a run goes on the refs move as we look, and a pending commit may stand or not. */
static int look_refs(struct str *found, const struct patient *p, struct err *err)
{
    if (p->ledger == NULL && p->record->n_outbox > 0)
        str_add(found, "the git repository is gone");
    else if (p->ledger != NULL && !p->running && pending(p) == NULL &&
             publish_check_refs(p->record, p->ledger, err) != 0)
        str_add(found, err->text);
    return 0;
}

static int look_inputs(struct str *found, const struct patient *p, struct err *err)
{
    struct artifact *recorded = NULL, *now = NULL;
    size_t n_recorded = 0, n_now = 0;
    char *program = NULL;

    if (store_artifacts(p->store, &recorded, &n_recorded, 0, err) != 0)
        return -1;
    if (executor_find_program(&program, p->record->study.command[0], p->place->study_dir, err) !=
            0 ||
        inputs_collect(&now, &n_now, &p->record->study, p->place->study_dir, program, err) != 0)
        str_add(found, err->text);
    else
        inputs_compare(found, recorded, n_recorded, now, n_now);
    while (found->len > 0 && found->at[found->len - 1] == '\n')
        found->at[--found->len] = '\0';
    free(program);
    artifacts_free(now, n_now);
    artifacts_free(recorded, n_recorded);
    return 0;
}

/* Every commit, made again from the record, must have the id that was intended. */
static int look_commits(struct str *found, const struct patient *p, struct err *err)
{
    for (size_t i = 0; p->ledger != NULL && i < p->record->n_outbox && found->len == 0; i++) {
        struct plan plan;
        if (publish_plan(&plan, p->record, p->ledger, &p->record->outbox[i], err) != 0)
            str_add(found, err->text);
        else
            plan_clear(&plan);
    }
    return 0;
}

/* The strategy, asked again with what it knew then, must propose the same. */
static int look_proposals(struct str *found, const struct patient *p, struct err *err)
{
    for (size_t i = 0; i < p->record->n_experiments && found->len == 0; i++) {
        const struct experiment *e = &p->record->experiments[i];
        struct record then = *p->record;
        struct experiment again;
        if (e->purpose == PURPOSE_ENQUEUED)
            continue;
        then.n_experiments = i;
        int rc = propose_repeat(&again, &then, err);
        if (rc < 0)
            return -1;
        if (rc > 0) /* nothing would be left to try */
            again = (struct experiment){0};
        if (strcmp(again.sha, e->sha) != 0 || again.against != e->against)
            str_addf(found, "experiment %lld would be proposed differently", (long long)e->id);
        experiment_clear(&again);
    }
    return 0;
}

/* The referee, shown what was known then, must decide the same. */
static int look_verdict(struct str *found, const struct record *record, struct referee *referee,
                        const struct decision *d, struct err *err)
{
    struct record then = *record;
    struct needs needs;

    then.n_decisions = (size_t)d->number - 1;
    if (referee_follow(referee, &then, err) != 0 ||
        referee_again(&needs, referee, &then, d, err) != 0)
        return -1;
    const struct decision *again = &needs.decision;
    if (needs.need != NEED_DECISION || again->kind != d->kind ||
        again->experiment != d->experiment || again->verdict != d->verdict ||
        again->head != d->head || again->incumbent != d->incumbent ||
        !repeat_same_bits(again->mean, d->mean) || !repeat_same_bits(again->z, d->z))
        str_addf(found, "decision %lld would be made differently", (long long)d->number);
    return 0;
}

static int look_verdicts(struct str *found, const struct patient *p, struct err *err)
{
    struct referee referee;
    int rc = 0;

    referee_init(&referee);
    for (size_t i = 0; i < p->record->n_decisions && found->len == 0 && rc == 0; i++)
        rc = look_verdict(found, p->record, &referee, &p->record->decisions[i], err);
    referee_clear(&referee);
    return rc;
}

static int look_files(struct str *found, const struct patient *p, struct err *err)
{
    for (size_t i = 0; i < p->record->n_runs && found->len == 0; i++) {
        const struct run *run = &p->record->runs[i];
        struct artifact *files = NULL, *now = NULL;
        size_t n = 0, n_now = 0;
        if (run->class != CLASS_OK ||
            record_variant(p->record, run->experiment, run->variant, run->seed) != run)
            continue;
        char *dir = place_run_dir(p->place, run);
        if (store_artifacts(p->store, &files, &n, run->id, err) != 0 ||
            launch_files(&now, &n_now, dir, err) != 0) {
            str_addf(found, "experiment %lld seed %u: %s", (long long)run->experiment, run->seed,
                     err->text);
        } else {
            inputs_compare(found, files, n, now, n_now);
            if (found->len > 0)
                str_addf(found, "(experiment %lld seed %u)", (long long)run->experiment, run->seed);
        }
        artifacts_free(files, n);
        artifacts_free(now, n_now);
        free(dir);
    }
    return 0;
}

static const struct check checks[] = {
    {"the database is whole", FAST, look_database},
    {"study and spec agree", FAST, look_spec},
    {"configs have their hashes", FAST, look_configs},
    {"decisions are in order", FAST, look_order},
    {"no run is left open", MENDED, look_runs},
    {"no seed was run twice", FAST, look_seeds},
    {"every commit is published", MENDED, look_pending},
    {"git stands where the record says", FAST, look_refs},
    {"trainer and inputs are unchanged", FAST, look_inputs},
    {"the tables say what the log says", DEEP, look_log},
    {"commits can be made again", DEEP, look_commits},
    {"proposals can be made again", DEEP, look_proposals},
    {"verdicts can be made again", DEEP, look_verdicts},
    {"files of the runs are unchanged", DEEP, look_files},
};

static void print_check(const struct check *check, const char *found, bool json)
{
    const char *word = found[0] == '\0' ? "ok" : check->kind == MENDED ? "note" : "BAD";
    struct str line = {0};

    if (json) {
        str_add(&line, "{\"check\":");
        json_write_string(&line, check->name);
        str_addf(&line, ",\"ok\":%s,\"detail\":", strcmp(word, "BAD") == 0 ? "false" : "true");
        json_write_string(&line, found);
        str_add(&line, "}");
    } else {
        str_addf(&line, "%-4s %s", word, check->name);
        if (found[0] != '\0')
            str_addf(&line, ": %s", found);
    }
    printf("%s\n", line.at);
    str_clear(&line);
}

static int examine(size_t *bad, const struct patient *patient, bool deep, bool json,
                   struct err *err)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct str found = {0};
        if (checks[i].kind == DEEP && !deep)
            continue;
        int rc = checks[i].look(&found, patient, err);
        if (rc == 0) {
            print_check(&checks[i], str_text(&found), json);
            *bad += found.len > 0 && checks[i].kind != MENDED;
        }
        str_clear(&found);
        if (rc != 0)
            return -1;
    }
    return 0;
}

int doctor_examine(size_t *bad, const struct place *place, bool deep, bool json, struct err *err)
{
    struct record record = {0};
    struct patient patient = {.place = place, .record = &record};

    patient.running = place_owner(place) != 0;
    int rc = place_load(place, &patient.store, &record, err);
    patient.running |= place_owner(place) != 0;
    if (rc == 0)
        rc = ledger_open_existing(&patient.ledger, place->study_dir, place->run_dir, place->name,
                                  err);
    if (rc == 0)
        rc = examine(bad, &patient, deep, json, err);
    ledger_close(patient.ledger);
    record_clear(&record);
    store_close(patient.store);
    return rc;
}
