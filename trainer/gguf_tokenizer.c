/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is read becomes the same JSON that tokenizer.json is, and goes the same way: one reader
 * decides what is supported.
 */
#include <stdlib.h>
#include <string.h>

#include "gguf_tokenizer.h"
#include "json.h"
#include "mem.h"
#include "pretokenize.h"
#include "tokenizer_json.h"

#define PREFIX "tokenizer.ggml."

/* The kinds of token_type. */
enum { NORMAL = 1, UNKNOWN, CONTROL, USER, UNUSED, BYTE };

/* tokenizer.ggml.pre: a name, our name of its expression, and whether whole pieces come first. */
struct pre {
    const char *name, *pattern;
    bool ignore_merges;
};

static const struct pre pres[] = {
    {"llama-bpe", "cl100k", true}, {"gpt-2", "gpt2", false},     {"qwen2", "qwen2", false},
    {"smollm", "smollm", false},   {"llama-v3", "cl100k", true}, {"llama3", "cl100k", true},
};
#define PRES (sizeof pres / sizeof *pres)

static const struct pre *pre_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < PRES; i++)
        if (strcmp(pres[i].name, name) == 0)
            return &pres[i];
    return NULL;
}

/* --- reading -----------------------------------------------------------------------------------
 */

struct reading {
    const struct gguf *g;
    int32_t *types; /* [n_types] of the tokens; all are normal where there are none */
    size_t n_types;
    json_t *vocab, *added, *merges;
};

static const char *path_of(const struct gguf *g)
{
    return g->storage->files[g->file].path;
}

static int add_token(void *context, size_t i, const char *bytes, size_t n, struct err *err)
{
    struct reading *r = context;
    int32_t type = i < r->n_types ? r->types[i] : NORMAL;
    json_t *text = json_stringn(bytes, n);

    if (type == UNUSED) {
        json_decref(text);
        return 0;
    }
    if (text == NULL || memchr(bytes, '\0', n) != NULL || n == 0) {
        json_decref(text);
        return err_usage(err, "%s: token %zu is no text", path_of(r->g), i);
    }
    if (type == CONTROL || type == USER || type == UNKNOWN) {
        json_array_append_new(r->added,
                              json_pack("{s:o, s:I}", "content", text, "id", (json_int_t)i));
        return 0;
    }
    if (json_object_get(r->vocab, json_string_value(text)) != NULL) {
        json_decref(text);
        return err_usage(err, "%s: token %zu stands twice", path_of(r->g), i);
    }
    json_object_set_new_nocheck(r->vocab, json_string_value(text), json_integer((json_int_t)i));
    json_decref(text);
    return 0;
}

static int add_merge(void *context, size_t i, const char *bytes, size_t n, struct err *err)
{
    struct reading *r = context;
    json_t *text = json_stringn(bytes, n);

    if (text == NULL || memchr(bytes, '\0', n) != NULL) {
        json_decref(text);
        return err_usage(err, "%s: merge %zu is no text", path_of(r->g), i);
    }
    json_array_append_new(r->merges, text);
    return 0;
}

static int read_lists(struct reading *r, struct err *err)
{
    const struct gguf_value *tokens = gguf_find(r->g, PREFIX "tokens");

    if (gguf_integers(&r->types, &r->n_types, r->g, PREFIX "token_type", err) != 0)
        return -1;
    if (tokens != NULL && r->n_types > 0 && r->n_types != tokens->count)
        return err_usage(err, "%s: %llu tokens have %zu types", path_of(r->g),
                         (unsigned long long)tokens->count, r->n_types);
    if (tokens != NULL && tokens->count > TOKENIZER_VOCAB_MAX)
        return err_usage(err, "%s: %llu tokens are more than %d", path_of(r->g),
                         (unsigned long long)tokens->count, TOKENIZER_VOCAB_MAX);
    if (gguf_texts(r->g, PREFIX "tokens", add_token, r, err) != 0)
        return -1;
    return gguf_texts(r->g, PREFIX "merges", add_merge, r, err);
}

/* How text is cut: as our own files say, or as the name says. */
static int read_cut(char **regex, bool *ignore_merges, const struct gguf *g, struct err *err)
{
    char *name = NULL;
    const struct pre *pre;
    int rc = -1;

    *regex = NULL;
    if (gguf_text(&name, g, PREFIX "pre", err) != 0 ||
        gguf_text(regex, g, "tokenizer.nightshift.pattern", err) != 0)
        goto out;
    pre = pre_find(name);
    if (*regex == NULL && pre == NULL) {
        err_usage(err, "%s: how '%s' cuts text (" PREFIX "pre) is not known", path_of(g),
                  name != NULL ? name : "");
        goto out;
    }
    if (*regex == NULL) {
        *regex = mem_strdup(split_pattern_find(pre->pattern));
        *ignore_merges = pre->ignore_merges;
    }
    rc = gguf_bool(ignore_merges, g, "tokenizer.nightshift.ignore_merges", err);
out:
    free(name);
    return rc;
}

static json_t *pre_tokenizer_of(const char *regex)
{
    return json_pack("{s:s, s:[{s:s, s:{s:s}, s:s}, {s:s, s:b}]}", "type", "Sequence",
                     "pretokenizers", "type", "Split", "pattern", "Regex", regex, "behavior",
                     "Isolated", "type", "ByteLevel", "use_regex", 0);
}

