/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export.h - a record in the formats of other tools.  To add one: a function and a row in export.c.
 */
#ifndef HARNESS_EXPORT_H
#define HARNESS_EXPORT_H

#include "view.h"

struct export_format {
    const char *name, *summary;
    void (*write)(struct str *out, const struct view *view);
};
extern const struct export_format export_formats[]; /* ends with a NULL name */

#endif
