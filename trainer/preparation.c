/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "json.h"
#include "preparation.h"
#include "prepared_dir.h"
#include "str.h"
#include "token_file.h"

int64_t preparation_counted(const struct preparation *p)
{
    int64_t train = p->cuts.end[SPLIT_TRAIN], asked = p->options->train_bytes;

    if (p->options->tokenizer != NULL)
        return 0;
    return asked > 0 && asked < train ? asked : train;
}

double tally_bytes_per_token(const struct tally *tally)
{
    return tally->tokens > 0 ? (double)tally->bytes / (double)tally->tokens : (double)NAN;
}

static void add_per_split(struct str *out, const char *name, const struct tally tally[SPLITS],
                          int64_t (*value)(const struct tally *))
{
    str_addf(out, "  \"%s\": {", name);
    for (int s = 0; s < SPLITS; s++)
        str_addf(out, "%s\"%s\": %lld", s > 0 ? ", " : "", split_names[s],
                 (long long)value(&tally[s]));
    str_add(out, "},\n");
}

static int64_t tokens_of(const struct tally *tally)
{
    return tally->tokens;
}

static int64_t bytes_of(const struct tally *tally)
{
    return tally->bytes;
}

static int64_t documents_of(const struct tally *tally)
{
    return tally->documents;
}

static void add_bytes_per_token(struct str *out, const struct tally tally[SPLITS])
{
    char number[NUMBER_TEXT];

    str_add(out, "  \"bytes_per_token\": {");
    for (int s = 0; s < SPLITS; s++) {
        double x = tally_bytes_per_token(&tally[s]);
        str_addf(out, "%s\"%s\": %s", s > 0 ? ", " : "", split_names[s],
                 isnan(x) ? "null" : number_text(number, x));
    }
    str_add(out, "},\n");
}

static int add_hash(struct str *out, const char *dir, const char *name, struct err *err)
{
    char *path = path_join(dir, name), hash[SHA256_TEXT];
    int rc = sha256_file(hash, NULL, path, err);

    free(path);
    if (rc == 0)
        str_addf(out, "\n    \"%s\": \"%s\"", name, hash);
    return rc;
}

static int add_hashes(struct str *out, const struct preparation *p, const char *dir,
                      struct err *err)
{
    str_add(out, "  \"sha256\": {");
    for (int s = 0; s < SPLITS; s++) {
        char name[16];
        snprintf(name, sizeof name, "%s.bin", split_names[s]);
        if (p->tally[s].tokens == 0)
            continue;
        if (add_hash(out, dir, name, err) != 0)
            return -1;
        str_add(out, ",");
    }
    if (add_hash(out, dir, "tokenizer.json", err) != 0)
        return -1;
    str_add(out, "\n  },\n");
    return 0;
}

static void add_texts(struct str *out, const struct corpus *c)
{
    str_add(out, "  \"texts\": [");
    for (size_t i = 0; i < c->n; i++)
        str_addf(out, "%s\n    {\"bytes\": %lld, \"sha256\": \"%s\"}", i > 0 ? "," : "",
                 (long long)c->source[i].bytes, c->source[i].sha256);
    str_add(out, "\n  ]\n}\n");
}

int preparation_write_meta(const struct preparation *p, const char *dir, struct err *err)
{
    struct str out = {0};
    char *path = path_join(dir, "meta.json");

    str_addf(&out, "{\n  \"format\": \"%s\",\n  \"vocab\": %u,\n  \"token_bits\": %d,\n",
             PREPARED_FORMAT, p->options->vocab, token_bits(p->options->vocab));
    str_addf(&out, "  \"endoftext\": %lld,\n", (long long)tokenizer_endoftext(p->tokenizer));
    str_add(&out, "  \"pattern\": ");
    json_write_string(&out, p->options->regex);
    str_addf(&out, ",\n  \"document_end\": \"%s\",\n  \"split_at\": \"%s\",\n",
             document_end_name(p->corpus.end), p->cuts.at_lines ? "lines" : "documents");
    str_addf(&out, "  \"tokenizer_bytes\": %lld,\n", (long long)preparation_counted(p));
    add_per_split(&out, "documents", p->tally, documents_of);
    add_per_split(&out, "tokens", p->tally, tokens_of);
    add_per_split(&out, "bytes", p->tally, bytes_of);
    add_bytes_per_token(&out, p->tally);
    int rc = add_hashes(&out, p, dir, err);
    add_texts(&out, &p->corpus);
    if (rc == 0)
        rc = file_write(path, out.at, out.len, err);
    str_clear(&out);
    free(path);
    return rc;
}
