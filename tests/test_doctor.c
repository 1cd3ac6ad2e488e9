/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each of doctor's invariants is broken on purpose, in a copy of one finished study, and exactly
 * that one must be reported; then what --repair promises.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>

#include "event.h"
#include "git_program.h"
#include "mem.h"
#include "schema.h"
#include "scratch.h"
#include "store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char *nightshift, *fake; /* absolute paths of the programs */
static char *whole;             /* a folder with a finished study, never changed */

static const char study_text[] = "name: night\n"
                                 "metric: {name: val_loss, goal: minimize}\n"
                                 "trainer:\n"
                                 "  command: ['%s', ok, --config, '{config}', --seed, '{seed}']\n"
                                 "  timeout: 5s\n"
                                 "files: [data.txt]\n"
                                 "parameters:\n"
                                 "  x: {distribution: uniform, min: -2, max: 2, start: 1.5}\n"
                                 "  y: {distribution: int_uniform, min: -3, max: 3, start: 3}\n"
                                 "jobs: 2\n"
                                 "run_cap: 8\n";

/* --- programs -------------------------------------------------------------------------------- */

/* Runs argv in `dir`, standard output into dir/out, errors into dir/err; the exit status. */
static int run_in(const char *dir, const char *const *argv)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (chdir(dir) != 0)
            _exit(125);
        int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(out, 1);
        dup2(err, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(126);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN(dir, ...) run_in(dir, (const char *const[]){__VA_ARGS__, NULL})

static char *read_in(const char *dir, const char *name)
{
    struct err err = {0};
    char *path = path_join(dir, name), *text = NULL;

    if (file_read(&text, NULL, path, 1 << 24, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
    return text;
}

static void assert_says(const char *dir, const char *name, const char *words)
{
    char *text = read_in(dir, name);

    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in:\n%s", words, text);
    free(text);
}

/* --- a study, and copies of it --------------------------------------------------------------- */

static int make_whole(void **state)
{
    char *text = mem_printf(study_text, fake);

    (void)state;
    whole = scratch_new();
    scratch_write(whole, "night.yaml", text, strlen(text));
    scratch_write(whole, "data.txt", "1 2 3\n", 6);
    free(text);
    if (RUN(whole, nightshift, "run", "-q", "night.yaml") == 0)
        return 0;
    text = read_in(whole, "err");
    fprintf(stderr, "%s", text);
    free(text);
    return -1;
}

static int remove_whole(void **state)
{
    (void)state;
    scratch_remove(whole);
    return 0;
}

static char *copy_whole(void)
{
    char *dir = scratch_new(), *from = mem_printf("%s/.", whole);

    assert_int_equal(RUN(dir, "cp", "-a", from, "."), 0);
    free(from);
    return dir;
}

static char *db_of(const char *dir)
{
    return path_join(dir, "runs/night/study.db");
}

static char *repo_of(const char *dir)
{
    return path_join(dir, "runs/night/repo.git");
}

/* --- changing the database by hand ----------------------------------------------------------- */

static void change(const char *dir, const char *sql)
{
    char *path = db_of(dir), *said = NULL;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &said) != SQLITE_OK)
        fail_msg("%s: %s", sql, said);
    sqlite3_close(db);
    free(path);
}

/* The statement of schema.c that makes a trigger. */
static const char *trigger(const char *name)
{
    char *head = mem_printf("CREATE TRIGGER %s ", name);
    const char *found = NULL;

    for (size_t i = 0; schema[i] != NULL; i++)
        if (strncmp(schema[i], head, strlen(head)) == 0 ||
            (strncmp(schema[i], head, strlen(head) - 1) == 0))
            found = schema[i];
    free(head);
    assert_non_null(found);
    return found;
}

/* Behind the back of a trigger, which is there again afterwards. */
static void change_behind(const char *dir, const char *name, const char *sql)
{
    char *drop = mem_printf("DROP TRIGGER %s", name);

    change(dir, drop);
    change(dir, sql);
    change(dir, trigger(name));
    free(drop);
}

/* Tells the log anew of the tables as they are now: what a program with a fault would have done. */
static void tell_again(const char *dir)
{
    struct err err = {0};
    struct store *store;
    char *path = db_of(dir);

    change_behind(dir, "event_remains", "DELETE FROM event");
    if (store_open(&store, path, STORE_WRITE, &err) != 0 || store_begin(store, &err) != 0 ||
        event_tell_all(store, &err) != 0 || store_commit(store, &err) != 0)
        fail_msg("%s", err.text);
    store_close(store);
    free(path);
}

/* --- the damages ----------------------------------------------------------------------------- */

static void break_index(const char *dir)
{
    change(dir, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
                " 'CREATE UNIQUE INDEX pair_index ON pair (experiment, test, seed)'"
                " WHERE name = 'pair_index'");
}

static void point_nowhere(const char *dir)
{
    change(dir, "INSERT INTO metric (run, name, bits, value) VALUES (99999, 'x', 0, 0.0)");
}

static void rewrite_event(const char *dir)
{
    change_behind(dir, "event_stays", "UPDATE event SET text = 'other' WHERE kind = 'session'");
}

static void drop_last_event(const char *dir)
{
    change_behind(dir, "event_remains", "DELETE FROM event WHERE seq = 3");
}

static void drop_trigger(const char *dir)
{
    change(dir, "DROP TRIGGER event_stays");
}

static void change_run(const char *dir)
{
    change(dir, "UPDATE run SET wall_s = 99 WHERE id = 1");
}

static void add_remark(const char *dir)
{
    change(dir, "UPDATE experiment SET remark = 'mine' WHERE id = 2");
}

static void drop_decision(const char *dir)
{
    change_behind(dir, "outbox_remains", "DELETE FROM outbox WHERE decision = 2");
    change_behind(dir, "decision_remains", "DELETE FROM decision WHERE number = 2");
    tell_again(dir);
}

static void run_again(const char *dir)
{
    change(dir, "INSERT INTO run (id, experiment, variant, seed, attempt, class, bits, value)"
                " SELECT max(id) + 1, 2, 'own', 4242, 1, 'ok', 4607182418800017408, 1.0 FROM run");
    change(dir, "INSERT INTO run (id, experiment, variant, seed, attempt, class, exit_code, bits)"
                " SELECT max(id) + 1, 2, 'own', 4242, 2, 'exit', 3, 9221120237041090560 FROM run");
    tell_again(dir);
}

static void judge_otherwise(const char *dir)
{
    change_behind(dir, "decision_stays",
                  "UPDATE decision SET z = z + 1 WHERE number ="
                  " (SELECT max(number) FROM decision WHERE z IS NOT NULL)");
    tell_again(dir);
}

static void move_back(const char *dir)
{
    char *repo = repo_of(dir);

    GIT_DO(repo, "update-ref", "refs/heads/nightshift/night-log", "nightshift/night-log~1");
    free(repo);
}

static void delete_ref(const char *dir)
{
    char *repo = repo_of(dir);

    GIT_DO(repo, "update-ref", "-d", "refs/heads/nightshift/night");
    free(repo);
}

static void remove_repository(const char *dir)
{
    assert_int_equal(RUN(dir, "rm", "-rf", "runs/night/repo.git"), 0);
}

static void change_plan(const char *dir)
{
    change_behind(dir, "outbox_stays", "UPDATE outbox SET tree = zeroblob(20) WHERE id = 2");
    tell_again(dir);
}

static void commit_on_top(const char *dir)
{
    char *repo = repo_of(dir);
    char *id = GIT(repo, "commit-tree", "nightshift/night-log^{tree}", "-p", "nightshift/night-log",
                   "-m", "mine");

    id[strcspn(id, "\n")] = '\0';
    GIT_DO(repo, "update-ref", "refs/heads/nightshift/night-log", id);
    free(id);
    free(repo);
}

static void truncate_object(const char *dir)
{
    char *repo = repo_of(dir);
    char *id = GIT(repo, "rev-parse", "nightshift/night-log:decisions/0/0/2.yaml");
    char *path = mem_printf("%s/objects/%.2s/%.38s", repo, id, id + 2);

    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 0), 0);
    free(path);
    free(id);
    free(repo);
}

