/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "git_program.h"
#include "ledger.h"
#include "mem.h"
#include "str.h"

#define LOG  "refs/heads/nightshift/kjv-log"
#define LINE "refs/heads/nightshift/kjv"

/* libgit2 1.5 forgets a regular expression's match when it reads `extensions.…` of a repository. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libpcre2";
}

/* --- a study's folder, with or without a repository of the user's --------------------------------
 */

struct place {
    char dir[64]; /* the study's folder */
    char *run_dir;
    char *gone; /* what to remove at the end */
};

static void require(int rc, const struct err *err)
{
    if (rc != 0)
        fail_msg("%s", err->text);
}

static int make_place(void **state)
{
    struct place *place = mem_new(1, sizeof *place);
    const char *tmp = getenv("TMPDIR");

    snprintf(place->dir, sizeof place->dir, "%s/ledger.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(place->dir) == NULL)
        return -1;
    place->gone = mem_strdup(place->dir);
    place->run_dir = path_join(place->dir, "runs/kjv");
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    int rc = file_remove(place->gone, &err);

    free(place->run_dir);
    free(place->gone);
    free(place);
    return rc;
}

static struct ledger *open_ledger(const struct place *place)
{
    struct ledger *ledger = NULL;
    struct err err = {0};

    require(ledger_open(&ledger, place->dir, place->run_dir, "kjv", &err), &err);
    return ledger;
}

static void write_text(const char *dir, const char *name, const char *text)
{
    struct err err = {0};
    char *path = path_join(dir, name);

    require(file_write(path, text, strlen(text), &err), &err);
    free(path);
}

static char *read_text(const char *dir, const char *name)
{
    struct err err = {0};
    char *path = path_join(dir, name), *text = NULL;

    require(file_read(&text, NULL, path, 1 << 20, &err), &err);
    free(path);
    return text;
}

/* --- decisions -----------------------------------------------------------------------------------
 */

struct words {
    char config[64], subject[64], decision[64];
};

static struct entry entry_of(struct words *words, int64_t number)
{
    static const char *const kinds[] = {"revert", "keep", "failed", "verified"};
    static const char study[] = "name: kjv\nmetric: {name: val_loss}\n";

    snprintf(words->config, sizeof words->config, "dim: 128\nlr: 0.%03d\n", (int)(number / 3));
    snprintf(words->subject, sizeof words->subject, "decision %d", (int)number);
    snprintf(words->decision, sizeof words->decision, "number: %d\n", (int)number);
    return (struct entry){.study = "kjv",
                          .number = number,
                          .experiment = number,
                          .word = kinds[number % 4],
                          .config_sha =
                              "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                          .metric = "val_loss=1.5 bits=3ff8000000000000",
                          .subject = words->subject,
                          .config_yaml = words->config,
                          .study_yaml = study,
                          .study_len = sizeof study - 1,
                          .decision_yaml = words->decision};
}

static void plan_log(struct plan *plan, struct ledger *ledger, const char *parent, int64_t number)
{
    struct words words;
    struct entry entry = entry_of(&words, number);
    struct err err = {0};

    require(ledger_plan(plan, ledger, LOG, parent, &entry, &err), &err);
}

static void plan_line(struct plan *plan, struct ledger *ledger, const char *parent, int64_t number)
{
    struct words words;
    struct entry entry = entry_of(&words, number);
    struct err err = {0};

    entry.decision_yaml = NULL;
    require(ledger_plan(plan, ledger, LINE, parent, &entry, &err), &err);
}

static void publish(struct ledger *ledger, struct plan *plan)
{
    struct err err = {0};

    require(ledger_publish(ledger, plan, &err), &err);
    plan_clear(plan);
}

/* Publishes decisions first … last on the log; every fourth, a verified one, on the line too. */
static void publish_decisions(struct ledger *ledger, int64_t first, int64_t last)
{
    struct plan plan;
    struct err err = {0};
    char tip[41];

    for (int64_t n = first; n <= last; n++) {
        require(ledger_tip(ledger, tip, LOG, &err), &err);
        plan_log(&plan, ledger, tip, n);
        publish(ledger, &plan);
        if (n % 4 != 3)
            continue;
        require(ledger_tip(ledger, tip, LINE, &err), &err);
        plan_line(&plan, ledger, tip, n);
        publish(ledger, &plan);
    }
}

static void tip_of(char out[41], struct ledger *ledger, const char *ref)
{
    struct err err = {0};

    require(ledger_tip(ledger, out, ref, &err), &err);
}

/* --- what is written -----------------------------------------------------------------------------
 */

static void git_likes_what_was_written(void **state)
{
    const struct place *place = *state;
    struct ledger *ledger = open_ledger(place);

    publish_decisions(ledger, 95, 104);
    ledger_close(ledger);
    char *repo = path_join(place->run_dir, "repo.git");
    char *said = GIT(repo, "fsck", "--strict", "--full", "--no-dangling");
    assert_string_equal(said, "");
    free(said);
    said = GIT(repo, "rev-list", "--count", LOG);
    assert_string_equal(said, "10\n");
    free(said);
    said = GIT(repo, "rev-list", "--count", LINE);
    assert_string_equal(said, "3\n");
    free(said);
    said = GIT(repo, "ls-tree", "--name-only", LOG);
    assert_string_equal(said, "config.yaml\ndecisions\nstudy.yaml\n");
    free(said);
    said = GIT(repo, "ls-tree", "--name-only", LINE);
    assert_string_equal(said, "config.yaml\nstudy.yaml\n");
    free(said);
    said = GIT(repo, "ls-tree", "-r", "--name-only", LOG, "decisions/");
    size_t lines = 0;
    for (const char *p = said; *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 10);
    free(said);
    said = GIT(repo, "show", LOG ":decisions/0/1/102.yaml");
    assert_string_equal(said, "number: 102\n");
    free(said);
    said = GIT(repo, "show", LINE ":config.yaml");
    assert_string_equal(said, "dim: 128\nlr: 0.034\n");
    free(said);
    free(repo);
}

static void a_commit_says_what_the_contract_says(void **state)
{
    const struct place *place = *state;
    struct ledger *ledger = open_ledger(place);

    publish_decisions(ledger, 1, 2);
    char *said = GIT(ledger_path(ledger), "log", "--reverse",
                     "--format=%an <%ae> %at %ad|%cn <%ce> %ct|%P|%B", "--date=raw", LOG);
    char *first = GIT(ledger_path(ledger), "rev-parse", LOG "~1");
    char *expected = mem_printf(
        "nightshift <nightshift@localhost> 946684801 946684801 +0000"
        "|nightshift <nightshift@localhost> 946684801||decision 1\n\n"
        "Nightshift-Study: kjv\nNightshift-Experiment: 1\nNightshift-Decision: keep\n"
        "Nightshift-Config: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
        "Nightshift-Metric: val_loss=1.5 bits=3ff8000000000000\n\n"
        "nightshift <nightshift@localhost> 946684802 946684802 +0000"
        "|nightshift <nightshift@localhost> 946684802|%.40s|decision 2\n\n"
        "Nightshift-Study: kjv\nNightshift-Experiment: 2\nNightshift-Decision: failed\n"
        "Nightshift-Config: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
        "Nightshift-Metric: val_loss=1.5 bits=3ff8000000000000\n\n",
        first);
    assert_string_equal(said, expected);
    free(said);
    free(first);
    free(expected);
    ledger_close(ledger);
}

static void a_plan_is_what_git_itself_would_hash(void **state)
{
    const struct place *place = *state;
    struct ledger *ledger = open_ledger(place);
    struct plan plan;

    plan_log(&plan, ledger, "", 1);
    char *path = path_join(place->dir, "commit");
    struct err err = {0};
    require(file_write(path, plan.commit_bytes, plan.commit_len, &err), &err);
    char *id = GIT(place->dir, "hash-object", "-t", "commit", "--literally", path);
    assert_memory_equal(id, plan.commit, 40);
    free(id);
    free(path);
    plan_clear(&plan);
    ledger_close(ledger);
}

static void a_plan_writes_nothing_and_comes_out_the_same_twice(void **state)
{
    const struct place *place = *state;
    struct ledger *ledger = open_ledger(place);
    struct plan one, two;

    plan_log(&one, ledger, "", 1);
    plan_log(&two, ledger, "", 1);
    assert_string_equal(one.commit, two.commit);
    assert_string_equal(one.tree, two.tree);
    char *count = GIT(ledger_path(ledger), "count-objects");
    assert_string_equal(count, "0 objects, 0 kilobytes\n");
    free(count);
    plan_clear(&one);
    plan_clear(&two);
    ledger_close(ledger);
}

static void a_rebuilt_repository_has_the_same_ids(void **state)
{
    struct place *place = *state;
    char tips[4][41];
    struct err err = {0};

    for (int again = 0; again < 2; again++) {
        struct ledger *ledger = open_ledger(place);
        publish_decisions(ledger, 1, 4);
        tip_of(tips[2 * again], ledger, LOG);
        tip_of(tips[2 * again + 1], ledger, LINE);
        ledger_close(ledger);
        require(file_remove(place->run_dir, &err), &err);
    }
    assert_string_equal(tips[0], tips[2]);
    assert_string_equal(tips[1], tips[3]);
}

static void decision_12345_has_its_place(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plan;
    struct err err = {0};
    char tip[41], *text = NULL;
    static const int64_t numbers[] = {99, 100, 9999, 10000, 12344, 12345, 100000};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        tip_of(tip, ledger, LOG);
        plan_log(&plan, ledger, tip, numbers[i]);
        publish(ledger, &plan);
    }
    char *files = GIT(ledger_path(ledger), "ls-tree", "-r", "--name-only", LOG, "decisions/");
    assert_string_equal(files, "decisions/0/0/99.yaml\ndecisions/0/1/100.yaml\n"
                               "decisions/0/99/9999.yaml\ndecisions/1/100/10000.yaml\n"
                               "decisions/1/123/12344.yaml\ndecisions/1/123/12345.yaml\n"
                               "decisions/10/1000/100000.yaml\n");
    GIT_DO(ledger_path(ledger), "fsck", "--strict", "--full");
    tip_of(tip, ledger, LOG);
    size_t len;
    require(ledger_read(ledger, &text, &len, tip, "decisions/1/123/12345.yaml", &err), &err);
    assert_string_equal(text, "number: 12345\n");
    assert_int_equal(len, strlen(text));
    free(text);
    free(files);
    ledger_close(ledger);
}

