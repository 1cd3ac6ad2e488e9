/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>

#include "record_fixture.h"

#include "chart.h"
#include "check.h"
#include "claim.h"
#include "fate.h"
#include "importance.h"
#include "judge.h"
#include "learning.h"
#include "markdown.h"
#include "noise_floor.h"
#include "placebo.h"
#include "report.h"
#include "rng.h"
#include "say.h"
#include "section.h"
#include "thin.h"
#include "uneven.h"

/* The whole report; the caller frees. */
static char *compose(const struct night *night)
{
    struct str text = {0};
    struct err err = {0};

    assert_int_equal(report_compose(&text, &night->record, night->store, NULL, &err), 0);
    return str_take(&text);
}

/* One section; the caller frees. */
static char *section_text(const struct night *night, const char *name)
{
    struct str text = {0};
    struct err err = {0};
    struct facts facts;

    facts_init(&facts, &night->record);
    for (size_t i = 0; sections[i] != NULL; i++)
        if (strcmp(sections[i]->name, name) == 0)
            assert_int_equal(section_write(&text, sections[i], &facts, night->store, &err), 0);
    facts_clear(&facts);
    assert_true(text.len > 0);
    return str_take(&text);
}

static void assert_says(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in:\n%s", words, text);
}

static void assert_silent(const char *text, const char *words)
{
    if (strstr(text, words) != NULL)
        fail_msg("'%s' is in:\n%s", words, text);
}

/* --- nights ------------------------------------------------------------------------------------
 */

static void add_kept_layers(struct night *night)
{
    night_propose(night, 1, "layers=4");
    night_pair(night, 2, 1, 21, 3.00, 2.90);
    night_pair(night, 2, 1, 22, 3.10, 2.98);
    night_decide(night, 2, OUTCOME_KEEP, 0.11, 0.04, 0.18, "better on 2 pairs");
}

static void add_reverted_lr(struct night *night)
{
    int64_t id = night_propose(night, record_incumbent(&night->record), "lr=0.01");
    int64_t against = night->record.experiments[id - 1].against;

    night_pair(night, id, against, 31, 3.00, 3.02);
    night_pair(night, id, against, 32, 3.10, 3.05);
    night_decide(night, id, OUTCOME_REVERT, 0.015, -0.05, 0.08, "not better");
}

static void add_failure(struct night *night, const char *changes, enum run_class class,
                        const char *detail)
{
    int64_t id = night_propose(night, record_incumbent(&night->record), changes);

    night_run(night, id, 41 + (uint32_t)id, class, NAN, detail);
    night_decide(night, id, OUTCOME_FAILED, NAN, NAN, NAN, detail);
}

/* --- what was found ----------------------------------------------------------------------------
 */

static void a_study_without_experiments_reports_that_nothing_has_run(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    char *text = compose(&night);
    assert_says(text, "# Findings: dusk");
    assert_says(text, "Nothing has run yet.");
    assert_says(text, "0 experiments; 0 runs.");
    assert_silent(text, "better by");
    free(text);
    night_end(&night);
}

static void the_baseline_alone_claims_nothing(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    char *text = section_text(&night, "found");
    assert_says(text, "val\\_loss 3.1 ± 0.058 (3 seeds)");
    assert_says(text, "**Nothing yet**: no proposal has been decided.");
    assert_silent(text, "better by");
    free(text);
    night_end(&night);
}

static void a_failed_baseline_leaves_nothing_to_compare_with(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    char *early = section_text(&night, "found");
    assert_says(early, "the baseline (experiment 1) has not ended yet");
    free(early);
    night_run(&night, 1, 11, CLASS_EXIT, NAN, "exit 3: out of cheese");
    night_decide(&night, 1, OUTCOME_FAILED, NAN, NAN, NAN, "failed on seed 11");
    char *text = section_text(&night, "found");
    assert_says(text, "the baseline (experiment 1) has failed");
    free(text);
    night_end(&night);
}

static void a_night_of_reverts_says_what_it_could_have_seen(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_reverted_lr(&night);
    char *text = section_text(&night, "found");
    assert_says(text, "**Nothing in 1 proposal was better than the baseline**");
    assert_says(text, "1 test was made, and kept nothing.");
    assert_says(text, "The smallest gain that could have been seen is 0.0");
    assert_says(text, "a test at level 0.05 keeps it with probability 0.8");
    assert_silent(text, "better by");
    assert_silent(text, "+0.015"); /* an effect whose interval holds zero is not told here */
    free(text);
    night_end(&night);
}

static void a_keep_tested_against_the_baseline_is_claimed_with_its_interval(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_kept_layers(&night);
    add_reverted_lr(&night);
    char *text = section_text(&night, "found");
    assert_says(text,
                "**val\\_loss 3.05 → 2.94: better by 0.11, 90 % interval [+0.04, +0.18]**, on 2 "
                "pairs: experiment 2 against the baseline, verified.");
    assert_says(text, "the very test that decided");
    assert_says(text, "| layers | 3 | 4 |");
    free(text);
    night_end(&night);
}

static void effects_of_a_line_of_keeps_are_not_added_up(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_kept_layers(&night);
    night_propose(&night, 2, "lr=0.002");
    night_pair(&night, 3, 2, 51, 2.90, 2.80);
    night_pair(&night, 3, 2, 52, 2.98, 2.90);
    night_decide(&night, 3, OUTCOME_KEEP, 0.09, 0.02, 0.16, "better on 2 pairs");
    char *text = section_text(&night, "found");
    assert_says(text, "better by 0.09, 90 % interval [+0.02, +0.16]**, on 2 pairs: experiment 3 "
                      "against experiment 2, the last of the steps below");
    assert_says(text, "| +0.11 \\[+0.04, +0.18\\] | 2 pairs, test at 0.05 |");
    assert_says(text, "| +0.09 \\[+0.02, +0.16\\] | 2 pairs, test at 0.05 |");
    assert_silent(text, "0.2 ");
    assert_silent(text, "0.2,");
    free(text);
    night_end(&night);
}

static void a_keep_whose_interval_holds_zero_is_no_claim(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    night_propose(&night, 1, "layers=4");
    night_pair(&night, 2, 1, 21, 3.00, 2.90);
    night_pair(&night, 2, 1, 22, 3.10, 3.15);
    night_decide(&night, 2, OUTCOME_KEEP, 0.025, -0.4, 0.5, "by hand");
    char *text = section_text(&night, "found");
    assert_silent(text, "better by");
    assert_says(text, "**Experiment 2 was kept, but its interval is unknown or holds zero**");
    assert_says(text, "no difference can be claimed");
    free(text);
    night_end(&night);
}

/* --- the other sections ------------------------------------------------------------------------
 */

static void failures_are_grouped_by_cause_with_their_last_words(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_failure(&night, "lr=0.1", CLASS_EXIT, "exit 3: out of cheese");
    add_failure(&night, "lr=0.2", CLASS_EXIT, "exit 3: no | pipes\n# here <b>");
    add_failure(&night, "lr=0.3", CLASS_NONFINITE, "val_loss was nan");
    char *text = section_text(&night, "failures");
    assert_says(text, "3 runs failed");
    assert_says(text, "### exit: 2 runs");
    assert_says(text, "### nonfinite: 1 run\n");
    assert_says(text, "exit 3: out of cheese");
    assert_says(text, "no \\| pipes\\\\x0a\\# here \\<b\\>");
    assert_silent(text, "timeout");
    free(text);
    night_end(&night);
}

