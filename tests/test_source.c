/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A patch of a source tree becomes a commit, or is refused; a commit becomes files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "git_program.h"
#include "scratch.h"
#include "source.h"

/* libgit2 1.5 forgets a regular expression's match when it reads `extensions.…` of a repository. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libpcre2";
}

struct lab {
    char *dir;
    struct ledger *source;
    struct study study;
    char base[41];
};

static char *allowed[] = {(char[]){"trainer/**"}, (char[]){"opt/*.c"}, (char[]){"one.txt"}};

static void lab_open(struct lab *lab)
{
    struct err err = {0};
    char name[] = "lab";

    *lab = (struct lab){.dir = scratch_new()};
    lab->study.name = mem_strdup(name);
    lab->study.source.allow = allowed;
    lab->study.source.n_allow = 3;
    char *trainer = path_join(lab->dir, "trainer");
    assert_int_equal(file_mkdirs(trainer, &err), 0);
    scratch_write(lab->dir, "trainer/a.c", "one\ntwo\nthree\n", 14);
    scratch_write(lab->dir, "eval.c", "loss\n", 5);
    char *script = path_join(lab->dir, "eval.c");
    assert_int_equal(chmod(script, 0755), 0);
    free(script);
    GIT_DO(lab->dir, "init", "-q", ".");
    GIT_DO(lab->dir, "add", ".");
    GIT_DO(lab->dir, "commit", "-q", "-m", "first");
    if (source_open(&lab->source, &lab->study.source, lab->dir, &err) != 0 ||
        source_resolve(lab->source, lab->base, &lab->study.source, &err) != 0)
        fail_msg("%s", err.text);
    free(trainer);
}

static void lab_close(struct lab *lab)
{
    ledger_close(lab->source);
    free(lab->study.name);
    scratch_remove(lab->dir);
}

/* --- what may be touched ---------------------------------------------------------------------- */

static void an_asterisk_stops_at_a_slash_and_two_do_not(void **state)
{
    static const struct {
        const char *path;
        bool allowed;
    } cases[] = {
        {"trainer/a.c", true},
        {"trainer/deep/b.c", true},
        {"trainer", false},
        {"trainers/a.c", false},
        {"opt/muon.c", true},
        {"opt/deep/muon.c", false},
        {"opt/muon.h", false},
        {"one.txt", true},
        {"one.txt2", false},
        {"x/trainer/a.c", false},
        {"", false},
        {"data/val.bin", false},
        {"trainer/../eval.c", true}, /* no path of a git tree */
    };
    struct source_rule rule = {.allow = allowed, .n_allow = 3};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (source_allows(&rule, cases[i].path) != cases[i].allowed)
            fail_msg("%s", cases[i].path);
}

/* --- patches ---------------------------------------------------------------------------------- */

#define HUNK "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"

static void every_spelling_of_a_patch_gives_the_same_commit(void **state)
{
    static const char *const patches[] = {
        "--- a/trainer/a.c\n+++ b/trainer/a.c\n" HUNK,
        "diff --git a/trainer/a.c b/trainer/a.c\n--- a/trainer/a.c\n+++ b/trainer/a.c\n" HUNK,
        "--- trainer/a.c\t2026-11-21 10:00:00\n+++ trainer/a.c\t2026-11-21 10:01:00\n" HUNK,
        "--- a/trainer/a.c\n+++ b/trainer/a.c\n@@ -2,1 +2,1 @@\n-two\n+2\n",
        "some words before it\n--- a/trainer/a.c\n+++ b/trainer/a.c\n" HUNK,
    };
    struct lab lab;
    char commit[41], first[41] = "";

    (void)state;
    lab_open(&lab);
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        struct err err = {0};
        if (source_patch(lab.source, commit, lab.base, patches[i], &lab.study, &err) != 0)
            fail_msg("patch %zu: %s", i, err.text);
        if (i == 0)
            memcpy(first, commit, sizeof first);
        assert_string_equal(commit, first);
    }
    char *shown = GIT(lab.dir, "log", "-1", "--format=%P %ct %an", commit);
    char *expected = mem_printf("%s 946684800 nightshift\n", lab.base);
    assert_string_equal(shown, expected);
    free(expected);
    free(shown);
    lab_close(&lab);
}