static void no_text_can_forge_a_trailer(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct words words;
    struct entry entry = entry_of(&words, 1);
    struct plan plan;
    struct err err = {0};

    entry.metric = "x=1\nNightshift-Decision: keep";
    assert_int_equal(ledger_plan(&plan, ledger, LOG, "", &entry, &err), -1);
    assert_non_null(strstr(err.text, "metric"));
    ledger_close(ledger);
}

static void an_unknown_parent_is_an_integrity_error(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct words words;
    struct entry entry = entry_of(&words, 2);
    struct plan plan;
    struct err err = {0};
    const char *parent = "00000000000000000000000000000000000000aa";

    assert_int_equal(ledger_plan(&plan, ledger, LOG, parent, &entry, &err), -1);
    assert_int_equal(err.code, ERR_INTEGRITY);
    assert_non_null(strstr(err.text, parent));
    ledger_close(ledger);
}

/* --- publishing again, and after others ----------------------------------------------------------
 */

static void publishing_again_is_harmless(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plan;
    struct err err = {0};
    char tip[41];

    plan_log(&plan, ledger, "", 1);
    for (int i = 0; i < 3; i++)
        require(ledger_publish(ledger, &plan, &err), &err);
    tip_of(tip, ledger, LOG);
    assert_string_equal(tip, plan.commit);
    char *count = GIT(ledger_path(ledger), "rev-list", "--count", LOG);
    assert_string_equal(count, "1\n");
    free(count);
    plan_clear(&plan);
    ledger_close(ledger);
}

