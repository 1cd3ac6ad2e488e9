/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_fixture.h - spaces and histories for tests, a line each.
 */
#ifndef TESTS_SEARCH_FIXTURE_H
#define TESTS_SEARCH_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mem.h"
#include "strategy.h"

/* --- spaces ----------------------------------------------------------------------------------- */

static inline struct value number_value(double x)
{
    return (struct value){VALUE_NUMBER, x, NULL};
}

static inline struct param *add_param(struct space *space, const char *name)
{
    space->params = mem_room(space->params, space->n, sizeof *space->params);
    space->params[space->n] = (struct param){.name = mem_strdup(name), .when = -1};
    return &space->params[space->n++];
}

static inline struct param *add_number(struct space *space, const char *name,
                                       const char *distribution, double min, double max, double q,
                                       double start)
{
    struct param *param = add_param(space, name);

    param->distribution = distribution_find(distribution);
    assert_non_null(param->distribution);
    param->min = min;
    param->max = max;
    param->q = q;
    param->start = number_value(start);
    return param;
}

/* Choices as words between blanks; the first is the start.  true and false become booleans. */
static inline struct param *add_choice(struct space *space, const char *name, const char *words)
{
    struct param *param = add_param(space, name);
    char *copy = mem_strdup(words), *rest = copy, *word;

    while ((word = strsep(&rest, " ")) != NULL) {
        double x;
        bool yes = strcmp(word, "true") == 0;
        struct value value = {VALUE_TEXT, 0, NULL};
        if (yes || strcmp(word, "false") == 0)
            value = (struct value){VALUE_BOOL, yes ? 1 : 0, NULL};
        else if (number_read(&x, word))
            value = number_value(x);
        else
            value.text = space_keep_text(space, word);
        param->values = mem_room(param->values, param->n_values, sizeof *param->values);
        param->values[param->n_values++] = value;
    }
    free(copy);
    param->start = param->values[0];
    return param;
}

/* The last parameter is active where `parent` is `word`. */
static inline void only_when(struct space *space, const char *parent, const char *word)
{
    struct param *param = &space->params[space->n - 1];

    param->when = space_find(space, parent);
    assert_true(param->when >= 0);
    param->when_values = mem_new(1, sizeof *param->when_values);
    param->n_when = 1;
    param->when_values[0] = (struct value){VALUE_TEXT, 0, space_keep_text(space, word)};
}

static inline void add_constraint(struct space *space, const char *text)
{
    struct err err = {0};
    const char **names = mem_new(space->n, sizeof *names);
    struct constraint *constraint;

    for (size_t i = 0; i < space->n; i++)
        names[i] = space->params[i].name;
    if (constraint_new(&constraint, text, names, space->n, &err) != 0)
        fail_msg("%s", err.text);
    free(names);
    space->constraints =
        mem_room(space->constraints, space->n_constraints, sizeof *space->constraints);
    space->constraints[space->n_constraints++] = constraint;
}

/* Values between blanks that stand in an order. */
static inline struct param *add_ordinal(struct space *space, const char *name, const char *words)
{
    struct param *param = add_choice(space, name, words);

    param->ordinal = true;
    return param;
}

/* One of every kind: journal, linear, stepped, whole, choice, condition, constant, constraint. */
static inline void fill_mixed_space(struct space *space)
{
    *space = (struct space){0};
    add_number(space, "lr", "log_uniform_values", 1e-4, 1e-2, 0, 6e-4);
    add_number(space, "beta2", "uniform", 0.9, 0.999, 0, 0.95);
    add_number(space, "dim", "q_uniform", 64, 256, 64, 128);
    add_number(space, "layers", "int_uniform", 1, 8, 0, 3);
    add_choice(space, "optimizer", "adamw muon sgd");
    add_number(space, "muon_lr", "log_uniform_values", 1e-3, 1e-1, 0, 2e-2);
    only_when(space, "optimizer", "muon");
    add_choice(space, "tokens", "2000000");
    add_constraint(space, "dim * layers <= 1024");
}

