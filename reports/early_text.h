/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * early_text.h - what ending runs early saved and missed, in words: for report and status alike.
 */
#ifndef REPORTS_EARLY_TEXT_H
#define REPORTS_EARLY_TEXT_H

#include "record_early.h"
#include "str.h"

/* "paired_curves (z 2.5, from 20 % of a run on)", "hyperband (eta 3, rungs at 11.1 %, 33.3 %)". */
void early_write_rule(struct str *out, const struct early_rule *rule);

/* "1 of 12, 8.33 % [0.21, 38.5]": of the spared ones those that the search kept after all, with the
 * interval of Clopper & Pearson at 95 % (proportion.h); "0 of 0" where none was to be ended. */
void early_write_missed(struct str *out, const struct early_account *account);

/* The same interval as shares; 0 to 1 while nothing is known. */
void early_missed_interval(double *low, double *high, const struct early_account *account);

#endif