/* Publishes decision 2 behind 1 after `git` args moved the log; it must be refused. */
static void assert_refused_after(const struct place *place, const char *const *args,
                                 const char *found)
{
    struct ledger *ledger = open_ledger(place);
    struct plan plan;
    struct err err = {0};
    char before[41], after[41];

    publish_decisions(ledger, 1, 1);
    tip_of(before, ledger, LOG);
    plan_log(&plan, ledger, before, 2);
    free(git_text(ledger_path(ledger), args));
    tip_of(before, ledger, LOG);
    assert_int_equal(ledger_publish(ledger, &plan, &err), -1);
    assert_int_equal(err.code, ERR_INTEGRITY);
    assert_non_null(strstr(err.text, LOG));
    assert_non_null(strstr(err.text, plan.parent));
    assert_non_null(strstr(err.text, found != NULL ? found : before));
    tip_of(after, ledger, LOG);
    assert_string_equal(after, before);
    plan_clear(&plan);
    ledger_close(ledger);
}

static void a_ref_that_someone_moved_is_refused_and_left_alone(void **state)
{
    const struct place *place = *state;
    struct ledger *ledger = open_ledger(place);
    struct plan other;
    struct err err = {0};

    plan_log(&other, ledger, "", 7);
    snprintf(other.ref, sizeof other.ref, "refs/heads/other");
    require(ledger_publish(ledger, &other, &err), &err);
    ledger_close(ledger);
    const char *const args[] = {"update-ref", LOG, other.commit, NULL};
    assert_refused_after(place, args, other.commit);
    plan_clear(&other);
}