static void a_patch_that_may_not_be_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *patch, *why;
    } cases[] = {
        {"", "the patch"},
        {"hello\n", "the patch"},
        {"--- a/trainer/a.c\n+++ b/trainer/a.c\n@@ -1,3 +1,3 @@\n one\n-zwei\n+2\n three\n",
         "does not apply"},
        {"--- a/trainer/b.c\n+++ b/trainer/b.c\n" HUNK, "does not apply"},
        {"--- a/trainer/a.c\n+++ b/trainer/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n", "the patch"},
        {"--- a/eval.c\n+++ b/eval.c\n@@ -1 +1 @@\n-loss\n+0\n", "'eval.c', which source.allow"},
        {"--- /dev/null\n+++ b/data/val.bin\n@@ -0,0 +1 @@\n+x\n", "'data/val.bin', which"},
        {"--- a/eval.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-loss\n", "'eval.c', which"},
        {"diff --git a/trainer/l b/trainer/l\nnew file mode 120000\n--- /dev/null\n"
         "+++ b/trainer/l\n@@ -0,0 +1 @@\n+../eval.c\n\\ No newline at end of file\n",
         "no regular file"},
        {"diff --git a/eval.c b/trainer/eval.c\nsimilarity index 100%\nrename from eval.c\n"
         "rename to trainer/eval.c\n",
         "'eval.c', which"},
        {"diff --git a/eval.c b/eval.c\nold mode 100755\nnew mode 100644\n", "the patch"},
        {"--- a/../escape\n+++ b/../escape\n@@ -0,0 +1 @@\n+x\n", "the patch"},
        {"--- /dev/null\n+++ b/trainer/../../escape\n@@ -0,0 +1 @@\n+x\n", "the patch"},
        {"--- /dev/null\n+++ b/trainer/.git/config\n@@ -0,0 +1 @@\n+x\n", "the patch"},
    };
    struct lab lab;
    char commit[41];

    (void)state;
    lab_open(&lab);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        if (source_patch(lab.source, commit, lab.base, cases[i].patch, &lab.study, &err) == 0)
            fail_msg("taken: %s", cases[i].patch);
        if (strstr(err.text, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].patch, err.text);
    }
    lab_close(&lab);
}

static void patches_build_on_each_other_and_are_kept_by_a_ref(void **state)
{
    struct lab lab;
    struct err err = {0};
    char first[41], second[41];

    (void)state;
    lab_open(&lab);
    assert_int_equal(source_patch(lab.source, first, lab.base,
                                  "--- a/trainer/a.c\n+++ b/trainer/a.c\n" HUNK, &lab.study, &err),
                     0);
    assert_int_equal(source_patch(lab.source, second, first,
                                  "--- a/trainer/a.c\n+++ b/trainer/a.c\n"
                                  "@@ -1,3 +1,3 @@\n one\n-2\n+zwei\n three\n",
                                  &lab.study, &err),
                     0);
    assert_int_equal(source_keep(lab.source, second, "lab", 7, &err), 0);
    GIT_DO(lab.dir, "gc", "-q", "--prune=now");
    char *text = GIT(lab.dir, "show", "refs/nightshift/lab/7:trainer/a.c");
    assert_string_equal(text, "one\nzwei\nthree\n");
    free(text);
    char *status = GIT(lab.dir, "status", "--porcelain");
    assert_string_equal(status, "");
    free(status);
    GIT_DO(lab.dir, "fsck", "--strict");
    lab_close(&lab);
}

/* --- checkouts -------------------------------------------------------------------------------- */

static void a_commit_becomes_files_with_their_modes(void **state)
{
    struct lab lab;
    struct err err = {0};
    struct stat st;
    char *text;

    (void)state;
    lab_open(&lab);
    char *out = path_join(lab.dir, "out"), *file = path_join(out, "trainer/a.c");
    char *script = path_join(out, "eval.c");
    assert_int_equal(source_checkout(lab.source, lab.base, out, &err), 0);
    assert_int_equal(file_read(&text, NULL, file, 100, &err), 0);
    assert_string_equal(text, "one\ntwo\nthree\n");
    assert_int_equal(stat(script, &st), 0);
    assert_true((st.st_mode & S_IXUSR) != 0);
    assert_int_equal(stat(file, &st), 0);
    assert_true((st.st_mode & S_IXUSR) == 0);
    assert_int_not_equal(
        source_checkout(lab.source, "0123456789012345678901234567890123456789", "x", &err), 0);
    free(text);
    free(script);
    free(file);
    free(out);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_asterisk_stops_at_a_slash_and_two_do_not),
        cmocka_unit_test(every_spelling_of_a_patch_gives_the_same_commit),
        cmocka_unit_test(a_patch_that_may_not_be_is_refused_with_the_reason),
        cmocka_unit_test(patches_build_on_each_other_and_are_kept_by_a_ref),
        cmocka_unit_test(a_commit_becomes_files_with_their_modes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
