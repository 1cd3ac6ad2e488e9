/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paired - every proposal is tested against the incumbent on fresh seeds; a keep is verified.
 *
 * Nothing is believed that was not tested, at the price of at least two runs a proposal.  Tests are
 * numbered by their experiment, which has two at most: against the incumbent that it was proposed
 * from, while it runs ahead, and against its successor where that one was replaced meanwhile.
 */
#include "paired_test.h"
#include "procedure.h"

static int64_t test_number(const struct experiment *e, int64_t against)
{
    return TEST_CLASSES * e->id + (against == e->against ? 0 : 2);
}

/* A placebo leaves things as they are, whatever its test says. */
static void settle(struct decision *d, const struct experiment *e)
{
    bool keep = d->verdict == OUTCOME_KEEP;

    if (e->purpose == PURPOSE_PLACEBO) {
        d->kind = DECISION_PLACEBO;
        return;
    }
    d->verified = keep;
    if (keep)
        d->incumbent = d->head = e->id;
}

static int next(struct needs *out, struct referee *referee, const struct record *record, int64_t id,
                bool first, struct err *err)
{
    const struct experiment *e = &record->experiments[id - 1];
    bool placebo = e->purpose == PURPOSE_PLACEBO;
    int64_t against = first ? needs_rival(record, id) : e->against;
    struct paired_test test = {DECISION_VERIFY, id, against, test_number(e, against)};
    const struct judge *judge = referee_judge(referee, record, id, err);
    struct noise noise;

    if (judge == NULL)
        return -1;
    referee_noise(&noise, referee, record, id, placebo);
    paired_test_next(out, record, &test, judge, &noise);
    if (out->need == NEED_DECISION && !first)
        *out = (struct needs){.need = NEED_RUNS};
    else if (out->need == NEED_DECISION)
        settle(&out->decision, e);
    return 0;
}

const struct procedure procedure_paired = {
    .name = "paired",
    .summary = "every proposal is tested against the incumbent on fresh seeds",
    .next = next,
};
