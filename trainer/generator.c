/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "clock.h"
#include "decoder.h"
#include "generator.h"
#include "mem.h"
#include "stop_text.h"

const char *const generation_end_names[] = {
    [END_LENGTH] = "length",
    [END_TOKEN] = "token",
    [END_STOP] = "stop",
    [END_INTERRUPTED] = "interrupted",
};

struct generator {
    const struct model_file *file;
    struct tokenizer *tokenizer;
    struct generation how;
    struct decoder *decoder;
    struct sampler *sampler;
    size_t length;
    real *logits;    /* [tokens of the vocabulary]: of ids, not of rows */
    uint32_t *rows;  /* [length] scratch: rows of the prompt */
    struct ids text; /* prompt and what was written */
};

/* One text while it is written. */
struct writing {
    struct generator *g;
    struct generated *out;
    struct stop_text stops;
    struct rng rng;
    generator_sink *sink;
    void *context;
};

int generator_open(struct generator **out, const struct model_file *file, const struct weights *weights,
                   struct tokenizer *tokenizer, const struct generation *how, size_t length,
                   size_t threads, struct err *err)
{
    struct generator *g = mem_new(1, sizeof *g);

    *out = NULL;
    g->file = file;
    g->tokenizer = tokenizer;
    g->how = *how;
    g->length = length;
    if (decoder_open(&g->decoder, &file->model, weights, length, threads, err) != 0) {
        generator_close(g);
        return -1;
    }
    g->sampler = sampler_new(&how->sampling, model_file_tokens(file));
    g->logits = mem_new(model_file_tokens(file), sizeof *g->logits);
    g->rows = mem_new(length, sizeof *g->rows);
    *out = g;
    return 0;
}

void generator_close(struct generator *g)
{
    if (g == NULL)
        return;
    decoder_close(g->decoder);
    sampler_free(g->sampler);
    ids_clear(&g->text);
    free(g->logits);
    free(g->rows);
    free(g);
}

int generator_prompt(struct ids *out, struct tokenizer *tokenizer, const char *text, size_t n,
                     struct err *err)
{
    if (tokenizer_begin(tokenizer) >= 0)
        ids_add(out, (uint32_t)tokenizer_begin(tokenizer));
    if (tokenizer_encode(out, tokenizer, text, n, err) != 0)
        return -1;
    return out->n > 0 ? 0 : err_usage(err, "the prompt is empty, and nothing belongs in front");
}

static uint32_t row_of(const struct generator *g, uint32_t id)
{
    return g->file->compact.vocab > 0 ? g->file->compact.row_of[id] : id;
}

/* Logits of tokens from those of rows: a token without a row of its own cannot be told apart from
 * others, and never comes. */
static const real *of_tokens(const struct generator *g, const real *rows)
{
    const struct compact *c = &g->file->compact;

    if (c->vocab == 0)
        return rows;
    for (size_t id = 0; id < c->vocab; id++)
        g->logits[id] = c->row_of[id] < c->used ? rows[c->row_of[id]] : (real)-INFINITY;
    return g->logits;
}

static bool ends_text(const struct generator *g, uint32_t id)
{
    if (g->how.through_ends)
        return false;
    for (size_t i = 0; i < g->file->n_ends; i++)
        if (g->file->ends[i] == id)
            return true;
    return g->tokenizer != NULL && tokenizer_endoftext(g->tokenizer) == (int64_t)id;
}

static int pass_on(struct writing *w, struct str *text, struct err *err)
{
    int rc = 0;

    if (text->len > 0 && w->sink != NULL)
        rc = w->sink(w->context, text->at, text->len, err);
    str_clear(text);
    return rc;
}

/* The token's bytes go to whoever waits; 1 where they end the text. */
static int write_token(struct writing *w, uint32_t id, struct err *err)
{
    const unsigned char *bytes;
    struct str text = {0};
    bool stopped;
    size_t n;

    if (w->g->tokenizer == NULL)
        return 0;
    bytes = tokenizer_decode(&n, w->g->tokenizer, id);
    stopped = n > 0 && stop_text_add(&text, &w->stops, bytes, n);
    return pass_on(w, &text, err) != 0 ? -1 : stopped;
}

