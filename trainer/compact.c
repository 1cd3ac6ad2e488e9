/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "compact.h"
#include "data.h"
#include "mem.h"

#define VOCAB_MOST ((json_int_t)1 << 24)

/* From marks [vocab], which become the rows; other than 0 is used. */
static void number_rows(struct compact *c, uint32_t *marks, size_t vocab)
{
    *c = (struct compact){.vocab = vocab, .row_of = marks};
    for (size_t i = 0; i < vocab; i++)
        c->used += marks[i] != 0;
    c->rows = c->used + (c->used < vocab);
    c->rest_cost = c->used < vocab ? log((double)(vocab - c->used)) : 0;
    for (size_t i = 0, next = 0; i < vocab; i++)
        marks[i] = (uint32_t)(marks[i] != 0 ? next++ : c->used);
}

void compact_from_tokens(struct compact *c, const struct tokens *tokens, size_t vocab)
{
    uint32_t *marks = mem_new(vocab, sizeof *marks);

    for (size_t i = 0; i < tokens->n; i++)
        marks[token_at(tokens, i)] = 1;
    number_rows(c, marks, vocab);
}

void compact_clear(struct compact *c)
{
    free(c->row_of);
    *c = (struct compact){0};
}

static bool is_used(const struct compact *c, size_t id)
{
    return c->row_of[id] < c->used;
}

json_t *compact_write(const struct compact *c)
{
    json_t *runs = json_array();

    for (size_t first = 0, end; first < c->vocab; first = end + 1) {
        for (end = first; end < c->vocab && is_used(c, end);)
            end++;
        if (end > first)
            json_array_append_new(
                runs, json_pack("[I, I]", (json_int_t)first, (json_int_t)(end - first)));
    }
    return json_pack("{s:I, s:o}", "vocab", (json_int_t)c->vocab, "used", runs);
}

/* Marks one run of ids; false where it is none, or does not lie behind `*end`. */
static bool mark_run(uint32_t *marks, size_t *end, const json_t *run, size_t vocab)
{
    json_int_t first = json_integer_value(json_array_get(run, 0));
    json_int_t count = json_integer_value(json_array_get(run, 1));

    if (json_array_size(run) != 2 || !json_is_integer(json_array_get(run, 0)) ||
        first < (json_int_t)*end || first >= (json_int_t)vocab || count < 1 ||
        count > (json_int_t)vocab - first)
        return false;
    for (json_int_t i = first; i < first + count; i++)
        marks[i] = 1;
    *end = (size_t)(first + count);
    return true;
}

int compact_read(struct compact *c, const json_t *value, size_t rows, const char *path,
                 struct err *err)
{
    json_int_t vocab = json_integer_value(json_object_get(value, "vocab"));
    const json_t *runs = json_object_get(value, "used");
    size_t end = 0;
    uint32_t *marks;

    *c = (struct compact){0};
    if (vocab < 1 || vocab > VOCAB_MOST || json_array_size(runs) == 0)
        return err_usage(err, "%s: \"vocabulary\" is none", path);
    marks = mem_new((size_t)vocab, sizeof *marks);
    for (size_t i = 0; i < json_array_size(runs); i++)
        if (!mark_run(marks, &end, json_array_get(runs, i), (size_t)vocab)) {
            free(marks);
            return err_usage(err, "%s: \"vocabulary\" is damaged at run %zu", path, i);
        }
    number_rows(c, marks, (size_t)vocab);
    if (c->rows == rows)
        return 0;
    err_usage(err, "%s: \"vocabulary\" is for %zu rows, and the model has %zu", path, c->rows,
              rows);
    compact_clear(c);
    return -1;
}

void compact_add_cost(real *losses, const struct compact *c, const uint32_t *targets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (targets[i] >= c->used)
            losses[i] += (real)c->rest_cost;
}