/* The same without continuous ranges, for a strategy that wants steps. */
static inline void fill_stepped_space(struct space *space)
{
    *space = (struct space){0};
    add_number(space, "batch", "power_of_two", 4, 256, 0, 32);
    add_number(space, "warmup", "q_uniform", 0, 0.4, 0.1, 0.1);
    add_number(space, "dim", "q_uniform", 64, 256, 64, 128);
    add_number(space, "layers", "int_uniform", 1, 8, 0, 3);
    add_choice(space, "optimizer", "adamw muon sgd");
    add_number(space, "muon_lr", "q_uniform", 0.01, 0.1, 0.01, 0.02);
    only_when(space, "optimizer", "muon");
    add_choice(space, "tokens", "2000000");
    add_constraint(space, "dim * layers <= 1024");
}

/* --- histories -------------------------------------------------------------------------------- */

struct journal {
    const struct space *space;
    struct past *past;
    struct history history;
};

static inline void journal_add(struct journal *journal, const struct value *config,
                               enum outcome outcome, double loss)
{
    const struct space *space = journal->space;
    struct value *values = mem_new(space->n, sizeof *values);
    double *unit = mem_new(space->n, sizeof *unit);
    size_t n = journal->history.n;

    memcpy(values, config, space->n * sizeof *values);
    space_encode(unit, space, config);
    journal->past = mem_room(journal->past, n, sizeof *journal->past);
    journal->past[n] = (struct past){unit, values, outcome, loss, NAN, NAN};
    journal->history.past = journal->past;
    journal->history.n = n + 1;
    if (outcome == OUTCOME_KEEP)
        journal->history.head = n;
}

static inline void journal_init(struct journal *journal, const struct space *space)
{
    *journal = (struct journal){.space = space, .history = {.head = SIZE_MAX}};
}

/* The baseline as the head. */
static inline void journal_add_start(struct journal *journal)
{
    struct value *config = mem_new(journal->space->n, sizeof *config);

    space_start(config, journal->space);
    journal_add(journal, config, OUTCOME_KEEP, NAN);
    free(config);
}

static inline void journal_clear(struct journal *journal)
{
    for (size_t i = 0; i < journal->history.n; i++) {
        free((void *)(uintptr_t)journal->past[i].unit);
        free((void *)(uintptr_t)journal->past[i].config);
    }
    free(journal->past);
}

/* The next proposal; fails the test on an error.  0, or 1 when nothing is left. */
static inline int ask_next(struct value *config, const struct strategy *strategy,
                           const struct journal *journal, uint64_t seed)
{
    struct err err = {0};
    int rc = strategy_propose(config, strategy, journal->space, &journal->history, seed,
                              journal->history.n, &err);

    if (rc == -1)
        fail_msg("%s", err.text);
    return rc;
}

/* Fails unless every value is of its parameter, active ones only, and the constraints hold. */
static inline void assert_settled(const struct space *space, const struct value *config)
{
    struct value *again = mem_new(space->n, sizeof *again);
    struct err err = {0};
    const char *broken = "";

    memcpy(again, config, space->n * sizeof *again);
    space_settle(again, space);
    assert_true(space_same(space, config, again));
    for (size_t i = 0; i < space->n; i++) {
        struct str text = {NULL, 0};
        struct value back;
        value_print(&text, &config[i]);
        if (config[i].type != VALUE_NONE &&
            space_read_value(&back, space, i, str_text(&text), &err) != 0)
            fail_msg("%s", err.text);
        if (config[i].type != VALUE_NONE)
            assert_true(value_same(&back, &config[i]));
        str_clear(&text);
    }
    if (!space_allows(space, config, &broken))
        fail_msg("breaks %s", broken);
    free(again);
}

#endif
