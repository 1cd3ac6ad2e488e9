/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mem.h"
#include "memory.h"
#include "str.h"

#define THREAD_ADDRESSES (160 * 0x1p20) /* OpenBLAS's buffer of 128 MiB, and a stack */

/* The number in a file; INFINITY where it holds another word ("max") or cannot be read. */
static double number_in(const char *path)
{
    FILE *file = fopen(path, "re");
    double x;

    if (file == NULL)
        return (double)INFINITY;
    if (fscanf(file, "%lf", &x) != 1)
        x = (double)INFINITY;
    fclose(file);
    return x;
}

/* The limits of a group and of all that it lies in, up to the root. */
static double limit_of_group(const char *root, const char *group, const char *name)
{
    char *path = mem_strdup(group), *slash;
    double least = (double)INFINITY;

    do {
        struct str file = {0};
        str_add(&file, root);
        str_add(&file, path);
        str_addf(&file, "/%s", name);
        least = fmin(least, number_in(file.at));
        str_clear(&file);
        slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
    } while (slash != NULL);
    free(path);
    return least;
}

static bool is_among(const char *controllers, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = controllers; (at = strstr(at, name)) != NULL; at += n)
        if ((at == controllers || at[-1] == ',') && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

/* One line, "4:memory:/group" of version 1 or "0::/group" of version 2. */
static double limit_of_line(char *line, const char *root)
{
    char *rest = line, *controllers, *group, *memory;
    double limit = (double)INFINITY;

    line[strcspn(line, "\n")] = '\0';
    strsep(&rest, ":");
    controllers = strsep(&rest, ":");
    group = rest;
    if (controllers == NULL || group == NULL)
        return limit;
    if (controllers[0] == '\0')
        return limit_of_group(root, group, "memory.max");
    if (is_among(controllers, "memory")) {
        memory = mem_printf("%s/memory", root);
        limit = limit_of_group(memory, group, "memory.limit_in_bytes");
        free(memory);
    }
    return limit;
}

double memory_cgroup_limit(const char *membership, const char *root)
{
    FILE *file = fopen(membership, "re");
    double least = (double)INFINITY;
    char *line = NULL;
    size_t room = 0;

    if (file == NULL)
        return least;
    while (getline(&line, &room, file) > 0)
        least = fmin(least, limit_of_line(line, root));
    free(line);
    fclose(file);
    return least;
}

/*
 * What the limit of address space leaves beside the program, its libraries and its threads.
 * OpenBLAS waits for ever where it cannot map a buffer: one of its own and one for each thread.
 */
static double limit_of_addresses(size_t threads)
{
    double mapped = number_in("/proc/self/statm") * (double)sysconf(_SC_PAGESIZE);
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return (double)INFINITY;
    if (!isfinite(mapped))
        mapped = 0;
    return fmax((double)limit.rlim_cur - mapped - THREAD_ADDRESSES * (double)(threads + 1), 0);
}

struct memory memory_there(size_t threads)
{
    const struct memory all[] = {
        {(double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE), "the machine has"},
        {memory_cgroup_limit("/proc/self/cgroup", "/sys/fs/cgroup"), "its control group allows"},
        {limit_of_addresses(threads), "its limit of address space allows"},
    };
    struct memory least = all[0];

    for (size_t i = 1; i < sizeof all / sizeof *all; i++)
        if (all[i].bytes < least.bytes)
            least = all[i];
    return least;
}
