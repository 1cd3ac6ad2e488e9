/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "mem.h"
#include "publish.h"
#include "trial.h"

/* The texts of one commit, made from a decision; what `struct entry` borrows. */
struct texts {
    struct str config, metric, subject;
    char sha[SHA256_TEXT];
};

static void texts_clear(struct texts *texts)
{
    str_clear(&texts->config);
    str_clear(&texts->metric);
    str_clear(&texts->subject);
}

static const char *decision_word(const struct decision *d)
{
    if (d->kind == DECISION_PLACEBO || d->kind == DECISION_CONFIRM ||
        d->kind == DECISION_HYPOTHESIS)
        return decision_kind_names[d->kind];
    if (d->verdict == OUTCOME_FAILED)
        return "failed";
    if (d->verdict == OUTCOME_REVERT)
        return "revert";
    return d->verified ? "verified" : "keep";
}

static void fill_entry(struct entry *entry, struct texts *texts, const struct record *record,
                       const struct decision *d)
{
    const struct study *study = &record->study;
    int64_t incumbent = d->incumbent > 0 ? d->incumbent : d->experiment;

    *texts = (struct texts){0};
    memcpy(texts->sha, record->experiments[d->experiment - 1].sha, sizeof texts->sha);
    trial_write_yaml(&texts->config, &study->space, record->experiments[incumbent - 1].config);
    decision_metric(&texts->metric, d, record);
    str_addf(&texts->subject, "decision %lld: %s experiment %lld", (long long)d->number,
             decision_word(d), (long long)d->experiment);
    *entry = (struct entry){.study = study->name,
                            .number = d->number,
                            .experiment = d->experiment,
                            .word = decision_word(d),
                            .config_sha = texts->sha,
                            .metric = texts->metric.at,
                            .subject = texts->subject.at,
                            .config_yaml = texts->config.at,
                            .study_yaml = study->text,
                            .study_len = study->text_len,
                            .decision_yaml = d->body};
}

static const char *last_commit(const struct record *record, const char *ref)
{
    for (size_t i = record->n_outbox; i > 0; i--)
        if (strcmp(record->outbox[i - 1].ref, ref) == 0)
            return record->outbox[i - 1].commit;
    return "";
}

const char *publish_last_commit(const struct record *record, bool log)
{
    char ref[160];

    ledger_ref_name(ref, record->study.name, log);
    return last_commit(record, ref);
}

static int plan_commit(struct plan *out, const struct record *record, struct ledger *ledger,
                       const struct decision *d, const char *ref, const char *parent,
                       struct err *err)
{
    struct entry entry;
    struct texts texts;

    fill_entry(&entry, &texts, record, d);
    int rc = ledger_plan(out, ledger, ref, parent, &entry, err);
    texts_clear(&texts);
    return rc;
}

int publish_plan(struct plan *out, const struct record *record, struct ledger *ledger,
                 const struct outbox *outbox, struct err *err)
{
    const struct decision *d = &record->decisions[outbox->decision - 1];
    int rc = plan_commit(out, record, ledger, d, outbox->ref, outbox->parent, err);

    if (rc == 0 && strcmp(out->commit, outbox->commit) != 0)
        rc = err_integrity(err, "decision %lld: the record gives commit %s, but %s was intended",
                           (long long)d->number, out->commit, outbox->commit);
    if (rc == 0 && !outbox->done) /* the next one stands on it */
        rc = ledger_remember(ledger, out, err);
    if (rc != 0)
        plan_clear(out);
    return rc;
}

/* What is pending are the newest rows. */
static size_t first_pending(const struct record *record)
{
    size_t first = record->n_outbox;

    while (first > 0 && !record->outbox[first - 1].done)
        first--;
    return first;
}

static int mark_published(struct record *record, struct store *store, size_t first, struct err *err)
{
    int rc = store_begin(store, err);

    for (size_t i = first; i < record->n_outbox && rc == 0; i++)
        rc = store_set_published(store, record->outbox[i].decision, record->outbox[i].ref, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0) {
        store_rollback(store);
        return -1;
    }
    for (size_t i = first; i < record->n_outbox; i++)
        record->outbox[i].done = true;
    return 0;
}

/* Their texts are in memory only from the decision to the commit. */
static int load_bodies(struct record *record, struct store *store, size_t first, struct err *err)
{
    for (size_t i = first; i < record->n_outbox; i++) {
        int64_t number = record->outbox[i].decision;
        if (record->decisions[number - 1].body == NULL &&
            store_load_body(store, record, number, err) != 0)
            return -1;
    }
    return 0;
}

static void drop_bodies(struct record *record, size_t first)
{
    for (size_t i = first; i < record->n_outbox; i++)
        record_set_body(record, record->outbox[i].decision, NULL);
}

