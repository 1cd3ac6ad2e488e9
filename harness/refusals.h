/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refusals.h - how the outside program that proposes has done, for people and for programs.
 * Nothing is written of a study that asks none.
 */
#ifndef HARNESS_REFUSALS_H
#define HARNESS_REFUSALS_H

#include <jansson.h>

#include "json_line.h"
#include "record.h"
#include "str.h"

/* One line of `status`: taken, refused, the last reason, whether it was given up. */
void refusals_write_status(struct str *out, const struct record *record);

/* Under the table of `log`: every refused proposal for experiment `first` or a later one, with its
 * reason. */
void refusals_write_log(struct str *out, const struct record *record, int64_t first);

/* {"taken": n, "refused": n, "given_up": false, "last_refusal": text or null}; NULL where the study
 * asks no program. */
json_t *refusals_as_json(const struct record *record);

/* Of one experiment: "refused" (why proposals for it were, oldest first), "message" (what the
 * program said with the one that was taken, or null) and, where the study builds its trainer,
 * "source" (from which commit).  Nothing where the study asks no program. */
void refusals_add_experiment(struct json_line *line, const struct record *record, int64_t id);

#endif
