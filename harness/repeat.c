/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify.h"
#include "mem.h"
#include "repeat.h"
#include "run_text.h"
#include "stages.h"
#include "stream.h"

static int run_job(struct outcome_facts *facts, const struct job *job, const struct site *site,
                   struct err *err)
{
    struct ticket ticket;
    int ended = 0;

    if (site_start(site, &ticket, job, err) != 0)
        return -1;
    while (ended == 0) {
        struct pollfd fd = {.fd = ticket.fd, .events = POLLIN};
        poll(&fd, 1, 500);
        ended = site_poll(site, facts, &ticket, job, err);
    }
    return ended < 0 ? -1 : 0;
}

static int run_to_end(struct outcome_facts *facts, struct stages *stages, const struct site *site,
                      struct err *err)
{
    int more;

    do {
        if (run_job(facts, stages->job, site, err) != 0)
            return -1;
        more = stages_next(stages, facts, err);
    } while (more == 1);
    return more;
}

bool repeat_same_bits(double a, double b)
{
    uint64_t x, y;

    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y || (isnan(a) && isnan(b));
}

static void differs(struct str *verdict, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void differs(struct str *verdict, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    str_add(verdict, verdict->len == 0 ? "differs: " : "; ");
    str_add(verdict, text);
}

static void compare_end(struct str *verdict, const struct run *now, const struct expected *expected,
                        const char *metric)
{
    char before[NUMBER_TEXT], after[NUMBER_TEXT];

    if (expected->class == CLASS_STOPPED)
        return;
    if (now->class != expected->class)
        differs(verdict, "it ended as '%s', recorded '%s'%s%s", class_names[now->class],
                class_names[expected->class], now->detail != NULL ? ": " : "",
                now->detail != NULL ? now->detail : "");
    else if (now->class == CLASS_OK && !repeat_same_bits(now->value, expected->value))
        differs(verdict, "%s is %s, recorded %s", metric, number_text(after, now->value),
                number_text(before, expected->value));
}

static const struct artifact *find_file(const struct artifact *files, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

static int compare_files(struct str *verdict, const struct expected *expected, const char *dir,
                         struct err *err)
{
    struct artifact *now = NULL;
    size_t n = 0;

    if (launch_files(&now, &n, dir, err) != 0)
        return -1;
    for (size_t i = 0; i < expected->n_files; i++) {
        const struct artifact *file = find_file(now, n, expected->files[i].path);
        if (file == NULL)
            differs(verdict, "file '%s' was not written", expected->files[i].path);
        else if (strcmp(file->sha, expected->files[i].sha) != 0)
            differs(verdict, "file '%s' has other bytes", file->path);
    }
    artifacts_free(now, n);
    return 0;
}

/* Where the line begins in which the two texts part; its number from 1. */
static const char *first_difference(size_t *line, const char *a, const char *b)
{
    const char *start = a;

    *line = 1;
    for (; *a != '\0' && *a == *b; a++, b++)
        if (*a == '\n') {
            start = a + 1;
            ++*line;
        }
    return start;
}

/* Says where they part: the record's number, and its step where it tells one. */
static void tell_difference(struct str *verdict, const char *now, const char *before)
{
    json_error_t ignored;
    size_t number;
    const char *line = first_difference(&number, now, before);
    json_t *record = json_loadb(line, strcspn(line, "\n"), 0, &ignored);
    json_int_t step = json_integer_value(json_object_get(record, "step"));

    if (step > 0)
        differs(verdict, "the records part at step %lld, number %zu", (long long)step, number);
    else
        differs(verdict, "the records part at number %zu", number);
    json_decref(record);
}

static void cut_to(struct str *text, size_t len)
{
    if (text->len <= len)
        return;
    text->at[len] = '\0';
    text->len = len;
}

static int compare_curves(struct str *verdict, size_t *lines, const struct expected *expected,
                          const char *dir, struct err *err)
{
    struct str before = {0}, now = {0};
    int rc = -1;

    *lines = 0;
    if (expected->dir == NULL || !run_text_is_there(expected->dir, RUN_STREAM))
        return 0;
    if (stream_canonical(&before, expected->dir, err) == 0 &&
        stream_canonical(&now, dir, err) == 0) {
        if (expected->class == CLASS_STOPPED) /* it ended there */
            cut_to(&now, before.len);
        if (strcmp(str_text(&before), str_text(&now)) != 0)
            tell_difference(verdict, str_text(&now), str_text(&before));
        for (const char *p = str_text(&now); *p != '\0'; p++)
            *lines += *p == '\n';
        rc = 0;
    }
    str_clear(&now);
    str_clear(&before);
    return rc;
}

/* The original was ended early: there is no result to compare. */
static void add_as_far_as(struct str *verdict, size_t lines)
{
    if (lines == 0)
        str_add(verdict, "was ended early, so there is nothing to compare");
    else
        str_addf(verdict, "bit-identical as far as it came (ended early after %zu record%s)", lines,
                 lines == 1 ? "" : "s");
}

static int compare(struct str *verdict, const struct run *now, const struct expected *expected,
                   const struct launch *launch, struct err *err)
{
    char number[NUMBER_TEXT];
    size_t lines;

    compare_end(verdict, now, expected, launch->study->metric);
    if (compare_files(verdict, expected, launch->dir, err) != 0 ||
        compare_curves(verdict, &lines, expected, launch->dir, err) != 0)
        return -1;
    if (verdict->len > 0)
        return 0;
    if (expected->class == CLASS_STOPPED) {
        add_as_far_as(verdict, lines);
        return 1;
    }
    str_add(verdict, "bit-identical (");
    if (now->class == CLASS_OK)
        str_addf(verdict, "%s %s", launch->study->metric, number_text(number, now->value));
    else
        str_addf(verdict, "%s again", class_names[now->class]);
    if (expected->n_files > 0)
        str_addf(verdict, ", %zu file%s", expected->n_files, expected->n_files == 1 ? "" : "s");
    if (lines > 0)
        str_addf(verdict, ", %zu record%s", lines, lines == 1 ? "" : "s");
    str_add(verdict, ")");
    return 1;
}

int repeat_run(struct str *verdict, double *value, const struct launch *launch,
               const struct site *site, const struct expected *expected, struct err *err)
{
    struct outcome_facts facts = {0};
    struct stream stream = {0};
    struct run now = {.seed = launch->seed, .exit_code = -1, .value = NAN, .steps = -1};
    struct stages stages;
    int rc = -1;

    *value = NAN;
    if (stages_begin(&stages, launch, err) != 0)
        return -1;
    if (run_to_end(&facts, &stages, site, err) == 0 && stages_read(&stream, &stages, err) == 0) {
        run_classify(&now, &facts, &stream, launch->study, launch->config);
        rc = compare(verdict, &now, expected, launch, err);
        *value = now.value;
    }
    stream_clear(&stream);
    free(now.detail);
    free(facts.usage);
    stages_clear(&stages);
    return rc;
}
