/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "mem.h"
#include "tokenizer.h"
#include "tokenizer_json.h"

enum { BYTES = 256 };
#define JSON_MAX ((size_t)256 << 20)

struct tokenizer {
    struct token_table table;
    struct pretokenizer *pieces;
    struct bpe *bpe;
};

/* Takes the table over, also where it fails. */
static int build(struct tokenizer **out, struct token_table *table, struct err *err)
{
    struct tokenizer *t = mem_new(1, sizeof *t);

    t->table = *table;
    *table = (struct token_table){0};
    if (pretokenizer_new(&t->pieces, t->table.regex, err) != 0) {
        tokenizer_free(t);
        return -1;
    }
    t->bpe = bpe_new(t->table.byte_ids, t->table.merges, t->table.merges_n);
    *out = t;
    return 0;
}

static void add_merged(struct token_table *table, struct merge m)
{
    const struct token *left = &table->token[m.left], *right = &table->token[m.right];
    unsigned char *joined = mem_new(left->n + right->n, 1);

    memcpy(joined, left->bytes, left->n);
    memcpy(joined + left->n, right->bytes, right->n);
    token_table_set(table, m.merged, joined, left->n + right->n);
    free(joined);
}

int tokenizer_new(struct tokenizer **out, const char *regex, const struct merge *merges, size_t n,
                  struct err *err)
{
    struct token_table table = {.regex = mem_strdup(regex)};

    for (uint32_t byte = 0; byte < BYTES; byte++) {
        table.byte_ids[byte] = byte;
        token_table_set(&table, byte, &(unsigned char){(unsigned char)byte}, 1);
    }
    table.merges = mem_new(n, sizeof *merges);
    table.merges_n = n;
    for (size_t rank = 0; rank < n; rank++) {
        table.merges[rank] = merges[rank];
        add_merged(&table, merges[rank]);
    }
    table.endoftext = (int64_t)(BYTES + n);
    token_table_set(&table, (uint32_t)table.endoftext, ENDOFTEXT, strlen(ENDOFTEXT));
    table.token[table.endoftext].special = true;
    return build(out, &table, err);
}

int tokenizer_open(struct tokenizer **out, const char *dir, struct err *err)
{
    struct token_table table = {0};
    char *path = path_join(dir, "tokenizer.json"), *text = NULL;
    json_t *root = NULL;
    size_t n;
    int rc = -1;

    if (file_read(&text, &n, path, JSON_MAX, err) != 0 || json_read(&root, text, n, path, err) != 0)
        goto out;
    if (token_table_read(&table, root, err) != 0 || build(out, &table, err) != 0) {
        err_wrap(err, "%s", path);
        goto out;
    }
    rc = 0;
out:
    token_table_clear(&table);
    json_decref(root);
    free(text);
    free(path);
    return rc;
}

void tokenizer_free(struct tokenizer *t)
{
    if (t == NULL)
        return;
    token_table_clear(&t->table);
    pretokenizer_free(t->pieces);
    bpe_free(t->bpe);
    free(t);
}

uint32_t tokenizer_vocab(const struct tokenizer *t)
{
    return (uint32_t)t->table.n;
}

int64_t tokenizer_endoftext(const struct tokenizer *t)
{
    return t->table.endoftext;
}

const char *tokenizer_regex(const struct tokenizer *t)
{
    return t->table.regex;
}

struct pretokenizer *tokenizer_pieces(struct tokenizer *t)
{
    return t->pieces;
}

void tokenizer_encode_piece(struct ids *out, struct tokenizer *t, const unsigned char *piece,
                            size_t n)
{
    bpe_encode(out, t->bpe, piece, n);
}

struct encoding {
    struct ids *out;
    struct tokenizer *by;
};

static int encode_piece(void *context, const unsigned char *piece, size_t n, struct err *err)
{
    const struct encoding *e = context;

    (void)err;
    bpe_encode(e->out, e->by->bpe, piece, n);
    return 0;
}

int tokenizer_encode(struct ids *out, struct tokenizer *t, const void *bytes, size_t n,
                     struct err *err)
{
    struct encoding e = {out, t};
    struct piece_stream s = {.by = t->pieces, .piece = encode_piece, .context = &e};
    int rc = piece_stream_add(&s, bytes, n, err);

    if (rc == 0)
        rc = piece_stream_end(&s, err);
    piece_stream_clear(&s);
    return rc;
}

const unsigned char *tokenizer_decode(size_t *n, const struct tokenizer *t, uint32_t id)
{
    *n = 0;
    if (id >= t->table.n || t->table.token[id].bytes == NULL)
        return NULL;
    *n = t->table.token[id].n;
    return t->table.token[id].bytes;
}

void tokenizer_write(struct str *out, const struct tokenizer *t)
{
    token_table_write(out, &t->table);
}
