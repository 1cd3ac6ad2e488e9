/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpe_train.h"
#include "clock.h"
#include "format.h"
#include "log.h"
#include "mem.h"
#include "preparation.h"
#include "prepare.h"
#include "prepared_dir.h"
#include "token_file.h"
#include "tokenizer.h"
#include "words.h"

/* --- progress, and an ear for Ctrl-C ------------------------------------------------------- */

struct stage {
    const char *doing;
    double total;
    double started_s;
    const volatile sig_atomic_t *stop;
};

static int show_progress(void *context, int64_t done, struct err *err)
{
    const struct stage *stage = context;
    double share = stage->total > 0 ? fmin((double)done / stage->total, 1) : 1;
    char line[128];

    snprintf(line, sizeof line, "%s: %.0f %%", stage->doing, 100 * share);
    log_progress(line);
    if (stage->stop != NULL && *stage->stop != 0)
        return err_failed(err, "interrupted");
    return 0;
}

static int show_merges(void *context, size_t done, struct err *err)
{
    return show_progress(context, (int64_t)done, err);
}

static struct stage begin_stage(const struct preparation *p, const char *doing, double total)
{
    return (struct stage){doing, total, clock_s(), p->options->stop};
}

static double mb_per_s(int64_t bytes, double seconds)
{
    return (double)bytes / 1e6 / fmax(seconds, 1e-9);
}

/* --- the documents and the cuts ------------------------------------------------------------ */

static int choose_end(struct preparation *p, const struct corpus_visitor *watch, struct err *err)
{
    int mark;

    if (p->options->end != PREPARE_END_AUTO) {
        p->corpus.end = (enum document_end)p->options->end;
        return 0;
    }
    if ((mark = corpus_holds_mark(&p->corpus, watch, err)) < 0)
        return -1;
    p->corpus.end = mark              ? DOCUMENT_ENDOFTEXT
                    : p->corpus.n > 1 ? DOCUMENT_FILES
                                      : DOCUMENT_BLANK_LINES;
    return 0;
}

static int find_cuts(struct preparation *p, struct err *err)
{
    struct stage stage = begin_stage(p, "reading", (double)p->corpus.bytes);
    struct corpus_visitor watch = {.tick = show_progress, .context = &stage};

    if (choose_end(p, &watch, err) != 0 ||
        corpus_cut(&p->cuts, &p->corpus, p->options->val, p->options->test, &watch, err) != 0)
        return -1;
    log_progress(NULL);
    if (p->cuts.at_lines)
        log_info("too few documents (they end at %s) to split between them: split at line ends",
                 document_end_name(p->corpus.end));
    return 0;
}

/* --- learning the tokenizer ---------------------------------------------------------------- */

struct counting {
    struct piece_stream stream;
    struct words words;
    struct stage stage;
    int64_t until; /* text from this offset on is not counted */
};

static int count_piece(void *context, const unsigned char *piece, size_t n, struct err *err)
{
    (void)err;
    words_add(context, piece, n);
    return 0;
}

static int count_text(void *context, int64_t at, const unsigned char *bytes, size_t n,
                      struct err *err)
{
    struct counting *c = context;

    if (at >= c->until)
        return 0;
    if ((int64_t)n > c->until - at)
        n = (size_t)(c->until - at);
    return piece_stream_add(&c->stream, bytes, n, err);
}

static int count_document(void *context, int64_t at, struct err *err)
{
    struct counting *c = context;

    (void)at;
    return piece_stream_end(&c->stream, err);
}

static int count_tick(void *context, int64_t done, struct err *err)
{
    return show_progress(&((struct counting *)context)->stage, done, err);
}

static int count_words(struct counting *c, struct preparation *p, struct err *err)
{
    struct corpus_visitor visitor = {count_text, count_document, count_tick, c};

    c->until = preparation_counted(p);
    c->stage = begin_stage(p, "counting words", (double)c->until);
    if (corpus_walk(&p->corpus, c->until, &visitor, err) != 0 ||
        piece_stream_end(&c->stream, err) != 0)
        return -1;
    log_progress(NULL);
    if (c->words.dropped > 0)
        log_info("counted %zu different words; %lld rare occurrences were left out to save memory",
                 c->words.n, (long long)c->words.dropped);
    return 0;
}

static int learn_merges(struct merge *merges, size_t wanted, const struct words *words,
                        const struct preparation *p, struct err *err)
{
    struct stage stage = begin_stage(p, "learning the tokenizer", (double)wanted);
    struct bpe_watch watch = {show_merges, &stage};
    size_t got;

    if (bpe_train(merges, &got, wanted, words, &watch, err) != 0)
        return -1;
    log_progress(NULL);
    if (got < wanted)
        return err_usage(err,
                         "the training text is too short for a vocabulary of %zu: after %zu "
                         "tokens nothing in it occurs twice (--vocab %zu or less)",
                         wanted + TOKENIZER_VOCAB_MIN, got + TOKENIZER_VOCAB_MIN,
                         got + TOKENIZER_VOCAB_MIN);
    return 0;
}