static void a_ref_that_someone_deleted_is_refused(void **state)
{
    const char *const args[] = {"update-ref", "-d", LOG, NULL};

    assert_refused_after(*state, args, "no such ref");
}

/* --- damage --------------------------------------------------------------------------------------
 */

static char *object_path(struct ledger *ledger, const char *id)
{
    return mem_printf("%sobjects/%.2s/%s", ledger_path(ledger), id, id + 2);
}

static void damaged_objects_are_healed(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    static const char *const damage[] = {"", "garbage that is no zlib stream"};
    struct plan plan;
    struct err err = {0};

    plan_log(&plan, ledger, "", 1);
    for (size_t i = 0; i < 2; i++) {
        require(ledger_publish(ledger, &plan, &err), &err);
        const char *ids[] = {plan.tree, plan.commit};
        for (size_t k = 0; k < 2; k++) {
            char *path = object_path(ledger, ids[k]);
            require(file_write(path, damage[i], strlen(damage[i]), &err), &err);
            free(path);
        }
        require(ledger_publish(ledger, &plan, &err), &err);
        GIT_DO(ledger_path(ledger), "fsck", "--strict", "--full");
    }
    plan_clear(&plan);
    ledger_close(ledger);
}

/* An object whose bytes are another object's: whole for zlib, wrong for the hash. */
static void an_object_with_another_ones_bytes_is_healed(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plan;
    struct err err = {0};

    plan_log(&plan, ledger, "", 1);
    require(ledger_publish(ledger, &plan, &err), &err);
    char *tree = object_path(ledger, plan.tree), *commit = object_path(ledger, plan.commit);
    char *bytes = NULL;
    size_t len;
    require(file_read(&bytes, &len, tree, 1 << 16, &err), &err);
    require(file_write(commit, bytes, len, &err), &err);
    require(ledger_publish(ledger, &plan, &err), &err);
    GIT_DO(ledger_path(ledger), "fsck", "--strict", "--full");
    free(bytes);
    free(tree);
    free(commit);
    plan_clear(&plan);
    ledger_close(ledger);
}

static void an_unfinished_repository_is_made_anew(void **state)
{
    const struct place *place = *state;
    struct err err = {0};
    char *part = path_join(place->run_dir, "repo.tmp.4711");

    require(file_mkdirs(part, &err), &err);
    write_text(part, "config.lock", "");
    struct ledger *ledger = open_ledger(place);
    publish_decisions(ledger, 1, 1);
    assert_false(file_exists(part));
    ledger_close(ledger);
    free(part);
}

static void no_variable_of_git_has_a_say(void **state)
{
    static const char *const names[] = {"GIT_DIR",
                                        "GIT_OBJECT_DIRECTORY",
                                        "GIT_INDEX_FILE",
                                        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                        "GIT_AUTHOR_DATE",
                                        "GIT_CONFIG_GLOBAL",
                                        "GIT_CEILING_DIRECTORIES"};
    const struct place *place = *state;
    char before[41], after[41];

    struct ledger *ledger = open_ledger(place);
    publish_decisions(ledger, 1, 2);
    tip_of(before, ledger, LOG);
    ledger_close(ledger);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        setenv(names[i], "/nowhere", 1);
    ledger = open_ledger(place);
    tip_of(after, ledger, LOG);
    assert_string_equal(after, before);
    publish_decisions(ledger, 3, 4);
    ledger_close(ledger);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(getenv(names[i]));
}

static void looking_makes_no_repository(void **state)
{
    const struct place *place = *state;
    struct ledger *ledger = NULL;
    struct err err = {0};

    require(ledger_open_existing(&ledger, place->dir, place->run_dir, "kjv", &err), &err);
    assert_null(ledger);
    assert_false(file_exists(place->run_dir));
}

/* --- locks ---------------------------------------------------------------------------------------
 */

/* Plans decision 1 and leaves a lock of its ref with `text` (NULL: the plan's own id). */
static char *leave_lock(struct plan *plan, struct ledger *ledger, const char *text)
{
    struct err err = {0};

    plan_log(plan, ledger, "", 1);
    char *path = mem_printf("%s%s.lock", ledger_path(ledger), LOG);
    char *dir = path_dir(path);
    require(file_mkdirs(dir, &err), &err);
    free(dir);
    char *own = mem_printf("%s\n", plan->commit);
    const char *bytes = text != NULL ? text : own;
    require(file_write(path, bytes, strlen(bytes), &err), &err);
    free(own);
    return path;
}

