/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_neighbour.h - a config beside another one: what the noise audit compares the baseline with.
 */
#ifndef SEARCH_AUDIT_NEIGHBOUR_H
#define SEARCH_AUDIT_NEIGHBOUR_H

#include <stdbool.h>

#include "space.h"

/*
 * Moves one parameter by AUDIT_STEP of its unit range: `lr` where it is a searched number, else
 * the first searched number (values in an order are as good); up, or down where up is not allowed;
 * further where rounding takes the step back.  The constraints hold.  False where no number can be
 * moved (*out is `from` then).
 *
 *   out, from [space->n]  settled configs
 */
#define AUDIT_STEP 0.1
bool audit_neighbour(struct value *out, const struct space *space, const struct value *from);

#endif
