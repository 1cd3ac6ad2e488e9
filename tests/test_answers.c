/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an outside program is told, what it may answer, and when it is asked no more. */
#include "record_fixture.h"

#include "answer_read.h"
#include "answers.h"
#include "json.h"
#include "propose.h"
#include "told.h"

static const char study_text[] =
    "name: dusk\n"
    "metric: {name: val_loss, goal: minimize}\n"
    "trainer: {command: [train, \"{config}\"]}\n"
    "parameters:\n"
    "  lr: {distribution: log_uniform_values, min: 1e-5, max: 1, start: 0.001}\n"
    "  layers: {distribution: int_uniform, min: 1, max: 9, start: 3}\n"
    "  optimizer: {values: [adamw, muon], start: adamw}\n"
    "  muon_lr: {min: 0.001, max: 0.1, start: 0.02, when: {optimizer: muon}}\n"
    "  tied: {values: [true, false], start: true}\n"
    "constraints: [\"layers < 8\"]\n"
    "search: {strategy: exec, command: [agent]}\n"
    "decision: {procedure: paired}\n"
    "lookahead: 2\n";

static void begin(struct night *night)
{
    night_begin(night, study_text);
    night_propose(night, 0, "");
    night_panel_run(night, 1, 11, 2.5);
    night_decide(night, 1, OUTCOME_KEEP, NAN, NAN, NAN, "the baseline");
}

static int apply(struct value *config, const char *text, const struct night *night, struct err *err)
{
    json_t *answer;

    if (answer_parse(&answer, text, strlen(text), err) != 0)
        return -1;
    int rc = answer_apply(config, answer, "", &night->record, 1, err);
    json_decref(answer);
    return rc;
}

/* --- what it may answer ----------------------------------------------------------------------- */

static void an_answer_changes_what_it_names_and_keeps_the_rest(void **state)
{
    static const struct {
        const char *answer, *config;
    } cases[] = {
        {"{\"params\":{\"lr\":3e-4}}",
         "{\"layers\":3,\"lr\":0.0003,\"optimizer\":\"adamw\",\"tied\":true}"},
        {" {\"message\": \"m\", \"params\": {\"layers\": 4.0, \"tied\": false}}\n",
         "{\"layers\":4,\"lr\":0.001,\"optimizer\":\"adamw\",\"tied\":false}"},
        {"{\"params\":{\"lr\":\"0.000123456789012345\"}}",
         "{\"layers\":3,\"lr\":0.000123456789012345,\"optimizer\":\"adamw\",\"tied\":true}"},
        {"{\"params\":{\"optimizer\":\"muon\"}}",
         "{\"layers\":3,\"lr\":0.001,\"muon_lr\":0.02,\"optimizer\":\"muon\",\"tied\":true}"},
    };
    struct night night;
    struct value config[5];

    (void)state;
    begin(&night);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct str text = {0};
        if (apply(config, cases[i].answer, &night, &err) != 0)
            fail_msg("%s: %s", cases[i].answer, err.text);
        trial_write_json(&text, &night.record.study.space, config);
        assert_string_equal(str_text(&text), cases[i].config);
        str_clear(&text);
    }
    night_end(&night);
}

