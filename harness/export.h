/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export.h - a record in the formats of other tools.  To add one: a function and a row in export.c.
 */
#ifndef HARNESS_EXPORT_H
#define HARNESS_EXPORT_H

#include "view.h"

/* A format is one file, whose bytes write() makes, or a folder that write_folder() fills; the other
 * function is NULL. */
struct export_format {
    const char *name, *summary;
    bool binary;    /* nothing for a terminal */
    unsigned parts; /* of the record, that it shows (store_load_parts()) */
    int (*write)(struct str *out, const struct view *view, struct err *err);
    int (*write_folder)(const char *dir, const struct view *view, struct err *err);
};
extern const struct export_format export_formats[]; /* ends with a NULL name */

/* Optuna's storages (optuna_trial.h): an SQLite file of its versions 3.0 and 3.1, or of 3.2 and
 * later, which differ in the number of the schema and an index; and its journal, JSON Lines. */
int export_optuna(struct str *out, const struct view *view, struct err *err);
int export_optuna4(struct str *out, const struct view *view, struct err *err);
int export_optuna_journal(struct str *out, const struct view *view, struct err *err);

/* TensorBoard's event files: DIR/EXPERIMENT/SEED/events.out.tfevents.… for each run that ended. */
int export_tensorboard(const char *dir, const struct view *view, struct err *err);

#endif