/* One more token; 1 where the text ends with it. */
static int one_token(struct writing *w, const real *logits, struct err *err)
{
    struct generator *g = w->g;
    uint32_t id;
    int ended;

    if (sampler_pick(&id, g->sampler, of_tokens(g, logits), g->text.at, g->text.n, &w->rng, err) !=
        0)
        return -1;
    if (ends_text(g, id)) {
        w->out->end = END_TOKEN;
        return 1;
    }
    ids_add(&g->text, id);
    ids_add(&w->out->ids, id);
    ended = write_token(w, id, err);
    if (ended == 1)
        w->out->end = END_STOP;
    return ended;
}

static bool has_room(const struct writing *w)
{
    return w->out->ids.n < w->g->how.tokens && w->g->text.n < w->g->length;
}

/* Somebody has had enough. */
static bool is_stopped(struct writing *w)
{
    const volatile sig_atomic_t *stop = w->g->how.stop;

    if (stop == NULL || *stop == 0)
        return false;
    w->out->end = END_INTERRUPTED;
    return true;
}

static int write_on(struct writing *w, const real *logits, struct err *err)
{
    struct generator *g = w->g;
    struct str rest = {0};
    int ended = 0;

    while (ended == 0 && has_room(w) && !is_stopped(w)) {
        ended = one_token(w, logits, err);
        if (ended == 0 && has_room(w)) {
            uint32_t row = row_of(g, g->text.at[g->text.n - 1]);
            logits = decoder_read(g->decoder, &row, 1);
        }
    }
    if (ended < 0)
        return -1;
    stop_text_end(&rest, &w->stops);
    return pass_on(w, &rest, err);
}

static int check_prompt(const struct generator *g, const struct ids *prompt, struct err *err)
{
    if (prompt->n == 0 || prompt->n >= g->length)
        return err_usage(err, "a prompt of %zu tokens leaves no room in %zu", prompt->n, g->length);
    for (size_t i = 0; i < prompt->n; i++)
        if (prompt->at[i] >= model_file_tokens(g->file))
            return err_usage(err, "token %u is not below the model's %zu", prompt->at[i],
                             model_file_tokens(g->file));
    return 0;
}

/* Tokens at the front of the prompt that the decoder has read already; the last one is never. */
static size_t shared(const struct generator *g, const struct ids *prompt)
{
    size_t n = 0, most = decoder_length(g->decoder);

    most = most < g->text.n ? most : g->text.n;
    most = most < prompt->n - 1 ? most : prompt->n - 1;
    while (g->how.keeps && n < most && g->text.at[n] == prompt->at[n])
        n++;
    return n;
}

int generator_run(struct generated *out, struct generator *g, const struct ids *prompt,
                  uint64_t number, generator_sink *sink, void *context, struct err *err)
{
    struct writing w = {.g = g, .out = out, .sink = sink, .context = context};
    double begin = clock_s();
    const real *logits;
    size_t kept;
    int rc;

    *out = (struct generated){0};
    if (check_prompt(g, prompt, err) != 0)
        return -1;
    w.stops = (struct stop_text){.stops = g->how.stops, .n = g->how.n_stops};
    rng_init(&w.rng, g->how.seed, "generate", number);
    kept = shared(g, prompt);
    decoder_back(g->decoder, kept);
    g->text.n = kept;
    for (size_t i = kept; i < prompt->n; i++) {
        ids_add(&g->text, prompt->at[i]);
        g->rows[i] = row_of(g, prompt->at[i]);
    }
    logits = decoder_read(g->decoder, g->rows + kept, prompt->n - kept);
    out->prompt_s = clock_s() - begin;
    rc = write_on(&w, logits, err);
    out->tokens_s = clock_s() - begin - out->prompt_s;
    stop_text_clear(&w.stops);
    return rc;
}
