/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chart.h - small charts in plain text, for Markdown and terminals.
 */
#ifndef REPORTS_CHART_H
#define REPORTS_CHART_H

#include "facts.h"
#include "str.h"

/*
 * The experiments' means from left to right as a fenced block of text: + keep, - not kept, better
 * upwards.  More experiments than columns share columns: a keep is shown before any other, else the
 * best.  The scale reaches from the keeps and the better three quarters up to the best; what lies
 * below is drawn at the rim as v.  Nothing where fewer than three have a mean.
 */
void chart_history(struct str *out, const struct facts *facts);

#endif
