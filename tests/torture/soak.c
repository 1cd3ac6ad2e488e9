/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * soak [-n EXPERIMENTS] [-d DIR] - one long study with a trainer that ends at once: what an
 * experiment costs, and that it costs the same at the end as at the beginning.  Only samples from
 * before the last experiment was proposed count for that: the report at the night's end loads the
 * record anew, with what a night forgets.
 * soak -i [-d DIR] - what the harness costs while runs of ten seconds go on.
 *
 * -k adds lines to the study file.  Lines of figures on standard output, the wanted ones beside
 * them.  Exit 1 where one is missed. DIR (/var/tmp) should lie on the disk that is meant, since
 * syncing is what it costs, and in no git repository, which would be used.
 */
#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "crowd.h"
#include "file.h"
#include "mem.h"
#include "subject.h"

/* --- looking from outside --- */

/* A number from the record; 0 while there is none. */
static int64_t ask_record(const char *dir, const char *question)
{
    char *path = mem_printf("%s/runs/torture/study.db", dir);
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, question, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    free(path);
    return n;
}

static int64_t file_bytes(const char *dir, const char *name)
{
    char *path = mem_printf("%s/runs/torture/%s", dir, name);
    struct stat st;
    int64_t bytes = stat(path, &st) == 0 ? st.st_size : 0;

    free(path);
    return bytes;
}

static int64_t disk_bytes; /* what nftw()'s callback adds up */

static int add_bytes(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path, (void)type, (void)at;
    disk_bytes += st->st_blocks * 512;
    return 0;
}

static int64_t tree_bytes(const char *dir, const char *name)
{
    char *path = mem_printf("%s/runs/torture/%s", dir, name);

    disk_bytes = 0;
    nftw(path, add_bytes, 32, FTW_PHYS);
    free(path);
    return disk_bytes;
}

/* A number behind a word of /proc/PID/status; -1 where it is gone. */
static long status_number(pid_t pid, const char *word)
{
    char path[64], line[256];
    long number = -1;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *in = fopen(path, "re");
    while (in != NULL && number < 0 && fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, word, strlen(word)) == 0)
            number = strtol(line + strlen(word), NULL, 10);
    if (in != NULL)
        fclose(in);
    return number;
}

static int open_files(pid_t pid)
{
    char path[64];
    int n = 0;

    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *dir = opendir(path);
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        n += d->d_name[0] != '.';
    if (dir != NULL)
        closedir(dir);
    return n;
}

