/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What queues are told, and what is read from what they print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "mem.h"
#include "queue.h"
#include "scratch.h"
#include "task_file.h"
#include "trial.h"

#define UUID "0123456789abcdef0123456789abcdef"

static const struct queue_kind *kind(const char *name)
{
    return executor_find(name)->queue;
}

/* "a b c" of an argv, which is freed. */
static char *joined(char **argv)
{
    struct str text = {0};

    for (size_t i = 0; argv[i] != NULL; i++)
        str_addf(&text, "%s%s", i > 0 ? " " : "", argv[i]);
    argv_free(argv);
    return str_take(&text);
}

static void assert_argv(char **argv, const char *wanted)
{
    char *text = joined(argv);

    assert_string_equal(text, wanted);
    free(text);
}

static void a_batch_is_one_array_that_slurm_never_requeues(void **state)
{
    static char account[] = "--account=lab", partition[] = "short", gres[] = "gpu:1";
    char *options[] = {account, NULL};
    struct executor_rule rule = {.cpus = 4,
                                 .memory = 8e9,
                                 .time_s = 90 * 60 + 1,
                                 .partition = partition,
                                 .gres = gres,
                                 .options = {options, 1}};
    const struct queue_terms terms = {&rule, UUID, "/shared/q"};
    const struct submission batch = {17, 64, "/shared/q/batch-17.sh"};

    (void)state;
    assert_argv(kind("slurm")->submit(&terms, &batch),
                "sbatch --cpus-per-task=4 --partition=short --gres=gpu:1 --mem=7630M --time=91 "
                "--signal=B:USR1@90 --account=lab --parsable --no-requeue --nodes=1 --ntasks=1 "
                "--array=0-63 --job-name=nightshift-" UUID " --comment=" UUID "/17 "
                "--chdir=/shared/q --output=/dev/null --error=/dev/null /shared/q/batch-17.sh");
}

static void the_warning_comes_a_quarter_before_the_end_of_a_short_time(void **state)
{
    struct executor_rule rule = {.time_s = 0};

    (void)state;
    assert_true(queue_warning_s(&rule) <= 0);
    rule.time_s = 60;
    assert_true(queue_warning_s(&rule) == 15);
    rule.time_s = 7200;
    assert_true(queue_warning_s(&rule) == 90);
}

static void what_squeue_prints_is_read_and_other_lines_are_left_alone(void **state)
{
    static const struct {
        const char *line;
        int64_t number; /* 0: none of ours */
        enum sight sight;
    } rows[] = {
        {"12|0|PENDING|" UUID "/17", 17, SIGHT_WAITS},
        {"12|3|RUNNING|" UUID "/17", 20, SIGHT_RUNS},
        {"12|3|COMPLETING|" UUID "/17", 20, SIGHT_RUNS},
        {"12|3|COMPLETED|" UUID "/17", 20, SIGHT_DONE},
        {"12|3|FAILED|" UUID "/17", 20, SIGHT_FAILED},
        {"12|3|TIMEOUT|" UUID "/17", 20, SIGHT_TIME},
        {"12|3|NODE_FAIL|" UUID "/17", 20, SIGHT_NODE},
        {"12|3|PREEMPTED|" UUID "/17", 20, SIGHT_PREEMPTED},
        {"12|3|CANCELLED|" UUID "/17", 20, SIGHT_CANCELLED},
        {"12|3|OUT_OF_MEMORY|" UUID "/17", 20, SIGHT_MEMORY},
        {"12|3|RUNNING|ffffffffffffffffffffffffffffffff/17", 0, SIGHT_NONE},
        {"12|N/A|RUNNING|" UUID "/17", 0, SIGHT_NONE},
        {"12|3|RUNNING|(null)", 0, SIGHT_NONE},
        {"slurm_load_jobs error: Unable to contact slurm controller", 0, SIGHT_NONE},
        {"", 0, SIGHT_NONE},
        {"12|99999999999|RUNNING|" UUID "/17", 0, SIGHT_NONE},
    };
    const struct executor_rule rule = {.cpus = 1};
    const struct queue_terms terms = {&rule, UUID, "/shared/q"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sighting seen = {0};
        bool ours = kind("slurm")->read_line(&seen, &terms, rows[i].line);
        assert_int_equal(ours, rows[i].number > 0);
        if (!ours)
            continue;
        assert_int_equal(seen.number, rows[i].number);
        assert_int_equal(seen.sight, rows[i].sight);
        assert_string_equal(seen.id, i == 0 ? "12_0" : "12_3");
    }
}

