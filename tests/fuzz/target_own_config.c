/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's own config.  Every value that may be replaced is, and reads back as what was put. */
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "target.h"

extern const struct target target_own_config;

static const struct value new_values[] = {
    {VALUE_NUMBER, 0.25, NULL},    {VALUE_NUMBER, 3e-05, NULL}, {VALUE_BOOL, 1, NULL},
    {VALUE_TEXT, 0, "it's \"x\""}, {VALUE_TEXT, 0, "on"},       {VALUE_TEXT, 0, "adam-w"},
};
enum { N_VALUES = sizeof new_values / sizeof *new_values };

static const struct value *new_value(size_t i)
{
    return &new_values[i % N_VALUES];
}

/* Each is found by its path, unless another has the same; a key alone may mean several. */
static void find_all(const struct config_file *file)
{
    for (size_t i = 0; i < file->n; i++) {
        struct config_entry *found;
        struct err err = {0};
        if (config_file_find(&found, file, file->entries[i].path, &err) != 0)
            target_check_refusal(&err);
        else if (found == NULL || strcmp(found->path, file->entries[i].path) != 0)
            abort();
        if (config_file_find(&found, file, file->entries[i].key, &err) != 0)
            target_check_refusal(&err);
    }
}

static void set_all(struct config_file *file)
{
    struct err err = {0};

    for (size_t i = 0; i < file->n; i++) {
        if (config_file_set(file, &file->entries[i], new_value(i), &err) != 0)
            target_check_refusal(&err);
        else if (file->entries[i].cannot != NULL)
            abort();
    }
}

/* What was written has the same entries, and those that were set have their values. */
static void check_again(const struct config_file *before, const char *path)
{
    struct config_file after;
    struct err err = {0};

    if (config_file_read(&after, path, &err) != 0 || after.n != before->n)
        abort();
    for (size_t i = 0; i < after.n; i++) {
        if (strcmp(after.entries[i].path, before->entries[i].path) != 0)
            abort();
        if (before->entries[i].new_text == NULL)
            continue;
        if (config_file_set(&after, &after.entries[i], new_value(i), &err) != 0 ||
            after.entries[i].new_text != NULL)
            abort();
    }
    config_file_clear(&after);
}

static void read(const uint8_t *bytes, size_t len)
{
    struct config_file file;
    struct str text = {0};
    struct err err = {0};

    target_put("own.yaml", bytes, len);
    char *path = target_path("own.yaml");
    if (config_file_read(&file, path, &err) != 0) {
        target_check_refusal(&err);
    } else {
        find_all(&file);
        set_all(&file);
        config_file_write(&text, &file);
        target_put("own.yaml", str_text(&text), text.len);
        if (config_file_check(&file, &text, &err) == 0)
            check_again(&file, path);
        else
            target_check_refusal(&err);
        str_clear(&text);
        config_file_clear(&file);
    }
    free(path);
}

const struct target target_own_config = {
    .name = "own_config",
    .summary = "a user's YAML or JSON file into which a config is written",
    .read = read,
};
