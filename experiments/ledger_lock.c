/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "ledger_part.h"
#include "ledger_walk.h"
#include "log.h"
#include "mem.h"

#define QUIET_S 2 /* an empty lock must lie untouched for so long */

/* Does a process that we may look into have this file open? */
static bool is_open_in(const char *fds, const struct stat *wanted)
{
    DIR *dir = opendir(fds);
    bool found = false;

    if (dir == NULL)
        return false;
    for (struct dirent *d = readdir(dir); d != NULL && !found; d = readdir(dir)) {
        struct stat st;
        found = isdigit((unsigned char)d->d_name[0]) &&
                fstatat(dirfd(dir), d->d_name, &st, 0) == 0 && st.st_dev == wanted->st_dev &&
                st.st_ino == wanted->st_ino;
    }
    closedir(dir);
    return found;
}

static bool is_open_somewhere(const struct stat *wanted)
{
    DIR *proc = opendir("/proc");
    bool found = false;

    if (proc == NULL)
        return true; /* not known, so not stale */
    for (struct dirent *d = readdir(proc); d != NULL && !found; d = readdir(proc)) {
        if (!isdigit((unsigned char)d->d_name[0]))
            continue;
        char *fds = mem_printf("/proc/%s/fd", d->d_name);
        found = is_open_in(fds, wanted);
        free(fds);
    }
    closedir(proc);
    return found;
}

static bool same_moment(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* git holds an empty lock closed for a moment while it deletes a ref, so an empty one is watched.
 */
static bool stays_untouched(const char *path, const struct stat *before)
{
    struct timespec pause = {.tv_sec = QUIET_S};
    struct stat now;

    while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
        ;
    return lstat(path, &now) == 0 && now.st_ino == before->st_ino && now.st_size == 0 &&
           same_moment(&now.st_mtim, &before->st_mtim);
}

/* Nobody but us writes a commit that only we have planned.  Its parent may be there too: libgit2
 * names a new ref by link() and removes the lock after that. */
static bool holds_ours(const char *path, const char *const *commits)
{
    struct err ignored = {0};
    char *text = NULL;
    size_t len;

    if (file_read(&text, &len, path, 64, &ignored) != 0)
        return false;
    if (len == GIT_OID_HEXSZ + 1 && text[GIT_OID_HEXSZ] == '\n')
        text[--len] = '\0';
    bool ours = false;
    for (size_t i = 0; commits[i] != NULL && !ours; i++)
        ours = len == GIT_OID_HEXSZ && strcmp(text, commits[i]) == 0;
    free(text);
    return ours;
}

static bool is_stale(const char *path, const char *const *commits)
{
    struct stat st;

    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (st.st_size > 0 ? !holds_ours(path, commits) : !stays_untouched(path, &st))
        return false;
    return !is_open_somewhere(&st);
}

char *ledger_lock_path(struct ledger *ledger, const char *ref)
{
    return mem_printf("%s%s.lock", git_repository_commondir(ledger->repo), ref);
}

bool ledger_lock_is_stale(struct ledger *ledger, const char *ref, const char *const *commits)
{
    char *path = ledger_lock_path(ledger, ref);
    bool stale = is_stale(path, commits);

    free(path);
    return stale;
}

/* Out of the way, and still there for who wants to know: <repository>/nightshift-trash/<name>.<n>,
 * the first n that is free.  A folder of refs holds nothing but refs. */
static int move_to_trash(struct ledger *ledger, const char *path, struct err *err)
{
    char *dir = path_join(git_repository_commondir(ledger->repo), "nightshift-trash");
    char *to = NULL;
    int rc = file_mkdirs(dir, err);

    for (int n = 1; rc == 0 && (to == NULL || file_exists(to)); n++) {
        free(to);
        to = mem_printf("%s/%s.%d", dir, strrchr(path, '/') + 1, n);
    }
    if (rc == 0 && rename(path, to) != 0)
        rc = err_sys(err, "cannot move the stale lock '%s' to '%s'", path, to);
    if (rc == 0)
        log_warn("moved '%s', which a killed nightshift had left behind, to '%s'", path, to);
    free(to);
    free(dir);
    return rc;
}

int ref_lock_clear_stale(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    const char *const commits[] = {plan->commit, plan->parent, NULL};
    char *path = ledger_lock_path(ledger, plan->ref);
    int rc = 0;

    if (is_stale(path, commits))
        rc = move_to_trash(ledger, path, err) == 0 ? 1 : -1;
    free(path);
    return rc;
}
