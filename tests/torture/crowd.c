/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crowd.h"
#include "mem.h"
#include "shim.h"

/* The state letter and the start of a process; false where it is gone. */
static bool read_stat(pid_t pid, char *state, unsigned long long *born)
{
    char path[64], text[1024];

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[n] = '\0';
    const char *behind = strrchr(text, ')'); /* a program's name may hold anything */
    return behind != NULL &&
           sscanf(
               behind + 1,
               " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               state, born) == 2;
}

static bool lives(pid_t pid, unsigned long long born)
{
    unsigned long long now;
    char state;

    return read_stat(pid, &state, &now) && now == born && state != 'Z' && state != 'X';
}

static bool works_below(pid_t pid, const char *dir)
{
    char path[64], cwd[4096];
    size_t len = strlen(dir);

    snprintf(path, sizeof path, "/proc/%ld/cwd", (long)pid);
    ssize_t n = readlink(path, cwd, sizeof cwd - 1);
    if (n <= 0)
        return false;
    cwd[n] = '\0';
    return strncmp(cwd, dir, len) == 0 && strncmp(cwd + len, "/runs/", 6) == 0;
}

static enum member_role role_of(pid_t pid)
{
    char path[64], text[4096];
    size_t n = 0;

    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    FILE *in = fopen(path, "re");
    if (in != NULL) {
        n = fread(text, 1, sizeof text - 1, in);
        fclose(in);
    }
    text[n] = '\0';
    size_t first = strlen(text) + 1;
    return first < n && strcmp(text + first, SHIM_WORD) == 0 ? ROLE_SHIM : ROLE_TRAINER;
}

void crowd_find(struct crowd *out, const char *dir)
{
    DIR *proc = opendir("/proc");
    struct member member;
    char state;

    *out = (struct crowd){NULL, 0};
    for (struct dirent *d; proc != NULL && (d = readdir(proc)) != NULL;) {
        if (!isdigit((unsigned char)d->d_name[0]))
            continue;
        member.pid = (pid_t)strtol(d->d_name, NULL, 10);
        if (!works_below(member.pid, dir) || !read_stat(member.pid, &state, &member.born) ||
            state == 'Z')
            continue;
        member.role = role_of(member.pid);
        out->members = mem_room(out->members, out->n, sizeof member);
        out->members[out->n++] = member;
    }
    if (proc != NULL)
        closedir(proc);
}

void crowd_clear(struct crowd *crowd)
{
    free(crowd->members);
    *crowd = (struct crowd){NULL, 0};
}

const struct member *crowd_pick(const struct crowd *crowd, enum member_role role, size_t which)
{
    size_t n = 0;

    for (size_t i = 0; i < crowd->n; i++)
        n += crowd->members[i].role == role;
    if (n == 0)
        return NULL;
    which %= n;
    for (size_t i = 0;; i++)
        if (crowd->members[i].role == role && which-- == 0)
            return &crowd->members[i];
}

size_t crowd_alive(const struct crowd *crowd)
{
    size_t n = 0;

    for (size_t i = 0; i < crowd->n; i++)
        n += lives(crowd->members[i].pid, crowd->members[i].born);
    return n;
}
