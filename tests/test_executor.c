/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The executors with a trainer that fails in every known way.  This program is its own shim, as
 * `nightshift` is: see main(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "classify.h"
#include "clock.h"
#include "executor.h"
#include "file.h"
#include "job.h"
#include "mem.h"
#include "process.h"
#include "shim.h"

#define MARK "NIGHTSHIFT_TEST_MARK"

/* --- a run and its surroundings --- */

struct bench {
    char dir[64];
    char mark[128];
    char *fake;      /* the fake trainer */
    char text[1024]; /* the mode, or the script */
    char *argv[8];
    char *env[4];
    struct job job;
    struct ticket ticket;
    struct outcome_facts facts;
    struct err err;
};

static const struct executor *local(void)
{
    const struct executor *executor = executor_find("local");

    assert_non_null(executor);
    return executor;
}

static char *fake_trainer(void)
{
    const char *build = getenv("BUILD");
    char *relative = mem_printf("%s/tests/fake_trainer", build != NULL ? build : "build");
    char *absolute = realpath(relative, NULL);

    if (absolute == NULL)
        fail_msg("'%s' is missing", relative);
    free(relative);
    return absolute;
}

static void put(const struct bench *b, const char *name, const char *text, mode_t mode)
{
    char *path = path_join(b->dir, name);
    struct err err = {0};

    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    assert_int_equal(chmod(path, mode), 0);
    free(path);
}

static void setup(struct bench *b)
{
    const char *tmp = getenv("TMPDIR");

    memset(b, 0, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "%.30s/test_executor.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->mark, sizeof b->mark, MARK "=%s", b->dir);
    b->fake = fake_trainer();
    b->env[0] = b->mark;
    b->job = (struct job){.dir = b->dir,
                          .argv = b->argv,
                          .env = b->env,
                          .timeout_s = 20,
                          .grace_s = 0.2,
                          .max_output = 1 << 20};
    put(b, "config.json", "{\"x\":0.5}\n", 0600);
}

static void teardown(struct bench *b)
{
    free(b->facts.usage);
    free(b->fake);
    assert_int_equal(file_remove(b->dir, &b->err), 0);
}

static void use_mode(struct bench *b, const char *mode)
{
    static char option[] = "--config", config[] = "config.json";

    snprintf(b->text, sizeof b->text, "%s", mode);
    b->argv[0] = b->fake;
    b->argv[1] = b->text;
    b->argv[2] = option;
    b->argv[3] = config;
    b->argv[4] = NULL;
}

static void use_shell(struct bench *b, const char *script)
{
    static char shell[] = "/bin/sh", option[] = "-c";

    snprintf(b->text, sizeof b->text, "%s", script);
    b->argv[0] = shell;
    b->argv[1] = option;
    b->argv[2] = b->text;
    b->argv[3] = NULL;
}

static void start(struct bench *b)
{
    if (local()->start(NULL, &b->ticket, &b->job, &b->err) != 0)
        fail_msg("start: %s", b->err.text);
}

/* poll() until it says something: 1 or -1. */
static int finish(struct bench *b)
{
    double deadline = clock_s() + 30;
    int rc;

    while ((rc = local()->poll(NULL, &b->facts, &b->ticket, &b->job, &b->err)) == 0) {
        struct pollfd end = {b->ticket.fd, POLLIN, 0};
        assert_true(clock_s() < deadline);
        poll(&end, 1, 1000);
    }
    return rc;
}

static void run(struct bench *b)
{
    free(b->facts.usage);
    b->facts.usage = NULL;
    start(b);
    if (finish(b) != 1)
        fail_msg("poll: %s", b->err.text);
}

static char *contents(const struct bench *b, const char *name)
{
    char *path = path_join(b->dir, name), *text;
    struct err err = {0};

    if (file_read(&text, NULL, path, 16 << 20, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
    return text;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, text);
}

/* --- who lives --- */

static bool has_mark(const char *pid, const char *mark)
{
    char path[300], text[8192];
    ssize_t n = 0;

    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    return n > 0 && memmem(text, (size_t)n, mark, strlen(mark)) != NULL;
}

/* Processes that were started with this run's environment, the shim among them. */
static int survivors(const struct bench *b)
{
    DIR *proc = opendir("/proc");
    int n = 0;

    assert_non_null(proc);
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;)
        n += isdigit((unsigned char)entry->d_name[0]) && has_mark(entry->d_name, b->mark);
    closedir(proc);
    return n;
}

/* Waits until as many as `n` live, or fewer: true when that came about in time. */
static bool survivors_become(const struct bench *b, int n, bool at_least, double limit_s)
{
    double deadline = clock_s() + limit_s;

    while (at_least ? survivors(b) < n : survivors(b) > n) {
        if (clock_s() > deadline)
            return false;
        poll(NULL, 0, 5);
    }
    return true;
}

/* Waits until the trainer itself, no half-made copy of its shim, is at work. */
static void wait_for_output(const struct bench *b)
{
    char *path = path_join(b->dir, RUN_STREAM);
    double deadline = clock_s() + 10;
    struct stat st;

    while (stat(path, &st) != 0 || st.st_size == 0) {
        assert_true(clock_s() < deadline);
        poll(NULL, 0, 5);
    }
    free(path);
}

static int open_descriptors(void)
{
    DIR *fds = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(fds);
    while (readdir(fds) != NULL)
        n++;
    closedir(fds);
    return n;
}

/* --- a study that asks for {"x": 0.5} --- */

static void classify(struct bench *b, struct run *result)
{
    static char metric[] = "val_loss", name[] = "x";
    struct param param = {.name = name, .when = -1};
    struct study study = {.metric = metric, .space = {.params = &param, .n = 1}};
    struct value config = {.type = VALUE_NUMBER, .number = 0.5};
    struct stream stream;

    if (stream_read(&stream, b->dir, &b->err) != 0)
        fail_msg("%s", b->err.text);
    *result = (struct run){.id = 1};
    run_classify(result, &b->facts, &stream, &study, &config);
    stream_clear(&stream);
}

/* --- tests --- */

static void a_run_that_ends_well_is_ok_and_its_output_is_kept(void **state)
{
    struct bench b;
    struct run result;

    (void)state;
    setup(&b);
    use_shell(
        &b, "echo 'val_loss: 2.5'; echo talk >&2; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done");
    run(&b);
    assert_int_equal(b.facts.class, CLASS_OK);
    assert_int_equal(b.facts.exit_code, 0);
    assert_int_equal(b.facts.signal, 0);
    assert_string_equal(b.facts.detail, "");
    assert_true(b.facts.wall_s > 0 && b.facts.wall_s < 20);
    assert_true(b.facts.cpu_s >= 0 && b.facts.peak_mib > 0.1);
    char *out = contents(&b, RUN_STREAM), *log = contents(&b, RUN_LOG);
    assert_string_equal(out, "val_loss: 2.5\n");
    assert_string_equal(log, "talk\n");
    assert_holds(b.facts.usage, "\"voluntary_switches\":");
    classify(&b, &result);
    assert_int_equal(result.class, CLASS_OK);
    assert_true(result.value == 2.5);
    assert_null(result.detail);
    free(out);
    free(log);
    teardown(&b);
}

/* Each way to fail has its class, a detail that says what was wrong, and leaves nobody behind. */
static void every_fault_has_its_class_and_leaves_no_process(void **state)
{
    static const struct {
        const char *mode;
        double timeout_s;
        enum run_class process, class;
        int exit_code, signal, left;
        bool killed;
        const char *detail;
    } cases[] = {
        {"ok", 20, CLASS_OK, CLASS_OK, 0, 0, 0, false, NULL},
        {"plain", 20, CLASS_OK, CLASS_OK, 0, 0, 0, false, NULL},
        {"garbage", 20, CLASS_OK, CLASS_OK, 0, 0, 0, false, NULL},
        {"silent", 20, CLASS_OK, CLASS_PROTOCOL, 0, 0, 0, false,
         "exit 0 but no 'val_loss' was printed"},
        {"partial-line", 20, CLASS_OK, CLASS_PROTOCOL, 0, 0, 0, false, "no 'val_loss'"},
        {"echo-wrong", 20, CLASS_OK, CLASS_PROTOCOL, 0, 0, 0, false,
         "'x' is not what was asked for: 0.5 became -12345"},
        {"crash", 20, CLASS_EXIT, CLASS_EXIT, 3, 0, 0, false, "exit 3: out of cheese"},
        {"abort", 20, CLASS_SIGNAL, CLASS_SIGNAL, -1, SIGABRT, 0, false,
         "signal 6 (Aborted): assertion failed: cheese"},
        {"nan", 20, CLASS_OK, CLASS_NONFINITE, 0, 0, 0, false, "'val_loss' is nan"},
        {"inf", 20, CLASS_EXIT, CLASS_NONFINITE, 1, 0, 0, false, "'val_loss' is inf"},
        {"nonfinite", 20, CLASS_EXIT, CLASS_NONFINITE, 1, 0, 0, false, "not finite"},
        {"hang", 0.3, CLASS_TIMEOUT, CLASS_TIMEOUT, -1, SIGTERM, 0, false, "not done after 0.3 s"},
        {"ignore-term", 0.3, CLASS_TIMEOUT, CLASS_TIMEOUT, -1, SIGKILL, 0, true,
         "TERM was not enough"},
        {"tree", 0.4, CLASS_TIMEOUT, CLASS_TIMEOUT, -1, SIGKILL, 0, true, "TERM was not enough"},
        {"flood", 20, CLASS_OUTPUT_FLOOD, CLASS_OUTPUT_FLOOD, -1, SIGKILL, 0, true,
         "printed more than 1048576 bytes"},
        {"grandchild", 20, CLASS_OK, CLASS_OK, 0, 0, 1, false, "left 1 process behind"},
        {"daemon", 20, CLASS_OK, CLASS_OK, 0, 0, 1, false, "left 1 process behind"},
        {"orphan-hold", 20, CLASS_OK, CLASS_OK, 0, 0, 1, false, "left 1 process behind"},
        {"late", 20, CLASS_OK, CLASS_OK, 0, 0, 0, false, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        struct run result;
        setup(&b);
        use_mode(&b, cases[i].mode);
        b.job.timeout_s = cases[i].timeout_s;
        run(&b);
        print_message("# %s: %s\n", cases[i].mode, b.facts.detail);
        assert_int_equal(b.facts.class, cases[i].process);
        assert_int_equal(b.facts.exit_code, cases[i].exit_code);
        assert_int_equal(b.facts.signal, cases[i].signal);
        assert_int_equal(b.facts.left_processes, cases[i].left);
        assert_int_equal(b.facts.killed, cases[i].killed);
        classify(&b, &result);
        assert_int_equal(result.class, cases[i].class);
        assert_int_equal(isnan(result.value), cases[i].class != CLASS_OK);
        if (cases[i].detail != NULL)
            assert_holds(result.detail, cases[i].detail);
        assert_int_equal(survivors(&b), 0);
        free(result.detail);
        teardown(&b);
    }
}

static void a_flood_is_cut_at_its_limit_on_disk(void **state)
{
    struct bench b;
    struct stat st;

    (void)state;
    setup(&b);
    use_mode(&b, "flood");
    b.job.max_output = 100000;
    run(&b);
    assert_int_equal(b.facts.class, CLASS_OUTPUT_FLOOD);
    char *path = path_join(b.dir, RUN_STREAM);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 100000);
    free(path);
    teardown(&b);
}

static void both_outputs_together_count_against_the_limit(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    b.job.max_output = 10;
    use_shell(&b, "printf 12345; printf 12345 >&2");
    run(&b);
    assert_int_equal(b.facts.class, CLASS_OK);
    use_shell(&b, "printf 12345; printf 123456 >&2");
    run(&b);
    assert_int_equal(b.facts.class, CLASS_OUTPUT_FLOOD);
    teardown(&b);
}

static void the_last_words_of_a_crash_are_made_printable_and_fit(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_shell(&b, "printf 'caf\\303\\251 \\033[31mred\\377\\n  \\n' >&2; exit 9");
    run(&b);
    assert_string_equal(b.facts.detail, "exit 9: caf\303\251 \\x1b[31mred\\xff");
    use_shell(&b, "echo only words on stdout; kill -SEGV $$");
    run(&b);
    assert_int_equal(b.facts.signal, SIGSEGV);
    assert_holds(b.facts.detail, "(Segmentation fault): only words on stdout");
    use_shell(&b, "printf 'a\\001'; i=0; while [ $i -lt 200 ]; do printf '\\001\\303\\251'; "
                  "i=$((i+1)); done; exit 1");
    run(&b); /* invalid UTF-8 would not have come through */
    assert_int_equal(b.facts.class, CLASS_EXIT);
    assert_in_range(strlen(b.facts.detail), 190, sizeof b.facts.detail - 1);
    teardown(&b);
}

static void a_trainer_that_removes_its_directory_is_a_failed_run(void **state)
{
    static const char *const scripts[] = {"echo 'val_loss: 1'; rm -rf \"$PWD\"",
                                          "echo 'val_loss: 1'; rm stream",
                                          "echo 'val_loss: 1'; rm -rf \"$PWD\"; mkdir \"$PWD\""};
    struct bench b;
    struct run result;

    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        setup(&b);
        use_shell(&b, scripts[i]);
        run(&b);
        classify(&b, &result);
        assert_int_equal(result.class, CLASS_PROTOCOL);
        assert_holds(result.detail, "the trainer removed 'stream'");
        free(result.detail);
        teardown(&b);
    }
}

static void what_cannot_be_executed_is_a_spawn_failure(void **state)
{
    static char missing[] = "/nonexistent/trainer", folder[] = "/tmp";
    struct bench b;

    (void)state;
    setup(&b);
    b.argv[0] = missing;
    run(&b);
    assert_int_equal(b.facts.class, CLASS_SPAWN);
    assert_holds(b.facts.detail, "'/nonexistent/trainer' cannot be executed: No such file");
    b.argv[0] = folder;
    run(&b);
    assert_int_equal(b.facts.class, CLASS_SPAWN);
    assert_holds(b.facts.detail, "Permission denied");
    assert_int_equal(survivors(&b), 0);
    teardown(&b);
}

static void cores_that_do_not_exist_are_a_spawn_failure(void **state)
{
    static const int cpus[] = {1023};
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "ok");
    b.job.cpus = cpus;
    b.job.n_cpus = 1;
    run(&b);
    assert_int_equal(b.facts.class, CLASS_SPAWN);
    assert_holds(b.facts.detail, "cores");
    teardown(&b);
}

