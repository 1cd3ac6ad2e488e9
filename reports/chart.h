/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chart.h - small charts in plain text, for Markdown and terminals.
 */
#ifndef REPORTS_CHART_H
#define REPORTS_CHART_H

#include "facts.h"
#include "str.h"

/*
 * The experiments' means from left to right as a fenced block of text, better upwards; the marks
 * are those of fate.h: + verified, > head moved, - reverted, o placebo, = baseline.  More
 * experiments than columns share columns: what is verified is shown before a move, a move before
 * any other, else the best.  The scale reaches from what was kept and the better three quarters up
 * to the best; what lies below is drawn at the rim as v.  Below stand the tests apart from them,
 * where they fell in time: T kept, t not, o a placebo's, c a confirmation.  Nothing where fewer
 * than three have a mean.
 */
void chart_history(struct str *out, const struct facts *facts);

/* The part of the scale that matters, from the chart above, in the metric as printed. */
struct chart_range {
    double low, high; /* low < high; NAN where shown is below 1 */
    size_t shown;     /* experiments that have a mean */
};
struct chart_range chart_range(const struct facts *facts);

#endif
