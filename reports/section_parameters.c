/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each searched parameter did: the experiments that changed it, and the effects they had. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "claim.h"
#include "facts.h"
#include "fate.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"

enum { MOST_ROWS = 12 };

struct move { /* an experiment that changed the parameter */
    int64_t experiment;
    bool alone;                      /* and nothing else */
    const struct decision *decision; /* NULL while pending */
};

struct moves {
    struct move *at; /* [n] */
    size_t n, alone, verified, moved, failed;
};

static size_t count_changes(const struct record *record, const struct experiment *e)
{
    const struct value *from = record->experiments[e->against - 1].config;
    size_t n = 0;

    for (size_t i = 0; i < record->study.space.n; i++)
        n += !value_same(&from[i], &e->config[i]);
    return n;
}

/* The experiments that changed parameter `index` of the config they started from. */
static struct moves find_moves(const struct record *record, size_t index)
{
    struct moves moves = {0};

    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        if (e->against == 0 || e->purpose == PURPOSE_PLACEBO || e->purpose == PURPOSE_HYPOTHESIS ||
            value_same(&record->experiments[e->against - 1].config[index], &e->config[index]))
            continue;
        struct move move = {e->id, count_changes(record, e) == 1, record_decision(record, e->id)};
        moves.at = mem_room(moves.at, moves.n, sizeof *moves.at);
        moves.at[moves.n++] = move;
        moves.alone += move.alone;
        moves.verified += fate_of(record, e->id) == FATE_VERIFIED;
        moves.moved += fate_of(record, e->id) == FATE_MOVED;
        moves.failed += fate_of(record, e->id) == FATE_FAILED;
    }
    return moves;
}

static void write_counts(struct str *out, const struct record *record)
{
    bool greedy = record->study.procedure == PROCEDURE_GREEDY;
    const char *const heads[] = {
        "parameter", "tried",   "alone", "verified", greedy ? "kept, never tested" : "head moved",
        "failed",    "baseline"};
    const struct space *space = &record->study.space;

    markdown_head(out, heads, "lrrrrrr");
    for (size_t i = 0; i < space->n; i++) {
        if (!param_is_searched(&space->params[i]))
            continue;
        struct moves moves = find_moves(record, i);
        struct str start = {0};
        value_print(&start, &record->experiments[0].config[i]);
        markdown_cell(out, space->params[i].name);
        str_addf(out, "| %zu | %zu | %zu | %zu | %zu ", moves.n, moves.alone, moves.verified,
                 moves.moved, moves.failed);
        markdown_take(out, str_take(&start));
        markdown_end(out);
        free(moves.at);
    }
    str_add(out, "\n");
}

static double effect_of(const struct move *move)
{
    return move->decision != NULL && isfinite(move->decision->mean) ? move->decision->mean
                                                                    : -(double)INFINITY;
}

/* Largest effect first; unknown ones last, by number. */
static int by_effect(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    double dx = effect_of(x), dy = effect_of(y);

    if (dx != dy)
        return dx > dy ? -1 : 1;
    return (x->experiment > y->experiment) - (x->experiment < y->experiment);
}

static void write_move(struct str *out, const struct record *record, const struct move *move,
                       size_t index)
{
    const struct experiment *e = &record->experiments[move->experiment - 1];
    struct str change = {0};

    value_print(&change, &record->experiments[e->against - 1].config[index]);
    str_add(&change, " -> ");
    value_print(&change, &e->config[index]);
    str_addf(out, "| %" PRId64 " ", move->experiment);
    markdown_take(out, str_take(&change));
    markdown_cell(out, move->alone ? "alone" : "with others");
    markdown_take(out, fate_text(record, move->experiment));
    claim_cells(out, move->decision);
    markdown_end(out);
}

static void write_param(struct str *out, const struct record *record, size_t index)
{
    static const char *const heads[] = {"experiment", "change", "alone?", "became", "effect", "by"};
    struct moves moves = find_moves(record, index);

    if (moves.n > 0) {
        qsort(moves.at, moves.n, sizeof *moves.at, by_effect);
        str_add(out, "### Parameter ");
        markdown_text(out, record->study.space.params[index].name);
        str_add(out, "\n\n");
        markdown_head(out, heads, "rrllrl");
        for (size_t i = 0; i < moves.n && i < MOST_ROWS; i++)
            write_move(out, record, &moves.at[i], index);
        if (moves.n > MOST_ROWS)
            str_addf(out, "\n%zu more stand in the history.\n", moves.n - MOST_ROWS);
        str_add(out, "\n");
    }
    free(moves.at);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    const struct record *record = facts->record;

    (void)store;
    (void)err;
    str_add(out,
            "How often experiments changed each parameter of the config that they started from. "
            "An effect belongs to the whole change of its experiment; only \"alone\" names one "
            "parameter. By untested runs: an estimate with its standard error, made while "
            "searching; by a test: on fresh pairs, with its interval. These are many comparisons "
            "and not corrected for their number, so the top of a list flatters; what may be "
            "called found stands above.\n\n");
    write_counts(out, record);
    for (size_t i = 0; i < record->study.space.n; i++)
        if (param_is_searched(&record->study.space.params[i]))
            write_param(out, record, i);
    return 0;
}

const struct section section_parameters = {
    .name = "parameters",
    .title = "What did each parameter do?",
    .empty = "Nothing has run yet.",
    .write = write,
};
