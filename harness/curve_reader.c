/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "curve_reader.h"
#include "stream_line.h"

void curve_reader_init(struct curve_reader *out, const struct study *study)
{
    *out = (struct curve_reader){.metric = study->metric, .maximize = study->maximize};
}

void curve_reader_clear(struct curve_reader *reader)
{
    run_curves_clear(&reader->curves);
}

static double number_of(const json_t *record, const char *name)
{
    double value;

    return record_number(&value, json_object_get(record, name)) ? value : (double)NAN;
}

static void take(void *into, const struct line *line)
{
    struct curve_reader *reader = into;

    reader->lines++;
    if (line->kind != LINE_RECORD)
        return;
    struct curve_record record = {.progress = number_of(line->record, "progress"),
                                  .step = number_of(line->record, "step"),
                                  .metric = number_of(line->record, reader->metric),
                                  .train = number_of(line->record, "train_loss"),
                                  .line = reader->lines};
    if (strcmp(reader->metric, "train_loss") == 0)
        record.train = NAN;
    if (reader->maximize)
        record.metric = -record.metric;
    run_curves_add(&reader->curves, &record);
}

int curve_reader_read(struct curve_reader *reader, const char *dir, struct err *err)
{
    return stream_lines_from(&reader->offset, dir, take, reader, err);
}