static void a_lost_run_that_was_repeated_is_no_failure(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    night_run(&night, 1, 11, CLASS_INTERRUPTED, NAN, NULL);
    night_run(&night, 1, 11, CLASS_OK, 3.0, NULL);
    char *text = section_text(&night, "failures");
    assert_string_equal(text, "Nothing failed.\n");
    free(text);
    night_end(&night);
}

static void parameters_count_their_changes_alone_and_with_others(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_kept_layers(&night);                                        /* layers alone, kept */
    add_reverted_lr(&night);                                        /* lr alone */
    add_failure(&night, "lr=0.1 layers=9", CLASS_TIMEOUT, "limit"); /* both, failed */
    char *text = section_text(&night, "parameters");
    assert_says(text, "| lr | 2 | 1 | 0 | 0 | 1 | 0.001 |");
    assert_says(text, "| layers | 2 | 1 | 1 | 0 | 1 | 3 |");
    assert_says(text, "| optimizer | 0 | 0 | 0 | 0 | 0 | adamw |");
    assert_silent(text, "tokens"); /* a constant */
    assert_says(text, "| 2 | 3 -\\> 4 | alone | + verified | +0.11 \\[+0.04, +0.18\\] | 2 pairs, "
                      "test at 0.05 |");
    free(text);
    night_end(&night);
}

static void the_noise_of_pairs_is_pooled_within_experiments(void **state)
{
    struct night night;
    struct facts facts;
    size_t df;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    night_propose(&night, 1, "layers=4");
    night_pair(&night, 2, 1, 21, 5, 4); /* differences 1 and 3: squares about the mean 2 */
    night_pair(&night, 2, 1, 22, 5, 2);
    night_propose(&night, 1, "layers=5");
    night_pair(&night, 3, 1, 23, 9, 7); /* 2 and 6: 8 */
    night_pair(&night, 3, 1, 24, 9, 3);
    facts_init(&facts, &night.record);
    assert_close(facts_pair_sd(&facts, &df), sqrt((2 + 8) / 2.0), 1e-12, 0);
    assert_int_equal(df, 2);
    facts_clear(&facts);
    char *text = section_text(&night, "noise");
    assert_says(text, "2.24 (2 degrees of freedom)");
    free(text);
    night_end(&night);
}

static void the_smallest_gain_has_the_power_that_it_names(void **state)
{
    struct night night;
    struct facts facts;
    struct noise_floor floor;
    struct err err = {0};
    double keep, pairs;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_reverted_lr(&night); /* differences -0.02 and 0.05 */
    facts_init(&facts, &night.record);
    assert_int_equal(noise_floor_measure(&floor, &facts, &err), 0);
    assert_false(floor.audited);
    assert_close(noise_floor_sd(&floor), 0.07 / sqrt(2), 1e-9, 0);
    boundary_power(&keep, &pairs, &floor.judge.boundary, floor.visible / noise_floor_sd(&floor));
    assert_close(keep, 0.8, 0, 1e-6);
    facts_clear(&facts);
    night_end(&night);
}

static void provenance_names_study_inputs_and_machine(void **state)
{
    struct night night;
    char sha[SHA256_TEXT];

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    char *text = section_text(&night, "provenance");
    sha256_bytes(sha, night.record.spec, strlen(night.record.spec));
    assert_says(text, sha);
    assert_says(text, "| data/train.bin | 123 | aaaaaaaa");
    assert_says(text, "| cpu | Abacus\\|3 |");
    assert_says(text, "| cores | 2 |");
    free(text);
    night_end(&night);
}

static void every_experiment_has_its_command(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_reverted_lr(&night);
    char *text = section_text(&night, "reproduce");
    assert_says(text, "\nnightshift reproduce runs/dusk 1");
    assert_says(text, "\nnightshift reproduce runs/dusk 2");
    free(text);
    night_end(&night);
}

/* --- form --------------------------------------------------------------------------------------
 */

/* Bars that divide cells: those without a backslash in front. */
static size_t count_bars(const char *line, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (line[i] == '\\')
            i++;
        else
            n += line[i] == '|';
    }
    return n;
}