/* A folder of some run; the caller frees. */
static char *some_run(const char *dir)
{
    char *path = db_of(dir), *found = NULL;
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT experiment, seed FROM run WHERE variant = 'own'",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    found = mem_printf("%s/runs/night/runs/%d/%lld", dir, sqlite3_column_int(stmt, 0),
                       (long long)sqlite3_column_int64(stmt, 1));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    free(path);
    return found;
}

static void leave_file(const char *dir)
{
    char *run = some_run(dir);

    scratch_write(run, "weights.bin", "w", 1);
    free(run);
}

static void leave_orphan(const char *dir)
{
    assert_int_equal(RUN(dir, "mkdir", "-p", "runs/night/runs/3/77"), 0);
}

static void change_metric(const char *dir)
{
    change(dir, "UPDATE metric SET value = value + 1 WHERE name = 'steps' AND run = 3");
}

static void change_data(const char *dir)
{
    scratch_write(dir, "data.txt", "1 2 4\n", 6);
}

static void change_spec(const char *dir)
{
    change(dir, "UPDATE meta SET value = value || ' ' WHERE key = 'spec'");
    tell_again(dir);
}

static void open_to_all(const char *dir)
{
    char *path = db_of(dir);

    assert_int_equal(chmod(path, 0644), 0);
    free(path);
}