static void an_answer_of_no_use_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *answer, *why;
    } cases[] = {
        {"", "printed nothing"},
        {" \n\t", "printed nothing"},
        {"lr = 3", "answer:1:"},
        {"{\"params\":{\"lr\":0.1}} {}", "answer:1:"},
        {"{\"params\":{\"lr\":0.1,\"lr\":0.2}}", "answer:1:"},
        {"{\"params\":{\"lr\":0.1}", "answer:1:"},
        {"[{\"params\":{\"lr\":0.1}}]", "no JSON object"},
        {"{}", "neither 'params' nor 'patch'"},
        {"{\"params\":[1]}", "'params' is no object"},
        {"{\"params\":{\"lr\":0.1},\"patch\":7}", "'patch' is no text"},
        {"{\"parms\":{}}", "did you mean 'params'"},
        {"{\"params\":{\"lr\":0.1},\"val_loss\":0}", "unknown key 'val_loss'"},
        {"{\"params\":{\"lr\":0.1},\"message\":1}", "'message' is no text"},
        {"{\"params\":{\"lr\":null}}", "'lr' is neither"},
        {"{\"params\":{\"lr\":{\"value\":0.1}}}", "'lr' is neither"},
        {"{\"params\":{\"rl\":0.1}}", "no parameter 'rl'"},
        {"{\"params\":{\"lr\":2}}", "lr"},
        {"{\"params\":{\"lr\":\"nan\"}}", "lr"},
        {"{\"params\":{\"layers\":3.5}}", "layers"},
        {"{\"params\":{\"optimizer\":\"sgd\"}}", "optimizer"},
        {"{\"params\":{\"muon_lr\":0.01}}", "'muon_lr' has no meaning"},
        {"{\"params\":{\"layers\":9}}", "breaks the constraint 'layers < 8'"},
        {"{\"params\":{}}", "tried before"},
        {"{\"params\":{\"lr\":1e-3}}", "tried before"},
    };
    struct night night;
    struct value config[5];

    (void)state;
    begin(&night);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        if (apply(config, cases[i].answer, &night, &err) == 0)
            fail_msg("taken: %s", cases[i].answer);
        assert_int_equal(err.code, ERR_USAGE);
        if (strstr(err.text, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].answer, err.text);
    }
    night_end(&night);
}

/* --- when it is asked ------------------------------------------------------------------------- */

