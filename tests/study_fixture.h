/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_fixture.h - one sound study as text, and parsing that must succeed.
 */
#ifndef TESTS_STUDY_FIXTURE_H
#define TESTS_STUDY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mem.h"
#include "study.h"

/* clang-format off */
static const char sound[] =
    "name: kjv\n"
    "metric: {name: val_loss, goal: minimize}\n"
    "trainer:\n"
    "  command: [lm, --config, \"{config}\"]\n"
    "  timeout: 15m\n"
    "parameters:\n"
    "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2, start: 6e-4}\n"
    "  dim: {distribution: q_uniform, q: 64, min: 64, max: 256, start: 128}\n"
    "  layers: {min: 1, max: 8, start: 3}\n"
    "  optimizer: {values: [adamw, muon], start: adamw}\n"
    "  muon_lr: {min: 0.001, max: 0.1, start: 0.02, when: {optimizer: muon}}\n"
    "  tokens: {value: 2000000}\n"
    "constraints: [\"dim % 64 == 0\", \"dim * layers <= 1024\"]\n"
    "search: {strategy: perturb, seed: 1}\n"
    "decision: {alpha: 0.05, max_seeds: 6, min_gain: 0.0}\n"
    "jobs: 2\n";
/* clang-format on */

static inline void parse_good(struct study *study, const char *text)
{
    struct err err = {0, ""};

    if (study_parse(study, text, strlen(text), "s.yaml", &err) != 0)
        fail_msg("%s\n%s", err.text, text);
}

/* The sound study with the only `from` in it replaced; the caller frees. */
static inline char *sound_with(const char *from, const char *to)
{
    const char *at = strstr(sound, from);

    assert_non_null(at);
    assert_null(strstr(at + 1, from));
    return mem_printf("%.*s%s%s", (int)(at - sound), sound, to, at + strlen(from));
}

#endif
