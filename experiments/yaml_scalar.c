/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "str.h"
#include "yaml.h"

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (**words == *text && strcmp(text, *words) == 0)
            return true;
    return false;
}

/* YAML 1.2, core schema. */
static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const not_finite[] = {"nan",  "NaN",  "NAN",      ".nan",     ".NaN",
                                         ".NAN", "inf",  "Inf",      "INF",      ".inf",
                                         ".Inf", ".INF", "infinity", "Infinity", NULL};

/* Digits at the front, behind a sign or point: whoever reads it expects a number. */
static bool begins_like_number(const char *text)
{
    text += *text == '-' || *text == '+';
    text += *text == '.';
    return isdigit((unsigned char)*text) != 0;
}

static bool is_not_finite(const char *text)
{
    text += *text == '-' || *text == '+';
    return is_one_of(text, not_finite);
}

int yaml_read_type(enum yaml_type *type, double *number, const struct yaml *node, struct err *err)
{
    const char *text = node->text;

    *number = 0;
    *type = YAML_TEXT;
    if (node->kind != YAML_SCALAR)
        return yaml_refuse(node, err, "a %s where one value is expected",
                           node->kind == YAML_LIST ? "list" : "map");
    if (!node->plain)
        return 0;
    if (begins_like_number(text)) { /* as none of the words below does */
        *type = YAML_NUMBER;
        if (!number_read(number, text))
            return yaml_refuse(node, err, "'%s' is not a number (quote it if it is text)", text);
        if (!isfinite(*number))
            return yaml_refuse(node, err, "'%s' is too large for a number", text);
    } else if (is_one_of(text, nulls)) {
        *type = YAML_NULL;
    } else if (is_one_of(text, trues) || is_one_of(text, falses)) {
        *type = YAML_BOOL;
        *number = is_one_of(text, trues);
    } else if (is_not_finite(text)) {
        return yaml_refuse(node, err, "'%s' is not a finite number", text);
    }
    return 0;
}

static int refuse_type(const struct yaml *node, const char *expected, struct err *err)
{
    char subject[100] = "here must stand";

    if (node->key != NULL)
        snprintf(subject, sizeof subject, "'%.60s' must be", node->key);
    if (node->kind != YAML_SCALAR)
        return yaml_refuse(node, err, "%s %s, not a %s", subject, expected,
                           node->kind == YAML_LIST ? "list" : "map");
    if (*node->text == '\0' && node->plain)
        return yaml_refuse(node, err, "%s %s, not nothing", subject, expected);
    return yaml_refuse(node, err, "%s %s, not '%.60s'%s", subject, expected, node->text,
                       node->plain ? "" : " in quotes");
}

static int refuse_number(const struct yaml *node, double min, double max, struct err *err)
{
    char low[NUMBER_TEXT], high[NUMBER_TEXT], expected[100];

    if (isfinite(min) && isfinite(max))
        snprintf(expected, sizeof expected, "a number from %s to %s", number_text(low, min),
                 number_text(high, max));
    else if (isfinite(min))
        snprintf(expected, sizeof expected, "a number of at least %s", number_text(low, min));
    else
        snprintf(expected, sizeof expected, "a finite number");
    return refuse_type(node, expected, err);
}

int yaml_read_number(double *out, const struct yaml *node, double min, double max, struct err *err)
{
    if (node->kind != YAML_SCALAR || !node->plain || !begins_like_number(node->text) ||
        !number_read(out, node->text) || !isfinite(*out) || *out < min || *out > max)
        return refuse_number(node, min, max, err);
    *out += 0.0; /* -0 is 0 */
    return 0;
}

int yaml_read_integer(uint64_t *out, const struct yaml *node, uint64_t min, uint64_t max,
                      struct err *err)
{
    unsigned long long number = 0;
    char expected[100];

    if (node->kind == YAML_SCALAR && node->plain && integer_read(&number, node->text, max) &&
        number >= min) {
        *out = number;
        return 0;
    }
    snprintf(expected, sizeof expected, "a whole number from %llu to %llu", (unsigned long long)min,
             (unsigned long long)max);
    return refuse_type(node, expected, err);
}