static void the_trainer_runs_on_its_own_cores_only(void **state)
{
    struct bench b;
    cpu_set_t mine;
    int cpu = 0;
    char expected[64];

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof mine, &mine), 0);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET((size_t)i, &mine))
            cpu = i;
    setup(&b);
    b.job.cpus = &cpu;
    b.job.n_cpus = 1;
    use_shell(&b, "grep Cpus_allowed_list /proc/self/status");
    run(&b);
    char *out = contents(&b, RUN_STREAM);
    snprintf(expected, sizeof expected, "Cpus_allowed_list:\t%d\n", cpu);
    assert_string_equal(out, expected);
    free(out);
    teardown(&b);
}

/* Nothing of what the harness's own environment holds gets through, or stays on disk. */
static void only_the_given_environment_arrives(void **state)
{
    static char program[] = "/usr/bin/env", visible[] = "VISIBLE=s3cret-allowed";
    struct bench b;
    char expected[600];

    (void)state;
    setup(&b);
    setenv("API_TOKEN", "s3cret-hidden", 1);
    b.argv[0] = program;
    b.env[1] = visible;
    run(&b);
    unsetenv("API_TOKEN");
    char *out = contents(&b, RUN_STREAM), *job = contents(&b, RUN_JOB);
    char *outcome = contents(&b, RUN_OUTCOME);
    snprintf(expected, sizeof expected, "%s\n%s\nNIGHTSHIFT_RUN=%s\n", b.mark, visible, b.dir);
    assert_string_equal(out, expected);
    assert_null(strstr(job, "s3cret"));
    assert_null(strstr(outcome, "s3cret"));
    free(out);
    free(job);
    free(outcome);
    teardown(&b);
}

