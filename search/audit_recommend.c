/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an audit's numbers ask for, in sentences; the rest of audit.h is in audit.c. */
#include "audit.h"

#include <math.h>

static const double PAIRED_SHARE = 0.25; /* of sigma_d: what the validation set may add at most */
static const double RATE_SHARE = 0.05;   /* relative SD of the speed that a time budget bears */
static const double LITTLE_RHO = 0.25; /* below it pairing takes off less than a seventh of an SD */

struct number {
    char text[NUMBER_TEXT];
};

static struct number number(double x)
{
    struct number n = {0};

    number_short(n.text, x, 3);
    return n;
}

static void say_determinism(struct str *out, const struct audit *a)
{
    if (!a->repeated)
        str_add(out, "The baseline was not repeated on one seed, so it is not known whether a run "
                     "can be repeated bit for bit.\n");
    else if (!a->deterministic)
        str_addf(out,
                 "The trainer is not deterministic: the same config and seed gave losses %s apart. "
                 "No run can be repeated bit for bit; what pairing by seed still takes off is in "
                 "sigma_d.\n",
                 number(a->repeat_gap).text);
}

static void say_validation(struct str *out, const struct audit *a)
{
    double times = pow(a->paired_se / (PAIRED_SHARE * a->sigma_d), 2.0);

    if (a->sigma_d > 0.0 && times > 1.0)
        str_addf(out,
                 "Take %s times as many validation tokens: the validation set's paired error %s is "
                 "above a quarter of sigma_d %s, so what wins on it may not win elsewhere.\n",
                 number(ceil(times * 10.0) / 10.0).text, number(a->paired_se).text,
                 number(a->sigma_d).text);
}

/* The fewest pairs a test at this judge's level must be allowed to see `effect` [sigma_d]; 0 where
 * BOUNDARY_MAX are too few. */
static int seeds_to_see(double effect, const struct judge *judge)
{
    struct judge_rule rule = judge->rule;
    struct judge more;
    struct err err;

    for (rule.max_seeds++; rule.max_seeds <= BOUNDARY_MAX; rule.max_seeds++)
        if (judge_init(&more, &rule, &err) == 0 &&
            boundary_visible(&more.boundary, AUDIT_POWER) <= effect)
            return rule.max_seeds;
    return 0;
}

/* min_gain is what the user cares for: a gain of twice that should not be missed. */
static void say_min_gain(struct str *out, const struct audit *a, const struct judge *judge)
{
    double gain = judge->rule.min_gain;
    int seeds;

    if (!(gain > 0.0 && a->visible * a->sigma_d > gain))
        return;
    seeds = seeds_to_see(gain / a->sigma_d, judge);
    str_addf(out,
             "Take a longer budget%s: a gain of twice min_gain %s would be missed more often than "
             "one time in five, since it takes %s; sigma_d would have to be %s instead of %s",
             seeds ? " or more seeds" : "", number(gain).text, number(a->visible_effect).text,
             number(gain / a->visible).text, number(a->sigma_d).text);
    if (seeds)
        str_addf(out, ", or max_seeds %d instead of %d", seeds, judge->rule.max_seeds);
    str_add(out, ".\n");
}

static void say_pairing(struct str *out, const struct audit *a)
{
    if (a->rho < LITTLE_RHO && a->n >= 4)
        str_addf(out,
                 "Configs share little of a seed's noise (rho %s from %d pairs), so pairing gains "
                 "little: see that a seed fixes initialisation and data order.\n",
                 number(a->rho).text, a->n);
}

static void say_rate(struct str *out, const struct audit *a)
{
    double share = a->rate_sd / a->rate_mean;

    if (share > RATE_SHARE)
        str_addf(
            out,
            "Budget in tokens or steps, not in time: the speed of %d runs of like configs varied "
            "by %s %% (SD).\n",
            a->rates, number(100.0 * share).text);
}

static void say_visible(struct str *out, const struct audit *a)
{
    if (isnan(a->sigma_d))
        str_addf(out, "The noise is not known: %d pairs ended well, and it takes two.\n", a->n);
    else if (a->sigma_d > 0.0)
        str_addf(out,
                 "A gain of %s or more is kept in at least four of five cases (min_gain plus %s "
                 "sigma_d; sigma_d is %s from %d pairs).\n",
                 number(a->visible_effect).text, number(a->visible).text, number(a->sigma_d).text,
                 a->n);
    else
        str_addf(out,
                 "Every one of %d pairs differs by the same: the trainer ignores its seed, or "
                 "prints the loss with too few digits.\n",
                 a->n);
}

void audit_recommend(struct str *out, const struct audit *audit, const struct judge *judge)
{
    say_visible(out, audit);
    say_determinism(out, audit);
    say_validation(out, audit);
    say_min_gain(out, audit, judge);
    say_pairing(out, audit);
    say_rate(out, audit);
}