static void put_link(const char *dir)
{
    assert_int_equal(RUN(dir, "mv", "runs/night/runs", "elsewhere"), 0);
    assert_int_equal(RUN(dir, "ln", "-s", "../../elsewhere", "runs/night/runs"), 0);
}

struct damage {
    const char *name;
    int invariant;
    void (*make)(const char *dir);
};

static const struct damage damages[] = {
    {"an index without its rows", 1, break_index},
    {"a row that points nowhere", 1, point_nowhere},
    {"an event with other words", 2, rewrite_event},
    {"an event that is missing", 2, drop_last_event},
    {"a log that may be changed", 2, drop_trigger},
    {"a run that was changed by hand", 3, change_run},
    {"a remark that nobody made", 3, add_remark},
    {"a decision that is missing", 4, drop_decision},
    {"a run again after it was ok", 5, run_again},
    {"a verdict with another z", 6, judge_otherwise},
    {"a branch that was moved back", 7, move_back},
    {"a branch that was deleted", 7, delete_ref},
    {"a repository that is gone", 7, remove_repository},
    {"a planned commit with other bytes", 8, change_plan},
    {"a commit of somebody else on top", 9, commit_on_top},
    {"an object that was cut off", 10, truncate_object},
    {"a file that the run did not leave", 11, leave_file},
    {"a folder without a run", 11, leave_orphan},
    {"a metric that its bits do not say", 13, change_metric},
    {"an input that was changed", 14, change_data},
    {"a spec that the study does not give", 15, change_spec},
    {"a record that others may read", 17, open_to_all},
    {"a folder that is a link", 17, put_link},
};

/* What doctor --deep calls `state`, as "7 9 "; its exit status. */
static int examine(struct str *out, const char *dir, const char *state)
{
    int status = RUN(dir, nightshift, "doctor", "--deep", "--json", "night.yaml");
    char *text = read_in(dir, "out");
    json_error_t ignored;

    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        json_t *row = json_loads(line, 0, &ignored);
        const char *number = json_string_value(json_object_get(row, "invariant"));
        assert_non_null(number);
        if (strcmp(json_string_value(json_object_get(row, "state")), state) == 0)
            str_addf(out, "%s ", number + 1);
        json_decref(row);
    }
    free(text);
    return status;
}

/* Says what is violated, as examine() does, and what the program said on the way. */
static void assert_violated(const char *name, const char *dir, const char *wanted)
{
    struct str found = {0};
    int status = examine(&found, dir, "violated");

    if (strcmp(str_text(&found), wanted) != 0 || status != (wanted[0] != '\0' ? 4 : 0)) {
        RUN(dir, nightshift, "doctor", "--deep", "night.yaml");
        char *out = read_in(dir, "out"), *err = read_in(dir, "err");
        fail_msg("%s: exit %d, violated '%s', wanted '%s'\n%s%s", name, status, str_text(&found),
                 wanted, out, err);
    }
    str_clear(&found);
}

static void a_whole_study_violates_nothing(void **state)
{
    struct str found = {0};

    (void)state;
    assert_violated("nothing", whole, "");
    assert_int_equal(examine(&found, whole, "ok"), 0);
    assert_string_equal(str_text(&found), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 ");
    str_clear(&found);
}

static void each_damage_is_reported_as_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(damages); i++) {
        char wanted[8], *dir = copy_whole();
        snprintf(wanted, sizeof wanted, "%d ", damages[i].invariant);
        damages[i].make(dir);
        assert_violated(damages[i].name, dir, wanted);
        scratch_remove(dir);
    }
}