/* Rows of one table have as many cells as its head, and outside fenced blocks no '<' is bare. */
static void assert_well_formed(const char *text)
{
    size_t bars = 0;
    bool fenced = false;

    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        fenced ^= strncmp(line, "```", 3) == 0;
        if (!fenced && line[0] == '|') {
            size_t n = count_bars(line, len);
            if (bars != 0 && n != bars)
                fail_msg("%zu cells where the head has %zu: %.*s", n, bars, (int)len, line);
            bars = n;
        } else {
            bars = 0;
        }
        for (size_t i = 0; i < len && !fenced; i++)
            if (line[i] == '<' && (i == 0 || line[i - 1] != '\\'))
                fail_msg("bare '<': %.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
    assert_false(fenced);
}

static void fill_ugly_night(struct night *night)
{
    night_baseline(night);
    add_kept_layers(night);
    add_reverted_lr(night);
    night_propose(night, 2, "optimizer=|<script>alert(1)</script>");
    night_pair(night, 4, 2, 61, 2.9, 2.95);
    night_decide(night, 4, OUTCOME_REVERT, -0.05, NAN, NAN,
                 "worse: |a|\n| b | `c` [d](e) \033[31m");
    add_failure(night, "lr=0.1", CLASS_SIGNAL, "\xff\xfe | <img src=x onerror=y>");
    night_propose(night, 2, "lr=0.003");
    free(night->record.experiments[2].remark);
    night->record.experiments[2].remark = mem_strdup("<b>|bold|</b>\n\n# heading");
}

static void text_from_outside_stays_text(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_ugly_night(&night);
    char *text = compose(&night);
    assert_well_formed(text);
    assert_says(text, "\\|\\<script\\>alert(1)\\</script\\>");
    assert_silent(text, "\033");
    assert_silent(text, "\n# heading");
    free(text);
    night_end(&night);
}

static void the_same_record_gives_the_same_bytes(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_ugly_night(&night);
    char *once = compose(&night), *twice = compose(&night);
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    night_end(&night);
}

static void unknown_is_a_dash_and_never_nan(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_ugly_night(&night);
    char *text = compose(&night);
    for (char *p = text; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    assert_silent(text, " nan");
    assert_silent(text, "[nan");
    assert_silent(text, "inf ");
    free(text);
    night_end(&night);
}

static void every_section_copes_with_every_kind_of_night(void **state)
{
    static void (*const fill[])(struct night *) = {NULL, night_baseline, add_kept_layers,
                                                   add_reverted_lr, fill_ugly_night};
    (void)state;
    for (size_t i = 0; i < sizeof fill / sizeof *fill; i++) {
        struct night night;
        night_begin(&night, usual_study);
        if (fill[i] == add_kept_layers || fill[i] == add_reverted_lr)
            night_baseline(&night);
        if (fill[i] != NULL)
            fill[i](&night);
        char *text = compose(&night);
        assert_well_formed(text);
        for (size_t k = 0; sections[k] != NULL; k++)
            assert_says(text, sections[k]->title);
        free(text);
        night_end(&night);
    }
}

/* --- curves, and what is left out --------------------------------------------------------------
 */

/* A straight line from 4 down to the run's value, printed at eleven places. */
static void straight_curves(struct run_curves *out, const void *from, const struct record *record,
                            const struct run *run)
{
    (void)from;
    (void)record;
    *out = (struct run_curves){.kind = PLACE_NONE};
    for (int i = 0; i <= 10; i++) {
        struct curve_record point = {.progress = i / 10.0,
                                     .step = NAN,
                                     .metric = 4 + (run->value - 4) * i / 10,
                                     .train = NAN};
        run_curves_add(out, &point);
    }
}

static void no_tail(struct str *out, const void *from, const struct run *run, size_t lines)
{
    (void)out;
    (void)from;
    (void)run;
    (void)lines;
}

static void curves_are_means_over_seeds_with_students_interval(void **state)
{
    const struct run_files files = {NULL, straight_curves, no_tail};
    struct night night;
    struct facts facts;
    struct learning learning;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night); /* 3.0, 3.1, 3.2 */
    facts_init(&facts, &night.record);
    facts.files = &files;
    learning_measure(&learning, &facts);
    assert_int_equal(learning.n_sides, 1);
    assert_int_equal(learning.sides[0].n, 3);
    assert_false(learning.train);
    struct learning_band half = learning_band(&learning.sides[0], LEARNING_PLACES / 2);
    struct learning_band end = learning_band(&learning.sides[0], LEARNING_PLACES - 1);
    assert_true(fabs(half.mean - 3.55) < 1e-9);
    assert_true(fabs(end.mean - 3.1) < 1e-9);
    /* t(2) at 97.5 % is 4.302653; the SD 0.1, by the root of 3 seeds */
    assert_true(fabs(end.high - end.mean - 4.302653 * 0.1 / sqrt(3)) < 1e-6);
    facts_clear(&facts);
    night_end(&night);
}

static void without_the_files_of_runs_there_is_no_curve(void **state)
{
    struct night night;
    struct facts facts;
    struct learning learning;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    facts_init(&facts, &night.record);
    learning_measure(&learning, &facts);
    assert_int_equal(learning.kind, PLACE_NONE);
    facts_clear(&facts);
    char *text = section_text(&night, "curves");
    assert_says(text, "Not known");
    free(text);
    night_end(&night);
}

static void what_is_left_out_is_never_what_was_found(void **state)
{
    struct night night;
    struct thin thin;
    struct str text = {0};

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_kept_layers(&night);
    for (int i = 0; i < 98; i++)
        add_failure(&night, "lr=0.5", CLASS_EXIT, "exit 3");
    thin_choose(&thin, &night.record, 10);
    assert_int_equal(thin.all, 100);
    assert_true(thin.n <= 10 && thin.n >= 5);
    assert_true(thin_shows(&thin, 0)); /* the baseline */
    assert_true(thin_shows(&thin, 1)); /* verified */
    thin_write(&text, &thin);
    assert_says(str_text(&text), "of 100 experiments are shown");
    thin_clear(&thin);
    thin_choose(&thin, &night.record, 100);
    assert_int_equal(thin.n, 100);
    thin_clear(&thin);
    str_clear(&text);
    night_end(&night);
}

static void too_few_experiments_have_no_importance(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_kept_layers(&night);
    char *text = section_text(&night, "importance");
    assert_says(text, "Not known: that takes 20 experiments with a mean");
    free(text);
    night_end(&night);
}

/* lr alone decides: 3 + (log10(lr) + 3)^2 / 10. */
static void the_parameter_that_decides_has_the_largest_share(void **state)
{
    struct night night;
    struct importance all;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    for (int i = 0; i < 60; i++) {
        char *change = mem_printf("lr=%.3g layers=%d", pow(10, -5 + i * 5 / 59.0), 1 + i * 7 % 9);
        int64_t id = night_propose(&night, 1, change);
        night_run(&night, id, 11, CLASS_OK, 3 + pow(i * 5 / 59.0 - 2, 2) / 10, NULL);
        free(change);
    }
    importance_measure(&all, &night.record);
    assert_true(all.known);
    assert_int_equal(all.params[0].param, 0); /* lr */
    assert_true(all.params[0].share.mean > 0.8);
    assert_int_equal(all.n_params, 2); /* the optimizer never changed */
    importance_clear(&all);
    night_end(&night);
}

/* --- one minute --------------------------------------------------------------------------------
 */

static void the_summary_of_a_baseline_alone_says_nothing_yet(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    char *text = section_text(&night, "summary");
    assert_says(text, "**Nothing yet**: no proposal has been decided.");
    assert_says(text, "| Cost | 3 runs in 4.0 s, 4.5 s of processor time |");
    assert_says(text, "| Went wrong | nothing |");
    assert_silent(text, "Changed");
    free(text);
    night_end(&night);
}

static void the_summary_tells_claim_change_failures_and_that_it_is_not_confirmed(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_kept_layers(&night);
    add_failure(&night, "lr=0.5", CLASS_OOM, "killed");
    add_failure(&night, "lr=0.6", CLASS_EXIT, "exit 3");
    char *text = section_text(&night, "summary");
    assert_says(text, "**val\\_loss 3.05 → 2.94: better by 0.11, 90 % interval [+0.04, +0.18]**, 2 "
                      "pairs of fresh seeds, verified, not confirmed yet.");
    assert_says(text, "| Changed | layers 3 -\\> 4 (experiment 2) |");
    assert_says(text, "3 verifications, 1 kept; placebos that a test took for better: -");
    assert_says(text, "| Went wrong | 2 runs failed (1 exit, 1 oom) |");
    free(text);
    night_end(&night);
}

static void the_summary_of_a_failed_baseline_claims_nothing(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    night_run(&night, 1, 11, CLASS_EXIT, NAN, "exit 3: out of cheese");
    night_decide(&night, 1, OUTCOME_FAILED, NAN, NAN, NAN, "failed on seed 11");
    char *text = section_text(&night, "summary");
    assert_says(text, "**The baseline failed**: there is nothing to compare with.");
    assert_says(text, "| Went wrong | 1 run failed (1 exit) |");
    assert_silent(text, "better by");
    free(text);
    night_end(&night);
}

static void the_report_lands_in_the_folder_that_was_asked_for(void **state)
{
    struct night night;
    struct err err = {0};
    struct report_means nothing = {NULL, NULL};
    char *path, *text, *want;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    char *dir = path_join(night.dir, "deep/report");
    assert_int_equal(report_write(&path, &night.record, night.store, dir, &nothing, &err), 0);
    assert_int_equal(file_read(&text, NULL, path, 1 << 20, &err), 0);
    want = compose(&night);
    assert_string_equal(text, want);
    free(want);
    free(text);
    free(path);
    free(dir);
    night_end(&night);
}

/* --- two levels --------------------------------------------------------------------------------
 */

/* The usual study under another procedure; the caller frees. */
static char *study_of(const char *decision)
{
    static const char usual[] = "decision: {procedure: paired}\n";
    const char *at = strstr(usual_study, usual);

    return mem_printf("%.*s%s\n%s", (int)(at - usual_study), usual_study, decision,
                      at + strlen(usual));
}

static void begin_as(struct night *night, const char *decision)
{
    char *text = study_of(decision);

    night_begin(night, text);
    free(text);
}

static const char two_level[] = "decision: {procedure: two_level}";
static const char greedy[] = "decision: {procedure: greedy}\naudit: off";

/* The baseline on six seeds with an audit: sigma_seed 0.1 or so, the neighbour 0.5 worse. */
static void add_audited_baseline(struct night *night, double repeat_gap)
{
    static const double own[] = {3.0, 3.1, 3.2, 2.9, 3.0, 3.1};
    static const double other[] = {3.52, 3.58, 3.71, 3.42, 3.49, 3.61};

    night_propose(night, 0, "");
    for (uint32_t i = 0; i < 6; i++) {
        night_panel_run(night, 1, 11 + i, own[i]);
        night_run_as(night, 1, RUN_NEIGHBOUR, 11 + i, CLASS_OK, other[i], NULL);
    }
    night_run_as(night, 1, RUN_REPEAT, 11, CLASS_OK, own[0] + repeat_gap, NULL);
    night_decide(night, 1, OUTCOME_KEEP, NAN, NAN, NAN, "the baseline");
}

/* Experiment 2 moves the head and is verified against the baseline: 0.3, by two pairs. */
static void add_verified_move(struct night *night)
{
    night_propose(night, 1, "layers=4");
    night_panel_run(night, 2, 11, 2.6);
    night_head(night, 2, OUTCOME_KEEP, 0.4, 0.1, 1);
    night_panel_run(night, 2, 17, 2.75);
    night_test_pair(night, 2, 1, 1, 101, 3.0, 2.7);
    night_test_pair(night, 2, 1, 1, 102, 3.1, 2.8);
    night_test(night, DECISION_VERIFY, 2, 1, 1, 0.0219, OUTCOME_KEEP, 0.3, 0.15, 0.45);
}

/* Experiment 2 again, beside the baseline on fresh seeds: 0.2 on each. */
static void add_confirmation(struct night *night, int64_t test, double low, double high)
{
    night_test_pair(night, 2, 1, test, 200 + (uint32_t)test, 3.0, 2.8);
    night_test_pair(night, 2, 1, test, 300 + (uint32_t)test, 3.2, 3.0);
    night_test(night, DECISION_CONFIRM, 2, 1, test, NAN, low > 0 ? OUTCOME_KEEP : OUTCOME_REVERT,
               (low + high) / 2, low, high);
}

static void the_claim_is_the_confirmation_and_the_optimistic_number_stands_beside(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    add_verified_move(&night);
    add_confirmation(&night, 5, 0.1, 0.3);
    char *text = section_text(&night, "found");
    assert_memory_equal(
        text,
        "**val\\_loss 3.1 → 2.9: better by 0.2, 95 % interval [+0.1, +0.3]**, "
        "on 2 fresh seeds that no decision has seen: experiment 2 against "
        "the baseline, verified before.",
        strlen("**val\\_loss 3.1 → 2.9: better by 0.2, 95 % interval [+0.1, +0.3]**"));
    assert_says(text, "The test that decided said 0.3, 0.1 more: what was chosen");
    assert_says(text, "| layers | 3 | 4 |");
    assert_says(text, "| +0.3 \\[+0.15, +0.45\\] | 2 pairs, test at 0.0219 |");
    free(text);
    night_end(&night);
}

static void a_confirmation_that_holds_zero_takes_the_claim_back(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    add_verified_move(&night);
    add_confirmation(&night, 5, 0.1, 0.3);
    add_confirmation(&night, 9, -0.1, 0.3);
    char *text = section_text(&night, "found");
    assert_says(text, "**Not confirmed**: on 2 fresh seeds the 95 % interval of experiment 2");
    assert_says(text, "no difference can be claimed");
    assert_says(text, "newest of 2 confirmations");
    assert_silent(text, "better by");
    assert_silent(text, "The test that decided said");
    free(text);
    night_end(&night);
}

static void without_a_confirmation_the_test_that_decided_says_so(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    add_verified_move(&night);
    char *text = section_text(&night, "found");
    assert_says(text, "better by 0.3, 95.6 % interval [+0.15, +0.45]**, on 2 pairs: experiment 2 "
                      "against the baseline, verified.");
    assert_says(text, "the very test that decided");
    assert_silent(text, "fresh seeds that no decision has seen");
    free(text);
    night_end(&night);
}

static void a_night_of_two_levels_that_verified_nothing_says_what_it_could_have_seen(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    night_propose(&night, 1, "layers=4");
    night_panel_run(&night, 2, 11, 2.9);
    night_head(&night, 2, OUTCOME_KEEP, 0.1, 0.1, 1);
    night_test_pair(&night, 2, 1, 1, 101, 3.0, 3.1);
    night_test(&night, DECISION_VERIFY, 2, 1, 1, 0.0219, OUTCOME_REVERT, -0.1, -0.3, 0.1);
    night_propose(&night, 2, "lr=0.01");
    night_head(&night, 3, OUTCOME_REVERT, -0.2, 0.1, 1);
    night_placebo(&night);
    night_head(&night, 4, OUTCOME_KEEP, 0.1, 0.1, 1);
    char *text = compose(&night);
    assert_says(text, "4 experiments: 1 baseline, 1 head moved, 1 reverted, 1 placebo; ");
    assert_says(text, "**Nothing in 2 proposals was better than the baseline**");
    assert_says(text, "1 test was made, and kept nothing.");
    assert_says(text, "a test at level 0.0219 keeps it with probability 0.8");
    assert_says(text, "\\> head moved");
    assert_says(text, "o placebo, taken for better");
    assert_silent(text, "| + verified");
    free(text);
    night_end(&night);
}

/* --- the test split ----------------------------------------------------------------------------
 */

/* Copies a run of the record into the store and gives it a test loss. */
static void store_test_loss(struct night *night, int64_t experiment, uint32_t seed, double value)
{
    struct err err = {0};
    const struct run *run = record_run(&night->record, experiment, seed);
    struct run start = *run;
    struct run_facts none = {0};
    struct metric metric = {mem_strdup("test_loss"), value};

    start.class = CLASS_NONE;
    start.value = NAN;
    assert_int_equal(store_begin(night->store, &err), 0);
    assert_int_equal(store_start_run(night->store, &start, 1, &none, &err), 0);
    assert_int_equal(store_add_metric(night->store, run->id, &metric, &err), 0);
    assert_int_equal(store_commit(night->store, &err), 0);
    free(metric.name);
}

static void store_experiments(struct night *night)
{
    struct err err = {0};
    const struct record *record = &night->record;

    assert_int_equal(store_begin(night->store, &err), 0);
    for (size_t i = 0; i < record->n_experiments; i++)
        assert_int_equal(
            store_add_experiment(night->store, &record->study.space, &record->experiments[i], &err),
            0);
    assert_int_equal(store_commit(night->store, &err), 0);
}

/* Differences 0.1 and 0.1001 on the confirmation's seeds; t(0.975, 1) = 12.7062 (tables), so the
 * half width is 12.7062 * 0.00005 = 0.000635. */
static void the_test_split_is_told_of_a_confirmation_alone(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    add_verified_move(&night);
    store_experiments(&night);
    store_test_loss(&night, 1, 101, 171.25);
    store_test_loss(&night, 2, 101, 46.5);
    char *text = compose(&night);
    assert_silent(text, "test\\_loss");
    assert_silent(text, "124.75");
    free(text);
    add_confirmation(&night, 5, 0.1, 0.3);
    store_test_loss(&night, 1, 205, 4.0);
    store_test_loss(&night, 2, 205, 3.9);
    store_test_loss(&night, 1, 305, 4.2);
    store_test_loss(&night, 2, 305, 4.0999);
    text = compose(&night);
    assert_says(text, "(test\\_loss of the same runs): better by 0.1, 95 % interval "
                      "[+0.0994, +0.101], 2 seeds.");
    assert_silent(text, "124.75");
    free(text);
    night_end(&night);
}

/* --- the forerunners' rule ---------------------------------------------------------------------
 */

static void add_greedy_keeps(struct night *night)
{
    night_propose(night, 0, "");
    night_panel_run(night, 1, 11, 3.0);
    night_decide(night, 1, OUTCOME_KEEP, NAN, NAN, NAN, "the baseline");
    night_propose(night, 1, "layers=4");
    night_panel_run(night, 2, 11, 2.9);
    night_head(night, 2, OUTCOME_KEEP, 0.1, NAN, 1);
    night_propose(night, 2, "lr=0.01");
    night_panel_run(night, 3, 11, 2.95);
    night_head(night, 3, OUTCOME_REVERT, -0.05, NAN, 1);
}

static void what_greedy_keeps_is_never_called_verified(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, greedy);
    add_greedy_keeps(&night);
    char *text = compose(&night);
    assert_says(text, "**Nothing was verified, and nothing could be**");
    assert_says(text, "Its 1 keep was never tested.");
    assert_says(text, "about 0.833 of 2 would have been kept by luck"); /* 1/2 + 1/3 */
    assert_says(text, "\\> kept (never tested)");
    assert_says(text, "| promise | nothing |");
    assert_silent(text, "smallest visible effect");
    assert_says(text, "None can be told");
    assert_silent(text, "+ verified");
    assert_silent(text, "better by");
    free(text);
    night_end(&night);
}