/* The mark that is put in front of a text. */
static int read_begin(struct tokenizer *t, const struct gguf *g, struct err *err)
{
    uint64_t begin = UINT64_MAX;
    bool add = false;

    if (gguf_whole(&begin, g, PREFIX "bos_token_id", err) != 0 ||
        gguf_bool(&add, g, PREFIX "add_bos_token", err) != 0)
        return -1;
    if (add && begin < tokenizer_vocab(t))
        tokenizer_set_begin(t, (int64_t)begin);
    return 0;
}

static int build(struct tokenizer **out, struct reading *r, struct err *err)
{
    bool ignore_merges = false;
    char *regex;
    json_t *root;
    int rc = -1;

    if (read_cut(&regex, &ignore_merges, r->g, err) != 0 || read_lists(r, err) != 0) {
        free(regex);
        return -1;
    }
    root = json_pack("{s:O, s:o, s:{s:s, s:b, s:O, s:O}}", "added_tokens", r->added,
                     "pre_tokenizer", pre_tokenizer_of(regex), "model", "type", "BPE",
                     "ignore_merges", ignore_merges, "vocab", r->vocab, "merges", r->merges);
    if (root == NULL)
        err_usage(err, "%s: its tokenizer is no text", path_of(r->g));
    else
        rc = tokenizer_from_json(out, root, path_of(r->g), err);
    if (rc == 0)
        rc = read_begin(*out, r->g, err);
    json_decref(root);
    free(regex);
    return rc;
}

int gguf_tokenizer_read(struct tokenizer **out, const struct gguf *g, struct err *err)
{
    struct reading r = {
        .g = g, .vocab = json_object(), .added = json_array(), .merges = json_array()};
    char *kind = NULL;
    int rc;

    *out = NULL;
    rc = gguf_text(&kind, g, PREFIX "model", err);
    if (rc == 0 && (kind == NULL || strcmp(kind, "gpt2") != 0))
        rc = err_usage(err, "%s: its tokenizer is '%s', and not byte-level BPE ('gpt2')",
                       path_of(g), kind != NULL ? kind : "none");
    if (rc == 0)
        rc = build(out, &r, err);
    if (rc != 0) {
        tokenizer_free(*out);
        *out = NULL;
    }
    free(kind);
    free(r.types);
    json_decref(r.vocab);
    json_decref(r.added);
    json_decref(r.merges);
    return rc;
}

/* --- writing -----------------------------------------------------------------------------------
 */

const char *gguf_tokenizer_pre(const struct tokenizer *t)
{
    for (size_t i = 0; i < PRES; i++)
        if (strcmp(split_pattern_find(pres[i].pattern), tokenizer_regex(t)) == 0)
            return pres[i].name;
    return NULL;
}

static void add_spelling(struct gguf_out *g, const struct token_table *table, size_t id)
{
    struct str text = {0};

    if (id >= table->n || table->token[id].bytes == NULL)
        str_addf(&text, "[UNUSED%zu]", id);
    else if (table->token[id].special)
        str_addn(&text, (const char *)table->token[id].bytes, table->token[id].n);
    else
        token_add_spelling(&text, &table->token[id]);
    gguf_put_text(g, text.at, text.len);
    str_clear(&text);
}

static uint32_t type_of(const struct token_table *table, size_t id)
{
    if (id >= table->n || table->token[id].bytes == NULL)
        return UNUSED;
    return table->token[id].special ? CONTROL : NORMAL;
}

static void add_merges(struct gguf_out *g, const struct token_table *table)
{
    gguf_begin_array(g, PREFIX "merges", GGUF_TEXT, table->merges_n);
    for (size_t rank = 0; rank < table->merges_n; rank++) {
        struct str text = {0};
        token_add_spelling(&text, &table->token[table->merges[rank].left]);
        str_add(&text, " ");
        token_add_spelling(&text, &table->token[table->merges[rank].right]);
        gguf_put_text(g, text.at, text.len);
        str_clear(&text);
    }
}

static void add_marks(struct gguf_out *g, const struct tokenizer *t)
{
    int64_t begin = tokenizer_begin(t), end = tokenizer_endoftext(t);

    if (begin >= 0)
        gguf_add_u32(g, PREFIX "bos_token_id", (uint32_t)begin);
    if (end >= 0)
        gguf_add_u32(g, PREFIX "eos_token_id", (uint32_t)end);
    gguf_add_bool(g, PREFIX "add_bos_token", begin >= 0);
}

void gguf_tokenizer_add(struct gguf_out *g, const struct tokenizer *t, size_t vocab)
{
    const struct token_table *table = t != NULL ? tokenizer_table(t) : NULL;

    if (t == NULL) {
        gguf_add_text(g, PREFIX "model", "none");
        return;
    }
    gguf_add_text(g, PREFIX "model", "gpt2");
    gguf_add_text(g, PREFIX "pre", gguf_tokenizer_pre(t) != NULL ? gguf_tokenizer_pre(t) : "own");
    gguf_add_text(g, "tokenizer.nightshift.pattern", tokenizer_regex(t));
    gguf_add_bool(g, "tokenizer.nightshift.ignore_merges", table->whole_first);
    gguf_begin_array(g, PREFIX "tokens", GGUF_TEXT, vocab);
    for (size_t id = 0; id < vocab; id++)
        add_spelling(g, table, id);
    gguf_begin_array(g, PREFIX "token_type", GGUF_I32, vocab);
    for (size_t id = 0; id < vocab; id++)
        gguf_put_u32(g, type_of(table, id));
    add_merges(g, table);
    add_marks(g, t);
}
