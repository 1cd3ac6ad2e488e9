/* SPDX-License-Identifier: GPL-3.0-or-later */
/* I11, I12, I14, I17: files on disk, and who holds them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "doctor_part.h"
#include "inputs.h"
#include "launch.h"
#include "mem.h"
#include "modes.h"
#include "orphan.h"
#include "policy_now.h"
#include "prune.h"

/* A finding is one line, and the first is enough. */
static void keep_first_line(struct str *text)
{
    if (text->len > 0)
        text->at[text->len = strcspn(text->at, "\n")] = '\0';
}

static bool counts(const struct record *record, const struct run *run)
{
    return run->class == CLASS_OK &&
           record_variant(record, run->experiment, run->variant, run->seed) == run;
}

/* --- I11 ------------------------------------------------------------------------------------- */

/* Files may be gone that the study does not keep; those that are there must be right. */
static int compare_run_files(struct str *found, const struct patient *p, const struct run *run,
                             enum keep_files keep, struct err *err)
{
    struct artifact *files = NULL, *now = NULL;
    size_t n = 0, n_now = 0;
    char *dir = place_run_dir(p->place, run);
    int rc = store_artifacts(p->store, &files, &n, run->id, err);

    if (rc == 0 && launch_files(&now, &n_now, dir, err) != 0)
        str_add(found, err->text);
    else if (rc == 0 && (n_now > 0 || !prune_is_due(p->record, run->experiment, keep)))
        inputs_compare(found, files, n, now, n_now);
    keep_first_line(found);
    if (found->len > 0)
        str_addf(found, " (experiment %lld, seed %u)", (long long)run->experiment, run->seed);
    artifacts_free(files, n);
    artifacts_free(now, n_now);
    free(dir);
    return rc;
}

int check_files(struct finding *out, const struct patient *p, struct err *err)
{
    struct policy policy;
    int rc = 0;

    policy_now(&policy, p->place, p->record);
    for (size_t i = 0; i < p->record->n_runs && rc == 0 && out->violated.len == 0; i++)
        if (counts(p->record, &p->record->runs[i]))
            rc = compare_run_files(&out->violated, p, &p->record->runs[i], policy.keep_files, err);
    policy_clear(&policy);
    if (rc == 0 && out->violated.len == 0 && !p->running) {
        char *orphan = NULL;
        rc = orphan_find(&orphan, p->place, p->record, err);
        if (orphan != NULL)
            str_addf(&out->violated, "'%s' belongs to nothing in the record", orphan);
        free(orphan);
    }
    return rc;
}

/* --- I12 ------------------------------------------------------------------------------------- */

/* Does a process still hold the proof of life of a run? */
static bool is_alive(const struct patient *p, const struct run *run)
{
    char *dir = place_run_dir(p->place, run), *path = path_join(dir, RUN_ALIVE);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd);
    free(path);
    free(dir);
    return held;
}

/* The newest attempt in a directory is asked for; before the record is looked at deeply only those
 * that could be left: the open ones, and the last few. */
int check_open(struct finding *out, const struct patient *p, struct err *err)
{
    enum { RECENT = 64 };
    const struct record *r = p->record;

    (void)err;
    for (size_t i = 0; i < r->n_runs && !p->running && out->violated.len == 0; i++) {
        const struct run *run = &r->runs[i];
        bool open = run->class == CLASS_NONE;
        if ((open || p->deep || i + RECENT >= r->n_runs) && is_alive(p, run))
            str_addf(&out->violated, "a process of run %lld (experiment %lld, seed %u) still lives",
                     (long long)run->id, (long long)run->experiment, run->seed);
        else if (open && out->note.len == 0)
            str_addf(&out->note,
                     "run %lld (experiment %lld, seed %u) has no end; `nightshift run` repeats it",
                     (long long)run->id, (long long)run->experiment, run->seed);
    }
    return 0;
}

/* --- I14 ------------------------------------------------------------------------------------- */

int check_inputs(struct finding *out, const struct patient *p, struct err *err)
{
    struct artifact *recorded = NULL, *now = NULL;
    size_t n_recorded = 0, n_now = 0;
    char *program = NULL;

    if (store_artifacts(p->store, &recorded, &n_recorded, 0, err) != 0)
        return -1;
    if (executor_find_program(&program, p->record->study.command[0], p->place->study_dir, err) !=
            0 ||
        inputs_collect(&now, &n_now, &p->record->study, p->place->study_dir, program, err) != 0)
        str_add(&out->violated, err->text);
    else
        inputs_compare(&out->violated, recorded, n_recorded, now, n_now);
    keep_first_line(&out->violated);
    free(program);
    artifacts_free(now, n_now);
    artifacts_free(recorded, n_recorded);
    return 0;
}

/* --- I17 ------------------------------------------------------------------------------------- */

/* The file itself; a link into `shared` counts as what it leads to. */
static bool look_at(struct stat *st, const char *path, const char *shared)
{
    char target[4096];
    size_t len = shared != NULL ? strlen(shared) : 0;

    if (lstat(path, st) != 0)
        return false;
    ssize_t n = S_ISLNK(st->st_mode) ? readlink(path, target, sizeof target) : -1;
    bool inside = len > 0 && n > (ssize_t)len && strncmp(target, shared, len) == 0 &&
                  (target[len] == '/' || shared[len - 1] == '/');
    return !inside || stat(path, st) == 0;
}

int modes_each(const struct place *place, const char *shared, modes_seer *see, void *context,
               struct err *err)
{
    static const char *const names[] = {"study.db",   "study.db-wal", "study.db-shm",
                                        "study.lock", "runs",         "inbox",
                                        "repo.git",   "trash",        NULL};
    int rc = 0;

    for (size_t i = 0; names[i] != NULL && rc == 0; i++) {
        char *path = path_join(place->run_dir, names[i]);
        struct stat st;
        if (look_at(&st, path, strcmp(names[i], "runs") == 0 ? shared : NULL))
            rc = see(context, path, &st, err);
        free(path);
    }
    return rc;
}

const char *modes_fault(const struct stat *st)
{
    if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
        return "is neither a file nor a folder";
    if (st->st_uid != geteuid() && geteuid() != 0)
        return "belongs to another user";
    return (st->st_mode & 077) != 0 ? "can be used by others" : NULL;
}

static int see_mode(void *context, const char *path, const struct stat *st, struct err *err)
{
    struct finding *out = context;
    const char *fault = modes_fault(st);

    (void)err;
    if (fault != NULL && out->violated.len == 0)
        str_addf(&out->violated, "'%s' %s", path, fault);
    return 0;
}

int check_modes(struct finding *out, const struct patient *p, struct err *err)
{
    return modes_each(p->place, p->record->study.executor.shared, see_mode, out, err);
}