static void answer(struct night *night, int64_t experiment, const char *text, const char *refusal)
{
    char said[128], why[128];
    struct answer row = {.experiment = experiment};
    struct err err = {0};

    if (text != NULL)
        row.text = strcpy(said, text);
    if (refusal != NULL)
        row.refusal = strcpy(why, refusal);
    assert_int_equal(store_begin(night->store, &err), 0);
    if (store_add_answer(night->store, &row, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(store_commit(night->store, &err), 0);
    record_add_answer(&night->record, &row);
}

static int next(struct experiment *out, const struct record *record)
{
    struct err err = {0};
    struct past_memory past = {0};
    int rc = propose_repeat(out, record, &past, &err);
    past_memory_clear(&past);

    if (rc < 0)
        fail_msg("%s", err.text);
    return rc;
}

static void a_program_is_asked_until_an_answer_of_it_is_taken(void **state)
{
    struct night night;
    struct experiment e;

    (void)state;
    begin(&night);
    assert_int_equal(next(&e, &night.record), PROPOSE_ASK);
    answer(&night, 2, NULL, "hung");
    assert_int_equal(next(&e, &night.record), PROPOSE_ASK);
    answer(&night, 2, "{\"params\":{\"layers\":5}}", NULL);
    assert_int_equal(next(&e, &night.record), 0);
    assert_int_equal(e.purpose, PURPOSE_PROPOSAL);
    assert_int_equal(e.config[1].number, 5);
    experiment_clear(&e);
    night_end(&night);
}

static void after_five_refused_in_a_row_perturb_proposes_for_good(void **state)
{
    struct night night;
    struct experiment e, again;

    (void)state;
    begin(&night);
    for (int i = 0; i < 4; i++)
        answer(&night, 2, NULL, "hung");
    answer(&night, 2, "{\"params\":{\"layers\":5}}", NULL);
    night_propose(&night, 1, "layers=5");
    night_panel_run(&night, 2, 11, 2.6);
    night_head(&night, 2, OUTCOME_REVERT, -0.1, 0.1, 1);
    for (int i = 0; i < 4; i++)
        answer(&night, 3, "[1]", "the answer is no JSON object");
    assert_int_equal(next(&e, &night.record), PROPOSE_ASK); /* four, a good one, four */
    answer(&night, 3, NULL, "hung");
    assert_int_equal(next(&e, &night.record), 0);
    assert_int_equal(next(&again, &night.record), 0);
    assert_string_equal(e.sha, again.sha);
    experiment_clear(&e);
    experiment_clear(&again);
    assert_true(answers_count(&night.record).given_up);
    assert_int_equal(answers_count(&night.record).taken, 1);
    assert_int_equal(answers_count(&night.record).refused, 9);
    night_end(&night);
}

static void what_came_later_does_not_change_what_is_proposed_again(void **state)
{
    struct night night;
    struct experiment e;

    (void)state;
    begin(&night);
    answer(&night, 2, "{\"params\":{\"layers\":5}}", NULL);
    night_propose(&night, 1, "layers=5");
    for (int i = 0; i < 5; i++)
        answer(&night, 3, NULL, "hung");
    struct record then = night.record;
    then.n_experiments = 1;
    assert_int_equal(next(&e, &then), 0);
    assert_string_equal(e.sha, night.record.experiments[1].sha);
    experiment_clear(&e);
    night_end(&night);
}

static void answers_come_back_from_the_store_and_stay_as_they_are(void **state)
{
    struct night night;
    struct record loaded;
    struct err err = {0};
    struct answer second = {.experiment = 2, .text = (char[]){"{}"}};

    (void)state;
    begin(&night);
    assert_int_equal(store_begin(night.store, &err), 0);
    assert_int_equal(store_add_experiment(night.store, &night.record.study.space,
                                          &night.record.experiments[0], &err),
                     0);
    assert_int_equal(store_commit(night.store, &err), 0);
    answer(&night, 2, NULL, "hung");
    answer(&night, 2, "{\"params\":{\"layers\":5}}", NULL);
    assert_int_equal(store_begin(night.store, &err), 0);
    assert_int_equal(store_add_answer(night.store, &second, &err), -1); /* one is taken already */
    store_rollback(night.store);
    assert_int_equal(store_load(night.store, &loaded, &err), 0);
    assert_int_equal(loaded.n_answers, 2);
    assert_null(loaded.answers[0].text);
    assert_string_equal(loaded.answers[0].refusal, "hung");
    assert_string_equal(loaded.answers[1].text, "{\"params\":{\"layers\":5}}");
    assert_null(loaded.answers[1].refusal);
    record_clear(&loaded);
    night_end(&night);
}

/* --- what it is told -------------------------------------------------------------------------- */

static json_t *line(const struct str *told, size_t n)
{
    const char *at = told->at;
    json_t *out = NULL;
    struct err err;

    for (; n > 0 && at != NULL; n--)
        at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : NULL;
    if (at != NULL && *at != '\0')
        assert_int_equal(json_read(&out, at, strcspn(at, "\n"), "line", &err), 0);
    return out;
}

static void a_placebo_is_neither_told_nor_counted(void **state)
{
    struct night night;
    struct str told = {0};

    (void)state;
    begin(&night);
    assert_int_equal(night_placebo(&night), 2);
    night_panel_run(&night, 2, 11, 2.5);
    night_head(&night, 2, OUTCOME_REVERT, 0, 0.1, 1);
    night_propose(&night, 1, "layers=5");
    answer(&night, 4, NULL, "hung");
    told_write(&told, &night.record, 4, 7, NULL);
    json_t *study = line(&told, 0), *first = line(&told, 1), *second = line(&told, 2);
    json_t *refused = line(&told, 3);
    assert_null(strstr(told.at, "placebo"));
    const json_t *facts = json_object_get(study, "study");
    assert_int_equal(json_integer_value(json_object_get(facts, "experiment")), 3);
    assert_int_equal(json_integer_value(json_object_get(facts, "head")), 1);
    assert_int_equal(json_integer_value(json_object_get(facts, "seed")), 7);
    assert_int_equal(json_array_size(json_object_get(facts, "parameters")), 5);
    assert_int_equal(json_integer_value(json_object_get(first, "id")), 1);
    assert_true(json_number_value(json_array_get(json_object_get(first, "values"), 0)) == 2.5);
    assert_int_equal(json_integer_value(json_object_get(second, "id")), 2);
    assert_string_equal(json_string_value(json_object_get(second, "decision")), "pending");
    assert_int_equal(json_array_size(json_object_get(second, "values")), 0);
    assert_string_equal(json_string_value(json_object_get(refused, "refused")), "hung");
    json_decref(study);
    json_decref(first);
    json_decref(second);
    json_decref(refused);
    str_clear(&told);
    night_end(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_changes_what_it_names_and_keeps_the_rest),
        cmocka_unit_test(an_answer_of_no_use_is_refused_with_the_reason),
        cmocka_unit_test(a_program_is_asked_until_an_answer_of_it_is_taken),
        cmocka_unit_test(after_five_refused_in_a_row_perturb_proposes_for_good),
        cmocka_unit_test(what_came_later_does_not_change_what_is_proposed_again),
        cmocka_unit_test(answers_come_back_from_the_store_and_stay_as_they_are),
        cmocka_unit_test(a_placebo_is_neither_told_nor_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
