/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "findings.h"
#include "findings_command.h"
#include "studies.h"

static int add_all(struct found_studies *found, const struct studies *studies, struct err *err)
{
    for (size_t i = 0; i < studies->n; i++) {
        char *environment = NULL;
        if (store_session(studies->views[i].store, &environment, err) != 0)
            return -1;
        findings_add(found, &studies->views[i].record, environment);
        free(environment);
    }
    findings_settle(found);
    return 0;
}

static int print_path(const char *dir, struct err *err)
{
    struct str line = {0};

    str_addf(&line, "%s/%s\n", dir, FINDINGS_FILE);
    int rc = view_print(&line, err);
    str_clear(&line);
    return rc;
}

int findings_command(const struct arguments *arguments, const char *dir, const char *run_dir,
                     struct err *err)
{
    struct found_studies found = {0};
    struct studies studies;

    if (studies_open(&studies, arguments, run_dir, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS,
                     err) != 0)
        return -1;
    int rc = add_all(&found, &studies, err);
    if (rc == 0)
        rc = findings_write(&found, dir, err);
    if (rc == 0)
        rc = print_path(dir, err);
    findings_clear(&found);
    studies_close(&studies);
    return rc;
}
