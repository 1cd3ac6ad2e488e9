/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "available.h"
#include "mem.h"

/* The files of a control group, by version. */
struct files {
    const char *limit, *usage, *cached; /* `cached`: a row of memory.stat */
};

static const struct files version_1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                       "total_inactive_file"};
static const struct files version_2 = {"memory.max", "memory.current", "inactive_file"};

/* The first number of dir/name; NAN where there is none. */
static double number_in(const char *dir, const char *name)
{
    char *path = mem_printf("%s/%s", dir, name);
    FILE *file = fopen(path, "re");
    double x = (double)NAN;

    if (file != NULL && fscanf(file, "%lf", &x) != 1)
        x = (double)NAN;
    if (file != NULL)
        fclose(file);
    free(path);
    return x;
}

/* The number behind `key` in a file of "key number" or "key: number kB" lines; NAN where absent. */
static double number_behind(const char *path, const char *key)
{
    FILE *file = fopen(path, "re");
    char line[256];
    double x = (double)NAN;
    size_t len = strlen(key);

    while (file != NULL && isnan(x) && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, len) == 0 && strchr(": ", line[len]) != NULL)
            x = strtod(line + len + 1, NULL);
    if (file != NULL)
        fclose(file);
    return x;
}

static double least(double a, double b)
{
    return b < a ? b : a; /* a where b is NAN */
}

static void look_at_group(double *left, double *whole, const char *dir, const struct files *files)
{
    double limit = number_in(dir, files->limit), usage = number_in(dir, files->usage);
    char *stat = mem_printf("%s/memory.stat", dir);
    double cached = number_behind(stat, files->cached);

    free(stat);
    if (!(limit < 0x1p60)) /* "max", or the number that version 1 has for it */
        return;
    *whole = least(*whole, limit);
    *left = least(*left, limit - usage + (isfinite(cached) ? cached : 0));
}

/* A group and all that it lies in, up to the root. */
static void look_upwards(double *left, double *whole, const char *root, const char *group,
                         const struct files *files)
{
    char *path = mem_strdup(strcmp(group, "/") == 0 ? "" : group), *slash;

    do {
        char *dir = mem_printf("%s%s", root, path);
        look_at_group(left, whole, dir, files);
        free(dir);
        slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
    } while (slash != NULL);
    free(path);
}

static bool is_among(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',')
        if (strncmp(list, word, len) == 0 && (list[len] == ',' || list[len] == '\0'))
            return true;
    return false;
}

double memory_available_in_groups(double *whole, const char *membership, const char *root)
{
    FILE *file = fopen(membership, "re");
    double left = (double)INFINITY;
    char *line = NULL;
    size_t room = 0;

    *whole = (double)INFINITY;
    while (file != NULL && getline(&line, &room, file) > 0) { /* "4:memory:/group", "0::/group" */
        char *rest = line, *controllers, *v1;
        line[strcspn(line, "\n")] = '\0';
        strsep(&rest, ":");
        controllers = strsep(&rest, ":");
        if (controllers == NULL || rest == NULL)
            continue;
        if (*controllers == '\0') {
            look_upwards(&left, whole, root, rest, &version_2);
        } else if (is_among(controllers, "memory")) {
            v1 = mem_printf("%s/memory", root);
            look_upwards(&left, whole, v1, rest, &version_1);
            free(v1);
        }
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return left;
}

double memory_available(double *whole)
{
    double group_whole;
    double machine = number_behind("/proc/meminfo", "MemAvailable") * 1024;
    double group = memory_available_in_groups(&group_whole, "/proc/self/cgroup", "/sys/fs/cgroup");

    *whole = least(number_behind("/proc/meminfo", "MemTotal") * 1024, group_whole);
    return least(machine, isinf(group) ? (double)NAN : group);
}
