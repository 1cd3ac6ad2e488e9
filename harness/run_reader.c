/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "curve_reader.h"
#include "run_reader.h"
#include "run_text.h"

/* A stream that cannot be read is one without a point: the report does not hang on it. */
static void read_curves(struct run_curves *out, const void *from, const struct record *record,
                        const struct run *run)
{
    struct curve_reader reader;
    struct err ignored;
    char *dir = place_run_dir(from, run);

    curve_reader_init(&reader, &record->study);
    if (curve_reader_read(&reader, dir, &ignored) != 0)
        run_curves_clear(&reader.curves);
    *out = reader.curves;
    free(dir);
}

static void read_tail(struct str *out, const void *from, const struct run *run, size_t lines)
{
    char *dir = place_run_dir(from, run);

    run_text_tail(out, dir, lines);
    free(dir);
}

struct run_files run_files_at(const struct place *place)
{
    return (struct run_files){place, read_curves, read_tail};
}
