/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What single parameters did: each change of one parameter whose effect was measured, its p-value,
 * and the selection of those that may be called found (fdr.h).
 *
 * A test has its own effect and interval.  The effect by which the head decided has not: the config
 * that it was compared with had been chosen for its luck.  So it is measured anew, from runs that
 * chose nothing: the first run of the candidate, and those of the config beside it that were
 * planned after it had become head (all, of the baseline).  Its error is that of unpaired runs.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "change.h"
#include "claim.h"
#include "facts.h"
#include "fdr.h"
#include "judge.h"
#include "markdown.h"
#include "mem.h"
#include "noise_floor.h"
#include "say.h"
#include "section.h"

static const double RATE = 0.1;     /* of what is listed at most, in expectation: false */
static const double LEAST_P = 1e-9; /* what lies below it is said to do so */
enum { MOST_LINES = 25 };

struct finding {
    const struct decision *decision;
    struct effect effect;
    int64_t runs; /* of the config beside it; 0: a test */
    double p;     /* of "no effect", two-sided; NAN: not tested */
};

struct findings {
    struct finding *at; /* [n] */
    size_t n;
};

/* --- p-values ------------------------------------------------------------------------------- */

/* The boundaries of the last level asked for: most tests of a study share theirs. */
struct bench {
    struct judge judge;
    bool made;
};

static const struct judge *judge_of(struct bench *bench, const struct study *study, double alpha)
{
    struct judge_rule rule = study->rule;
    struct err ignored;

    rule.alpha = alpha;
    if (bench->made && !(bench->judge.rule.alpha < alpha) && !(bench->judge.rule.alpha > alpha))
        return &bench->judge;
    bench->made = judge_init(&bench->judge, &rule, &ignored) == 0;
    return bench->made ? &bench->judge : NULL;
}

/*
 * By the order of stages, as the test's own interval has it.  Its z is that of the mean less
 * min_gain: where that is not 0, "worse" is not what was tested, and is not found.
 */
static double p_of_test(struct bench *bench, const struct study *study, const struct decision *d)
{
    const struct judge *judge = judge_of(bench, study, d->alpha);
    bool blind = !(d->df > d->n - 1); /* nothing was known of the noise before it */

    if (judge == NULL || d->n < 1 || !isfinite(d->z))
        return NAN;
    const struct boundary *b = blind ? &judge->blind : &judge->boundary;
    if (d->n > b->looks)
        return NAN;
    double p = boundary_tail(b, d->n, d->z, 0);
    return study->rule.min_gain > 0 ? fmin(2 * p, 1) : 2 * fmin(p, 1 - p);
}

/* --- effects anew --------------------------------------------------------------------------- */

struct spread { /* of one config over seeds */
    double sd;
    double df; /* 0: unknown */
};

static struct spread find_spread(const struct facts *facts, const struct noise_floor *floor)
{
    struct summary baseline = record_summary(facts->record, facts_baseline(facts));

    if (floor->audited && floor->audit.sigma_seed > 0)
        return (struct spread){floor->audit.sigma_seed, fmax(2 * floor->audit.df, 1)};
    if (baseline.n > 1 && baseline.sd > 0)
        return (struct spread){baseline.sd, (double)baseline.n - 1};
    return (struct spread){NAN, 0};
}

/* Mean loss of the runs on the panel planned after decision `since`, and before that of `until`. */
static double fresh_mean(int64_t *n, const struct facts *facts, int64_t experiment, int64_t since,
                         int64_t until)
{
    const struct record *record = facts->record;
    double sum = 0;

    *n = 0;
    for (size_t i = facts->pair_first[experiment - 1]; i < facts->pair_first[experiment]; i++) {
        const struct pair *pair = &record->pairs[facts->pair_at[i]];
        double loss = record_loss(record, record_run(record, experiment, pair->seed));
        if (pair->test > 0 || pair->after < since || pair->after >= until || !isfinite(loss))
            continue;
        sum += loss;
        ++*n;
    }
    return *n > 0 ? sum / (double)*n : (double)NAN;
}

/* NAN where its first run failed. */
static double first_loss(const struct facts *facts, int64_t experiment)
{
    const struct record *record = facts->record;
    size_t from = facts->pair_first[experiment - 1];

    if (from == facts->pair_first[experiment])
        return NAN;
    return record_loss(record,
                       record_run(record, experiment, record->pairs[facts->pair_at[from]].seed));
}

/* Of unpaired runs: a seed that two configs share only makes the error less. */
static struct finding measure_anew(const struct facts *facts, const struct decision *d,
                                   const struct spread *spread)
{
    struct finding f = {d, {NAN, NAN, NAN, 0.9}, 0, NAN};
    int64_t since = d->against == facts_baseline(facts)
                        ? 0
                        : facts->record->experiments[d->against - 1].decision;
    double beside = fresh_mean(&f.runs, facts, d->against, since, d->number);
    double mean = beside - first_loss(facts, d->experiment);
    double se = spread->sd * sqrt(1 + 1 / (double)f.runs);

    if (!isfinite(mean) || !(se > 0))
        return f;
    double half = gsl_cdf_tdist_Qinv((1 - f.effect.level) / 2, spread->df) * se;
    f.effect.mean = mean;
    f.effect.low = mean - half;
    f.effect.high = mean + half;
    f.p = 2 * gsl_cdf_tdist_Q(fabs(mean) / se, spread->df);
    return f;
}

/* --- collecting ----------------------------------------------------------------------------- */

