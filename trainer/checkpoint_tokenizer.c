/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "checkpoint.h"
#include "checkpoint_tokenizer.h"
#include "file.h"
#include "json.h"
#include "mem.h"

static bool holds_tokenizer(const char *dir)
{
    char *path = path_join(dir, "tokenizer.json");
    bool there = file_is_regular(path);

    free(path);
    return there;
}

/* The data folder that the model was trained on, where it still has a tokenizer; the caller frees.
 */
static char *data_folder(const char *dir)
{
    json_t *about = checkpoint_read_about(dir);
    const char *data = json_string_value(json_object_get(json_object_get(about, "config"), "data"));
    char *out = data != NULL && holds_tokenizer(data) ? mem_strdup(data) : NULL;

    json_decref(about);
    return out;
}

static char *folder_of(const char *dir, const char *given)
{
    if (given != NULL)
        return mem_strdup(given);
    return holds_tokenizer(dir) ? mem_strdup(dir) : data_folder(dir);
}

static int open_fitting(struct tokenizer **out, size_t vocab, const char *folder, struct err *err)
{
    if (!holds_tokenizer(folder))
        return err_usage(err, "%s holds no tokenizer.json", folder);
    if (tokenizer_open(out, folder, err) != 0)
        return -1;
    if (tokenizer_vocab(*out) <= vocab)
        return 0;
    err_usage(err, "%s: %u tokens are more than the model's %zu", folder, tokenizer_vocab(*out),
              vocab);
    tokenizer_free(*out);
    *out = NULL;
    return -1;
}

int checkpoint_tokenizer(struct tokenizer **out, size_t vocab, const char *dir, const char *given,
                         struct err *err)
{
    char *folder = folder_of(dir, given);
    int rc;

    *out = NULL;
    if (folder == NULL)
        return err_usage(err, "%s: no tokenizer beside the model or its data: give --tokenizer DIR",
                         dir);
    rc = open_fitting(out, vocab, folder, err);
    free(folder);
    return rc;
}