int publish_pending(struct record *record, struct store *store, struct ledger *ledger,
                    struct err *err)
{
    size_t first = first_pending(record), n = record->n_outbox - first, planned = 0;
    struct plan *plans = mem_new(n, sizeof *plans);
    int rc = load_bodies(record, store, first, err);

    for (; planned < n && rc == 0; planned += rc == 0)
        rc = publish_plan(&plans[planned], record, ledger, &record->outbox[first + planned], err);
    if (rc == 0 && n > 0)
        rc = ledger_publish_all(ledger, plans, n, err);
    if (rc == 0 && n > 0)
        rc = mark_published(record, store, first, err);
    if (rc == 0) {
        drop_bodies(record, first);
        record_forget_published(record);
    }
    for (size_t i = 0; i < planned; i++)
        plan_clear(&plans[i]);
    free(plans);
    if (n > 0)
        mem_give_back(); /* a group of commits takes more than all else */
    return rc;
}

/* A young study wants to be seen, and groups of a few hundred want little memory; where there are
 * many packs, opening the repository anew costs with their square. */
static size_t group_size(size_t n_decisions)
{
    enum { YOUNG = 16, USUAL = 128, OLD = 128 };

    if (n_decisions / YOUNG < USUAL)
        return 1 + n_decisions / YOUNG;
    return n_decisions / OLD > USUAL ? n_decisions / OLD : USUAL;
}

bool publish_is_due(const struct record *record, double waited_s)
{
    const double patience_s = 5;
    size_t n = record->n_outbox - first_pending(record);

    if (n == 0)
        return false;
    return n >= group_size(record->n_decisions) || waited_s >= patience_s ||
           record->decisions[record->n_decisions - 1].verified;
}

int publish_check_refs(const struct record *record, struct ledger *ledger, struct err *err)
{
    char ref[160], tip[41];

    for (int log = 0; log < 2; log++) {
        ledger_ref_name(ref, record->study.name, log == 1);
        const char *last = last_commit(record, ref);
        if (ledger_tip(ledger, tip, ref, err) != 0)
            return -1;
        if (strcmp(tip, last) != 0)
            return err_integrity(err,
                                 "'%s' in '%s' is at %s, but the record says %s (git "
                                 "update-ref puts it back)",
                                 ref, ledger_path(ledger), tip[0] != '\0' ? tip : "nothing",
                                 last[0] != '\0' ? last : "nothing");
    }
    return 0;
}

/* The intents: one commit on the log, and for a verified keep one on the line of keeps. */
static int plan_intents(struct plan plans[2], size_t *n, const struct record *record,
                        struct ledger *ledger, const struct decision *d, struct err *err)
{
    char ref[160];

    *n = 0;
    for (int i = 0; i < (d->verified ? 2 : 1); i++) {
        ledger_ref_name(ref, record->study.name, i == 0);
        if (plan_commit(&plans[i], record, ledger, d, ref, last_commit(record, ref), err) != 0)
            return -1;
        ++*n;
    }
    return 0;
}

static struct outbox as_outbox(const struct plan *plan, const struct decision *d)
{
    struct outbox outbox = {.decision = d->number};

    outbox.ref = plan->ref;
    memcpy(outbox.parent, plan->parent, sizeof outbox.parent);
    memcpy(outbox.tree, plan->tree, sizeof outbox.tree);
    memcpy(outbox.commit, plan->commit, sizeof outbox.commit);
    return outbox;
}

static int store_intents(struct store *store, const struct decision *d, const struct plan *plans,
                         size_t n, struct err *err)
{
    if (store_begin(store, err) != 0)
        return -1;
    int rc = store_add_decision(store, d, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct outbox outbox = as_outbox(&plans[i], d);
        rc = store_add_outbox(store, &outbox, plans[i].commit_bytes, plans[i].commit_len, err);
    }
    if (rc == 0)
        rc = store_tell_decision(store, d->number, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    return rc;
}

int publish_decision(struct record *record, struct store *store, struct ledger *ledger,
                     const struct decision *decision, struct err *err)
{
    struct decision d = *decision;
    struct plan plans[2] = {0};
    size_t n = 0;
    int rc;

    rc = decision_write(&d.body, &d, record, store, err);
    if (rc == 0)
        rc = plan_intents(plans, &n, record, ledger, &d, err);
    if (rc == 0)
        rc = shelf_check(record->shelf, err);
    if (rc == 0)
        rc = store_intents(store, &d, plans, n, err);
    if (rc == 0) {
        record_add_decision(record, &d);
        record_forget_reasons(record);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct outbox outbox = as_outbox(&plans[i], &d);
        record_add_outbox(record, &outbox);
        rc = ledger_remember(ledger, &plans[i], err);
    }
    for (size_t i = 0; i < n; i++)
        plan_clear(&plans[i]);
    free(d.body);
    return rc;
}
