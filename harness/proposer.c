/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "answer_read.h"
#include "answers.h"
#include "checkout.h"
#include "file.h"
#include "guard.h"
#include "host.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "propose.h"
#include "proposer.h"
#include "rng.h"
#include "source.h"
#include "told.h"
#include "trial.h"

enum { MAX_OUTPUT = 16 << 20, GRACE_S = 1, REFUSAL_MAX = 500 };
static const char INPUT[] = "history.jsonl";

int proposer_find_program(char **out, const struct study *study, const char *study_dir,
                          struct err *err)
{
    *out = NULL;
    if (!study->strategy->outside)
        return 0;
    return executor_find_named(out, "program that proposes", study->proposer[0], study_dir, err);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Drawn anew for every question, the same for the same one. */
static uint32_t own_seed(const struct record *record, int64_t id)
{
    struct rng rng;

    rng_init(&rng, record->study.seed, "ask", ((uint64_t)id << 32) | record->n_answers);
    return (uint32_t)(rng_next(&rng) >> 32);
}

static int fresh_dir(const char *dir, struct err *err)
{
    if (file_exists(dir) && (site_clear(&site_local, dir, err) != 0 || file_remove(dir, err) != 0))
        return -1;
    return file_mkdirs(dir, err);
}

/* The head's source as files, for the program to read; *out NULL where there is none. */
static int show_source(char **out, const struct session *session, int64_t id, struct err *err)
{
    const struct record *record = &session->record;
    struct checkout checkout = {.source = session->source, .root = session->source_root};

    *out = NULL;
    if (session->source == NULL)
        return 0;
    return checkout_make(out, &checkout, record_source(record, propose_against(record, id)), err);
}

static int write_input(const struct proposer *p, const struct session *session, uint32_t seed,
                       struct err *err)
{
    char *path = path_join(p->dir, INPUT), *tree = NULL;
    struct str text = {0};
    int rc = show_source(&tree, session, p->experiment, err);

    if (rc == 0) {
        told_write(&text, &session->record, p->experiment, seed, tree);
        rc = file_write_unsynced(path, text.at, text.len, err);
    }
    str_clear(&text);
    free(tree);
    free(path);
    return rc;
}

static char **make_argv(const struct proposer *p, const struct session *session, uint32_t seed)
{
    const struct study *study = &session->record.study;
    struct argv_values values = {
        .dir = p->dir, .study_dir = session->place.study_dir, .seed = seed};
    char **argv = trial_argv(&study->space, session->record.experiments[0].config, study->proposer,
                             study->n_proposer, &values);

    free(argv[0]);
    argv[0] = mem_strdup(session->proposer);
    return argv;
}

/* The folders that the study opens to it, as paths. */
static char **make_writable(const struct session *session)
{
    const struct study *study = &session->record.study;
    char **folders = mem_new(study->n_writable + 1, sizeof *folders);

    for (size_t i = 0; i < study->n_writable; i++)
        folders[i] = path_join(session->place.study_dir, study->writable[i]);
    return folders;
}

static int prepare(struct proposer *p, const struct session *session, uint32_t seed,
                   struct err *err)
{
    const struct study *study = &session->record.study;
    char **environment = host_run_environment(study->env, study->n_env, 0);

