/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one run may use, how it is held, and what of that is recorded.  This program is its own
 * shim: see main(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "executor.h"
#include "json.h"
#include "sandbox.h"
#include "scratch.h"
#include "shim.h"
#include "study_fixture.h"

struct bench {
    char *dir;
    char *argv[4];
    char *env[2];
    struct job job;
    struct outcome_facts facts;
    json_t *usage;
};

static void setup(struct bench *b, const char *script)
{
    static char shell[] = "/bin/sh", option[] = "-c", path[] = "PATH=/usr/bin:/bin";

    *b = (struct bench){.dir = scratch_new()};
    b->argv[0] = shell;
    b->argv[1] = option;
    b->argv[2] = mem_strdup(script);
    b->env[0] = path;
    b->job = (struct job){.dir = b->dir,
                          .argv = b->argv,
                          .env = b->env,
                          .timeout_s = 20,
                          .grace_s = 0.2,
                          .max_output = 1 << 20};
    scratch_write(b->dir, "config.json", "{}\n", 3);
}

static void run(struct bench *b)
{
    const struct executor *local = executor_find("local");
    struct ticket ticket;
    struct err err = {0};
    double deadline = clock_s() + 30;
    int rc;

    if (local->start(NULL, &ticket, &b->job, &err) != 0)
        fail_msg("%s", err.text);
    while ((rc = local->poll(NULL, &b->facts, &ticket, &b->job, &err)) == 0) {
        struct pollfd end = {ticket.fd, POLLIN, 0};
        assert_true(clock_s() < deadline);
        poll(&end, 1, 1000);
    }
    if (rc != 1)
        fail_msg("%s", err.text);
    assert_int_equal(json_read(&b->usage, b->facts.usage, strlen(b->facts.usage), "usage", &err),
                     0);
}

static void teardown(struct bench *b)
{
    json_decref(b->usage);
    free(b->facts.usage);
    free(b->argv[2]);
    scratch_remove(b->dir);
}

static char *stream_of(const struct bench *b)
{
    char *path = path_join(b->dir, RUN_STREAM), *text;
    struct err err = {0};

    if (file_read(&text, NULL, path, 1 << 20, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
    return text;
}

static const char *usage_text(const struct bench *b, const char *key)
{
    return json_string_value(json_object_get(b->usage, key));
}

static void a_file_that_grows_beyond_its_limit_ends_the_run(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "exec head -c 200000 /dev/zero >big");
    b.job.max_file = 100000;
    run(&b);
    assert_int_equal(b.facts.class, CLASS_SIGNAL);
    assert_int_equal(b.facts.signal, SIGXFSZ);
    teardown(&b);
}

static void open_files_are_limited_where_the_study_says_so(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "ulimit -Sn; ulimit -Hn");
    b.job.max_files = 64;
    run(&b);
    assert_int_equal(b.facts.class, CLASS_OK);
    char *text = stream_of(&b);
    assert_string_equal(text, "64\n64\n");
    free(text);
    teardown(&b);
    setup(&b, "ulimit -c; ulimit -f");
    run(&b);
    text = stream_of(&b);
    assert_string_equal(text, "0\nunlimited\n");
    free(text);
    teardown(&b);
}

/* By a control group where one can be made, else by the data of each process. */
static void memory_is_held_and_by_what_is_recorded(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "exec python3 -c 'x = bytearray(300 << 20); print(len(x))'");
    b.job.max_memory = 100 << 20;
    run(&b);
    const char *by = usage_text(&b, "memory_held_by");
    assert_non_null(by);
    print_message("# memory is held by: %s\n", by);
    if (strcmp(by, "cgroup") == 0)
        assert_int_equal(b.facts.class, CLASS_OOM);
    else
        assert_int_equal(b.facts.class, CLASS_EXIT); /* MemoryError */
    teardown(&b);
    setup(&b, "exec python3 -c 'x = bytearray(30 << 20); print(len(x))'");
    b.job.max_memory = 300 << 20;
    run(&b);
    assert_int_equal(b.facts.class, CLASS_OK);
    teardown(&b);
}

static void a_run_without_limits_records_its_level_and_that_nothing_slept(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "true");
    run(&b);
    assert_int_equal(b.facts.class, CLASS_OK);
    assert_true(json_is_null(json_object_get(b.usage, "memory_held_by")));
    const char *level = usage_text(&b, "level");
    assert_true(strcmp(level, "subreaper") == 0 || strcmp(level, "cgroup") == 0);
    assert_true(b.facts.suspended_s >= 0 && b.facts.suspended_s < 1);
    teardown(&b);
}

static void what_a_trainer_leaves_under_the_names_of_packed_texts_is_removed(void **state)
{
    struct bench b;

    (void)state;
    setup(&b, "echo value; echo x >stream.zst; mkdir log.zst");
    run(&b);
    char *stream = path_join(b.dir, "stream.zst"), *log = path_join(b.dir, "log.zst");
    assert_int_equal(b.facts.class, CLASS_OK);
    assert_false(file_exists(stream) || file_exists(log));
    free(log);
    free(stream);
    teardown(&b);
}

/* --- a control group of our own --- */

#define GROUP "nightshift-test-group"

static const char *unified(void)
{
    static const char *const places[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};

    for (size_t i = 0; i < 2; i++) {
        char *file = path_join(places[i], "cgroup.procs");
        bool is = access(file, W_OK) == 0;
        free(file);
        if (is)
            return places[i];
    }
    return NULL;
}

