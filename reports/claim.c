/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "claim.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"

static const double HEAD_LEVEL = 0.9;     /* of the interval that a decision of the head shows */
static const double CONFIRM_LEVEL = 0.95; /* of a confirmation's */

static double level_of(const struct decision *d)
{
    if (d->kind == DECISION_CONFIRM)
        return CONFIRM_LEVEL;
    if (d->kind == DECISION_HYPOTHESIS)
        return 1 - d->alpha;
    return d->test == 0 ? HEAD_LEVEL : 1 - 2 * d->alpha;
}

struct effect claim_effect(const struct decision *d)
{
    if (d == NULL)
        return (struct effect){NAN, NAN, NAN, NAN};
    return (struct effect){d->mean, d->low, d->high, level_of(d)};
}

bool claim_holds(const struct effect *e)
{
    bool known = isfinite(e->mean) && isfinite(e->low) && isfinite(e->high);

    return known && (e->low > 0 || e->high < 0);
}

bool claim_write(struct str *out, const struct effect *e)
{
    char level[NUMBER_TEXT];

    if (!claim_holds(e))
        return false;
    str_add(out, e->low > 0 ? "better by " : "worse by ");
    say_rough(out, fabs(e->mean));
    if (isfinite(e->level))
        str_addf(out, ", %s %% interval ", number_short(level, 100 * e->level, 3));
    else
        str_add(out, ", interval ");
    say_interval(out, e->low, e->high);
    return true;
}

bool claim_optimism(struct str *out, const struct effect *measured, const struct effect *decided,
                    size_t n)
{
    double sum = 0;

    if (n == 0 || !claim_holds(measured))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!claim_holds(&decided[i]))
            return false;
        sum += decided[i].mean;
    }
    if (n == 1)
        str_add(out, "The test that decided said ");
    else
        str_addf(out, "The %zu tests that decided said ", n);
    say_rough(out, sum);
    str_add(out, n == 1 ? ", " : " together, ");
    say_rough(out, fabs(sum - measured->mean));
    str_add(out, sum > measured->mean
                     ? " more: what was chosen for being good looks better than it is. The number "
                       "above counts."
                     : " less. The number above counts.");
    return true;
}

/* --- as data -------------------------------------------------------------------------------- */

static char *measured_by(const struct decision *d)
{
    char level[NUMBER_TEXT];
    const char *s = d->n == 1 ? "" : "s";

    if (d->n == 0)
        return mem_strdup("-");
    if (d->test == 0)
        return mem_printf("%d run%s, untested", d->n, s);
    if (d->kind == DECISION_CONFIRM)
        return mem_printf("%d pair%s, confirmation", d->n, s);
    return mem_printf("%d pair%s, test at %s", d->n, s, number_short(level, d->alpha, 3));
}

static char *effect_text(const struct decision *d)
{
    struct str text = {0};

    if (d->test > 0) {
        say_measured(&text, d->mean, d->low, d->high);
        return str_take(&text);
    }
    say_effect(&text, d->mean);
    if (isfinite(d->mean) && isfinite(d->sd)) {
        str_add(&text, " ± ");
        say_rough(&text, d->sd);
    }
    return str_take(&text);
}

void claim_cells(struct str *out, const struct decision *d)
{
    markdown_take(out, d != NULL ? effect_text(d) : mem_strdup("-"));
    markdown_take(out, d != NULL ? measured_by(d) : mem_strdup("-"));
}

void claim_cell(struct str *out, const struct effect *e)
{
    struct str text = {0};

    say_measured(&text, e->mean, e->low, e->high);
    markdown_take(out, str_take(&text));
}
