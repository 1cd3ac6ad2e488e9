/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer.json, and a text through what it gives. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "str.h"
#include "target.h"
#include "tokenizer.h"

extern const struct target target_tokenizer;

/* What is encoded decodes to the same bytes. */
static void check_text(struct tokenizer *tokenizer)
{
    static const char text[] = "night\377 shift, 1795 times";
    struct ids ids = {0};
    struct str back = {0};
    struct err err = {0};
    size_t n;

    if (tokenizer_encode(&ids, tokenizer, text, sizeof text - 1, &err) != 0) {
        target_check_refusal(&err);
    } else {
        for (size_t i = 0; i < ids.n; i++) {
            const unsigned char *bytes = tokenizer_decode(&n, tokenizer, ids.at[i]);
            if (bytes == NULL)
                abort();
            str_addn(&back, (const char *)bytes, n);
        }
        if (back.len != sizeof text - 1 || memcmp(back.at, text, back.len) != 0)
            abort();
    }
    if (tokenizer_decode(&n, tokenizer, tokenizer_vocab(tokenizer)) != NULL)
        abort();
    str_clear(&back);
    ids_clear(&ids);
}

/* What is written is written in the same bytes again, once it was read; where a word is both a
 * special token and an ordinary one it is refused. */
static void check_written(const struct tokenizer *tokenizer)
{
    struct tokenizer *again = NULL;
    struct str text = {0}, second = {0};
    struct err err = {0};
    json_t *root = NULL;

    tokenizer_write(&text, tokenizer);
    if (json_read(&root, text.at, text.len, "again", &err) == 0 &&
        tokenizer_from_json(&again, root, "again", &err) == 0) {
        tokenizer_write(&second, again);
        if (strcmp(text.at, second.at) != 0)
            abort();
    } else {
        target_check_refusal(&err);
    }
    json_decref(root);
    str_clear(&second);
    str_clear(&text);
    tokenizer_free(again);
}

static void read(const uint8_t *bytes, size_t len)
{
    struct tokenizer *tokenizer = NULL;
    struct err err = {0};

    target_put("tokenizer.json", bytes, len);
    if (tokenizer_open(&tokenizer, target_folder(), &err) == 0) {
        check_text(tokenizer);
        check_written(tokenizer);
    } else {
        target_check_refusal(&err);
    }
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
