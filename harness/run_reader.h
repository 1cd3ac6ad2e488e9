/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_reader.h - how a report reads the files that runs left (run_files.h). */
#ifndef HARNESS_RUN_READER_H
#define HARNESS_RUN_READER_H

#include "place.h"
#include "run_files.h"

/* `place` is borrowed. */
struct run_files run_files_at(const struct place *place);

#endif
