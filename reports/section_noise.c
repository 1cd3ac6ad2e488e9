/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large the noise is: between seeds of one config, and between paired runs. */
#include <inttypes.h>
#include <math.h>

#include "facts.h"
#include "markdown.h"
#include "say.h"
#include "section.h"

static void write_config(struct str *out, const struct facts *facts, int64_t experiment)
{
    struct summary s = record_summary(facts->record, experiment);

    str_addf(out, "| %" PRId64 " ", experiment);
    markdown_cell(out, experiment == 1 ? "baseline" : "kept");
    str_addf(out, "| %zu ", s.n);
    markdown_take(out, say_text(say_value, s.mean));
    markdown_take(out, say_text(say_rough, s.sd));
    markdown_end(out);
}

static void write_over_seeds(struct str *out, const struct facts *facts)
{
    static const char *const heads[] = {"experiment", "config", "seeds", "mean", "SD over seeds"};

    markdown_head(out, heads, "rlrrr");
    for (size_t i = 0; i < facts->record->n_experiments; i++) {
        int64_t id = (int64_t)i + 1;
        if (id == 1 || facts_outcome(facts, id) == OUTCOME_KEEP)
            write_config(out, facts, id);
    }
    str_add(out, "\n");
}

static void write_over_pairs(struct str *out, const struct facts *facts)
{
    size_t df;
    double sd = facts_pair_sd(facts, &df);
    double least = facts_smallest_gain(&facts->record->study, sd, 0.8);

    if (!isfinite(sd)) {
        str_add(out,
                "The SD of a paired difference is not known: no experiment has two pairs whose "
                "runs all ended well.\n");
        return;
    }
    str_add(out, "SD of one paired difference, pooled within experiments: ");
    say_rough(out, sd);
    str_addf(out, " (%zu degrees of freedom).", df);
    if (sd > 0) {
        str_add(out, " A test of this study keeps a gain of ");
        say_rough(out, least);
        str_add(out, " with probability 0.8.\n");
    } else {
        str_add(out, " All pairs of an experiment agree exactly: the trainer ignores its seed, or "
                     "the metric is rounded coarsely.\n");
    }
}

static int write(struct str *out, const struct record *record, struct store *store, struct err *err)
{
    struct facts facts;

    (void)store;
    (void)err;
    facts_init(&facts, record);
    write_over_seeds(out, &facts);
    write_over_pairs(out, &facts);
    facts_clear(&facts);
    return 0;
}

const struct section section_noise = {
    .name = "noise",
    .title = "How far can seeds alone move the metric?",
    .empty = "Nothing has run yet.",
    .write = write,
};
