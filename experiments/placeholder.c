/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <string.h>

#include "placeholder.h"

static const char *const words[] = {
    [PLACEHOLDER_CONFIG] = "config",
    [PLACEHOLDER_SEED] = "seed",
    [PLACEHOLDER_DIR] = "dir",
    [PLACEHOLDER_STEPS] = "steps",
    [PLACEHOLDER_STUDY_DIR] = "study_dir",
    [PLACEHOLDER_ARGS] = "args",
};

static bool is_name_char(char c)
{
    return isascii(c) && (isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-');
}

size_t name_length(const char *text)
{
    size_t n = 0;

    if (!is_name_char(*text) || isdigit((unsigned char)*text) || *text == '.' || *text == '-')
        return 0;
    while (is_name_char(text[n]))
        n++;
    return n;
}

const char *placeholder_find(size_t *len, const char *text)
{
    for (; (text = strchr(text, '{')) != NULL; text++) {
        size_t n = name_length(text + 1);
        if (n > 0 && text[n + 1] == '}') {
            *len = n + 2;
            return text;
        }
    }
    return NULL;
}

enum placeholder placeholder_kind(const char *word, size_t len)
{
    for (int kind = 0; kind < PLACEHOLDER_PARAMETER; kind++)
        if (strlen(words[kind]) == len && memcmp(words[kind], word, len) == 0)
            return (enum placeholder)kind;
    return PLACEHOLDER_PARAMETER;
}
