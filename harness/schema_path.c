/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "file.h"
#include "mem.h"
#include "schema_path.h"

char *schema_path(void)
{
    static const char *const places[] = {"../share/nightshift/schema/study.json",
                                         "../share/schema/study.json",
                                         "../../share/schema/study.json", NULL};
    char *program = realpath("/proc/self/exe", NULL);
    char *dir = program != NULL ? path_dir(program) : mem_strdup("/");
    char *found = NULL;

    for (size_t i = 0; places[i] != NULL && found == NULL; i++) {
        char *path = path_join(dir, places[i]);
        found = realpath(path, NULL);
        free(path);
    }
    free(program);
    free(dir);
    return found;
}
