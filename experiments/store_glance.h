/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_glance.h - the newest experiments at a glance, without loading the record.
 */
#ifndef EXPERIMENTS_STORE_GLANCE_H
#define EXPERIMENTS_STORE_GLANCE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

struct glance {
    int64_t id;
    char *purpose;
    char *verdict; /* of its own decision; NULL: pending */
};

/* Those whose number begins with the digits of `prefix` ("": all), newest first, at most `most`.
 * The caller frees with glances_free(). */
int store_glance(struct store *store, struct glance **out, size_t *n, const char *prefix,
                 int64_t most, struct err *err);
void glances_free(struct glance *glances, size_t n);

#endif