static int learn(struct preparation *p, struct pretokenizer *pieces, struct err *err)
{
    size_t wanted = p->options->vocab - TOKENIZER_VOCAB_MIN;
    struct merge *merges = mem_new(wanted, sizeof *merges);
    struct counting c = {.stream = {.by = pieces, .piece = count_piece, .context = &c.words}};
    double started_s = clock_s();

    words_init(&c.words, p->options->word_limit > 0 ? p->options->word_limit : WORDS_LIMIT);
    int rc = count_words(&c, p, err);
    if (rc == 0)
        rc = learn_merges(merges, wanted, &c.words, p, err);
    if (rc == 0)
        rc = tokenizer_new(&p->tokenizer, p->options->regex, merges, wanted, err);
    if (rc == 0)
        log_info("tokenizer: %u tokens learned from %.1f MB (%zu different words) in %.2f s",
                 p->options->vocab, (double)c.until / 1e6, c.words.n, clock_s() - started_s);
    words_clear(&c.words);
    piece_stream_clear(&c.stream);
    free(merges);
    return rc;
}

/* --- encoding ------------------------------------------------------------------------------ */

struct encoding {
    struct preparation *p;
    struct piece_stream stream;
    struct ids ids; /* not yet written */
    struct token_file file[SPLITS];
    int split; /* where text goes now */
    struct stage stage;
};

static int encode_piece(void *context, const unsigned char *piece, size_t n, struct err *err)
{
    struct encoding *e = context;

    (void)err;
    tokenizer_encode_piece(&e->ids, e->p->tokenizer, piece, n);
    return 0;
}

static int write_ids(struct encoding *e, struct err *err)
{
    int rc = token_file_add(&e->file[e->split], e->ids.at, e->ids.n, err);

    e->ids.n = 0;
    return rc;
}

/* The pieces that were held back, encoded and written: no piece crosses what follows. */
static int finish_text(struct encoding *e, struct err *err)
{
    return piece_stream_end(&e->stream, err) != 0 ? -1 : write_ids(e, err);
}

/* Goes on to the split that the byte before `at` belongs to. */
static int go_to(struct encoding *e, int64_t at, struct err *err)
{
    while (e->split < SPLIT_TEST && at > e->p->cuts.end[e->split]) {
        if (finish_text(e, err) != 0)
            return -1;
        e->split++;
    }
    return 0;
}

static int encode_text(void *context, int64_t at, const unsigned char *bytes, size_t n,
                       struct err *err)
{
    struct encoding *e = context;

    while (n > 0) {
        if (go_to(e, at + 1, err) != 0)
            return -1;
        int64_t left = e->p->cuts.end[e->split] - at;
        size_t part = (int64_t)n < left ? n : (size_t)left;
        if (piece_stream_add(&e->stream, bytes, part, err) != 0 || write_ids(e, err) != 0)
            return -1;
        e->p->tally[e->split].bytes += (int64_t)part;
        at += (int64_t)part;
        bytes += part;
        n -= part;
    }
    return 0;
}

static int encode_document(void *context, int64_t at, struct err *err)
{
    struct encoding *e = context;

    if (go_to(e, at, err) != 0 || finish_text(e, err) != 0)
        return -1;
    ids_add(&e->ids, (uint32_t)tokenizer_endoftext(e->p->tokenizer));
    e->p->tally[e->split].documents++;
    return write_ids(e, err);
}

static int encode_tick(void *context, int64_t done, struct err *err)
{
    return show_progress(&((struct encoding *)context)->stage, done, err);
}

