/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "log.h"
#include "mem.h"
#include "referee.h"
#include "replay.h"
#include "rerun.h"
#include "rng.h"
#include "store_audit.h"

enum { MARGIN = 2 }; /* a run may take so many times what it took */

static bool may_be_repeated(const struct record *record, const struct run *run)
{
    return run->class == CLASS_OK &&
           record_variant(record, run->experiment, run->variant, run->seed) == run;
}

/* Drawn evenly from the runs that count; NULL where there is none. */
static const struct run *draw(const struct record *record)
{
    struct rng rng;
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        n += may_be_repeated(record, &record->runs[i]);
    if (n == 0)
        return NULL;
    rng_init(&rng, record->study.seed, "replay", record->n_runs);
    uint64_t at = rng_below(&rng, n);
    for (size_t i = 0; i < record->n_runs; i++)
        if (may_be_repeated(record, &record->runs[i]) && at-- == 0)
            return &record->runs[i];
    return NULL;
}

static bool is_known_not_to_repeat(const struct record *record)
{
    struct referee referee;
    struct err ignored = {0};

    referee_init(&referee);
    bool known = referee_follow(&referee, record, &ignored) == 0 && referee.audit.repeated &&
                 !referee.audit.deterministic;
    referee_clear(&referee);
    return known;
}

static int tell(struct session *session, const struct run *run, const char *verdict, bool same,
                struct err *err)
{
    struct store *store = session->store;
    char *text = mem_printf("%s: experiment %lld, seed %u: %s", same ? "same" : "ALARM",
                            (long long)run->experiment, run->seed, verdict);

    if (!same)
        log_warn("a run that was repeated came out otherwise: %s", text);
    int rc = store_event_alone(store, "replayed", run->experiment, text, err);
    free(text);
    return rc;
}

static int repeat(struct session *session, const struct run *run, struct rerun *rerun,
                  struct err *err)
{
    struct str verdict = {0};
    char *environment = NULL;
    int rc = store_environment(session->store, &environment, run->id, err);

    if (rc == 0)
        rc = rerun_open(rerun, err);
    if (rc == 0)
        rc = rerun_measure(rerun, environment, err);
    if (rc == 0 && rerun->level.data.len == 0)
        rc = rerun_logged(rerun, &session->place, session->store, &session->record, run, err);
    if (rc == 0) {
        double sd = rerun_noise(&session->record);
        bool same = rerun->level.data.len == 0 && rerun_conclude(&verdict, rerun, sd);
        if (!same)
            str_addf(&verdict, "; %s",
                     rerun->level.data.len > 0 ? rerun->level.data.at : str_text(&rerun->last));
        rc = tell(session, run, str_text(&verdict), same, err);
    }
    str_clear(&verdict);
    free(environment);
    return rc;
}

static int replay(struct session *session, const struct run *run, struct err *err)
{
    struct artifact *inputs = NULL;
    struct rerun rerun = {.study = &session->record.study,
                          .study_dir = session->place.study_dir,
                          .experiment = run->experiment,
                          .quiet = true};
    struct err closing = {0};
    int rc = store_artifacts(session->store, &inputs, &rerun.n_inputs, 0, err);

    rerun.inputs = inputs;
    if (rc == 0)
        rc = repeat(session, run, &rerun, err);
    rerun.different = 0; /* its scratch is of no use to anybody */
    if (rerun_close(&rerun, &closing) != 0)
        log_warn("%s", closing.text);
    artifacts_free(inputs, rerun.n_inputs);
    return rc;
}

void replay_one(struct session *session, double left_s)
{
    const struct record *record = &session->record;
    const struct run *run = draw(record);
    struct err err = {0};

    if (run == NULL || (isfinite(left_s) && !(left_s > MARGIN * run->wall_s)) ||
        !store_has_new_runs(session->store) || is_known_not_to_repeat(record))
        return;
    if (replay(session, run, &err) != 0)
        log_warn("no run was repeated: %s", err.text);
}
