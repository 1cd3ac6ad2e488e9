/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor.h"
#include "file.h"
#include "mem.h"

extern const struct executor executor_local;
extern const struct executor executor_slurm;
extern const struct executor executor_command;

const struct executor *const executors[] = {
    &executor_local,
    &executor_slurm,
    &executor_command,
    NULL,
};

const struct executor *executor_find(const char *name)
{
    for (size_t i = 0; executors[i] != NULL; i++)
        if (strcmp(executors[i]->name, name) == 0)
            return executors[i];
    return NULL;
}

static bool is_program(const char *path)
{
    return file_is_regular(path) && access(path, X_OK) == 0;
}

/* The first bytes of a file, `size` at most, with a NUL behind; returns how many. */
static size_t read_head(char *head, size_t size, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? 0 : read(fd, head, size - 1);

    if (fd >= 0)
        close(fd);
    head[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

/* Class, byte order and processor of an ELF header; e_machine lies at the same place in all. */
static bool same_machine(const char *a, const char *b)
{
    const size_t machine = offsetof(Elf64_Ehdr, e_machine);

    return a[EI_CLASS] == b[EI_CLASS] && a[EI_DATA] == b[EI_DATA] &&
           memcmp(a + machine, b + machine, sizeof(Elf64_Half)) == 0;
}

static int check_interpreter(char *head, const char *path, struct err *err)
{
    char *name = head + 2 + strspn(head + 2, " \t");

    name[strcspn(name, " \t\r\n")] = '\0';
    if (!is_program(name))
        return err_usage(err, "the script '%s' needs '%s', which is no program here", path, name);
    return 0;
}

/* What the kernel would refuse, found before the first run. */
static int check_program(const char *what, const char *path, struct err *err)
{
    char head[256], own[256];

    if (!file_exists(path))
        return err_usage(err, "the %s '%s' does not exist", what, path);
    if (!file_is_regular(path))
        return err_usage(err, "the %s '%s' is no regular file", what, path);
    if (access(path, X_OK) != 0)
        return err_usage(err, "the %s '%s' is not executable (chmod +x?)", what, path);
    size_t len = read_head(head, sizeof head, path);
    if (len == 0)
        return 0; /* it may be executable without being readable */
    if (len >= 2 && memcmp(head, "#!", 2) == 0)
        return check_interpreter(head, path, err);
    if (len < sizeof(Elf32_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return err_usage(err, "the %s '%s' is neither a program nor a script with '#!'", what,
                         path);
    if (read_head(own, sizeof own, "/proc/self/exe") > 0 && !same_machine(head, own))
        return err_usage(err, "the %s '%s' was built for another machine", what, path);
    return 0;
}

/* The folder of the program that runs; NULL where that cannot be told.  The caller frees. */
static char *own_dir(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n <= 0)
        return NULL;
    path[n] = '\0';
    return path_dir(path);
}

/* Looks for a program in one folder; *out stays NULL where there is none. */
static void look_in(char **out, const char *dir, const char *name)
{
    char *path = path_join(dir, name);

    if (is_program(path))
        *out = path;
    else
        free(path);
}

/* Only absolute folders: a relative one would mean another place for every directory. */
static void look_in_path(char **out, const char *name)
{
    const char *list = getenv("PATH");

    for (const char *p = list; *out == NULL && p != NULL && *p != '\0';) {
        size_t len = strcspn(p, ":");
        char *dir = mem_strndup(p, len);
        if (dir[0] == '/')
            look_in(out, dir, name);
        free(dir);
        p += len + (p[len] == ':');
    }
}

static int find_by_name(char **out, const char *what, const char *name, struct err *err)
{
    char *dir = own_dir();

    *out = NULL;
    if (dir != NULL)
        look_in(out, dir, name);
    if (*out == NULL)
        look_in_path(out, name);
    if (*out == NULL)
        err_usage(err, "the %s '%s' is neither in '%s' nor in PATH", what, name,
                  dir != NULL ? dir : "our own folder");
    free(dir);
    return *out == NULL ? -1 : 0;
}

/* The path as it is written: a link is not followed, for some programs (a Python of a virtual
 * environment) go by the name under which they were called. */
static char *absolute_path(const char *study_dir, const char *name)
{
    char *path = path_join(study_dir, name), *here = NULL, *absolute;

    if (path[0] == '/' || (here = realpath(".", NULL)) == NULL)
        return path;
    absolute = path_join(here, path);
    free(here);
    free(path);
    return absolute;
}

int executor_find_named(char **out, const char *what, const char *name, const char *study_dir,
                        struct err *err)
{
    *out = NULL;
    if (name[0] == '\0')
        return err_usage(err, "the %s's command has an empty name", what);
    if (strchr(name, '/') != NULL)
        *out = absolute_path(study_dir, name);
    else if (find_by_name(out, what, name, err) != 0)
        return -1;
    if (check_program(what, *out, err) == 0)
        return 0;
    free(*out);
    *out = NULL;
    return -1;
}

int executor_find_program(char **out, const char *name, const char *study_dir, struct err *err)
{
    return executor_find_named(out, "trainer", name, study_dir, err);
}
