/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "answers.h"
#include "facts.h"
#include "json.h"
#include "needs.h"
#include "propose.h"
#include "referee.h"
#include "told.h"
#include "view.h"

struct telling {
    const struct record *record;
    int64_t id;    /* the experiment that is asked for */
    int64_t known; /* decisions that its proposal may know */
};

static void add_line(struct str *out, json_t *line)
{
    json_write(out, line);
    str_add(out, "\n");
    json_decref(line);
}

/* Its place among the experiments that are told, from 1; 0 for experiment 0. */
static int64_t place_of(const struct record *record, int64_t id)
{
    int64_t place = 0;

    for (int64_t i = 1; i <= id && i <= (int64_t)record->n_experiments; i++)
        place += record->experiments[i - 1].purpose != PURPOSE_PLACEBO &&
                 record->experiments[i - 1].purpose != PURPOSE_HYPOTHESIS;
    return place;
}

/* A placebo has the config of an earlier experiment, and stands for it. */
static int64_t head_place(const struct record *record, int64_t head)
{
    const struct experiment *e = &record->experiments[head - 1];

    return place_of(record, e->purpose == PURPOSE_PLACEBO ? e->against : head);
}

/* --- the study -------------------------------------------------------------------------------- */

static void copy_member(json_t *to, const json_t *from, const char *key)
{
    json_object_set(to, key, json_object_get(from, key));
}

/* What may be patched, and where it can be read. */
static json_t *source_facts(const struct telling *t, const char *tree)
{
    const struct source_rule *rule = &t->record->study.source;
    json_t *allow = json_array();

    for (size_t i = 0; i < rule->n_allow; i++)
        json_array_append_new(allow, json_string(rule->allow[i]));
    return json_pack("{s:o, s:s, s:s}", "allow", allow, "commit",
                     record_source(t->record, propose_against(t->record, t->id)), "tree", tree);
}

static json_t *study_line(const struct telling *t, uint32_t seed, const char *tree)
{
    const struct record *record = t->record;
    int64_t head = propose_against(record, t->id);
    json_t *spec = json_loads(record->spec, 0, NULL), *study = json_object();

    copy_member(study, spec, "name");
    copy_member(study, spec, "metric");
    copy_member(study, spec, "parameters");
    copy_member(study, spec, "constraints");
    json_object_set_new(study, "head", json_integer(head > 0 ? head_place(record, head) : 0));
    json_object_set_new(study, "experiment",
                        json_integer(place_of(record, (int64_t)record->n_experiments) + 1));
    json_object_set_new(study, "seed", json_integer(seed));
    json_object_set_new(study, "timeout_s", json_number_or_null(record->study.proposer_timeout_s));
    if (tree != NULL)
        json_object_set_new(study, "source", source_facts(t, tree));
    json_decref(spec);
    return json_pack("{s:o}", "study", study);
}

/* --- one experiment --------------------------------------------------------------------------- */

static bool is_verified(const struct telling *t, int64_t id)
{
    for (int64_t i = 0; i < t->known; i++)
        if (t->record->decisions[i].experiment == id && t->record->decisions[i].verified)
            return true;
    return false;
}

/* The runs of its own decision, which is all that the decision was made from. */
static void add_runs(json_t *line, const struct telling *t, const struct decision *d)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = d == NULL ? 0 : record_pairs(t->record, d->experiment, d->test, pairs, PAIRS_MAX);
    json_t *seeds = json_array(), *values = json_array();

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        const struct run *run = record_candidate(t->record, pairs[i]);
        if (pairs[i]->after >= d->number || run == NULL)
            continue;
        bool ok = run->class == CLASS_OK;
        json_array_append_new(seeds, json_integer(pairs[i]->seed));
        json_array_append_new(values, json_number_or_null(ok ? run->value : (double)NAN));
    }
    json_object_set_new(line, "seeds", seeds);
    json_object_set_new(line, "values", values);
}

static json_t *experiment_line(const struct telling *t, const struct experiment *e)
{
    bool decided = e->decision > 0 && e->decision <= t->known;
    const struct decision *d = decided ? &t->record->decisions[e->decision - 1] : NULL;
    char *message = answers_message(t->record, e->id);
    json_t *line = json_object();

    json_object_set_new(line, "id", json_integer(place_of(t->record, e->id)));
    json_object_set_new(line, "params", view_json_config(&t->record->study.space, e->config));
    json_object_set_new(line, "purpose", json_string(purpose_names[e->purpose]));
    add_runs(line, t, d);
    json_object_set_new(line, "decision",
                        json_string(outcome_name(d != NULL ? d->verdict : OUTCOME_PENDING)));
    json_object_set_new(line, "verified", json_boolean(is_verified(t, e->id)));
    json_object_set_new(line, "reason", view_json_text(d != NULL ? d->reason : NULL));
    json_object_set_new(line, "effect", view_json_effect(d));
    if (t->record->source[0] != '\0')
        json_object_set_new(line, "source", json_string(record_source(t->record, e->id)));
    if (message != NULL)
        json_object_set_new(line, "message", json_string(message));
    free(message);
    return line;
}

/* --- what was refused ------------------------------------------------------------------------- */

static json_t *refusal_line(const struct answer *answer)
{
    json_t *said = answer->text != NULL ? json_loads(answer->text, 0, NULL) : NULL;

    return json_pack("{s:s, s:o}", "refused", answer->refusal, "answer",
                     said != NULL ? said : json_null());
}

void told_write(struct str *out, const struct record *record, int64_t id, uint32_t seed,
                const char *tree)
{
    struct telling t = {.record = record, .id = id, .known = record_known(record, id)};

    add_line(out, study_line(&t, seed, tree));
    for (size_t i = 0; i < record->n_experiments; i++)
        if (record->experiments[i].purpose != PURPOSE_PLACEBO &&
            record->experiments[i].purpose != PURPOSE_HYPOTHESIS)
            add_line(out, experiment_line(&t, &record->experiments[i]));
    for (size_t i = record->n_answers - answers_refused_in_row(record, id); i < record->n_answers;
         i++)
        add_line(out, refusal_line(&record->answers[i]));
}