static void a_lock_that_we_left_behind_is_put_away(void **state)
{
    static const char *const texts[] = {NULL, ""};

    for (size_t i = 0; i < 2; i++) {
        struct ledger *ledger = open_ledger(*state);
        struct plan plan;
        char *lock = leave_lock(&plan, ledger, texts[i]);
        char *trash =
            mem_printf("%snightshift-trash/%s.lock.1", ledger_path(ledger), strrchr(LOG, '/') + 1);
        publish(ledger, &plan);
        assert_false(file_exists(lock));
        assert_true(file_exists(trash));
        GIT_DO(ledger_path(ledger), "update-ref", "-d", LOG);
        free(trash);
        free(lock);
        ledger_close(ledger);
    }
}

/* libgit2 links the lock to the name of a new ref and may be killed before it removes the lock. */
static void a_lock_with_the_tip_in_it_is_put_away(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    char tip[41];

    publish_decisions(ledger, 1, 1);
    tip_of(tip, ledger, LOG);
    char *lock = mem_printf("%s%s.lock", ledger_path(ledger), LOG);
    char *text = mem_printf("%s\n", tip);
    write_text(".", lock, text);
    publish_decisions(ledger, 2, 2);
    assert_false(file_exists(lock));
    free(lock);
    free(text);
    ledger_close(ledger);
}

static void a_lock_of_somebody_else_stays(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plan;
    struct err err = {0};
    char *lock = leave_lock(&plan, ledger, "00000000000000000000000000000000000000aa\n");

    assert_int_equal(ledger_publish(ledger, &plan, &err), -1);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_true(file_exists(lock));
    free(lock);
    plan_clear(&plan);
    ledger_close(ledger);
}

static void a_lock_that_is_held_open_stays(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plan;
    struct err err = {0};
    char *lock = leave_lock(&plan, ledger, NULL);
    int fd = open(lock, O_RDONLY | O_CLOEXEC);

    assert_int_equal(ledger_publish(ledger, &plan, &err), -1);
    assert_true(file_exists(lock));
    close(fd);
    publish(ledger, &plan);
    free(lock);
    ledger_close(ledger);
}

/* --- the user's repository -----------------------------------------------------------------------
 */

static void begin_repository(const struct place *place)
{
    GIT_DO(place->dir, "init", "-q", "-b", "main");
    write_text(place->dir, "a.txt", "one\n");
    GIT_DO(place->dir, "add", "a.txt");
    GIT_DO(place->dir, "commit", "-q", "-m", "one");
}

static void make_dirty(const struct place *place)
{
    write_text(place->dir, "a.txt", "changed\n");
    write_text(place->dir, "staged.txt", "staged\n");
    GIT_DO(place->dir, "add", "staged.txt");
    write_text(place->dir, "new.txt", "untracked\n");
}

static void detach(const struct place *place)
{
    GIT_DO(place->dir, "checkout", "-q", "--detach");
}

static void begin_merge(const struct place *place)
{
    struct str out = {0};
    const char *const merge[] = {"merge", "side", NULL};

    GIT_DO(place->dir, "checkout", "-q", "-b", "side");
    write_text(place->dir, "a.txt", "side\n");
    GIT_DO(place->dir, "commit", "-q", "-a", "-m", "side");
    GIT_DO(place->dir, "checkout", "-q", "main");
    write_text(place->dir, "a.txt", "main\n");
    GIT_DO(place->dir, "commit", "-q", "-a", "-m", "main");
    assert_int_equal(git_run(&out, place->dir, merge), 1);
    str_clear(&out);
}

static void pack_everything(const struct place *place)
{
    GIT_DO(place->dir, "pack-refs", "--all");
    GIT_DO(place->dir, "gc", "-q");
}

static void be_unborn(const struct place *place)
{
    GIT_DO(place->dir, "checkout", "-q", "--orphan", "nothing-yet");
}

/* A hook and configuration that would run a program, did anyone ask them. */
static void plant_hooks(const struct place *place)
{
    static const char *const names[] = {"reference-transaction", "post-commit", "pre-commit",
                                        "update", "post-update"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *script = mem_printf("#!/bin/sh\necho ran > %s/canary\n", place->dir);
        char *name = mem_printf(".git/hooks/%s", names[i]);
        char *path = path_join(place->dir, name);
        write_text(place->dir, name, script);
        assert_int_equal(chmod(path, 0700), 0);
        free(path);
        free(name);
        free(script);
    }
}