static void the_trainer_gets_a_clean_process(void **state)
{
    static const char *const lines[] = {"stdin /dev/null\n", "umask 0077\n", "NoNewPrivs:\t1\n",
                                        "SigBlk:\t0000000000000000\n", "fds 0 1 2 3 4\n"};
    struct bench b; /* descriptor 3 is ls's own, 4 the lock */
    char here[128];

    (void)state;
    setup(&b);
    use_shell(&b, "echo stdin $(readlink /proc/$$/fd/0); echo umask $(umask); echo dir $(pwd);"
                  "grep -E 'NoNewPrivs|SigIgn|SigBlk' /proc/self/status;"
                  "grep 'core file' /proc/self/limits; cat /proc/self/oom_score_adj;"
                  "echo fds $(ls /proc/self/fd)");
    signal(SIGPIPE, SIG_IGN);
    run(&b);
    signal(SIGPIPE, SIG_DFL);
    char *out = contents(&b, RUN_STREAM);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_holds(out, lines[i]);
    unsigned long long ignored;
    assert_int_equal(sscanf(strstr(out, "SigIgn:"), "SigIgn: %llx", &ignored), 1);
    assert_int_equal(ignored & 0x7fffffff, 0); /* above: the C library's own, which it guards */
    char *resolved = realpath(b.dir, NULL);
    snprintf(here, sizeof here, "dir %s\n", resolved);
    assert_holds(out, here);
    assert_holds(out, "Max core file size        0                    0");
    free(resolved);
    free(out);
    teardown(&b);
}

