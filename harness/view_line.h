/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view_line.h - what commands show of an experiment, written as JSON without a tree, since `log`
 * and `export` print thousands: each text is the one that json_write() makes of view.h's values.
 */
#ifndef HARNESS_VIEW_LINE_H
#define HARNESS_VIEW_LINE_H

#include "json_line.h"
#include "view.h"

/* Text that is no UTF-8 comes with its odd bytes as \xNN, NULL as null. */
void view_write_text(struct str *out, const char *text);
void view_write_id(struct str *out, int64_t id); /* null where there is none: 0 */
void view_write_value(struct str *out, const struct value *value);
void view_write_config(struct str *out, const struct facts *facts, const struct value *config);
void view_write_effect(struct str *out, const struct decision *decision);

/*
 * Adds one experiment with the keys of `log --json`: id, params, purpose, seeds, values, decision,
 * verified, reason, effect, commit; and against, change, decision_number, remark.
 */
void view_line_experiment(struct json_line *line, const struct view *view, int64_t id);

/* The same without params. */
void view_line_fate(struct json_line *line, const struct view *view, int64_t id);

/* Prints the object as one line. */
int view_print_line(struct json_line *line, struct err *err);

#endif
