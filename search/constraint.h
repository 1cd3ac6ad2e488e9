/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraint.h - a condition that a config must fulfil: "dim % 64 == 0", "dim * layers <= 1024",
 * "optimizer == 'muon' or lr < 0.01".
 *
 * Grammar, loosest first:  or | and | not | == != < <= > >= | + - | * / % | unary - | number,
 * 'text', true, false, name, ( … ), and the functions min, max, abs, log2.  A comparison of text
 * with a number is a mistake that is found when the constraint is read, wherever possible.
 */
#ifndef SEARCH_CONSTRAINT_H
#define SEARCH_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "value.h"

struct constraint;

/*
 * Reads a constraint over the parameters names[n]; an unknown name is refused with a suggestion.
 * On error err says "column C: …" (1 is the first character).  The caller frees with
 * constraint_free().
 */
int constraint_new(struct constraint **out, const char *text, const char *const *names, size_t n,
                   struct err *err);
void constraint_free(struct constraint *constraint); /* NULL is fine */

const char *constraint_text(const struct constraint *constraint); /* as it was written; borrowed */

/* True where it holds for config [n], and where it mentions an inactive parameter.  Division by
 * zero makes it false. */
bool constraint_holds(const struct constraint *constraint, const struct value *config);

#endif
