/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands and people leave in runs/<name>/inbox/: taken once, and no reason to stop a night. */
#include "record_fixture.h"

#include <unistd.h>

#include "enqueued.h"
#include "inbox.h"
#include "json.h"

static const char with_condition[] =
    "name: dusk\n"
    "metric: {name: val_loss, goal: minimize}\n"
    "trainer: {command: [train, \"{config}\"]}\n"
    "parameters:\n"
    "  lr: {distribution: log_uniform_values, min: 1e-5, max: 1, start: 0.001}\n"
    "  optimizer: {values: [adamw, muon], start: adamw}\n"
    "  muon_lr: {min: 0.001, max: 0.1, start: 0.02, when: {optimizer: muon}}\n";

static void leave(const struct night *night, const char *name, const char *json)
{
    struct err err = {0};
    char *dir = path_join(night->dir, "inbox"), *path = path_join(dir, name);

    assert_int_equal(file_mkdirs(dir, &err), 0);
    assert_int_equal(file_write(path, json, strlen(json), &err), 0);
    free(path);
    free(dir);
}

static int take(struct night *night)
{
    struct err err = {0};
    struct place place = {.run_dir = night->dir};
    FILE *terminal = stderr;

    stderr = fopen("/dev/null", "we"); /* the warnings are meant for a person */
    assert_non_null(stderr);
    int n = inbox_take(&place, night->store, &night->record, &err);
    fclose(stderr);
    stderr = terminal;
    if (n < 0)
        fail_msg("%s", err.text);
    return n;
}

/* Takes all that waits in the queue and says how many there were; `first` gets the first text. */
static int empty_queue(struct night *night, char first[128])
{
    struct err err = {0};
    char *text;
    int64_t id;
    int n = 0;

    for (;; n++) {
        assert_int_equal(store_next_enqueued(night->store, &id, &text, &err), 0);
        if (text == NULL)
            return n;
        if (n == 0)
            snprintf(first, 128, "%s", text);
        free(text);
        assert_int_equal(store_begin(night->store, &err), 0);
        assert_int_equal(store_take_enqueued(night->store, id, 0, &err), 0);
        assert_int_equal(store_commit(night->store, &err), 0);
    }
}

static void messages_are_taken_in_the_order_of_their_names(void **state)
{
    struct night night;
    char first[128];

    (void)state;
    night_begin(&night, usual_study);
    night_propose(&night, 0, "");
    leave(&night, "2.json", "{\"enqueue\":{\"lr\":\"0.01\"}}");
    leave(&night, "1.json", "{\"enqueue\":{\"lr\":\"0.02\"}}");
    leave(&night, "3.json.part", "{\"enqueue\":{\"lr\":\"0.03\"}}"); /* not there yet */
    assert_int_equal(take(&night), 2);
    assert_int_equal(take(&night), 0);
    assert_int_equal(empty_queue(&night, first), 2);
    assert_string_equal(first, "{\"lr\":\"0.02\"}");
    night_end(&night);
}

static void a_message_that_is_no_use_is_put_aside_and_the_night_goes_on(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "7",
        "{}",
        "{\"enqueue\":7}",
        "{\"enqueue\":{\"lr\":0.01}}",
        "{\"enqueue\":{\"lr\":null}}",
        "{\"enqueue\":{\"lr\":\"7\"}}",
        "{\"enqueue\":{\"learning_rate\":\"0.01\"}}",
        "{\"note\":7,\"experiment\":1}",
        "{\"note\":\"x\",\"experiment\":9}",
        "{\"note\":\"x\"}",
    };
    struct night night;
    char first[128];

    (void)state;
    night_begin(&night, usual_study);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        leave(&night, "bad.json", bad[i]);
        leave(&night, "good.json", "{\"enqueue\":{\"lr\":\"0.01\"}}");
        assert_int_equal(take(&night), 2);
        if (empty_queue(&night, first) != 1)
            fail_msg("%s", bad[i]);
    }
    night_end(&night);
}

static void a_folder_among_the_messages_is_removed(void **state)
{
    struct err err = {0};
    struct night night;

    (void)state;
    night_begin(&night, usual_study);
    char *path = path_join(night.dir, "inbox/folder.json");
    assert_int_equal(file_mkdirs(path, &err), 0);
    assert_int_equal(take(&night), 1);
    assert_false(file_exists(path));
    free(path);
    night_end(&night);
}

/* kill -9 between the record's commit and the removal of the file. */
static void a_message_that_outlived_its_taking_is_not_taken_again(void **state)
{
    struct err err = {0};
    struct night night;
    char first[128];

    (void)state;
    night_begin(&night, usual_study);
    leave(&night, "1.json", "{\"enqueue\":{\"lr\":\"0.01\"}}");
    assert_int_equal(store_begin(night.store, &err), 0);
    assert_int_equal(store_set(night.store, "inbox", "1.json", &err), 0);
    assert_int_equal(store_commit(night.store, &err), 0);
    assert_int_equal(take(&night), 1);
    assert_int_equal(empty_queue(&night, first), 0);
    leave(&night, "1.json", "{\"enqueue\":{\"lr\":\"0.01\"}}"); /* another of the same name */
    assert_int_equal(take(&night), 1);
    assert_int_equal(empty_queue(&night, first), 1);
    night_end(&night);
}

/* --- what an enqueued config may say ---------------------------------------------------------- */

/* `text` applied to the start: 0 and muon_lr in *out, or -1 with the error. */
static int apply(double *out, const char *text, struct err *err)
{
    struct study study;
    json_t *wanted;
    struct err ignored;

    assert_int_equal(
        study_parse(&study, with_condition, strlen(with_condition), "test", &ignored), 0);
    struct value *config = mem_new(study.space.n, sizeof *config);
    space_start(config, &study.space);
    assert_int_equal(json_read(&wanted, text, strlen(text), "test", &ignored), 0);
    int rc = enqueued_apply(config, &study.space, wanted, err);
    *out = config[space_find(&study.space, "muon_lr")].number;
    json_decref(wanted);
    free(config);
    study_clear(&study);
    return rc;
}

static void a_value_is_taken_with_all_its_digits(void **state)
{
    struct err err = {0};
    double muon_lr;

    (void)state;
    assert_int_equal(
        apply(&muon_lr, "{\"optimizer\":\"muon\",\"muon_lr\":\"0.012345678901234567\"}", &err), 0);
    assert_true(muon_lr == 0.012345678901234567);
}

static void a_parameter_without_meaning_is_refused_not_dropped(void **state)
{
    struct err err = {0};
    double ignored;

    (void)state;
    assert_int_equal(apply(&ignored, "{\"muon_lr\":\"0.05\"}", &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "'muon_lr' has no meaning"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_taken_in_the_order_of_their_names),
        cmocka_unit_test(a_message_that_is_no_use_is_put_aside_and_the_night_goes_on),
        cmocka_unit_test(a_folder_among_the_messages_is_removed),
        cmocka_unit_test(a_message_that_outlived_its_taking_is_not_taken_again),
        cmocka_unit_test(a_value_is_taken_with_all_its_digits),
        cmocka_unit_test(a_parameter_without_meaning_is_refused_not_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
