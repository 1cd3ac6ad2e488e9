/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * versions.h - which program this is, and with which libraries it runs: for bug reports.
 */
#ifndef TRAINER_VERSIONS_H
#define TRAINER_VERSIONS_H

#include "str.h"

/* "nightshift-lm 0.1.0", then a line for each library as it is loaded now. */
void versions_write(struct str *out);

#endif
