/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strategy_grid.h - the full factorial grid: every choice with every level of every parameter.
 */
#ifndef SEARCH_STRATEGY_GRID_H
#define SEARCH_STRATEGY_GRID_H

#include <stdbool.h>

#include "strategy.h"

extern const struct strategy strategy_grid;

/* True where the grid is the whole space: no continuous parameter and no long range of steps. */
bool grid_is_complete(const struct space *space);

#endif
