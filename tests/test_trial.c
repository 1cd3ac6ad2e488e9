/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_fixture.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "rng.h"
#include "trial.h"

static const char start_json[] =
    "{\"dim\":128,\"layers\":3,\"lr\":0.0006,\"optimizer\":\"adamw\",\"tokens\":2000000}";

static char *json_of(const struct space *space, const struct value *config)
{
    struct str out = {NULL, 0};

    trial_write_json(&out, space, config);
    return str_take(&out);
}

/* --- text forms ------------------------------------------------------------------------------- */

static void a_config_has_one_spelling_in_each_form(void **state)
{
    struct str yaml = {NULL, 0};
    struct value config[6];
    struct study s;

    (void)state;
    parse_good(&s, sound);
    space_start(config, &s.space);
    char *json = json_of(&s.space, config);
    assert_string_equal(json, start_json);
    trial_write_yaml(&yaml, &s.space, config);
    assert_string_equal(yaml.at, "dim: 128\nlayers: 3\nlr: 0.0006\noptimizer: \"adamw\"\n"
                                 "tokens: 2000000\n");
    str_clear(&yaml);
    free(json);
    study_clear(&s);
}

/* sha256sum of start_json, by coreutils. */
static void the_hash_is_the_sha256_of_the_json_form(void **state)
{
    char hash[SHA256_TEXT];
    struct value config[6];
    struct study s;

    (void)state;
    parse_good(&s, sound);
    space_start(config, &s.space);
    trial_hash(hash, &s.space, config);
    assert_string_equal(hash, "3c59d0391caba9ed48866612d16589bb2413bc5bec98d686f41ca17f48ca9bde");
    study_clear(&s);
}

static void check_round_trip(const struct space *space, const struct value *config)
{
    struct value back[16];
    struct err err = {0, ""};
    struct str yaml = {NULL, 0};
    char *json = json_of(space, config);

    trial_write_yaml(&yaml, space, config);
    if (trial_parse(back, space, json, &err) != 0)
        fail_msg("%s: %s", json, err.text);
    assert_true(space_same(space, config, back));
    if (trial_parse(back, space, yaml.at, &err) != 0)
        fail_msg("%s: %s", yaml.at, err.text);
    assert_true(space_same(space, config, back));
    str_clear(&yaml);
    free(json);
}

static void every_config_comes_back_bit_for_bit(void **state)
{
    struct value config[16];
    double unit[16];
    struct study s;
    struct rng rng;

    (void)state;
    parse_good(&s, "name: a\nmetric: {name: x}\ntrainer: {command: [t]}\nparameters:\n"
                   "  a: {distribution: log_uniform_values, min: 1e-9, max: 1e9, start: 1}\n"
                   "  b: {distribution: q_uniform, min: -0.3, max: 0.3, q: 0.1, start: 0}\n"
                   "  c: {values: [1, '1', true, 'true', 0.1, 'a \"b\" \\', \u00fc], start: 1}\n"
                   "  d: {min: 0.0, max: 1, start: 0.5, when: {c: ['1', true]}}\n"
                   "  e: {min: -5, max: 5, start: 0, when: {d: 0.5}}\n"
                   "  f: {value: ''' '}\n");
    rng_init(&rng, 1, "trial", 0);
    for (int i = 0; i < 500; i++) {
        for (size_t k = 0; k < s.space.n; k++)
            unit[k] = rng_uniform(&rng);
        space_decode(config, &s.space, unit);
        check_round_trip(&s.space, config);
    }
    study_clear(&s);
}

/* One byte of `text` becomes another, is doubled or is taken away. */
static void damage(char *text, size_t size, struct rng *rng)
{
    static const char bytes[] = "{}[],:\"\\' \n0123456789.eE+-truefalsnxabcdf\303\274";
    size_t len = strlen(text), at = (size_t)rng_below(rng, len);

    switch (rng_below(rng, 3)) {
    case 0:
        text[at] = bytes[rng_below(rng, sizeof bytes - 1)];
        break;
    case 1:
        memmove(text + at, text + at + 1, len - at);
        break;
    default:
        assert_true(len + 2 < size);
        memmove(text + at + 1, text + at, len - at + 1);
        break;
    }
}

/* As `alone` was read by itself, and its place in the unit cube. */
static void check_kept_reader(struct trial_reader *kept, const char *text, int rc,
                              const struct value *alone)
{
    const struct space *space = kept->space;
    double unit[16], want[16];
    struct value config[16];
    struct err err = {0, ""};

    assert_int_equal(trial_reader_read(kept, config, unit, text, &err), rc);
    if (rc != 0)
        return;
    if (!space_same(space, config, alone))
        fail_msg("%s: read otherwise behind other configs", text);
    space_encode(want, space, alone);
    assert_memory_equal(unit, want, space->n * sizeof *unit);
}

