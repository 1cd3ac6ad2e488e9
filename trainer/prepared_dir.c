/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "mem.h"
#include "prepared_dir.h"

#define META_MAX ((size_t)16 << 20)

static bool ours(const char *name)
{
    static const char *const names[] = {".",        "..",        "train.bin",     "val.bin",
                                        "test.bin", "meta.json", "tokenizer.json"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Counts the entries and gives the name of one that is not ours (the caller frees), or NULL. */
static int look(size_t *entries, char **foreign, const char *path, struct err *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    *entries = 0;
    *foreign = NULL;
    if (dir == NULL)
        return err_sys(err, "cannot open the folder '%s'", path);
    while (*foreign == NULL && (entry = readdir(dir)) != NULL) {
        *entries += entry->d_name[0] != '.';
        if (!ours(entry->d_name))
            *foreign = mem_strdup(entry->d_name);
    }
    closedir(dir);
    return 0;
}

static bool has_our_meta(const char *path)
{
    char *name = path_join(path, "meta.json"), *text = NULL;
    struct err ignored;
    json_t *root = NULL;
    size_t n;
    bool is_ours = false;

    if (file_read(&text, &n, name, META_MAX, &ignored) == 0 &&
        json_read(&root, text, n, name, &ignored) == 0) {
        const char *format = json_string_value(json_object_get(root, "format"));
        is_ours = format != NULL && strcmp(format, PREPARED_FORMAT) == 0;
    }
    json_decref(root);
    free(text);
    free(name);
    return is_ours;
}

int prepared_dir_check(const char *path, struct err *err)
{
    size_t entries;
    char *foreign;
    int rc = 0;

    if (path[0] == '\0')
        return err_usage(err, "the output folder has no name");
    if (!file_exists(path))
        return 0;
    if (!file_is_dir(path))
        return err_usage(err, "'%s' is there already and is not a folder", path);
    if (look(&entries, &foreign, path, err) != 0)
        return -1;
    if (foreign != NULL)
        rc = err_usage(err, "'%s' holds '%s', which is not prepared data: choose another folder",
                       path, foreign);
    else if (entries > 0 && !has_our_meta(path))
        rc = err_usage(err, "'%s' is there already and was not made by prepare", path);
    free(foreign);
    return rc;
}

/* Without slashes at the end, and through symbolic links where it exists.  The caller frees. */
static char *plain_path(const char *path)
{
    char *plain = realpath(path, NULL);

    if (plain != NULL)
        return plain;
    plain = mem_strdup(path);
    for (size_t n = strlen(plain); n > 1 && plain[n - 1] == '/'; n--)
        plain[n - 1] = '\0';
    return plain;
}

int prepared_dir_begin(char **part, const char *path, struct err *err)
{
    char *plain = plain_path(path), *above = path_dir(plain);
    int rc = file_mkdirs(above, err);

    *part = NULL;
    if (rc == 0) {
        *part = mem_printf("%s.part-XXXXXX", plain);
        if (mkdtemp(*part) == NULL) {
            rc = err_sys(err, "cannot make a folder beside '%s'", path);
            free(*part);
            *part = NULL;
        }
    }
    free(above);
    free(plain);
    return rc;
}

/* Where the file system cannot exchange two names at once. */
static int replace_in_steps(const char *part, const char *path, struct err *err)
{
    char *old = mem_printf("%s.old", part);
    int rc = -1;

    if (rename(path, old) != 0)
        err_sys(err, "cannot rename '%s'", path);
    else if (rename(part, path) != 0)
        err_sys(err, "cannot rename '%s' to '%s'", part, path);
    else
        rc = file_remove(old, err);
    free(old);
    return rc;
}

static int put(const char *part, const char *path, struct err *err)
{
    if (rename(part, path) == 0) /* absent, or an empty folder */
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return err_sys(err, "cannot rename '%s' to '%s'", part, path);
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        return file_remove(part, err);
    return replace_in_steps(part, path, err);
}

int prepared_dir_finish(const char *part, const char *path, struct err *err)
{
    char *plain = plain_path(path), *above = path_dir(plain);
    int rc = -1;

    if (file_sync_dir(part, err) == 0 && put(part, plain, err) == 0)
        rc = file_sync_dir(above, err);
    free(above);
    free(plain);
    return rc;
}
