/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_now.h - the policy as the study file says it now: it may have been changed since the study
 * was begun, and a session takes it from there.
 */
#ifndef HARNESS_POLICY_NOW_H
#define HARNESS_POLICY_NOW_H

#include "place.h"
#include "policy.h"

/* From the study file, or else (it is gone, or not sound) as recorded.  The caller clears. */
void policy_now(struct policy *out, const struct place *place, const struct record *record);

#endif
