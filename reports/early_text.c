/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>

#include "early_text.h"
#include "proportion.h"
#include "say.h"

#define CONFIDENCE 0.95

static void write_rungs(struct str *out, const struct early_rule *rule)
{
    if (rule->min_iter > 0) {
        str_addf(out, ", the first rung at value %d of the baseline", rule->min_iter);
        return;
    }
    str_add(out, ", rungs at ");
    for (int i = rule->s; i > 0; i--) {
        say_rough(out, 100 * pow(rule->eta, -i));
        str_add(out, i > 1 ? " %, " : " %");
    }
}

void early_write_rule(struct str *out, const struct early_rule *rule)
{
    str_addf(out, "%s (", rule->kind->name);
    if (rule->kind->ranks) {
        str_add(out, "eta ");
        say_rough(out, rule->eta);
        write_rungs(out, rule);
    } else {
        str_add(out, "z ");
        say_rough(out, rule->z);
        str_add(out, ", from ");
        say_rough(out, 100 * rule->min_progress);
        str_add(out, " % of a run on");
    }
    str_add(out, ")");
}

void early_missed_interval(double *low, double *high, const struct early_account *account)
{
    proportion_interval(low, high, account->missed, account->spared, CONFIDENCE);
}

void early_write_missed(struct str *out, const struct early_account *account)
{
    double low, high;

    str_addf(out, "%" PRId64 " of %" PRId64, account->missed, account->spared);
    if (account->spared == 0)
        return;
    early_missed_interval(&low, &high, account);
    str_add(out, ", ");
    say_share(out, (double)account->missed / (double)account->spared, low, high);
}
