/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "str.h"

#define NAME "nightshift-" /* and the shim's process id */

/* --- where we are ----------------------------------------------------------------------------- */

/* The folder where the hierarchy is mounted: of `type`, and among whose options is `option` (NULL:
 * any).  A line of mountinfo: "… root point options - type source super-options". */
static bool find_mount(char *out, size_t size, const char *type, const char *option)
{
    FILE *in = fopen("/proc/self/mountinfo", "re");
    char line[2048], point[512], kind[64], super[512];
    bool found = false;

    while (in != NULL && !found && fgets(line, sizeof line, in) != NULL) {
        const char *dash = strstr(line, " - ");
        if (dash == NULL || sscanf(line, "%*s %*s %*s %*s %511s", point) != 1 ||
            sscanf(dash, " - %63s %*s %511s", kind, super) != 2 || strcmp(kind, type) != 0)
            continue;
        char *rest = super, *word;
        while (!found && (word = strsep(&rest, ",")) != NULL)
            found = option == NULL || strcmp(word, option) == 0;
    }
    if (in != NULL)
        fclose(in);
    if (found)
        snprintf(out, size, "%s", point);
    return found;
}

/* Our own group in the hierarchy of `controllers` ("": version 2), as "/a/b". */
static bool find_group(char *out, size_t size, const char *controllers)
{
    FILE *in = fopen("/proc/self/cgroup", "re");
    char line[1024];
    bool found = false;

    while (in != NULL && !found && fgets(line, sizeof line, in) != NULL) {
        char *rest = line, *names;
        line[strcspn(line, "\n")] = '\0';
        strsep(&rest, ":");
        names = strsep(&rest, ":");
        found = names != NULL && rest != NULL && strcmp(names, controllers) == 0;
        if (found)
            snprintf(out, size, "%s", rest);
    }
    if (in != NULL)
        fclose(in);
    return found;
}

/* --- files of a group ------------------------------------------------------------------------- */

static bool put(const char *dir, const char *name, const char *text)
{
    char path[CGROUP_PATH + 64];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

static bool put_bytes(const char *dir, const char *name, double bytes)
{
    char text[32];

    snprintf(text, sizeof text, "%.0f", bytes);
    return put(dir, name, text);
}

/* Groups whose shim is gone; one that is still in use cannot be removed. */
static void remove_stale(const char *above)
{
    DIR *entries = opendir(above);
    unsigned long long pid;

    if (entries == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (strncmp(entry->d_name, NAME, strlen(NAME)) == 0 &&
            integer_read(&pid, entry->d_name + strlen(NAME), INT32_MAX) &&
            kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
    closedir(entries);
}

/* A new group below ours, `mount` + `group`; "" where there can be none. */
static bool make_group(char out[CGROUP_PATH], const char *mount, const char *group)
{
    char above[CGROUP_PATH - 32];

    int n = snprintf(above, sizeof above, "%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
    if (n < 0 || (size_t)n >= sizeof above)
        return false;
    remove_stale(above);
    snprintf(out, CGROUP_PATH, "%s/" NAME "%d", above, (int)getpid());
    if (mkdir(out, 0700) == 0)
        return true;
    out[0] = '\0';
    return false;
}

/* --- the group of a run ----------------------------------------------------------------------- */

static void open_tree(struct cgroup *out, double max_memory)
{
    char mount[512], group[512];

    if (!find_mount(mount, sizeof mount, "cgroup2", NULL) || !find_group(group, sizeof group, "") ||
        strcmp(group, "/") == 0 || !make_group(out->tree, mount, group))
        return;
    if (max_memory > 0 && put_bytes(out->tree, "memory.max", max_memory)) {
        put(out->tree, "memory.swap.max", "0");
        put(out->tree, "memory.oom.group", "1");
        memcpy(out->memory, out->tree, sizeof out->memory);
    }
}

static void open_memory(struct cgroup *out, double max_memory)
{
    char mount[512], group[512];

    if (!find_mount(mount, sizeof mount, "cgroup", "memory") ||
        !find_group(group, sizeof group, "memory") || !make_group(out->memory, mount, group))
        return;
    if (!put_bytes(out->memory, "memory.limit_in_bytes", max_memory)) {
        rmdir(out->memory);
        out->memory[0] = '\0';
    }
}

void cgroup_open(struct cgroup *out, double max_memory)
{
    *out = (struct cgroup){.tree = ""};
    open_tree(out, max_memory);
    if (max_memory > 0 && out->memory[0] == '\0')
        open_memory(out, max_memory);
}

bool cgroup_is_made(const struct cgroup *group)
{
    return group->tree[0] != '\0' || group->memory[0] != '\0';
}

bool cgroup_join(const struct cgroup *group)
{
    bool joined = group->tree[0] == '\0' || put(group->tree, "cgroup.procs", "0");

    if (group->memory[0] != '\0' && strcmp(group->memory, group->tree) != 0)
        joined &= put(group->memory, "cgroup.procs", "0");
    return joined;
}

void cgroup_kill(const struct cgroup *group)
{
    if (group->tree[0] != '\0')
        put(group->tree, "cgroup.kill", "1");
}

void cgroup_close(const struct cgroup *group)
{
    if (group->tree[0] != '\0')
        rmdir(group->tree);
    if (group->memory[0] != '\0' && strcmp(group->memory, group->tree) != 0)
        rmdir(group->memory);
}
