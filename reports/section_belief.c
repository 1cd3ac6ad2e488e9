/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether to believe what was found: by what rule, after how many tests, above which noise. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "facts.h"
#include "fate.h"
#include "markdown.h"
#include "noise_floor.h"
#include "say.h"
#include "section.h"
#include "uneven.h"

static const char *const rules[] = {
    [PROCEDURE_TWO_LEVEL] = ("two levels: the search goes on from what is likely better; only "
                             "tests on fresh seeds verify"),
    [PROCEDURE_PAIRED] = "every proposal is tested against the incumbent on fresh seeds",
    [PROCEDURE_GREEDY] = "one run each, lower is better; nothing is tested",
};

static void write_fact(struct str *out, const char *what, struct str *text)
{
    markdown_cell(out, what);
    markdown_cell(out, str_text(text));
    markdown_end(out);
    str_clear(text);
}

static void write_rule(struct str *out, const struct study *study)
{
    struct str text = {0};

    str_addf(&text, "%s: %s", procedure_names[study->procedure], rules[study->procedure]);
    write_fact(out, "procedure", &text);
}

/* What the levels promise. */
static void write_promise(struct str *out, const struct study *study)
{
    struct str text = {0};
    char number[NUMBER_TEXT];

    if (study->procedure == PROCEDURE_GREEDY)
        str_add(&text, "nothing");
    else if (isfinite(study->fdr))
        str_addf(&text,
                 "in expectation at most %s %% of the verified keeps are luck, whenever one stops "
                 "(false discovery rate; levels by LOND)",
                 number_short(number, 100 * study->fdr, 3));
    else
        str_addf(&text,
                 "each test keeps what is no better with probability %s at most; nothing bounds "
                 "the study as a whole",
                 number_short(number, study->rule.alpha, 3));
    write_fact(out, "promise", &text);
}

static void write_tests(struct str *out, const struct tally *tally)
{
    struct str text = {0};

    str_addf(&text, "%" PRId64 " verification%s, %" PRId64 " kept", tally->tests,
             tally->tests == 1 ? "" : "s", tally->keeps);
    if (tally->tests > 0) {
        str_add(&text, tally->tests == 1 ? "; level " : "; levels ");
        say_rough(&text, tally->first_level);
    }
    if (tally->tests > 1) {
        str_add(&text, " (the first) to ");
        say_rough(&text, tally->last_level);
        str_add(&text, " (the last)");
    }
    str_addf(&text, "; %" PRId64 " confirmation%s", tally->confirmations,
             tally->confirmations == 1 ? "" : "s");
    write_fact(out, "tests made", &text);
}

static void write_learnt(struct str *out, const struct noise_floor *floor)
{
    if (!isfinite(floor->pair_sd)) {
        str_add(out, ", but no test has shown it");
        return;
    }
    str_add(out, "; SD of a paired difference ");
    say_rough(out, floor->pair_sd);
    str_addf(out, " (%zu degrees of freedom)", floor->pair_df);
}

/* tests: the procedure makes some. */
static void write_floor(struct str *out, const struct noise_floor *floor, bool tests)
{
    const struct audit *a = &floor->audit;
    struct str text = {0};

    if (floor->audited) {
        str_add(&text, "sigma_seed ");
        say_rough(&text, a->sigma_seed);
        str_add(&text, ", rho ");
        say_rough(&text, a->rho);
        str_add(&text, ", sigma_d ");
        say_rough(&text, a->sigma_d);
        str_addf(&text, " (audit of %d pairs)", a->n);
    } else {
        str_add(&text, "not audited: the noise was learnt on the way");
        write_learnt(&text, floor);
    }
    write_fact(out, "noise floor", &text);
    str_add(&text, "a gain of ");
    say_rough(&text, floor->visible);
    str_addf(&text, " is kept by a test with probability %g", AUDIT_POWER);
    if (tests && isfinite(floor->visible))
        write_fact(out, "smallest visible effect", &text);
    str_clear(&text);
}

static void write_determinism(struct str *out, const struct noise_floor *floor)
{
    struct str text = {0};

    if (!floor->audited || !floor->audit.repeated) {
        str_add(&text, "not known: nothing was run twice on one seed");
    } else if (floor->audit.deterministic) {
        str_add(&text, "yes: the baseline gave the same value twice on one seed, bit for bit");
    } else {
        str_add(&text, "NO: the baseline run twice on one seed gave values ");
        say_rough(&text, floor->audit.repeat_gap);
        str_add(&text, " apart");
    }
    write_fact(out, "deterministic trainer", &text);
}

static void write_repeats(struct str *out, const struct record *record)
{
    size_t n = uneven_count(record, NULL);
    struct str text = {0};

    str_addf(&text, "%zu run%s", n, n == 1 ? "" : "s");
    write_fact(out, "set aside for an uneven speed, and run again", &text);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    static const char *const heads[] = {"what", "measured"};
    const struct record *record = facts->record;
    struct noise_floor floor;
    struct tally tally;

    if (noise_floor_measure(&floor, facts, err) != 0)
        return -1;
    tally_count(&tally, record);
    markdown_head(out, heads, "ll");
    write_rule(out, &record->study);
    write_promise(out, &record->study);
    write_tests(out, &tally);
    write_floor(out, &floor, record->study.procedure != PROCEDURE_GREEDY);
    write_determinism(out, &floor);
    write_repeats(out, record);
    (void)store;
    return 0;
}

const struct section section_belief = {
    .name = "belief",
    .title = "Is it to be believed?",
    .empty = "There is nothing to believe yet.",
    .write = write,
};
