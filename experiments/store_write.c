/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that the loop writes: experiments, runs, pairs, decisions, planned commits. */
#include <string.h>
#include <time.h>

#include "event.h"
#include "query.h"
#include "store.h"
#include "trial.h"

int store_add_experiment(struct store *store, const struct space *space,
                         const struct experiment *experiment, struct err *err)
{
    bool has_source = experiment->source != NULL && experiment->source[0] != '\0';
    struct str config = {0};
    struct query q;

    trial_write_json(&config, space, experiment->config);
    query_begin(&q, store,
                "INSERT INTO experiment (id, purpose, config, sha, against, steps, remark, created,"
                " source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_put_int(&q, experiment->id);
    query_put_text(&q, purpose_names[experiment->purpose]);
    query_put_text(&q, str_text(&config));
    query_put_text(&q, experiment->sha);
    query_put_known(&q, experiment->against, 0);
    query_put_known(&q, experiment->steps, 0);
    query_put_text(&q, experiment->remark);
    query_put_known(&q, experiment->created, 0);
    query_put_text(&q, has_source ? experiment->source : NULL);
    int rc = query_run(&q, err);
    str_clear(&config);
    if (rc == 0)
        rc = event_tell(store, "proposed", experiment->id, err);
    return rc != 0 ? err_wrap(err, "experiment %lld", (long long)experiment->id) : 0;
}

/* Runs an UPDATE that must meet exactly one row. */
static int update_one(struct query *q, const char *what, int64_t id, struct err *err)
{
    if (query_run(q, err) != 0)
        return err_wrap(err, "%s %lld", what, (long long)id);
    if (sqlite3_changes(q->store->db) != 1)
        return err_integrity(err, "record '%s': there is no such %s: %lld", q->store->path, what,
                             (long long)id);
    return 0;
}

int store_set_steps(struct store *store, int64_t experiment, int64_t steps, struct err *err)
{
    struct query q;

    query_begin(&q, store, "UPDATE experiment SET steps = ? WHERE id = ?");
    query_put_int(&q, steps);
    query_put_int(&q, experiment);
    if (update_one(&q, "experiment", experiment, err) != 0)
        return -1;
    return event_tell(store, "calibrated", experiment, err);
}

int store_set_remark(struct store *store, int64_t experiment, const char *text, struct err *err)
{
    struct query q;

    query_begin(&q, store, "UPDATE experiment SET remark = ? WHERE id = ?");
    query_put_text(&q, text);
    query_put_int(&q, experiment);
    if (update_one(&q, "experiment", experiment, err) != 0)
        return -1;
    return event_tell(store, "noted", experiment, err);
}

int store_start_run(struct store *store, const struct run *run, int64_t session,
                    const struct run_facts *facts, struct err *err)
{
    struct query q;

    query_begin(
        &q, store,
        "INSERT INTO run (id, experiment, variant, seed, attempt, session, class, bits, value,"
        " started, argv, limits, usage) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " packed('argv', ?), packed('limits', ?), packed('usage', ?))");
    query_put_int(&q, run->id);
    query_put_int(&q, run->experiment);
    query_put_text(&q, variant_names[run->variant]);
    query_put_int(&q, run->seed);
    query_put_int(&q, run->attempt);
    query_put_known(&q, session, 0);
    query_put_text(&q, class_names[run->class]);
    query_put_bits(&q, run->value);
    query_put_known(&q, run->started, 0);
    query_put_text(&q, facts->argv);
    query_put_text(&q, facts->limits);
    query_put_text(&q, facts->usage);
    if (query_run(&q, err) != 0 || event_tell(store, "started", run->id, err) != 0)
        return err_wrap(err, "run %lld", (long long)run->id);
    return 0;
}

/* A run ends once: what has ended is never written over. */
int store_end_run(struct store *store, const struct run *run, const struct run_facts *facts,
                  struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "UPDATE run SET class = ?, exit_code = ?, signal = ?, bits = ?, value = ?,"
                " wall_s = ?, cpu_s = ?, peak_mib = ?, steps = ?, flops = ?, ended = ?, detail = ?,"
                " argv = ifnull(packed('argv', ?), argv),"
                " limits = ifnull(packed('limits', ?), limits),"
                " usage = ifnull(packed('usage', ?), usage)"
                " WHERE id = ? AND class = 'none'");
    query_put_text(&q, class_names[run->class]);
    query_put_known(&q, run->exit_code, -1);
    query_put_known(&q, run->signal, 0);
    query_put_bits(&q, run->value);
    query_put_real(&q, run->wall_s);
    query_put_real(&q, run->cpu_s);
    query_put_real(&q, run->peak_mib);
    query_put_known(&q, run->steps, -1);
    query_put_real(&q, run->flops);
    query_put_known(&q, run->ended, 0);
    query_put_text(&q, run->detail);
    query_put_text(&q, facts->argv);
    query_put_text(&q, facts->limits);
    query_put_text(&q, facts->usage);
    query_put_int(&q, run->id);
    return update_one(&q, "open run", run->id, err);
}

