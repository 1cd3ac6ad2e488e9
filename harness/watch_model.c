/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "belief.h"
#include "change.h"
#include "claimed.h"
#include "clock.h"
#include "mem.h"
#include "noise_floor.h"
#include "progress.h"
#include "say.h"
#include "status.h"
#include "verdicts.h"
#include "watch_model.h"

/* --- clearing ------------------------------------------------------------------------------- */

static void clear_runs(struct watch_model *m)
{
    for (size_t i = 0; i < m->n_runs; i++) {
        free(m->runs[i].what);
        free(m->runs[i].value);
        free(m->runs[i].curve);
    }
    free(m->runs);
    m->runs = NULL;
    m->n_runs = 0;
}

void watch_model_clear(struct watch_model *m)
{
    clear_runs(m);
    for (size_t i = 0; i < m->n_facts; i++)
        free(m->facts[i].text);
    for (size_t i = 0; i < m->n_decisions; i++)
        for (size_t k = 0; k < sizeof m->decisions->cells / sizeof *m->decisions->cells; k++)
            free(m->decisions[i].cells[k]);
    for (size_t i = 0; i < m->n_troubles; i++)
        free(m->troubles[i]);
    free(m->facts);
    free(m->decisions);
    free(m->troubles);
    free(m->best);
    free(m->study);
    free(m->state);
    free(m->count);
    free(m->left);
    free(m->tally);
    free(m->metric);
    *m = (struct watch_model){0};
}

/* --- runs under way -------------------------------------------------------------------------- */

static double usual_duration(const struct record *record)
{
    enum { LAST = 20 };
    double sum = 0;
    size_t n = 0;

    for (size_t i = record->n_runs; i > 0 && n < LAST; i--)
        if (isfinite(record->runs[i - 1].wall_s) && record->runs[i - 1].class == CLASS_OK) {
            sum += record->runs[i - 1].wall_s;
            n++;
        }
    return n > 0 ? sum / (double)n : (double)NAN;
}

static const char *role(const struct record *record, const struct run *run)
{
    const struct experiment *e = &record->experiments[run->experiment - 1];

    if (run->variant != RUN_OWN)
        return variant_names[run->variant];
    return e->decision > 0 ? "again" : purpose_names[e->purpose];
}

/* The metric on its way where the trainer prints it, else the training loss; lower is better in a
 * curve, so the sign is turned back. */
static void take_curve(struct watch_run *out, const struct live_run *live, bool maximize)
{
    const struct run_curves *curves = &live->reader.curves;
    bool metric = curves->metric.n > 1 || curves->train.n == 0;
    const struct curve *curve = metric ? &curves->metric : &curves->train;
    double sign = metric && maximize ? -1 : 1;
    struct str text = {0};

    out->n_curve = curve->n;
    out->curve = mem_new(curve->n, sizeof *out->curve);
    for (size_t i = 0; i < curve->n; i++)
        out->curve[i] = sign * curve->points[i].value;
    if (curve->n > 0) {
        str_addf(&text, "%s ", metric ? live->reader.metric : "train_loss");
        say_value(&text, out->curve[curve->n - 1]);
    }
    out->value = str_take(&text);
}

static void add_run(struct watch_model *m, const struct record *record, const struct live_run *live,
                    const struct watch_now *now, double usual_s)
{
    const struct run *run = &record->runs[live->run - 1];
    struct watch_run next = {.done = live->progress,
                             .took_s = fmax(0, (double)(now->unix_s - run->started)),
                             .usual_s = usual_s};

    next.what = mem_printf("%" PRId32 " seed %" PRIu32 ", %s", run->experiment, run->seed,
                           role(record, run));
    take_curve(&next, live, record->study.maximize);
    m->runs = mem_room(m->runs, m->n_runs, sizeof next);
    m->runs[m->n_runs++] = next;
}

/* --- time left ------------------------------------------------------------------------------- */

/* Mean time between the last proposals; NAN before there are two. */
static double experiment_s(const struct record *record)
{
    enum { LAST = 20 };
    size_t n = record->n_experiments, back = n > LAST ? LAST : n - (n > 0);

    if (n < 2 || record->experiments[n - 1 - back].created == 0)
        return NAN;
    return (double)(record->experiments[n - 1].created -
                    record->experiments[n - 1 - back].created) /
           (double)back;
}

static void add_end(struct str *out, const struct watch_now *now, bool only)
{
    char left[CLOCK_TEXT], at[16];
    time_t end = (time_t)now->end;
    struct tm local;

    localtime_r(&end, &local);
    strftime(at, sizeof at, "%H:%M", &local);
    duration_text(left, fmax(0, (double)(now->end - now->unix_s)));
    if (only)
        str_addf(out, "%s left (until %s)", left, at);
    else
        str_addf(out, ", by %s", at);
}

