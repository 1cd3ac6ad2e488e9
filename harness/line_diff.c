/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "line_diff.h"
#include "mem.h"

enum { CONTEXT = 3, LINE_MAX_BYTES = 1000 };

struct line {
    const char *at;
    size_t len;
};

struct lines {
    struct line *at; /* [n] */
    size_t n;
};

static struct lines split(const char *text)
{
    struct lines lines = {0};

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        lines.at = mem_room(lines.at, lines.n, sizeof *lines.at);
        lines.at[lines.n++] = (struct line){text, len};
        text += len + (text[len] == '\n');
    }
    return lines;
}

static bool differs(const struct lines *a, const struct lines *b, size_t i)
{
    return a->at[i].len != b->at[i].len || memcmp(a->at[i].at, b->at[i].at, a->at[i].len) != 0;
}

/* The first line from i on that differs; n where none does. */
static size_t next_change(const struct lines *a, const struct lines *b, size_t i)
{
    while (i < a->n && !differs(a, b, i))
        i++;
    return i;
}

static void add_line(struct str *out, char mark, const struct line *line, const char *paint)
{
    if (paint != NULL)
        str_addf(out, "\033[%sm", paint);
    str_addn(out, &mark, 1);
    str_add_printable(out, line->at, line->len, LINE_MAX_BYTES);
    str_add(out, paint != NULL ? "\033[m\n" : "\n");
}

static void add_hunk(struct str *out, const struct lines *a, const struct lines *b, size_t from,
                     size_t to, bool colour)
{
    str_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", from + 1, to - from, from + 1, to - from);
    for (size_t i = from; i < to; i++) {
        size_t end = i;
        while (end < to && differs(a, b, end))
            end++;
        for (size_t k = i; k < end; k++)
            add_line(out, '-', &a->at[k], colour ? "31" : NULL);
        for (size_t k = i; k < end; k++)
            add_line(out, '+', &b->at[k], colour ? "32" : NULL);
        if (end > i)
            i = end - 1;
        else
            add_line(out, ' ', &a->at[i], NULL);
    }
}

/* The end of the hunk whose first change is at i: changes that are near belong to it. */
static size_t hunk_end(const struct lines *a, const struct lines *b, size_t i)
{
    size_t end = i + 1, next;

    while ((next = next_change(a, b, end)) < a->n && next <= end + 2 * CONTEXT)
        end = next + 1;
    return end + CONTEXT < a->n ? end + CONTEXT : a->n;
}

void line_diff(struct str *out, const char *name, const char *before, const char *after,
               bool colour)
{
    struct lines a = split(before), b = split(after);
    size_t n = a.n < b.n ? a.n : b.n;

    a.n = b.n = n;
    for (size_t i = next_change(&a, &b, 0); i < n;) {
        size_t end = hunk_end(&a, &b, i);
        if (out->len == 0)
            str_addf(out, "--- %s\n+++ %s\n", name, name);
        add_hunk(out, &a, &b, i > CONTEXT ? i - CONTEXT : 0, end, colour);
        i = next_change(&a, &b, end);
    }
    free(a.at);
    free(b.at);
}