static void a_gentle_stop_lets_the_trainer_end_by_itself(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    b.job.grace_s = 10;
    use_shell(&b, "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done");
    start(&b);
    wait_for_output(&b);
    assert_int_equal(local()->poll(NULL, &b.facts, &b.ticket, &b.job, &b.err), 0);
    assert_int_equal(local()->stop(NULL, &b.ticket, false, &b.err), 0);
    assert_int_equal(finish(&b), 1);
    assert_int_equal(b.facts.class, CLASS_INTERRUPTED);
    assert_int_equal(b.facts.exit_code, 0);
    assert_false(b.facts.killed);
    char *out = contents(&b, RUN_STREAM);
    assert_string_equal(out, "ready\nbye\n");
    free(out);
    teardown(&b);
}

static void a_stop_that_is_not_heard_becomes_a_kill(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "ignore-term");
    start(&b);
    wait_for_output(&b);
    assert_int_equal(local()->stop(NULL, &b.ticket, false, &b.err), 0);
    assert_int_equal(finish(&b), 1);
    assert_int_equal(b.facts.class, CLASS_INTERRUPTED);
    assert_int_equal(survivors(&b), 0);
    teardown(&b);
}

static void a_stop_at_once_kills_the_whole_tree(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "tree");
    b.job.grace_s = 60;
    start(&b);
    assert_true(survivors_become(&b, 10, true, 5));
    assert_int_equal(local()->stop(NULL, &b.ticket, true, &b.err), 0);
    assert_int_equal(finish(&b), 1);
    assert_int_equal(b.facts.class, CLASS_INTERRUPTED);
    assert_true(b.facts.killed);
    assert_int_equal(survivors(&b), 0);
    teardown(&b);
}

