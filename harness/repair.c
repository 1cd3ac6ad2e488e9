/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor.h"
#include "ledger_walk.h"
#include "mem.h"
#include "modes.h"
#include "orphan.h"
#include "publish.h"
#include "repair.h"

struct bench { /* what the repairs work on; the study's lock is held */
    const struct place *place;
    struct store *store;
    struct record *record;
    struct ledger *ledger; /* NULL: there is no repository, and no repair has made one */
};

/* --- git ------------------------------------------------------------------------------------- */

/* Every object of every planned commit, in order: a commit's trees grow from those before it. */
static int write_commits(const struct bench *bench, struct err *err)
{
    for (size_t i = 0; i < bench->record->n_outbox; i++) {
        struct plan plan;
        if (publish_plan(&plan, bench->record, bench->ledger, &bench->record->outbox[i], err) != 0)
            return -1;
        int rc = ledger_write_objects(bench->ledger, &plan, err);
        plan_clear(&plan);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static bool is_ours(const struct record *record, const char *ref, const char *commit)
{
    for (size_t i = record->n_outbox; i > 0; i--)
        if (strcmp(record->outbox[i - 1].ref, ref) == 0 &&
            strcmp(record->outbox[i - 1].commit, commit) == 0)
            return true;
    return commit[0] == '\0';
}

/* A ref whose file says nothing goes into the trash; what is packed under its name counts then. */
static int read_tip(char tip[41], const struct bench *bench, const char *ref, struct err *err)
{
    struct err unreadable = {0};

    if (ledger_tip(bench->ledger, tip, ref, &unreadable) == 0)
        return 0;
    char *path = ledger_ref_path(bench->ledger, ref);
    int rc = file_is_regular(path) ? trash_put(bench->place, path, err) : -1;
    if (rc == 0)
        printf("git: '%s' could not be read and lies in trash\n", ref);
    else
        *err = unreadable;
    free(path);
    return rc == 0 ? ledger_tip(bench->ledger, tip, ref, err) : -1;
}

/* To where the record says; beside it where somebody's commits stand on it. */
static int set_ref(const struct bench *bench, bool log, struct err *err)
{
    const char *last = publish_last_commit(bench->record, log);
    char ref[160], beside[160], tip[41];

    ledger_ref_name(ref, bench->record->study.name, log);
    if (read_tip(tip, bench, ref, err) != 0)
        return -1;
    if (strcmp(tip, last) == 0 || last[0] == '\0')
        return 0;
    if (is_ours(bench->record, ref, tip)) {
        printf("git: '%s' moved from %s to %s\n", ref, tip[0] != '\0' ? tip : "nothing", last);
        return ledger_set(bench->ledger, ref, tip, last, err);
    }
    snprintf(beside, sizeof beside, "refs/heads/nightshift/%s-rebuilt%s", bench->record->study.name,
             log ? "-log" : "");
    printf("git: '%s' holds commits of somebody else (%s) and stays; rebuilt as '%s'\n", ref, tip,
           beside);
    if (ledger_tip(bench->ledger, tip, beside, err) != 0)
        return -1;
    return strcmp(tip, last) == 0 ? 0 : ledger_set(bench->ledger, beside, tip, last, err);
}

static int mark_done(const struct bench *bench, struct err *err)
{
    int rc = store_begin(bench->store, err);

    for (size_t i = 0; i < bench->record->n_outbox && rc == 0; i++) {
        struct outbox *row = &bench->record->outbox[i];
        if (!row->done)
            rc = store_set_published(bench->store, row->decision, row->ref, err);
    }
    if (rc == 0)
        rc = store_commit(bench->store, err);
    if (rc != 0)
        store_rollback(bench->store);
    return rc;
}

static int mend_git(struct bench *bench, struct err *err)
{
    const struct place *place = bench->place;

    if (bench->ledger == NULL &&
        ledger_open(&bench->ledger, place->study_dir, place->run_dir, place->name, err) != 0)
        return -1;
    if (write_commits(bench, err) != 0 || set_ref(bench, true, err) != 0 ||
        set_ref(bench, false, err) != 0)
        return -1;
    printf("git: %zu commits are in '%s'\n", bench->record->n_outbox, ledger_path(bench->ledger));
    return mark_done(bench, err);
}

/* --- locks ----------------------------------------------------------------------------------- */

/* All commits that were planned for a ref: what a stale lock of ours may hold. */
static const char **commits_of(const struct record *record, const char *ref)
{
    const char **commits = mem_new(record->n_outbox + 1, sizeof(const char *));
    size_t n = 0;

    for (size_t i = 0; i < record->n_outbox; i++)
        if (strcmp(record->outbox[i].ref, ref) == 0)
            commits[n++] = record->outbox[i].commit;
    return commits;
}

static int mend_ref_lock(const struct bench *bench, bool log, struct err *err)
{
    char ref[160];
    int rc = 0;

    ledger_ref_name(ref, bench->record->study.name, log);
    char *path = ledger_lock_path(bench->ledger, ref);
    if (file_exists(path)) {
        const char **commits = commits_of(bench->record, ref);
        bool stale = ledger_lock_is_stale(bench->ledger, ref, commits);
        if (stale)
            rc = trash_put(bench->place, path, err);
        printf("locks: '%s' %s\n", path,
               stale ? "was left behind and lies in trash" : "is not ours to remove");
        free(commits);
    }
    free(path);
    return rc;
}

/* Locks of git itself are never ours. */
static void report_foreign_locks(const struct bench *bench)
{
    static const char *const names[] = {"HEAD.lock", "config.lock", "packed-refs.lock",
                                        "index.lock", NULL};

    for (size_t i = 0; names[i] != NULL; i++) {
        char *path = path_join(ledger_path(bench->ledger), names[i]);
        if (file_exists(path))
            printf("locks: '%s' is git's; remove it when no git program is at work\n", path);
        free(path);
    }
}

/* Ends who still lives in a run's directory; its lock says so. */
static int end_survivors(const struct bench *bench, struct err *err)
{
    for (size_t i = 0; i < bench->record->n_runs; i++) {
        char *dir = place_run_dir(bench->place, &bench->record->runs[i]);
        int rc = file_exists(dir) ? site_clear(&site_local, dir, err) : 0;
        free(dir);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int mend_locks(struct bench *bench, struct err *err)
{
    if (bench->ledger != NULL) {
        if (mend_ref_lock(bench, true, err) != 0 || mend_ref_lock(bench, false, err) != 0)
            return -1;
        report_foreign_locks(bench);
    }
    return end_survivors(bench, err);
}

/* --- trash and modes ------------------------------------------------------------------------- */

static int mend_trash(struct bench *bench, struct err *err)
{
    size_t n;

    if (orphan_put_away(&n, bench->place, bench->record, err) != 0)
        return -1;
    printf("trash: %zu put away\n", n);
    return 0;
}

static int take_from_others(void *context, const char *path, const struct stat *st, struct err *err)
{
    size_t *n = context;

    if (modes_fault(st) == NULL)
        return 0;
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return err_integrity(err, "'%s' is neither a file nor a folder: look at it", path);
    if (chmod(path, st->st_mode & 0700) != 0)
        return err_sys(err, "cannot change the mode of '%s'", path);
    ++*n;
    return 0;
}

static int mend_modes(struct bench *bench, struct err *err)
{
    size_t n = 0;

    if (modes_each(bench->place, bench->record->study.executor.shared, take_from_others, &n, err) !=
        0)
        return -1;
    printf("modes: %zu changed\n", n);
    return 0;
}

/* --- which there are ------------------------------------------------------------------------- */

struct repair {
    const char *name;
    int (*mend)(struct bench *bench, struct err *err);
};

static const struct repair repairs[] = {
    {"locks", mend_locks},
    {"git", mend_git},
    {"trash", mend_trash},
    {"modes", mend_modes},
};
enum { REPAIRS = sizeof repairs / sizeof *repairs };

void repair_list(struct str *out)
{
    for (size_t i = 0; i < REPAIRS; i++)
        str_addf(out, "%s%s", i > 0 ? ", " : "", repairs[i].name);
}

/* Which of them are asked for; a usage error for a word that is none. */
static int choose(bool chosen[REPAIRS], const char *names, struct err *err)
{
    char *words = mem_strdup(names), *rest = words;
    struct str known = {0};
    int rc = 0;

    for (char *word; rc == 0 && (word = strsep(&rest, ",")) != NULL;) {
        bool found = false;
        for (size_t i = 0; i < REPAIRS; i++)
            if (strcmp(repairs[i].name, word) == 0)
                chosen[i] = found = true;
        repair_list(&known);
        if (!found)
            rc = err_usage(err, "doctor: there is no repair '%s' (%s)", word, known.at);
        str_clear(&known);
    }
    free(words);
    return rc;
}

static int open_bench(struct bench *bench, struct err *err)
{
    const struct place *place = bench->place;

    if (store_open(&bench->store, place->db, STORE_WRITE, err) != 0 ||
        store_load(bench->store, bench->record, err) != 0)
        return -1;
    return ledger_open_existing(&bench->ledger, place->study_dir, place->run_dir, place->name, err);
}

static int mend_chosen(const bool chosen[REPAIRS], const struct place *place, struct err *err)
{
    struct record record = {0};
    struct bench bench = {.place = place, .record = &record};
    int rc = open_bench(&bench, err);

    for (size_t i = 0; i < REPAIRS && rc == 0; i++)
        if (chosen[i])
            rc = repairs[i].mend(&bench, err);
    ledger_close(bench.ledger);
    record_clear(&record);
    store_close(bench.store);
    return rc;
}

int repair_run(const char *names, const struct place *place, struct err *err)
{
    bool chosen[REPAIRS] = {false};
    struct store *store = NULL;
    int lock;

    if (choose(chosen, names, err) != 0 || place_open(place, &store, err) != 0)
        return -1;
    store_close(store); /* there is one: nothing is made where none was */
    if (place_lock(&lock, place, err) != 0)
        return -1;
    int rc = mend_chosen(chosen, place, err);
    close(lock);
    return rc;
}
