/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * space.h - what may be searched: parameters with their ranges, conditions and constraints.
 *
 * A *config* is an array of `space->n` values, one per parameter in the order of the study file.
 * Strategies see the unit cube only: a *unit* is an array of `space->n` numbers in [0, 1], and
 * space_decode() makes a config of it.  What is recorded is what is run: a config is settled
 * (rounded, inactive parameters VALUE_NONE) before anyone sees it.
 *
 * Texts: every `text` of a value in here (choices, starts, conditions) is a copy made by
 * space_keep_text(), which lives until space_clear().  Everything else is freed piece by piece.
 *
 * To add a distribution: a row in distribution.c.
 */
#ifndef SEARCH_SPACE_H
#define SEARCH_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "constraint.h"
#include "err.h"
#include "value.h"

struct param;

/* How a parameter is spread over the unit interval; the words are those of W&B sweeps. */
struct distribution {
    const char *name, *summary;
    bool takes_q; /* `q` (the step) is required */
    bool log;     /* min must be positive */
    bool integer;
    bool power_of_two;                                        /* of the whole numbers these alone */
    double (*decode)(const struct param *param, double unit); /* [0, 1] -> [min, max], rounded */
    double (*encode)(const struct param *param, double value);
};
extern const struct distribution *const distributions[]; /* NULL-terminated */
const struct distribution *distribution_find(const char *name);

struct param {
    char *name;
    const struct distribution *distribution; /* NULL: a choice among `values` */
    double min, max, q;
    struct value *values; /* [n_values] the choices; a constant has exactly one */
    size_t n_values;
    bool ordinal;              /* the values stand in an order: neighbours in it are alike */
    struct value start;        /* the baseline's value; a constant's only one */
    int when;                  /* the parameter that it depends on; -1: always active */
    struct value *when_values; /* [n_when] active where params[when] equals one of them */
    size_t n_when;
};

struct space {
    struct param *params; /* [n], in the order of the study file; `when` points backwards only */
    size_t n;
    struct constraint **constraints; /* [n_constraints] */
    size_t n_constraints;
    char **texts; /* [n_texts] what space_keep_text() copied */
    size_t n_texts;
};

/* Frees all that the space holds; a zeroed space is empty and fine. */
void space_clear(struct space *space);

/* The space's own copy of `text`, one per different text; borrowed, lives until space_clear(). */
const char *space_keep_text(struct space *space, const char *text);

bool param_is_searched(const struct param *param); /* false for a constant */

/* A choice among values without an order; what is searched and none has places near and far. */
bool param_is_choice(const struct param *param);

/* How many different values it can take: the choices, or the multiples of its step (or powers of
 * two) within [min, max] (0: none fits, an empty range); INFINITY where it is continuous. */
double param_levels(const struct param *param);

/* Value number `level` (0 … levels - 1) of a parameter that is not continuous, and which of them a
 * value is (of a choice: levels where it is none of them). */
struct value param_nth(const struct param *param, double level);
double param_level(const struct param *param, const struct value *value);

/* One coordinate, without regard to conditions.  param_decode() takes what lies outside [0, 1],
 * or is NAN, for the nearer end (NAN: 0); param_encode() gives 0.5 for a constant and for
 * VALUE_NONE. */
struct value param_decode(const struct param *param, double unit);
double param_encode(const struct param *param, const struct value *value);

int space_find(const struct space *space, const char *name); /* index, -1 when absent */

/* How many different configs there are at most, before conditions and constraints; INFINITY where a
 * parameter is continuous. */
double space_combinations(const struct space *space);

/* unit [n] -> settled config [n].  Coordinates of constants and inactive parameters are ignored. */
void space_decode(struct value *config, const struct space *space, const double *unit);

/* settled config [n] -> the unit point that decodes to it; 0.5 for constants and inactive ones. */
void space_encode(double *unit, const struct space *space, const struct value *config);

/* The baseline: every start, with conditions applied. */
void space_start(struct value *config, const struct space *space);

/* Applies the conditions: an inactive parameter becomes VALUE_NONE, an active one without a value
 * its start.  Values are not rounded here. */
void space_settle(struct value *config, const struct space *space);

/*
 * A value from outside (enqueue, a record): reads `text` as the parameter's value, checks range,
 * step and choices.  Errors name the parameter and the limits.  The text of a choice is borrowed
 * from the space.
 */
int space_read_value(struct value *out, const struct space *space, size_t index, const char *text,
                     struct err *err);

/* True where every constraint holds; else false with the first broken one in *broken (may be
 * NULL; borrowed).  A constraint that mentions an inactive parameter holds. */
bool space_allows(const struct space *space, const struct value *config, const char **broken);

bool space_same(const struct space *space, const struct value *a, const struct value *b);

/* "lr 0.0006 -> 0.0008, layers 3 -> 4": what b changes of a; "no change" where they are equal.
 * The caller frees. */
char *space_describe_change(const struct space *space, const struct value *a,
                            const struct value *b);

#endif
