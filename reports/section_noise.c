/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large the noise is: what the audit measured and asks for, what the tests have shown since,
 * and the spread over seeds of the configs that count. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "fate.h"
#include "markdown.h"
#include "mem.h"
#include "noise_floor.h"
#include "say.h"
#include "section.h"

static void write_number(struct str *out, const char *what, double x)
{
    markdown_cell(out, what);
    markdown_take(out, say_text(say_rough, x));
    markdown_end(out);
}

static void write_lines(struct str *out, const char *text)
{
    char *copy = mem_strdup(text), *rest = copy;

    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        str_add(out, "- ");
        markdown_text(out, line);
        str_add(out, "\n");
    }
    str_add(out, "\n");
    free(copy);
}

static void write_audit(struct str *out, const struct noise_floor *floor)
{
    static const char *const heads[] = {"audit of the baseline and a neighbour", "measured"};
    const struct audit *a = &floor->audit;
    struct str text = {0};

    markdown_head(out, heads, "lr");
    str_addf(out, "| pairs | %d |\n", a->n);
    write_number(out, "the same seed twice: difference", a->repeat_gap);
    write_number(out, "sigma_seed: SD over seeds", a->sigma_seed);
    write_number(out, "rho: what two configs share of it", a->rho);
    write_number(out, "sigma_d: SD of a paired difference", a->sigma_d);
    write_number(out, "a gain that tests keep 4 times in 5", a->visible_effect);
    str_add(out, "\n");
    audit_recommend(&text, a, &floor->judge);
    write_lines(out, str_text(&text));
    str_clear(&text);
}

static void write_config(struct str *out, const struct record *record, int64_t experiment)
{
    struct summary s = record_summary(record, experiment);

    str_addf(out, "| %" PRId64 " ", experiment);
    markdown_take(out, fate_text(record, experiment));
    str_addf(out, "| %zu ", s.n);
    markdown_take(out, say_text(say_value, s.mean));
    markdown_take(out, say_text(say_rough, s.sd));
    markdown_end(out);
}

/* Of the baseline, what was verified and where the search is; others have a run or two. */
static void write_over_seeds(struct str *out, const struct record *record)
{
    static const char *const heads[] = {"experiment", "became", "seeds", "mean", "SD over seeds"};

    markdown_head(out, heads, "rlrrr");
    for (size_t i = 0; i < record->n_experiments; i++) {
        int64_t id = (int64_t)i + 1;
        enum fate fate = fate_of(record, id);
        if (fate == FATE_BASELINE || fate == FATE_VERIFIED || id == record_head(record))
            write_config(out, record, id);
    }
    str_add(out, "\n");
}

static void write_over_pairs(struct str *out, const struct noise_floor *floor)
{
    if (!isfinite(floor->pair_sd)) {
        str_add(out, "The SD of a paired difference within tests is not known: no test has two "
                     "pairs whose runs all ended well.\n");
        return;
    }
    str_add(out, "SD of one paired difference, pooled within tests: ");
    say_rough(out, floor->pair_sd);
    str_addf(out, " (%zu degrees of freedom).", floor->pair_df);
    if (floor->pair_sd > 0)
        str_add(out, "\n");
    else
        str_add(out, " All pairs of a test agree exactly: the trainer ignores its seed, or the "
                     "metric is rounded coarsely.\n");
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    struct noise_floor floor;

    (void)store;
    if (noise_floor_measure(&floor, facts, err) != 0)
        return -1;
    if (floor.audited)
        write_audit(out, &floor);
    else
        str_add(out, "There was no audit: the noise was learnt on the way.\n\n");
    write_over_seeds(out, facts->record);
    write_over_pairs(out, &floor);
    return 0;
}

const struct section section_noise = {
    .name = "noise",
    .title = "How far can seeds alone move the metric?",
    .empty = "Nothing has run yet.",
    .write = write,
};
