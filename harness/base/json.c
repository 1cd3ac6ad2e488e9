/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "mem.h"

static void write_escaped(struct str *out, unsigned char c)
{
    if (c == '"' || c == '\\')
        str_addn(out, (const char[]){'\\', (char)c}, 2);
    else if (c == '\n')
        str_add(out, "\\n");
    else if (c == '\t')
        str_add(out, "\\t");
    else
        str_addf(out, "\\u%04x", c);
}

static bool is_escaped(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

/* Bytes up to the first that must be escaped, or the end. */
static size_t plain_bytes(const char *text)
{
    size_t n = 0;

    while (!is_escaped((unsigned char)text[n]))
        n++;
    return n;
}

/* Each byte of eight: is one of them `c`, or below 0x20?  (Warren, Hacker's Delight, 6-1.) */
static bool has_byte(uint64_t eight, unsigned char c)
{
    const uint64_t ones = 0x0101010101010101u, differ = eight ^ ones * c;

    return ((differ - ones) & ~differ & ones << 7) != 0;
}

static bool has_control(uint64_t eight)
{
    const uint64_t ones = 0x0101010101010101u;

    return ((eight - ones * 0x20) & ~eight & ones << 7) != 0;
}

/* Whether nothing in the text, which has *length bytes, must be escaped. */
static bool is_plain(size_t *length, const char *text)
{
    size_t len = strlen(text), i = 0;
    uint64_t eight;

    *length = len;
    for (; i + sizeof eight <= len; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        if (has_control(eight) || has_byte(eight, '"') || has_byte(eight, '\\') ||
            has_byte(eight, 0x7f))
            return false;
    }
    while (i < len && !is_escaped((unsigned char)text[i]))
        i++;
    return i == len;
}

void json_write_string(struct str *out, const char *text)
{
    size_t len, plain;

    if (is_plain(&len, text)) { /* as nearly all are */
        char *room = str_room(out, len + 2);
        room[0] = room[len + 1] = '"';
        memcpy(room + 1, text, len);
        return;
    }
    str_addn(out, "\"", 1);
    while (*text != '\0') {
        plain = plain_bytes(text);
        str_addn(out, text, plain);
        text += plain;
        if (*text != '\0')
            write_escaped(out, (unsigned char)*text++);
    }
    str_addn(out, "\"", 1);
}

void json_write_key(struct str *out, const char *name, bool first)
{
    size_t len;

    if (!is_plain(&len, name)) {
        str_addn(out, ",", !first);
        json_write_string(out, name);
        str_addn(out, ":", 1);
        return;
    }
    char *room = str_room(out, len + 3 + !first);
    if (!first)
        *room++ = ',';
    *room = '"';
    memcpy(room + 1, name, len);
    room[len + 1] = '"';
    room[len + 2] = ':';
}

struct member {
    const char *name;
    const json_t *value;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void write_object(struct str *out, const json_t *object)
{
    size_t n = 0;
    struct member *members = mem_new(json_object_size(object), sizeof *members);

    for (void *it = json_object_iter((json_t *)(uintptr_t)object); it != NULL;
         it = json_object_iter_next((json_t *)(uintptr_t)object, it))
        members[n++] = (struct member){json_object_iter_key(it), json_object_iter_value(it)};
    qsort(members, n, sizeof *members, by_name);
    str_addn(out, "{", 1);
    for (size_t i = 0; i < n; i++) {
        json_write_key(out, members[i].name, i == 0);
        json_write(out, members[i].value);
    }
    str_addn(out, "}", 1);
    free(members);
}

static void write_array(struct str *out, const json_t *array)
{
    str_add(out, "[");
    for (size_t i = 0; i < json_array_size(array); i++) {
        str_add(out, i > 0 ? "," : "");
        json_write(out, json_array_get(array, i));
    }
    str_add(out, "]");
}

/* By hand: printf takes ten times as long, and a log of decisions has a dozen in each line. */
void json_write_integer(struct str *out, long long n)
{
    unsigned long long size = n < 0 ? -(unsigned long long)n : (unsigned long long)n;
    char text[24], *at = text + sizeof text;

    do
        *--at = (char)('0' + size % 10);
    while ((size /= 10) > 0);
    if (n < 0)
        *--at = '-';
    str_addn(out, at, (size_t)(text + sizeof text - at));
}

void json_write_number(struct str *out, double x)
{
    char number[NUMBER_TEXT];

    str_add(out, isfinite(x) ? number_text(number, x) : "null");
}

void json_write_bool(struct str *out, bool yes)
{
    str_add(out, yes ? "true" : "false");
}

void json_write(struct str *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(out, value);
        break;
    case JSON_ARRAY:
        write_array(out, value);
        break;
    case JSON_STRING:
        json_write_string(out, json_string_value(value));
        break;
    case JSON_INTEGER:
        json_write_integer(out, json_integer_value(value));
        break;
    case JSON_REAL:
        json_write_number(out, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_write_bool(out, json_is_true(value));
        break;
    case JSON_NULL:
        str_add(out, "null");
        break;
    }
}

json_t *json_number_or_null(double x)
{
    if (!isfinite(x))
        return json_null();
    if (x == rint(x) && fabs(x) < 1e15 && !(x == 0 && signbit(x)))
        return json_integer((json_int_t)x);
    return json_real(x);
}

int json_read(json_t **out, const char *text, size_t len, const char *name, struct err *err)
{
    json_error_t where;

    *out = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (*out == NULL)
        return err_usage(err, "%s:%d:%d: %s", name, where.line, where.column, where.text);
    return 0;
}

int json_read_file(json_t **out, const char *path, size_t max, struct err *err)
{
    char *text = NULL;
    size_t len = 0;

    *out = NULL;
    if (file_read(&text, &len, path, max, err) != 0)
        return -1;
    int rc = json_read(out, text, len, path, err);
    free(text);
    return rc;
}