static bool changes_one(const struct record *record, const struct decision *d)
{
    const struct value *from = record->experiments[d->against - 1].config;
    const struct value *to = record->experiments[d->experiment - 1].config;
    size_t n = 0;

    for (size_t i = 0; i < record->study.space.n; i++)
        n += !value_same(&from[i], &to[i]);
    return n == 1;
}

static bool is_about_an_effect(const struct record *record, const struct decision *d)
{
    bool kind = d->kind == DECISION_HEAD || d->kind == DECISION_VERIFY;

    return kind && d->against > 0 && d->verdict != OUTCOME_FAILED && isfinite(d->mean) &&
           changes_one(record, d);
}

static void collect(struct findings *out, const struct facts *facts, const struct spread *spread)
{
    const struct record *record = facts->record;
    struct bench bench = {.made = false};

    *out = (struct findings){0};
    for (size_t i = 0; i < record->n_decisions; i++) {
        const struct decision *d = &record->decisions[i];
        if (!is_about_an_effect(record, d))
            continue;
        struct finding f = {d, claim_effect(d), 0, NAN};
        if (d->test > 0)
            f.p = p_of_test(&bench, &record->study, d);
        else
            f = measure_anew(facts, d, spread);
        out->at = mem_room(out->at, out->n, sizeof *out->at);
        out->at[out->n++] = f;
    }
}

/* The smallest p first, unknown ones last, equal ones by number. */
static int by_p(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    double px = isnan(x->p) ? 2 : x->p, py = isnan(y->p) ? 2 : y->p;

    if (px < py || px > py)
        return px < py ? -1 : 1;
    return (x->decision->number > y->decision->number) -
           (x->decision->number < y->decision->number);
}

/* The selected ones come first, since they have the smallest p. */
static size_t select_found(const struct findings *all, size_t *tested)
{
    double *p = mem_new(all->n, sizeof *p);
    bool *selected = mem_new(all->n, sizeof *selected);

    *tested = 0;
    for (size_t i = 0; i < all->n; i++) {
        p[i] = all->at[i].p;
        *tested += !isnan(p[i]);
    }
    size_t n = fdr_select(selected, p, all->n, RATE);
    free(selected);
    free(p);
    return n;
}

/* --- writing -------------------------------------------------------------------------------- */

static void write_source(struct str *out, const struct finding *f)
{
    const struct decision *d = f->decision;
    char p[NUMBER_TEXT];

    if (d->test > 0)
        str_addf(out, "test of %d pair%s", d->n, d->n == 1 ? "" : "s");
    else
        str_addf(out, "estimate from 1 run beside %" PRId64, f->runs);
    if (f->p < LEAST_P)
        str_addf(out, ", p \\< %g", LEAST_P);
    else
        str_addf(out, ", p %s", number_short(p, f->p, 2));
    str_addf(out, "; experiment %" PRId32 " against %" PRId32, d->experiment, d->against);
}

static bool write_finding(struct str *out, const struct record *record, const struct finding *f)
{
    const struct decision *d = f->decision;
    struct str claim = {0};

    if (!claim_write(&claim, &f->effect))
        return false;
    char *change = change_describe(record, d->against, d->experiment);
    str_add(out, "- ");
    markdown_text(out, change);
    str_addf(out, ": %s (", str_text(&claim));
    write_source(out, f);
    str_add(out, ")\n");
    free(change);
    str_clear(&claim);
    return true;
}

static void write_lead(struct str *out, size_t tested, size_t found)
{
    const char *s = tested == 1 ? "" : "s";

    if (found == 0)
        str_addf(out,
                 "None: no effect can be told from chance among %zu change%s of one parameter "
                 "alone.\n",
                 tested, s);
    else
        str_addf(out,
                 "%zu change%s of one parameter alone %s measured with an error; %zu may be called "
                 "found. In expectation at most %g %% of these are luck (Benjamini and "
                 "Hochberg).\n",
                 tested, s, tested == 1 ? "was" : "were", found, 100 * RATE);
}

static void write_found(struct str *out, const struct record *record, const struct findings *all)
{
    size_t tested, listed = 0, found = select_found(all, &tested);
    struct str lines = {0};

    for (size_t i = 0; i < found && listed < MOST_LINES; i++)
        listed += write_finding(&lines, record, &all->at[i]);
    write_lead(out, tested, found);
    if (listed > 0)
        str_addf(out,
                 "\nAn effect is that of the change beside the config that it was compared with, "
                 "which is not always the baseline. An estimate compares the candidate's first run "
                 "with runs that chose nothing, so it may differ from the number by which the "
                 "search decided.\n\n%s",
                 str_text(&lines));
    if (found > listed)
        str_addf(out, "\n%zu more stand among the parameters.\n", found - listed);
    str_clear(&lines);
}

static int write_all(struct str *out, const struct facts *facts, struct err *err)
{
    struct noise_floor floor;
    struct findings all;

    if (noise_floor_measure(&floor, facts, err) != 0)
        return -1;
    struct spread spread = find_spread(facts, &floor);
    collect(&all, facts, &spread);
    if (all.n > 0)
        qsort(all.at, all.n, sizeof *all.at, by_p);
    if (all.n == 0)
        str_add(out, "None: no experiment changed one parameter alone.\n");
    else
        write_found(out, facts->record, &all);
    free(all.at);
    return 0;
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    (void)store;
    if (facts->record->study.procedure == PROCEDURE_GREEDY) {
        str_add(out, "None can be told: what was kept by one run was never tested.\n");
        return 0;
    }
    return write_all(out, facts, err);
}

const struct section section_findings = {
    .name = "findings",
    .title = "Which changes did something?",
    .empty = "Nothing has run yet.",
    .write = write,
};