    p->job = (struct job){.dir = p->dir,
                          .argv = make_argv(p, session, seed),
                          .env = environment,
                          .timeout_s = study->proposer_timeout_s,
                          .grace_s = GRACE_S,
                          .max_output = MAX_OUTPUT,
                          .input = INPUT,
                          .confined = true,
                          .writable = make_writable(session)};
    return host_own_tmp(environment, p->dir, err);
}

static void clear(struct proposer *p)
{
    argv_free((char **)(uintptr_t)p->job.argv);
    argv_free((char **)(uintptr_t)p->job.env);
    argv_free((char **)(uintptr_t)p->job.writable);
    free(p->dir);
    *p = (struct proposer){0};
}

int proposer_start(struct proposer *p, const struct session *session, int64_t id, struct err *err)
{
    uint32_t seed = own_seed(&session->record, id);

    *p = (struct proposer){.experiment = id, .dir = path_join(session->place.run_dir, "agent")};
    int rc = fresh_dir(p->dir, err);
    if (rc == 0)
        rc = write_input(p, session, seed, err);
    if (rc == 0)
        rc = prepare(p, session, seed, err);
    if (rc == 0)
        rc = site_start(&site_local, &p->ticket, &p->job, err);
    p->busy = rc == 0;
    if (rc != 0)
        clear(p);
    return rc;
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Why a program that has not ended well gave no answer; "" where it has. */
static void describe_end(struct str *out, const struct outcome_facts *facts,
                         const struct proposer *p)
{
    char limit[NUMBER_TEXT];

    if (facts->class == CLASS_OK)
        return;
    if (facts->class == CLASS_TIMEOUT)
        str_addf(out, "no answer within %s s", number_short(limit, p->job.timeout_s, 6));
    else if (facts->detail[0] != '\0')
        str_addf(out, "%s: %s", class_names[facts->class], facts->detail);
    else
        str_add(out, class_names[facts->class]);
}

/* Reads what it printed; a usage error where that is no answer.  The caller decrefs. */
static int read_output(json_t **answer, const struct proposer *p, struct err *err)
{
    char *path = path_join(p->dir, RUN_STREAM), *text = NULL;
    size_t len = 0;

    *answer = NULL;
    int rc = file_read(&text, &len, path, ANSWER_MAX, err);
    if (rc != 0)
        err_usage(err, "it printed more than %d bytes, or nothing that can be read", ANSWER_MAX);
    else
        rc = answer_parse(answer, text, len, err);
    free(text);
    free(path);
    return rc;
}

static void refuse(struct answer *out, const char *why)
{
    struct str line = {0};

    str_add_printable(&line, why, strlen(why), REFUSAL_MAX);
    out->refusal = str_take(&line);
}

/* A patch without an end of line is the name of a file that the program has left in its folder: its
 * content is what is recorded. */
static int fetch_patch(json_t *answer, const struct proposer *p, struct err *err)
{
    const char *name = json_string_value(json_object_get(answer, "patch"));
    char *path, *text = NULL;
    size_t len = 0;

    if (name == NULL || strchr(name, '\n') != NULL)
        return 0;
    if (*name == '\0' || *name == '/' || strstr(name, "..") != NULL)
        return err_usage(err, "'patch' is neither a diff nor a file in the program's folder");
    path = path_join(p->dir, name);
    int rc = file_read(&text, &len, path, ANSWER_MAX, err);
    if (rc == 0 && (json_object_set_new(answer, "patch", json_stringn(text, len)) != 0))
        rc = err_usage(err, "the patch '%.100s' is no UTF-8", name);
    else if (rc != 0)
        rc = err_usage(err, "the patch '%.100s' cannot be read", name);
    free(text);
    free(path);
    return rc;
}

/* The commit that its patch becomes, on top of the head's source. */
static int commit_patch(struct answer *out, const json_t *answer, const struct proposer *p,
                        const struct session *session, struct err *err)
{
    const struct record *record = &session->record;
    const json_t *patch = json_object_get(answer, "patch");

    if (patch == NULL)
        return 0;
    if (session->source == NULL)
        return err_usage(err, "the study has no 'source' that could be patched");
    const char *base = record_source(record, propose_against(record, p->experiment));
    if (source_patch(session->source, out->source, base, json_string_value(patch), &record->study,
                     err) != 0)
        return -1;
    return source_keep(session->source, out->source, record->study.name, p->experiment, err);
}

/* Whether what it said can be the next experiment; a usage error says why not. */
static int weigh(struct answer *out, const json_t *answer, const struct proposer *p,
                 const struct session *session, struct err *err)
{
    const struct record *record = &session->record;
    struct value *config = mem_new(record->study.space.n, sizeof *config);
    int rc = commit_patch(out, answer, p, session, err);

    if (rc == 0)
        rc = answer_apply(config, answer, out->source, record,
                          propose_against(record, p->experiment), err);
    free(config);
    return rc;
}

/* What it said, taken or refused; -1 only where the fault is ours. */
static int hear(struct answer *out, const struct proposer *p, const struct session *session,
                struct err *err)
{
    struct str text = {0};
    struct err why = {0};
    json_t *answer;
    int rc = read_output(&answer, p, &why);

    if (rc == 0)
        rc = fetch_patch(answer, p, &why);
    if (rc == 0) {
        json_write(&text, answer);
        out->text = str_take(&text);
        rc = weigh(out, answer, p, session, &why);
    }
    json_decref(answer);
    if (rc != 0 && why.code != ERR_USAGE) {
        *err = why;
        return -1;
    }
    if (rc != 0)
        refuse(out, why.text);
    return 0;
}

static int store_it(struct session *session, const struct answer *answer, struct err *err)
{
    struct store *store = session->store;
    int rc = store_begin(store, err);

    if (rc == 0)
        rc = store_add_answer(store, answer, err);
    if (rc == 0 && answer->refusal != NULL)
        rc = store_event(store, "refused", 0, answer->refusal, err);
    if (rc == 0 && answer->refusal != NULL &&
        answers_refused_in_row(&session->record, answer->experiment) + 1 == ANSWERS_REFUSED_MOST)
        rc = store_event(store, "fallback", 0, "perturb proposes from here on", err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0) {
        store_rollback(store);
        return -1;
    }
    record_add_answer(&session->record, answer);
    return 0;
}

static void say(const struct record *record, const struct answer *answer)
{
    if (answer->refusal == NULL)
        return;
    size_t n = answers_refused_in_row(record, answer->experiment);
    log_warn("the program's proposal %zu of %d in a row is refused: %s", n, ANSWERS_REFUSED_MOST,
             answer->refusal);
    if (n == ANSWERS_REFUSED_MOST)
        log_warn("%d refused proposals in a row: the study falls back to perturb and asks the "
                 "program no more",
                 ANSWERS_REFUSED_MOST);
}

static int take_answer(struct proposer *p, struct session *session,
                       const struct outcome_facts *facts, struct err *err)
{
    struct answer answer = {.experiment = p->experiment};
    struct str end = {0};

    describe_end(&end, facts, p);
    int rc = guard_inputs(&session->place, session->store, &session->record.study, session->program,
                          err);
    if (rc == 0 && end.len > 0)
        refuse(&answer, end.at);
    else if (rc == 0)
        rc = hear(&answer, p, session, err);
    if (rc == 0)
        rc = store_it(session, &answer, err);
    if (rc == 0)
        say(&session->record, &answer);
    str_clear(&end);
    free(answer.text);
    free(answer.refusal);
    return rc;
}

int proposer_poll(struct proposer *p, struct session *session, bool lost, struct err *err)
{
    struct outcome_facts facts = {0};

    if (!p->busy)
        return 0;
    int ended = site_poll(&site_local, &facts, &p->ticket, &p->job, err);
    if (ended == 0)
        return 0;
    int rc = ended < 0 ? -1 : 0;
    if (rc == 0 && !lost)
        rc = take_answer(p, session, &facts, err);
    free(facts.usage);
    clear(p);
    return rc == 0 ? 1 : -1;
}

/* --- ending ----------------------------------------------------------------------------------- */

int proposer_stop(struct proposer *p, struct err *err)
{
    return p->busy ? site_stop(&site_local, &p->ticket, true, err) : 0;
}

void proposer_abandon(struct proposer *p)
{
    enum { STEP_MS = 50, STEPS = 200 };
    struct outcome_facts facts = {0};
    struct err ignored;

    if (!p->busy)
        return;
    int ended = site_stop(&site_local, &p->ticket, true, &ignored);
    for (int i = 0; i < STEPS && ended == 0; i++) {
        struct pollfd fd = {.fd = p->ticket.fd, .events = POLLIN};
        poll(&fd, 1, STEP_MS);
        ended = site_poll(&site_local, &facts, &p->ticket, &p->job, &ignored);
    }
    free(facts.usage);
    clear(p);
}
