/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.h - some values of a config, named by somebody outside: {"lr": "3e-4"}, names and values
 * as text, so that nothing is rounded on the way.
 */
#ifndef HARNESS_SETTINGS_H
#define HARNESS_SETTINGS_H

#include <jansson.h>

#include "err.h"
#include "space.h"

/*
 * Sets what `wanted` names in config [space->n], which holds the values of all else, and settles
 * the whole.  A usage error where a name is none, a value is no text or cannot be had, or a
 * parameter has no meaning beside the others.  Constraints are the caller's business.
 */
int settings_apply(struct value *config, const struct space *space, const json_t *wanted,
                   struct err *err);

/* Is each name a parameter and each value one of its values, whatever the others will be? */
int settings_check(const struct space *space, const json_t *wanted, struct err *err);

#endif
