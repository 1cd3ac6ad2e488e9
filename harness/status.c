/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "aside.h"
#include "belief.h"
#include "breaker.h"
#include "claimed.h"
#include "clock.h"
#include "early_text.h"
#include "json.h"
#include "mem.h"
#include "policy_now.h"
#include "refusals.h"
#include "room.h"
#include "say.h"
#include "status.h"
#include "table.h"
#include "uneven.h"

static void read_runs(struct status *out, const struct record *record)
{
    double sum = 0;
    size_t timed = 0;

    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        bool lost = run->class == CLASS_INTERRUPTED || (run->class == CLASS_NONE && out->pid == 0);
        out->lost += lost && !run_is_set_aside(run);
        out->uneven += run_is_uneven(run);
        out->passing += run_is_set_aside(run) && !run_is_uneven(run);
        out->under_way += run->class == CLASS_NONE && !lost;
        if (run->class == CLASS_NONE || lost)
            continue;
        out->ended++;
        if (isfinite(run->wall_s)) {
            sum += run->wall_s;
            timed++;
        }
    }
    out->run_s = timed > 0 ? sum / (double)timed : (double)NAN;
    out->since = record->n_runs > 0 ? record->runs[0].started : 0;
}

/* A full disk cannot be written to: what the one that runs sees there is looked at again. */
static char *why_waiting(const struct view *view)
{
    struct policy policy;
    struct str why = {0};
    struct room room;

    policy_now(&policy, &view->place, &view->record);
    room_look(&room, view->place.run_dir, &policy);
    room_describe(&why, &room);
    policy_clear(&policy);
    if (why.len > 0)
        str_add(&why, "; it goes on by itself when there is room");
    return why.len > 0 ? str_take(&why) : NULL;
}

static char *why_paused(const struct view *view, bool running)
{
    struct str why = {0};

    if (running)
        return why_waiting(view);
    if (!breaker_has_paused(&view->record, view->store))
        return NULL;
    breaker_describe(&why, &view->record);
    str_add(&why, "; mend it, `nightshift run` goes on");
    return str_take(&why);
}

void status_clear(struct status *status)
{
    free(status->paused);
    status->paused = NULL;
}

void status_read(struct status *out, const struct view *view)
{
    const struct record *record = &view->record;
    int64_t verified = facts_verified(&view->facts);

    *out = (struct status){.pid = place_owner(&view->place), .verified = verified > 0};
    for (size_t i = 0; i < record->n_experiments; i++)
        out->count[facts_outcome(&view->facts, (int64_t)i + 1)]++;
    out->best = verified > 0                ? verified
                : record->n_experiments > 0 ? facts_baseline(&view->facts)
                                            : 0;
    read_runs(out, record);
    out->paused = why_paused(view, out->pid > 0);
}

static void write_state(struct str *out, const struct view *view, const struct status *s)
{
    char since[CLOCK_TEXT];

    str_addf(out, "%s: ", view->record.study.name);
    if (s->pid > 0)
        str_addf(out, "running (process %ld)", s->pid);
    else
        str_add(out, "not running");
    if (s->since > 0) {
        clock_text(since, (time_t)s->since);
        str_addf(out, ", begun %s", since);
    }
    str_add(out, "\n");
    if (s->paused != NULL)
        str_addf(out, "paused       %s\n", s->paused);
}

static void write_experiments(struct str *out, const struct view *view, const struct status *s)
{
    int64_t cap = view->record.study.run_cap;

    str_addf(out, "experiments  %zu", view->record.n_experiments);
    if (cap > 0)
        str_addf(out, " of %" PRId64, cap);
    for (int i = 1; i <= 4; i++) {
        enum outcome outcome = (enum outcome)(i % 4); /* pending last */
        str_addf(out, "%s %c %zu %s", i > 1 ? "," : ":", outcome_mark(outcome), s->count[outcome],
                 outcome_name(outcome));
    }
    str_add(out, "\n");
}

static void write_strategy(struct str *out, const struct view *view)
{
    char *text = record_describe_strategy(&view->record);

    str_addf(out, "strategy     %s\n", text);
    free(text);
}