int store_add_pair(struct store *store, const struct pair *pair, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "INSERT INTO pair (experiment, against, idx, seed, test, after)"
                " VALUES (?, ?, ?, ?, ?, ?)");
    query_put_int(&q, pair->experiment);
    query_put_known(&q, pair->against, 0);
    query_put_int(&q, pair->index);
    query_put_int(&q, pair->seed);
    query_put_int(&q, pair->test);
    query_put_int(&q, pair->after);
    if (query_run(&q, err) == 0 &&
        event_tell(store, "planned", sqlite3_last_insert_rowid(store->db), err) == 0)
        return 0;
    return err_wrap(err, "pair %d of experiment %lld", pair->index, (long long)pair->experiment);
}

int store_add_decision(struct store *store, const struct decision *decision, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "INSERT INTO decision (number, kind, experiment, against, test, verdict, verified,"
                " alpha, n, mean, low, high, z, sd, df, reason, incumbent, head, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                " packed('body', ?))");
    query_put_int(&q, decision->number);
    query_put_text(&q, decision_kind_names[decision->kind]);
    query_put_int(&q, decision->experiment);
    query_put_known(&q, decision->against, 0);
    query_put_int(&q, decision->test);
    query_put_text(&q, outcome_words[decision->verdict]);
    query_put_int(&q, decision->verified);
    query_put_real(&q, decision->alpha);
    query_put_int(&q, decision->n);
    query_put_real(&q, decision->mean);
    query_put_real(&q, decision->low);
    query_put_real(&q, decision->high);
    query_put_real(&q, decision->z);
    query_put_real(&q, decision->sd);
    query_put_real(&q, decision->df);
    query_put_text(&q, decision->reason);
    query_put_known(&q, decision->incumbent, 0);
    query_put_known(&q, decision->head, 0);
    query_put_text(&q, decision->body);
    return query_run(&q, err) != 0 ? err_wrap(err, "decision %lld", (long long)decision->number)
                                   : 0;
}

int store_add_closing(struct store *store, const struct closing *closing, struct err *err)
{
    struct query q;

    query_begin(&q, store, "INSERT INTO closing (after, placebo) VALUES (?, ?)");
    query_put_int(&q, closing->after);
    query_put_int(&q, closing->placebo);
    if (query_run(&q, err) == 0 && event_tell(store, "closed", closing->after, err) == 0)
        return 0;
    return err_wrap(err, "the end of the night after decision %lld", (long long)closing->after);
}

int store_add_answer(struct store *store, const struct answer *answer, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "INSERT INTO answer (experiment, text, refusal, source) VALUES (?, ?, ?, ?)");
    query_put_int(&q, answer->experiment);
    query_put_text(&q, answer->text);
    query_put_text(&q, answer->refusal);
    query_put_text(&q, answer->source[0] != '\0' ? answer->source : NULL);
    if (query_run(&q, err) == 0 &&
        event_tell(store, "answered", sqlite3_last_insert_rowid(store->db), err) == 0)
        return 0;
    return err_wrap(err, "answer for experiment %lld", (long long)answer->experiment);
}

