/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The promise of the record: a study that is killed at any moment, again and again, ends with the
 * decisions and the commit ids of one that was never disturbed.
 *
 * The program from outside: `nightshift run` on a quick fake trainer, SIGKILL after a random time
 * (fixed seed), then the same command again.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "event.h"
#include "file.h"
#include "mem.h"
#include "place.h"
#include "rng.h"

enum { KILLS = 50, EXPERIMENTS = 24 };

static char *nightshift, *fake; /* absolute paths of the programs */

/* Starts argv in dir with its output thrown away (standard error kept in dir/err). */
static pid_t start(const char *dir, const char *const *argv)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (chdir(dir) != 0)
            _exit(125);
        int log = open("err", O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(null, 0);
        dup2(null, 1);
        dup2(log, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(126);
    }
    return pid;
}

static int wait_status(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static char *new_study(const char *lookahead)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = mem_printf("%s/ns-kill-XXXXXX", tmp != NULL ? tmp : "/tmp");
    struct err err;

    assert_non_null(mkdtemp(dir));
    char *study = mem_printf("name: torture\n"
                             "metric: {name: val_loss, goal: minimize}\n"
                             "trainer:\n"
                             "  command: ['%s', ok, --config, '{config}', --seed, '{seed}',\n"
                             "            --noise, '0.05', --sleep-ms, '4']\n"
                             "parameters:\n"
                             "  x: {distribution: uniform, min: -2, max: 2, start: 1.5}\n"
                             "  y: {distribution: int_uniform, min: -3, max: 3, start: 3}\n"
                             "lookahead: %s\n"
                             "jobs: 2\n"
                             "run_cap: %d\n",
                             fake, lookahead, EXPERIMENTS);
    char *path = path_join(dir, "torture.yaml");
    assert_int_equal(file_write(path, study, strlen(study), &err), 0);
    free(path);
    free(study);
    return dir;
}

static int run_to_end(const char *dir)
{
    const char *argv[] = {nightshift, "run", "torture.yaml", NULL};

    return wait_status(start(dir, argv));
}

/* The study's own chain of the log. */
static int add_event(void *context, const struct event *event, struct err *err)
{
    (void)err;
    if (event->number > 0)
        str_addf(context, "%lld %s %lld %s\n", (long long)event->number, event->kind,
                 (long long)event->row, event->hash);
    return 0;
}

/* Everything that must not depend on when the harness died. */
static char *final_state(const char *dir)
{
    struct place place;
    struct store *store;
    struct record record;
    struct str text = {0};
    struct err err;
    char *path = path_join(dir, "runs/torture");

    assert_int_equal(place_find(&place, path, NULL, &err), 0);
    assert_int_equal(place_open(&place, &store, &err), 0);
    assert_int_equal(store_load(store, &record, &err), 0); /* whole: the texts too */
    for (size_t i = 0; i < record.n_decisions; i++)
        str_add(&text, record.decisions[i].body);
    for (size_t i = 0; i < record.n_outbox; i++) {
        str_addf(&text, "%s %s\n", record.outbox[i].ref, record.outbox[i].commit);
        assert_true(record.outbox[i].done);
    }
    assert_int_equal(event_each(store, add_event, &text, &err), 0);
    record_clear(&record);
    store_close(store);
    place_clear(&place);
    free(path);
    return str_take(&text);
}

static void check_health(const char *dir)
{
    const char *doctor[] = {nightshift, "doctor", "--deep", NULL};
    const char *fsck[] = {"git", "-C", "runs/torture/repo.git", "fsck",
                    "--strict", "--full", NULL};

    assert_int_equal(wait_status(start(dir, doctor)), 0);
    assert_int_equal(wait_status(start(dir, fsck)), 0);
}

/* What an undisturbed study ends with, and how long it takes here, which spaces the kills. */
static char *undisturbed(const char *lookahead, double *seconds)
{
    struct err err;
    char *dir = new_study(lookahead);
    double began = clock_s();

    assert_int_equal(run_to_end(dir), 0);
    *seconds = clock_s() - began;
    char *state = final_state(dir);
    check_health(dir);
    assert_int_equal(file_remove(dir, &err), 0);
    free(dir);
    return state;
}

static void kills_change_nothing(const char *lookahead)
{
    double seconds;
    char *want = undisturbed(lookahead, &seconds), *dir = new_study(lookahead);
    const char *argv[] = {nightshift, "run", "torture.yaml", NULL};
    struct rng rng;
    struct err err;
    int killed = 0;

    rng_init(&rng, 20261121, "kill", 0);
    for (int i = 0; i < KILLS; i++) {
        pid_t pid = start(dir, argv);
        usleep((useconds_t)(rng_uniform(&rng) * seconds / 12 * 1e6));
        kill(pid, SIGKILL);
        killed += WIFSIGNALED(wait_status(pid));
    }
    assert_true(killed > KILLS / 3); /* else the study ended too early to show anything */
    assert_int_equal(run_to_end(dir), 0);
    char *got = final_state(dir);
    assert_string_equal(got, want);
    check_health(dir);
    assert_int_equal(file_remove(dir, &err), 0);
    free(dir);
    free(got);
    free(want);
}

static void fifty_kills_change_no_decision_and_no_commit(void **state)
{
    (void)state;
    kills_change_nothing("1");
}

static void nor_do_they_with_three_experiments_under_way(void **state)
{
    (void)state;
    kills_change_nothing("3");
}

int main(void)
{
    const char *build = getenv("BUILD") != NULL ? getenv("BUILD") : "build";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_kills_change_no_decision_and_no_commit),
        cmocka_unit_test(nor_do_they_with_three_experiments_under_way),
    };

    char *program = path_join(build, "nightshift"), *trainer = path_join(build, "tests/fake_trainer");
    nightshift = realpath(program, NULL);
    fake = realpath(trainer, NULL);
    free(program);
    free(trainer);
    if (nightshift == NULL || fake == NULL) {
        fprintf(stderr, "build the programs first\n");
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(nightshift);
    free(fake);
    return failed;
}
