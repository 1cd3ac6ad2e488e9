/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wandb_part.h - what the files wandb*.c share: the sweep as far as it was read.
 */
#ifndef HARNESS_WANDB_PART_H
#define HARNESS_WANDB_PART_H

#include "err.h"
#include "str.h"
#include "yaml.h"

struct sweep {
    struct str *notes;
    const char *metric, *strategy;                   /* borrowed; NULL where not given */
    const struct yaml *name, *description, *program; /* likewise */
    const struct yaml *command, *parameters, *early, *run_cap;
    bool maximize;
    bool seeds;    /* it searches a parameter `seed`: here the harness gives it */
    bool booleans; /* one of its values is true or false */
};

/* A note about the value, or about the key, of a node: "sweep.yaml:4:3: …". */
void sweep_note(const struct sweep *sweep, const struct yaml *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sweep_note_key(const struct sweep *sweep, const struct yaml *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A text as YAML takes it: as it is, or in quotes. */
void sweep_add_text(struct str *out, const char *text);

/* `parameters:` with a start for each. */
int sweep_write_parameters(struct str *out, struct sweep *sweep, struct err *err);

/* The elements of trainer.command, between its brackets. */
int sweep_write_command(struct str *out, const struct sweep *sweep, struct err *err);

#endif
