/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_fixture.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "rng.h"
#include "yaml.h"

static void check_refusal(const char *text, size_t len, const char *expected)
{
    struct err err = {0, ""};
    struct study s, empty = {0};

    memset(&s, 0xff, sizeof s);
    int rc = study_parse(&s, text, len, "s.yaml", &err);
    if (rc == 0)
        fail_msg("accepted, expected: %s", expected);
    assert_string_equal(err.text, expected);
    assert_int_equal(err.code, ERR_USAGE);
    assert_memory_equal(&s, &empty, sizeof s);
}

/* --- what is understood ----------------------------------------------------------------------- */

static void a_sound_file_is_read_as_it_is_written(void **state)
{
    struct study s;

    (void)state;
    parse_good(&s, sound);
    assert_string_equal(s.text, sound);
    assert_string_equal(s.name, "kjv");
    assert_string_equal(s.metric, "val_loss");
    assert_false(s.maximize);
    assert_int_equal(s.n_command, 3);
    assert_string_equal(s.command[2], "{config}");
    assert_true(s.timeout_s == 900);
    assert_int_equal(s.space.n, 6);
    assert_int_equal(s.space.n_constraints, 2);
    assert_string_equal(s.strategy->name, "perturb");
    assert_int_equal(s.rule.max_seeds, 6);
    assert_int_equal(s.jobs, 2);
    const struct param *p = s.space.params;
    assert_true(p[0].min == 1e-4 && p[0].max == 1e-2 && p[0].start.number == 6e-4);
    assert_true(p[1].q == 64 && p[1].start.number == 128);
    assert_string_equal(p[2].distribution->name, "int_uniform");
    assert_int_equal(p[3].n_values, 2);
    assert_string_equal(p[3].start.text, "adamw");
    assert_string_equal(p[4].distribution->name, "uniform");
    assert_int_equal(p[4].when, 3);
    assert_string_equal(p[4].when_values[0].text, "muon");
    assert_false(param_is_searched(&p[5]));
    assert_true(p[5].start.number == 2e6);
    study_clear(&s);
}

static void what_is_left_out_has_its_default(void **state)
{
    struct study s;

    (void)state;
    parse_good(&s, "name: a\nmetric: {name: x}\ntrainer: {command: [t]}\n"
                   "parameters: {p: {min: 0.0, max: 1, start: 0}}\n");
    assert_false(s.maximize);
    assert_true(isinf(s.timeout_s));
    assert_string_equal(s.strategy->name, "auto");
    assert_int_equal(s.n_enqueued, 0);
    assert_int_equal(s.seed, 1);
    assert_int_equal(s.procedure, PROCEDURE_TWO_LEVEL);
    assert_true(s.fdr == 0.05 && s.rule.max_seeds == 8 && s.rule.min_gain == 0);
    assert_true(s.audit && s.placebo == 15 && s.confirm == 8);
    assert_int_equal(s.jobs, 1);
    assert_int_equal(s.lookahead, 2);
    assert_int_equal(s.run_cap, 0);
    assert_true(isnan(s.hours));
    assert_null(s.until);
    assert_int_equal(s.n_files + s.n_env + s.space.n_constraints, 0);
    study_clear(&s);
}

static void without_two_levels_every_test_has_one_level_and_nothing_is_added(void **state)
{
    static const char *const procedures[] = {"paired", "greedy"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *line = mem_printf("procedure: %s", procedures[i]);
        char *text = sound_with("alpha: 0.05, max_seeds: 6", line);
        struct study s;
        parse_good(&s, text);
        assert_true(isnan(s.fdr) && s.rule.alpha == 0.05 && s.rule.max_seeds == 6);
        assert_true(!s.audit && s.placebo == 0 && s.confirm == 0 && s.lookahead == 1);
        study_clear(&s);
        free(line);
        free(text);
    }
}

static void every_further_key_reaches_its_place(void **state)
{
    char *text = sound_with("jobs: 2", "jobs: 1024\nlookahead: 64\nrun_cap: 7\nhours: 0.5\n"
                                       "until: 07:30\nfiles: [data/a, ../b]\nenv: [HF_HOME, _x]\n"
                                       "executor: local\nplacebo: off\naudit: false");
    struct study s;

    (void)state;
    parse_good(&s, text);
    assert_int_equal(s.jobs, 1024);
    assert_int_equal(s.lookahead, 64);
    assert_int_equal(s.run_cap, 7);
    assert_true(s.hours == 0.5);
    assert_string_equal(s.until, "07:30");
    assert_int_equal(s.n_files, 2);
    assert_string_equal(s.files[1], "../b");
    assert_int_equal(s.n_env, 2);
    assert_string_equal(s.env[0], "HF_HOME");
    study_clear(&s);
    free(text);
}

static void json_is_read_too_with_tabs_and_escapes(void **state)
{
    struct study s;

    (void)state;
    parse_good(
        &s,
        "{\n\t\"name\": \"a-1\",\n\t\"metric\": {\"name\": \"m/acc\", \"goal\": \"maximize\"},\n"
        "\t\"trainer\": {\"command\": [\"t\", \"{\\\"lr\\\": 1}\", \"{p}\", \"\\u00fc\"]},\n"
        "\t\"parameters\": {\"p\": {\"values\": [1, \"1\", true, \"\\ud83d\\ude00\"],"
        " \"start\": \"1\"}}\n}\n");
    assert_true(s.maximize);
    assert_string_equal(s.command[1], "{\"lr\": 1}");
    assert_string_equal(s.command[3], "\u00fc");
    assert_int_equal(s.space.params[0].start.type, VALUE_TEXT);
    assert_string_equal(s.space.params[0].values[3].text, "\U0001F600");
    study_clear(&s);
}

static void words_of_wandb_sweeps_mean_the_same_here(void **state)
{
    struct study s;

    (void)state;
    parse_good(&s,
               "name: a\nmetric: {name: x, goal: minimize}\ntrainer: {command: [t]}\n"
               "parameters:\n"
               "  a: {distribution: constant, value: relu}\n"
               "  b: {distribution: categorical, values: [1, 2.5, no, 'true', true], start: no}\n"
               "  c: {distribution: int_uniform, min: -3, max: 3, start: 0}\n"
               "  d: {min: 1, max: 3, start: 2}\n"
               "  e: {min: 1, max: 3.5, start: 2}\n"
               "  f: {min: 0, max: 1, q: 0.1, start: 0.3}\n"
               "  g: {distribution: q_log_uniform_values, min: 8, max: 64, q: 8, start: 16}\n"
               "run_cap: 3\n");
    static const char *const words[] = {
        NULL, NULL, "int_uniform", "int_uniform", "uniform", "q_uniform", "q_log_uniform_values"};
    for (size_t i = 0; i < s.space.n; i++)
        if (words[i] == NULL)
            assert_null(s.space.params[i].distribution);
        else
            assert_string_equal(s.space.params[i].distribution->name, words[i]);
    const struct param *b = &s.space.params[1];
    assert_int_equal(b->values[0].type, VALUE_NUMBER);
    assert_int_equal(b->start.type, VALUE_TEXT); /* YAML 1.2: no is a word */
    assert_int_equal(b->values[3].type, VALUE_TEXT);
    assert_int_equal(b->values[4].type, VALUE_BOOL);
    study_clear(&s);
}

static void powers_of_two_and_ordinals_have_words_of_their_own(void **state)
{
    char *text = sound_with("  tokens: {value: 2000000}\n",
                            "  seq: {distribution: power_of_two, min: 60, max: 512, start: 128}\n"
                            "  size: {distribution: ordinal, values: [s, m, l], start: m}\n");
    struct study s;

    (void)state;
    parse_good(&s, text);
    const struct param *seq = &s.space.params[5], *size = &s.space.params[6];
    assert_string_equal(seq->distribution->name, "power_of_two");
    assert_true(param_levels(seq) == 4 && seq->start.number == 128); /* 64 128 256 512 */
    assert_true(size->ordinal && size->distribution == NULL && size->n_values == 3);
    assert_string_equal(size->start.text, "m");
    assert_false(s.space.params[3].ordinal);
    study_clear(&s);
    free(text);
}