/* The shim may not have bound itself to us yet, or not have begun its trainer. */
static void a_stop_in_the_moment_of_the_start_is_no_error(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct bench b;
        setup(&b);
        use_mode(&b, "tree");
        start(&b);
        if (i % 2 == 1)
            poll(NULL, 0, i / 2);
        assert_int_equal(local()->stop(NULL, &b.ticket, true, &b.err), 0);
        assert_int_equal(finish(&b), 1);
        assert_int_equal(b.facts.class, CLASS_INTERRUPTED);
        assert_int_equal(survivors(&b), 0);
        teardown(&b);
    }
}

/* A harness: starts the run, says which shim it has, and waits to be killed. */
static pid_t start_harness(struct bench *b, pid_t *shim)
{
    int told[2];

    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    pid_t harness = fork();
    assert_true(harness >= 0);
    if (harness == 0) {
        if (local()->start(NULL, &b->ticket, &b->job, &b->err) != 0 ||
            write(told[1], &b->ticket.pid, sizeof b->ticket.pid) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    close(told[1]);
    assert_int_equal(read(told[0], shim, sizeof *shim), sizeof *shim);
    close(told[0]);
    return harness;
}

static void kill_harness(pid_t harness)
{
    kill(harness, SIGKILL);
    waitpid(harness, NULL, 0);
}

static void the_run_dies_with_the_harness(void **state)
{
    static const char *const modes[] = {"hang", "ignore-term", "tree"};
    struct bench b;
    pid_t shim;

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        setup(&b);
        use_mode(&b, modes[i]);
        b.job.grace_s = 60;
        pid_t harness = start_harness(&b, &shim);
        assert_true(survivors_become(&b, 2, true, 5));
        kill_harness(harness);
        assert_true(survivors_become(&b, 0, false, 2));
        assert_int_equal(local()->clear(NULL, b.dir, &b.err), 0);
        use_mode(&b, "silent"); /* and the directory may be used again */
        run(&b);
        assert_int_equal(b.facts.class, CLASS_OK);
        teardown(&b);
    }
}

/* Without anyone's help: a trainer never outlives its shim. */
static void the_trainer_dies_with_its_shim(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "ignore-term");
    start(&b);
    wait_for_output(&b);
    kill(b.ticket.pid, SIGKILL);
    assert_true(survivors_become(&b, 0, false, 2));
    assert_int_equal(finish(&b), 1);
    assert_int_equal(b.facts.class, CLASS_INTERRUPTED);
    teardown(&b);
}

