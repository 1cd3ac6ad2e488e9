/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <stdlib.h>

#include "file.h"
#include "mem.h"
#include "study_folders.h"

enum { DEPTH = 2 }; /* folders between here and `runs` */

bool study_folder_is(const char *path)
{
    char *db = path_join(path, "study.db");
    bool is = file_is_regular(db);

    free(db);
    return is;
}

static int may_be_folder(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_REG;
}

/* "runs" in the current folder, "a/runs" in another. */
static char *below(const char *folder, const char *name)
{
    return folder[0] == '\0' ? mem_strdup(name) : path_join(folder, name);
}

/* Calls with each folder of `folder`, by name. */
static void each_folder(struct study_folders *out, const char *folder, int depth,
                        void (*look)(struct study_folders *out, const char *folder, int depth))
{
    struct dirent **entries;
    int n = scandir(folder[0] == '\0' ? "." : folder, &entries, may_be_folder, alphasort);

    for (int i = 0; i < n; i++) {
        char *path = below(folder, entries[i]->d_name);
        look(out, path, depth);
        free(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void add_study(struct study_folders *out, const char *folder, int depth)
{
    (void)depth;
    if (!study_folder_is(folder))
        return;
    out->path = mem_room(out->path, out->n, sizeof *out->path);
    out->path[out->n++] = mem_strdup(folder);
}

/* The studies in `runs` of the folders that lie so deep in `folder`. */
static void look_in(struct study_folders *out, const char *folder, int depth)
{
    if (study_folder_is(folder[0] == '\0' ? "." : folder))
        return;
    if (depth > 0) {
        each_folder(out, folder, depth - 1, look_in);
        return;
    }
    char *runs = below(folder, "runs");
    each_folder(out, runs, 0, add_study);
    free(runs);
}

void study_folders_find(struct study_folders *out)
{
    *out = (struct study_folders){0};
    for (int depth = 0; depth <= DEPTH; depth++)
        look_in(out, "", depth);
}

void study_folders_clear(struct study_folders *folders)
{
    for (size_t i = 0; i < folders->n; i++)
        free(folders->path[i]);
    free(folders->path);
    *folders = (struct study_folders){0};
}
