/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "file.h"
#include "mem.h"
#include "place.h"
#include "report.h"
#include "str.h"
#include "stream.h"
#include "subject.h"
#include "trial.h"

static char nightshift[4096], trainer[4096]; /* absolute paths, found once */

static void die(const char *what, const char *which)
{
    fprintf(stderr, "torture: %s '%s': %s\n", what, which, strerror(errno));
    exit(3);
}

static void find_program(char out[4096], const char *build, const char *name)
{
    char *path = path_join(build, name);

    if (realpath(path, out) == NULL)
        die("build this first:", path);
    free(path);
}

/* Every session ends in a report with figures; a third of the time of a small study would go into
 * starting gnuplot.  What the harness does to have them drawn is the same. */
static void put_gnuplot_in_path(const char *build)
{
    const char *path = getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin";
    char *dir = path_join(build, "tests/stand-ins"), *link = path_join(dir, "gnuplot");
    char where[4096], *all;
    struct err err = {0};

    if (file_mkdirs(dir, &err) != 0 || realpath(dir, where) == NULL ||
        (symlink("../fake_gnuplot", link) != 0 && errno != EEXIST))
        die("cannot make", link);
    all = mem_printf("%s:%s", where, path);
    if (access(link, X_OK) != 0 || setenv("PATH", all, 1) != 0)
        die("build this first:", link);
    free(all);
    free(link);
    free(dir);
}

void subject_find_programs(void)
{
    const char *build = getenv("BUILD") != NULL ? getenv("BUILD") : "build";

    find_program(nightshift, build, "nightshift");
    find_program(trainer, build, "tests/fake_trainer");
    put_gnuplot_in_path(build);
}

/* --- the folder ----------------------------------------------------------------------------- */

void subject_write_study(const char *dir, const struct subject_kind *kind)
{
    struct err err = {0};
    char *path = path_join(dir, SUBJECT_STUDY);
    char *text = mem_printf("name: torture\n"
                            "metric: {name: val_loss, goal: minimize}\n"
                            "trainer: {command: ['%s', %s], timeout: 60s}\n"
                            "parameters:\n"
                            "  x: {distribution: uniform, min: -2, max: 2, start: 1.5}\n"
                            "  y: {distribution: int_uniform, min: -3, max: 3, start: 3}\n"
                            "lookahead: %d\n"
                            "jobs: %d\n"
                            "run_cap: %d\n"
                            "%s",
                            trainer, kind->trainer, kind->lookahead, kind->jobs, kind->experiments,
                            kind->keys);

    if (file_write(path, text, strlen(text), &err) != 0)
        die("cannot write", path);
    free(text);
    free(path);
}

char *subject_new(const char *base, const struct subject_kind *kind)
{
    char *dir = mem_printf("%s/nightshift-torture-XXXXXX", base);

    if (mkdtemp(dir) == NULL)
        die("cannot make the folder", dir);
    subject_write_study(dir, kind);
    return dir;
}

void subject_remove(const char *dir)
{
    struct err err = {0};

    if (file_remove(dir, &err) != 0)
        fprintf(stderr, "torture: %s\n", err.text);
}

/* --- the program ---------------------------------------------------------------------------- */

const char *const *subject_argv(void)
{
    static const char *const argv[] = {nightshift, "run", SUBJECT_STUDY, NULL};

    return argv;
}

void subject_enter(const char *dir)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (chdir(dir) != 0)
        _exit(125);
    int log = open("err", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log, 2) < 0)
        _exit(125);
}

_Noreturn void subject_exec(const char *dir, const char *const *argv)
{
    subject_enter(dir);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(126);
}

static pid_t start(const char *dir, const char *const *argv)
{
    pid_t pid = fork();

    if (pid < 0)
        die("cannot start", argv[0]);
    if (pid == 0)
        subject_exec(dir, argv);
    return pid;
}

pid_t subject_start(const char *dir)
{
    return start(dir, subject_argv());
}

int subject_wait(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) != pid)
        if (errno != EINTR)
            die("cannot wait for", "a child");
    return status;
}

int subject_call(const char *dir, const char *const *argv)
{
    return subject_wait(start(dir, argv));
}

int subject_run(const char *dir)
{
    return subject_call(dir, subject_argv());
}

