/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of tokens: meta.json, and train.bin, which is val.bin too. */
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "target.h"

extern const struct target target_tokens;

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
    }
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

static void read(const uint8_t *bytes, size_t len)
{
    char *file = target_path("train.bin");

    target_put_two("meta.json", "train.bin", bytes, len);
    target_put("val.bin", bytes, len & ~(size_t)1);
    open_one(data_open, target_folder(), 0);
    open_one(data_open, target_folder(), 70000);
    open_one(data_open, file, 300);
    open_one(data_open_file, file, 256);
    free(file);
}

const struct target target_tokens = {
    .name = "tokens",
    .summary = "token files and meta.json",
    .read = read,
};
