/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>

#include "belief.h"
#include "json.h"
#include "proportion.h"
#include "referee.h"
#include "say.h"

#define CONFIDENCE 0.95

static const struct decision *last_confirmation(const struct record *record)
{
    for (size_t i = record->n_decisions; i > 0; i--)
        if (record->decisions[i - 1].kind == DECISION_CONFIRM)
            return &record->decisions[i - 1];
    return NULL;
}

/* What the referee has made of the decisions so far. */
static void read_tests(struct belief *out, const struct record *record)
{
    struct referee referee;
    struct err ignored; /* a rule that makes no test: its numbers stay unknown */

    referee_init(&referee);
    if (referee_follow(&referee, record, &ignored) == 0) {
        out->tests = referee.tests;
        out->keeps = referee.keeps;
        if (record->study.procedure != PROCEDURE_GREEDY)
            out->next_level = referee_level(&referee, &record->study);
        out->head_gain = referee_head_gain(&out->sigma_d, &referee, record);
    }
    referee_clear(&referee);
}

void belief_read(struct belief *out, const struct view *view)
{
    const struct record *record = &view->record;
    struct err ignored;

    *out = (struct belief){.head = record_head(record),
                           .incumbent = record_incumbent(record),
                           .head_gain = NAN,
                           .sigma_d = NAN,
                           .next_level = NAN,
                           .confirmation = last_confirmation(record)};
    read_tests(out, record);
    if (placebo_pool(&out->placebos, &out->unread, record, view->store, &ignored) != 0)
        placebo_count(&out->placebos, record);
}

/* --- as text -------------------------------------------------------------------------------- */

static void write_head(struct str *out, const struct view *view, const struct belief *b)
{
    if (b->head == 0 || b->head == b->incumbent)
        return;
    struct summary summary = record_summary(&view->record, b->head);
    str_addf(out, "head         experiment %" PRId64 ": %s ", b->head, view->record.study.metric);
    say_mean(out, &summary);
    if (isfinite(b->head_gain)) {
        str_add(out, "; estimated gain ");
        say_effect(out, b->head_gain);
        if (b->sigma_d > 0) {
            str_add(out, " (");
            say_rough(out, b->head_gain / b->sigma_d);
            str_add(out, " sigma_d), not verified");
        }
    }
    str_add(out, "\n");
}

static void write_tests(struct str *out, const struct study *study, const struct belief *b)
{
    if (b->incumbent == 0 || isnan(b->next_level))
        return;
    str_addf(out, "tests        %" PRId64 " so far, %" PRId64 " verified; the next at level ",
             b->tests, b->keeps);
    say_rough(out, b->next_level);
    if (isfinite(study->fdr)) {
        str_add(out, " (false discovery rate ");
        say_rough(out, study->fdr);
        str_add(out, ")");
    }
    str_add(out, "\n");
}

static void write_placebos(struct str *out, const struct belief *b)
{
    const struct placebo_rates *p = &b->placebos;
    size_t studies = p->head_studies > p->test_studies ? p->head_studies : p->test_studies;

    if (p->head.decided == 0 && p->test.decided == 0)
        return;
    str_add(out, "placebos     moved the head: ");
    placebo_write(out, &p->head);
    str_add(out, "; kept by a test: ");
    placebo_write(out, &p->test);
    if (studies > 1)
        str_addf(out, " (of %zu studies)", studies);
    str_add(out, "\n");
}

static void write_confirmation(struct str *out, const struct belief *b)
{
    const struct decision *d = b->confirmation;

    if (d == NULL)
        return;
    str_addf(out, "confirmed    experiment %" PRId32 " against the baseline: ", d->experiment);
    if (d->verdict == OUTCOME_FAILED)
        str_add(out, d->reason);
    else
        say_measured(out, d->mean, d->low, d->high);
    str_addf(out, ", %d pair%s\n", d->n, d->n == 1 ? "" : "s");
}

void belief_write(struct str *out, const struct view *view, const struct belief *b)
{
    write_head(out, view, b);
    write_tests(out, &view->record.study, b);
    write_placebos(out, b);
    write_confirmation(out, b);
}

/* --- as JSON -------------------------------------------------------------------------------- */

static json_t *rate_json(const struct placebo_count *count, size_t studies, bool tested)
{
    bool any = count->decided > 0;
    double low, high;
    json_t *rate = json_object();

    proportion_interval(&low, &high, count->kept, count->decided, CONFIDENCE);
    json_object_set_new(rate, "kept", json_integer(count->kept));
    json_object_set_new(rate, "n", json_integer(count->decided));
    json_object_set_new(
        rate, "rate",
        json_number_or_null(any ? (double)count->kept / (double)count->decided : (double)NAN));
    json_object_set_new(rate, "low", json_number_or_null(low));
    json_object_set_new(rate, "high", json_number_or_null(high));
    json_object_set_new(rate, "studies", json_integer((json_int_t)studies));
    if (tested)
        json_object_set_new(rate, "expected", json_number_or_null(count->levels));
    return rate;
}

static json_t *head_json(const struct belief *b)
{
    json_t *head = json_object();

    json_object_set_new(head, "id", json_integer(b->head));
    json_object_set_new(head, "estimated_gain", json_number_or_null(b->head_gain));
    json_object_set_new(head, "sigma_d", json_number_or_null(b->sigma_d));
    return head;
}

static json_t *confirmation_json(const struct decision *d)
{
    json_t *object = json_object();

    json_object_set_new(object, "decision", json_integer(d->number));
    json_object_set_new(object, "experiment", json_integer(d->experiment));
    json_object_set_new(object, "confirmed", json_boolean(d->verdict == OUTCOME_KEEP));
    json_object_set_new(object, "effect", view_json_effect(d));
    return object;
}

void belief_add_json(json_t *object, const struct belief *b)
{
    const struct placebo_rates *p = &b->placebos;
    json_t *tests = json_object(), *placebos = json_object();

    json_object_set_new(tests, "made", json_integer(b->tests));
    json_object_set_new(tests, "verified", json_integer(b->keeps));
    json_object_set_new(tests, "next_alpha", json_number_or_null(b->next_level));
    json_object_set_new(placebos, "head", rate_json(&p->head, p->head_studies, false));
    json_object_set_new(placebos, "test", rate_json(&p->test, p->test_studies, true));
    json_object_set_new(placebos, "unread_studies", json_integer((json_int_t)b->unread));
    json_object_set_new(object, "head", b->head > 0 ? head_json(b) : json_null());
    json_object_set_new(object, "incumbent",
                        b->incumbent > 0 ? json_integer(b->incumbent) : json_null());
    json_object_set_new(object, "tests", tests);
    json_object_set_new(object, "placebos", placebos);
    json_object_set_new(object, "confirmation",
                        b->confirmation != NULL ? confirmation_json(b->confirmation) : json_null());
}
