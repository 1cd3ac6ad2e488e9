/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.h - what the reading commands share: a study opened for reading, an experiment as JSON and
 * as words, colours, and printing that notices a full disk.
 *
 * No view shows a metric called test_loss: that is withheld until it is confirmed.
 */
#ifndef HARNESS_VIEW_H
#define HARNESS_VIEW_H

#include <stdbool.h>

#include <jansson.h>

#include "command.h"
#include "err.h"
#include "facts.h"
#include "place.h"
#include "record.h"
#include "store.h"
#include "str.h"

struct view {
    struct place place;
    struct store *store;
    struct record record;
    struct facts facts;
};

/*
 * Operands of the form "[STUDY] WORD…" with least … most words: *study is NULL where it was left
 * out, words[n] are the others (borrowed).
 */
struct operands {
    const char *study;
    const char *const *words;
    size_t n;
};
int view_operands(struct operands *out, const struct command *command,
                  const struct arguments *arguments, size_t least, size_t most, struct err *err);

/* The help text of --dir, which every reading command takes. */
#define VIEW_DIR_HELP "the run directory, instead of runs/NAME beside the study file"

/* `study` NULL: the only one here; `dir`: --dir or NULL.  On error *out is closed. */
int view_open(struct view *out, const char *study, const char *dir, struct err *err);

/* The same with such parts of the record alone (store_load_parts()). */
int view_open_parts(struct view *out, const char *study, const char *dir, unsigned parts,
                    struct err *err);

/* What is shown of an experiment, where it was left out: its config, and the one that it changed;
 * the commits of its decisions (of one experiment in a view). */
int view_load_config(struct view *view, int64_t id, struct err *err);
int view_load_commits(struct view *view, int64_t id, struct err *err);

void view_close(struct view *view);

/* An experiment's id as the user typed it; a usage error says which there are. */
int view_read_id(int64_t *out, const struct view *view, const char *word, struct err *err);

/* A config as a table of names and values, two blanks before each name. */
void view_add_config(struct str *out, const struct space *space, const struct value *config);

/* Writes results to standard output; that they got there is looked at once more when the command
 * has ended (command.c). */
int view_print(const struct str *text, struct err *err);
int view_print_json(const json_t *value, struct err *err); /* one line */

/* Columns of a line on standard output: $COLUMNS where it is set, the terminal's, else 80. */
size_t view_columns(void);

/* True where standard output wants colours: a terminal, TERM not "dumb", NO_COLOR not set. */
bool view_has_colour(void);
const char *outcome_paint(enum outcome outcome); /* ANSI colour, NULL: as it is */
char outcome_mark(enum outcome outcome);         /* + keep, - revert, x failed, . pending */

/* Members of JSON objects; text that is no UTF-8 comes with its odd bytes as \xNN, NULL as null. */
json_t *view_json_text(const char *text);
json_t *view_json_config(const struct space *space, const struct value *config);
json_t *view_json_effect(const struct decision *decision); /* NULL: all null, n 0 */

/* The failed runs of the study by class: {"exit": 2, "timeout": 1}. */
json_t *view_json_failures(const struct view *view);

#endif