static void a_run_whose_shim_was_killed_is_interrupted_and_nobody_is_left(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "tree");
    start(&b);
    assert_true(survivors_become(&b, 10, true, 5));
    kill(b.ticket.pid, SIGKILL);
    assert_int_equal(finish(&b), 1);
    assert_int_equal(b.facts.class, CLASS_INTERRUPTED);
    assert_true(survivors_become(&b, 0, false, 2));
    teardown(&b);
}

/* It holds no lock, and is nobody's child. */
static void a_daemon_that_has_closed_everything_does_not_outlive_a_killed_shim(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "daemon");
    start(&b);
    assert_true(survivors_become(&b, 3, true, 5));
    assert_true(survivors_become(&b, 2, false, 5)); /* the trainer has ended: shim and daemon */
    kill(b.ticket.pid, SIGKILL);
    assert_int_equal(finish(&b), 1);
    assert_true(survivors_become(&b, 0, false, 2));
    teardown(&b);
}

static void clear_ends_those_who_outlived_harness_and_shim(void **state)
{
    struct bench b;
    pid_t shim;

    (void)state;
    setup(&b);
    use_mode(&b, "tree");
    pid_t harness = start_harness(&b, &shim);
    assert_true(survivors_become(&b, 10, true, 5));
    kill(shim, SIGSTOP); /* so that it cannot clean up */
    kill_harness(harness);
    kill(shim, SIGKILL);
    struct ticket ticket;
    assert_int_equal(local()->start(NULL, &ticket, &b.job, &b.err), -1);
    assert_int_equal(b.err.code, ERR_ENVIRONMENT);
    assert_holds(b.err.text, "still in use by an earlier run");
    assert_int_equal(local()->clear(NULL, b.dir, &b.err), 0);
    assert_true(survivors_become(&b, 0, false, 2));
    teardown(&b);
}

static void clearing_a_directory_that_was_never_used_is_fine(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    assert_int_equal(local()->clear(NULL, b.dir, &b.err), 0);
    assert_int_equal(local()->clear(NULL, "/nonexistent/place", &b.err), 0);
    teardown(&b);
}

static void our_own_failure_is_an_error_and_no_outcome(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "ok");
    char *path = path_join(b.dir, RUN_LOG);
    assert_int_equal(mkdir(path, 0700), 0);
    start(&b);
    assert_int_equal(finish(&b), -1);
    assert_int_equal(b.err.code, ERR_ENVIRONMENT);
    assert_holds(b.err.text, "cannot write 'log'");
    assert_int_equal(survivors(&b), 0);
    free(path);
    teardown(&b);
}

/* A broken library stands for all that keeps our own program from starting: no endless repetition.
 */
static void a_shim_that_cannot_start_is_an_error(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "ok");
    put(&b, "libjansson.so.4", "", 0600);
    b.env[1] = mem_printf("LD_LIBRARY_PATH=%s", b.dir);
    int talk = dup(STDERR_FILENO), away = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(away, STDERR_FILENO); /* the loader complains there */
    start(&b);
    int ended = finish(&b);
    dup2(talk, STDERR_FILENO);
    close(talk);
    close(away);
    assert_int_equal(ended, -1);
    assert_int_equal(b.err.code, ERR_ENVIRONMENT);
    assert_holds(b.err.text, "the shim could not do its work (exit 127)");
    free(b.env[1]);
    teardown(&b);
}

