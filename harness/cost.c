/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>

#include "audit_neighbour.h"
#include "baseline.h"
#include "claim_test.h"
#include "cost.h"
#include "head.h"
#include "mem.h"
#include "procedure.h"

static bool has_neighbour(const struct space *space)
{
    struct value *start = mem_new(space->n, sizeof *start),
                 *moved = mem_new(space->n, sizeof *moved);

    space_start(start, space);
    bool has = audit_neighbour(moved, space, start);
    free(start);
    free(moved);
    return has;
}

static int64_t baseline_runs(const struct study *study)
{
    if (study->audit)
        return AUDIT_SEEDS + 1 + (has_neighbour(&study->space) ? AUDIT_SEEDS : 0);
    return study->procedure == PROCEDURE_GREEDY ? 1 : BASELINE_SEEDS;
}

static void estimate_proposal(struct cost *out, const struct study *study)
{
    switch (study->procedure) {
    case PROCEDURE_TWO_LEVEL:
        out->proposal_least = 1;
        out->proposal_most = HEAD_SEEDS;
        break;
    case PROCEDURE_PAIRED:
        out->proposal_least = 2;
        out->proposal_most = 2 * study->rule.max_seeds;
        break;
    case PROCEDURE_GREEDY:
        out->proposal_least = out->proposal_most = 1;
        break;
    }
}

void cost_estimate(struct cost *out, const struct study *study, int64_t experiments)
{
    bool tested = procedure_of(study)->head_is_tested;
    int64_t proposals = experiments > 0 ? experiments - 1 : 0;

    *out = (struct cost){.baseline = baseline_runs(study),
                         .test = tested ? 2 * study->rule.max_seeds : 0,
                         .claims_least = (int64_t)study->n_hypotheses * 2 * CLAIM_FIRST_LOOK,
                         .claims_most = (int64_t)study->n_hypotheses * 2 * study->rule.max_seeds};
    estimate_proposal(out, study);
    out->end = (tested ? out->test + 1 : 0) + 2 * study->confirm +
               (study->placebo > 0 ? 2 * study->rule.max_seeds : 0);
    if (experiments == 0)
        return;
    out->least = out->baseline + out->claims_least + proposals * out->proposal_least;
    out->most = out->baseline + out->claims_most + proposals * out->proposal_most + out->end;
    if (tested)
        out->most += proposals / REFRESH_EVERY + proposals / TEST_REST * out->test;
}

void cost_write_runs(struct str *out, const struct study *study, int64_t runs)
{
    struct cost cost;
    int64_t end = (int64_t)referee_usual_end(study);

    cost_estimate(&cost, study, 0);
    int64_t first = cost.baseline + cost.claims_most, left = runs - first - end;
    str_addf(out, "of %" PRId64 " runs %" PRId64 " are for the baseline%s", runs, first,
             study->n_hypotheses > 0 ? " and the hypotheses" : "");
    if (end > 0)
        str_addf(out, ", %" PRId64 " are kept for the last test and the confirmation", end);
    str_addf(out, ", %" PRId64 " are left for the search\n", left > 0 ? left : 0);
}

static void write_two_level(struct str *out, const struct cost *c)
{
    str_addf(out,
             "a proposal takes 1 to %" PRId64 " runs, the head one more after it has moved and "
             "every %d decisions\n",
             c->proposal_most, REFRESH_EVERY);
    str_addf(out,
             "a test of the head takes 2 to %" PRId64 " runs; it is due after %d decisions at an "
             "estimated gain of %g sigma_d, after %d at any, and at the end\n",
             c->test, TEST_REST, TEST_AT_GAIN, TEST_AFTER);
}

static void write_extras(struct str *out, const struct study *study, const struct cost *c)
{
    if (study->placebo > 0)
        str_addf(out, "one proposal in %d is a placebo\n", study->placebo);
    if (c->end > 0)
        str_addf(out,
                 "the end of a night takes at most %" PRId64 " runs: the last test, a placebo's, "
                 "the confirmation\n",
                 c->end);
}

static void write_claims(struct str *out, const struct study *study, const struct cost *c)
{
    if (study->n_hypotheses > 0)
        str_addf(out,
                 "%zu hypothes%s take %" PRId64 " to %" PRId64 " runs: pairs on equal, fresh "
                 "seeds, before the search\n",
                 study->n_hypotheses, study->n_hypotheses == 1 ? "is" : "es", c->claims_least,
                 c->claims_most);
}

static void write_search(struct str *out, const struct study *study, const struct cost *c)
{
    if (c->test > 0)
        write_two_level(out, c);
    else if (c->proposal_most > 1)
        str_addf(out,
                 "a proposal takes %" PRId64 " to %" PRId64 " runs: pairs with the incumbent on "
                 "equal, fresh seeds\n",
                 c->proposal_least, c->proposal_most);
    else
        str_add(out, "a proposal takes 1 run, and nothing is ever tested\n");
    write_extras(out, study, c);
}

void cost_write(struct str *out, const struct study *study, int64_t experiments)
{
    struct cost c;

    cost_estimate(&c, study, experiments);
    str_addf(out, "procedure %s: the baseline%s %" PRId64 " run%s\n", procedure_of(study)->name,
             study->audit ? " and its noise audit take" : " takes", c.baseline,
             c.baseline == 1 ? "" : "s");
    write_claims(out, study, &c);
    if (study->strategy == &strategy_none && study->n_enqueued == 0)
        return;
    write_search(out, study, &c);
    if (experiments > 0)
        str_addf(out,
                 "%" PRId64 " experiments: at least %" PRId64 " runs; up to about %" PRId64
                 " where all take their most\n",
                 experiments, c.least, c.most);
}
