/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "fate.h"
#include "lond.h"
#include "noise_floor.h"
#include "record_audit.h"

/* Of the last test that was made, or of the first one that would be. */
static double level_of_tests(const struct record *record)
{
    struct tally tally;

    tally_count(&tally, record);
    if (isfinite(tally.last_level))
        return tally.last_level;
    return isfinite(record->study.fdr) ? lond_level(record->study.fdr, 1, 0)
                                       : record->study.rule.alpha;
}

double noise_floor_sd(const struct noise_floor *floor)
{
    bool audit = floor->audited && floor->audit.sigma_d > 0;

    return audit ? floor->audit.sigma_d : floor->pair_sd;
}

int noise_floor_measure(struct noise_floor *out, const struct facts *facts, struct err *err)
{
    struct judge_rule rule = facts->record->study.rule;

    *out = (struct noise_floor){.visible = NAN};
    rule.alpha = level_of_tests(facts->record);
    if (judge_init(&out->judge, &rule, err) != 0)
        return -1;
    if (facts->record->n_experiments > 0)
        out->audited = record_audit(&out->audit, facts->record, &out->judge);
    out->pair_sd = facts_pair_sd(facts, &out->pair_df);
    out->visible =
        rule.min_gain + boundary_visible(&out->judge.boundary, AUDIT_POWER) * noise_floor_sd(out);
    return 0;
}
