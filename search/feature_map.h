/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feature_map.h - a config as numbers whose distances mean something.
 *
 * Each searched parameter has features of its own, its group:
 *     a number: its place in [0, 1], of a power of two by its exponent; the same for values that
 *               stand in an order;
 *     a choice: one feature for each of its values, sqrt(1/2) for the value that it has and 0 for
 *               the others, so that two different values are at distance 1;
 *     with a condition, one more: 1 where it is active, 0 where not.
 * An inactive number stands in the middle, an inactive choice has no value: what an inactive
 * parameter might have been makes no difference, that it is inactive does.
 */
#ifndef SEARCH_FEATURE_MAP_H
#define SEARCH_FEATURE_MAP_H

#include <stddef.h>

#include "space.h"

struct features {
    const struct space *space; /* borrowed */
    size_t n, groups;          /* features; searched parameters */
    size_t *group;             /* [n] 0 … groups - 1 */
};

void features_init(struct features *features, const struct space *space);
void features_clear(struct features *features);

/* out [features->n] of a settled config */
void features_write(double *out, const struct features *features, const struct value *config);

/* Which of its values a choice has; n_values where it is none of them. */
size_t feature_choice(const struct param *param, const struct value *value);

#endif