/* What must not change: HEAD, index and how the work tree compares with them. */
static char *state_of(const struct place *place)
{
    struct str all = {0};
    char sha[SHA256_TEXT];
    struct err err = {0};
    int64_t size;
    char *index = path_join(place->dir, ".git/index");

    char *head = read_text(place->dir, ".git/HEAD");
    require(sha256_file(sha, &size, index, &err), &err);
    char *config = read_text(place->dir, ".git/config");
    str_addf(&all, "%s%s%s", head, sha, config);
    char *status = GIT(place->dir, "--no-optional-locks", "status", "--porcelain=v2", "--branch",
                       "--", ".", ":!runs");
    str_add(&all, status);
    free(index);
    free(head);
    free(config);
    free(status);
    return str_take(&all);
}

static void the_users_head_index_and_files_are_never_touched(void **state)
{
    static void (*const moods[])(const struct place *) = {make_dirty,      detach,    begin_merge,
                                                          pack_everything, be_unborn, plant_hooks};

    (void)state;
    for (size_t i = 0; i < sizeof moods / sizeof *moods; i++) {
        void *fresh = NULL;
        assert_int_equal(make_place(&fresh), 0);
        struct place *place = fresh;
        begin_repository(place);
        moods[i](place);
        char *before = state_of(place);
        struct ledger *ledger = open_ledger(place);
        publish_decisions(ledger, 1, 4);
        ledger_close(ledger);
        char *after = state_of(place);
        assert_string_equal(after, before);
        char *canary = path_join(place->dir, "canary");
        assert_false(file_exists(canary));
        char *own = path_join(place->run_dir, "repo.git");
        assert_false(file_exists(own));
        char *count = GIT(place->dir, "-c", "core.hooksPath=/dev/null", "rev-list", "--count", LOG);
        assert_string_equal(count, "4\n");
        free(count);
        free(own);
        free(canary);
        free(before);
        free(after);
        remove_place(&fresh);
    }
}

static void packed_refs_of_ours_are_read_and_moved(void **state)
{
    const struct place *place = *state;

    begin_repository(place);
    struct ledger *ledger = open_ledger(place);
    publish_decisions(ledger, 1, 4);
    pack_everything(place);
    publish_decisions(ledger, 5, 8);
    ledger_close(ledger);
    GIT_DO(place->dir, "fsck", "--strict", "--full");
    char *count = GIT(place->dir, "rev-list", "--count", LOG);
    assert_string_equal(count, "8\n");
    free(count);
}

static void a_bare_repository_will_do(void **state)
{
    struct place *place = *state;

    GIT_DO(place->dir, "init", "-q", "--bare", ".");
    struct ledger *ledger = open_ledger(place);
    publish_decisions(ledger, 1, 2);
    ledger_close(ledger);
    char *count = GIT(place->dir, "rev-list", "--count", LOG);
    assert_string_equal(count, "2\n");
    free(count);
}

static void a_worktree_will_do(void **state)
{
    struct place *place = *state;
    char *tree = path_join(place->dir, "tree");

    begin_repository(place);
    GIT_DO(place->dir, "worktree", "add", "-q", tree);
    struct ledger *ledger = NULL;
    struct err err = {0};
    require(ledger_open(&ledger, tree, place->run_dir, "kjv", &err), &err);
    publish_decisions(ledger, 1, 2);
    ledger_close(ledger);
    char *count = GIT(place->dir, "rev-list", "--count", LOG);
    assert_string_equal(count, "2\n");
    char *status = GIT(tree, "status", "--porcelain");
    assert_string_equal(status, "");
    free(status);
    free(count);
    free(tree);
}

static void assert_not_opened(const struct place *place, const char *words)
{
    struct ledger *ledger = NULL;
    struct err err = {0};

    assert_int_equal(ledger_open(&ledger, place->dir, place->run_dir, "kjv", &err), -1);
    assert_null(ledger);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, words);
    assert_false(file_exists(place->run_dir));
}

static void a_branch_in_the_way_is_named(void **state)
{
    begin_repository(*state);
    GIT_DO(((struct place *)*state)->dir, "branch", "nightshift");
    assert_not_opened(*state, "branch 'nightshift'");
}

static void a_sha256_repository_is_refused(void **state)
{
    GIT_DO(((struct place *)*state)->dir, "init", "-q", "--object-format=sha256");
    assert_not_opened(*state, "extension");
}

static void a_repository_of_another_user_is_refused(void **state)
{
    struct place *place = *state;

    if (geteuid() != 0)
        skip(); /* only root can give files away */
    begin_repository(place);
    char *git = path_join(place->dir, ".git");
    assert_int_equal(chown(git, 65534, 65534), 0);
    assert_int_equal(chown(place->dir, 65534, 65534), 0);
    assert_not_opened(place, "belongs to another user");
    free(git);
}