static void a_process_that_lives_on_is_reported(void **state)
{
    char *dir = copy_whole(), *run = some_run(dir), *path = path_join(run, "alive.lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_violated("a process", dir, "12 ");
    close(fd);
    assert_violated("no process", dir, "");
    free(path);
    free(run);
    scratch_remove(dir);
}

static void a_clock_that_was_set_back_is_noted(void **state)
{
    char *dir = copy_whole();
    struct str noted = {0};

    (void)state;
    change_behind(dir, "event_stays", "UPDATE event SET time = time - 3600 WHERE seq = 9");
    assert_int_equal(examine(&noted, dir, "note"), 0);
    assert_string_equal(str_text(&noted), "16 ");
    str_clear(&noted);
    scratch_remove(dir);
}

static void a_report_that_was_edited_is_noted(void **state)
{
    char *dir = copy_whole(), *text = read_in(dir, "runs/night/report/REPORT.md");
    struct str noted = {0}, more = {0};

    (void)state;
    str_addf(&more, "%s\nand it is wonderful\n", text);
    scratch_write(dir, "runs/night/report/REPORT.md", more.at, more.len);
    assert_int_equal(examine(&noted, dir, "note"), 0);
    assert_string_equal(str_text(&noted), "18 ");
    str_clear(&more);
    str_clear(&noted);
    free(text);
    scratch_remove(dir);
}

static void a_start_sees_what_is_fast_to_see(void **state)
{
    char *dir = copy_whole();

    (void)state;
    drop_decision(dir);
    assert_int_equal(RUN(dir, nightshift, "run", "night.yaml"), 4);
    scratch_remove(dir);
    dir = copy_whole();
    move_back(dir);
    assert_int_equal(RUN(dir, nightshift, "run", "night.yaml"), 4);
    scratch_remove(dir);
}

/* --- repair ---------------------------------------------------------------------------------- */

static char *ids(const char *dir)
{
    char *repo = repo_of(dir);
    char *text = GIT(repo, "for-each-ref", "--format=%(refname) %(objectname)",
                     "refs/heads/nightshift/night", "refs/heads/nightshift/night-log");

    free(repo);
    return text;
}

static void assert_same_refs(const char *dir)
{
    char *is = ids(dir), *was = ids(whole);

    assert_string_equal(is, was);
    free(is);
    free(was);
}

static void empty_ref(const char *dir)
{
    char *path = path_join(dir, "runs/night/repo.git/refs/heads/nightshift/night-log");

    assert_int_equal(truncate(path, 0), 0);
    free(path);
}

static void git_can_be_made_again_from_the_record(void **state)
{
    static void (*const losses[])(const char *dir) = {
        move_back, delete_ref, truncate_object, remove_repository, empty_ref,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(losses); i++) {
        char *dir = copy_whole();
        losses[i](dir);
        if (RUN(dir, nightshift, "doctor", "--deep", "--repair=git", "night.yaml") != 0) {
            char *out = read_in(dir, "out"), *err = read_in(dir, "err");
            fail_msg("loss %zu:\n%s%s", i, out, err);
        }
        assert_same_refs(dir);
        char *repo = repo_of(dir);
        GIT_DO(repo, "fsck", "--strict", "--full");
        free(repo);
        scratch_remove(dir);
    }
}

static void a_branch_with_foreign_commits_is_left_alone(void **state)
{
    char *dir = copy_whole(), *repo = repo_of(dir);

    (void)state;
    commit_on_top(dir);
    char *before = GIT(repo, "rev-parse", "nightshift/night-log");
    assert_int_equal(RUN(dir, nightshift, "doctor", "--deep", "--repair=git", "night.yaml"), 4);
    assert_says(dir, "out", "night-rebuilt-log");
    char *after = GIT(repo, "rev-parse", "nightshift/night-log");
    char *rebuilt = GIT(repo, "rev-parse", "nightshift/night-rebuilt-log");
    char *parent = GIT(repo, "rev-parse", "nightshift/night-log~1");
    assert_string_equal(after, before);
    assert_string_equal(rebuilt, parent);
    free(before);
    free(after);
    free(rebuilt);
    free(parent);
    free(repo);
    scratch_remove(dir);
}

static char *lock_of(const char *dir)
{
    return path_join(dir, "runs/night/repo.git/refs/heads/nightshift/night-log.lock");
}

static void a_stale_lock_goes_into_the_trash_and_a_foreign_one_stays(void **state)
{
    char *dir = copy_whole(), *repo = repo_of(dir), *path = lock_of(dir), *name = NULL;
    char *tip = GIT(repo, "rev-parse", "nightshift/night-log");

    (void)state;
    name = mem_strdup(path + strlen(dir) + 1);
    scratch_write(dir, name, tip, strlen(tip));
    assert_int_equal(RUN(dir, nightshift, "doctor", "--repair=locks", "night.yaml"), 0);
    assert_false(file_exists(path));
    assert_says(dir, "out", "lies in trash");
    scratch_write(dir, name, "not ours", 8);
    assert_int_equal(RUN(dir, nightshift, "doctor", "--repair=locks", "night.yaml"), 0);
    assert_true(file_exists(path));
    assert_says(dir, "out", "is not ours to remove");
    free(tip);
    free(name);
    free(path);
    free(repo);
    scratch_remove(dir);
}

static void what_belongs_to_nothing_goes_into_the_trash(void **state)
{
    char *dir = copy_whole();

    (void)state;
    leave_orphan(dir);
    scratch_write(dir, "runs/night/study.db.new", "half", 4);
    assert_int_equal(RUN(dir, nightshift, "doctor", "--deep", "--repair=trash", "night.yaml"), 0);
    char *one = path_join(dir, "runs/night/trash/1-77");
    char *other = path_join(dir, "runs/night/trash/1-study.db.new");
    assert_true(file_is_dir(one));
    assert_true(file_is_regular(other));
    free(one);
    free(other);
    scratch_remove(dir);
}

static void modes_are_put_right(void **state)
{
    char *dir = copy_whole();

    (void)state;
    open_to_all(dir);
    assert_int_equal(RUN(dir, nightshift, "doctor", "--repair=modes", "night.yaml"), 0);
    assert_violated("modes", dir, "");
    scratch_remove(dir);
}

static void an_unknown_repair_is_a_usage_error(void **state)
{
    char *dir = copy_whole();

    (void)state;
    assert_int_equal(RUN(dir, nightshift, "doctor", "--repair=git,luck", "night.yaml"), 2);
    assert_says(dir, "err", "there is no repair 'luck' (locks, git, trash, modes)");
    scratch_remove(dir);
}

static void nothing_is_repaired_while_a_run_goes_on(void **state)
{
    char *dir = copy_whole(), *path = path_join(dir, "runs/night/study.lock");
    int fd = open(path, O_RDWR | O_CLOEXEC);

    (void)state;
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(RUN(dir, nightshift, "doctor", "--repair=git", "night.yaml"), 5);
    close(fd);
    free(path);
    scratch_remove(dir);
}

int main(void)
{
    const char *build = getenv("BUILD") != NULL ? getenv("BUILD") : "build";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_study_violates_nothing),
        cmocka_unit_test(each_damage_is_reported_as_what_it_is),
        cmocka_unit_test(a_process_that_lives_on_is_reported),
        cmocka_unit_test(a_clock_that_was_set_back_is_noted),
        cmocka_unit_test(a_report_that_was_edited_is_noted),
        cmocka_unit_test(a_start_sees_what_is_fast_to_see),
        cmocka_unit_test(git_can_be_made_again_from_the_record),
        cmocka_unit_test(a_branch_with_foreign_commits_is_left_alone),
        cmocka_unit_test(a_stale_lock_goes_into_the_trash_and_a_foreign_one_stays),
        cmocka_unit_test(what_belongs_to_nothing_goes_into_the_trash),
        cmocka_unit_test(modes_are_put_right),
        cmocka_unit_test(an_unknown_repair_is_a_usage_error),
        cmocka_unit_test(nothing_is_repaired_while_a_run_goes_on),
    };
    char *program = path_join(build, "nightshift"),
         *trainer = path_join(build, "tests/fake_trainer");

    setenv("OPENBLAS_NUM_THREADS", "1", 1); /* its threads would only wait, and that costs time */
    nightshift = realpath(program, NULL);
    fake = realpath(trainer, NULL);
    free(program);
    free(trainer);
    if (nightshift == NULL || fake == NULL) {
        fprintf(stderr, "build the programs first\n");
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, make_whole, remove_whole);
    free(nightshift);
    free(fake);
    return failed;
}
