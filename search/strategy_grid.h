/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strategy_grid.h - the full factorial grid: every choice with every level of every parameter.
 */
#ifndef SEARCH_STRATEGY_GRID_H
#define SEARCH_STRATEGY_GRID_H

#include <stdbool.h>

#include "strategy.h"

extern const struct strategy strategy_grid;

/* True where all configs can be looked at: nothing continuous, at most 2^17 combinations. */
bool space_is_small(const struct space *space);

#endif
