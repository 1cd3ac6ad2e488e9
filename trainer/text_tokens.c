/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "file.h"
#include "mem.h"
#include "text_tokens.h"

#define TEXT_MOST ((size_t)1 << 30) /* bytes; the tokens take up to four times as many */
#define WIDTH     4                 /* bytes of a token */

static uint8_t *little_endian(const struct ids *ids)
{
    uint8_t *bytes = mem_new(ids->n, WIDTH), *p = bytes;

    for (size_t i = 0; i < ids->n; i++)
        for (int k = 0; k < WIDTH; k++)
            *p++ = (uint8_t)(ids->at[i] >> 8 * k);
    return bytes;
}

int text_tokens(struct tokens *out, struct tokenizer *tokenizer, const char *path, struct err *err)
{
    struct ids ids = {0};
    char *text = NULL;
    size_t len;
    int rc = -1;

    if (!file_exists(path))
        return err_usage(err, "%s: no such text", path);
    if (file_read(&text, &len, path, TEXT_MOST, err) != 0)
        return -1;
    if (tokenizer_endoftext(tokenizer) >= 0)
        ids_add(&ids, (uint32_t)tokenizer_endoftext(tokenizer));
    rc = tokenizer_encode(&ids, tokenizer, text, len, err);
    if (rc == 0)
        *out = (struct tokens){.at = little_endian(&ids), .n = ids.n, .width = WIDTH};
    ids_clear(&ids);
    free(text);
    return rc;
}

size_t text_target_bytes(const struct evaluation *e, const struct tokenizer *tokenizer)
{
    size_t sum = 0, n;

    for (size_t w = 0; w < e->n_windows; w++)
        for (size_t i = 1; i <= e->window; i++) {
            tokenizer_decode(&n, tokenizer, token_at(e->tokens, e->windows[w] + i));
            sum += n;
        }
    return sum;
}
