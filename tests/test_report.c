/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>

#include "record_fixture.h"

#include "chart.h"
#include "check.h"
#include "claim.h"
#include "fate.h"
#include "judge.h"
#include "markdown.h"
#include "noise_floor.h"
#include "placebo.h"
#include "report.h"
#include "rng.h"
#include "say.h"
#include "section.h"

/* The whole report; the caller frees. */
static char *compose(const struct night *night)
{
    struct str text = {0};
    struct err err = {0};

    assert_int_equal(report_compose(&text, &night->record, night->store, &err), 0);
    return str_take(&text);
}

/* One section; the caller frees. */
static char *section_text(const struct night *night, const char *name)
{
    struct str text = {0};
    struct err err = {0};

    for (size_t i = 0; sections[i] != NULL; i++)
        if (strcmp(sections[i]->name, name) == 0)
            assert_int_equal(section_write(&text, sections[i], &night->record, night->store, &err),
                             0);
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

static void the_report_lands_in_the_folder_that_was_asked_for(void **state)
{
    struct night night;
    struct err err = {0};
    char *path, *text, *want;

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    char *dir = path_join(night.dir, "deep/report");
    assert_int_equal(report_write(&path, &night.record, night.store, dir, &err), 0);
    assert_int_equal(file_read(&text, NULL, path, 1 << 20, &err), 0);
    want = compose(&night);
    assert_string_equal(text, want);
    free(want);
    free(text);
    free(path);
    free(dir);
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
        cmocka_unit_test(the_report_lands_in_the_folder_that_was_asked_for),
        cmocka_unit_test(seeds_of_own_pairs_come_first_and_each_once),
        cmocka_unit_test(a_comparison_uses_shared_seeds_and_students_t),
        cmocka_unit_test(means_over_different_seeds_are_compared_by_welch),
        cmocka_unit_test(where_more_is_better_a_larger_value_is_a_gain),
        cmocka_unit_test(the_verified_incumbent_is_the_last_verified_keep),
        cmocka_unit_test(the_chart_marks_keeps_and_needs_three_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
