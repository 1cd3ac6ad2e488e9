/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings_command.h - `nightshift report --findings DIR [STUDY…]`: FINDINGS.md and EXPERIMENTS.md
 * of many studies (findings.h).
 */
#ifndef HARNESS_FINDINGS_COMMAND_H
#define HARNESS_FINDINGS_COMMAND_H

#include "command.h"

/* Writes both into `dir` and prints the first one's path.  `run_dir`: --dir or NULL.  0, or -1. */
int findings_command(const struct arguments *arguments, const char *dir, const char *run_dir,
                     struct err *err);

#endif
