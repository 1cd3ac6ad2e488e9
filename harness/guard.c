/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard.h"
#include "inputs.h"

/* "a\nb\n" -> "a" */
static int first_line(const struct str *lines)
{
    int n = 0;

    while (lines->at[n] != '\0' && lines->at[n] != '\n')
        n++;
    return n;
}

static int compare(const struct artifact *recorded, size_t n_recorded, const struct artifact *now,
                   size_t n, struct err *err)
{
    struct str change = {0};
    int rc = 0;

    inputs_compare(&change, recorded, n_recorded, now, n);
    if (change.len > 0)
        rc = err_integrity(err,
                           "while an outside program or its patch ran, %.*s: put the file back, "
                           "and the same command goes on",
                           first_line(&change), change.at);
    str_clear(&change);
    return rc;
}

int guard_inputs(const struct place *place, struct store *store, const struct study *study,
                 const char *program, struct err *err)
{
    struct artifact *recorded = NULL, *now = NULL;
    size_t n_recorded = 0, n = 0;

    if (store_artifacts(store, &recorded, &n_recorded, 0, err) != 0)
        return -1;
    int rc = inputs_collect(&now, &n, study, place->study_dir, program, err);
    if (rc == 0) {
        rc = compare(recorded, n_recorded, now, n, err);
        artifacts_free(now, n);
    } else {
        err->code = ERR_INTEGRITY;
    }
    artifacts_free(recorded, n_recorded);
    return rc;
}
