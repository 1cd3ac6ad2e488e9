/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registry_text.h - the registry in Markdown: the table of claims, and the evidence of one test,
 * each number with the experiment and the seed that it came from.
 */
#ifndef REPORTS_REGISTRY_TEXT_H
#define REPORTS_REGISTRY_TEXT_H

#include "registry.h"
#include "str.h"

/* A row a claim: id, what it says, status, effect, seeds, experiments, date; with `studies` the
 * study too. */
void registry_write_table(struct str *out, const struct registry *registry, bool studies);

/* "**Of 4 claims 1 is verified**, 1 disproved, 2 inconclusive.", of one study that has some. */
void registry_write_outcome(struct str *out, const struct record *record);

/* "val_loss(lr=8e-3) < val_loss(lr=4e-3), given dim=128", escaped. */
void registry_write_claim(struct str *out, const struct hypothesis *hypothesis);

/*
 * A sentence on a test: "Verified: experiment 2 against experiment 3, 4 seeds: better by
 * 0.11, 97.8 % interval …".  It tells of an
 * effect only where the interval leaves no doubt of it.
 */
void registry_write_verdict(struct str *out, const struct registry_test *test);

/* A row a seed: what each side measured, and the difference. */
void registry_write_pairs(struct str *out, const struct registry_test *test);

#endif
