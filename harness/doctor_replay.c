/* SPDX-License-Identifier: GPL-3.0-or-later */
/* I6: strategy, referee, early ends and commits, asked again with what was known then. */
#include <string.h>

#include "answer_read.h"
#include "doctor_part.h"
#include "origin.h"
#include "propose.h"
#include "publish.h"
#include "record_early.h"
#include "record_hypothesis.h"
#include "referee.h"
#include "repeat.h"
#include "source.h"

/* Every commit, made again from the record, must have the id that was intended. */
static void replay_commits(struct str *found, const struct patient *p)
{
    struct err err = {0};

    for (size_t i = 0; p->ledger != NULL && i < p->record->n_outbox && found->len == 0; i++) {
        struct plan plan;
        if (publish_plan(&plan, p->record, p->ledger, &p->record->outbox[i], &err) != 0)
            str_add(found, err.text);
        else
            plan_clear(&plan);
    }
}

static void replay_patch(struct str *found, const struct record *record, struct ledger *source,
                         const struct answer *answer)
{
    int64_t against = record->experiments[answer->experiment - 1].against;
    struct err err = {0};
    char commit[41];

    if (answer_patch(commit, answer->text, source, record_source(record, against), &record->study,
                     &err) != 0)
        str_add(found, err.text);
    else if (strcmp(commit, answer->source) != 0)
        str_addf(found, "the patch of experiment %lld gives commit %s, not %s",
                 (long long)answer->experiment, commit, answer->source);
}

/* Every patch, applied again to what it patched, must give the commit that was built. */
static void replay_patches(struct str *found, const struct patient *p)
{
    const struct record *r = p->record;
    struct ledger *source = NULL;
    struct err err = {0};

    if (r->source[0] == '\0')
        return;
    if (source_open(&source, &r->study.source, p->place->study_dir, &err) != 0)
        str_add(found, err.text);
    for (size_t i = 0; i < r->n_answers && found->len == 0; i++)
        if (r->answers[i].source[0] != '\0' && r->answers[i].refusal == NULL &&
            r->answers[i].experiment <= (int64_t)r->n_experiments)
            replay_patch(found, r, source, &r->answers[i]);
    ledger_close(source);
}

/* The study must still claim something of it. */
static void replay_side(struct str *found, const struct record *record, const struct experiment *e)
{
    const struct study *study = &record->study;

    for (size_t i = 0; i < study->n_hypotheses; i++)
        if (space_same(&study->space, e->config, study->hypotheses[i].better) ||
            space_same(&study->space, e->config, study->hypotheses[i].worse))
            return;
    str_addf(found, "experiment %lld is no side of a hypothesis", (long long)e->id);
}

static int64_t baseline_of(const struct record *record, const struct experiment *e)
{
    int64_t id = e->id;

    while (id > 1 && record->experiments[id - 1].purpose != PURPOSE_BASELINE)
        id--;
    return id;
}

/* The strategy, asked again with what it knew then, must propose the same. */
static int replay_proposals(struct str *found, const struct patient *p, struct past_memory *memory,
                            struct err *err)
{
    for (size_t i = 0; i < p->record->n_experiments && found->len == 0; i++) {
        const struct experiment *e = &p->record->experiments[i];
        struct record then = *p->record;
        struct experiment again;
        if (e->purpose == PURPOSE_ENQUEUED)
            continue;
        if (e->purpose == PURPOSE_HYPOTHESIS) {
            replay_side(found, p->record, e);
            continue;
        }
        then.n_experiments = i;
        if (record_is_withdrawn(p->record, e)) /* nobody knew yet that its baseline would fail */
            then.n_decisions = (size_t)baseline_of(p->record, e) - 1;
        int rc = propose_repeat(&again, &then, memory, err);
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
static int replay_verdict(struct str *found, const struct record *record, struct referee *referee,
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

static int replay_verdicts(struct str *found, const struct patient *p, struct err *err)
{
    struct referee referee;
    int rc = 0;

    referee_init(&referee);
    for (size_t i = 0; i < p->record->n_decisions && found->len == 0 && rc == 0; i++)
        rc = replay_verdict(found, p->record, &referee, &p->record->decisions[i], err);
    referee_clear(&referee);
    return rc;
}

/* Runs are ended early where the rule says so, and nowhere else. */
static void replay_ends(struct str *found, const struct record *record)
{
    for (size_t i = 0; i < record->n_runs && found->len == 0; i++) {
        const struct run *run = &record->runs[i];
        if (!record_early_agrees(record, run))
            str_addf(found, "experiment %lld seed %u would be ended elsewhere",
                     (long long)run->experiment, run->seed);
    }
}

/* exp() and log() differ between machines and libraries in the last bit, and so may what follows
 * from them: elsewhere a difference is no violation. */
int check_replay(struct finding *out, const struct patient *p, struct err *err)
{
    struct str found = {0}, other = {0};
    struct past_memory memory = {0};

    if (p->old_rules) {
        str_add(&out->note, "not made again: it was decided by the rules of an older version");
        return 0;
    }
    replay_commits(&out->violated, p);
    if (out->violated.len == 0)
        replay_patches(&out->violated, p);
    int rc = replay_proposals(&found, p, &memory, err);
    if (rc == 0 && found.len == 0)
        rc = replay_verdicts(&found, p, err);
    if (rc == 0 && found.len == 0)
        replay_ends(&found, p->record);
    if (rc == 0 && found.len > 0)
        rc = origin_difference(&other, p->store, err);
    if (rc == 0 && found.len > 0 && other.len > 0)
        str_addf(&out->note, "%s, but %s", found.at, other.at);
    else if (rc == 0 && found.len > 0 && out->violated.len == 0)
        str_add(&out->violated, found.at);
    str_clear(&found);
    str_clear(&other);
    past_memory_clear(&memory);
    return rc;
}