static void what_greedy_kept_may_be_confirmed(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, greedy);
    add_greedy_keeps(&night);
    add_confirmation(&night, 3, 0.1, 0.3);
    char *text = section_text(&night, "found");
    assert_says(text, "better by 0.2, 95 % interval [+0.1, +0.3]**, on 2 fresh seeds that no "
                      "decision has seen: experiment 2 against the baseline.");
    assert_says(text, "never tested");
    assert_silent(text, "is not known");
    free(text);
    night_end(&night);
}

/* --- whether to believe it ---------------------------------------------------------------------
 */

static void a_trainer_that_is_not_deterministic_is_told_aloud(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0.25);
    char *found = section_text(&night, "found"), *belief = section_text(&night, "belief");
    assert_says(found, "**The trainer is not deterministic**: the same config and seed gave values "
                       "0.25 apart.");
    assert_says(belief, "| deterministic trainer | NO: ");
    free(found);
    free(belief);
    night_end(&night);
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    found = section_text(&night, "found"), belief = section_text(&night, "belief");
    assert_silent(found, "deterministic");
    assert_says(belief, "| deterministic trainer | yes");
    assert_says(belief, "(audit of 6 pairs)");
    assert_says(belief, "false discovery rate; levels by LOND");
    free(found);
    free(belief);
    night_end(&night);
}

