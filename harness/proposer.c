/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "answer_read.h"
#include "answers.h"
#include "file.h"
#include "host.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "propose.h"
#include "proposer.h"
#include "rng.h"
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

static int fresh_dir(const struct executor *executor, const char *dir, struct err *err)
{
    if (file_exists(dir) && (executor->clear(dir, err) != 0 || file_remove(dir, err) != 0))
        return -1;
    return file_mkdirs(dir, err);
}

static int write_input(const struct proposer *p, const struct record *record, uint32_t seed,
                       struct err *err)
{
    char *path = path_join(p->dir, INPUT);
    struct str text = {0};

    told_write(&text, record, p->experiment, seed);
    int rc = file_write_unsynced(path, text.at, text.len, err);
    str_clear(&text);
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

static void prepare(struct proposer *p, const struct session *session, uint32_t seed)
{
    const struct study *study = &session->record.study;

    p->job = (struct job){.dir = p->dir,
                          .argv = make_argv(p, session, seed),
                          .env = host_run_environment(study->env, study->n_env, 0),
                          .timeout_s = study->proposer_timeout_s,
                          .grace_s = GRACE_S,
                          .max_output = MAX_OUTPUT,
                          .input = INPUT};
}

static void clear(struct proposer *p)
{
    argv_free((char **)(uintptr_t)p->job.argv);
    argv_free((char **)(uintptr_t)p->job.env);
    free(p->dir);
    *p = (struct proposer){0};
}

int proposer_start(struct proposer *p, const struct session *session, int64_t id, struct err *err)
{
    uint32_t seed = own_seed(&session->record, id);

    *p = (struct proposer){.experiment = id, .dir = path_join(session->place.run_dir, "agent")};
    int rc = fresh_dir(session->executor, p->dir, err);
    if (rc == 0)
        rc = write_input(p, &session->record, seed, err);
    if (rc == 0) {
        prepare(p, session, seed);
        rc = session->executor->start(&p->ticket, &p->job, err);
    }
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

/* What it said, and whether that can be the next experiment. */
static void weigh(struct answer *out, const struct proposer *p, const struct record *record)
{
    struct value *config = mem_new(record->study.space.n, sizeof *config);
    struct str text = {0};
    struct err why = {0};
    json_t *answer;

    if (read_output(&answer, p, &why) != 0) {
        refuse(out, why.text);
    } else {
        json_write(&text, answer);
        out->text = str_take(&text);
        if (answer_apply(config, answer, record, propose_against(record, p->experiment), &why) != 0)
            refuse(out, why.text);
    }
    json_decref(answer);
    free(config);
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
    if (end.len > 0)
        refuse(&answer, end.at);
    else
        weigh(&answer, p, &session->record);
    int rc = store_it(session, &answer, err);
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
    int ended = session->executor->poll(&facts, &p->ticket, &p->job, err);
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

int proposer_stop(struct proposer *p, const struct session *session, struct err *err)
{
    return p->busy ? session->executor->stop(&p->ticket, true, err) : 0;
}

void proposer_abandon(struct proposer *p, const struct session *session)
{
    enum { STEP_MS = 50, STEPS = 200 };
    struct outcome_facts facts = {0};
    struct err ignored;

    if (!p->busy)
        return;
    int ended = session->executor->stop(&p->ticket, true, &ignored);
    for (int i = 0; i < STEPS && ended == 0; i++) {
        struct pollfd fd = {.fd = p->ticket.fd, .events = POLLIN};
        poll(&fd, 1, STEP_MS);
        ended = session->executor->poll(&facts, &p->ticket, &p->job, &ignored);
    }
    free(facts.usage);
    clear(p);
}