static void write_failures(struct str *out, const struct view *view)
{
    json_t *failures = view_json_failures(view);
    const char *lead = "; failed: ";

    for (int class = CLASS_EXIT; class < CLASS_INTERRUPTED; class ++) {
        const json_t *n = json_object_get(failures, class_names[class]);
        if (n == NULL)
            continue;
        str_addf(out, "%s%s %" JSON_INTEGER_FORMAT, lead, class_names[class],
                 json_integer_value(n));
        lead = ", ";
    }
    json_decref(failures);
}

static void write_runs(struct str *out, const struct view *view, const struct status *s)
{
    char each[CLOCK_TEXT];

    duration_text(each, s->run_s);
    str_addf(out, "runs         %zu ended, %s each", s->ended, each);
    if (s->under_way > 0)
        str_addf(out, ", %zu under way", s->under_way);
    if (s->lost > 0)
        str_addf(out, ", %zu lost with a session and repeated", s->lost);
    if (s->uneven > 0)
        str_addf(out, ", %zu set aside for uneven speed and repeated", s->uneven);
    if (s->passing > 0)
        str_addf(out, ", %zu set aside for a fault that may pass and repeated", s->passing);
    write_failures(out, view);
    str_add(out, "\n");
}

static void write_early(struct str *out, const struct record *record)
{
    struct early_account account;

    if (record->study.early.kind == NULL)
        return;
    record_early_account(&account, record);
    str_addf(out, "ended early  %" PRId64 " run%s, saved ", account.ended,
             account.ended == 1 ? "" : "s");
    say_rough(out, 100 * early_share_saved(&account));
    str_add(out, " % of the budget; kept after all of those spared: ");
    early_write_missed(out, &account);
    str_add(out, "\n");
}

static void write_best(struct str *out, const struct view *view, const struct status *s)
{
    if (s->best == 0)
        return;
    struct summary summary = record_summary(&view->record, s->best);
    const struct decision *d = claimed_test(&view->record, s->best);

    if (summary.n == 0) {
        bool failed = facts_outcome(&view->facts, s->best) == OUTCOME_FAILED;
        str_addf(out, "best so far  none: the baseline (experiment %" PRId64 ") %s\n", s->best,
                 failed ? "failed" : "has no value yet");
        return;
    }
    str_addf(out, "best so far  experiment %" PRId64 "%s: %s ", s->best,
             s->verified ? ", verified" : " (the baseline)", view->record.study.metric);
    say_mean(out, &summary);
    str_addf(out, " (%zu seed%s)", summary.n, summary.n == 1 ? "" : "s");
    if (s->verified && d != NULL) {
        str_addf(out, "; tested against %" PRId32 ": ", d->against);
        say_measured(out, d->mean, d->low, d->high);
    }
    str_add(out, "\n");
}

static void write_last(struct str *out, const struct record *record)
{
    if (record->n_decisions == 0)
        return;
    const struct decision *d = &record->decisions[record->n_decisions - 1];
    char *reason = text_shorten(d->reason != NULL ? d->reason : "-", 100);

    str_addf(out, "last         %s of experiment %" PRId32 " %c %s: %s\n",
             decision_kind_names[d->kind], d->experiment, outcome_mark(d->verdict),
             outcome_name(d->verdict), reason);
    free(reason);
}

void status_write(struct str *out, const struct view *view)
{
    struct status status;
    struct belief belief;

    status_read(&status, view);
    belief_read(&belief, view);
    write_state(out, view, &status);
    write_experiments(out, view, &status);
    write_strategy(out, view);
    write_runs(out, view, &status);
    write_early(out, &view->record);
    refusals_write_status(out, &view->record);
    write_best(out, view, &status);
    belief_write(out, view, &belief);
    write_last(out, &view->record);
    status_clear(&status);
}

void status_write_line(struct str *out, const struct view *view)
{
    struct status s;

    status_read(&s, view);
    str_addf(out, "%s %s %zu", view->record.study.name, s.pid > 0 ? "running" : "idle",
             view->record.n_experiments);
    if (view->record.study.run_cap > 0)
        str_addf(out, "/%" PRId64, view->record.study.run_cap);
    str_addf(out, " +%zu -%zu x%zu", s.count[OUTCOME_KEEP], s.count[OUTCOME_REVERT],
             s.count[OUTCOME_FAILED]);
    if (s.best > 0) {
        struct summary summary = record_summary(&view->record, s.best);
        str_addf(out, " %s ", view->record.study.metric);
        say_value(out, summary.mean);
        str_addf(out, " (%" PRId64 ")", s.best);
    }
    str_add(out, s.paused != NULL ? " paused\n" : "\n");
    status_clear(&s);
}