static void a_study_stays_in_the_repository_where_it_began(void **state)
{
    struct place *place = *state;
    char tip[41], again[41];
    struct ledger *ledger = open_ledger(place);

    publish_decisions(ledger, 1, 3);
    tip_of(tip, ledger, LOG);
    ledger_close(ledger);
    begin_repository(place);
    ledger = open_ledger(place);
    tip_of(again, ledger, LOG);
    assert_string_equal(again, tip);
    ledger_close(ledger);
}

/* --- reading -------------------------------------------------------------------------------------
 */

static void commits_are_found_and_their_trailers_read(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct err err = {0};
    char tip[41], id[41], *value = NULL;

    publish_decisions(ledger, 1, 3);
    tip_of(tip, ledger, LOG);
    char shorter[9];
    snprintf(shorter, sizeof shorter, "%.8s", tip);
    const char *const names[] = {tip, shorter, "nightshift/kjv-log", LOG};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        require(ledger_resolve(ledger, id, names[i], &err), &err);
        assert_string_equal(id, tip);
    }
    require(ledger_trailer(ledger, &value, tip, "Nightshift-Experiment", &err), &err);
    assert_string_equal(value, "3");
    free(value);
    assert_int_equal(ledger_trailer(ledger, &value, tip, "Signed-off-by", &err), -1);
    static const char *const wrong[] = {"nothing-of-that-name", "ffffffff", "", "HEAD:config.yaml",
                                        "00000000000000000000000000000000000000aa"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err.code = 0;
        assert_int_equal(ledger_resolve(ledger, id, wrong[i], &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
    }
    assert_int_equal(ledger_read(ledger, &value, NULL, tip, "no/such/file", &err), -1);
    ledger_close(ledger);
}

/* --- many together -------------------------------------------------------------------------------
 */

enum { MANY = 40 };

/* Plans decisions 1 … MANY on the log, each behind the one before, none published. */
static void plan_many(struct plan plans[MANY], struct ledger *ledger)
{
    struct err err = {0};

    for (int i = 0; i < MANY; i++) {
        plan_log(&plans[i], ledger, i > 0 ? plans[i - 1].commit : "", i + 1);
        require(ledger_remember(ledger, &plans[i], &err), &err);
    }
}

static void clear_many(struct plan plans[MANY])
{
    for (int i = 0; i < MANY; i++)
        plan_clear(&plans[i]);
}

/* The tip of a log whose decisions were published one after the other. */
static void tip_one_by_one(char out[41])
{
    void *other = NULL;

    assert_int_equal(make_place(&other), 0);
    struct ledger *ledger = open_ledger(other);
    publish_decisions(ledger, 1, MANY);
    tip_of(out, ledger, LOG);
    ledger_close(ledger);
    remove_place(&other);
}

static void many_published_together_are_one_pack_and_the_same_commits(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plans[MANY];
    char want[41], got[41];
    struct err err = {0};

    tip_one_by_one(want);
    plan_many(plans, ledger);
    for (int i = 0; i < 2; i++) { /* again is harmless */
        require(ledger_publish_all(ledger, plans, MANY, &err), &err);
        tip_of(got, ledger, LOG);
        assert_string_equal(got, want);
    }
    char *said = GIT(ledger_path(ledger), "count-objects", "-v");
    assert_non_null(strstr(said, "count: 0\n"));
    assert_non_null(strstr(said, "packs: 1\n"));
    free(said);
    said = GIT(ledger_path(ledger), "fsck", "--strict", "--full", "--no-dangling");
    assert_string_equal(said, "");
    free(said);
    clear_many(plans);
    publish_decisions(ledger, MANY + 1, MANY + 1); /* and it goes on from a packed commit */
    ledger_close(ledger);
}

/* As after a kill: some are in git already, one of them as an empty file. */
static void a_group_that_was_begun_is_finished(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plans[MANY];
    char want[41], got[41];
    struct err err = {0};

    tip_one_by_one(want);
    plan_many(plans, ledger);
    require(ledger_publish_all(ledger, plans, LEDGER_PACK_FROM - 1, &err), &err);
    char *path =
        mem_printf("%sobjects/%.2s/%s", ledger_path(ledger), plans[3].tree, plans[3].tree + 2);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 0), 0);
    free(path);
    require(ledger_publish_all(ledger, plans, MANY, &err), &err);
    tip_of(got, ledger, LOG);
    assert_string_equal(got, want);
    GIT_DO(ledger_path(ledger), "fsck", "--strict", "--full");
    clear_many(plans);
    ledger_close(ledger);
}

