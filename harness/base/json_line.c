/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include "json.h"
#include "json_line.h"

void json_line_begin(struct json_line *line)
{
    line->text.len = 0;
    line->n = 0;
}

void json_line_clear(struct json_line *line)
{
    str_clear(&line->text);
    str_clear(&line->whole);
    line->n = 0;
}

struct str *json_line_add(struct json_line *line, const char *name)
{
    assert(line->n < JSON_LINE_MEMBERS);
    line->members[line->n++] = (struct json_member){name, line->text.len};
    return &line->text;
}

const char *json_line_value(size_t *len, const struct json_line *line, size_t i)
{
    size_t end = i + 1 < line->n ? line->members[i + 1].from : line->text.len;

    *len = end - line->members[i].from;
    return line->text.at + line->members[i].from;
}

/* Takes member i up into the sorted ones, n of them; how many there are then. */
static size_t insert(size_t *order, size_t n, const struct json_line *line, size_t i)
{
    size_t at = n;
    int sign = -1;

    while (at > 0 && (sign = strcmp(line->members[order[at - 1]].name, line->members[i].name)) > 0)
        at--;
    if (at > 0 && sign == 0) {
        order[at - 1] = i;
        return n;
    }
    memmove(order + at + 1, order + at, (n - at) * sizeof *order);
    order[at] = i;
    return n + 1;
}

/* The order of the last line is that of this one too where it sorts as many names. */
static bool is_sorted(const struct json_line *line)
{
    const size_t *order = line->order;

    if (line->n_order != line->n)
        return false;
    for (size_t i = 1; i < line->n; i++)
        if (strcmp(line->members[order[i - 1]].name, line->members[order[i]].name) >= 0)
            return false;
    return true;
}

static void sort_by_name(struct json_line *line)
{
    if (is_sorted(line))
        return;
    line->n_order = 0;
    for (size_t i = 0; i < line->n; i++)
        line->n_order = insert(line->order, line->n_order, line, i);
}

void json_line_end(struct str *out, struct json_line *line)
{
    const size_t *order = line->order;
    size_t len;

    sort_by_name(line);
    str_addn(out, "{", 1);
    for (size_t i = 0; i < line->n_order; i++) {
        const char *value = json_line_value(&len, line, order[i]);
        json_write_key(out, line->members[order[i]].name, i == 0);
        str_addn(out, value, len);
    }
    str_addn(out, "}", 1);
}

struct str *json_line_whole(struct json_line *line)
{
    line->whole.len = 0;
    json_line_end(&line->whole, line);
    return &line->whole;
}
