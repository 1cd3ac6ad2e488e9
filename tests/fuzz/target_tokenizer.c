/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer.json, and a text through what it gives. */
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "tokenizer.h"

extern const struct target target_tokenizer;

static void read(const uint8_t *bytes, size_t len)
{
    static const char text[] = "night\377 shift, 1795 times";
    struct tokenizer *tokenizer = NULL;
    struct ids ids = {0};
    struct err err = {0};

    target_put("tokenizer.json", bytes, len);
    if (tokenizer_open(&tokenizer, target_folder(), &err) != 0 ||
        tokenizer_encode(&ids, tokenizer, text, sizeof text - 1, &err) != 0)
        target_check_refusal(&err);
    ids_clear(&ids);
    tokenizer_free(tokenizer);
}

static uint8_t *seed(size_t *len)
{
    const struct merge merges[] = {{'n', 'i', 256}, {'g', 'h', 257}, {256, 257, 258}};
    struct tokenizer *tokenizer;
    struct str text = {0};
    struct err err = {0};

    if (tokenizer_new(&tokenizer, split_pattern_find("gpt2"), merges, 3, &err) != 0)
        abort();
    tokenizer_write(&text, tokenizer);
    tokenizer_free(tokenizer);
    *len = text.len;
    return (uint8_t *)str_take(&text);
}

const struct target target_tokenizer = {
    .name = "tokenizer",
    .summary = "tokenizer.json",
    .read = read,
    .seed = seed,
};