/* A blank in front is what only the full reader takes. */
static void check_both_readers(struct trial_reader *kept, const char *text)
{
    const struct space *space = kept->space;
    struct value quick[16], full[16];
    struct err quick_err = {0, ""}, full_err = {0, ""};
    char with_blank[1100];

    snprintf(with_blank, sizeof with_blank, " %s", text);
    int quick_rc = trial_parse(quick, space, text, &quick_err);
    int full_rc = trial_parse(full, space, with_blank, &full_err);
    if (quick_rc != full_rc)
        fail_msg("%s: %d '%s', but %d '%s'", text, quick_rc, quick_err.text, full_rc,
                 full_err.text);
    if (quick_rc == 0 && !space_same(space, quick, full))
        fail_msg("%s: two readings", text);
    check_kept_reader(kept, text, full_rc, full);
}

static void the_quick_reader_and_the_full_one_agree_on_whole_and_damaged_texts(void **state)
{
    struct value config[16];
    double unit[16];
    char text[1024];
    struct trial_reader kept;
    struct study s;
    struct rng rng;

    (void)state;
    parse_good(&s, "name: a\nmetric: {name: x}\ntrainer: {command: [t]}\nparameters:\n"
                   "  a: {distribution: log_uniform_values, min: 1e-9, max: 1e9, start: 1}\n"
                   "  c: {values: [1, '1', true, 'true', 0.1, 'a \"b\" \\', 'x y'], start: 1}\n"
                   "  d: {min: 0.0, max: 1, start: 0.5, when: {c: ['1', true]}}\n"
                   "  l: {distribution: int_uniform, min: 1, max: 12, start: 3}\n");
    rng_init(&rng, 1, "quick", 0);
    trial_reader_init(&kept, &s.space);
    for (int i = 0; i < 3000; i++) {
        for (size_t k = 0; k < s.space.n; k++)
            if (i % 3 == 0 || k == (size_t)i % s.space.n)
                unit[k] = rng_uniform(&rng);
        space_decode(config, &s.space, unit);
        char *json = json_of(&s.space, config);
        snprintf(text, sizeof text, "%s", json);
        free(json);
        for (int k = i % 4; k > 0 && *text != '\0'; k--)
            damage(text, sizeof text, &rng);
        check_both_readers(&kept, text);
    }
    trial_reader_clear(&kept);
    study_clear(&s);
}

static void a_decimal_comma_in_the_locale_changes_nothing(void **state)
{
    struct value config[6];
    struct study s;

    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE") == NULL)
        skip();
    parse_good(&s, sound);
    space_start(config, &s.space);
    char *json = json_of(&s.space, config);
    assert_string_equal(json, start_json);
    check_round_trip(&s.space, config);
    setlocale(LC_ALL, "C");
    free(json);
    study_clear(&s);
}

static void a_config_that_does_not_fit_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"{\"dim\":128}", "config: parameter 'lr' is missing"},
        {"{\"dim\":128,\"layers\":3,\"lr\":0.0006,\"optimizer\":\"adamw\",\"tokens\":2000000,"
         "\"muon_lr\":0.01}",
         "config: parameter 'muon_lr' has no place here: 'optimizer' has another value"},
        {"{\"dim\":128,\"layers\":3,\"lr\":0.0006,\"optimizer\":\"muon\",\"tokens\":2000000}",
         "config: parameter 'muon_lr' is missing"},
        {"{\"dmi\":128}", "config:1:2: unknown parameter 'dmi'"},
        {"{\"dim\":100}", "config:1:8: parameter 'dim': '100' is not a multiple of 64"},
        {"{\"dim\":512}", "config:1:8: parameter 'dim': '512' is not within 64 to 256"},
        {"{\"dim\":\"128\"}", "config:1:8: parameter 'dim': '128' is of another type"},
        {"{\"dim\":[128]}", "config:1:8: parameter 'dim' must be one value"},
        {"{\"dim\":null}", "config:1:8: parameter 'dim': 'null' is not a number"},
        {"{\"dim\":128,\"dim\":64}", "config:1:12: duplicate key 'dim' (first in line 1)"},
        {"{\"layers\":2.5}", "config:1:11: parameter 'layers': '2.5' is not a whole number"},
        {"{\"optimizer\":\"sgd\"}",
         "config:1:14: parameter 'optimizer': 'sgd' is not adamw or muon"},
        {"{\"tokens\":1}", "config:1:11: parameter 'tokens': '1' is not 2000000"},
        {"[1]", "config:1:1: a map of parameters is expected"},
        {"", "config: the file is empty"},
    };
    struct value config[6];
    struct study s;

    (void)state;
    parse_good(&s, sound);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0, ""};
        assert_int_equal(trial_parse(config, &s.space, cases[i][0], &err), -1);
        assert_string_equal(err.text, cases[i][1]);
        assert_int_equal(err.code, ERR_USAGE);
    }
    study_clear(&s);
}

