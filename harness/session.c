/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkout.h"
#include "doctor.h"
#include "filesystem.h"
#include "host.h"
#include "inputs.h"
#include "log.h"
#include "mem.h"
#include "proposer.h"
#include "publish.h"
#include "sandbox.h"
#include "session.h"
#include "site_session.h"
#include "source.h"

/* A study of a few hundred experiments stays in memory. */
enum { SHELF_LEAST = 64 << 10 };

int session_leave(struct session *session, struct err *err)
{
    return site_end(&session->site, &session->place, session->store, err);
}

void session_close(struct session *session)
{
    site_close(&session->site);
    store_close(session->store);
    ledger_close(session->ledger);
    record_clear(&session->record);
    shelf_close(session->shelf);
    free(session->program);
    free(session->proposer);
    free(session->evaluator);
    free(session->source_root);
    ledger_close(session->source);
    if (session->lock >= 0)
        close(session->lock);
    place_clear(&session->place);
}

static int parse_recorded(struct study *out, const char *text, const char *db, struct err *err)
{
    if (text != NULL)
        return study_parse(out, text, strlen(text), "recorded study", err);
    err_integrity(err, "'%s' holds no study", db);
    return -1;
}

/* The study as the file says it now; from the record where only a run directory is known. */
static int read_study(struct study *out, const struct place *place, struct err *err)
{
    struct store *store;
    char *text = NULL;

    if (place->study_path != NULL)
        return study_read(out, place->study_path, err);
    if (store_open(&store, place->db, STORE_READ, err) != 0)
        return -1;
    int rc = store_get(store, &text, "study", err);
    store_close(store);
    if (rc == 0)
        rc = parse_recorded(out, text, place->db, err);
    free(text);
    return rc;
}

/* A new record beside an old branch would rewrite what somebody may rely on. */
static int refuse_foreign_refs(const struct session *session, const char *name, struct err *err)
{
    char ref[160], tip[41];

    for (int log = 0; log < 2; log++) {
        ledger_ref_name(ref, name, log == 1);
        if (ledger_tip(session->ledger, tip, ref, err) != 0)
            return -1;
        if (tip[0] != '\0')
            return err_integrity(err,
                                 "'%s' exists in git, but its record '%s' does not: rename the "
                                 "study, or remove the branches nightshift/%s and "
                                 "nightshift/%s-log",
                                 ref, session->place.db, name, name);
    }
    return 0;
}

static int set_inputs(struct store *store, const struct artifact *inputs, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (store_add_artifact(store, &inputs[i], err) != 0)
            return -1;
    return 0;
}

/* What is built is fixed once: HEAD may move on. */
static int set_source(const struct session *session, const struct study *study, struct err *err)
{
    char commit[41];

    if (session->source == NULL)
        return 0;
    if (source_resolve(session->source, commit, &study->source, err) != 0 ||
        source_keep(session->source, commit, study->name, 0, err) != 0)
        return -1;
    return store_set(session->store, "source", commit, err);
}

static int begin_record(struct session *session, const struct study *study,
                        const struct artifact *inputs, size_t n_inputs, struct err *err)
{
    struct str spec = {0};
    struct store *store = session->store;

    study_write_spec(&spec, study);
    int rc = store_begin(store, err);
    if (rc == 0)
        rc = set_source(session, study, err);
    if (rc == 0)
        rc = store_set(store, "study", study->text, err);
    if (rc == 0)
        rc = store_set(store, "spec", spec.at, err);
    if (rc == 0)
        rc = set_inputs(store, inputs, n_inputs, err);
    if (rc == 0)
        rc = store_tell_begun(store, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    str_clear(&spec);
    return rc;
}

/* "a\nb\n" -> "a; b": an error is one line. */
static const char *one_line(struct str *lines)
{
    struct str joined = {0};

    for (const char *at = str_text(lines); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        str_addf(&joined, "%s%.*s", joined.len > 0 ? "; " : "", (int)len, at);
        at += len + (at[len] == '\n');
    }
    str_clear(lines);
    *lines = joined;
    return str_text(lines);
}

/* How far to go, how many at a time and what to do about trouble may change from session to
 * session.
 */
static void take_limits(struct study *kept, const struct study *study)
{
    kept->jobs = study->jobs;
    kept->run_cap = study->run_cap;
    kept->hours = study->hours;
    executor_rule_copy(&kept->executor, &study->executor);
    free(kept->until);
    kept->until = study->until != NULL ? mem_strdup(study->until) : NULL;
    policy_copy(&kept->policy, &study->policy);
}

/* The file must still be the study that was begun. */
static int check_same_study(struct session *session, const struct study *study, struct err *err)
{
    struct str spec = {0}, change = {0};
    int rc = 0;

    study_write_spec(&spec, study);
    study_describe_change(&change, session->record.spec, spec.at);
    if (change.len > 0)
        rc = err_usage(err,
                       "study '%s' has changed since it was begun; give it a new name, or take "
                       "back: %s",
                       study->name, one_line(&change));
    else
        take_limits(&session->record.study, study);
    str_clear(&change);
    str_clear(&spec);
    return rc;
}

/* Is there a result that is compared with others, or will be? */
static bool has_results(const struct record *record)
{
    if (record_incumbent(record) > 0)
        return true;
    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        if (run->class == CLASS_OK && record->experiments[run->experiment - 1].decision == 0)
            return true;
    }
    return false;
}