static char *left_text(const struct record *record, const struct watch_now *now, bool running)
{
    int64_t cap = record->study.run_cap, n = (int64_t)record->n_experiments;
    double by_cap = cap > 0 ? fmax(0, (double)(cap - n)) * experiment_s(record) : (double)NAN;
    double by_end = now->end > 0 ? (double)(now->end - now->unix_s) : (double)INFINITY;
    char left[CLOCK_TEXT];
    struct str out = {0};

    if (running && isfinite(by_cap) && by_cap < by_end) {
        duration_text(left, by_cap);
        str_addf(&out, "about %s left", left);
        if (now->end > 0)
            add_end(&out, now, false);
    } else if (running && now->end > 0) {
        add_end(&out, now, true);
    }
    return str_take(&out);
}

static char *state_text(const struct watch_model *m, const struct watch_now *now)
{
    char since[CLOCK_TEXT];

    if (!m->running)
        return mem_strdup("not running");
    duration_text(since, fmax(0, (double)(now->unix_s - m->since)));
    return m->since > 0 ? mem_printf("running %s", since) : mem_strdup("running");
}

void watch_model_renew(struct watch_model *m, const struct view *view,
                       const struct watch_live *live, const struct watch_now *now)
{
    double usual_s = usual_duration(&view->record);

    clear_runs(m);
    for (size_t i = 0; i < live->n && m->running; i++)
        add_run(m, &view->record, &live->runs[i], now, usual_s);
    free(m->state);
    free(m->left);
    m->state = state_text(m, now);
    m->left = left_text(&view->record, now, m->running);
}

/* --- facts ----------------------------------------------------------------------------------- */

static struct str *add_fact(struct str *text, struct watch_model *m, const char *label)
{
    m->facts = mem_room(m->facts, m->n_facts, sizeof *m->facts);
    m->facts[m->n_facts++] = (struct watch_fact){.label = label};
    *text = (struct str){0};
    return text;
}

static void end_fact(struct watch_model *m, struct str *text)
{
    m->facts[m->n_facts - 1].text = str_take(text);
}

static void add_best(struct watch_model *m, const struct view *view, const struct status *s)
{
    struct str text;

    if (s->best == 0)
        return;
    struct summary summary = record_summary(&view->record, s->best);
    const struct decision *d = s->verified ? claimed_test(&view->record, s->best) : NULL;
    add_fact(&text, m, s->verified ? "incumbent" : "baseline");
    str_addf(&text, "%" PRId64 "  %s ", s->best, view->record.study.metric);
    say_mean(&text, &summary);
    str_addf(&text, " (%zu seed%s)", summary.n, summary.n == 1 ? "" : "s");
    if (d != NULL) {
        str_addf(&text, ", verified against %" PRId32 ": ", d->against);
        say_measured(&text, d->mean, d->low, d->high);
    }
    end_fact(m, &text);
}

static void add_head(struct watch_model *m, const struct view *view, const struct belief *b)
{
    struct str text;

    if (b->head == 0 || b->head == b->incumbent)
        return;
    struct summary summary = record_summary(&view->record, b->head);
    add_fact(&text, m, "head");
    str_addf(&text, "%" PRId64 "  %s ", b->head, view->record.study.metric);
    say_mean(&text, &summary);
    if (isfinite(b->head_gain)) {
        str_add(&text, ", gain about ");
        say_effect(&text, b->head_gain);
        str_add(&text, ", not verified");
    }
    end_fact(m, &text);
}

static void add_noise(struct watch_model *m, const struct view *view)
{
    struct noise_floor noise;
    struct err ignored; /* a rule that makes no test has no floor */
    struct str text;

    if (noise_floor_measure(&noise, &view->facts, &ignored) != 0 ||
        !isfinite(noise_floor_sd(&noise)))
        return;
    add_fact(&text, m, "noise");
    str_add(&text, "SD of a difference ");
    say_rough(&text, noise_floor_sd(&noise));
    if (isfinite(noise.visible)) {
        str_add(&text, "; a test sees gains from about ");
        say_rough(&text, noise.visible);
    }
    end_fact(m, &text);
}

static void add_tests(struct watch_model *m, const struct belief *b)
{
    struct str text;

    if (isnan(b->next_level))
        return;
    add_fact(&text, m, "tests");
    str_addf(&text, "%" PRId64 " so far, %" PRId64 " verified; the next at level ", b->tests,
             b->keeps);
    say_rough(&text, b->next_level);
    end_fact(m, &text);
}

static void add_placebos(struct watch_model *m, const struct belief *b)
{
    const struct placebo_rates *p = &b->placebos;
    struct str text;

    if (p->head.decided == 0 && p->test.decided == 0)
        return;
    add_fact(&text, m, "placebos");
    str_add(&text, "moved the head ");
    placebo_write(&text, &p->head);
    str_add(&text, "; kept by a test ");
    placebo_write(&text, &p->test);
    end_fact(m, &text);
}

static void add_confirmed(struct watch_model *m, const struct belief *b)
{
    struct str text;

    if (b->confirmation == NULL || b->confirmation->verdict == OUTCOME_FAILED)
        return;
    add_fact(&text, m, "confirmed");
    str_addf(&text, "%" PRId32 " against the baseline ", b->confirmation->experiment);
    say_measured(&text, b->confirmation->mean, b->confirmation->low, b->confirmation->high);
    end_fact(m, &text);
}

