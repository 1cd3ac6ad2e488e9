/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A folder of tokens: meta.json, which is not there where it is empty, and train.bin, which is
 * val.bin too; by the kind of the first part train.bin is missing, or a folder.
 */
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "file.h"
#include "mem.h"
#include "target.h"

extern const struct target target_tokens;

enum { TRAIN, NO_TRAIN, TRAIN_FOLDER, LARGEST = 4096 };

/* Rows of a compact vocabulary in place of ids. */
static void use_rows(const struct tokens *tokens, size_t vocab)
{
    struct compact compact;
    struct tokens rows = *tokens;
    uint32_t first;

    compact_from_tokens(&compact, tokens, vocab);
    rows.compact = &compact;
    for (size_t i = 0; i < tokens->n; i++) {
        tokens_copy(&first, &rows, i, 1);
        if (first >= compact.used)
            abort();
    }
    compact_clear(&compact);
}

static void use_draws(const struct tokens *tokens)
{
    size_t starts[8];

    data_draw(starts, 8, tokens, 1, 1, 7);
    for (int i = 0; i < 8; i++)
        if (starts[i] + 1 >= tokens->n)
            abort();
}

static void use(const struct data *data)
{
    uint32_t copy[4];

    for (int s = 0; s < SPLITS; s++) {
        const struct tokens *tokens = &data->split[s];
        for (size_t i = 0; i < tokens->n; i++)
            if (token_at(tokens, i) >= data->vocab)
                abort();
        if (tokens->n >= 4)
            tokens_copy(copy, tokens, tokens->n - 4, 4);
        if (tokens->n > 1)
            use_draws(tokens);
    }
    if (data->vocab < LARGEST)
        use_rows(&data->split[SPLIT_TRAIN], data->vocab);
}

static void open_one(int (*open)(struct data *, const char *, size_t, struct err *),
                     const char *path, size_t vocab)
{
    struct data data;
    struct err err = {0};

    if (open(&data, path, vocab, &err) == 0)
        use(&data);
    else
        target_check_refusal(&err);
    data_close(&data);
}

static void put(const char *dir, const char *name, const uint8_t *bytes, size_t n)
{
    char *path = path_join(dir, name);

    target_put(path, bytes, n);
    free(path);
}

/* meta.json, train.bin and val.bin, but for what the kind leaves out. */
static void put_all(const char *folder, unsigned kind, const struct part *meta,
                    const uint8_t *tokens, size_t n)
{
    char *description = path_join(folder, "meta.json"), *path = target_path(folder);
    char *train = path_join(path, "train.bin");
    struct err err = {0};

    if (meta->n > 0)
        target_put(description, meta->at, meta->n);
    else
        target_remove(description);
    if (kind == TRAIN)
        put(folder, "train.bin", tokens, n);
    else if (kind == TRAIN_FOLDER && file_mkdirs(train, &err) != 0)
        abort();
    put(folder, "val.bin", tokens, n & ~(size_t)3);
    free(train);
    free(path);
    free(description);
}

static void read(const uint8_t *bytes, size_t len)
{
    struct part meta = target_part(&bytes, &len);
    unsigned kind = meta.kind > TRAIN_FOLDER ? TRAIN : meta.kind;
    char *folder = target_kind_folder(kind);

    put_all(folder, kind, &meta, bytes, len);
    char *dir = target_path(folder), *file = path_join(dir, "train.bin");
    open_one(data_open, dir, 0);
    open_one(data_open, dir, 70000);
    open_one(data_open, file, kind == TRAIN ? 300 : 0);
    open_one(data_open_file, file, 256);
    free(file);
    free(dir);
    free(folder);
}

const struct target target_tokens = {
    .name = "tokens",
    .summary = "token files and meta.json",
    .read = read,
};