/* --- argv ------------------------------------------------------------------------------------- */

static void check_argv(const struct study *s, const struct value *config, const char *study_dir,
                       int64_t steps, const char *expected)
{
    struct argv_values values = {"/run/config.json", "/run", study_dir, 4294967295u, steps};
    char **argv = trial_argv(&s->space, config, s->command, s->n_command, &values);
    struct str joined = {NULL, 0};

    for (size_t i = 0; argv[i] != NULL; i++)
        str_addf(&joined, "%s%s", i > 0 ? "|" : "", argv[i]);
    assert_string_equal(str_text(&joined), expected);
    str_clear(&joined);
    argv_free(argv);
}

static void check_command(const char *command, const char *optimizer, const char *study_dir,
                          const char *expected)
{
    char *text = sound_with("[lm, --config, \"{config}\"]", command);
    struct value config[6];
    struct err err;
    struct study s;

    parse_good(&s, text);
    space_start(config, &s.space);
    assert_int_equal(space_read_value(&config[3], &s.space, 3, optimizer, &err), 0);
    space_settle(config, &s.space);
    check_argv(&s, config, study_dir, 1200, expected);
    study_clear(&s);
    free(text);
}

static void placeholders_are_filled_inside_elements(void **state)
{
    (void)state;
    check_command("[t, '-c={config}', '{seed}', 'a{dir}b{dir}', '{steps}', '{study_dir}/x']",
                  "adamw", "/s", "t|-c=/run/config.json|4294967295|a/runb/run|1200|/s/x");
    check_command("[t, '{lr}', '{dim}x{layers}', '{optimizer}', '{tokens}']", "adamw", "/s",
                  "t|0.0006|128x3|adamw|2000000");
}

static void braces_that_hold_no_word_are_left_alone(void **state)
{
    (void)state;
    check_command("[t, '{\"lr\": {lr}}', '{}', '{{lr}}', '{ lr }', '{1}', '${lr']", "adamw", "/s",
                  "t|{\"lr\": 0.0006}|{}|{0.0006}|{ lr }|{1}|${lr");
}

static void args_becomes_one_option_for_each_active_parameter(void **state)
{
    (void)state;
    check_command("[t, '{args}', end]", "adamw", "/s",
                  "t|--dim=128|--layers=3|--lr=0.0006|--optimizer=adamw|--tokens=2000000|end");
    check_command("[t, '{args}']", "muon", "/s",
                  "t|--dim=128|--layers=3|--lr=0.0006|--muon_lr=0.02|--optimizer=muon|"
                  "--tokens=2000000");
}

static void an_element_of_an_inactive_parameter_is_left_out(void **state)
{
    (void)state;
    check_command("[t, '--muon_lr={muon_lr}', end]", "adamw", "/s", "t|end");
    check_command("[t, '--muon_lr={muon_lr}', end]", "muon", "/s", "t|--muon_lr=0.02|end");
}

static void files_beside_the_study_are_given_by_their_path(void **state)
{
    char dir[] = "/tmp/nightshift-test-XXXXXX";
    struct err err = {0, ""};

    (void)state;
    assert_non_null(mkdtemp(dir));
    char *script = mem_printf("%s/train.py", dir), *folder = mem_printf("%s/train", dir);
    char *expected =
        mem_printf("python3|%s/train.py|train|-train.py|other.py|%s/./train|/etc", dir, dir);
    assert_int_equal(file_write(script, "", 0, &err), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    check_command("[python3, train.py, train, -train.py, other.py, ./train, /etc]", "adamw", dir,
                  expected);
    check_command("[train, x]", "adamw", dir, "train|x");
    assert_int_equal(file_remove(dir, &err), 0);
    free(script);
    free(folder);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_has_one_spelling_in_each_form),
        cmocka_unit_test(the_hash_is_the_sha256_of_the_json_form),
        cmocka_unit_test(every_config_comes_back_bit_for_bit),
        cmocka_unit_test(the_quick_reader_and_the_full_one_agree_on_whole_and_damaged_texts),
        cmocka_unit_test(a_decimal_comma_in_the_locale_changes_nothing),
        cmocka_unit_test(a_config_that_does_not_fit_is_refused),
        cmocka_unit_test(placeholders_are_filled_inside_elements),
        cmocka_unit_test(braces_that_hold_no_word_are_left_alone),
        cmocka_unit_test(args_becomes_one_option_for_each_active_parameter),
        cmocka_unit_test(an_element_of_an_inactive_parameter_is_left_out),
        cmocka_unit_test(files_beside_the_study_are_given_by_their_path),
    };

    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
