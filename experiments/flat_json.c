/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "flat_json.h"

void flat_json_init(struct flat_json *out, const char *text)
{
    *out = (struct flat_json){.at = text};
}

/* Takes `c` if it stands there. */
static bool take(struct flat_json *json, char c)
{
    if (*json->at != c)
        return false;
    json->at++;
    return true;
}

/* What stands up to `end`, into out[size]; false where it does not fit, or there is no end. */
static bool copy(char *out, size_t size, struct flat_json *json, const char *end)
{
    size_t len = (size_t)(end - json->at);

    if (len >= size)
        return false;
    memcpy(out, json->at, len);
    out[len] = '\0';
    json->at = end;
    return true;
}

static bool read_quoted(char *out, size_t size, struct flat_json *json)
{
    if (!take(json, '"'))
        return false;
    const char *end = json->at;
    while (*end >= ' ' && *end <= '~' && *end != '"' && *end != '\\')
        end++;
    return *end == '"' && copy(out, size, json, end) && take(json, '"');
}

/* true, false, or characters that numbers are made of: whoever reads the value judges them. */
static bool read_plain(char *out, size_t size, struct flat_json *json)
{
    const char *end = json->at + strspn(json->at, "+-.0123456789eE");

    for (const char *const *word = (const char *const[]){"true", "false", NULL};
         end == json->at && *word != NULL; word++)
        if (strncmp(json->at, *word, strlen(*word)) == 0)
            end += strlen(*word);
    return end > json->at && copy(out, size, json, end);
}

int flat_json_next(struct flat_json *json)
{
    bool first = !json->begun;

    if (first && !take(json, '{'))
        return -1;
    json->begun = true;
    if (take(json, '}'))
        return *json->at == '\0' ? 0 : -1;
    if ((!first && !take(json, ',')) || !read_quoted(json->key, sizeof json->key, json) ||
        !take(json, ':'))
        return -1;
    json->plain = *json->at != '"';
    if (!(json->plain ? read_plain(json->text, sizeof json->text, json)
                      : read_quoted(json->text, sizeof json->text, json)))
        return -1;
    return *json->at == ',' || *json->at == '}' ? 1 : -1;
}