/* The name of a branch is one for all its commits. */
static int add_ref(struct store *store, const char *ref, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "INSERT INTO pattern (kind, text) SELECT 'ref', ?1 WHERE NOT EXISTS"
                " (SELECT 1 FROM pattern WHERE kind = 'ref' AND text = ?1)");
    query_put_text(&q, ref);
    return query_run(&q, err);
}

static int add_intent(struct store *store, int64_t outbox, const void *bytes, size_t len,
                      struct err *err)
{
    struct query q;

    query_begin(&q, store, "INSERT INTO intent (outbox, bytes) VALUES (?, ?)");
    query_put_int(&q, outbox);
    query_put_blob(&q, bytes, len);
    return query_run(&q, err);
}

static int insert_outbox(struct store *store, const struct outbox *outbox, struct err *err)
{
    struct query q;

    query_begin(&q, store,
                "INSERT INTO outbox (decision, ref, parent, tree, commit_id, done) VALUES (?,"
                " (SELECT id FROM pattern WHERE kind = 'ref' AND text = ?), ?, ?, ?, ?)");
    query_put_int(&q, outbox->decision);
    query_put_text(&q, outbox->ref);
    query_put_hex(&q, outbox->parent);
    query_put_hex(&q, outbox->tree);
    query_put_hex(&q, outbox->commit);
    query_put_int(&q, outbox->done);
    return query_run(&q, err);
}

int store_add_outbox(struct store *store, const struct outbox *outbox, const void *commit_bytes,
                     size_t len, struct err *err)
{
    int rc = add_ref(store, outbox->ref, err);

    if (rc == 0)
        rc = insert_outbox(store, outbox, err);
    if (rc == 0 && !outbox->done)
        rc = add_intent(store, sqlite3_last_insert_rowid(store->db), commit_bytes, len, err);
    if (rc != 0)
        err_wrap(err, "commit of decision %lld", (long long)outbox->decision);
    return rc;
}

/* The row of a planned commit; 0: there is none. */
static int find_outbox(struct store *store, int64_t *out, int64_t decision, const char *ref,
                       struct err *err)
{
    struct query q;

    *out = 0;
    query_begin(&q, store,
                "SELECT id FROM outbox WHERE decision = ? AND"
                " ref = (SELECT id FROM pattern WHERE kind = 'ref' AND text = ?)");
    query_put_int(&q, decision);
    query_put_text(&q, ref);
    int row = query_next(&q, err);
    if (row == 1) {
        *out = query_get_int(&q);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

int store_intent(struct store *store, char **out, size_t *len, int64_t decision, const char *ref,
                 struct err *err)
{
    struct query q;
    int64_t id;

    *out = NULL;
    *len = 0;
    if (find_outbox(store, &id, decision, ref, err) != 0)
        return -1;
    query_begin(&q, store, "SELECT bytes FROM intent WHERE outbox = ?");
    query_put_int(&q, id);
    int row = query_next(&q, err);
    if (row == 1) {
        *out = query_get_blob(&q, len);
        query_end(&q);
    }
    return row < 0 ? -1 : 0;
}

int store_set_published(struct store *store, int64_t decision, const char *ref, struct err *err)
{
    struct query q;
    int64_t id;

    if (find_outbox(store, &id, decision, ref, err) != 0)
        return -1;
    query_begin(&q, store, "UPDATE outbox SET done = 1 WHERE id = ?");
    query_put_int(&q, id);
    if (update_one(&q, "planned commit of decision", decision, err) != 0)
        return -1;
    query_begin(&q, store, "DELETE FROM intent WHERE outbox = ?");
    query_put_int(&q, id);
    return query_run(&q, err);
}
