/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a trainer printed: as a result, as lines while it grows, and what of it is shown.  An empty
 * input is a file that is not there.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "executor.h"
#include "mem.h"
#include "stream.h"
#include "stream_line.h"
#include "tail.h"
#include "target.h"

extern const struct target target_stream;

/* What was asked for: a number, a whole one, a text and a truth. */
static void compare(const struct stream *stream)
{
    static char lr[] = "lr", dim[] = "dim", optimizer[] = "optimizer", tied[] = "tied";
    static char adamw[] = "adamw";
    struct param params[] = {{.name = lr}, {.name = dim}, {.name = optimizer}, {.name = tied}};
    const struct space space = {.params = params, .n = 4};
    const struct value config[] = {{VALUE_NUMBER, 1e-3, NULL},
                                   {VALUE_NUMBER, 64, NULL},
                                   {VALUE_TEXT, 0, adamw},
                                   {VALUE_BOOL, 1, NULL}};
    char why[200] = "";

    if (!stream_config_agrees(stream, &space, config, why, sizeof why) && why[0] == '\0')
        abort();
}

static void use_result(void)
{
    struct stream stream, judge;
    struct err err = {0};
    bool found;

    if (stream_read(&stream, target_folder(), &err) != 0) {
        target_check_refusal(&err);
        return;
    }
    stream_metric(&stream, "val_loss", &found);
    compare(&stream);
    if (stream_read_to(&judge, target_folder(), stream.lines / 2, &err) == 0) {
        stream_overrule(&stream, &judge);
        stream_forget(&stream, "val_loss");
        if (!isnan(stream_metric(&stream, "val_loss", &found)) || found)
            abort();
        stream_clear(&judge);
    }
    stream_clear(&stream);
}

static void count_line(void *into, const struct line *line)
{
    (void)line;
    ++*(size_t *)into;
}

static void follow(size_t len)
{
    struct err err = {0};
    int64_t offset = 0;
    size_t n = 0;

    if (stream_lines_from(&offset, target_folder(), count_line, &n, &err) != 0)
        target_check_refusal(&err);
    if (offset < 0 || (uint64_t)offset > len)
        abort();
}

static void show(void)
{
    struct str text = {0}, last = {0};

    tail_read(&text, target_folder(), RUN_STREAM, 400);
    tail_last_line(&last, &text);
    for (size_t i = 0; i < last.len; i++)
        if ((unsigned char)last.at[i] < ' ')
            abort();
    str_clear(&text);
    str_clear(&last);
}

static void read(const uint8_t *bytes, size_t len)
{
    struct str canonical = {0};
    struct err err = {0};

    if (len > 0)
        target_put(RUN_STREAM, bytes, len);
    else
        target_remove(RUN_STREAM);
    use_result();
    if (stream_canonical(&canonical, target_folder(), &err) != 0)
        target_check_refusal(&err);
    stream_progress(target_folder());
    follow(len);
    show();
    str_clear(&canonical);
}

const struct target target_stream = {
    .name = "stream",
    .summary = "a trainer's output",
    .read = read,
};
