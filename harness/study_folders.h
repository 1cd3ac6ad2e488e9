/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_folders.h - the studies below the current folder, for commands that are given none: the run
 * directories in runs, in any folder's runs and in the runs of folders in those, hidden ones aside,
 * by depth and then by name.  The folder of a study itself is not looked into: it holds a folder
 * for each of its experiments, of which there may be a hundred thousand.
 */
#ifndef HARNESS_STUDY_FOLDERS_H
#define HARNESS_STUDY_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

struct study_folders {
    char **path; /* [n] "runs/night" */
    size_t n;
};

/* What cannot be read is passed over. */
void study_folders_find(struct study_folders *out);
void study_folders_clear(struct study_folders *folders);

/* Does it hold a record? */
bool study_folder_is(const char *path);

#endif
