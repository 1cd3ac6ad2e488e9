/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "corpus.h"
#include "mem.h"
#include "tokenizer.h"

#define MARK_BYTES (sizeof ENDOFTEXT - 1)

static const char *const end_names[] = {"endoftext", "files", "blank-lines"};

const char *document_end_name(enum document_end end)
{
    return end_names[end];
}

int document_end_find(enum document_end *out, const char *name)
{
    for (int i = 0; i < (int)(sizeof end_names / sizeof end_names[0]); i++)
        if (strcmp(name, end_names[i]) == 0) {
            *out = (enum document_end)i;
            return 0;
        }
    return -1;
}

/* --- files --------------------------------------------------------------------------------- */

static int open_text(int *fd, int64_t *bytes, const char *path, struct err *err)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_usage(err, "there is no text file '%s'", path);
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return err_sys(err, "cannot read '%s'", path);
    if (S_ISDIR(st.st_mode))
        return err_usage(err, "'%s' is a folder, not a text file", path);
    if (!S_ISREG(st.st_mode))
        return err_usage(err, "'%s' is not a regular file", path);
    if (st.st_size == 0)
        return err_usage(err, "'%s' is empty", path);
    *bytes = st.st_size;
    return 0;
}

int corpus_open(struct corpus *c, const char *const *paths, size_t n, struct err *err)
{
    *c = (struct corpus){.n = n, .chunk = CORPUS_CHUNK};
    c->source = mem_new(n, sizeof *c->source);
    for (size_t i = 0; i < n; i++) {
        struct source *source = &c->source[i];
        int fd = -1;
        source->path = paths[i];
        int rc = open_text(&fd, &source->bytes, paths[i], err);
        if (fd >= 0)
            close(fd);
        if (rc != 0)
            return -1;
        c->bytes += source->bytes;
    }
    return 0;
}

void corpus_close(struct corpus *c)
{
    free(c->source);
    *c = (struct corpus){0};
}

/* --- one walk ------------------------------------------------------------------------------ */

struct walk {
    const struct corpus_visitor *visitor;
    enum document_end end;
    int64_t at;         /* offset of the next byte that was not handed on */
    int64_t read;       /* bytes read so far */
    bool in_document;   /* some of the document was handed on */
    bool has_words;     /* … something besides line ends */
    unsigned line_ends; /* in the run that the text ends in now */
};

static int hand_text(struct walk *w, const unsigned char *bytes, size_t n, struct err *err)
{
    int64_t at = w->at;

    if (n == 0)
        return 0;
    w->at += (int64_t)n;
    w->in_document = true;
    if (w->visitor->text == NULL)
        return 0;
    return w->visitor->text(w->visitor->context, at, bytes, n, err);
}

static int hand_document(struct walk *w, struct err *err)
{
    w->in_document = w->has_words = false;
    w->line_ends = 0;
    if (w->visitor->document == NULL)
        return 0;
    return w->visitor->document(w->visitor->context, w->at, err);
}

/* Bytes at the end that may be the beginning of the mark. */
static size_t mark_begun(const unsigned char *bytes, size_t n)
{
    size_t length = n < MARK_BYTES - 1 ? n : MARK_BYTES - 1;

    while (length > 0 && memcmp(bytes + n - length, ENDOFTEXT, length) != 0)
        length--;
    return length;
}

/* Hands on `bytes` up to what may be a begun mark; *left is how much that is. */
static int split_at_marks(size_t *left, struct walk *w, const unsigned char *bytes, size_t n,
                          bool ends, struct err *err)
{
    const unsigned char *mark;

    while ((mark = memmem(bytes, n, ENDOFTEXT, MARK_BYTES)) != NULL) {
        size_t before = (size_t)(mark - bytes);
        if (hand_text(w, bytes, before, err) != 0)
            return -1;
        w->at += (int64_t)MARK_BYTES;
        if (hand_document(w, err) != 0)
            return -1;
        bytes += before + MARK_BYTES;
        n -= before + MARK_BYTES;
    }
    *left = ends ? 0 : mark_begun(bytes, n);
    return hand_text(w, bytes, n - *left, err);
}

static int split_at_blank_lines(struct walk *w, const unsigned char *bytes, size_t n,
                                struct err *err)
{
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            w->line_ends++;
            continue;
        }
        if (bytes[i] == '\r')
            continue;
        if (w->line_ends >= 2 && w->has_words) {
            if (hand_text(w, bytes + from, i - from, err) != 0 || hand_document(w, err) != 0)
                return -1;
            from = i;
        }
        w->line_ends = 0;
        w->has_words = true;
    }
    return hand_text(w, bytes + from, n - from, err);
}

