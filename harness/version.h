/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * version.h - which program this is, and with which libraries it runs: for bug reports.
 */
#ifndef HARNESS_VERSION_H
#define HARNESS_VERSION_H

#include "str.h"

/* "nightshift 0.1.0", then a line for each library as it is loaded now. */
void version_write(struct str *out);

#endif
