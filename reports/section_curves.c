/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the baseline and what was found have learnt. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "learning.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"

/* Where the runs of one side were at a share of the way. */
static void write_place(struct str *out, const struct learning *l, size_t place)
{
    char number[NUMBER_TEXT];

    str_addf(out, "| %s ", number_short(number, l->places[place], 3));
    for (size_t s = 0; s < l->n_sides; s++) {
        struct learning_band band = learning_band(&l->sides[s], place);
        struct str text = {0};
        say_value(&text, band.mean);
        if (isfinite(band.high)) {
            str_add(&text, " ± ");
            say_rough(&text, (band.high - band.low) / 2);
        }
        markdown_take(out, str_take(&text));
    }
    markdown_end(out);
}

static void write_table(struct str *out, const struct learning *l)
{
    static const size_t places[] = {LEARNING_PLACES / 4, LEARNING_PLACES / 2,
                                    3 * LEARNING_PLACES / 4, LEARNING_PLACES - 1};
    char *names[2] = {NULL};
    const char *heads[3] = {l->kind == PLACE_STEP ? "step" : "progress"};

    for (size_t s = 0; s < l->n_sides; s++) {
        names[s] = mem_printf("%s (%" PRId64 "), %zu seed%s", l->sides[s].which,
                              l->sides[s].experiment, l->sides[s].n, l->sides[s].n == 1 ? "" : "s");
        heads[s + 1] = names[s];
    }
    markdown_head(out, heads, l->n_sides == 2 ? "rrr" : "rr");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        write_place(out, l, places[i]);
    free(names[0]);
    free(names[1]);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    const struct learning *l = facts->learning;

    (void)store;
    (void)err;
    if (l == NULL || l->kind == PLACE_NONE) {
        str_add(out, "Not known: the runs printed no curve, or what they printed is gone.\n");
        return 0;
    }
    str_add(out, "Of ");
    markdown_text(out, l->train ? "train_loss" : facts->record->study.metric);
    str_addf(out,
             ", over at most %d seeds of each, with the 95 %% interval of the mean. The two do not "
             "share their seeds everywhere, and nothing is claimed from curves.\n\n",
             LEARNING_SEEDS);
    write_table(out, l);
    return 0;
}

const struct section section_curves = {
    .name = "curves",
    .title = "How does it learn?",
    .empty = "Nothing has run yet.",
    .write = write,
};