static void a_full_disk_is_an_error_and_ends_the_run(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    use_mode(&b, "flood");
    signal(SIGXFSZ, SIG_IGN); /* as nightshift has it: the shim's image may be too large, too */
    struct rlimit small = {50000, RLIM_INFINITY}, before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    start(&b);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(finish(&b), -1);
    assert_holds(b.err.text, "cannot write 'stream': File too large");
    assert_int_equal(survivors(&b), 0);
    teardown(&b);
}

static void two_hundred_runs_leak_no_descriptor_and_no_process(void **state)
{
    static char program[] = "/bin/true";
    struct bench b;

    (void)state;
    setup(&b);
    b.argv[0] = program;
    int before = open_descriptors();
    for (int i = 0; i < 200; i++) {
        run(&b);
        assert_int_equal(b.facts.class, CLASS_OK);
    }
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(survivors(&b), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    teardown(&b);
}

static void runs_at_the_same_time_do_not_disturb_each_other(void **state)
{
    enum { N = 6 };
    static const char *const modes[N] = {"slow", "hang", "crash", "grandchild", "slow", "flood"};
    static const enum run_class classes[N] = {CLASS_OK, CLASS_TIMEOUT, CLASS_EXIT,
                                              CLASS_OK, CLASS_OK,      CLASS_OUTPUT_FLOOD};
    static struct bench b[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        setup(&b[i]);
        use_mode(&b[i], modes[i]);
        if (classes[i] == CLASS_TIMEOUT)
            b[i].job.timeout_s = 0.5;
        start(&b[i]);
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(finish(&b[i]), 1);
        assert_int_equal(b[i].facts.class, classes[i]);
        assert_int_equal(survivors(&b[i]), 0);
        teardown(&b[i]);
    }
}

static void memory_that_runs_out_is_its_own_class(void **state)
{
    static const char group[] = "/sys/fs/cgroup/memory/nightshift-test";
    struct bench b;
    struct err err = {0};
    char text[64];

    (void)state;
    if (geteuid() != 0 || access("/sys/fs/cgroup/memory/memory.limit_in_bytes", W_OK) != 0 ||
        (mkdir(group, 0700) != 0 && !file_is_dir(group))) {
        print_message("# no memory cgroup can be made here\n");
        skip();
    }
    setup(&b);
    pid_t child = fork();
    if (child == 0) { /* this process and what it starts live in the group */
        int limit = open("/sys/fs/cgroup/memory/nightshift-test/memory.limit_in_bytes", O_WRONLY);
        int procs = open("/sys/fs/cgroup/memory/nightshift-test/cgroup.procs", O_WRONLY);
        snprintf(text, sizeof text, "%d", (int)getpid());
        if (fd_write(limit, "134217728", 9, "limit", &err) != 0 ||
            fd_write(procs, text, strlen(text), "procs", &err) != 0)
            _exit(99);
        use_mode(&b, "hog");
        if (local()->start(NULL, &b.ticket, &b.job, &err) != 0)
            _exit(98);
        int rc;
        while ((rc = local()->poll(NULL, &b.facts, &b.ticket, &b.job, &err)) == 0)
            poll(NULL, 0, 10);
        _exit(rc == 1 ? (int)b.facts.class : 97);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    rmdir(group);
    assert_int_equal(WEXITSTATUS(status), CLASS_OOM);
    teardown(&b);
}

/* --- finding the trainer --- */

static void a_program_is_found_by_path_or_by_name(void **state)
{
    struct bench b;
    char *found, *expected;

    (void)state;
    setup(&b);
    put(&b, "train.sh", "#!/bin/sh\nexit 0\n", 0700);
    assert_int_equal(executor_find_program(&found, "./train.sh", b.dir, &b.err), 0);
    expected = mem_printf("%s/./train.sh", b.dir);
    assert_string_equal(found, expected);
    free(found);
    free(expected);
    assert_int_equal(executor_find_program(&found, "sh", b.dir, &b.err), 0);
    assert_int_equal(found[0], '/');
    assert_string_equal(strrchr(found, '/'), "/sh");
    free(found);
    assert_int_equal(executor_find_program(&found, "/bin/sh", b.dir, &b.err), 0);
    assert_string_equal(found, "/bin/sh");
    free(found);
    assert_int_equal(executor_find_program(&found, "test_executor", b.dir, &b.err),
                     0); /* beside us */
    free(found);
    teardown(&b);
}

static void a_program_that_cannot_run_is_refused_with_the_reason(void **state)
{
    static const char foreign[] =
        "\177ELF\002\001\001-------\0\0\002\0\363\0------------------------"
        "-----------------";
    static const struct {
        const char *name, *text;
        mode_t mode;
        const char *reason;
    } cases[] = {
        {"./absent", NULL, 0, "does not exist"},
        {"no-such-trainer-anywhere", NULL, 0, "nor in PATH"},
        {"./plain.sh", "echo hello\n", 0700, "neither a program nor a script"},
        {"./locked.sh", "#!/bin/sh\n", 0600, "not executable"},
        {"./odd.sh", "#! /no/such/python -u\n", 0700, "needs '/no/such/python'"},
        {"/", NULL, 0, "no regular file"},
        {"", NULL, 0, "empty name"},
    };
    struct bench b;
    char *found;

    (void)state;
    setup(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].text != NULL)
            put(&b, cases[i].name, cases[i].text, cases[i].mode);
        assert_int_equal(executor_find_program(&found, cases[i].name, b.dir, &b.err), -1);
        assert_int_equal(b.err.code, ERR_USAGE);
        assert_null(found);
        assert_holds(b.err.text, cases[i].reason);
    }
    char *path = path_join(b.dir, "riscv");
    assert_int_equal(file_write(path, foreign, sizeof foreign, &b.err), 0);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(executor_find_program(&found, "./riscv", b.dir, &b.err), -1);
    assert_holds(b.err.text, "another machine");
    free(path);
    teardown(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_ends_well_is_ok_and_its_output_is_kept),
        cmocka_unit_test(every_fault_has_its_class_and_leaves_no_process),
        cmocka_unit_test(a_flood_is_cut_at_its_limit_on_disk),
        cmocka_unit_test(both_outputs_together_count_against_the_limit),
        cmocka_unit_test(the_last_words_of_a_crash_are_made_printable_and_fit),
        cmocka_unit_test(a_trainer_that_removes_its_directory_is_a_failed_run),
        cmocka_unit_test(what_cannot_be_executed_is_a_spawn_failure),
        cmocka_unit_test(cores_that_do_not_exist_are_a_spawn_failure),
        cmocka_unit_test(the_trainer_runs_on_its_own_cores_only),
        cmocka_unit_test(only_the_given_environment_arrives),
        cmocka_unit_test(the_trainer_gets_a_clean_process),
        cmocka_unit_test(a_gentle_stop_lets_the_trainer_end_by_itself),
        cmocka_unit_test(a_stop_that_is_not_heard_becomes_a_kill),
        cmocka_unit_test(a_stop_at_once_kills_the_whole_tree),
        cmocka_unit_test(a_stop_in_the_moment_of_the_start_is_no_error),
        cmocka_unit_test(the_run_dies_with_the_harness),
        cmocka_unit_test(the_trainer_dies_with_its_shim),
        cmocka_unit_test(a_run_whose_shim_was_killed_is_interrupted_and_nobody_is_left),
        cmocka_unit_test(a_daemon_that_has_closed_everything_does_not_outlive_a_killed_shim),
        cmocka_unit_test(clear_ends_those_who_outlived_harness_and_shim),
        cmocka_unit_test(clearing_a_directory_that_was_never_used_is_fine),
        cmocka_unit_test(our_own_failure_is_an_error_and_no_outcome),
        cmocka_unit_test(a_shim_that_cannot_start_is_an_error),
        cmocka_unit_test(a_full_disk_is_an_error_and_ends_the_run),
        cmocka_unit_test(two_hundred_runs_leak_no_descriptor_and_no_process),
        cmocka_unit_test(runs_at_the_same_time_do_not_disturb_each_other),
        cmocka_unit_test(memory_that_runs_out_is_its_own_class),
        cmocka_unit_test(a_program_is_found_by_path_or_by_name),
        cmocka_unit_test(a_program_that_cannot_run_is_refused_with_the_reason),
    };

    if (argc == 3 && strcmp(argv[1], SHIM_WORD) == 0)
        return shim_main(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
