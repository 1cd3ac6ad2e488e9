/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"

char *path_join(const char *dir, const char *name)
{
    if (name[0] == '/')
        return mem_strdup(name);
    return mem_printf("%s/%s", dir, name);
}

char *path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_strdup(".");
    return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

bool file_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

bool file_is_regular(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool file_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int file_mkdirs(const char *path, struct err *err)
{
    char *part = mem_strdup(path);
    int rc = 0;

    for (char *p = part + 1; rc == 0; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char kept = *p;
        *p = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            rc = err_sys(err, "cannot make the folder '%s'", part);
        *p = kept;
        if (kept == '\0')
            break;
    }
    if (rc == 0 && !file_is_dir(path))
        rc = err_environment(err, "'%s' is not a folder", path);
    free(part);
    return rc;
}

static int read_all(char **out, size_t *len, int fd, const char *path, size_t max, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_sys(err, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_usage(err, "'%s' is not a regular file", path);
    if ((size_t)st.st_size > max)
        return err_usage(err, "'%s' is larger than %zu bytes", path, max);
    char *text = mem_new((size_t)st.st_size + 1, 1);
    size_t have = 0;
    while (have < (size_t)st.st_size) {
        ssize_t n = read(fd, text + have, (size_t)st.st_size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(text);
            return err_sys(err, "cannot read '%s'", path);
        }
        if (n == 0)
            break;
        have += (size_t)n;
    }
    text[have] = '\0';
    *out = text;
    if (len != NULL)
        *len = have;
    return 0;
}

int file_read(char **out, size_t *len, const char *path, size_t max, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    *out = NULL;
    if (fd < 0)
        return err_sys(err, "cannot read '%s'", path);
    int rc = read_all(out, len, fd, path, max, err);
    close(fd);
    return rc;
}

int fd_write(int fd, const void *bytes, size_t len, const char *name, struct err *err)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "cannot write '%s'", name);
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_sync_dir(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "cannot open the folder '%s'", dir);
    int rc = fsync(fd) != 0 ? err_sys(err, "cannot sync the folder '%s'", dir) : 0;
    close(fd);
    return rc;
}

static int write_new(const char *path, const void *bytes, size_t len, bool sync, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_sys(err, "cannot write '%s'", path);
    int rc = fd_write(fd, bytes, len, path, err);
    if (rc == 0 && sync && fsync(fd) != 0)
        rc = err_sys(err, "cannot sync '%s'", path);
    if (close(fd) != 0 && rc == 0)
        rc = err_sys(err, "cannot write '%s'", path);
    return rc;
}

static int write_by_rename(const char *path, const void *bytes, size_t len, bool sync,
                           struct err *err)
{
    char *part = mem_printf("%s.part", path);
    char *dir = path_dir(path);
    int rc = write_new(part, bytes, len, sync, err);

    if (rc == 0 && rename(part, path) != 0)
        rc = err_sys(err, "cannot rename '%s' to '%s'", part, path);
    if (rc == 0 && sync)
        rc = file_sync_dir(dir, err);
    if (rc != 0)
        unlink(part);
    free(dir);
    free(part);
    return rc;
}

int file_write(const char *path, const void *bytes, size_t len, struct err *err)
{
    return write_by_rename(path, bytes, len, true, err);
}

int file_write_unsynced(const char *path, const void *bytes, size_t len, struct err *err)
{
    return write_by_rename(path, bytes, len, false, err);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
    (void)st;
    (void)flag;
    (void)where;
    return remove(path);
}

/* 1: this folder was closed to us and is open now, so the walk begins anew. */
static int open_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
    (void)where;
    if (flag != FTW_DNR && (flag != FTW_D || (st->st_mode & S_IRWXU) == S_IRWXU))
        return 0;
    return chmod(path, S_IRWXU) == 0 ? 1 : -1;
}

/* Folders that their maker has closed to itself, and so to us: -1 where they stay closed. */
static int open_folders(const char *path)
{
    enum { MOST = 10000 };
    int rc = 1;

    for (int i = 0; i < MOST && rc == 1; i++)
        rc = nftw(path, open_one, 16, FTW_PHYS);
    return rc;
}

int file_remove(const char *path, struct err *err)
{
    if (!file_exists(path) || nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0)
        return 0;
    if ((errno == EACCES || errno == ENOTEMPTY || errno == EEXIST) && open_folders(path) == 0 &&
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0)
        return 0;
    return err_sys(err, "cannot remove '%s'", path);
}
