/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "stream.h"
#include "stream_line.h"

/* Names that a repetition need not give again. */
static const char *const volatile_names[] = {"progress", "calibrated_steps", "elapsed", NULL};

/* Units of time, rate and memory: a name that is one, or ends in '_' and one, is volatile. */
static const char *const volatile_units[] = {
    "s",     "ms",    "us",     "ns",          "sec",     "secs",   "second", "seconds", "minutes",
    "hours", "per_s", "per_ms", "per_second",  "per_sec", "kib",    "mib",    "gib",     "kb",
    "mb",    "gb",    "mfu",    "mfu_percent", "gflops",  "tflops", NULL,
};

static bool ends_in(const char *name, const char *unit)
{
    size_t n = strlen(name), m = strlen(unit);

    return n >= m && strcmp(name + n - m, unit) == 0 && (n == m || name[n - m - 1] == '_');
}

static bool is_volatile(const char *name)
{
    for (size_t i = 0; volatile_names[i] != NULL; i++)
        if (strcmp(name, volatile_names[i]) == 0)
            return true;
    for (size_t i = 0; volatile_units[i] != NULL; i++)
        if (ends_in(name, volatile_units[i]))
            return true;
    return false;
}

/* The field as it is to be compared; NULL where it is none of these.  A number that is not finite
 * becomes its name in quotes. */
static json_t *lasting(const char *key, json_t *field)
{
    char text[NUMBER_TEXT];
    double value;

    if (is_volatile(key) || !record_number(&value, field))
        return NULL;
    return json_is_number(field) ? json_incref(field) : json_string(number_text(text, value));
}

static void add_record(struct str *out, json_t *record)
{
    json_t *kept = json_object();
    const char *key;
    json_t *field;

    json_object_foreach (record, key, field) {
        json_t *same = lasting(key, field);
        if (same != NULL)
            json_object_set_new(kept, key, same);
    }
    if (json_object_size(kept) > 0) {
        json_write(out, kept);
        str_add(out, "\n");
    }
    json_decref(kept);
}

static void add_line(void *into, const struct line *line)
{
    struct str *out = into;
    char text[NUMBER_TEXT];

    if (line->kind == LINE_RECORD)
        add_record(out, line->record);
    else if (line->kind == LINE_METRIC && !is_volatile(line->name))
        str_addf(out, "%s: %s\n", line->name, number_text(text, line->value));
}

int stream_canonical(struct str *out, const char *dir, struct err *err)
{
    return stream_each_line(dir, add_line, out, err);
}
