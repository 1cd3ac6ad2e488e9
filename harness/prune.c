/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"
#include "log.h"
#include "prune.h"
#include "record_index.h"

static bool is_kept(const struct record *record, int64_t experiment)
{
    return experiment == record_baseline(record) || experiment == record_head(record) ||
           record->experiments[experiment - 1].verified;
}

bool prune_is_due(const struct record *record, int64_t experiment, enum keep_files keep)
{
    if (keep == KEEP_ALL || record->experiments[experiment - 1].decision == 0)
        return false;
    return keep == KEEP_NONE || !is_kept(record, experiment);
}

static bool is_entry(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int prune_dir(const char *dir, struct err *err)
{
    DIR *entries = opendir(dir);
    int rc = 0;

    if (entries == NULL)
        return errno == ENOENT ? 0 : err_sys(err, "cannot read the folder '%s'", dir);
    for (struct dirent *entry; rc == 0 && (entry = readdir(entries)) != NULL;)
        if (is_entry(entry->d_name) && !launch_is_ours(entry->d_name)) {
            char *path = path_join(dir, entry->d_name);
            rc = file_remove(path, err);
            free(path);
        }
    closedir(entries);
    return rc;
}

/* A run that is under way, or will be run again, has its files still to come. */
static bool is_over(const struct run *run)
{
    return run->class != CLASS_NONE && run->class != CLASS_INTERRUPTED;
}

void prune_after_run(const struct record *record, const struct run *run, const char *dir)
{
    struct err err = {0};

    if (is_over(run) && prune_is_due(record, run->experiment, record->study.policy.keep_files) &&
        prune_dir(dir, &err) != 0)
        log_warn("files of experiment %lld stay: %s", (long long)run->experiment, err.text);
}

static void prune_experiment(const struct record *record, const struct place *place,
                             int64_t experiment)
{
    const struct chain *runs = &record->index->runs;

    for (size_t i = chain_first(runs, experiment); i != INDEX_NONE; i = chain_next(runs, i)) {
        char *dir = place_run_dir(place, &record->runs[i]);
        prune_after_run(record, &record->runs[i], dir);
        free(dir);
    }
}

/* The experiment that decision `n` was about, and the head that it has replaced. */
static void prune_decision(const struct record *record, const struct place *place, size_t n)
{
    const struct decision *d = &record->decisions[n - 1];

    prune_experiment(record, place, d->experiment);
    if (n > 1 && record->decisions[n - 2].head != d->head && record->decisions[n - 2].head > 0)
        prune_experiment(record, place, record->decisions[n - 2].head);
}

void prune_after_decision(const struct record *record, const struct place *place)
{
    if (record->n_decisions > 0 && record->study.policy.keep_files != KEEP_ALL)
        prune_decision(record, place, record->n_decisions);
}

void prune_at_start(const struct record *record, const struct place *place)
{
    enum { LAST = 8 };
    size_t n = record->n_decisions;

    for (size_t i = n > LAST ? n - LAST : 0; i < n; i++)
        if (record->study.policy.keep_files != KEEP_ALL)
            prune_decision(record, place, i + 1);
}