/* --- the user's own guesses ------------------------------------------------------------------- */

static char *with_guesses(const char *guesses)
{
    char *search = mem_printf("seed: 1, enqueue: %s}", guesses);
    char *text = sound_with("seed: 1}", search);

    free(search);
    return text;
}

static void guesses_keep_the_starts_of_what_they_do_not_name(void **state)
{
    char *text = with_guesses("[{lr: 1e-3}, {optimizer: muon, layers: 4}, {optimizer: muon, "
                              "muon_lr: 0.05}]");
    struct study s;

    (void)state;
    parse_good(&s, text);
    assert_int_equal(s.n_enqueued, 3);
    assert_true(s.enqueued[0][0].number == 1e-3 && s.enqueued[0][1].number == 128);
    assert_int_equal(s.enqueued[0][4].type, VALUE_NONE); /* muon_lr beside adamw */
    assert_string_equal(s.enqueued[1][3].text, "muon");
    assert_true(s.enqueued[1][2].number == 4 && s.enqueued[1][4].number == 0.02);
    assert_true(s.enqueued[2][4].number == 0.05 && s.enqueued[2][5].number == 2000000);
    study_clear(&s);
    free(text);
}

static void a_wrong_guess_is_told_with_its_place(void **state)
{
    static const char *const cases[][2] = {
        {"{lr: 1e-3}", "s.yaml:14:47: 'enqueue' must be a list of configs: [{name: value}, …]"},
        {"[3]", "s.yaml:14:48: a config is a map of names and values: {lr: 1e-3}"},
        {"[{}]", "s.yaml:14:48: a config is a map of names and values: {lr: 1e-3}"},
        {"[{lr: 1}]", "s.yaml:14:53: parameter 'lr': '1' is not within 0.0001 to 0.01"},
        {"[{lr: 1e-3}, {layer: 2}]",
         "s.yaml:14:61: unknown parameter 'layer' (did you mean 'layers'?)"},
        {"[{dim: 100}]", "s.yaml:14:54: parameter 'dim': '100' is not a multiple of 64"},
        {"[{optimizer: sgd}]", "s.yaml:14:60: parameter 'optimizer': 'sgd' is not adamw or muon"},
        {"[{muon_lr: 0.05}]", "s.yaml:14:49: 'muon_lr' has no meaning beside the other values"},
        {"[{dim: 256, layers: 8}]",
         "s.yaml:14:48: this config breaks the constraint 'dim * layers <= 1024'"},
        {"[{lr: 6e-4}]", "s.yaml:14:48: this config is the baseline, which runs first anyway"},
        {"[{lr: 1e-3}, {lr: 0.001}]",
         "s.yaml:14:60: this config stands here twice (it is number 1 too)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = with_guesses(cases[i][0]);
        check_refusal(text, strlen(text), cases[i][1]);
        free(text);
    }
}

/* --- a strategy and its space ----------------------------------------------------------------- */

#define OF_CHOICES                                                                                 \
    "name: a\nmetric: {name: x}\ntrainer: {command: [t]}\n"                                        \
    "search:\n  strategy: cmaes\nparameters:\n  o: {values: [a, b], start: a"

static void a_strategy_that_cannot_search_the_space_is_refused_where_it_is_named(void **state)
{
    char *grid = sound_with("strategy: perturb", "strategy: grid");
    struct study s;

    (void)state;
    check_refusal(grid, strlen(grid),
                  "s.yaml:14:20: strategy 'grid' cannot search this space: 'lr' is a range without "
                  "steps, of which it cannot try all values; give the parameter `values` or a step "
                  "`q`, or use sobol");
    check_refusal(OF_CHOICES "}\n", strlen(OF_CHOICES "}\n"),
                  "s.yaml:5:13: strategy 'cmaes' cannot search this space: it moves a normal "
                  "distribution, and only choices are searched here; use gp or tpe, or say "
                  "`distribution: ordinal` where values stand in an order");
    parse_good(&s, OF_CHOICES ", distribution: ordinal}\n"); /* the mend mends */
    study_clear(&s);
    free(grid);
}

static void durations_add_up_to_seconds(void **state)
{
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"90s", 90},      {"15m", 900},      {"1h30m", 5400}, {"0.5h", 1800},
                 {"2d", 172800},   {"45", 45},        {"1.5", 1.5},    {"1d2h3m4.5s", 93784.5},
                 {"\"10m\"", 600}, {"366d", 31622400}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *timeout = mem_printf("timeout: %s", cases[i].text);
        char *text = sound_with("timeout: 15m", timeout);
        struct study s;
        parse_good(&s, text);
        assert_true(s.timeout_s == cases[i].seconds);
        study_clear(&s);
        free(text);
        free(timeout);
    }
}

static void the_largest_seed_and_the_ends_of_a_range_are_allowed(void **state)
{
    struct study s;

    (void)state;
    parse_good(&s,
               "name: a\nmetric: {name: x}\ntrainer: {command: [t]}\n"
               "parameters:\n"
               "  a: {distribution: q_uniform, min: 0.1, max: 0.9, q: 0.1, start: 0.9}\n"
               "  b: {distribution: log_uniform_values, min: 1e-300, max: 1e300, start: 1e-300}\n"
               "search: {seed: 18446744073709551615}\n");
    assert_true(s.seed == UINT64_MAX);
    assert_true(s.space.params[0].start.number == 0.9);
    study_clear(&s);
}

/* --- what is refused -------------------------------------------------------------------------- */

