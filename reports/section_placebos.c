/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Placebos: how often the study's own rule took for better what was equal. */
#include <stdlib.h>

#include "markdown.h"
#include "placebo.h"
#include "say.h"
#include "section.h"

static void write_rates(struct str *out, const char *what, const struct placebo_count *own,
                        const struct placebo_count *pooled, size_t studies)
{
    struct str text = {0};

    markdown_cell(out, what);
    placebo_write(&text, own);
    markdown_take(out, str_take(&text));
    placebo_write(&text, pooled);
    markdown_take(out, str_take(&text));
    str_addf(out, "| %zu ", studies);
    str_clear(&text);
    if (pooled->levels > 0)
        say_rough(&text, 100 * pooled->levels / (double)pooled->decided);
    markdown_cell(out, text.len > 0 ? str_text(&text) : "-");
    markdown_end(out);
    str_clear(&text);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    static const char *const heads[] = {"taken for better, % [95 % interval]", "this study",
                                        "with the studies beside it", "studies",
                                        "at most expected, %"};
    const struct record *record = facts->record;
    struct placebo_rates own, pooled;
    size_t unread;

    placebo_count(&own, record);
    if (placebo_pool(&pooled, &unread, record, store, err) != 0)
        return -1;
    str_add(out, "Placebos are configs that are equal in truth, under other seeds: what is taken "
                 "for better among them is luck, counted.\n\n");
    markdown_head(out, heads, "lrrrr");
    write_rates(out, "by the search head", &own.head, &pooled.head, pooled.head_studies);
    write_rates(out, "by a test", &own.test, &pooled.test, pooled.test_studies);
    if (unread > 0)
        str_addf(out, "\n%zu record%s beside this one could not be read and %s left out.\n", unread,
                 unread == 1 ? "" : "s", unread == 1 ? "is" : "are");
    return 0;
}

const struct section section_placebos = {
    .name = "placebos",
    .title = "How often is luck taken for a gain?",
    .empty = "Nothing has run yet.",
    .write = write,
};