/* An empty split has no file. */
static int create_files(struct encoding *e, const char *dir, struct err *err)
{
    for (int s = 0; s < SPLITS; s++) {
        if (cuts_bytes(&e->p->cuts, s) == 0)
            continue;
        char *path = mem_printf("%s/%s.bin", dir, split_names[s]);
        int rc = token_file_create(&e->file[s], path, token_bits(e->p->options->vocab), err);
        free(path);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int finish_files(struct encoding *e, struct err *err)
{
    for (int s = 0; s < SPLITS; s++) {
        e->p->tally[s].tokens = e->file[s].tokens;
        if (e->file[s].file != NULL && token_file_finish(&e->file[s], err) != 0)
            return -1;
    }
    return 0;
}

static int encode(struct preparation *p, const char *dir, struct err *err)
{
    struct encoding e = {.p = p, .stage = begin_stage(p, "encoding", (double)p->corpus.bytes)};
    struct corpus_visitor visitor = {encode_text, encode_document, encode_tick, &e};
    int rc = -1;

    e.stream = (struct piece_stream){
        .by = tokenizer_pieces(p->tokenizer), .piece = encode_piece, .context = &e};
    if (create_files(&e, dir, err) != 0 || corpus_walk(&p->corpus, CORPUS_ALL, &visitor, err) != 0)
        goto out;
    double seconds = clock_s() - e.stage.started_s;
    if (finish_files(&e, err) != 0)
        goto out;
    log_progress(NULL);
    log_info("encoded %.1f MB in %.2f s (%.1f MB/s)", (double)p->corpus.bytes / 1e6, seconds,
             mb_per_s(p->corpus.bytes, seconds));
    rc = 0;
out:
    for (int s = 0; s < SPLITS; s++)
        token_file_drop(&e.file[s]);
    piece_stream_clear(&e.stream);
    ids_clear(&e.ids);
    return rc;
}

/* --- all of it ----------------------------------------------------------------------------- */

static int write_tokenizer(const struct preparation *p, const char *dir, struct err *err)
{
    struct str out = {0};
    char *path = path_join(dir, "tokenizer.json");

    tokenizer_write(&out, p->tokenizer);
    int rc = file_write(path, out.at, out.len, err);
    str_clear(&out);
    free(path);
    return rc;
}

static int fill(struct preparation *p, const char *dir, struct err *err)
{
    if (encode(p, dir, err) != 0 || write_tokenizer(p, dir, err) != 0)
        return -1;
    return preparation_write_meta(p, dir, err);
}

static int write_dir(struct preparation *p, struct err *err)
{
    struct err second;
    char *part;

    if (prepared_dir_begin(&part, p->options->out, err) != 0)
        return -1;
    int rc = fill(p, part, err);
    if (rc == 0)
        rc = prepared_dir_finish(part, p->options->out, err);
    if (rc != 0)
        file_remove(part, &second);
    free(part);
    return rc;
}

static void report(const struct preparation *p)
{
    char ratio[NUMBER_TEXT];

    for (int s = 0; s < SPLITS; s++) {
        const struct tally *tally = &p->tally[s];
        number_short(ratio, tally_bytes_per_token(tally), 4);
        log_info("%-5s %10lld tokens %12lld bytes %8lld documents  %s bytes per token",
                 split_names[s], (long long)tally->tokens, (long long)tally->bytes,
                 (long long)tally->documents, tally->tokens > 0 ? ratio : "-");
    }
    log_info("documents end at %s; written to '%s'", document_end_name(p->corpus.end),
             p->options->out);
}

/* A tokenizer.json in a folder, or what a model in one file has. */
static int open_tokenizer(struct tokenizer **out, const char *path, struct err *err)
{
    const struct format_hints hints = {0};
    struct model_file in = {0};
    char *json = path_join(path, "tokenizer.json");
    int rc = -1;

    if (file_is_regular(json))
        rc = tokenizer_open(out, path, err);
    else if (model_file_open(&in, path, &hints, err) == 0)
        rc = model_file_tokenizer(out, &in, NULL, err);
    model_file_close(&in);
    free(json);
    return rc;
}

/* Instead of learning; `own` becomes the options with what the tokenizer settles. */
static int take_tokenizer(struct preparation *p, struct prepare_options *own, struct err *err)
{
    if (open_tokenizer(&p->tokenizer, own->tokenizer, err) != 0)
        return -1;
    if (tokenizer_endoftext(p->tokenizer) < 0)
        return err_usage(err, "%s: its tokenizer has no mark %s to put between documents",
                         own->tokenizer, ENDOFTEXT);
    own->vocab = tokenizer_vocab(p->tokenizer);
    own->regex = tokenizer_regex(p->tokenizer);
    p->options = own;
    return 0;
}

int prepare(const struct prepare_options *options, struct err *err)
{
    struct preparation p = {.options = options};
    struct prepare_options own = *options;
    struct pretokenizer *pieces = NULL;
    int rc = -1;

    if (prepared_dir_check(options->out, err) != 0 ||
        pretokenizer_new(&pieces, options->regex, err) != 0 ||
        corpus_open(&p.corpus, options->texts, options->texts_n, err) != 0)
        goto out;
    if (options->chunk > 0)
        p.corpus.chunk = options->chunk;
    if ((own.tokenizer != NULL && take_tokenizer(&p, &own, err) != 0) || find_cuts(&p, err) != 0 ||
        (own.tokenizer == NULL && learn(&p, pieces, err) != 0) || write_dir(&p, err) != 0)
        goto out;
    report(&p);
    rc = 0;
out:
    log_progress(NULL);
    pretokenizer_free(pieces);
    tokenizer_free(p.tokenizer);
    corpus_close(&p.corpus);
    return rc;
}