/* What the baseline ran on after it was decided, as head of the search, is none of the audit's. */
static void the_audit_knows_its_own_seeds(void **state)
{
    struct night night;
    struct facts facts;
    struct noise_floor floor;
    struct err err = {0};

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    night_panel_run(&night, 1, 99, 1000);
    facts_init(&facts, &night.record);
    assert_int_equal(noise_floor_measure(&floor, &facts, &err), 0);
    assert_true(floor.audited);
    assert_int_equal(floor.audit.n, 6);
    assert_true(floor.audit.sigma_seed < 0.2);
    facts_clear(&facts);
    night_end(&night);
}

static void runs_that_were_set_aside_for_their_speed_are_counted(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    night_run(&night, 1, 11, CLASS_INTERRUPTED, NAN, UNEVEN "half as fast as its like");
    night_run(&night, 1, 11, CLASS_OK, 3, NULL);
    night_run(&night, 1, 12, CLASS_INTERRUPTED, NAN, NULL);
    char *text = section_text(&night, "belief");
    assert_says(text, "uneven speed, and run again | 1 run |");
    free(text);
    night_end(&night);
}

/* Makes a record beside the night's own, with so many placebos of the head kept and reverted. */
static void add_neighbour(const struct night *night, const char *name, const char *decision,
                          int kept, int reverted)
{
    struct err err = {0};
    struct store *store;
    char *dir = path_join(night->home, name), *db = path_join(dir, "study.db");
    char *text = study_of(decision);
    struct value none[8] = {{0}};
    struct experiment e = {.id = 1, .config = none, .sha = "0"};
    struct decision d = {.kind = DECISION_PLACEBO, .experiment = 1, .against = 1, .alpha = NAN};

    assert_int_equal(file_mkdirs(dir, &err), 0);
    assert_int_equal(store_open(&store, db, STORE_WRITE, &err), 0);
    store_texts(store, text);
    assert_int_equal(store_begin(store, &err), 0);
    assert_int_equal(store_add_experiment(store, &night->record.study.space, &e, &err), 0);
    for (d.number = 1; d.number <= kept + reverted; d.number++) {
        d.verdict = d.number <= kept ? OUTCOME_KEEP : OUTCOME_REVERT;
        assert_int_equal(store_add_decision(store, &d, &err), 0);
    }
    assert_int_equal(store_commit(store, &err), 0);
    store_close(store);
    free(text);
    free(dir);
    free(db);
}

/* One that waited while the head moved is beside another config when it is decided: no placebo. */
static void stale_placebo(struct night *night)
{
    struct record *record = &night->record;
    struct decision d = record->decisions[record->n_decisions - 2];

    night_propose(night, 1, "layers=7");
    d.number = (int64_t)record->n_decisions + 1;
    d.kind = DECISION_PLACEBO;
    d.experiment = 2;
    d.against = 3;
    d.verdict = OUTCOME_KEEP;
    record_add_decision(record, &d);
}

/* 1 of 10 has the interval 0.253 to 44.5 % (tables of Clopper & Pearson). */
static void placebos_are_pooled_over_the_studies_beside_each_other(void **state)
{
    struct night night;
    struct err err = {0};

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    night_placebo(&night);
    night_head(&night, 2, OUTCOME_REVERT, -0.1, 0.1, 1);
    night_test_pair(&night, 1, 1, 1, 101, 3.0, 3.1);
    night_test(&night, DECISION_PLACEBO, 1, 1, 1, 0.02, OUTCOME_REVERT, -0.1, -0.3, 0.1);
    stale_placebo(&night);
    add_neighbour(&night, "beside", two_level, 1, 8);
    add_neighbour(&night, "other-rule", greedy, 4, 4);
    char *bad = path_join(night.home, "damaged");
    assert_int_equal(file_mkdirs(bad, &err), 0);
    char *db = path_join(bad, "study.db");
    assert_int_equal(file_write(db, "rubbish", 7, &err), 0);
    char *text = section_text(&night, "placebos");
    assert_says(text, "| by the search head | 0 of 1, 0 % \\[0, 97.5\\] | 1 of 10, 10 % "
                      "\\[0.253, 44.5\\] | 2 | - |");
    assert_says(text,
                "| by a test | 0 of 1, 0 % \\[0, 97.5\\] | 0 of 1, 0 % \\[0, 97.5\\] | 1 | 2 |");
    assert_says(text, "1 record beside this one could not be read");
    free(text);
    free(db);
    free(bad);
    night_end(&night);
}