static int replace_inputs(struct store *store, const struct artifact *inputs, size_t n,
                          const char *change, struct err *err)
{
    int rc = store_begin(store, err);

    if (rc == 0)
        rc = store_forget_inputs(store, err);
    if (rc == 0)
        rc = set_inputs(store, inputs, n, err);
    if (rc == 0)
        rc = store_tell_inputs(store, err);
    if (rc == 0)
        rc = store_event(store, "changed", 0, change, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    return rc;
}

/* Results of other data or another trainer must not be mixed; while there are none, a trainer that
 * was mended may be taken. */
static int check_same_inputs(struct session *session, const struct artifact *inputs, size_t n,
                             struct err *err)
{
    struct artifact *recorded = NULL;
    size_t n_recorded = 0;
    struct str change = {0};
    int rc = store_artifacts(session->store, &recorded, &n_recorded, 0, err);

    if (rc == 0)
        inputs_compare(&change, recorded, n_recorded, inputs, n);
    if (change.len > 0 && has_results(&session->record))
        rc = err_usage(err, "study '%s' cannot go on with other inputs: %s", session->place.name,
                       one_line(&change));
    else if (change.len > 0)
        rc = replace_inputs(session->store, inputs, n, one_line(&change), err);
    str_clear(&change);
    artifacts_free(recorded, n_recorded);
    return rc;
}

/* No process of an earlier harness works there any more, nor judges what was left there. */
static int clear_run(const struct session *session, const struct run *run, struct err *err)
{
    char *dir = place_run_dir(&session->place, run), *judge = mem_printf("%s" PLACE_JUDGED, dir);
    int rc = file_exists(dir) ? site_clear(&site_local, dir, err) : 0;

    if (rc == 0 && file_exists(judge))
        rc = site_clear(&site_local, judge, err);
    free(judge);
    free(dir);
    return rc;
}

static bool is_held(const struct session *session, const struct run *run)
{
    char *dir = place_run_dir(&session->place, run);
    bool held = site_holds(&session->site, dir);

    free(dir);
    return held;
}

/* Runs whose end is not recorded died with the harness: they are repeated, but for those in a
 * queue.
 */
static int recover_runs(struct session *session, struct err *err)
{
    struct record *record = &session->record;

    for (size_t i = 0; i < record->n_runs; i++) {
        struct run *run = &record->runs[i];
        struct run_facts none = {0};
        if (run->class != CLASS_NONE || is_held(session, run))
            continue;
        if (clear_run(session, run, err) != 0 || store_begin(session->store, err) != 0)
            return -1;
        run->class = CLASS_INTERRUPTED;
        if (store_end_run(session->store, run, &none, err) != 0 ||
            store_tell_end(session->store, run->id, err) != 0 ||
            store_commit(session->store, err) != 0) {
            store_rollback(session->store);
            return -1;
        }
    }
    return 0;
}

static int note_session(struct session *session, struct err *err)
{
    char *host = host_describe();
    int rc = store_begin(session->store, err);

    if (rc == 0)
        rc = store_add_session(session->store, &session->id, host, err);
    if (rc == 0 && session->place.study_path != NULL)
        rc = store_set(session->store, "study_path", session->place.study_path, err);
    if (rc == 0)
        rc = store_commit(session->store, err);
    if (rc != 0)
        store_rollback(session->store);
    free(host);
    return rc;
}

/* A record that is there already has its repository too, so that none is made beside one that is
 * only out of sight. */
static int open_ledger(struct session *session, const char *name, struct err *err)
{
    const struct place *place = &session->place;

    if (file_exists(place->db))
        return ledger_open_existing(&session->ledger, place->study_dir, place->run_dir, name, err);
    if (ledger_open(&session->ledger, place->study_dir, place->run_dir, name, err) != 0)
        return -1;
    return refuse_foreign_refs(session, name, err);
}

/* What was decided but not published is published; then git and the record agree. */
static int catch_up(struct session *session, struct err *err)
{
    const struct place *place = &session->place;
    struct record *record = &session->record;

    if (session->ledger == NULL && record->n_outbox > 0)
        return err_integrity(err, "the git repository of study '%s' is gone: put it back",
                             record->study.name);
    if (session->ledger == NULL && ledger_open(&session->ledger, place->study_dir, place->run_dir,
                                               record->study.name, err) != 0)
        return -1;
    if (publish_pending(record, session->store, session->ledger, err) != 0)
        return -1;
    return publish_check_refs(record, session->ledger, err);
}

/* A record of other rules can be read, but what follows would not be like what went before. */
static int check_rules(struct session *session, struct err *err)
{
    char *rules = NULL;

    if (store_get(session->store, &rules, "rules", err) != 0)
        return -1;
    if (rules == NULL)
        return 0;
    err_usage(err,
              "study '%s' was begun by a nightshift of version %s of the record, which numbered "
              "seeds and tests otherwise: it can be read, but to go on give it a new name",
              session->place.name, rules);
    free(rules);
    return -1;
}

/* Beside the runs' own folder: where that is a link, both are where other machines see them. */
static void place_source(struct session *session)
{
    char *runs = place_runs(&session->place), *dir = path_dir(runs);

    free(session->source_root);
    session->source_root = path_join(dir, "source");
    free(runs);
    free(dir);
}

/* With the lock held: the record is made or checked, and what was interrupted is mended. */
static int open_record(struct session *session, const struct study *study,
                       const struct artifact *inputs, size_t n, struct err *err)
{
    struct place *place = &session->place;
    char *spec = NULL;

    if (session->source_root != NULL)
        place_source(session);
    if (open_ledger(session, study->name, err) != 0 ||
        store_open(&session->store, place->db, STORE_WRITE, err) != 0 ||
        store_get(session->store, &spec, "spec", err) != 0)
        return -1;
    session->resumed = spec != NULL;
    free(spec);
    if (session->resumed && check_rules(session, err) != 0)
        return -1;
    if (!session->resumed && begin_record(session, study, inputs, n, err) != 0)
        return -1;
    session->shelf = shelf_open(place->run_dir, SHELF_LEAST);
    if (store_load_night(session->store, &session->record, session->shelf, err) != 0 ||
        doctor_admit(session->store, &session->record, err) != 0 ||
        check_same_study(session, study, err) != 0 ||
        check_same_inputs(session, inputs, n, err) != 0 || note_session(session, err) != 0 ||
        site_begin(&session->site, session->executor, &session->record.study, place, session->store,
                   session->adopts && session->source_root == NULL, err) != 0 ||
        recover_runs(session, err) != 0)
        return -1;
    if (session->source_root != NULL &&
        checkout_clear_root(session->source_root, &site_local, err) != 0)
        return -1;
    return catch_up(session, err);
}

/* The repository of the source, and an empty place to build it; the program that judges. */
static int open_source(struct session *session, const struct study *study, struct err *err)
{
    const struct place *place = &session->place;

    if (study->n_evaluate > 0 &&
        executor_find_named(&session->evaluator, "evaluation", study->evaluate[0], place->study_dir,
                            err) != 0)
        return -1;
    if (study->source.binary == NULL)
        return 0;
    session->source_root = path_join(place->run_dir, "source");
    return source_open(&session->source, &study->source, place->study_dir, err);
}

/* The run directory asks git to leave it alone, so that the user's status stays as it was. */
static int make_run_dir(const char *dir, struct err *err)
{
    char *ignore = path_join(dir, ".gitignore");
    int rc = file_mkdirs(dir, err);

    if (rc == 0 && !file_exists(ignore))
        rc = file_write(ignore, "*\n", 2, err);
    free(ignore);
    return rc;
}

static int open_all(struct session *out, const char *word, const char *dir, const char *executor,
                    struct err *err)
{
    struct study study = {0};
    struct artifact *inputs = NULL;
    size_t n = 0;
    int rc = -1;

    if (place_find(&out->place, word, dir, err) != 0 || read_study(&study, &out->place, err) != 0)
        return -1;
    const char *study_dir = out->place.study_dir;
    if (executor_find_program(&out->program, study.command[0], study_dir, err) == 0 &&
        proposer_find_program(&out->proposer, &study, study_dir, err) == 0 &&
        open_source(out, &study, err) == 0 &&
        inputs_collect(&inputs, &n, &study, study_dir, out->program, err) == 0 &&
        sandbox_check(&study, err) == 0 &&
        site_choose(&out->executor, &study, executor, err) == 0 &&
        filesystem_refuse(out->place.run_dir, err) == 0 &&
        make_run_dir(out->place.run_dir, err) == 0 &&
        place_lock(&out->lock, &out->place, err) == 0 &&
        site_make_runs(&study.executor, &out->place, err) == 0)
        rc = open_record(out, &study, inputs, n, err);
    artifacts_free(inputs, n);
    study_clear(&study);
    return rc;
}

static int open_with(struct session *out, const char *word, const char *dir, const char *executor,
                     bool adopts, struct err *err)
{
    *out = (struct session){.lock = -1, .adopts = adopts};
    mem_return_large();
    if (open_all(out, word, dir, executor, err) == 0)
        return 0;
    session_close(out);
    return -1;
}

int session_open(struct session *out, const char *word, const char *dir, const char *executor,
                 struct err *err)
{
    return open_with(out, word, dir, executor, false, err);
}

int session_open_night(struct session *out, const char *word, const char *dir, const char *executor,
                       struct err *err)
{
    return open_with(out, word, dir, executor, true, err);
}