/* One change of the sound study, and the one line that it must give. */
/* clang-format off */
static const char *const changes[][3] = {
    {"name: kjv", "nam: kjv",
     "s.yaml:1:1: unknown key 'nam' (did you mean 'name'?)"},
    {"name: kjv\n", "",
     "s.yaml:1:1: the key 'name' is missing"},
    {"name: kjv", "name: KJV",
     "s.yaml:1:7: the name 'KJV' may hold only a-z, 0-9 and -, and not begin with -"},
    {"name: kjv", "name: kjv-log",
     "s.yaml:1:7: the name 'kjv-log' may not end in -log"},
    {"name: kjv", "name: -kjv",
     "s.yaml:1:7: the name '-kjv' may hold only a-z, 0-9 and -, and not begin with -"},
    {"name: kjv", "name: [kjv]",
     "s.yaml:1:7: 'name' must be text, not a list"},
    {"name: kjv", "name:",
     "s.yaml:1:1: 'name' must be text, not nothing"},
    {"name: kjv", "name: ''",
     "s.yaml:1:7: the text is empty"},
    {"name: kjv", "name: &x kjv",
     "s.yaml:1:8: anchors are not supported"},
    {"name: kjv", "name: !!str kjv",
     "s.yaml:1:7: tags are not supported"},
    {"name: kjv", "name: \"k\\0v\"",
     "s.yaml:1:7: control character in a text"},
    {"name: kjv", "name: kjv\nname: psalms",
     "s.yaml:2:1: duplicate key 'name' (first in line 1)"},
    {"jobs: 2", "<<: {jobs: 2}",
     "s.yaml:16:1: merge keys are not supported; write the values out"},
    {"jobs: 2", "jobs: *x",
     "s.yaml:16:8: aliases are not supported; write the value out"},
    {"jobs: 2", "jobs: 0",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not '0'"},
    {"jobs: 2", "jobs: 2000",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not '2000'"},
    {"jobs: 2", "jobs: 2.5",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not '2.5'"},
    {"jobs: 2", "jobs: \"2\"",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not '2' in quotes"},
    {"jobs: 2", "jobs: two",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not 'two'"},
    {"jobs: 2", "jobs: 18446744073709551617",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not '18446744073709551617'"},
    {"jobs: 2", "jobs: -1",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not '-1'"},
    {"jobs: 2", "jbos: 2",
     "s.yaml:16:1: unknown key 'jbos' (did you mean 'jobs'?)"},
    {"jobs: 2", "lookahead: 4097",
     "s.yaml:16:12: 'lookahead' must be a whole number from 1 to 4096, not '4097'"},
    {"jobs: 2", "run_cap: 0",
     "s.yaml:16:10: 'run_cap' must be a whole number from 1 to 1000000000, not '0'"},
    {"jobs: 2", "run_cap: 1e3",
     "s.yaml:16:10: 'run_cap' must be a whole number from 1 to 1000000000, not '1e3'"},
    {"jobs: 2", "hours: 0",
     "s.yaml:16:8: 'hours' must be more than 0"},
    {"jobs: 2", "hours: -1",
     "s.yaml:16:8: 'hours' must be a number from 0 to 8784, not '-1'"},
    {"jobs: 2", "hours: 1h",
     "s.yaml:16:8: 'hours' must be a number from 0 to 8784, not '1h'"},
    {"jobs: 2", "until: 7:30",
     "s.yaml:16:8: 'until' must be a time of day such as \"07:30\", not '7:30'"},
    {"jobs: 2", "until: 24:00",
     "s.yaml:16:8: 'until' must be a time of day such as \"07:30\", not '24:00'"},
    {"jobs: 2", "placebo: 0.1",
     "s.yaml:16:10: 'placebo' must be a whole number from 2 to 1000, not '0.1'"},
    {"jobs: 2", "early_terminate: {z: 2}",
     "s.yaml:16:1: 'early_terminate' lacks the key 'type'"},
    {"jobs: 2", "early_terminate: {type: median}",
     "s.yaml:16:25: the type is 'paired_curves' or 'hyperband', not 'median'"},
    {"jobs: 2", "early_terminate: {type: paired_curves, z: -2.5}",
     "s.yaml:16:43: 'z' must be a number from 1 to 10, not '-2.5'"},
    {"jobs: 2", "early_terminate: {type: paired_curves, eta: 3}",
     "s.yaml:16:40: 'eta' is not for the type paired_curves"},
    {"jobs: 2", "early_terminate: {type: hyperband, z: 2.5}",
     "s.yaml:16:36: 'z' is not for the type hyperband"},
    {"jobs: 2", "early_terminate: {type: hyperband, s: 2, min_iter: 3}",
     "s.yaml:16:36: 'min_iter' and 's' exclude each other: give one of them"},
    {"jobs: 2", "early_terminate: {type: paired_curves}\naudit: off",
     "s.yaml:16:1: paired_curves learns the noise from the audit: add 'audit: on'"},
    {"jobs: 2", "early_terminate: {type: hyperband}\nbudget: time",
     "s.yaml:16:1: 'early_terminate' compares runs at the same place, which the clock decides with "
     "'budget: time'"},
    {"decision: {alpha: 0.05, max_seeds: 6, min_gain: 0.0}",
     "decision: {procedure: paired}\nearly_terminate: {type: hyperband}",
     "s.yaml:16:1: 'early_terminate' ends no run of a test, and the procedure paired has no others"},
    {"jobs: 2", "executor: slrum",
     "s.yaml:16:11: unknown executor 'slrum' (did you mean 'slurm'?)"},
    {"jobs: 2", "executor: {kind: slurm, cpu: 4}",
     "s.yaml:16:25: unknown key 'cpu' (did you mean 'cpus'?)"},
    {"jobs: 2", "executor: {kind: slurm, cpus: 0}",
     "s.yaml:16:31: 'cpus' must be a whole number from 1 to 1024, not '0'"},
    {"jobs: 2", "executor: {kind: slurm, time: 30s}", "s.yaml:16:31: 'time' is at least 1m"},
    {"jobs: 2", "executor: {kind: slurm, memory: 8X}", "s.yaml:16:33: 'memory' must be a size such as 512MiB or 1GiB, not '8X'"},
    {"jobs: 2", "executor: {kind: slurm, partition: \"a b\"}",
     "s.yaml:16:36: 'partition' is one word, and does not begin with '-'"},
    {"jobs: 2", "executor: {kind: slurm, gres: --wrap=x}",
     "s.yaml:16:31: 'gres' is one word, and does not begin with '-'"},
    {"jobs: 2", "executor: {kind: slurm, shared: scratch}",
     "s.yaml:16:33: 'shared' is an absolute path, the same on every node"},
    {"jobs: 2", "executor: {kind: slurm, setup: module load x}",
     "s.yaml:16:32: 'setup' must be a list of texts"},
    {"jobs: 2", "executor: {kind: slurm, options: [--array=0-9]}",
     "s.yaml:16:35: '--array=0-9' is set by nightshift itself"},
    {"jobs: 2", "executor: {kind: slurm, options: [qos=x]}",
     "s.yaml:16:35: an option of sbatch is written '--name' or '--name=value'"},
    {"jobs: 2", "executor: {kind: slurm, submit: [qsub, \"{script}\"]}",
     "s.yaml:16:25: 'submit' is not for the executor 'slurm'"},
    {"jobs: 2", "executor: {kind: local, partition: x}",
     "s.yaml:16:25: 'partition' is not for the executor 'local'"},
    {"jobs: 2", "executor: {partition: x}", "s.yaml:16:1: 'executor' lacks the key 'kind'"},
    {"jobs: 2", "executor: {kind: slurm, resume: {arguments: [--resume]}}",
     "s.yaml:16:25: 'resume' lacks the key 'state'"},
    {"jobs: 2", "executor: {kind: slurm, resume: {arguments: [-r], state: a/b}}",
     "s.yaml:16:58: 'state' is the name of a file in the run's own folder"},
    {"jobs: 2", "executor: command",
     "s.yaml:16:11: the executor 'command' needs submit, poll and cancel"},
    {"jobs: 2",
     "executor: {kind: command, submit: [qsub], poll: [qstat], cancel: [qdel, \"{id}\"]}",
     "s.yaml:16:35: 'submit' must hold '{script}'"},
    {"jobs: 2",
     "executor: {kind: command, submit: [qsub, \"{script}\", \"{seed}\"], poll: [qstat], "
     "cancel: [qdel, \"{id}\"]}",
     "s.yaml:16:55: '{seed}' has no meaning here"},
    {"jobs: 2", "method: bayes",
     "s.yaml:16:1: unknown key 'method' (here: search: {strategy: …})"},
    {"jobs: 2", "files: data",
     "s.yaml:16:8: 'files' must be a list, not 'data'"},
    {"jobs: 2", "files: [a, b, a]",
     "s.yaml:16:15: 'a' stands here twice"},
    {"jobs: 2", "env: [HF-HOME]",
     "s.yaml:16:7: 'HF-HOME' is no name of an environment variable"},
    {"metric: {name: val_loss, goal: minimize}", "metric: val_loss",
     "s.yaml:2:9: 'metric' must be a map of keys and values"},
    {"metric: {name: val_loss, goal: minimize}", "metric: {goal: minimize}",
     "s.yaml:2:1: 'metric' lacks the key 'name'"},
    {"goal: minimize", "goal: lower",
     "s.yaml:2:32: the goal is 'minimize' or 'maximize', not 'lower'"},
    {"goal: minimize", "gaol: minimize",
     "s.yaml:2:26: unknown key 'gaol' (did you mean 'goal'?)"},
    {"name: val_loss", "name: val loss",
     "s.yaml:2:16: 'val loss' is no metric's name: use letters, digits, _ . - /"},
    {"name: val_loss", "name: test_loss",
     "s.yaml:2:16: 'test_loss' is withheld until the end; choose a metric of the validation data"},
    {"timeout: 15m", "timeout: 15 m",
     "s.yaml:5:12: 'timeout' must be a duration such as 90s, 15m or 1h30m, not '15 m'"},
    {"timeout: 15m", "timeout: 0s",
     "s.yaml:5:12: the duration '0s' is not between 0 and 366 days"},
    {"timeout: 15m", "timeout: 5m1h",
     "s.yaml:5:12: 'timeout' must be a duration such as 90s, 15m or 1h30m, not '5m1h'"},
    {"timeout: 15m", "timeout: 400d",
     "s.yaml:5:12: the duration '400d' is not between 0 and 366 days"},
    {"timeout: 15m", "timeot: 15m",
     "s.yaml:5:3: unknown key 'timeot' (did you mean 'timeout'?)"},
    {"command: [lm, --config, \"{config}\"]", "command: lm --config x",
     "s.yaml:4:12: 'command' must be a list: the program and its arguments, one element each"},
    {"command: [lm, --config, \"{config}\"]", "command: []",
     "s.yaml:4:12: the command is empty"},
    {"command: [lm, --config, \"{config}\"]", "comand: [lm]",
     "s.yaml:4:3: unknown key 'comand' (did you mean 'command'?)"},
    {"\"{config}\"", "{config}",
     "s.yaml:4:27: an element of the command must be text (quote what holds braces: \"{config}\")"},
    {"\"{config}\"", "\"--c={confg}\"",
     "s.yaml:4:32: unknown placeholder '{confg}' (did you mean '{config}'?)"},
    {"\"{config}\"", "\"--n={x}{lrx}\"",
     "s.yaml:4:32: unknown placeholder '{x}'"},
    {"\"{config}\"", "\"x{args}\"",
     "s.yaml:4:29: '{args}' must be an element of its own"},
    {"\"{config}\"", "\"{muon_lr}\"",
     "s.yaml:4:28: 'muon_lr' has no value at times (`when`): write --muon_lr={muon_lr}, which is left out then, or use {args} or {config}"},
    {"[lm,", "['',",
     "s.yaml:4:13: the program's name is empty"},
    {"[lm,", "['{dir}/lm',",
     "s.yaml:4:13: the program's name '{dir}/lm' cannot hold a placeholder"},
    {"[lm,", "['{optimizer}',",
     "s.yaml:4:13: the program's name '{optimizer}' cannot hold a placeholder"},
    {"min: 1e-4", "min: 0",
     "s.yaml:7:47: min of 'log_uniform_values' must be more than 0, not 0"},
    {"min: 1e-4", "min: 1e-4x",
     "s.yaml:7:47: 'min' must be a finite number, not '1e-4x'"},
    {"min: 1e-4", "min: .nan",
     "s.yaml:7:47: 'min' must be a finite number, not '.nan'"},
    {"min: 1e-4", "min: -inf",
     "s.yaml:7:47: 'min' must be a finite number, not '-inf'"},
    {"min: 1e-4", "min: 1_000",
     "s.yaml:7:47: 'min' must be a finite number, not '1_000'"},
    {"min: 1e-4", "min: 0x10",
     "s.yaml:7:47: 'min' must be a finite number, not '0x10'"},
    {"min: 1e-4", "min: 1e-2",
     "s.yaml:7:58: the range is empty: min 1e-2 is not less than max 1e-2"},
    {"min: 1e-4", "min: 1e999",
     "s.yaml:7:47: 'min' must be a finite number, not '1e999'"},
    {"min: 1e-4, ", "",
     "s.yaml:7:3: parameter 'lr' lacks 'min'"},
    {"min: 1e-4", "min: [1]",
     "s.yaml:7:47: 'min' must be a finite number, not a list"},
    {"distribution: log_uniform_values, min: 1e-4", "distribution: log_uniform_value, min: 1e-4",
     "s.yaml:7:22: unknown distribution 'log_uniform_value' (did you mean 'log_uniform_values'?)"},
    {"distribution: log_uniform_values, min: 1e-4", "distribution: log_uniform, min: 1e-4",
     "s.yaml:7:22: unknown distribution 'log_uniform', whose bounds are exponents (use 'log_uniform_values')"},
    {"distribution: log_uniform_values, min: 1e-4", "distribution: normal, min: 1e-4",
     "s.yaml:7:22: unknown distribution 'normal'"},
    {"distribution: log_uniform_values, min: 1e-4", "distribution: categorical, min: 1e-4",
     "s.yaml:7:22: the distribution 'categorical' does not go with 'min' and 'max'"},
    {", start: 6e-4", "",
     "s.yaml:7:3: parameter 'lr' lacks 'start', the baseline's value"},
    {"start: 6e-4", "start: 0.5",
     "s.yaml:7:71: parameter 'lr': '0.5' is not within 0.0001 to 0.01"},
    {"start: 6e-4", "start: fast",
     "s.yaml:7:71: parameter 'lr': 'fast' is not a number"},
    {"start: 6e-4", "strat: 6e-4",
     "s.yaml:7:64: unknown key 'strat' (did you mean 'start'?)"},
    {"start: 6e-4", "start: \"6e-4\"",
     "s.yaml:7:71: parameter 'lr': '6e-4' in quotes is not a number"},
    {"q: 64", "q: 0",
     "s.yaml:8:37: the step q must be more than 0, not 0"},
    {"q: 64", "q: 1000",
     "s.yaml:8:37: the step q is larger than the range from min to max"},
    {"q: 64, ", "",
     "s.yaml:8:3: parameter 'dim' lacks 'q', the step of 'q_uniform'"},
    {"q: 64", "q: 1e-300",
     "s.yaml:8:37: more than 2^53 steps lie within min and max"},
    {"q: 64, min: 64, max: 256, start: 128", "q: 100, min: 10, max: 199, start: 100",
     "s.yaml:8:37: fewer than two multiples of the step lie within min and max"},
    {"q_uniform, q: 64, min: 64, max: 256, start: 128", "power_of_two, min: 65, max: 127, start: 100",
     "s.yaml:8:51: fewer than two powers of two lie within min and max"},
    {"q_uniform, q: 64, min: 64, max: 256, start: 128", "power_of_two, min: 64, max: 256, start: 192",
     "s.yaml:8:63: parameter 'dim': '192' is not a power of two"},
    {"q_uniform, q: 64, min: 64, max: 256, start: 128", "power_of_two, min: 0, max: 256, start: 128",
     "s.yaml:8:42: min of 'power_of_two' must be more than 0, not 0"},
    {"q_uniform, q: 64, min: 64, max: 256, start: 128", "ordinal, min: 64, max: 256, start: 128",
     "s.yaml:8:23: the distribution 'ordinal' does not go with 'min' and 'max'"},
    {"q_uniform, q: 64, min: 64, max: 256, start: 128", "ordnial, values: [64, 128], start: 128",
     "s.yaml:8:23: unknown distribution 'ordnial' (did you mean 'ordinal'?)"},
    {"start: 128", "start: 100",
     "s.yaml:8:67: parameter 'dim': '100' is not a multiple of 64"},
    {"start: 128", "start: 320",
     "s.yaml:8:67: parameter 'dim': '320' is not within 64 to 256"},
    {"min: 1, max: 8, start: 3", "min: 8, max: 1, start: 3",
     "s.yaml:9:25: the range is empty: min 8 is not less than max 1"},
    {"min: 1, max: 8, start: 3", "min: 1, max: 8, start: 2.5",
     "s.yaml:9:35: parameter 'layers': '2.5' is not a whole number"},
    {"min: 1, max: 8, start: 3", "min: 1, max: 8, start: 9",
     "s.yaml:9:35: parameter 'layers': '9' is not within 1 to 8"},
    {"min: 1, max: 8, start: 3", "min: 1.5, max: 8, start: 3, distribution: int_uniform",
     "s.yaml:9:17: min of 'int_uniform' must be a whole number, not 1.5"},
    {"min: 1, max: 8, start: 3", "min: 1, max: 8, start: 3, q: 2, distribution: int_uniform",
     "s.yaml:9:38: 'q' does not go with the distribution 'int_uniform'"},
    {"min: 1, max: 8, start: 3", "min: 1, max: 8, start: 3, values: [1]",
     "s.yaml:9:12: 'min' does not go with 'values'"},
    {"min: 1, max: 8, start: 3", "value: 3, values: [3]",
     "s.yaml:9:22: 'values' does not go with 'value'"},
    {"{min: 1, max: 8, start: 3}", "{}",
     "s.yaml:9:11: parameter 'layers' needs 'value', 'values', or 'min' and 'max'"},
    {"{min: 1, max: 8, start: 3}", "3",
     "s.yaml:9:11: 'layers' must be a map of keys and values"},
    {"values: [adamw, muon]", "values: []",
     "s.yaml:10:23: parameter 'optimizer' has no values to choose from"},
    {"values: [adamw, muon]", "values: [adamw, muon, adamw]",
     "s.yaml:10:37: 'adamw' stands here twice"},
    {"values: [adamw, muon]", "values: adamw",
     "s.yaml:10:23: 'values' must be a list"},
    {"values: [adamw, muon]", "values: [adamw, ~]",
     "s.yaml:10:31: a value is missing here"},
    {"values: [adamw, muon]", "values: [adamw, -muon]",
     "s.yaml:10:31: the text '-muon' may not begin with '-': a trainer would take it for an option"},
    {"values: [adamw, muon]", "values: [adamw, 7b]",
     "s.yaml:10:31: '7b' is not a number (quote it if it is text)"},
    {"start: adamw", "start: adam",
     "s.yaml:10:45: parameter 'optimizer': 'adam' is not adamw or muon (did you mean 'adamw'?)"},
    {"start: adamw", "start: sgd",
     "s.yaml:10:45: parameter 'optimizer': 'sgd' is not adamw or muon"},
    {"{optimizer: muon}", "{optimiser: muon}",
     "s.yaml:11:55: 'when' names no earlier parameter 'optimiser' (did you mean 'optimizer'?)"},
    {"{optimizer: muon}", "{tokens: 2000000}",
     "s.yaml:11:55: 'when' names no earlier parameter 'tokens'"},
    {"{optimizer: muon}", "{optimizer: lion}",
     "s.yaml:11:66: parameter 'optimizer': 'lion' is not adamw or muon (did you mean 'muon'?)"},
    {"{optimizer: muon}", "{optimizer: muon, layers: 3}",
     "s.yaml:11:54: 'when' must name one parameter: {name: value} or {name: [values]}"},
    {"{optimizer: muon}", "{optimizer: []}",
     "s.yaml:11:66: 'when' needs a value of 'optimizer'"},
    {"{optimizer: muon}", "{muon_lr: 1}",
     "s.yaml:11:55: 'when' names no earlier parameter 'muon_lr'"},
    {"start: 3}", "start: 3, when: {optimizer: muon}}",
     "s.yaml:9:45: 'when' names no earlier parameter 'optimizer'"},
    {"tokens: {value: 2000000}", "tokens: {value: 2000000, start: 5}",
     "s.yaml:12:35: parameter 'tokens': '5' is not 2000000"},
    {"tokens: {value", "2tokens: {value",
     "s.yaml:12:3: the name '2tokens' must begin with a letter or _, and hold only letters, digits, _ . -"},
    {"tokens: {value", "to kens: {value",
     "s.yaml:12:3: the name 'to kens' must begin with a letter or _, and hold only letters, digits, _ . -"},
    {"tokens: {value", "seed: {value",
     "s.yaml:12:3: the name 'seed' is reserved"},
    {"tokens: {value", "lr: {value",
     "s.yaml:12:3: duplicate key 'lr' (first in line 7)"},
    {"\"dim % 64 == 0\"", "\"dmi % 64 == 0\"",
     "s.yaml:13:16: unknown parameter 'dmi' (did you mean 'dim'?)"},
    {"\"dim % 64 == 0\"", "\"dim % == 0\"",
     "s.yaml:13:22: a value expected, not '=='"},
    {"\"dim % 64 == 0\"", "dim % 64 = 0",
     "s.yaml:13:24: '=' is written '==' here"},
    {"\"dim % 64 == 0\"", "\"dim > 128\"",
     "s.yaml:13:15: the start values break the constraint 'dim > 128'"},
    {"\"dim % 64 == 0\"", "\"optimizer == 3\"",
     "s.yaml:13:15: the start values break the constraint 'optimizer == 3'"},
    {"[\"dim % 64 == 0\", \"dim * layers <= 1024\"]", "dim > 3",
     "s.yaml:13:14: 'constraints' must be a list of texts"},
    {"strategy: perturb", "strategy: pertrub",
     "s.yaml:14:20: unknown strategy 'pertrub' (did you mean 'perturb'?)"},
    {"strategy: perturb", "strategy: evolution-of-mind",
     "s.yaml:14:20: unknown strategy 'evolution-of-mind' (see `nightshift list strategies`)"},
    {"seed: 1}", "seed: -1}",
     "s.yaml:14:35: 'seed' must be a whole number from 0 to 18446744073709551615, not '-1'"},
    {"seed: 1}", "seed: 18446744073709551616}",
     "s.yaml:14:35: 'seed' must be a whole number from 0 to 18446744073709551615, not '18446744073709551616'"},
    {"alpha: 0.05", "alpha: 0.5",
     "s.yaml:15:19: 'alpha' must be a number from 0.001 to 0.2, not '0.5'"},
    {"alpha: 0.05", "alpha: 0",
     "s.yaml:15:19: 'alpha' must be a number from 0.001 to 0.2, not '0'"},
    {"alpha: 0.05", "alhpa: 0.05",
     "s.yaml:15:12: unknown key 'alhpa' (did you mean 'alpha'?)"},
    {"alpha: 0.05", "alpha: 0.05, fdr: 0.05",
     "s.yaml:15:25: 'alpha' and 'fdr' exclude each other: give one of them"},
    {"alpha: 0.05", "procedure: paired, fdr: 0.05",
     "s.yaml:15:31: 'fdr' is for the procedure two_level; 'paired' takes 'alpha'"},
    {"alpha: 0.05", "procedure: two-level",
     "s.yaml:15:23: the procedure is 'two_level', 'paired' or 'greedy', not 'two-level'"},
    {"alpha: 0.05", "confirm: 1",
     "s.yaml:15:21: 'confirm' must be a whole number from 2 to 32, not '1'"},
    {"max_seeds: 6", "max_seeds: 17",
     "s.yaml:15:36: 'max_seeds' must be a whole number from 1 to 16, not '17'"},
    {"max_seeds: 6", "max_seeds: 0",
     "s.yaml:15:36: 'max_seeds' must be a whole number from 1 to 16, not '0'"},
    {"min_gain: 0.0", "min_gain: -0.1",
     "s.yaml:15:49: 'min_gain' must be a number of at least 0, not '-0.1'"},
    {"jobs: 2", "jobs: 2\n---\njobs: 3",
     "s.yaml:17:1: a second document begins"},
    {"jobs: 2", "jobs: [1, 2",
     "s.yaml:17:1: flow sequence without a closing bracket"},
    {"jobs: 2", "jobs: {a: 1",
     "s.yaml:17:1: missing comma in flow mapping"},
    {"jobs: 2", " jobs: 2",
     "s.yaml:16:2: invalid indentation in mapping"},
    {"jobs: 2", "\tjobs: 2",
     "s.yaml:16:1: tab character may not be used as indentation"},
    {"jobs: 2", "jobs: @2",
     "s.yaml:16:7: plain scalar cannot start with '@'"},
    {"jobs: 2", "jobs: \"2",
     "s.yaml:16:8: double-quoted scalar without closing quote"},
    {"jobs: 2", "? [a] : 2",
     "s.yaml:16:3: a key must be a word"},
    {"jobs: 2", "jobs: \001",
     "s.yaml:16:7: control character U+0001"},
    {"jobs: 2", "- jobs",
     "s.yaml:16:1: did not find expected key"},
    {"jobs: 2", "jobs: {n: 2}",
     "s.yaml:16:7: 'jobs' must be a whole number from 1 to 1024, not a map"},
    {"jobs: 2", "audit: perhaps", "s.yaml:16:8: 'audit' is on or off"},
    {"jobs: 2", "hypotheses: [1]",
     "s.yaml:16:14: a map of keys and values is expected here"},
    {"jobs: 2", "notify: me",
     "s.yaml:16:9: 'notify' must be a list: the program and its arguments, one element each"},
    {"jobs: 2", "notify: []",
     "s.yaml:16:9: 'notify' must be a list: the program and its arguments, one element each"},
    {"jobs: 2", "notify: ['{event}']",
     "s.yaml:16:11: the program's name cannot hold a placeholder"},
    {"jobs: 2", "notify: [tell, '{mesage}']",
     "s.yaml:16:17: unknown placeholder '{mesage}' (there are '{event}' and '{message}')"},
    {"jobs: 2", "breaker: -1",
     "s.yaml:16:10: 'breaker' must be a whole number from 1 to 1000000, not '-1'"},
    {"jobs: 2", "min_free: 1 gigabyte",
     "s.yaml:16:11: 'min_free' must be a size such as 512MiB or 1GiB, not '1 gigabyte'"},
    {"jobs: 2", "min_memory: -1",
     "s.yaml:16:13: 'min_memory' must be a size such as 512MiB or 1GiB, not '-1'"},
    {"jobs: 2", "keep_files: some",
     "s.yaml:16:13: 'keep_files' is 'kept', 'all' or 'none', not 'some'"},
    {"jobs: 2", "sandbox: docker",
     "s.yaml:16:10: 'sandbox' is 'off' or 'bwrap', not 'docker'"},
    {"jobs: 2", "limits: {memory: 5}",
     "s.yaml:16:18: the size '5' is not from 1048576 to 1125899906842624 bytes"},
    {"jobs: 2", "limits: {open_files: 3}",
     "s.yaml:16:22: 'open_files' must be a whole number from 16 to 1048576, not '3'"},
    {"jobs: 2", "command: [sh]",
     "s.yaml:16:1: unknown key 'command' (here: trainer: {command: […]})"},
    {"metric: {name: val_loss, goal: minimize}", "metric: {name: step}",
     "s.yaml:2:16: 'step' has another meaning and cannot be the metric"},
    {"tokens: {value", "not: {value",
     "s.yaml:12:3: the name 'not' is reserved"},
    {"tokens: {value", "-x: {value",
     "s.yaml:12:3: the name '-x' must begin with a letter or _, and hold only letters, digits, _ . -"},
    {"tokens: {value: 2000000}", "tokens: {value: [1]}",
     "s.yaml:12:19: a list where one value is expected"},
    {"tokens: {value: 2000000}", "tokens: {value: 1, distribution: uniform}",
     "s.yaml:12:36: the distribution 'uniform' does not go with 'value'"},
    {"tokens: {value: 2000000}", "tokens: {value: 1, when: {layers: 9}}",
     "s.yaml:12:37: parameter 'layers': '9' is not within 1 to 8"},
    {"tokens: {value: 2000000}", "tokens: {value: 1, when: {layers: 2.5}}",
     "s.yaml:12:37: parameter 'layers': '2.5' is not a whole number"},
    {"tokens: {value: 2000000}", "tokens: {value: \"a\\nb\"}",
     "s.yaml:12:19: line ends and tabs are not allowed here"},
    {"values: [adamw, muon]", "values: [adamw, 'muon', true, true]",
     "s.yaml:10:45: 'true' stands here twice"},
    {"min: 64, max: 256, start: 128", "min: -1e308, max: 1e308, start: 128",
     "s.yaml:8:37: more than 2^53 steps lie within min and max"},
    {"\"dim * layers <= 1024\"", "[1]",
     "s.yaml:13:32: here must stand text, not a list"},
    {"\"dim * layers <= 1024\"", "\"dim * layers <= 300\"",
     "s.yaml:13:32: the start values break the constraint 'dim * layers <= 300'"},
    {"jobs: 2", "files: ['']",
     "s.yaml:16:9: the text is empty"},
};
/* clang-format on */

static void every_mistake_is_one_line_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *text = sound_with(changes[i][0], changes[i][1]);
        check_refusal(text, strlen(text), changes[i][2]);
        free(text);
    }
}

#define WITH_PARAMETERS(p) "name: a\nmetric: {name: x}\ntrainer: {command: [t]}\nparameters:\n" p

static void files_that_are_no_studies_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"", "s.yaml: the file is empty"},
        {"# nothing\n", "s.yaml: the file is empty"},
        {"- a\n", "s.yaml:1:1: a map of keys and values is expected here"},
        {"kjv\n", "s.yaml:1:1: a map of keys and values is expected here"},
        {"{}\n", "s.yaml:1:1: the key 'name' is missing"},
        {"name: a\nmetric: {name: x}\ntrainer: {command: [t]}\n",
         "s.yaml:1:1: the key 'parameters' is missing"},
        {"name: a\nmetric: {name: x}\ntrainer: {timeout: 3}\nparameters: {p: {value: 1}}\n",
         "s.yaml:3:1: 'trainer' lacks the key 'command'"},
        {"name: caf\xe9\n", "s.yaml:1:10: byte 0xe9 is not UTF-8"},
        {"name: \"\xc3\xa4\" # \xff\n", "s.yaml:1:13: byte 0xff is not UTF-8"},
        {"name: \x1b[31m\n", "s.yaml:1:7: control character U+001B"},
        {"name: \xc2\x85\n", "s.yaml:1:7: control character U+0085"},
        {"name: |\n  a\n\n", "s.yaml:2:1: line ends and tabs are not allowed here"},
        {"jobs: |\n  2\n\n",
         "s.yaml:2:1: 'jobs' must be a whole number from 1 to 1024, not '2\\x0a' in quotes"},
        {WITH_PARAMETERS("  {}\n"), "s.yaml:5:3: 'parameters' is empty"},
        {WITH_PARAMETERS("  [a]\n"), "s.yaml:5:3: 'parameters' must be a map of names and ranges"},
        {WITH_PARAMETERS("  a: {value: 1}\n  b: {values: [1, 2], start: 1, when: {a: 1}}\n"),
         "s.yaml:6:40: 'when' names the constant 'a', which never changes"},
        {WITH_PARAMETERS("  b: {values: [1, '2'], start: 2}\n"),
         "s.yaml:5:32: parameter 'b': '2' without quotes is not one of its values"},
        {WITH_PARAMETERS("  b: {values: [on, off], start: true}\n"),
         "s.yaml:5:33: parameter 'b': 'true' is not on or off"},
        {WITH_PARAMETERS("  b: {values: [1, 2], start: 1, when: {c: 1}}\n  c: {value: 1}\n"),
         "s.yaml:5:40: 'when' names no earlier parameter 'c'"},
        {WITH_PARAMETERS("  a:\n    min: 0\n    max: 1\n    start: 2\n"),
         "s.yaml:8:12: parameter 'a': '2' is not within 0 to 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refusal(cases[i][0], strlen(cases[i][0]), cases[i][1]);
}

static void a_nul_byte_is_refused_wherever_it_stands(void **state)
{
    char text[sizeof sound];

    (void)state;
    memcpy(text, sound, sizeof sound);
    text[10] = '\0';
    check_refusal(text, strlen(sound), "s.yaml:2:1: control character U+0000");
}

static char *repeat(const char *before, const char *each, size_t n, const char *after)
{
    struct str text = {NULL, 0};

    str_add(&text, before);
    for (size_t i = 0; i < n; i++)
        str_add(&text, each);
    str_add(&text, after);
    return str_take(&text);
}

static void sizes_beyond_the_caps_are_refused_before_they_cost_anything(void **state)
{
    char *large = repeat("# ", "0123456789abcdef", 70000, "\n");
    char *deep = repeat("name: ", "[", 40, "\n");
    char *bomb = repeat("name: ", "{a: [", 100000, "\n");
    char *many = repeat("jobs: [", "1, ", 1001, "1]\n");

    (void)state;
    check_refusal(large, strlen(large), "s.yaml: larger than 1048576 bytes");
    check_refusal(deep, strlen(deep), "s.yaml:1:38: nested deeper than 32 levels");
    check_refusal(bomb, strlen(bomb), "s.yaml:1:86: nested deeper than 32 levels");
    check_refusal(many, strlen(many), "s.yaml:1:3008: more than 1000 entries");
    free(large);
    free(deep);
    free(bomb);
    free(many);
}

static void a_thousand_parameters_are_read_and_one_more_is_not(void **state)
{
    struct str text = {NULL, 0};
    struct study s;

    (void)state;
    str_add(&text, WITH_PARAMETERS(""));
    for (int i = 0; i < 1000; i++)
        str_addf(&text, "  p%d: {min: 0.0, max: 1, start: 0.5}\n", i);
    parse_good(&s, text.at);
    assert_int_equal(s.space.n, 1000);
    study_clear(&s);
    str_add(&text, "  q: {value: 1}\n");
    check_refusal(text.at, text.len, "s.yaml:1005:3: more than 1000 entries");
    str_clear(&text);
}

/* Any change of one byte gives a study or one line with its place, never a crash or a leak (the
 * sanitizers look). */
static void no_damage_to_a_file_does_harm(void **state)
{
    static const char bytes[] = "{}[]:,-#'\"&*!|>%@`~?\\\t\n 0a\x7f\xff";
    struct rng rng;
    char text[sizeof sound];

    (void)state;
    rng_init(&rng, 1, "damage", 0);
    for (int i = 0; i < 3000; i++) {
        struct err err = {0, ""};
        struct study s;
        memcpy(text, sound, sizeof sound);
        for (int k = 0; k < 1 + i % 4; k++)
            text[rng_below(&rng, sizeof sound - 1)] = bytes[rng_below(&rng, sizeof bytes - 1)];
        size_t len = i % 3 == 0 ? rng_below(&rng, sizeof sound) : sizeof sound - 1;
        if (study_parse(&s, text, len, "s.yaml", &err) == 0) {
            study_clear(&s);
            continue;
        }
        assert_int_equal(err.code, ERR_USAGE);
        assert_ptr_equal(strstr(err.text, "s.yaml:"), err.text);
        assert_null(strchr(err.text, '\n'));
    }
}

static void a_file_that_cannot_be_read_is_the_users_to_mend(void **state)
{
    struct study s;
    struct err err = {0, ""};

    (void)state;
    assert_int_equal(study_read(&s, "no-such/study.yaml", &err), -1);
    assert_string_equal(err.text, "no-such/study.yaml: No such file or directory");
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(study_read(&s, "tests", &err), -1);
    assert_string_equal(err.text, "tests: a folder, not a study file");
    assert_int_equal(err.code, ERR_USAGE);
}

static void a_fifo_in_place_of_a_file_is_never_waited_for(void **state)
{
    char dir[] = "/tmp/nightshift-test-XXXXXX";
    struct study s;
    struct err err = {0, ""};

    (void)state;
    assert_non_null(mkdtemp(dir));
    char *path = mem_printf("%s/study.yaml", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(study_read(&s, path, &err), -1);
    assert_int_equal(file_remove(dir, &err), 0);
    free(path);
}

/* --- the study's identity --------------------------------------------------------------------- */

static char *spec_of(const char *text)
{
    struct str spec = {NULL, 0};
    struct study s;

    parse_good(&s, text);
    study_write_spec(&spec, &s);
    study_clear(&s);
    return str_take(&spec);
}

static void a_policy_has_defaults_and_every_key_of_it_is_read(void **state)
{
    struct study s;

    (void)state;
    parse_good(&s, sound);
    assert_int_equal(s.policy.breaker, 10);
    assert_int_equal(s.policy.n_notify, 0);
    assert_true(s.policy.min_free == FLOOR_USUAL && s.policy.min_memory == FLOOR_USUAL);
    assert_int_equal(s.policy.keep_files, KEEP_KEPT);
    assert_int_equal(s.policy.sandbox, SANDBOX_OFF);
    assert_true(s.policy.limits.output == 64 << 20 && s.policy.limits.memory == 0);
    study_clear(&s);
    char *text =
        sound_with("jobs: 2", "breaker: off\nnotify: [tell, -v, -v, '{event}: {message}']\n"
                              "min_free: 1.5GiB\nmin_memory: off\nkeep_files: none\n"
                              "sandbox: bwrap\nlimits: {memory: 2 GB, file_size: 4096, "
                              "open_files: 64, output: 1MiB}");
    parse_good(&s, text);
    free(text);
    assert_int_equal(s.policy.breaker, 0);
    assert_int_equal(s.policy.n_notify, 4);
    assert_string_equal(s.policy.notify[3], "{event}: {message}");
    assert_true(s.policy.min_free == 1.5 * 0x1p30 && s.policy.min_memory == 0);
    assert_int_equal(s.policy.keep_files, KEEP_NONE);
    assert_int_equal(s.policy.sandbox, SANDBOX_BWRAP);
    assert_true(s.policy.limits.memory == 2e9 && s.policy.limits.file_size == 4096);
    assert_true(s.policy.limits.open_files == 64 && s.policy.limits.output == 1 << 20);
    study_clear(&s);
}

static void the_policy_is_no_part_of_the_identity(void **state)
{
    char *plain = spec_of(sound);
    char *text = sound_with("jobs: 2", "breaker: 3\nnotify: [tell]\nmin_free: 1GiB\n"
                                       "keep_files: all\nlimits: {memory: 1GiB}");
    char *other = spec_of(text);

    (void)state;
    assert_string_equal(plain, other);
    free(other);
    free(text);
    free(plain);
}

static void comments_and_how_far_to_go_are_no_part_of_the_identity(void **state)
{
    char *a = spec_of(sound);
    char *text = sound_with("jobs: 2", "jobs: 7   # more\nrun_cap: 5\nhours: 3\nuntil: \"06:00\"");
    char *b = spec_of(text);

    (void)state;
    assert_string_equal(a, b);
    free(text);
    free(a);
    free(b);
}

static void the_spelling_of_a_number_is_no_part_of_the_identity(void **state)
{
    char *text =
        sound_with("min: 1e-4, max: 1e-2, start: 6e-4", "start: 0.0006, max: 0.01, min: 0.0001");
    char *a = spec_of(sound), *b = spec_of(text);

    (void)state;
    assert_string_equal(a, b);
    free(text);
    free(a);
    free(b);
}

static void a_change_of_the_study_is_told_key_by_key(void **state)
{
    static const char *const cases[][3] = {
        {"alpha: 0.05", "alpha: 0.01", "decision.alpha: 0.05 -> 0.01\n"},
        {"seed: 1}", "seed: 2}", "search.seed: 1 -> 2\n"},
        {"perturb", "random", "search.strategy: perturb -> random\n"},
        {"minimize", "maximize", "metric.goal: minimize -> maximize\n"},
        {"  timeout: 15m\n", "", "trainer.timeout: 900 -> none\n"},
        {"min: 1e-4", "min: 1e-5", "parameters.lr.min: 0.0001 -> 1e-5\n"},
        {"{value: 2000000}", "{value: 3}",
         "parameters.tokens.start: 2000000 -> 3\nparameters.tokens.values: [2000000] -> [3]\n"},
        {"  tokens: {value: 2000000}\n", "", "parameters.tokens: taken away\n"},
        {"  tokens: {value", "  new: {value: 1}\n  tokens: {value", "parameters.new: new\n"},
        {", when: {optimizer: muon}", "",
         "parameters.muon_lr.when: {\"optimizer\":[\"muon\"]} -> none\n"},
        {"\"dim % 64 == 0\", ", "",
         "constraints: [\"dim % 64 == 0\",\"dim * layers <= 1024\"] -> [\"dim * layers <= "
         "1024\"]\n"},
        {"jobs: 2", "files: [x]", "files: [] -> [\"x\"]\n"},
        {"jobs: 2", "lookahead: 3", "lookahead: 2 -> 3\n"},
        {"seed: 1}", "seed: 1, enqueue: [{lr: 1e-3}]}",
         "search.enqueue: none -> [{\"dim\":128,\"layers\":3,\"lr\":0.001,\"optimizer\":\"adamw\","
         "\"tokens\":2000000}]\n"},
        {"[adamw, muon], start: adamw}", "[adamw, muon], start: adamw, distribution: ordinal}",
         "parameters.optimizer.distribution: none -> ordinal\n"},
        {"  layers: {min: 1, max: 8, start: 3}\n  optimizer: {values: [adamw, muon], start: "
         "adamw}\n",
         "  optimizer: {values: [adamw, muon], start: adamw}\n  layers: {min: 1, max: 8, start: "
         "3}\n",
         "parameters: in another order\n"},
        {"jobs: 2", "jobs: 3", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = sound_with(cases[i][0], cases[i][1]);
        char *before = spec_of(sound), *after = spec_of(text);
        struct str out = {NULL, 0};
        study_describe_change(&out, before, after);
        assert_string_equal(str_text(&out), cases[i][2]);
        str_clear(&out);
        free(before);
        free(after);
        free(text);
    }
}

/* --- the studies that we ship ----------------------------------------------------------------- */

static void every_shipped_study_is_sound(void **state)
{
    static const char *const files[] = {"experiments/kjv.yaml", "experiments/script.yaml",
                                        "experiments/autoresearch.yaml",
                                        "experiments/arch-grid.yaml", "experiments/lr-sweep.yaml",
                                        "experiments/finetune.yaml",
                                        "experiments/finetune-mezo.yaml",
                                        "experiments/steps-vs-params.yaml",
                                        "experiments/depth.yaml",
                                        "experiments/lr-scaling.yaml",
                                        "experiments/seq-length.yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct err err = {0, ""};
        struct study s;
        if (study_read(&s, files[i], &err) != 0)
            fail_msg("%s", err.text);
        study_clear(&s);
    }
}

/* What the forerunner's autoresearch.py tries, widths by 8 and rates times 8, in order. */
static const double eleven_pairs[][2] = {{64, 4},  {64, 8},  {96, 2},  {96, 4},  {96, 6}, {128, 2},
                                         {128, 4}, {128, 6}, {128, 8}, {192, 2}, {192, 4}};
static const double three_shapes[][2] = {{64, 4}, {96, 2}, {128, 2}};
static const double five_rates[] = {8e-4, 2.4e-3, 4e-3, 8e-3, 1.6e-2};

static double number_of(const struct study *s, const struct value *config, const char *name)
{
    return config[space_find(&s->space, name)].number;
}

/* How many configs a study tries in all, and whether a wanted one is among them. */
struct walk {
    struct study study;
    struct past past[32];
    struct value *configs[32];
    struct history history;
};

static void walk_study(struct walk *walk, const char *path)
{
    struct err err = {0, ""};
    const struct space *space = &walk->study.space;
    static const double unit[32];

    if (study_read(&walk->study, path, &err) != 0)
        fail_msg("%s", err.text);
    walk->history = (struct history){.past = walk->past};
    int rc = 0;
    for (size_t n = 0; rc == 0; n++) {
        assert_true(n < 32);
        walk->configs[n] = mem_new(space->n, sizeof **walk->configs);
        if (n == 0)
            space_start(walk->configs[n], space);
        else
            rc = strategy_propose(walk->configs[n], walk->study.strategy, space, &walk->history, 1,
                                  n + 1, &err);
        walk->past[n] = (struct past){unit, walk->configs[n], OUTCOME_REVERT, NAN, NAN, NAN};
        walk->history.n += rc == 0;
    }
    assert_int_equal(rc, 1);
}

static size_t count_in_walk(const struct walk *walk, double dim, double layers, double lr)
{
    size_t n = 0;

    for (size_t i = 0; i < walk->history.n; i++) {
        const struct value *config = walk->configs[i];
        n += number_of(&walk->study, config, "dim") == dim &&
             number_of(&walk->study, config, "layers") == layers &&
             number_of(&walk->study, config, "heads") == dim / 32 &&
             (isnan(lr) || number_of(&walk->study, config, "lr") == lr);
    }
    return n;
}

static void walk_clear(struct walk *walk)
{
    for (size_t i = 0; i <= walk->history.n; i++)
        free(walk->configs[i]);
    study_clear(&walk->study);
}

static void the_grid_of_architectures_is_the_forerunner_s_eleven_pairs(void **state)
{
    struct walk walk;

    (void)state;
    walk_study(&walk, "experiments/arch-grid.yaml");
    assert_int_equal(walk.history.n, 11);
    for (size_t i = 0; i < 11; i++)
        assert_int_equal(count_in_walk(&walk, eleven_pairs[i][0], eleven_pairs[i][1], NAN), 1);
    walk_clear(&walk);
}

static void the_sweep_of_learning_rates_is_the_forerunner_s_fifteen_points(void **state)
{
    struct walk walk;

    (void)state;
    walk_study(&walk, "experiments/lr-sweep.yaml");
    assert_int_equal(walk.history.n, 15);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 5; k++)
            assert_int_equal(
                count_in_walk(&walk, three_shapes[i][0], three_shapes[i][1], five_rates[k]), 1);
    walk_clear(&walk);
}

static void the_example_of_the_manual_is_sound(void **state)
{
    struct err err = {0, ""};
    char *page = NULL;

    (void)state;
    assert_int_equal(file_read(&page, NULL, "docs/study.md", 1 << 20, &err), 0);
    char *begin = strstr(page, "```yaml\n") + 8, *end = strstr(begin, "\n```");
    end[1] = '\0';
    struct study s;
    parse_good(&s, begin);
    assert_int_equal(s.space.n, 6);
    study_clear(&s);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_file_is_read_as_it_is_written),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(without_two_levels_every_test_has_one_level_and_nothing_is_added),
        cmocka_unit_test(every_further_key_reaches_its_place),
        cmocka_unit_test(json_is_read_too_with_tabs_and_escapes),
        cmocka_unit_test(words_of_wandb_sweeps_mean_the_same_here),
        cmocka_unit_test(powers_of_two_and_ordinals_have_words_of_their_own),
        cmocka_unit_test(guesses_keep_the_starts_of_what_they_do_not_name),
        cmocka_unit_test(a_wrong_guess_is_told_with_its_place),
        cmocka_unit_test(a_strategy_that_cannot_search_the_space_is_refused_where_it_is_named),
        cmocka_unit_test(durations_add_up_to_seconds),
        cmocka_unit_test(the_largest_seed_and_the_ends_of_a_range_are_allowed),
        cmocka_unit_test(every_mistake_is_one_line_with_its_place),
        cmocka_unit_test(files_that_are_no_studies_are_refused),
        cmocka_unit_test(a_nul_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(sizes_beyond_the_caps_are_refused_before_they_cost_anything),
        cmocka_unit_test(a_thousand_parameters_are_read_and_one_more_is_not),
        cmocka_unit_test(no_damage_to_a_file_does_harm),
        cmocka_unit_test(a_file_that_cannot_be_read_is_the_users_to_mend),
        cmocka_unit_test(a_fifo_in_place_of_a_file_is_never_waited_for),
        cmocka_unit_test(a_policy_has_defaults_and_every_key_of_it_is_read),
        cmocka_unit_test(the_policy_is_no_part_of_the_identity),
        cmocka_unit_test(comments_and_how_far_to_go_are_no_part_of_the_identity),
        cmocka_unit_test(the_spelling_of_a_number_is_no_part_of_the_identity),
        cmocka_unit_test(a_change_of_the_study_is_told_key_by_key),
        cmocka_unit_test(every_shipped_study_is_sound),
        cmocka_unit_test(the_grid_of_architectures_is_the_forerunner_s_eleven_pairs),
        cmocka_unit_test(the_sweep_of_learning_rates_is_the_forerunner_s_fifteen_points),
        cmocka_unit_test(the_example_of_the_manual_is_sound),
    };

    return cmocka_run_group_tests_name("study", tests, NULL, NULL);
}