static void a_group_does_not_take_a_ref_from_others(void **state)
{
    struct ledger *ledger = open_ledger(*state);
    struct plan plans[MANY];
    struct err err = {0};

    plan_many(plans, ledger);
    require(ledger_publish_all(ledger, plans, 3, &err), &err);
    GIT_DO(ledger_path(ledger), "update-ref", "-d", LOG);
    assert_int_equal(ledger_publish_all(ledger, plans + 3, MANY - 3, &err), -1);
    assert_int_equal(err.code, ERR_INTEGRITY);
    clear_many(plans);
    ledger_close(ledger);
}

/* --- kill -9 -------------------------------------------------------------------------------------
 */

#define DECISIONS 16

/* Begins where the log stands, as a resumed study does. */
static void go_on(const struct place *place)
{
    struct ledger *ledger = open_ledger(place);
    struct err err = {0};
    char tip[41], *number = NULL;
    unsigned long long last = 0;

    tip_of(tip, ledger, LOG);
    if (tip[0] != '\0') {
        require(ledger_trailer(ledger, &number, tip, "Nightshift-Experiment", &err), &err);
        assert_true(integer_read(&last, number, DECISIONS));
        free(number);
    }
    /* the commit on the line may be what is missing: decision `last` again, as from the outbox */
    if (last % 4 == 3) {
        struct plan plan;
        char line[41], *done = NULL;
        tip_of(line, ledger, LINE);
        if (line[0] != '\0')
            require(ledger_trailer(ledger, &done, line, "Nightshift-Experiment", &err), &err);
        if (done == NULL || strtoull(done, NULL, 10) != last) {
            plan_line(&plan, ledger, line, (int64_t)last);
            publish(ledger, &plan);
        }
        free(done);
    }
    publish_decisions(ledger, (int64_t)last + 1, DECISIONS);
    ledger_close(ledger);
}

static void killed_and_resumed_ends_with_the_same_ids(void **state)
{
    char expected[2][41], got[41];
    void *other = NULL;

    assert_int_equal(make_place(&other), 0);
    go_on(other);
    struct ledger *ledger = open_ledger(other);
    tip_of(expected[0], ledger, LOG);
    tip_of(expected[1], ledger, LINE);
    ledger_close(ledger);
    remove_place(&other);

    for (int i = 0; i < 6; i++) {
        struct timespec pause = {.tv_nsec = 1000000L * (3 + 5 * i)};
        pid_t child = fork();
        if (child == 0) {
            go_on(*state);
            _exit(0);
        }
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    go_on(*state);
    ledger = open_ledger(*state);
    tip_of(got, ledger, LOG);
    assert_string_equal(got, expected[0]);
    tip_of(got, ledger, LINE);
    assert_string_equal(got, expected[1]);
    GIT_DO(ledger_path(ledger), "fsck", "--strict", "--full");
    ledger_close(ledger);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(git_likes_what_was_written),
        ROW(a_commit_says_what_the_contract_says),
        ROW(a_plan_is_what_git_itself_would_hash),
        ROW(a_plan_writes_nothing_and_comes_out_the_same_twice),
        ROW(a_rebuilt_repository_has_the_same_ids),
        ROW(decision_12345_has_its_place),
        ROW(no_text_can_forge_a_trailer),
        ROW(an_unknown_parent_is_an_integrity_error),
        ROW(publishing_again_is_harmless),
        ROW(a_ref_that_someone_moved_is_refused_and_left_alone),
        ROW(a_ref_that_someone_deleted_is_refused),
        ROW(damaged_objects_are_healed),
        ROW(an_object_with_another_ones_bytes_is_healed),
        ROW(an_unfinished_repository_is_made_anew),
        ROW(no_variable_of_git_has_a_say),
        ROW(looking_makes_no_repository),
        ROW(a_lock_that_we_left_behind_is_put_away),
        ROW(a_lock_with_the_tip_in_it_is_put_away),
        ROW(a_lock_of_somebody_else_stays),
        ROW(a_lock_that_is_held_open_stays),
        ROW(the_users_head_index_and_files_are_never_touched),
        ROW(packed_refs_of_ours_are_read_and_moved),
        ROW(a_bare_repository_will_do),
        ROW(a_worktree_will_do),
        ROW(a_branch_in_the_way_is_named),
        ROW(a_sha256_repository_is_refused),
        ROW(a_repository_of_another_user_is_refused),
        ROW(a_study_stays_in_the_repository_where_it_began),
        ROW(commits_are_found_and_their_trailers_read),
        ROW(many_published_together_are_one_pack_and_the_same_commits),
        ROW(a_group_that_was_begun_is_finished),
        ROW(a_group_does_not_take_a_ref_from_others),
        ROW(killed_and_resumed_ends_with_the_same_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
