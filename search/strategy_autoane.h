/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strategy_autoane.h - the forerunner's proposals, for comparison.
 */
#ifndef SEARCH_STRATEGY_AUTOANE_H
#define SEARCH_STRATEGY_AUTOANE_H

#include "strategy.h"

extern const struct strategy strategy_autoane;

#endif