/* --- findings ----------------------------------------------------------------------------------
 */

/* The baseline's mean over its panel is 3.05, the candidate's first run 2.6: 0.45 better, where the
 * head's decision said 0.4. */
static void findings_are_measured_from_runs_that_chose_nothing(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    add_verified_move(&night);
    night_propose(&night, 2, "lr=0.0011"); /* beside 2.75, its run after the move: no difference */
    night_panel_run(&night, 3, 11, 2.7);
    night_head(&night, 3, OUTCOME_REVERT, -0.3, 0.1, 1);
    night_propose(&night, 2, "lr=0.1 layers=5"); /* two at once are nobody's effect */
    night_panel_run(&night, 4, 11, 9);
    night_head(&night, 4, OUTCOME_REVERT, -6, 0.1, 1);
    char *text = section_text(&night, "findings");
    assert_says(text, "2 changes of one parameter alone were measured with an error");
    assert_says(text, "- layers 3 -\\> 4: better by 0.45, 90 % interval [+0.2");
    assert_says(text, "(estimate from 1 run beside 6, p 0.00");
    assert_silent(text, "0.0011");
    assert_silent(text, "worse by");
    free(text);
    night_propose(&night, 2, "layers=9"); /* beyond doubt */
    night_panel_run(&night, 5, 11, 1e6);
    night_head(&night, 5, OUTCOME_REVERT, -1e6, 0.1, 1);
    text = section_text(&night, "findings");
    assert_well_formed(text);
    assert_says(text, "p \\< 1e-09; experiment 5 against 2)");
    free(text);
    night_end(&night);
}

/* No config differs: runs have unit noise, and those on one seed share so much more of it.  The
 * head moves where a first run is lucky by one SD, and then runs once more. */
static void add_null_night(struct night *night, struct rng *rng, double share)
{
    double shared[40], level = 0, e;
    uint32_t fresh = 6;

    for (int i = 0; i < 40; i++)
        shared[i] = share * rng_normal(rng);
    night_propose(night, 0, "");
    for (uint32_t i = 0; i < 6; i++) {
        night_panel_run(night, 1, i, shared[i] + rng_normal(rng));
        night_run_as(night, 1, RUN_NEIGHBOUR, i, CLASS_OK, shared[i] + rng_normal(rng), NULL);
    }
    night_decide(night, 1, OUTCOME_KEEP, NAN, NAN, NAN, "the baseline");
    for (int i = 2; i < 30; i++) {
        char change[32];
        snprintf(change, sizeof change, "lr=0.%03d", i);
        int64_t id = night_propose(night, record_head(&night->record), change);
        night_panel_run(night, id, 0, shared[0] + (e = rng_normal(rng)));
        bool lucky = e < level - 1;
        night_head(night, id, lucky ? OUTCOME_KEEP : OUTCOME_REVERT, level - e, 1, 1);
        if (!lucky)
            continue;
        level = e;
        night_panel_run(night, id, fresh, shared[fresh] + rng_normal(rng));
        fresh++;
    }
}

static int nights_with_a_finding(struct night *night, int nights, double share)
{
    struct err err = {0};
    int with = 0;

    for (int i = 0; i < nights; i++) {
        struct rng rng;
        rng_init(&rng, 7, "null nights", (uint64_t)i);
        record_clear(&night->record);
        assert_int_equal(store_load(night->store, &night->record, &err), 0);
        add_null_night(night, &rng, share);
        char *text = section_text(night, "findings");
        with += strstr(text, "\n- ") != NULL;
        free(text);
    }
    return with;
}

/* Where no change does anything a list is false whatever is in it: at most 10 % of nights may have
 * one, and two standard errors of 400 nights are 3 %. */
static void nights_without_an_effect_seldom_have_a_finding(void **state)
{
    enum { NIGHTS = 400 };
    static const double shares[] = {0, 1};
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    for (size_t i = 0; i < 2; i++) {
        int with = nights_with_a_finding(&night, NIGHTS, shares[i]);
        if (with > 0.13 * NIGHTS)
            fail_msg("share %g: %d of %d nights have a finding", shares[i], with, NIGHTS);
    }
    night_end(&night);
}

/* --- claims ------------------------------------------------------------------------------------
 */

static void a_sentence_about_an_effect_needs_an_interval_without_zero(void **state)
{
    static const struct {
        struct effect effect;
        const char *says;
    } cases[] = {
        {{0.11, 0.04, 0.18, 0.9}, "better by 0.11, 90 % interval [+0.04, +0.18]"},
        {{-0.11, -0.18, -0.04, NAN}, "worse by 0.11, interval [-0.18, -0.04]"},
        {{0.11, 0, 0.18, 0.9}, ""},
        {{0.11, -0.01, 0.18, 0.9}, ""},
        {{-0.11, -0.18, 0, 0.9}, ""},
        {{0.11, NAN, NAN, 0.9}, ""},
        {{0.11, 0.04, NAN, 0.9}, ""},
        {{NAN, 0.04, 0.18, 0.9}, ""},
        {{0, 0, 0, 0.9}, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str text = {0};
        bool holds = *cases[i].says != '\0';
        assert_int_equal(claim_holds(&cases[i].effect), holds);
        assert_int_equal(claim_write(&text, &cases[i].effect), holds);
        assert_string_equal(str_text(&text), cases[i].says);
        str_clear(&text);
    }
}

static void the_optimistic_number_needs_effects_that_hold(void **state)
{
    static const struct effect sure = {0.1, 0.05, 0.15, 0.95}, unsure = {0.1, -0.05, 0.15, 0.95};
    struct effect both[] = {sure, unsure};
    struct str text = {0};

    (void)state;
    assert_false(claim_optimism(&text, &unsure, &sure, 1));
    assert_false(claim_optimism(&text, &sure, both, 2));
    assert_false(claim_optimism(&text, &sure, both, 0));
    assert_int_equal(text.len, 0);
    assert_true(claim_optimism(&text, &sure, &sure, 1));
    str_clear(&text);
}

/* Every decision has an effect of 0.0777 or so whose interval holds zero, or none. */
static void fill_with_nothing_sure(struct night *night, bool tests)
{
    const double low[] = {-0.5, 0, NAN};

    add_audited_baseline(night, 0);
    for (int i = 0; i < 3; i++) {
        int64_t id = night_propose(night, record_head(&night->record), "layers=4");
        night->record.experiments[id - 1].config[1].number += i;
        night_panel_run(night, id, 11, 3.05 - 0.0777);
        night_head(night, id, OUTCOME_KEEP, 0.0777, i == 2 ? (double)NAN : 0.3, 1);
        if (!tests)
            continue;
        uint32_t seed = 100 + 2 * (uint32_t)i;
        night_test_pair(night, id, 1, 1 + 4 * i, seed, 3.2, 3.1223);
        night_test_pair(night, id, 1, 1 + 4 * i, seed + 1, 3.0, 2.9223);
        night_test(night, DECISION_VERIFY, id, 1, 1 + 4 * i, 0.02, OUTCOME_KEEP, 0.0777, low[i],
                   i == 2 ? (double)NAN : 0.6);
        night_test_pair(night, id, 1, 3 + 4 * i, seed + 50, 3.2, 3.1223);
        night_test_pair(night, id, 1, 3 + 4 * i, seed + 51, 3.0, 2.9223);
        night_test(night, DECISION_CONFIRM, id, 1, 3 + 4 * i, NAN, OUTCOME_REVERT, 0.0777, low[i],
                   i == 2 ? (double)NAN : 0.6);
    }
}

/* Whatever is no row of a table and no fenced block. */
static char *prose_of(const char *text)
{
    struct str prose = {0};
    bool fenced = false;

    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bool fence = strncmp(line, "```", 3) == 0;
        fenced ^= fence;
        if (!fence && !fenced && line[0] != '|') {
            str_addn(&prose, line, len);
            str_add(&prose, "\n");
        }
        line += len + (line[len] == '\n');
    }
    return str_take(&prose);
}

