/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Apart from record.c: the shim writes them, and is no more than it needs. */
#include "record.h"

const char *const class_names[] = {"none",    "ok",          "exit",     "signal",       "timeout",
                                   "oom",     "nonfinite",   "protocol", "output_flood", "spawn",
                                   "stopped", "interrupted", NULL};
