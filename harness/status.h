/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status.h - where a study stands, as text and as JSON; `status` and `watch` show the same.
 */
#ifndef HARNESS_STATUS_H
#define HARNESS_STATUS_H

#include <jansson.h>

#include "view.h"

struct status {
    long pid;                      /* of the run that holds the study; 0: none */
    size_t count[4];               /* experiments by enum outcome */
    size_t under_way, ended, lost; /* runs */
    size_t uneven;                 /* set aside for their speed and run again */
    size_t passing; /* likewise for a fault that may pass, or since the machine slept (aside.h) */
    char *paused;   /* why nothing is started; NULL: nothing is in the way */
    double run_s;   /* mean wall time of the ended runs; NAN unknown */
    int64_t since;  /* start of the first run, Unix seconds; 0: none yet */
    int64_t best;   /* verified incumbent, or else the baseline; 0: no experiment yet */
    bool verified;
};

void status_read(struct status *out, const struct view *view); /* cleared by status_clear() */
void status_clear(struct status *status);
void status_write(struct str *out, const struct view *view);      /* some lines */
void status_write_line(struct str *out, const struct view *view); /* one, for a status bar */
json_t *status_json(const struct view *view);                     /* the caller decrefs */

#endif
