/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a trainer printed. */
#include <string.h>

#include "executor.h"
#include "stream.h"
#include "target.h"

extern const struct target target_stream;

static void read(const uint8_t *bytes, size_t len)
{
    struct stream stream;
    struct str canonical = {0};
    struct err err = {0};
    bool found;

    target_put(RUN_STREAM, bytes, len);
    if (stream_read(&stream, target_folder(), &err) == 0) {
        stream_metric(&stream, "val_loss", &found);
        stream_clear(&stream);
    } else {
        target_check_refusal(&err);
    }
    err = (struct err){0};
    if (stream_canonical(&canonical, target_folder(), &err) != 0)
        target_check_refusal(&err);
    stream_progress(target_folder());
    str_clear(&canonical);
}

const struct target target_stream = {
    .name = "stream",
    .summary = "a trainer's output",
    .read = read,
};
