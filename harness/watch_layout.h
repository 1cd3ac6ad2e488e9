/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_layout.h - where on a screen of a given size each part of the model stands.  Pure: the same
 * model, size and place in the lists give the same cells.
 *
 * From top to bottom: the study and the time left; experiments by decision; the runs under way, a
 * bar and a curve each; what may be believed; one of three panes; the keys.  Where rows are short,
 * blank lines go first, then what may be believed, then runs beyond the first.
 */
#ifndef HARNESS_WATCH_LAYOUT_H
#define HARNESS_WATCH_LAYOUT_H

#include "screen.h"
#include "watch_model.h"

enum watch_pane { PANE_DECISIONS, PANE_TROUBLE, PANE_CHART, WATCH_PANES };

struct watch_place { /* where the person is looking */
    enum watch_pane pane;
    size_t first;      /* row of the pane's list that stands at its top */
    bool help;         /* the keys are explained instead of a pane */
    const char *error; /* why the record could not be read just now; NULL */
};

/* Draws; sets place->first back where the list ends before it.  *page: rows of the pane's list that
 * are to be seen. */
void watch_layout(struct screen *screen, const struct watch_model *model, struct watch_place *place,
                  size_t *page);

#endif
