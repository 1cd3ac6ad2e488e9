/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * placebo.h - how often something that is equal in truth was taken for better.
 *
 * One night has few placebos, so they are counted together with those of the studies beside it:
 * the records in the folder that holds the study's own run directory.  The head's are pooled over
 * studies of the same procedure only, since each procedure moves its head by another rule.
 */
#ifndef REPORTS_PLACEBO_H
#define REPORTS_PLACEBO_H

#include "err.h"
#include "record.h"
#include "store.h"
#include "str.h"

struct placebo_rates {
    struct placebo_count head, test;
    size_t head_studies, test_studies; /* that they are from, those without a placebo apart */
};

/* Those of one record; a placebo that was compared with another config, since the head moved while
 * it waited, is none. */
void placebo_count(struct placebo_rates *out, const struct record *record);

/* The same and those beside it; *unread: records that could not be read, which are left out.
 * -1 where the folder cannot be listed. */
int placebo_pool(struct placebo_rates *out, size_t *unread, const struct record *record,
                 const struct store *store, struct err *err);

/* "2 of 15, 13.3 % [1.66, 40.5]": the rate in percent with its 95 % interval (proportion.h); a
 * dash where nothing was decided. */
void placebo_write(struct str *out, const struct placebo_count *count);

#endif
