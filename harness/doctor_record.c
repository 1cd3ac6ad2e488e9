/* SPDX-License-Identifier: GPL-3.0-or-later */
/* I1, I4, I5, I13, I15: the database, and what its rows say of each other. */
#include <string.h>

#include "decision.h"
#include "doctor_part.h"
#include "needs.h"
#include "store_audit.h"
#include "trial.h"

int doctor_take(struct finding *out, int rc, const struct err *err)
{
    if (rc != 0 && err->code != ERR_INTEGRITY)
        return -1;
    if (rc != 0)
        str_add(&out->violated, err->text);
    return 0;
}

int check_pages(struct finding *out, const struct patient *p, struct err *err)
{
    int rc = doctor_take(out, store_check(p->store, p->deep, err), err);

    if (rc == 0 && out->violated.len == 0 && p->unreadable != NULL && !store_has_gap(p->store))
        str_add(&out->violated, p->unreadable);
    return rc;
}

/* --- I4 -------------------------------------------------------------------------------------- */

/* Has a decision the runs that it says it was made on?  Of a test both sides of every pair that it
 * counts, on the panel one run at least. */
static bool has_runs(const struct record *record, const struct decision *d)
{
    const struct pair *pairs[PAIRS_MAX];
    struct record then = *record;
    int whole = 0;

    if (decision_withdraws(d)) /* on account of its baseline's runs */
        return record->decisions[record->experiments[d->against - 1].decision - 1].verdict ==
               OUTCOME_FAILED;
    then.n_decisions = (size_t)d->number - 1;
    size_t n = record_pairs(&then, d->experiment, d->test, pairs, PAIRS_MAX);
    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        bool both = d->test == 0 || run_is_final(record_run(record, d->against, pairs[i]->seed));
        whole += both && run_is_final(record_candidate(record, pairs[i]));
    }
    return whole >= (d->test == 0 || d->verdict == OUTCOME_FAILED ? 1 : d->n);
}

static int64_t take_up(int64_t decided, const struct decision *d)
{
    int64_t last = d->experiment > d->against ? d->experiment : d->against;

    return last > decided ? last : decided;
}

/* Decisions are 1…K, the experiments' own in order, and those without one are the last. */
int check_order(struct finding *out, const struct patient *p, struct err *err)
{
    const struct record *r = p->record;
    int64_t decided = 0;

    (void)err;
    if (store_has_gap(p->store))
        str_add(&out->violated, "a decision is missing: their numbers are not 1, 2, 3, …");
    for (size_t i = 0; i < r->n_decisions && out->violated.len == 0; i++) {
        const struct decision *d = &r->decisions[i];
        bool claim = d->kind == DECISION_HYPOTHESIS;
        bool own = !claim && r->experiments[d->experiment - 1].decision == d->number;
        if (claim) /* takes up those that were made for it */
            decided = take_up(decided, d);
        if (own && d->experiment != ++decided)
            str_addf(&out->violated, "decision %zu is about experiment %lld, and %lld has none yet",
                     i + 1, (long long)d->experiment, (long long)decided);
        else if (!has_runs(r, d))
            str_addf(&out->violated, "decision %lld rests on runs that are not there",
                     (long long)d->number);
    }
    return 0;
}

/* --- I5 -------------------------------------------------------------------------------------- */

/* The table itself holds one ok row of each (experiment, variant, seed); none may follow it. */
int check_twice(struct finding *out, const struct patient *p, struct err *err)
{
    const struct record *r = p->record;

    (void)err;
    for (size_t i = 0; i < r->n_runs && out->violated.len == 0; i++) {
        const struct run *run = &r->runs[i];
        if (run->class == CLASS_OK &&
            record_variant(r, run->experiment, run->variant, run->seed) != run)
            str_addf(&out->violated, "experiment %lld was run again on seed %u after it was ok",
                     (long long)run->experiment, run->seed);
    }
    return 0;
}

/* --- I13 ------------------------------------------------------------------------------------- */

/* Who is the verified incumbent after each decision, without asking who was said to be. */
static void recompute_incumbent(struct finding *out, const struct record *record)
{
    int64_t incumbent = 0;

    for (size_t i = 0; i < record->n_decisions && out->violated.len == 0; i++) {
        const struct decision *d = &record->decisions[i];
        if (d->verified || (d->against == 0 && d->verdict == OUTCOME_KEEP))
            incumbent = d->experiment;
        if (d->incumbent != incumbent)
            str_addf(&out->violated, "after decision %lld the incumbent is %lld, recorded %lld",
                     (long long)d->number, (long long)incumbent, (long long)d->incumbent);
    }
}

int check_values(struct finding *out, const struct patient *p, struct err *err)
{
    if (store_audit_bits(p->store, &out->violated, err) != 0)
        return -1;
    recompute_incumbent(out, p->record);
    return 0;
}

/* --- I15 ------------------------------------------------------------------------------------- */

static void check_config(struct finding *out, const struct record *record,
                         const struct experiment *e)
{
    char sha[SHA256_TEXT];

    trial_hash(sha, &record->study.space, e->config);
    if (strcmp(sha, e->sha) != 0)
        str_addf(&out->violated, "the config of experiment %lld has another hash",
                 (long long)e->id);
}

int check_hashes(struct finding *out, const struct patient *p, struct err *err)
{
    struct str spec = {0};

    (void)err;
    study_write_spec(&spec, &p->record->study);
    if (strcmp(spec.at, p->record->spec != NULL ? p->record->spec : "") != 0 && !p->old_rules)
        str_add(&out->violated, "the stored study does not give the stored spec");
    str_clear(&spec);
    for (size_t i = 0; i < p->record->n_experiments && p->deep && out->violated.len == 0; i++)
        check_config(out, p->record, &p->record->experiments[i]);
    return 0;
}
