/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What failed, by cause, with the last line of each run and the end of what some printed. */
#include <inttypes.h>
#include <string.h>

#include "answers.h"
#include "facts.h"
#include "markdown.h"
#include "section.h"

enum { MOST_ROWS = 20, MOST_TAILS = 2, TAIL_LINES = 12, TAIL_WIDTH = 200 };

static size_t count_class(const struct record *record, enum run_class class)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        n += record->runs[i].class == class && run_is_failure(record, &record->runs[i]);
    return n;
}

/* The end of what a run printed, as an indented block, in which nothing means anything. */
static void write_tail(struct str *out, const struct run_files *files, const struct run *run)
{
    struct str tail = {0};

    files->tail(&tail, files->from, run, TAIL_LINES);
    const char *text = str_text(&tail), *end = text + tail.len;
    if (tail.len > 0)
        str_addf(out, "The end of what experiment %" PRId32 " printed on seed %" PRIu32 ":\n\n",
                 run->experiment, run->seed);
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop != NULL ? stop : end) - text);
        str_add(out, "    ");
        str_add_printable(out, text, len, TAIL_WIDTH);
        str_add(out, "\n");
        text += len + 1;
    }
    str_add(out, tail.len > 0 ? "\n" : "");
    str_clear(&tail);
}

static void write_tails(struct str *out, const struct facts *facts, enum run_class class)
{
    const struct record *record = facts->record;
    size_t shown = 0;

    for (size_t i = 0; i < record->n_runs && facts->files != NULL && shown < MOST_TAILS; i++) {
        const struct run *run = &record->runs[i];
        if (run->class != class || !run_is_failure(record, run))
            continue;
        write_tail(out, facts->files, run);
        shown++;
    }
}

static void write_class(struct str *out, const struct facts *facts, enum run_class class)
{
    const struct record *record = facts->record;
    static const char *const heads[] = {"experiment", "seed", "what it said last"};
    size_t n = count_class(record, class), shown = 0;

    if (n == 0)
        return;
    str_add(out, "### ");
    markdown_text(out, class_names[class]);
    str_addf(out, ": %zu run%s\n\n", n, n == 1 ? "" : "s");
    markdown_head(out, heads, "rrl");
    for (size_t i = 0; i < record->n_runs && shown < MOST_ROWS; i++) {
        const struct run *run = &record->runs[i];
        if (run->class != class || !run_is_failure(record, run))
            continue;
        str_addf(out, "| %" PRId32 " | %" PRIu32 " ", run->experiment, run->seed);
        markdown_cell(out, run->detail != NULL ? run->detail : "-");
        markdown_end(out);
        shown++;
    }
    str_add(out, "\n");
    if (n > shown)
        str_addf(out, "%zu more of this cause.\n\n", n - shown);
    write_tails(out, facts, class);
}

static void write_causes(struct str *out, const struct record *record)
{
    static const char *const heads[] = {"cause", "runs", "of all that came to an end, %"};
    size_t ended = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        ended += record->runs[i].class != CLASS_NONE && record->runs[i].class != CLASS_INTERRUPTED;
    markdown_head(out, heads, "lrr");
    for (int class = CLASS_EXIT; class < CLASS_INTERRUPTED; class ++) {
        size_t n = count_class(record, (enum run_class) class);
        char share[NUMBER_TEXT];
        if (n == 0)
            continue;
        markdown_cell(out, class_names[class]);
        str_addf(out, "| %zu | %s ", n, number_short(share, 100 * (double)n / (double)ended, 3));
        markdown_end(out);
    }
    str_add(out, "\n");
}

/* What an outside program proposed in vain. */
static void write_refused(struct str *out, const struct record *record)
{
    static const char *const heads[] = {"asked for", "why it was refused"};
    struct answers_count count = answers_count(record);
    size_t shown = 0;

    if (count.refused == 0)
        return;
    str_addf(out, "### refused proposals: %zu\n\n", count.refused);
    if (count.given_up)
        str_addf(out,
                 "After %d in a row the study fell back to perturb, and asked the program no "
                 "more.\n\n",
                 ANSWERS_REFUSED_MOST);
    markdown_head(out, heads, "rl");
    for (size_t i = 0; i < record->n_answers && shown < MOST_ROWS; i++) {
        if (record->answers[i].refusal == NULL)
            continue;
        str_addf(out, "| %" PRId64 " ", record->answers[i].experiment);
        markdown_cell(out, record->answers[i].refusal);
        markdown_end(out);
        shown++;
    }
    str_add(out, "\n");
    if (count.refused > shown)
        str_addf(out, "%zu more.\n\n", count.refused - shown);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    const struct record *record = facts->record;

    size_t n = 0;

    (void)store;
    (void)err;
    for (size_t i = 0; i < record->n_runs; i++)
        n += run_is_failure(record, &record->runs[i]);
    if (n == 0) {
        str_add(out, "Nothing failed.\n");
        str_add(out, record->n_answers > 0 ? "\n" : "");
        write_refused(out, record);
        return 0;
    }
    str_addf(out,
             "%zu run%s failed. A failed run is an outcome of its own, never a large value of "
             "the metric.\n\n",
             n, n == 1 ? "" : "s");
    write_causes(out, record);
    for (int class = CLASS_EXIT; class < CLASS_INTERRUPTED; class ++)
        write_class(out, facts, (enum run_class) class);
    write_refused(out, record);
    return 0;
}

const struct section section_failures = {
    .name = "failures",
    .title = "What failed, and why?",
    .write = write,
};
