/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trial.h - the text forms of one config, each with one spelling, so that equal configs have equal
 * bytes and hashes.  Inactive parameters are left out everywhere.
 */
#ifndef EXPERIMENTS_TRIAL_H
#define EXPERIMENTS_TRIAL_H

#include "err.h"
#include "file.h"
#include "space.h"
#include "str.h"

/* {"dim":128,"lr":0.0006}: keys sorted, no blanks; what is stored, hashed and given to trainers. */
void trial_write_json(struct str *out, const struct space *space, const struct value *config);

/* One `name: value` a line, keys sorted: config.yaml of the git record. */
void trial_write_yaml(struct str *out, const struct space *space, const struct value *config);

/* SHA-256 of the JSON form. */
void trial_hash(char out[SHA256_TEXT], const struct space *space, const struct value *config);

/* Reads the JSON (or YAML) form back into config [space->n]; checks ranges, names, types and
 * completeness, not the constraints. */
int trial_parse(struct value *config, const struct space *space, const char *text, struct err *err);

/*
 * The same for many configs of one space, one after the other, each with its place in the unit
 * cube. A value that is spelt as in the config before is not read again: most are, since a proposal
 * changes few.
 */
struct trial_reader {
    const struct space *space;
    struct trial_spelling *last; /* [space->n] */
};
void trial_reader_init(struct trial_reader *out, const struct space *space); /* borrows the space */
void trial_reader_clear(struct trial_reader *reader);
int trial_reader_read(struct trial_reader *reader, struct value *config, double *unit,
                      const char *text,
                      struct err *err); /* both [space->n]; unit NULL: not asked */

/*
 * The argv of one run, NULL-terminated; the caller frees with argv_free().  Placeholders inside an
 * element: {config}, {seed}, {dir}, {steps}, {study_dir}, {name} for each parameter; an element
 * that is exactly {args} becomes one --name=value per active parameter, sorted by name.  `steps` is
 * the calibrated count, 0 while unknown.  An element that holds an inactive parameter is left out.
 *
 * An element without placeholder that names an existing file or folder relative to study_dir is
 * given as that path; it must hold a slash or a point, so that a word such as "train" stays a word.
 * command[0] without a slash is left as it is.
 */
struct argv_values {
    const char *config_path, *dir, *study_dir;
    uint32_t seed;
    int64_t steps;
};
char **trial_argv(const struct space *space, const struct value *config, char *const *command,
                  size_t n_command, const struct argv_values *values);
void argv_free(char **argv);

#endif
