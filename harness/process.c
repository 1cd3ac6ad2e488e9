/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

/* The parent of a process: field 4 of stat, behind the name, which may hold anything; 0: unknown.
 */
static pid_t parent_of(const char *pid)
{
    char path[64], text[512];
    int parent = 0;

    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *behind = strrchr(text, ')');
    if (behind == NULL || sscanf(behind + 1, " %*c %d", &parent) != 1)
        return 0;
    return (pid_t)parent;
}

/* Calls kill_if(name of the process's folder in /proc) for every process; returns the sum. */
static int for_each_process(int (*kill_if)(const char *pid, const void *with), const void *with)
{
    DIR *proc = opendir("/proc");
    int n = 0;

    if (proc == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]))
            n += kill_if(entry->d_name, with);
    closedir(proc);
    return n;
}

static int kill_child(const char *pid, const void *parent)
{
    if (parent_of(pid) != *(const pid_t *)parent)
        return 0;
    return kill((pid_t)strtol(pid, NULL, 10), SIGKILL) == 0;
}

int process_kill_children(void)
{
    pid_t self = getpid();

    return for_each_process(kill_child, &self);
}

static bool is_file(const char *path, const struct stat *file)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

static bool holds(const char *pid, const struct stat *file)
{
    char folder[64], path[400];
    bool found = false;

    snprintf(folder, sizeof folder, "/proc/%.20s/fd", pid);
    DIR *fds = opendir(folder);
    if (fds == NULL)
        return false;
    for (struct dirent *entry; !found && (entry = readdir(fds)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        found = entry->d_name[0] != '.' && is_file(path, file);
    }
    closedir(fds);
    return found;
}

static bool is_another_of_ours(const char *pid)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof path, "/proc/%.20s", pid);
    return strtol(pid, NULL, 10) != getpid() && stat(path, &st) == 0 && st.st_uid == geteuid();
}

static int kill_holder(const char *pid, const void *file)
{
    if (!is_another_of_ours(pid) || !holds(pid, file))
        return 0;
    return kill((pid_t)strtol(pid, NULL, 10), SIGKILL) == 0;
}

int process_kill_holders(int fd)
{
    struct stat file;

    if (fstat(fd, &file) != 0)
        return 0;
    return for_each_process(kill_holder, &file);
}

static bool was_started_with(const char *pid, const char *word)
{
    char path[64], *text = NULL;
    size_t room = 0;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    FILE *in = fopen(path, "re");
    while (in != NULL && !found && getdelim(&text, &room, '\0', in) > 0)
        found = strcmp(text, word) == 0;
    free(text);
    if (in != NULL)
        fclose(in);
    return found;
}

static int kill_marked(const char *pid, const void *word)
{
    if (!is_another_of_ours(pid) || !was_started_with(pid, word))
        return 0;
    return kill((pid_t)strtol(pid, NULL, 10), SIGKILL) == 0;
}

int process_kill_marked(const char *word)
{
    return for_each_process(kill_marked, word);
}

/* The number behind `key` in a file of "key number" lines; 0 where it is not to be had. */
static int64_t counter(const char *path, const char *key)
{
    FILE *in = fopen(path, "re");
    char name[64];
    long long value = 0, found = 0;

    if (in == NULL)
        return 0;
    while (fscanf(in, "%63s %lld", name, &value) == 2)
        if (strcmp(name, key) == 0)
            found = value;
    fclose(in);
    return found;
}

int64_t process_oom_kills(void)
{
    char line[512], path[640];
    int64_t kills = counter("/proc/vmstat", "oom_kill");
    FILE *in = fopen("/proc/self/cgroup", "re");

    if (in == NULL)
        return kills;
    while (fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, "0::", 3) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.events", line + 3);
            kills += counter(path, "oom_kill");
        }
    fclose(in);
    return kills;
}
