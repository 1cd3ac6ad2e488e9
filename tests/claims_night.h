/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claims_night.h - a study of hypotheses driven to its end in memory, by the referee that drives
 * real ones, with losses whose truth is known: loss = x + noise, SD 0.1 (x = 9 fails).
 */
#ifndef TESTS_CLAIMS_NIGHT_H
#define TESTS_CLAIMS_NIGHT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mem.h"
#include "propose.h"
#include "record_hypothesis.h"
#include "referee.h"
#include "rng.h"

struct claims_night {
    struct record record;
    struct referee referee;
};

static inline void night_open(struct claims_night *night, const char *text)
{
    struct err err = {0, ""};
    struct str spec = {0};

    *night = (struct claims_night){.record = {.n_runs = 0}};
    if (study_parse(&night->record.study, text, strlen(text), "night", &err) != 0)
        fail_msg("%s", err.text);
    study_write_spec(&spec, &night->record.study);
    night->record.spec = str_take(&spec);
    referee_init(&night->referee);
}

static inline void night_close(struct claims_night *night)
{
    referee_clear(&night->referee);
    record_clear(&night->record);
}

static inline void night_add_baseline(struct record *record)
{
    struct err err = {0, ""};
    struct experiment e;
    struct past_memory past = {0};

    assert_int_equal(propose_repeat(&e, record, &past, &err), 0);
    past_memory_clear(&past);
    record_add_experiment(record, &e);
    experiment_clear(&e);
}

static inline void night_run(struct record *record, const struct wanted *wanted)
{
    struct run run = record_next_run(record, wanted->experiment, wanted->variant, wanted->seed);
    double x = record->experiments[wanted->experiment - 1].config[0].number;
    struct rng rng;

    rng_init(&rng, wanted->seed, "loss", (uint64_t)wanted->experiment);
    run.class = x >= 9 ? CLASS_EXIT : CLASS_OK;
    run.exit_code = x >= 9 ? 3 : 0;
    run.value = x >= 9 ? (double)NAN : x + 0.1 * rng_normal(&rng);
    run.wall_s = 2;
    run.steps = 100;
    run.ended = 1795000000 + run.id;
    record_add_run(record, &run);
}

/* One step; false where nothing is left to be done. */
static inline bool night_step(struct claims_night *night)
{
    struct record *record = &night->record;
    struct err err = {0, ""};
    struct experiment side;
    struct needs needs;

    assert_int_equal(referee_follow(&night->referee, record, &err), 0);
    assert_int_equal(referee_next(&needs, &night->referee, record, false, &err), 0);
    if (needs.need == NEED_PAIR) {
        record_add_pair(record, &needs.pair);
    } else if (needs.need == NEED_EXPERIMENT) {
        propose_side(&side, record, needs.config);
        record_add_experiment(record, &side);
        experiment_clear(&side);
    } else if (needs.need == NEED_DECISION) {
        record_add_decision(record, &needs.decision);
    }
    for (size_t i = 0; needs.need == NEED_RUNS && i < needs.n_runs; i++)
        night_run(record, &needs.runs[i]);
    return needs.need != NEED_NOTHING;
}

static inline void night_drive(struct claims_night *night)
{
    night_add_baseline(&night->record);
    for (int steps = 0; night_step(night); steps++)
        assert_in_range(steps, 0, 2000);
}

/* `more` stands behind what all have. */
static inline char *night_text(const char *name, int seed, const char *more)
{
    return mem_printf("# Does a smaller x\n# give a lower loss?\n#\n#   run me\n"
                      "name: %s\n"
                      "metric: {name: val_loss, goal: minimize}\n"
                      "trainer: {command: [train, \"{config}\"]}\n"
                      "parameters:\n"
                      "  x: {distribution: uniform, min: 0, max: 10, start: 5.5}\n"
                      "  n: {values: [1, 2], start: 1}\n"
                      "search: {strategy: none, seed: %d}\n"
                      "%s",
                      name, seed, more);
}

#endif