static double cpu_s(pid_t pid)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[n] = '\0';
    const char *behind = strrchr(text, ')');
    if (behind == NULL || sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                 &user, &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* --- the long study --- */

struct sample {
    double seconds;
    int64_t experiments;
    long rss_kib, threads;
    int files;
};

static struct sample take_sample(const char *dir, pid_t pid, double began)
{
    struct sample s = {.seconds = clock_s() - began,
                       .experiments = ask_record(dir, "SELECT count(*) FROM experiment"),
                       .rss_kib = status_number(pid, "VmRSS:"),
                       .threads = status_number(pid, "Threads:"),
                       .files = open_files(pid)};

    printf("%8.0f s %8lld experiments  RSS %6ld KiB  %3d files  %2ld threads  db %7.2f MiB\n",
           s.seconds, (long long)s.experiments, s.rss_kib, s.files, s.threads,
           (double)(file_bytes(dir, "study.db") + file_bytes(dir, "study.db-wal")) / 1048576);
    fflush(stdout);
    return s;
}

/* All samples until the harness ends; its status in *status. */
static struct sample *watch(size_t *n, int *status, const char *dir, pid_t pid, double every)
{
    struct sample *samples = NULL;
    const double began = clock_s();
    double next = every;

    *n = 0;
    while (waitpid(pid, status, WNOHANG) == 0) {
        subject_pause(0.1);
        if (clock_s() - began < next)
            continue;
        next += every;
        struct sample s = take_sample(dir, pid, began);
        if (s.rss_kib < 0)
            continue;
        samples = mem_room(samples, *n, sizeof *samples);
        samples[(*n)++] = s;
    }
    return samples;
}

static bool wanted(bool met, const char *what, double figure, const char *unit, const char *limit)
{
    printf("%-34s %10.3f %-16s wanted %-12s %s\n", what, figure, unit, limit,
           met ? "met" : "MISSED");
    return met;
}

static int by_size(const void *a, const void *b)
{
    const long x = *(const long *)a, y = *(const long *)b;

    return (x > y) - (x < y);
}

/* Median of a stretch of samples: what is taken to publish a group of commits comes and goes. */
static double usual_rss_kib(const struct sample *samples, size_t n)
{
    long *sizes = mem_new(n, sizeof *sizes);

    for (size_t i = 0; i < n; i++)
        sizes[i] = samples[i].rss_kib;
    qsort(sizes, n, sizeof *sizes, by_size);
    double median = (double)(sizes[(n - 1) / 2] + sizes[n / 2]) / 2;
    free(sizes);
    return median;
}

static double rate(const struct sample *from, const struct sample *to)
{
    return (double)(to->experiments - from->experiments) / (to->seconds - from->seconds);
}

/* `experiments`: of the whole study; samples that hold them all are of its end. */
static bool check_samples(const struct sample *samples, size_t n, long experiments)
{
    while (n > 0 && samples[n - 1].experiments >= experiments)
        n--;
    if (n < 4) {
        printf("too short for figures of growth: fewer than 4 samples\n");
        return true;
    }
    const size_t tenth = (n + 9) / 10;
    const struct sample *early = &samples[n / 10 + 1], *end = &samples[n - 1];
    const struct sample *before = early + tenth / 2, *after = end - tenth / 2;
    int least = end->files, most = end->files;
    double change = rate(end - tenth, end) / rate(early, early + tenth);
    double growth = usual_rss_kib(end - tenth + 1, tenth) - usual_rss_kib(early, tenth);
    double grown = (double)(after->experiments - before->experiments);

    for (size_t i = n / 10 + 1; i < n; i++) { /* two runs come and go: a pidfd and a socket each */
        least = samples[i].files < least ? samples[i].files : least;
        most = samples[i].files > most ? samples[i].files : most;
    }
    bool met = wanted(change >= 0.9, "rate of last / of second tenth", change, "", ">= 0.9");
    met &= wanted(growth < 1024, "RSS, last less second tenth", growth / 1024, "MiB", "< 1");
    printf("%-34s %10.1f bytes an experiment, from %lld to %lld\n", "", 1024 * growth / grown,
           (long long)before->experiments, (long long)after->experiments);
    met &= wanted(most - least <= 8, "open files, most - least", most - least, "", "<= 8");
    return met;
}

static double timed(const char *dir, const char *const *argv)
{
    double began = clock_s();

    return subject_call(dir, argv) == 0 ? clock_s() - began : 1e9;
}

/* The study goes on for one more experiment: from the program's start until a run is under way. */
static double time_resume(const char *dir, const struct subject_kind *kind)
{
    static const char newest[] = "SELECT max(id) FROM run";
    const int64_t before = ask_record(dir, newest);
    struct subject_kind more = *kind;
    int status = 0;

    more.experiments++;
    subject_write_study(dir, &more);
    const double began = clock_s();
    pid_t pid = subject_start(dir), ended = 0;
    while (ask_record(dir, newest) == before && (ended = waitpid(pid, &status, WNOHANG)) == 0)
        subject_pause(0.01);
    const double seconds = clock_s() - began;
    if (ended == 0)
        waitpid(pid, &status, 0);
    return ended == 0 && status == 0 ? seconds : (double)INFINITY;
}

static bool check_end(const char *dir, double seconds, const struct subject_kind *kind)
{
    const char *const *run = subject_argv();
    const char *const doctor[] = {run[0], "doctor", NULL};
    double n = kind->experiments;
    double db = (double)(file_bytes(dir, "study.db") + file_bytes(dir, "study.db-wal"));
    double git = (double)tree_bytes(dir, "repo.git");
    bool met = wanted(n / seconds >= 50, "experiments per second", n / seconds, "1/s", ">= 50");

    met &= wanted(db / n <= 2048, "database per experiment", db / n, "bytes", "<= 2048");
    met &= wanted(git / n <= 1e4, "git per 100,000 experiments", git / n * 1e5 / 1e9, "GB", "< 1");
    double look = timed(dir, doctor), resume = time_resume(dir, kind);
    met &= wanted(look <= 1, "doctor", look, "s", "<= 1");
    met &= wanted(resume <= 1, "resume, until a run is under way", resume, "s", "<= 1");
    return met;
}

static int soak(const char *base, long experiments, const char *keys)
{
    const struct subject_kind kind = {
        .experiments = (int)experiments,
        .lookahead = 2,
        .jobs = 2,
        .trainer = "ok, --config, '{config}', --seed, '{seed}', --noise, '0.02'",
        .keys = keys};
    char *dir = subject_new(base, &kind);
    const double began = clock_s();
    size_t n;
    int status;
    struct sample *samples =
        watch(&n, &status, dir, subject_start(dir), experiments > 20000 ? 10 : 1);
    double seconds = clock_s() - began;

    if (status != 0) {
        fprintf(stderr, "soak: ended with status %d: %s\n", status, subject_last_words(dir));
        return 1;
    }
    bool met = check_samples(samples, n, experiments);
    met &= check_end(dir, seconds, &kind);
    subject_remove(dir);
    free(samples);
    free(dir);
    return met ? 0 : 1;
}

/* --- the quiet one --- */

static int idle(const char *base)
{
    const struct subject_kind kind = {
        .experiments = 100,
        .lookahead = 2,
        .jobs = 2,
        .trainer = "ok, --config, '{config}', --seed, '{seed}', --sleep-ms, '10000'",
        .keys = "decision: {procedure: greedy}\n"};
    const double length = 30;
    char *dir = subject_new(base, &kind);
    pid_t pid = subject_start(dir);
    struct crowd crowd;
    double used = 0;

    subject_pause(3); /* past its beginning */
    double before = cpu_s(pid);
    subject_pause(length);
    used = cpu_s(pid) - before;
    crowd_find(&crowd, dir);
    for (size_t i = 0; i < crowd.n; i++)
        used += crowd.members[i].role == ROLE_SHIM ? cpu_s(crowd.members[i].pid) : 0;
    crowd_clear(&crowd);
    kill(pid, SIGTERM);
    subject_wait(pid);
    bool met = wanted(used / length < 0.005, "CPU of harness and shims", 100 * used / length,
                      "% of a core", "< 0.5");
    subject_remove(dir);
    free(dir);
    return met ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *base = "/var/tmp", *keys = "";
    long experiments = 10000;
    bool quiet = false;
    struct err err = {0};

    for (int c; (c = getopt(argc, argv, "n:d:k:i")) != -1;) {
        if (c == 'n')
            experiments = strtol(optarg, NULL, 10);
        else if (c == 'd')
            base = optarg;
        else if (c == 'k')
            keys = optarg;
        else if (c == 'i')
            quiet = true;
        else
            return 2;
    }
    subject_find_programs();
    if (file_mkdirs(base, &err) != 0) {
        fprintf(stderr, "soak: %s\n", err.text);
        return 3;
    }
    char *where = realpath(base, NULL);
    int rc = quiet ? idle(where) : soak(where, experiments, keys);
    free(where);
    return rc;
}
