/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <sqlite3.h>

#include "available.h"
#include "file.h"
#include "mem.h"
#include "room.h"

static const double usual_free = 0x1p30, usual_memory = 0x1p28, usual_share = 0.05;

/* `dir`, or the nearest folder above it that exists.  The caller frees. */
static char *nearest(const char *dir)
{
    char *path = mem_strdup(dir);

    while (!file_exists(path) && strcmp(path, "/") != 0 && strcmp(path, ".") != 0) {
        char *above = path_dir(path);
        free(path);
        path = above;
    }
    return path;
}

static bool look_at_disk(struct statvfs *out, const char *dir)
{
    char *path = nearest(dir);
    bool found = statvfs(path, out) == 0;

    free(path);
    return found;
}

static double floor_of(double asked, double usual, double whole)
{
    return asked >= 0 ? asked : fmin(usual, usual_share * whole);
}

void room_look(struct room *out, const char *dir, const struct policy *policy)
{
    struct statvfs disk;
    double whole;

    *out = (struct room){.free = NAN, .memory = NAN};
    if (policy->min_free != 0 && look_at_disk(&disk, dir)) {
        double block = (double)disk.f_frsize;
        out->free = (double)disk.f_bavail * block;
        out->min_free = floor_of(policy->min_free, usual_free, (double)disk.f_blocks * block);
        if (disk.f_files > 0 && disk.f_favail == 0)
            out->free = 0; /* not one file more */
    }
    if (policy->min_memory != 0) {
        out->memory = memory_available(&whole);
        out->min_memory = floor_of(policy->min_memory, usual_memory, whole);
    }
}

bool room_is_short_of_disk(const struct room *room)
{
    return room->free < room->min_free;
}

bool room_is_short(const struct room *room)
{
    return room_is_short_of_disk(room) || room->memory < room->min_memory;
}

void room_add_bytes(struct str *out, double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    char number[NUMBER_TEXT];
    size_t i = 0;

    for (; i + 1 < sizeof units / sizeof *units && bytes >= 1024; i++)
        bytes /= 1024;
    str_addf(out, "%s %s", number_short(number, bytes, 4), units[i]);
}

static void describe(struct str *out, const char *what, double there, double least, const char *key)
{
    if (!(there < least))
        return;
    str_add(out, out->len > 0 ? ", and " : "");
    room_add_bytes(out, there);
    str_addf(out, " of %s are free and ", what);
    room_add_bytes(out, least);
    str_addf(out, " must be (%s)", key);
}

void room_describe(struct str *out, const struct room *room)
{
    describe(out, "disk", room->free, room->min_free, "min_free");
    describe(out, "memory", room->memory, room->min_memory, "min_memory");
}

bool room_can_write(const char *dir)
{
    static const char block[1 << 14] = "";
    char *there = nearest(dir), *path = path_join(there, ".room");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool can = fd >= 0 && write(fd, block, sizeof block) == (ssize_t)sizeof block && fsync(fd) == 0;

    if (fd >= 0) {
        can &= close(fd) == 0;
        unlink(path);
    }
    free(path);
    free(there);
    return can;
}

/* SQLite says no more than "disk I/O error" where its shared memory finds no room. */
static bool is_gone(const char *dir)
{
    struct policy policy = {.min_free = 1 << 16};
    struct room room;

    room_look(&room, dir, &policy);
    return room_is_short_of_disk(&room);
}

bool room_is_cause(const struct err *err, const char *dir)
{
    if (err->code != ERR_ENVIRONMENT)
        return false;
    return strstr(err->text, strerror(ENOSPC)) != NULL ||
           strstr(err->text, strerror(EDQUOT)) != NULL ||
           strstr(err->text, sqlite3_errstr(SQLITE_FULL)) != NULL || is_gone(dir);
}