static void no_sentence_of_any_section_tells_an_effect_whose_interval_holds_zero(void **state)
{
    static const char *const rules[] = {two_level, greedy, "decision: {procedure: paired}"};
    static const char *const words[] = {"better by", "worse by", "0.0777",
                                        "0.077",     "0.08",     "gain of 0.0777"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rules / sizeof *rules; i++) {
        struct night night;
        begin_as(&night, rules[i / 2]);
        fill_with_nothing_sure(&night, i % 2 == 0);
        char *all = compose(&night);
        assert_well_formed(all);
        assert_says(all, "+0.0777"); /* as data it stands in the tables */
        free(all);
        for (size_t k = 0; sections[k] != NULL; k++) {
            char *text = section_text(&night, sections[k]->name), *prose = prose_of(text);
            for (size_t w = 0; w < sizeof words / sizeof *words; w++)
                assert_silent(prose, words[w]);
            free(prose);
            free(text);
        }
        night_end(&night);
    }
}

/* --- history -----------------------------------------------------------------------------------
 */

static void history_tells_head_moves_tests_placebos_and_confirmations_apart(void **state)
{
    struct night night;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    add_verified_move(&night);
    night_propose(&night, 2, "lr=0.002");
    night_panel_run(&night, 3, 11, 2.5);
    night_head(&night, 3, OUTCOME_KEEP, 0.15, 0.1, 2);
    night_placebo(&night);
    night_panel_run(&night, 4, 11, 2.6);
    night_head(&night, 4, OUTCOME_REVERT, -0.1, 0.1, 1);
    night_test_pair(&night, 2, 2, 5, 105, 2.7, 2.8);
    night_test(&night, DECISION_PLACEBO, 2, 2, 5, 0.01, OUTCOME_REVERT, -0.1, -0.3, 0.1);
    add_confirmation(&night, 9, 0.1, 0.3);
    char *text = section_text(&night, "history");
    assert_says(text, "| 1 | = baseline |");
    assert_says(text, "| 2 | + verified |");
    assert_says(text, "| +0.4 ± 0.1 | 1 run, untested |");
    assert_says(text, "| 3 | \\> head moved |");
    assert_says(text, "| 4 | o placebo |");
    assert_says(text,
                "| 3 | verify | 2 | 1 | + verified | +0.3 \\[+0.15, +0.45\\] | 2 pairs, test at "
                "0.0219 |");
    assert_says(text,
                "| 6 | placebo | 2 | 2 | revert | -0.1 \\[-0.3, +0.1\\] | 1 pair, test at 0.01 |");
    assert_says(text, "| 7 | confirm | 2 | 1 | confirmed | +0.2 \\[+0.1, +0.3\\] | 2 pairs, "
                      "confirmation |");
    assert_says(text, "     tests | T c\n"); /* after experiment 2; the last one in its column */
    assert_says(text, " |=\n");
    free(text);
    night_end(&night);
}

/* A placebo's test is a config against itself: its pairs say nothing of paired noise. */
static void a_placebos_pairs_are_salted_and_stay_out_of_the_noise(void **state)
{
    struct night night;
    struct facts facts;
    size_t df;

    (void)state;
    begin_as(&night, two_level);
    add_audited_baseline(&night, 0);
    night_test_pair(&night, 1, 1, 1, 101, 3.0, 3.5);
    night_test_pair(&night, 1, 1, 1, 102, 3.0, 2.5);
    facts_init(&facts, &night.record);
    assert_close(facts_difference(&facts, &night.record.pairs[6]), -0.5, 1e-12, 0);
    facts_pair_sd(&facts, &df);
    assert_int_equal(df, 0);
    facts_clear(&facts);
    night_end(&night);
}

/* --- facts -------------------------------------------------------------------------------------
 */

static void seeds_of_own_pairs_come_first_and_each_once(void **state)
{
    static const uint32_t want[] = {22, 21, 71, 72};
    struct night night;
    struct facts facts;
    uint32_t *seeds;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    night_propose(&night, 1, "layers=4");
    night_pair(&night, 2, 1, 22, 3, 2);
    night_pair(&night, 2, 1, 21, 3, 2);
    night_run(&night, 2, 71, CLASS_INTERRUPTED, NAN, NULL); /* lost, then repeated */
    night_run(&night, 2, 72, CLASS_EXIT, NAN, "exit 3");
    night_run(&night, 2, 73, CLASS_INTERRUPTED, NAN, NULL); /* lost */
    night_run(&night, 2, 71, CLASS_OK, 2, NULL);
    facts_init(&facts, &night.record);
    assert_int_equal(facts_seeds(&seeds, &facts, 2), 4);
    assert_memory_equal(seeds, want, sizeof want);
    assert_true(isnan(facts_value(&facts, 2, 72)));
    assert_close(facts_value(&facts, 2, 71), 2, 0, 0);
    free(seeds);
    facts_clear(&facts);
    night_end(&night);
}

/* Differences 1, 2, 3: mean 2, SD 1, n 3; t(0.95, 2) = 2.919986 (tables), half width t / sqrt 3. */
static void a_comparison_uses_shared_seeds_and_students_t(void **state)
{
    struct night night;
    struct facts facts;
    struct comparison c;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    night_propose(&night, 1, "layers=4");
    for (uint32_t seed = 1; seed <= 3; seed++) {
        night_run(&night, 1, seed, CLASS_OK, 10 + seed, NULL);
        night_run(&night, 2, seed, CLASS_OK, 10, NULL);
    }
    night_run(&night, 1, 4, CLASS_OK, 99, NULL); /* not shared */
    night_run(&night, 2, 4, CLASS_EXIT, NAN, NULL);
    facts_init(&facts, &night.record);
    facts_compare(&c, &facts, 1, 2);
    assert_int_equal(c.n, 3);
    assert_close(c.mean, 2, 1e-12, 0);
    assert_close(c.low, 2 - 2.919986 / sqrt(3), 0, 1e-6);
    assert_close(c.high, 2 + 2.919986 / sqrt(3), 0, 1e-6);
    facts_clear(&facts);
    night_end(&night);
}

