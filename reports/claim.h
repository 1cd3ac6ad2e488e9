/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim.h - the only way in which a section speaks of an effect.
 *
 * A sentence about an effect comes from claim_write(), which writes nothing where the interval
 * holds zero or is unknown; so such a sentence cannot be produced.  As data, in the cells of a
 * table, every effect stands as it was measured, with its error beside it.  Sections cannot reach
 * the plain ways of writing an effect: section.h closes them.
 */
#ifndef REPORTS_CLAIM_H
#define REPORTS_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"
#include "str.h"

/* In the metric's unit, positive is better; NAN: unknown. */
struct effect {
    double mean, low, high;
    double level; /* of the interval; NAN: not said */
};

/* What a decision measured; unknown where it is NULL. */
struct effect claim_effect(const struct decision *decision);

/* True where the interval is known and zero lies outside of it, on either side. */
bool claim_holds(const struct effect *effect);

/* "better by 0.11, 90 % interval [+0.04, +0.18]", or "worse by …"; false, and nothing written,
 * where it does not hold. */
bool claim_write(struct str *out, const struct effect *effect);

/*
 * One sentence on how much more the tests that decided have promised than what was measured
 * afterwards.  False, and nothing written, unless all these effects hold.
 */
bool claim_optimism(struct str *out, const struct effect *measured, const struct effect *decided,
                    size_t n);

/* Two cells of a table, as measured: the effect with its standard error (head) or interval (test),
 * and by what it was measured.  Dashes for NULL. */
void claim_cells(struct str *out, const struct decision *decision);

/* The cell of an effect that no decision has made. */
void claim_cell(struct str *out, const struct effect *effect);

#endif