int yaml_read_text(const char **out, const struct yaml *node, size_t max, struct err *err)
{
    *out = ""; /* never left unset, also where it is refused */
    if (node->kind != YAML_SCALAR || (node->plain && is_one_of(node->text, nulls)))
        return refuse_type(node, "text", err);
    if (*node->text == '\0')
        return yaml_refuse(node, err, "the text is empty");
    if (strlen(node->text) > max)
        return yaml_refuse(node, err, "the text is longer than %zu bytes", max);
    if (strpbrk(node->text, "\n\r\t") != NULL)
        return yaml_refuse(node, err, "line ends and tabs are not allowed here");
    *out = node->text;
    return 0;
}

/* --- durations and times ---------------------------------------------------------------------- */

static double unit_seconds(char unit)
{
    return unit == 'd' ? 86400 : unit == 'h' ? 3600 : unit == 'm' ? 60 : unit == 's' ? 1 : NAN;
}

/* Adds one "30m" of the text to *seconds; each unit must be smaller than `last`.  The number of
 * bytes that it took, 0 when it is none. */
static size_t read_part(double *seconds, double *last, const char *text)
{
    size_t digits = strspn(text, "0123456789.");
    char *number = mem_strndup(text, digits);
    double unit = unit_seconds(text[digits]), x = 0;
    bool good = digits > 0 && number_read(&x, number) && unit < *last;

    free(number);
    if (!good)
        return 0;
    *seconds += x * unit;
    *last = unit;
    return digits + 1;
}

static bool parts_read(double *seconds, const char *text)
{
    double last = INFINITY;
    size_t n = 1;

    *seconds = 0;
    for (; *text != '\0' && n > 0; text += n)
        n = read_part(seconds, &last, text);
    return n > 0;
}

int yaml_read_duration(double *seconds, const struct yaml *node, struct err *err)
{
    static const double year = 366.0 * 86400;
    const char *text = node->text;

    if (node->kind != YAML_SCALAR || *text == '\0')
        return refuse_type(node, "a duration such as 90s, 15m or 1h30m", err);
    bool good = strspn(text, "0123456789.") == strlen(text) ? number_read(seconds, text)
                                                            : parts_read(seconds, text);
    if (!good)
        return refuse_type(node, "a duration such as 90s, 15m or 1h30m", err);
    if (!(*seconds > 0) || *seconds > year)
        return yaml_refuse(node, err, "the duration '%s' is not between 0 and 366 days", text);
    return 0;
}

int yaml_read_time(const char **out, const struct yaml *node, struct err *err)
{
    const char *t = node->kind == YAML_SCALAR ? node->text : "";
    bool shape = strlen(t) == 5 && t[2] == ':' && strspn(t, "0123456789") == 2 &&
                 strspn(t + 3, "0123456789") == 2;

    if (!shape || atoi(t) > 23 || atoi(t + 3) > 59)
        return refuse_type(node, "a time of day such as \"07:30\"", err);
    *out = t;
    return 0;
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* What a unit is worth in bytes; 0 where it is none. */
static double unit_bytes(const char *unit)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"", 1},         {"B", 1},    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30},
                 {"TiB", 0x1p40}, {"kB", 1e3}, {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0)
            return units[i].bytes;
    return 0;
}

int yaml_read_size(double *bytes, const struct yaml *node, double min, double max, struct err *err)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "";
    size_t digits = strspn(text, "0123456789.");
    char *number = mem_strndup(text, digits);
    double unit = unit_bytes(text + digits + strspn(text + digits, " ")), x = 0;
    bool good = digits > 0 && number_read(&x, number) && unit > 0;

    free(number);
    if (!good)
        return refuse_type(node, "a size such as 512MiB or 1GiB", err);
    if (x * unit < min || x * unit > max)
        return yaml_refuse(node, err, "the size '%s' is not from %.0f to %.0f bytes", text, min,
                           max);
    *bytes = floor(x * unit);
    return 0;
}

/* --- lists ------------------------------------------------------------------------------------ */

int yaml_read_texts(char ***out, size_t *n, const struct yaml *node, size_t max, struct err *err)
{
    const char *text;

    if (node->kind != YAML_LIST)
        return refuse_type(node, "a list", err);
    *out = mem_new(node->n, sizeof **out);
    for (*n = 0; *n < node->n; (*n)++) {
        const struct yaml *item = node->items[*n];
        if (yaml_read_text(&text, item, max, err) != 0)
            return -1;
        for (size_t i = 0; i < *n; i++)
            if (strcmp((*out)[i], text) == 0)
                return yaml_refuse(item, err, "'%s' stands here twice", text);
        (*out)[*n] = mem_strdup(text);
    }
    return 0;
}