/* Means 2 and 1, each of two seeds with variance 2: se sqrt 2 with 2 degrees of freedom. */
static void means_over_different_seeds_are_compared_by_welch(void **state)
{
    struct night night;
    struct facts facts;
    struct comparison c;

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    night_propose(&night, 1, "layers=4");
    night_run(&night, 1, 1, CLASS_OK, 1, NULL);
    night_run(&night, 1, 2, CLASS_OK, 3, NULL);
    night_run(&night, 2, 3, CLASS_OK, 0, NULL);
    facts_init(&facts, &night.record);
    facts_compare_means(&c, &facts, 1, 2);
    assert_true(isnan(c.low)); /* one seed has no spread */
    facts_clear(&facts);
    night_run(&night, 2, 4, CLASS_OK, 2, NULL);
    facts_init(&facts, &night.record);
    facts_compare_means(&c, &facts, 1, 2);
    assert_int_equal(c.n, 2);
    assert_close(c.mean, 1, 1e-12, 0);
    assert_close(c.low, 1 - 2.919986 * sqrt(2), 0, 1e-5);
    assert_close(c.high, 1 + 2.919986 * sqrt(2), 0, 1e-5);
    facts_compare(&c, &facts, 1, 2);
    assert_int_equal(c.n, 0);
    facts_clear(&facts);
    night_end(&night);
}

static void where_more_is_better_a_larger_value_is_a_gain(void **state)
{
    struct night night;
    struct facts facts;
    struct comparison c;
    char *text = mem_strdup(usual_study);

    (void)state;
    memcpy(strstr(text, "minimize"), "maximize", 8);
    night_begin(&night, text);
    night_propose(&night, 0, "");
    night_propose(&night, 1, "layers=4");
    night_pair(&night, 2, 1, 5, 0.70, 0.75);
    facts_init(&facts, &night.record);
    assert_close(facts_difference(&facts, &night.record.pairs[0]), 0.05, 1e-12, 0);
    facts_compare(&c, &facts, 1, 2);
    assert_close(c.mean, 0.05, 1e-12, 0);
    assert_true(isnan(c.low)); /* one seed has no spread */
    facts_clear(&facts);
    night_end(&night);
    free(text);
}

static void the_verified_incumbent_is_the_last_verified_keep(void **state)
{
    struct night night;
    struct facts facts;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    facts_init(&facts, &night.record);
    assert_int_equal(facts_verified(&facts), 0);
    facts_clear(&facts);
    add_kept_layers(&night);
    add_reverted_lr(&night);
    facts_init(&facts, &night.record);
    assert_int_equal(facts_verified(&facts), 2);
    facts_clear(&facts);
    night_end(&night);
}

static void the_chart_marks_keeps_and_needs_three_points(void **state)
{
    struct night night;
    struct facts facts;
    struct str text = {0};

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    add_kept_layers(&night);
    facts_init(&facts, &night.record);
    chart_history(&text, &facts);
    assert_int_equal(text.len, 0);
    facts_clear(&facts);
    add_reverted_lr(&night);
    facts_init(&facts, &night.record);
    chart_history(&text, &facts);
    assert_says(str_text(&text), "|  -\n"); /* 2.94 and 3.035: the revert is the third column */
    assert_says(str_text(&text), "| +");
    assert_says(str_text(&text), "|=");
    assert_silent(str_text(&text), "tests |"); /* each is its experiment's own */
    facts_clear(&facts);
    str_clear(&text);
    night_end(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_without_experiments_reports_that_nothing_has_run),
        cmocka_unit_test(the_baseline_alone_claims_nothing),
        cmocka_unit_test(a_failed_baseline_leaves_nothing_to_compare_with),
        cmocka_unit_test(a_night_of_reverts_says_what_it_could_have_seen),
        cmocka_unit_test(a_keep_tested_against_the_baseline_is_claimed_with_its_interval),
        cmocka_unit_test(effects_of_a_line_of_keeps_are_not_added_up),
        cmocka_unit_test(a_keep_whose_interval_holds_zero_is_no_claim),
        cmocka_unit_test(failures_are_grouped_by_cause_with_their_last_words),
        cmocka_unit_test(a_lost_run_that_was_repeated_is_no_failure),
        cmocka_unit_test(parameters_count_their_changes_alone_and_with_others),
        cmocka_unit_test(the_noise_of_pairs_is_pooled_within_experiments),
        cmocka_unit_test(the_smallest_gain_has_the_power_that_it_names),
        cmocka_unit_test(provenance_names_study_inputs_and_machine),
        cmocka_unit_test(every_experiment_has_its_command),
        cmocka_unit_test(text_from_outside_stays_text),
        cmocka_unit_test(the_same_record_gives_the_same_bytes),
        cmocka_unit_test(unknown_is_a_dash_and_never_nan),
        cmocka_unit_test(every_section_copes_with_every_kind_of_night),
        cmocka_unit_test(curves_are_means_over_seeds_with_students_interval),
        cmocka_unit_test(without_the_files_of_runs_there_is_no_curve),
        cmocka_unit_test(what_is_left_out_is_never_what_was_found),
        cmocka_unit_test(too_few_experiments_have_no_importance),
        cmocka_unit_test(the_parameter_that_decides_has_the_largest_share),
        cmocka_unit_test(the_summary_of_a_baseline_alone_says_nothing_yet),
        cmocka_unit_test(the_summary_tells_claim_change_failures_and_that_it_is_not_confirmed),
        cmocka_unit_test(the_summary_of_a_failed_baseline_claims_nothing),
        cmocka_unit_test(the_report_lands_in_the_folder_that_was_asked_for),
        cmocka_unit_test(seeds_of_own_pairs_come_first_and_each_once),
        cmocka_unit_test(a_comparison_uses_shared_seeds_and_students_t),
        cmocka_unit_test(means_over_different_seeds_are_compared_by_welch),
        cmocka_unit_test(where_more_is_better_a_larger_value_is_a_gain),
        cmocka_unit_test(the_verified_incumbent_is_the_last_verified_keep),
        cmocka_unit_test(the_chart_marks_keeps_and_needs_three_points),
        cmocka_unit_test(the_claim_is_the_confirmation_and_the_optimistic_number_stands_beside),
        cmocka_unit_test(a_confirmation_that_holds_zero_takes_the_claim_back),
        cmocka_unit_test(without_a_confirmation_the_test_that_decided_says_so),
        cmocka_unit_test(a_night_of_two_levels_that_verified_nothing_says_what_it_could_have_seen),
        cmocka_unit_test(the_test_split_is_told_of_a_confirmation_alone),
        cmocka_unit_test(what_greedy_keeps_is_never_called_verified),
        cmocka_unit_test(what_greedy_kept_may_be_confirmed),
        cmocka_unit_test(a_trainer_that_is_not_deterministic_is_told_aloud),
        cmocka_unit_test(the_audit_knows_its_own_seeds),
        cmocka_unit_test(runs_that_were_set_aside_for_their_speed_are_counted),
        cmocka_unit_test(placebos_are_pooled_over_the_studies_beside_each_other),
        cmocka_unit_test(findings_are_measured_from_runs_that_chose_nothing),
        cmocka_unit_test(nights_without_an_effect_seldom_have_a_finding),
        cmocka_unit_test(a_sentence_about_an_effect_needs_an_interval_without_zero),
        cmocka_unit_test(the_optimistic_number_needs_effects_that_hold),
        cmocka_unit_test(no_sentence_of_any_section_tells_an_effect_whose_interval_holds_zero),
        cmocka_unit_test(history_tells_head_moves_tests_placebos_and_confirmations_apart),
        cmocka_unit_test(a_placebos_pairs_are_salted_and_stay_out_of_the_noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