static int split_documents(size_t *left, struct walk *w, const unsigned char *bytes, size_t n,
                           bool ends, struct err *err)
{
    *left = 0;
    if (w->end == DOCUMENT_ENDOFTEXT)
        return split_at_marks(left, w, bytes, n, ends, err);
    if (w->end == DOCUMENT_BLANK_LINES)
        return split_at_blank_lines(w, bytes, n, err);
    return hand_text(w, bytes, n, err);
}

/* Fills at most n bytes; *got is 0 at the end of the file. */
static int read_some(size_t *got, int fd, void *to, size_t n, const char *path, struct err *err)
{
    ssize_t have;

    do
        have = read(fd, to, n);
    while (have < 0 && errno == EINTR);
    if (have < 0)
        return err_sys(err, "cannot read '%s'", path);
    *got = (size_t)have;
    return 0;
}

static int tick(struct walk *w, struct err *err)
{
    if (w->visitor->tick == NULL)
        return 0;
    return w->visitor->tick(w->visitor->context, w->read, err);
}

/* Reads one open file; *whole tells whether it came to its end before the limit. */
static int walk_fd(bool *whole, struct walk *w, int fd, const struct source *source, size_t chunk,
                   int64_t limit, EVP_MD_CTX *hash, struct err *err)
{
    unsigned char *bytes = mem_new(chunk + MARK_BYTES, 1);
    size_t held = 0, got = 1, left;
    int rc = -1;

    while (got > 0 && w->read < limit) {
        if (read_some(&got, fd, bytes + held, chunk, source->path, err) != 0)
            goto out;
        EVP_DigestUpdate(hash, bytes + held, got);
        w->read += (int64_t)got;
        if (split_documents(&left, w, bytes, held + got, got == 0, err) != 0 || tick(w, err) != 0)
            goto out;
        memmove(bytes, bytes + held + got - left, left);
        held = left;
    }
    *whole = got == 0;
    rc = *whole && w->in_document ? hand_document(w, err) : 0;
out:
    free(bytes);
    return rc;
}

/* Notes the hash of a file, or compares it with the one noted before. */
static int check_hash(struct source *source, EVP_MD_CTX *hash, struct err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[SHA256_TEXT] = "";

    EVP_DigestFinal_ex(hash, digest, NULL);
    for (int i = 0; i < (SHA256_TEXT - 1) / 2; i++) {
        text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    if (source->sha256[0] != '\0' && strcmp(source->sha256, text) != 0)
        return err_environment(err, "'%s' changed while it was read", source->path);
    memcpy(source->sha256, text, sizeof text);
    return 0;
}

static int walk_source(struct walk *w, struct source *source, size_t chunk, int64_t limit,
                       struct err *err)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    int64_t bytes, start = w->read;
    bool whole = false;
    int fd = -1, rc = -1;

    if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1) {
        err_environment(err, "SHA-256 is not available");
        goto out;
    }
    if (open_text(&fd, &bytes, source->path, err) != 0 ||
        walk_fd(&whole, w, fd, source, chunk, limit, hash, err) != 0)
        goto out;
    if (whole && w->read - start != source->bytes) {
        err_environment(err, "'%s' changed while it was read", source->path);
        goto out;
    }
    rc = whole ? check_hash(source, hash, err) : 0;
out:
    EVP_MD_CTX_free(hash);
    if (fd >= 0)
        close(fd);
    return rc;
}

int corpus_walk(struct corpus *c, int64_t limit, const struct corpus_visitor *visitor,
                struct err *err)
{
    struct walk w = {.visitor = visitor, .end = c->end};

    for (size_t i = 0; i < c->n && w.read < limit; i++)
        if (walk_source(&w, &c->source[i], c->chunk, limit, err) != 0)
            return -1;
    return 0;
}

/* --- the mark ------------------------------------------------------------------------------ */

struct mark_search {
    int64_t text; /* bytes that are no mark */
    bool found;
    const struct corpus_visitor *watch;
};

static int watch_tick(const struct corpus_visitor *watch, int64_t done, struct err *err)
{
    if (watch == NULL || watch->tick == NULL)
        return 0;
    return watch->tick(watch->context, done, err);
}

static int note_text(void *context, int64_t at, const unsigned char *bytes, size_t n,
                     struct err *err)
{
    struct mark_search *search = context;

    (void)bytes;
    (void)err;
    search->found = search->found || at != search->text;
    search->text += (int64_t)n;
    return 0;
}

static int stop_when_found(void *context, int64_t done, struct err *err)
{
    const struct mark_search *search = context;

    return search->found ? -1 : watch_tick(search->watch, done, err);
}

