/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What failed, by cause, with the last line that each run left. */
#include <inttypes.h>

#include "facts.h"
#include "markdown.h"
#include "section.h"

enum { MOST_ROWS = 20 };

static size_t count_class(const struct record *record, enum run_class class)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        n += record->runs[i].class == class && run_is_failure(record, &record->runs[i]);
    return n;
}

static void write_class(struct str *out, const struct record *record, enum run_class class)
{
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
        str_addf(out, "| %" PRId64 " | %" PRIu32 " ", run->experiment, run->seed);
        markdown_cell(out, run->detail != NULL ? run->detail : "-");
        markdown_end(out);
        shown++;
    }
    str_add(out, "\n");
    if (n > shown)
        str_addf(out, "%zu more of this cause.\n\n", n - shown);
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
        return 0;
    }
    str_addf(out,
             "%zu run%s failed. A failed run is an outcome of its own, never a large value of "
             "the metric.\n\n",
             n, n == 1 ? "" : "s");
    for (int class = CLASS_EXIT; class < CLASS_INTERRUPTED; class ++)
        write_class(out, record, (enum run_class) class);
    return 0;
}

const struct section section_failures = {
    .name = "failures",
    .title = "What failed, and why?",
    .write = write,
};