static bool write_into(const char *dir, const char *name, const char *text)
{
    char *path = path_join(dir, name);
    FILE *file = fopen(path, "we");
    bool done = file != NULL && fputs(text, file) >= 0;

    if (file != NULL)
        done &= fclose(file) == 0;
    free(path);
    return done;
}

/* Below a group that is ours, a run gets one of its own, and all of it ends at one stroke. */
static void a_run_below_our_own_group_is_ended_with_its_group(void **state)
{
    const char *root = unified();
    char *group = root != NULL ? path_join(root, GROUP) : NULL;
    struct bench b;
    int status;

    (void)state;
    if (geteuid() != 0 || group == NULL || mkdir(group, 0700) != 0) {
        print_message("# no control group of version 2 can be made here\n");
        free(group);
        skip();
    }
    char *stale = mem_printf("%s/nightshift-2147483000", group); /* of a shim that was killed */
    assert_int_equal(mkdir(stale, 0700), 0);
    free(stale);
    setup(&b, "for i in 1 2 3 4 5 6 7 8; do (trap '' TERM; setsid sleep 60) & done; wait");
    b.job.timeout_s = 0.5;
    pid_t child = fork();
    if (child == 0) { /* this process and what it starts live in the group */
        if (!write_into(group, "cgroup.procs", "0"))
            _exit(99);
        run(&b);
        _exit(b.facts.class == CLASS_TIMEOUT && strcmp(usage_text(&b, "level"), "cgroup") == 0
                  ? 0
                  : 98);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(rmdir(group), 0); /* nobody and nothing is left in it */
    assert_int_equal(WEXITSTATUS(status), 0);
    free(group);
    teardown(&b);
}

/* --- the sandbox ------------------------------------------------------------------------------ */

static bool sandbox_works(struct study *study)
{
    char *text = sound_with("jobs: 2", "sandbox: bwrap");
    struct err err = {0};

    parse_good(study, text);
    free(text);
    if (sandbox_check(study, &err) == 0)
        return true;
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "leave 'sandbox' out"));
    print_message("# no sandbox here: %s\n", err.text);
    study_clear(study);
    return false;
}

/* Runs a script in the sandbox. */
static void run_sandboxed(struct bench *b, const struct study *study, const char *script)
{
    char **argv = mem_new(4, sizeof *argv);

    setup(b, script);
    for (int i = 0; i < 3; i++)
        argv[i] = b->argv[i];
    b->job.sandboxed = sandbox_wrap(&argv, study, b->dir, "/usr/share");
    assert_true(b->job.sandboxed);
    b->job.argv = argv;
    run(b);
    for (size_t i = 0; argv[i] != NULL; i++)
        if (argv[i] != b->argv[0] && argv[i] != b->argv[1] && argv[i] != b->argv[2])
            free(argv[i]);
    free(argv);
}

static void a_sandboxed_run_writes_nowhere_but_in_its_folder(void **state)
{
    char *outside = scratch_new(), *script;
    struct study study;
    struct bench b;

    (void)state;
    if (!sandbox_works(&study)) {
        scratch_remove(outside);
        skip();
    }
    script =
        mem_printf("echo in >here || exit 7; echo out >'%s/there' && exit 8; "
                   "echo tmp >/tmp/mine || exit 9; echo etc >/etc/nightshift-canary && exit 10; "
                   "ls /proc | grep -c '^[0-9]'",
                   outside);
    run_sandboxed(&b, &study, script);
    assert_int_equal(b.facts.class, CLASS_OK);
    char *here = path_join(b.dir, "here"), *there = path_join(outside, "there");
    assert_true(file_exists(here));
    assert_false(file_exists(there) || file_exists("/etc/nightshift-canary"));
    assert_string_equal(usage_text(&b, "level"), "sandbox");
    char *count = stream_of(&b);
    assert_true(strtol(count, NULL, 10) <= 6); /* it sees its own processes alone */
    free(count);
    free(there);
    free(here);
    free(script);
    teardown(&b);
    study_clear(&study);
    scratch_remove(outside);
}

static void ends_in_a_sandbox_have_the_classes_that_they_have_outside(void **state)
{
    struct study study;
    struct bench b;

    (void)state;
    if (!sandbox_works(&study))
        skip();
    run_sandboxed(&b, &study, "exit 3");
    assert_int_equal(b.facts.class, CLASS_EXIT);
    assert_int_equal(b.facts.exit_code, 3);
    teardown(&b);
    run_sandboxed(&b, &study, "kill -ABRT $$");
    assert_int_equal(b.facts.class, CLASS_SIGNAL);
    assert_int_equal(b.facts.signal, SIGABRT);
    teardown(&b);
    study_clear(&study);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_grows_beyond_its_limit_ends_the_run),
        cmocka_unit_test(open_files_are_limited_where_the_study_says_so),
        cmocka_unit_test(memory_is_held_and_by_what_is_recorded),
        cmocka_unit_test(a_run_without_limits_records_its_level_and_that_nothing_slept),
        cmocka_unit_test(what_a_trainer_leaves_under_the_names_of_packed_texts_is_removed),
        cmocka_unit_test(a_run_below_our_own_group_is_ended_with_its_group),
        cmocka_unit_test(a_sandboxed_run_writes_nowhere_but_in_its_folder),
        cmocka_unit_test(ends_in_a_sandbox_have_the_classes_that_they_have_outside),
    };

    if (argc == 3 && strcmp(argv[1], SHIM_WORD) == 0)
        return shim_main(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