int corpus_holds_mark(struct corpus *c, const struct corpus_visitor *watch, struct err *err)
{
    struct mark_search search = {.watch = watch};
    struct corpus_visitor visitor = {
        .text = note_text, .tick = stop_when_found, .context = &search};
    enum document_end asked = c->end;

    c->end = DOCUMENT_ENDOFTEXT;
    int rc = corpus_walk(c, CORPUS_ALL, &visitor, err);
    c->end = asked;
    if (search.found || (rc == 0 && search.text < c->bytes))
        return 1;
    return rc;
}

/* --- cuts ---------------------------------------------------------------------------------- */

/* The places nearest to a target on both sides; -1 where there is none. */
struct nearest {
    int64_t target, below, above;
};

struct cut_search {
    struct nearest document[2], line[2];
    const struct corpus_visitor *watch;
};

static void note_place(struct nearest *near, int64_t at)
{
    if (at <= near->target)
        near->below = at;
    else if (near->above < 0)
        near->above = at;
}

static void note_lines(struct nearest *near, int64_t at, const unsigned char *bytes, size_t n)
{
    size_t until = near->target <= at ? 0 : (size_t)(near->target - at);
    const unsigned char *last, *next;

    if (until > n)
        until = n;
    if ((last = memrchr(bytes, '\n', until)) != NULL)
        note_place(near, at + (last - bytes) + 1);
    if (near->above < 0 && (next = memchr(bytes + until, '\n', n - until)) != NULL)
        note_place(near, at + (next - bytes) + 1);
}

static int search_text(void *context, int64_t at, const unsigned char *bytes, size_t n,
                       struct err *err)
{
    struct cut_search *search = context;

    (void)err;
    for (int i = 0; i < 2; i++)
        note_lines(&search->line[i], at, bytes, n);
    return 0;
}

static int search_document(void *context, int64_t at, struct err *err)
{
    struct cut_search *search = context;

    (void)err;
    for (int i = 0; i < 2; i++)
        note_place(&search->document[i], at);
    return 0;
}

static int search_tick(void *context, int64_t done, struct err *err)
{
    const struct cut_search *search = context;

    return watch_tick(search->watch, done, err);
}

static int64_t choose(const struct nearest *near)
{
    if (near->above < 0 ||
        (near->below >= 0 && near->target - near->below <= near->above - near->target))
        return near->below;
    return near->above;
}

static void place_cuts(struct cuts *out, const struct nearest near[2], int64_t bytes, double val,
                       double test)
{
    out->end[SPLIT_TRAIN] = val + test > 0 ? choose(&near[0]) : bytes;
    out->end[SPLIT_VAL] = test > 0 ? choose(&near[1]) : bytes;
    if (!(val > 0))
        out->end[SPLIT_VAL] = out->end[SPLIT_TRAIN];
    out->end[SPLIT_TEST] = bytes;
}

int64_t cuts_bytes(const struct cuts *cuts, int split)
{
    return cuts->end[split] - (split > 0 ? cuts->end[split - 1] : 0);
}

/* Whether each split has between half and twice its share, and training something. */
static bool cuts_fit(const struct cuts *cuts, const double share[SPLITS])
{
    double bytes = (double)cuts->end[SPLIT_TEST];

    for (int s = 0; s < SPLITS; s++) {
        double size = (double)cuts_bytes(cuts, s);
        if (share[s] > 0 &&
            (size <= 0 || size < share[s] * bytes / 2 || size > share[s] * bytes * 2))
            return false;
    }
    return true;
}

int corpus_cut(struct cuts *out, struct corpus *c, double val, double test,
               const struct corpus_visitor *watch, struct err *err)
{
    const double share[SPLITS] = {1 - val - test, val, test};
    struct nearest first = {(int64_t)((double)c->bytes * (1 - val - test)), -1, -1};
    struct nearest second = {(int64_t)((double)c->bytes * (1 - test)), -1, -1};
    struct cut_search search = {{first, second}, {first, second}, watch};
    struct corpus_visitor visitor = {search_text, search_document, search_tick, &search};

    if (corpus_walk(c, CORPUS_ALL, &visitor, err) != 0)
        return -1;
    out->at_lines = 0;
    place_cuts(out, search.document, c->bytes, val, test);
    if (cuts_fit(out, share))
        return 0;
    out->at_lines = 1;
    place_cuts(out, search.line, c->bytes, val, test);
    if (cuts_fit(out, share))
        return 0;
    return err_usage(err,
                     "the text cannot be split into train, val and test: neither documents nor "
                     "lines end near the borders (%lld bytes in all)",
                     (long long)c->bytes);
}
