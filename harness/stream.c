/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "json.h"
#include "mem.h"
#include "stream.h"
#include "stream_line.h"
#include "tail.h"

/* --- reading --- */

enum { MAX_METRICS = 4096 };

static struct metric *find(const struct stream *stream, const char *name)
{
    for (size_t i = 0; i < stream->n_metrics; i++)
        if (strcmp(stream->metrics[i].name, name) == 0)
            return &stream->metrics[i];
    return NULL;
}

static void note_count(int64_t *out, double value)
{
    if (value >= 0 && value < 9e18 && value == floor(value))
        *out = (int64_t)value;
}

static void take_number(struct stream *out, const char *name, double value)
{
    struct metric *known = find(out, name);

    if (strcmp(name, "steps") == 0)
        note_count(&out->steps, value);
    if (strcmp(name, "calibrated_steps") == 0)
        note_count(&out->calibrated_steps, value);
    if (known != NULL) {
        known->value = value;
    } else if (out->n_metrics < MAX_METRICS && strcmp(name, "progress") != 0) {
        out->metrics = mem_room(out->metrics, out->n_metrics, sizeof *out->metrics);
        out->metrics[out->n_metrics++] = (struct metric){mem_strdup(name), value};
    }
}

static void take_config(struct stream *out, json_t *config)
{
    json_decref(out->config);
    out->config = json_incref(config);
}

static void take_record(struct stream *out, json_t *record)
{
    const char *key;
    json_t *field;
    double value;

    out->records++;
    json_object_foreach (record, key, field) {
        if (record_number(&value, field))
            take_number(out, key, value);
        else if (strcmp(key, "config") == 0 && json_is_object(field))
            take_config(out, field);
    }
    field = json_object_get(record, "nonfinite");
    if (field != NULL && !json_is_false(field) && !json_is_null(field))
        out->nonfinite = true;
}

static void take(void *into, const struct line *line)
{
    struct stream *out = into;

    if (out->lines == out->most)
        return;
    out->lines++;
    if (line->kind == LINE_RECORD)
        take_record(out, line->record);
    else if (line->kind == LINE_METRIC)
        take_number(out, line->name, line->value);
}

int stream_read(struct stream *out, const char *dir, struct err *err)
{
    return stream_read_to(out, dir, SIZE_MAX, err);
}

int stream_read_to(struct stream *out, const char *dir, size_t lines, struct err *err)
{
    *out = (struct stream){.calibrated_steps = -1, .steps = -1, .most = lines};
    if (stream_each_line(dir, take, out, err) == 0)
        return 0;
    stream_clear(out);
    return -1;
}

void stream_clear(struct stream *stream)
{
    for (size_t i = 0; i < stream->n_metrics; i++)
        free(stream->metrics[i].name);
    free(stream->metrics);
    json_decref(stream->config);
    *stream = (struct stream){.calibrated_steps = -1, .steps = -1};
}

void stream_forget(struct stream *stream, const char *name)
{
    struct metric *known = find(stream, name);

    if (known == NULL)
        return;
    free(known->name);
    *known = stream->metrics[--stream->n_metrics];
}

void stream_overrule(struct stream *stream, const struct stream *judge)
{
    for (size_t i = 0; i < judge->n_metrics; i++) {
        stream_forget(stream, judge->metrics[i].name);
        stream->metrics = mem_room(stream->metrics, stream->n_metrics, sizeof *stream->metrics);
        stream->metrics[stream->n_metrics++] =
            (struct metric){mem_strdup(judge->metrics[i].name), judge->metrics[i].value};
    }
    stream->nonfinite |= judge->nonfinite;
}

double stream_metric(const struct stream *stream, const char *name, bool *found)
{
    const struct metric *metric = find(stream, name);

    *found = metric != NULL;
    return metric != NULL ? metric->value : (double)NAN;
}

/* --- the effective config --- */

static bool numbers_agree(double asked, double used)
{
    bool whole = asked == floor(asked) && used == floor(used);

    return asked == used || (!whole && (float)asked == (float)used);
}

static bool agrees(const struct value *asked, const json_t *used)
{
    if (asked->type == VALUE_TEXT)
        return json_is_string(used) && strcmp(asked->text, json_string_value(used)) == 0;
    if (asked->type == VALUE_BOOL && json_is_boolean(used))
        return json_is_true(used) == (asked->number != 0);
    return json_is_number(used) && numbers_agree(asked->number, json_number_value(used));
}

static void describe_use(char *why, size_t size, const char *name, const struct value *asked,
                         const json_t *used)
{
    struct str text = {NULL, 0}, is = {NULL, 0};

    str_addf(&text, "'%s' is not what was asked for: ", name);
    value_write(&text, asked);
    if (used != NULL)
        json_write(&is, used);
    str_add(&text, used != NULL ? " became " : " is not in the effective config");
    str_add_printable(&text, str_text(&is), is.len, 80);
    snprintf(why, size, "%s", str_text(&text));
    str_clear(&is);
    str_clear(&text);
}

bool stream_config_agrees(const struct stream *stream, const struct space *space,
                          const struct value *config, char *why, size_t size)
{
    if (stream->config == NULL)
        return true;
    for (size_t i = 0; i < space->n; i++) {
        const char *name = space->params[i].name;
        const json_t *used = json_object_get(stream->config, name);
        if (config[i].type == VALUE_NONE || (used != NULL && agrees(&config[i], used)))
            continue;
        describe_use(why, size, name, &config[i], used);
        return false;
    }
    return true;
}

/* --- progress --- */

/* The progress that one line tells; NAN where it tells none. */
static double line_progress(char *text, size_t len)
{
    struct line line;
    double value = (double)NAN;

    if (strstr(text, "\"progress\"") == NULL)
        return value;
    line_read(&line, text, len);
    if (line.kind == LINE_RECORD &&
        !record_number(&value, json_object_get(line.record, "progress")))
        value = (double)NAN;
    line_clear(&line);
    return value;
}

double stream_progress(const char *dir)
{
    enum { TAIL = 16384 };
    struct str tail = {NULL, 0};
    double value = (double)NAN;

    tail_read(&tail, dir, RUN_STREAM, TAIL);
    while (tail.len > 0 && isnan(value)) {
        char *end = memrchr(tail.at, '\n', tail.len);
        if (end == NULL)
            break;
        *end = '\0';
        char *before = memrchr(tail.at, '\n', (size_t)(end - tail.at));
        char *begin = before != NULL ? before + 1 : tail.at;
        value = line_progress(begin, (size_t)(end - begin));
        tail.len = (size_t)(begin - tail.at);
    }
    str_clear(&tail);
    return isnan(value) ? value : fmin(fmax(value, 0), 1);
}
