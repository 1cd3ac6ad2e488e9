/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.h - a target fed without libFuzzer: whole inputs, each cut off at every byte, and copies
 * damaged at random from a fixed seed.
 */
#ifndef FUZZ_REPLAY_H
#define FUZZ_REPLAY_H

#include "target.h"

/* An input, and where it comes from. */
struct input {
    uint8_t *bytes;
    size_t len;
};

/* The corpus `dir`/<name of the target>, and the target's seed where it has one; returns how many
 * there are.  The caller frees with inputs_free(). */
size_t inputs_read(struct input **out, const struct target *target, const char *dir);
void inputs_free(struct input *inputs, size_t n);

/* Feeds all, their truncations (at most `cuts` of each, evenly spaced) and `rounds` damaged copies
 * of each; returns how often the target was called. */
size_t replay(const struct target *target, const struct input *inputs, size_t n, size_t cuts,
              size_t rounds);

#endif