static json_t *best_as_json(const struct view *view, const struct status *s)
{
    json_t *best = json_object();
    struct summary summary = record_summary(&view->record, s->best);

    json_object_set_new(best, "id", json_integer(s->best));
    json_object_set_new(best, "value", json_number_or_null(summary.mean));
    json_object_set_new(best, "se", json_number_or_null(summary_se(&summary)));
    json_object_set_new(best, "seeds", json_integer((json_int_t)summary.n));
    json_object_set_new(best, "verified", json_boolean(s->verified));
    json_object_set_new(best, "effect", view_json_effect(claimed_test(&view->record, s->best)));
    return best;
}

static json_t *verdicts_as_json(const struct status *s)
{
    json_t *verdicts = json_object();

    for (int i = 0; i < 4; i++)
        json_object_set_new(verdicts, outcome_name((enum outcome)i),
                            json_integer((json_int_t)s->count[i]));
    return verdicts;
}

/* null where runs are never ended early. */
static json_t *early_as_json(const struct record *record)
{
    struct early_account a;
    double low, high;

    if (record->study.early.kind == NULL)
        return json_null();
    record_early_account(&a, record);
    early_missed_interval(&low, &high, &a);
    double missed = a.spared > 0 ? (double)a.missed / (double)a.spared : (double)NAN;
    return json_pack(
        "{s:s, s:I, s:o, s:o, s:I, s:I, s:{s:o, s:o, s:o}}", "type", record->study.early.kind->name,
        "ended", (json_int_t)a.ended, "runs_saved", json_number_or_null(a.saved), "share_saved",
        json_number_or_null(early_share_saved(&a)), "spared", (json_int_t)a.spared, "missed",
        (json_int_t)a.missed, "missed_rate", "mean", json_number_or_null(missed), "low",
        json_number_or_null(low), "high", json_number_or_null(high));
}

json_t *status_json(const struct view *view)
{
    const struct record *record = &view->record;
    struct status s;
    struct belief belief;
    json_t *object = json_object();
    int64_t cap = record->study.run_cap;
    char *strategy = record_describe_strategy(record);

    status_read(&s, view);
    belief_read(&belief, view);
    json_object_set_new(object, "study", view_json_text(record->study.name));
    json_object_set_new(object, "metric", view_json_text(record->study.metric));
    json_object_set_new(object, "state", json_string(s.pid > 0 ? "running" : "idle"));
    json_object_set_new(object, "pid", s.pid > 0 ? json_integer(s.pid) : json_null());
    json_object_set_new(object, "since", s.since > 0 ? json_integer(s.since) : json_null());
    json_object_set_new(object, "experiments", json_integer((json_int_t)record->n_experiments));
    json_object_set_new(object, "run_cap", cap > 0 ? json_integer(cap) : json_null());
    json_object_set_new(object, "strategy", json_string(record->study.strategy->name));
    json_object_set_new(object, "strategy_now", json_string(strategy));
    json_object_set_new(object, "decisions", verdicts_as_json(&s));
    json_object_set_new(object, "runs", json_integer((json_int_t)s.ended));
    json_object_set_new(object, "runs_under_way", json_integer((json_int_t)s.under_way));
    json_object_set_new(object, "runs_uneven", json_integer((json_int_t)s.uneven));
    json_object_set_new(object, "runs_passing", json_integer((json_int_t)s.passing));
    json_object_set_new(object, "paused", s.paused != NULL ? json_string(s.paused) : json_null());
    json_object_set_new(object, "run_s", json_number_or_null(s.run_s));
    json_object_set_new(object, "early_terminate", early_as_json(record));
    json_object_set_new(object, "failures", view_json_failures(view));
    json_object_set_new(object, "best", s.best > 0 ? best_as_json(view, &s) : json_null());
    belief_add_json(object, &belief);
    json_t *program = refusals_as_json(record);
    if (program != NULL)
        json_object_set_new(object, "program", program);
    status_clear(&s);
    free(strategy);
    return object;
}
