/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record_fixture.h"

#include <unistd.h>

#include "check.h"
#include "claimed.h"
#include "export.h"
#include "json.h"
#include "status.h"
#include "table.h"
#include "view_line.h"

/* A view of a night that lives in memory; place points at the night's folder, where nobody runs. */
static void view_night(struct view *out, struct night *night)
{
    *out = (struct view){
        .place = {.run_dir = night->dir}, .store = night->store, .record = night->record};
    facts_init(&out->facts, &out->record);
}

static void assert_says(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in:\n%s", words, text);
}

static void assert_json(const json_t *value, const char *want)
{
    struct str text = {0};

    json_write(&text, value);
    assert_string_equal(str_text(&text), want);
    str_clear(&text);
}

static json_t *json_of(const struct view *view, int64_t id)
{
    struct json_line line = {0};
    struct str text = {0};

    view_line_experiment(&line, view, id);
    json_line_end(&text, &line);
    json_t *json = json_loads(str_text(&text), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    str_clear(&text);
    json_line_clear(&line);
    return json;
}

/* The baseline, a keep, a failure and one that is pending with its first seed ended. */
static void fill_night(struct night *night)
{
    night_baseline(night);
    night_propose(night, 1, "layers=4");
    night_pair(night, 2, 1, 21, 3.0, 2.875);
    night_decide(night, 2, OUTCOME_KEEP, 0.125, 0.0625, 0.25, "better on 1 pair");
    night_propose(night, 2, "lr=0.1");
    night_run(night, 3, 31, CLASS_EXIT, NAN, "exit 3: \xff\x1b[31m");
    night_decide(night, 3, OUTCOME_FAILED, NAN, NAN, NAN, "failed on seed 31");
    night_propose(night, 2, "lr=0.25");
    night_run(night, 4, 41, CLASS_OK, 2.5, NULL);
    night_run(night, 4, 42, CLASS_NONE, NAN, NULL);
}

/* --- an experiment as JSON ---------------------------------------------------------------------
 */

static void a_kept_experiment_has_the_keys_of_the_contract(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    json_t *json = json_of(&view, 2);
    assert_json(json,
                "{\"against\":1,\"change\":\"layers 3 -> 4\",\"commit\":null,\"decision\":\"keep\","
                "\"decision_number\":2,\"effect\":{\"high\":0.25,\"low\":0.0625,\"mean\":0.125,"
                "\"n\":1},\"id\":2,\"params\":{\"layers\":4,\"lr\":0.001,\"optimizer\":\"adamw\","
                "\"tokens\":1000},\"purpose\":\"proposal\",\"reason\":\"better on 1 pair\","
                "\"remark\":null,\"seeds\":[21],\"values\":[2.875],\"verified\":true}");
    json_decref(json);
    facts_clear(&view.facts);
    night_end(&night);
}

static void a_failed_run_is_null_among_the_values_and_never_nan(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    json_t *json = json_of(&view, 3);
    assert_json(json_object_get(json, "seeds"), "[31]");
    assert_json(json_object_get(json, "values"), "[null]");
    assert_json(json_object_get(json, "effect"),
                "{\"high\":null,\"low\":null,\"mean\":null,\"n\":0}");
    assert_json(json_object_get(json, "decision"), "\"failed\"");
    assert_json(json_object_get(json, "verified"), "false");
    json_decref(json);
    facts_clear(&view.facts);
    night_end(&night);
}

static void a_pending_experiment_shows_the_seeds_that_have_ended(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    json_t *json = json_of(&view, 4);
    assert_json(json_object_get(json, "decision"), "\"pending\"");
    assert_json(json_object_get(json, "seeds"), "[41]");
    assert_json(json_object_get(json, "values"), "[2.5]");
    assert_json(json_object_get(json, "reason"), "null");
    json_decref(json);
    facts_clear(&view.facts);
    night_end(&night);
}

static void the_baseline_counts_the_seeds_that_it_lent_to_others(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    json_t *json = json_of(&view, 1);
    assert_json(json_object_get(json, "seeds"), "[11,12,13,21]");
    assert_json(json_object_get(json, "values"), "[3,3.1,3.2,3]");
    assert_json(json_object_get(json, "purpose"), "\"baseline\"");
    assert_json(json_object_get(json, "verified"), "false");
    json_decref(json);
    facts_clear(&view.facts);
    night_end(&night);
}

static void text_that_is_no_utf8_still_becomes_json(void **state)
{
    json_t *json = view_json_text("a\xff");

    (void)state;
    assert_json(json, "\"a\\\\xff\"");
    json_decref(json);
    json = view_json_text(NULL);
    assert_json(json, "null");
    json_decref(json);
}

static void an_id_must_be_one_of_the_studys(void **state)
{
    static const struct {
        const char *word, *error;
    } cases[] = {
        {"0", "'0' is no experiment's number (1 is the baseline)"},
        {"-1", "'-1' is no experiment's number (1 is the baseline)"},
        {"two", "'two' is no experiment's number (1 is the baseline)"},
        {"2x", "'2x' is no experiment's number (1 is the baseline)"},
        {"5", "there is no experiment 5: study 'dusk' has 4"},
    };
    struct night night;
    int64_t id;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_int_equal(view_read_id(&id, &view, cases[i].word, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_string_equal(err.text, cases[i].error);
    }
    struct err err = {0};
    assert_int_equal(view_read_id(&id, &view, "4", &err), 0);
    assert_int_equal(id, 4);
    facts_clear(&view.facts);
    night_end(&night);
}

/* --- operands ----------------------------------------------------------------------------------
 */

static void a_study_may_be_left_out_of_the_operands(void **state)
{
    static const struct {
        const char *words[4];
        size_t n, least, most;
        const char *study, *first;
    } cases[] = {
        {{NULL}, 0, 0, 0, NULL, NULL},
        {{"x"}, 1, 0, 0, "x", NULL},
        {{"7"}, 1, 1, 1, NULL, "7"},
        {{"x", "7"}, 2, 1, 1, "x", "7"},
        {{"7", "9"}, 2, 1, 2, NULL, "7"},
        {{"Makefile", "7"}, 2, 1, 2, "Makefile", "7"}, /* a file, so it is meant as a study */
        {{"x", "7", "9"}, 3, 1, 2, "x", "7"},
    };
    const struct command command = {.name = "diff", .operands = "[STUDY] A [B]"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *words[4];
        struct operands operands;
        struct err err = {0};
        memcpy(words, cases[i].words, sizeof words);
        struct arguments arguments = {.words = words, .n_words = cases[i].n};
        assert_int_equal(
            view_operands(&operands, &command, &arguments, cases[i].least, cases[i].most, &err), 0);
        if (cases[i].study == NULL)
            assert_null(operands.study);
        else
            assert_string_equal(operands.study, cases[i].study);
        if (cases[i].first != NULL)
            assert_string_equal(operands.words[0], cases[i].first);
    }
}

static void too_many_and_too_few_operands_are_usage_errors(void **state)
{
    const char *words[] = {"a", "b", "c", "d"};
    struct arguments arguments = {.words = words, .n_words = 4};
    const struct command command = {.name = "diff", .operands = "[STUDY] A [B]"};
    struct operands operands;
    struct err err = {0};

    (void)state;
    assert_int_equal(view_operands(&operands, &command, &arguments, 1, 2, &err), -1);
    assert_string_equal(err.text, "diff: 'd' is too many; it takes [STUDY] A [B]");
    arguments.n_words = 0;
    assert_int_equal(view_operands(&operands, &command, &arguments, 1, 2, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
}

/* --- tables ------------------------------------------------------------------------------------
 */

static void columns_line_up_whatever_characters_they_hold(void **state)
{
    static const char *const heads[] = {"name", "n", "note"};
    struct table table;
    struct str text = {0};

    (void)state;
    table_init(&table, heads, "lrl");
    table_row(&table, NULL);
    table_cell(&table, "±…é");
    table_number(&table, 5);
    table_cell(&table, "");
    table_row(&table, NULL);
    table_cell(&table, "longer");
    table_number(&table, 1234);
    table_cell(&table, "end");
    table_write(&text, &table, false);
    assert_string_equal(str_text(&text), "name       n  note\n"
                                         "±…é        5\n"
                                         "longer  1234  end\n");
    table_clear(&table);
    str_clear(&text);
}

static void only_a_painted_row_has_colour_and_only_where_it_is_wanted(void **state)
{
    struct table table;
    struct str plain = {0}, coloured = {0};

    (void)state;
    table_init(&table, NULL, "l");
    table_row(&table, outcome_paint(OUTCOME_KEEP));
    table_cell(&table, "kept");
    table_row(&table, outcome_paint(OUTCOME_REVERT));
    table_cell(&table, "reverted");
    table_write(&plain, &table, false);
    table_write(&coloured, &table, true);
    assert_string_equal(str_text(&plain), "kept\nreverted\n");
    assert_string_equal(str_text(&coloured), "\033[32mkept\033[0m\nreverted\n");
    table_clear(&table);
    str_clear(&plain);
    str_clear(&coloured);
}

/* A table of one row whose three columns are as wide as said; returns the line as it is fitted. */
static char *fitted(size_t width, const char *yields)
{
    static const char *const heads[] = {"a", "b", "a head of sixteen"};
    struct str text = {0};
    struct table table;

    table_init(&table, heads, "lll");
    table_row(&table, NULL);
    table_cell(&table, "12345678901234567890");
    table_cell(&table, "abcdefghijklmnopqrst");
    table_cell(&table, "ABCDEFGHIJKLMNOPQRST");
    table_fit(&table, width, yields);
    table_write(&text, &table, false);
    table_clear(&table);
    char *line = mem_strdup(strchr(text.at, '\n') + 1);
    line[strcspn(line, "\n")] = '\0';
    str_clear(&text);
    return line;
}

static void a_table_gives_way_column_by_column(void **state)
{
    static const struct {
        size_t width;
        const char *yields, *line;
    } cases[] = {
        {64, "123", "12345678901234567890  abcdefghijklmnopqrst  ABCDEFGHIJKLMNOPQRST"},
        {60, " 1 ", "12345678901234567890  abcdefghijklmno…  ABCDEFGHIJKLMNOPQRST"},
        {60, "1  ", "123456789012345…  abcdefghijklmnopqrst  ABCDEFGHIJKLMNOPQRST"},
        {50, "21 ", "1234567890123…  abcdefghijk…  ABCDEFGHIJKLMNOPQRST"},
        {40, "  1", "12345678901234567890  abcdefghijklmnopqrst  ABCDEFGHIJKLMNOP…"},
        {40, "   ", "12345678901234567890  abcdefghijklmnopqrst  ABCDEFGHIJKLMNOPQRST"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *line = fitted(cases[i].width, cases[i].yields);
        assert_string_equal(line, cases[i].line);
        free(line);
    }
}

/* --- what was claimed -------------------------------------------------------------------------
 */

static void the_claim_of_a_chain_of_keeps_is_their_sum(void **state)
{
    struct night night;
    struct claimed claimed;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    night_propose(&night, 2, "layers=5");
    night_pair(&night, 5, 2, 51, 3.0, 2.5);
    night_decide(&night, 5, OUTCOME_KEEP, 0.5, 0.25, 0.75, "better");
    claimed_read(&claimed, &night.record, 2);
    assert_int_equal(claimed.tests, 1);
    assert_true(claimed.verified);
    assert_close(claimed.mean, 0.125, 0, 0);
    assert_close(claimed.low, 0.0625, 0, 0);
    claimed_read(&claimed, &night.record, 5);
    assert_int_equal(claimed.tests, 2);
    assert_close(claimed.mean, 0.625, 0, 0);
    assert_true(isnan(claimed.low) && isnan(claimed.high));
    claimed_read(&claimed, &night.record, 3); /* failed, and not against the baseline */
    assert_int_equal(claimed.tests, 0);
    assert_true(isnan(claimed.mean));
    assert_null(claimed_test(&night.record, 3));
    assert_int_equal(claimed_test(&night.record, 5)->against, 2);
    assert_null(claimed_confirmation(&night.record, 5));
    night_end(&night);
}

static void cells_are_printable(void **state)
{
    struct table table;
    struct str text = {0};

    (void)state;
    table_init(&table, NULL, "l");
    table_row(&table, NULL);
    table_cell(&table, "a\033[2J\nb\xff");
    table_write(&text, &table, false);
    assert_string_equal(str_text(&text), "a\\x1b[2J\\x0ab\\xff\n");
    table_clear(&table);
    str_clear(&text);
}

static void a_long_text_is_cut_between_characters(void **state)
{
    static const struct {
        const char *text;
        size_t width;
        const char *want;
    } cases[] = {
        {"short", 5, "short"},
        {"longer", 5, "long…"},
        {"ééééé", 5, "ééééé"},
        {"éééééé", 5, "éééé…"},
        {"", 5, ""},
        {"ééééééabcdefghéé", 16, "ééééééabcdefghéé"},
        {"ééééééabcdefghéé", 15, "ééééééabcdefgh…"},
        {"€𐍈ü€𐍈ü€𐍈ü", 9, "€𐍈ü€𐍈ü€𐍈ü"},
        {"€𐍈ü€𐍈ü€𐍈ü", 8, "€𐍈ü€𐍈ü€…"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *cut = text_shorten(cases[i].text, cases[i].width);
        assert_string_equal(cut, cases[i].want);
        free(cut);
    }
}

static void nothing_is_coloured_where_output_is_no_terminal(void **state)
{
    (void)state;
    if (isatty(STDOUT_FILENO))
        skip();
    assert_false(view_has_colour());
}

/* --- status ------------------------------------------------------------------------------------
 */

static void status_counts_experiments_runs_and_failures(void **state)
{
    struct night night;
    struct status status;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    status_read(&status, &view);
    assert_int_equal(status.pid, 0);
    assert_int_equal(status.count[OUTCOME_KEEP], 2);
    assert_int_equal(status.count[OUTCOME_FAILED], 1);
    assert_int_equal(status.count[OUTCOME_PENDING], 1);
    assert_int_equal(status.ended, 7);
    assert_int_equal(status.lost, 1); /* started, and nobody is running: it died with its session */
    assert_close(status.run_s, 2, 0, 0);
    assert_int_equal(status.best, 2);
    assert_true(status.verified);
    facts_clear(&view.facts);
    night_end(&night);
}

static void status_says_the_same_in_words_and_in_json(void **state)
{
    struct night night;
    struct str text = {0}, line = {0};

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    status_write(&text, &view);
    status_write_line(&line, &view);
    json_t *json = status_json(&view);
    assert_says(str_text(&text), "dusk: not running");
    assert_says(str_text(&text), "4 of 20: + 2 keep, - 0 revert, x 1 failed, . 1 pending");
    assert_says(str_text(&text), "failed: exit 1");
    assert_says(str_text(&text), "experiment 2, verified: val_loss 2.875");
    assert_says(str_text(&text), "+0.125 [+0.0625, +0.25]");
    assert_string_equal(str_text(&line), "dusk idle 4/20 +2 -0 x1 val_loss 2.875 (2)\n");
    assert_json(json_object_get(json, "decisions"),
                "{\"failed\":1,\"keep\":2,\"pending\":1,\"revert\":0}");
    assert_json(json_object_get(json, "failures"), "{\"exit\":1}");
    assert_json(json_object_get(json, "state"), "\"idle\"");
    assert_json(json_object_get(json, "pid"), "null");
    json_decref(json);
    str_clear(&text);
    str_clear(&line);
    facts_clear(&view.facts);
    night_end(&night);
}

static void status_of_an_empty_record_has_no_best(void **state)
{
    struct night night;
    struct str text = {0};

    (void)state;
    night_begin(&night, usual_study);
    struct view view;
    view_night(&view, &night);
    json_t *json = status_json(&view);
    assert_json(json_object_get(json, "best"), "null");
    assert_json(json_object_get(json, "run_s"), "null");
    status_write(&text, &view);
    assert_null(strstr(str_text(&text), "best"));
    assert_null(strstr(str_text(&text), "nan"));
    json_decref(json);
    str_clear(&text);
    facts_clear(&view.facts);
    night_end(&night);
}

/* --- export ------------------------------------------------------------------------------------
 */

static char *exported(const struct view *view, const char *format)
{
    struct str text = {0};
    struct err err = {0};

    for (const struct export_format *f = export_formats; f->name != NULL; f++)
        if (strcmp(f->name, format) == 0)
            assert_int_equal(f->write(&text, view, &err), 0);
    return str_take(&text);
}

static void tsv_is_the_results_file_of_autoresearch(void **state)
{
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct outbox outbox = {.decision = 2,
                            .ref = "refs/heads/nightshift/dusk-log",
                            .commit = "0123456789abcdef0123456789abcdef01234567"};
    record_add_outbox(&night.record, &outbox);
    struct view view;
    view_night(&view, &night);
    char *text = exported(&view, "tsv");
    assert_string_equal(text, "commit\tval_loss\tmemory_gb\tstatus\tdescription\n"
                              "-\t3.075000\t0.5\tkeep\tbaseline\n"
                              "0123456\t2.875000\t0.5\tkeep\tlayers 3 -> 4\n"
                              "-\t0.000000\t0.5\tcrash\tlr 0.001 -> 0.1\n");
    free(text);
    facts_clear(&view.facts);
    night_end(&night);
}

static void csv_has_a_row_a_run_and_as_many_fields_as_heads(void **state)
{
    struct night night;
    size_t rows = 0, want = 0;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    char *text = exported(&view, "csv"), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; rows++) {
        size_t commas = 0;
        for (const char *p = line; *p != '\0'; p++)
            commas += *p == ',';
        if (rows == 0)
            want = commas;
        assert_int_equal(commas, want);
        assert_int_equal(line[strlen(line) - 1], '\r');
    }
    assert_int_equal(rows, 1 + night.record.n_runs);
    free(text);
    facts_clear(&view.facts);
    night_end(&night);
}

static void csv_quotes_what_would_divide_fields(void **state)
{
    struct night night;
    char *study = mem_strdup(usual_study), *at = strstr(study, "|<script>alert(1)</script>");

    (void)state;
    memcpy(at, "a,b 'c' d                 ", 26);
    night_begin(&night, study);
    night_baseline(&night);
    night_propose(&night, 1, "");
    night.record.experiments[1].config[2].text = "a,\"b\"";
    night_run(&night, 2, 5, CLASS_OK, 1.5, NULL);
    struct view view;
    view_night(&view, &night);
    char *text = exported(&view, "csv");
    assert_says(text, ",\"a,\"\"b\"\"\",");
    free(text);
    facts_clear(&view.facts);
    night_end(&night);
    free(study);
}

static void jsonl_lines_are_json_with_null_for_unknown(void **state)
{
    struct night night;
    size_t rows = 0, failed = 0;

    (void)state;
    night_begin(&night, usual_study);
    fill_night(&night);
    struct view view;
    view_night(&view, &night);
    char *text = exported(&view, "jsonl"), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; rows++) {
        struct err err = {0};
        json_t *row;
        assert_int_equal(json_read(&row, line, strlen(line), "row", &err), 0);
        if (strcmp(json_string_value(json_object_get(row, "class")), "exit") == 0) {
            failed++;
            assert_true(json_is_null(json_object_get(row, "value")));
        }
        json_decref(row);
    }
    assert_int_equal(rows, night.record.n_runs);
    assert_int_equal(failed, 1);
    free(text);
    facts_clear(&view.facts);
    night_end(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_experiment_has_the_keys_of_the_contract),
        cmocka_unit_test(a_failed_run_is_null_among_the_values_and_never_nan),
        cmocka_unit_test(a_pending_experiment_shows_the_seeds_that_have_ended),
        cmocka_unit_test(the_baseline_counts_the_seeds_that_it_lent_to_others),
        cmocka_unit_test(text_that_is_no_utf8_still_becomes_json),
        cmocka_unit_test(an_id_must_be_one_of_the_studys),
        cmocka_unit_test(a_study_may_be_left_out_of_the_operands),
        cmocka_unit_test(too_many_and_too_few_operands_are_usage_errors),
        cmocka_unit_test(columns_line_up_whatever_characters_they_hold),
        cmocka_unit_test(only_a_painted_row_has_colour_and_only_where_it_is_wanted),
        cmocka_unit_test(a_table_gives_way_column_by_column),
        cmocka_unit_test(the_claim_of_a_chain_of_keeps_is_their_sum),
        cmocka_unit_test(cells_are_printable),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(nothing_is_coloured_where_output_is_no_terminal),
        cmocka_unit_test(status_counts_experiments_runs_and_failures),
        cmocka_unit_test(status_says_the_same_in_words_and_in_json),
        cmocka_unit_test(status_of_an_empty_record_has_no_best),
        cmocka_unit_test(tsv_is_the_results_file_of_autoresearch),
        cmocka_unit_test(csv_has_a_row_a_run_and_as_many_fields_as_heads),
        cmocka_unit_test(csv_quotes_what_would_divide_fields),
        cmocka_unit_test(jsonl_lines_are_json_with_null_for_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