static void a_full_or_silent_controller_passes_and_a_wrong_partition_does_not(void **state)
{
    static const struct {
        const char *why;
        bool passes;
    } rows[] = {
        {"sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect "
         "failure)",
         true},
        {"sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
         true},
        {"sbatch: error: QOSMaxSubmitJobPerUserLimit", true},
        {"sbatch: error: AssocMaxSubmitJobLimit", true},
        {"sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", true},
        {"no answer in time", true},
        {"sbatch: error: invalid partition specified: nope", false},
        {"sbatch: error: Batch job submission failed: Requested node configuration is not "
         "available",
         false},
        {"sbatch: error: Invalid generic resource (gres) specification", false},
        {"cannot start 'sbatch': No such file or directory", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(kind("slurm")->passes(rows[i].why), rows[i].passes);
}

static void templates_are_filled_and_a_job_is_found_by_its_name(void **state)
{
    static char qsub[] = "qsub", name[] = "-N{name}", script[] = "{script}", cpus[] = "n={cpus};x",
                qstat[] = "qstat", qdel[] = "qdel", id[] = "{id}";
    char *submit[] = {qsub, name, cpus, script, NULL}, *poll[] = {qstat, NULL},
         *cancel[] = {qdel, id, NULL};
    const struct executor_rule rule = {
        .cpus = 3, .submit = {submit, 4}, .poll = {poll, 1}, .cancel = {cancel, 2}};
    const struct queue_terms terms = {&rule, UUID, "/shared/q"};
    const struct submission batch = {17, 1, "/shared/q/b.sh"};
    const char *ids[] = {"42.server"};
    struct sighting seen;

    (void)state;
    assert_argv(kind("command")->submit(&terms, &batch),
                "qsub -Nn01234567-17 n=3;x /shared/q/b.sh");
    assert_argv(kind("command")->look(&terms), "qstat");
    assert_argv(kind("command")->cancel(&terms, ids, 1), "qdel 42.server");
    assert_true(kind("command")->read_line(&seen, &terms, "  42.server  n01234567-17  me 0 R q"));
    assert_int_equal(seen.number, 17);
    assert_string_equal(seen.id, "42.server");
    assert_false(kind("command")->read_line(&seen, &terms, "43.server n76543210-17 me 0 R q"));
    assert_false(kind("command")->read_line(&seen, &terms, "Job id  Name  User"));
    assert_false(kind("command")->read_line(&seen, &terms, ""));
}

static void a_result_comes_back_as_it_was_and_a_damaged_one_is_refused(void **state)
{
    struct task_result result = {.end = TASK_WARNED,
                                 .facts = {.class = CLASS_INTERRUPTED,
                                           .exit_code = -1,
                                           .signal = 15,
                                           .wall_s = 1.5,
                                           .cpu_s = 0.25,
                                           .peak_mib = 3,
                                           .detail = "the harness ended it"}};
    char *dir = scratch_new(), *done = path_join(dir, "done"), *path = task_result_path(dir, 7);
    struct task_result back;
    struct err err = {0};

    (void)state;
    assert_int_equal(file_mkdirs(done, &err), 0);
    assert_int_equal(task_result_write(&result, dir, 7, &err), 0);
    assert_int_equal(task_result_read(&back, dir, 7, &err), 0);
    assert_int_equal(back.end, TASK_WARNED);
    assert_int_equal(back.facts.class, CLASS_INTERRUPTED);
    assert_string_equal(back.facts.detail, "the harness ended it");
    static const char *const damaged[] = {"", "{}", "{\"end\":\"ended\",\"outcome\":{}}",
                                          "{\"end\":\"never\",\"outcome\":{}}", "[1]"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        assert_int_equal(file_write(path, damaged[i], strlen(damaged[i]), &err), 0);
        assert_int_equal(task_result_read(&back, dir, 7, &err), -1);
    }
    free(path);
    free(done);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_one_array_that_slurm_never_requeues),
        cmocka_unit_test(the_warning_comes_a_quarter_before_the_end_of_a_short_time),
        cmocka_unit_test(what_squeue_prints_is_read_and_other_lines_are_left_alone),
        cmocka_unit_test(a_full_or_silent_controller_passes_and_a_wrong_partition_does_not),
        cmocka_unit_test(templates_are_filled_and_a_job_is_found_by_its_name),
        cmocka_unit_test(a_result_comes_back_as_it_was_and_a_damaged_one_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
