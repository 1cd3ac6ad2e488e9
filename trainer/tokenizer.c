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
    uint32_t *slots; /* [slots_n] open addressing: id + 1 of a token by its bytes; 0 is free */
    size_t slots_n;  /* a power of two; 0 where pieces are never looked up whole */
};

/* The slot of these bytes, or the free one where they would stand. */
static size_t find_slot(const struct tokenizer *t, const unsigned char *bytes, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t slot;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    for (slot = (hash ^ hash >> 32) & (t->slots_n - 1); t->slots[slot] != 0;
         slot = (slot + 1) & (t->slots_n - 1)) {
        const struct token *token = &t->table.token[t->slots[slot] - 1];
        if (token->n == n && memcmp(token->bytes, bytes, n) == 0)
            break;
    }
    return slot;
}

static void index_tokens(struct tokenizer *t)
{
    t->slots_n = 16;
    while (t->slots_n < 2 * t->table.n)
        t->slots_n *= 2;
    t->slots = mem_new(t->slots_n, sizeof *t->slots);
    for (size_t id = 0; id < t->table.n; id++) {
        const struct token *token = &t->table.token[id];
        if (token->bytes != NULL && !token->special)
            t->slots[find_slot(t, token->bytes, token->n)] = (uint32_t)id + 1;
    }
}

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
    if (t->table.whole_first)
        index_tokens(t);
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
    struct token_table table = {.regex = mem_strdup(regex), .begin = -1};

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

int tokenizer_from_json(struct tokenizer **out, const json_t *root, const char *name,
                        struct err *err)
{
    struct token_table table = {0};
    int rc = 0;

    if (token_table_read(&table, root, err) != 0 || build(out, &table, err) != 0)
        rc = err_wrap(err, "%s", name);
    token_table_clear(&table);
    return rc;
}

int tokenizer_open(struct tokenizer **out, const char *dir, struct err *err)
{
    char *path = path_join(dir, "tokenizer.json");
    json_t *root;
    int rc = -1;

    if (json_read_file(&root, path, JSON_MAX, err) == 0)
        rc = tokenizer_from_json(out, root, path, err);
    json_decref(root);
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
    free(t->slots);
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

int64_t tokenizer_begin(const struct tokenizer *t)
{
    return t->table.begin;
}

void tokenizer_set_begin(struct tokenizer *t, int64_t id)
{
    t->table.begin = id;
}

const struct token_table *tokenizer_table(const struct tokenizer *t)
{
    return &t->table;
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
    size_t slot = t->slots_n > 0 ? find_slot(t, piece, n) : 0;

    if (t->slots_n > 0 && t->slots[slot] != 0)
        ids_add(out, t->slots[slot] - 1);
    else
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
    tokenizer_encode_piece(e->out, e->by, piece, n);
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