void subject_pause(double seconds)
{
    double whole = floor(seconds);
    struct timespec left = {(time_t)whole, (long)((seconds - whole) * 1e9)};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* --- what it ends with ---------------------------------------------------------------------- */

/* What it printed and must print again, as a hash; "lost" where that cannot be read. */
static void stream_hash(char out[SHA256_TEXT], const struct place *place, const struct run *run)
{
    char *dir = place_run_dir(place, run);
    struct str text = {0};
    struct err err = {0};

    if (stream_canonical(&text, dir, &err) == 0)
        sha256_bytes(out, str_text(&text), text.len);
    else
        snprintf(out, SHA256_TEXT, "lost");
    str_clear(&text);
    free(dir);
}

/* By experiment: in which order those of several were planned depends on which run ended first. */
static void add_pairs(struct str *out, const struct place *place, const struct record *r,
                      int64_t experiment)
{
    char hash[SHA256_TEXT] = "none";

    for (size_t i = 0; i < r->n_pairs; i++) {
        const struct pair *p = &r->pairs[i];
        const struct run *run = record_candidate(r, p);
        if (p->experiment != experiment)
            continue;
        if (run != NULL && run->class == CLASS_OK)
            stream_hash(hash, place, run);
        str_addf(out, "pair %lld against %lld #%d seed %u test %lld: %a printed %s\n",
                 (long long)p->experiment, (long long)p->against, p->index, p->seed,
                 (long long)p->test, record_loss(r, run), hash);
    }
}

static void add_experiments(struct str *out, const struct place *place, const struct record *r)
{
    for (size_t i = 0; i < r->n_experiments; i++) {
        const struct experiment *e = &r->experiments[i];
        str_addf(out, "experiment %lld %s %s against %lld decision %lld\n", (long long)e->id,
                 purpose_names[e->purpose], e->sha, (long long)e->against, (long long)e->decision);
        add_pairs(out, place, r, e->id);
    }
}

static void add_decisions(struct str *out, const struct record *r)
{
    for (size_t i = 0; i < r->n_decisions; i++)
        str_addf(out, "decision %zu\n%s", i + 1, r->decisions[i].body);
    for (size_t i = 0; i < r->n_closings; i++)
        str_addf(out, "night ends after %lld, placebo %d\n", (long long)r->closings[i].after,
                 r->closings[i].placebo);
}

static void add_commits(struct str *out, const struct record *r)
{
    for (size_t i = 0; i < r->n_outbox; i++)
        str_addf(out, "%s %s%s\n", r->outbox[i].ref, r->outbox[i].commit,
                 r->outbox[i].done ? "" : " not published");
}

/* Lines of the report that tell of the night and not of the findings: when, how long, how often
 * something was interrupted and repeated, on what. */
static bool is_of_the_night(const char *line, size_t len)
{
    static const char *const words[] = {"interrupted", "session", " min", " s ",  " s,", " s.",
                                        "MiB",         "second",  "20",   "hour", "run"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(line, len, words[i], strlen(words[i])) != NULL)
            return true;
    return false;
}

static int add_report(struct str *out, const struct record *r, struct store *store, struct err *err)
{
    struct str report = {0};
    int rc = report_compose(&report, r, store, NULL, err);

    for (const char *at = str_text(&report); rc == 0 && *at != '\0';) {
        size_t len = strcspn(at, "\n") + 1;
        if (!is_of_the_night(at, len - 1))
            str_addn(out, at, len - (at[len - 1] != '\n'));
        at += len - (at[len - 1] != '\n');
    }
    str_clear(&report);
    return rc;
}

/* The hash of the newest event of the study's own chain. */
static int keep_hash(void *context, const struct event *event, struct err *err)
{
    (void)err;
    if (event->number > 0)
        memcpy(context, event->hash, SHA256_TEXT);
    return 0;
}

static int add_chain(struct str *out, struct store *store, struct err *err)
{
    char hash[SHA256_TEXT] = "none";
    int rc = event_each(store, keep_hash, hash, err);

    str_addf(out, "chain %s\n", hash);
    return rc;
}

static int load(struct place *place, struct store **store, struct record *record, const char *dir,
                struct err *err)
{
    char *path = path_join(dir, "runs/torture");

    *store = NULL;
    *place = (struct place){0};
    int rc = place_find(place, path, NULL, err);
    if (rc == 0)
        rc = place_load(place, store, record, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS, err);
    free(path);
    return rc;
}

char *subject_state(const char *dir, char *why)
{
    struct place place;
    struct store *store;
    struct record record = {0};
    struct str text = {0};
    struct err err = {0};
    int rc = load(&place, &store, &record, dir, &err);

    if (rc == 0) {
        add_experiments(&text, &place, &record);
        add_decisions(&text, &record);
        add_commits(&text, &record);
        rc = add_report(&text, &record, store, &err);
        if (rc == 0)
            rc = add_chain(&text, store, &err);
    }
    snprintf(why, 512, "%.500s", err.text);
    record_clear(&record);
    store_close(store);
    place_clear(&place);
    if (rc == 0)
        return str_take(&text);
    str_clear(&text);
    return NULL;
}

char *subject_acknowledged(const char *dir)
{
    struct place place;
    struct store *store;
    struct record record = {0};
    struct str text = {0};
    struct err err = {0};

    str_add(&text, "");
    if (load(&place, &store, &record, dir, &err) == 0)
        for (size_t i = 0; i < record.n_decisions; i++)
            str_addf(&text, "%zu %s", i + 1, record.decisions[i].body);
    record_clear(&record);
    store_close(store);
    place_clear(&place);
    return str_take(&text);
}

bool subject_is_healthy(const char *dir)
{
    const char *const doctor[] = {nightshift, "doctor", "--deep", NULL};
    const char *const fsck[] = {"git",      "-C",     "runs/torture/repo.git", "fsck",
                                "--strict", "--full", "--no-progress",         NULL};

    return subject_call(dir, doctor) == 0 && subject_call(dir, fsck) == 0;
}

const char *subject_last_words(const char *dir)
{
    static char line[512];
    char *path = path_join(dir, "err"), *text = NULL;
    struct err err = {0};
    size_t len = 0;

    line[0] = '\0';
    if (file_read(&text, &len, path, 16 << 20, &err) == 0) {
        while (len > 0 && isspace((unsigned char)text[len - 1]))
            text[--len] = '\0';
        char *last = strrchr(text, '\n');
        snprintf(line, sizeof line, "%.500s", last != NULL ? last + 1 : text);
    }
    free(text);
    free(path);
    return line;
}