static void add_paused(struct watch_model *m, const struct status *s)
{
    struct str text;

    if (s->paused == NULL)
        return;
    add_fact(&text, m, "paused");
    m->facts[m->n_facts - 1].bad = true;
    str_add(&text, s->paused);
    end_fact(m, &text);
}

/* --- decisions and what went wrong ------------------------------------------------------------ */

static char *decision_about(const struct record *record, const struct decision *d)
{
    struct str text = {0};

    if (d->verdict == OUTCOME_FAILED) {
        progress_add_failure(&text, record, d);
        return str_take(&text);
    }
    if (d->kind == DECISION_CONFIRM)
        return mem_strdup("against the baseline");
    if (record->experiments[d->experiment - 1].purpose == PURPOSE_PLACEBO ||
        d->kind == DECISION_PLACEBO)
        return mem_strdup("placebo");
    return d->against > 0 ? change_describe(record, d->against, d->experiment)
                          : mem_strdup("baseline");
}

static void add_decision(struct watch_model *m, const struct record *record,
                         const struct decision *d)
{
    struct watch_decision row = {.verdict = d->verdict, .verified = d->verified};

    row.cells[0] = mem_printf("%" PRId32, d->number);
    row.cells[1] = mem_strdup(decision_kind_names[d->kind]);
    row.cells[2] = mem_printf("%" PRId32, d->experiment);
    row.cells[3] = mem_printf("%c %s", outcome_mark(d->verdict),
                              d->verified ? "verified" : outcome_name(d->verdict));
    row.cells[4] = verdicts_effect(d);
    row.cells[5] = decision_about(record, d);
    m->decisions = mem_room(m->decisions, m->n_decisions, sizeof row);
    m->decisions[m->n_decisions++] = row;
}

static void add_trouble(struct watch_model *m, const struct run *run)
{
    char when[CLOCK_TEXT] = "-";

    if (run->ended > 0)
        clock_text(when, (time_t)run->ended);
    m->troubles = mem_room(m->troubles, m->n_troubles, sizeof *m->troubles);
    m->troubles[m->n_troubles++] =
        mem_printf("%s  experiment %" PRId32 " seed %" PRIu32 ": %s", when, run->experiment,
                   run->seed, run->detail != NULL ? run->detail : class_names[run->class]);
}

static void add_lists(struct watch_model *m, const struct record *record)
{
    m->all_decisions = record->n_decisions;
    for (size_t i = record->n_decisions; i > 0 && m->n_decisions < WATCH_DECISIONS; i--)
        add_decision(m, record, &record->decisions[i - 1]);
    for (size_t i = record->n_runs; i > 0 && m->n_troubles < WATCH_TROUBLES; i--)
        if (run_is_failure(record, &record->runs[i - 1]))
            add_trouble(m, &record->runs[i - 1]);
}

/* What the search went on from after each experiment's own decision. */
static void add_history(struct watch_model *m, const struct record *record)
{
    int64_t last = 0;
    double mean = NAN;

    m->best = mem_new(record->n_experiments, sizeof *m->best);
    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct decision *d = record_decision(record, (int64_t)i + 1);
        if (d == NULL)
            continue;
        if (d->head != last && d->head > 0)
            mean = record_summary(record, d->head).mean;
        last = d->head;
        m->best[m->n_best++] = mean;
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

static char *count_text(const struct record *record)
{
    if (record->study.run_cap > 0)
        return mem_printf("experiment %zu of %" PRId64, record->n_experiments,
                          record->study.run_cap);
    return mem_printf("experiment %zu", record->n_experiments);
}

static char *tally_text(const struct status *s)
{
    struct str text = {0};

    for (int i = 1; i <= 4; i++) {
        enum outcome outcome = (enum outcome)(i % 4); /* pending last */
        str_addf(&text, "%c %zu %s   ", outcome_mark(outcome), s->count[outcome],
                 outcome_name(outcome));
    }
    str_addf(&text, "runs %zu", s->ended);
    if (s->lost > 0)
        str_addf(&text, ", %zu lost", s->lost);
    return str_take(&text);
}

void watch_model_make(struct watch_model *out, const struct view *view,
                      const struct watch_live *live, const struct watch_now *now)
{
    const struct record *record = &view->record;
    struct status status;
    struct belief belief;

    status_read(&status, view);
    belief_read(&belief, view);
    *out = (struct watch_model){.study = mem_strdup(record->study.name),
                                .since = status.since,
                                .count = count_text(record),
                                .tally = tally_text(&status),
                                .running = status.pid > 0,
                                .metric = mem_strdup(record->study.metric)};
    add_paused(out, &status);
    add_best(out, view, &status);
    add_head(out, view, &belief);
    add_noise(out, view);
    add_tests(out, &belief);
    add_placebos(out, &belief);
    add_confirmed(out, &belief);
    add_lists(out, record);
    add_history(out, record);
    status_clear(&status);
    watch_model_renew(out, view, live, now);
}
