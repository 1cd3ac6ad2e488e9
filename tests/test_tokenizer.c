/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpe_train.h"
#include "file.h"
#include "mem.h"
#include "pretokenize.h"
#include "rng.h"
#include "tokenizer.h"
#include "words.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- helpers ------------------------------------------------------------------------------- */

/* Pieces joined by '|'. */
static int join_piece(void *context, const unsigned char *bytes, size_t n, struct err *err)
{
    struct str *out = context;

    (void)err;
    str_add(out, out->len > 0 ? "|" : "");
    str_addn(out, (const char *)bytes, n);
    return 0;
}

static int count_word(void *context, const unsigned char *bytes, size_t n, struct err *err)
{
    (void)err;
    words_add(context, bytes, n);
    return 0;
}

/* Adds the length of each piece. */
static int note_length(void *context, const unsigned char *bytes, size_t n, struct err *err)
{
    (void)err;
    (void)bytes;
    ids_add(context, (uint32_t)n);
    return 0;
}

/* Cuts a text that arrives `chunk` bytes at a time. */
static void cut(int (*piece)(void *, const unsigned char *, size_t, struct err *), void *context,
                const char *pattern, const void *text, size_t n, size_t chunk)
{
    struct err err = {0};
    struct pretokenizer *p;
    const unsigned char *bytes = text;

    assert_int_equal(pretokenizer_new(&p, split_pattern_find(pattern), &err), 0);
    struct piece_stream s = {.by = p, .piece = piece, .context = context};
    for (size_t at = 0; at < n; at += chunk) {
        /* An exact copy, so that a sanitizer sees any look beyond the chunk. */
        size_t part = n - at < chunk ? n - at : chunk;
        unsigned char *copy = mem_new(part, 1);
        memcpy(copy, bytes + at, part);
        assert_int_equal(piece_stream_add(&s, copy, part, &err), 0);
        free(copy);
    }
    assert_int_equal(piece_stream_end(&s, &err), 0);
    piece_stream_clear(&s);
    pretokenizer_free(p);
}

/* Text with many repeats and every kind of byte: words, digits, blanks, Unicode and rubbish. */
static unsigned char *make_text(size_t n, uint64_t seed)
{
    static const char *const parts[] = {
        "the ",   "in ",  "lamb",     "12345", " \n\n", "\r\n",         "caf\xc3\xa9 ", "\t\t",
        "don't ", "I'LL", "\xe6\x97", "\xff",  "\xc0",  "\xed\xa0\x80", "\xe2\x82\xac", "...  "};
    unsigned char *text = mem_new(n, 1);
    struct rng rng;

    rng_init(&rng, seed, "text", 0);
    for (size_t at = 0; at < n;) {
        const char *part = parts[rng_below(&rng, COUNT(parts))];
        for (; *part != '\0' && at < n; part++)
            text[at++] = (unsigned char)*part;
        if (at < n && rng_below(&rng, 20) == 0)
            text[at++] = (unsigned char)rng_below(&rng, 256);
    }
    return text;
}

static struct tokenizer *learn(const unsigned char *text, size_t n, size_t merges_n,
                               const char *pattern)
{
    struct err err = {0};
    struct words words;
    struct merge *merges = mem_new(merges_n, sizeof *merges);
    struct tokenizer *t;
    size_t got;

    words_init(&words, WORDS_LIMIT);
    cut(count_word, &words, pattern, text, n, n);
    assert_int_equal(bpe_train(merges, &got, merges_n, &words, NULL, &err), 0);
    assert_int_equal(got, merges_n);
    assert_int_equal(tokenizer_new(&t, split_pattern_find(pattern), merges, got, &err), 0);
    words_clear(&words);
    free(merges);
    return t;
}

static void assert_comes_back(struct tokenizer *t, const void *bytes, size_t n)
{
    struct err err = {0};
    struct ids ids = {0};
    struct str back = {0};

    assert_int_equal(tokenizer_encode(&ids, t, bytes, n, &err), 0);
    for (size_t i = 0; i < ids.n; i++) {
        size_t len;
        const unsigned char *token = tokenizer_decode(&len, t, ids.at[i]);
        assert_non_null(token);
        assert_true((int64_t)ids.at[i] != tokenizer_endoftext(t));
        str_addn(&back, (const char *)token, len);
    }
    assert_int_equal(back.len, n);
    if (n > 0)
        assert_memory_equal(back.at, bytes, n);
    str_clear(&back);
    ids_clear(&ids);
}

/* --- pieces -------------------------------------------------------------------------------- */

static void published_patterns_cut_text_as_they_are_written(void **state)
{
    static const struct {
        const char *pattern, *text, *pieces;
    } cases[] = {
        {"gpt2", "I've 12345 caf\xc3\xa9s,  HelloWorld",
         "I|'ve| 12345| caf\xc3\xa9s|,| | HelloWorld"},
        {"gpt2", "a\n\n b\t", "a|\n\n| b|\t"},
        {"gpt2", "I'VE", "I|'|VE"},
        {"cl100k", "I'VE 12345 x;\n\ny", "I|'VE| |123|45| x|;\n\n|y"},
        {"cl100k", "  if (a1)\r\n\r\n  b", " | if| (|a|1|)\r\n\r\n| | b"},
        {"cl100k", "\xe6\x97\xa5\xe6\x9c\xac \xce\xb1", "\xe6\x97\xa5\xe6\x9c\xac| \xce\xb1"},
        {"b+", "abbc", "a|bb|c"}, /* what no match covers is a piece too */
        {"b*", "abbc", "a|bb|c"}, /* and an empty match is none */
        {"cl100k", "a\xff\xfe b", "a|\xff\xfe| b"},
        {"cl100k", "a\xe2\x82", "a|\xe2\x82"}, /* a character cut off by the end of the text */
        {"cl100k", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str out = {0};
        cut(join_piece, &out, cases[i].pattern, cases[i].text, strlen(cases[i].text), 64);
        assert_string_equal(str_text(&out), cases[i].pieces);
        str_clear(&out);
    }
}

static void characters_are_those_of_rfc_3629(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"a", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0},             /* no lead byte */
        {"\xc1\xbf", 0},         /* overlong */
        {"\xe0\x9f\xbf", 0},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
        {"\xed\xa0\x80", 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xe2\x82", 0},
        {"\xe2\x28\xa1", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(utf8_length((const unsigned char *)cases[i].bytes, strlen(cases[i].bytes)),
                         cases[i].length);
}

static void pieces_do_not_depend_on_the_chunks(void **state)
{
    static const size_t chunks[] = {7, 4096, PIECE_WINDOW - 1, PIECE_WINDOW + 5, 1 << 20};
    const size_t n = 5 * PIECE_WINDOW;
    unsigned char *text = make_text(n, 3);
    struct ids once = {0};

    (void)state;
    /* Pieces longer than a window: letters, three-byte letters, blanks, and bytes that are none. */
    memset(text + 1000, 'x', PIECE_WINDOW + 500);
    for (size_t i = 80000; i + 2 < 80000 + PIECE_WINDOW + 3000; i += 3)
        memcpy(text + i, "\xe6\x97\xa5", 3);
    memset(text + 160000, ' ', PIECE_WINDOW + 100);
    memset(text + 240000, 0xff, PIECE_WINDOW + 77);
    cut(note_length, &once, "cl100k", text, n, n);
    for (size_t i = 0; i < COUNT(chunks); i++) {
        struct ids again = {0};
        cut(note_length, &again, "cl100k", text, n, chunks[i]);
        assert_int_equal(again.n, once.n);
        assert_memory_equal(again.at, once.at, once.n * sizeof *once.at);
        ids_clear(&again);
    }
    size_t total = 0;
    for (size_t i = 0; i < once.n; i++) {
        assert_true(once.at[i] > 0 && once.at[i] <= PIECE_WINDOW);
        total += once.at[i];
    }
    assert_int_equal(total, n);
    ids_clear(&once);
    free(text);
}

static void patterns_that_cannot_work_are_refused(void **state)
{
    static const struct {
        const char *regex, *said;
    } cases[] = {
        {"(?<=a)b", "looks behind"},
        {"\\bword", "looks behind"},
        {"(a", "is wrong at character 3"},
        {"\\C", "is wrong at character"},
    };
    struct pretokenizer *p = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = {0};
        assert_int_equal(pretokenizer_new(&p, cases[i].regex, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, cases[i].said));
        assert_non_null(strstr(err.text, cases[i].regex));
    }
}

static void a_pattern_that_matches_nothing_still_goes_on(void **state)
{
    struct ids lengths = {0};

    (void)state;
    cut(note_length, &lengths, "x*", "abc", 3, 3); /* would match the empty text for ever */
    assert_int_equal(lengths.n, 1);
    assert_int_equal(lengths.at[0], 3);
    ids_clear(&lengths);
}

/* --- words --------------------------------------------------------------------------------- */

static void words_are_counted_exactly_while_there_is_room(void **state)
{
    struct words w;

    (void)state;
    words_init(&w, 100000);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 20000; i++) {
            char word[32];
            snprintf(word, sizeof word, "%d", i);
            for (int k = 0; k <= i % 2; k++)
                words_add(&w, (const unsigned char *)word, strlen(word));
        }
    assert_int_equal(w.n, 20000);
    assert_int_equal(w.dropped, 0);
    for (size_t i = 0; i < w.n; i++) {
        char word[32];
        snprintf(word, sizeof word, "%zu", i);
        assert_int_equal(w.word[i].n, strlen(word));
        assert_memory_equal(w.bytes + w.word[i].at, word, strlen(word));
        assert_int_equal(w.word[i].count, i % 2 == 0 ? 3 : 6);
    }
    words_clear(&w);
}

static void a_full_table_keeps_the_frequent_words(void **state)
{
    struct words w;
    int64_t frequent = 0, all = 0;

    (void)state;
    words_init(&w, 64);
    for (int i = 0; i < 10000; i++) {
        char rare[16];
        snprintf(rare, sizeof rare, "rare%d", i);
        words_add(&w, (const unsigned char *)rare, strlen(rare));
        words_add(&w, (const unsigned char *)"often", 5);
    }
    assert_true(w.n <= 64);
    for (size_t i = 0; i < w.n; i++) {
        all += w.word[i].count;
        if (w.word[i].n == 5)
            frequent = w.word[i].count;
    }
    assert_int_equal(frequent, 10000);
    assert_int_equal(all + w.dropped, 20000);
    words_clear(&w);
}

static void of_a_long_word_the_front_is_counted(void **state)
{
    unsigned char *text = mem_new(2 * WORD_BYTES, 1);
    struct words w;

    (void)state;
    words_init(&w, 100);
    words_add(&w, text, WORD_BYTES - 1);
    words_add(&w, text, WORD_BYTES);
    words_add(&w, text, 2 * WORD_BYTES);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.word[1].n, WORD_BYTES);
    assert_int_equal(w.word[1].count, 2);
    words_clear(&w);
    free(text);
}

/* --- merges -------------------------------------------------------------------------------- */

/* The definition, taken literally: count all pairs anew for every merge. */
struct naive {
    uint32_t *token[64];
    size_t n[64], words_n;
    int64_t count[64];
};

static int64_t naive_count(const struct naive *v, uint32_t left, uint32_t right)
{
    int64_t count = 0;

    for (size_t w = 0; w < v->words_n; w++)
        for (size_t i = 0; i + 1 < v->n[w]; i++)
            if (v->token[w][i] == left && v->token[w][i + 1] == right)
                count += v->count[w];
    return count;
}

static bool naive_best(struct merge *best, const struct naive *v, uint32_t made)
{
    int64_t most = 1;

    for (size_t w = 0; w < v->words_n; w++)
        for (size_t i = 0; i + 1 < v->n[w]; i++) {
            uint32_t left = v->token[w][i], right = v->token[w][i + 1];
            int64_t count = naive_count(v, left, right);
            bool lower = left < best->left || (left == best->left && right < best->right);
            if (count > most || (count == most && most > 1 && lower)) {
                most = count;
                *best = (struct merge){left, right, made};
            }
        }
    return most > 1;
}

static size_t naive_respell(uint32_t *token, size_t n, struct merge m)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; kept++) {
        bool here = i + 1 < n && token[i] == m.left && token[i + 1] == m.right;
        token[kept] = here ? m.merged : token[i];
        i += here ? 2 : 1;
    }
    return kept;
}

static void merges_are_those_of_the_literal_definition(void **state)
{
    struct err err = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, 5, "words", 0);
    for (int trial = 0; trial < 20; trial++) {
        struct naive v = {0};
        struct words w;
        struct merge merges[60], m = {0};
        size_t got;

        words_init(&w, 1000);
        for (int i = 0; i < 60; i++) {
            unsigned char word[12];
            size_t n = 1 + rng_below(&rng, 11);
            for (size_t k = 0; k < n; k++) /* few letters: many ties and runs such as "aaaa" */
                word[k] = (unsigned char)('a' + rng_below(&rng, 3));
            words_add(&w, word, n);
        }
        v.words_n = w.n;
        for (size_t i = 0; i < w.n; i++) {
            v.n[i] = w.word[i].n;
            v.count[i] = w.word[i].count;
            v.token[i] = mem_new(v.n[i], sizeof *v.token[i]);
            for (size_t k = 0; k < v.n[i]; k++)
                v.token[i][k] = w.bytes[w.word[i].at + k];
        }
        assert_int_equal(bpe_train(merges, &got, COUNT(merges), &w, NULL, &err), 0);
        for (size_t r = 0; r < got; r++) {
            assert_true(naive_best(&m, &v, (uint32_t)(256 + r)));
            assert_int_equal(merges[r].left, m.left);
            assert_int_equal(merges[r].right, m.right);
            assert_int_equal(merges[r].merged, 256 + r);
            for (size_t i = 0; i < v.words_n; i++)
                v.n[i] = naive_respell(v.token[i], v.n[i], m);
        }
        if (got < COUNT(merges))
            assert_false(naive_best(&m, &v, 0));
        for (size_t i = 0; i < v.words_n; i++)
            free(v.token[i]);
        words_clear(&w);
    }
}

static void training_stops_where_nothing_occurs_twice(void **state)
{
    struct err err = {0};
    struct words w;
    struct merge merges[10];
    size_t got;

    (void)state;
    words_init(&w, 10);
    words_add(&w, (const unsigned char *)"abab", 4);
    assert_int_equal(bpe_train(merges, &got, 10, &w, NULL, &err), 0);
    assert_int_equal(got, 1); /* "ab" occurs twice; then only "ab" "ab", once */
    assert_int_equal(merges[0].left, 'a');
    assert_int_equal(merges[0].right, 'b');
    words_clear(&w);
}

static int stop_at_64(void *context, size_t done, struct err *err)
{
    (void)context;
    return done < 64 ? 0 : err_failed(err, "interrupted");
}

static void training_ends_when_its_watch_says_so(void **state)
{
    struct err err = {0};
    struct words w;
    struct merge merges[200];
    struct bpe_watch watch = {stop_at_64, NULL};
    size_t got, n = 20000;
    unsigned char *text = make_text(n, 8);

    (void)state;
    words_init(&w, 10000);
    cut(count_word, &w, "cl100k", text, n, n);
    assert_int_equal(bpe_train(merges, &got, 200, &w, &watch, &err), -1);
    assert_string_equal(err.text, "interrupted");
    words_clear(&w);
    free(text);
}

/* Lowest rank first, leftmost first, by looking at every place every time. */
static size_t naive_encode(uint32_t *token, const unsigned char *piece, size_t n,
                           const struct merge *merges, size_t merges_n)
{
    for (size_t i = 0; i < n; i++)
        token[i] = piece[i];
    for (;;) {
        size_t at = n, rank = merges_n;
        for (size_t i = 0; i + 1 < n; i++)
            for (size_t r = 0; r < rank; r++)
                if (merges[r].left == token[i] && merges[r].right == token[i + 1]) {
                    at = i;
                    rank = r;
                }
        if (at == n)
            return n;
        token[at] = merges[rank].merged;
        memmove(token + at + 1, token + at + 2, (n - at - 2) * sizeof *token);
        n--;
    }
}

static void pieces_are_encoded_by_the_lowest_rank_first(void **state)
{
    enum { MERGES = 40, LONGEST = 60 };
    struct merge merges[MERGES];
    uint32_t byte_ids[256], expected[LONGEST];
    struct rng rng;

    (void)state;
    for (uint32_t i = 0; i < 256; i++)
        byte_ids[i] = i;
    rng_init(&rng, 6, "merges", 0);
    for (uint32_t r = 0; r < MERGES; r++) { /* any earlier tokens side by side, by chance twice */
        uint32_t left = (uint32_t)rng_below(&rng, 3 + r), right = (uint32_t)rng_below(&rng, 3 + r);
        merges[r] = (struct merge){left < 3 ? 'a' + left : 253 + left,
                                   right < 3 ? 'a' + right : 253 + right, 256 + r};
    }
    merges[MERGES - 1].left = merges[0].left; /* a pair that stands twice: the first counts */
    merges[MERGES - 1].right = merges[0].right;
    struct bpe *bpe = bpe_new(byte_ids, merges, MERGES);
    for (int trial = 0; trial < 3000; trial++) { /* short ones come again: the cache answers */
        unsigned char piece[LONGEST];
        size_t n = 1 + rng_below(&rng, trial % 2 ? 5 : LONGEST);
        struct ids ids = {0};
        for (size_t k = 0; k < n; k++)
            piece[k] = (unsigned char)('a' + rng_below(&rng, 3));
        size_t expected_n = naive_encode(expected, piece, n, merges, MERGES);
        bpe_encode(&ids, bpe, piece, n);
        assert_int_equal(ids.n, expected_n);
        assert_memory_equal(ids.at, expected, expected_n * sizeof *expected);
        ids_clear(&ids);
    }
    bpe_free(bpe);
}

/* --- the tokenizer ------------------------------------------------------------------------- */

static void every_byte_string_comes_back_exactly(void **state)
{
    static const char *const patterns[] = {"cl100k", "gpt2", "[a-z]+"};
    struct rng rng;

    (void)state;
    for (size_t k = 0; k < COUNT(patterns); k++) {
        unsigned char *text = make_text(50000, 11 + k), all[512];
        struct tokenizer *t = learn(text, 50000, 100, patterns[k]);

        assert_comes_back(t, text, 50000);
        assert_comes_back(t, "", 0);
        assert_comes_back(t, "\0", 1);
        assert_comes_back(t, "\0\0a\0", 4);
        assert_comes_back(t, ENDOFTEXT, strlen(ENDOFTEXT));
        for (int i = 0; i < 512; i++)
            all[i] = (unsigned char)i;
        assert_comes_back(t, all, 512);
        rng_init(&rng, 12, "bytes", k);
        for (int trial = 0; trial < 500; trial++) {
            unsigned char bytes[300];
            size_t n = rng_below(&rng, sizeof bytes);
            uint64_t range = trial % 3 == 0 ? 256 : trial % 3 == 1 ? 0x90 : 3;
            for (size_t i = 0; i < n; i++)
                bytes[i] = (unsigned char)(rng_below(&rng, range) + (range == 3 ? 'a' : 0));
            assert_comes_back(t, bytes, n);
        }
        tokenizer_free(t);
        free(text);
    }
}

static void a_piece_as_long_as_the_window_is_encoded_in_little_time(void **state)
{
    unsigned char *text = make_text(30000, 15), *same = mem_new(4 * PIECE_WINDOW, 1);
    struct tokenizer *t = learn(text, 30000, 60, "cl100k");

    (void)state;
    memset(same, 'a', 4 * PIECE_WINDOW); /* quadratic work would run for minutes */
    assert_comes_back(t, same, 4 * PIECE_WINDOW);
    tokenizer_free(t);
    free(same);
    free(text);
}

static void ids_that_stand_for_nothing_decode_to_nothing(void **state)
{
    struct err err = {0};
    struct tokenizer *t;
    size_t n;

    (void)state;
    assert_int_equal(tokenizer_new(&t, ".", NULL, 0, &err), 0);
    assert_int_equal(tokenizer_vocab(t), 257);
    assert_int_equal(tokenizer_endoftext(t), 256);
    assert_memory_equal(tokenizer_decode(&n, t, 256), ENDOFTEXT, strlen(ENDOFTEXT));
    assert_int_equal(n, strlen(ENDOFTEXT));
    assert_null(tokenizer_decode(&n, t, 257));
    assert_null(tokenizer_decode(&n, t, UINT32_MAX));
    assert_int_equal(n, 0);
    tokenizer_free(t);
}

/* --- tokenizer.json ------------------------------------------------------------------------ */

static char *new_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = mem_printf("%s/tokenizer-XXXXXX", tmp != NULL ? tmp : "/tmp");

    assert_non_null(mkdtemp(dir));
    return dir;
}

static void write_json(const char *dir, const char *text)
{
    struct err err = {0};
    char *path = path_join(dir, "tokenizer.json");

    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    free(path);
}

static void a_tokenizer_that_is_written_and_read_is_the_same(void **state)
{
    struct err err = {0};
    unsigned char *text = make_text(40000, 21);
    struct tokenizer *t = learn(text, 40000, 90, "cl100k"), *read;
    struct str written = {0}, again = {0};
    struct ids a = {0}, b = {0};
    char *dir = new_dir();

    (void)state;
    tokenizer_write(&written, t);
    write_json(dir, written.at);
    assert_int_equal(tokenizer_open(&read, dir, &err), 0);
    tokenizer_write(&again, read);
    assert_string_equal(again.at, written.at);
    assert_int_equal(tokenizer_vocab(read), 256 + 90 + 1);
    assert_int_equal(tokenizer_endoftext(read), 256 + 90);
    assert_string_equal(tokenizer_regex(read), split_pattern_find("cl100k"));
    assert_int_equal(tokenizer_encode(&a, t, text, 40000, &err), 0);
    assert_int_equal(tokenizer_encode(&b, read, text, 40000, &err), 0);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.at, b.at, a.n * sizeof *a.at);
    assert_int_equal(file_remove(dir, &err), 0);
    ids_clear(&a);
    ids_clear(&b);
    str_clear(&written);
    str_clear(&again);
    tokenizer_free(read);
    tokenizer_free(t);
    free(text);
    free(dir);
}

static void bytes_are_spelt_as_gpt2_does(void **state)
{
    /* openai/gpt-2, encoder.py, bytes_to_unicode(): the stand-ins are 256 + their place among the
     * bytes that do not print, 0 … 32, 127 … 160 and 173. */
    static const char *const lines[] = {
        "\n      \"\xc4\x80\": 0,",  /* U+0100 */
        "\n      \"\xc4\x8a\": 10,", /* U+010A */
        "\n      \"\xc4\xa0\": 32,", /* U+0120 */
        "\n      \"!\": 33,",         "\n      \"\\\"\": 34,",
        "\n      \"~\": 126,",        "\n      \"\xc4\xa1\": 127,", /* U+0121 */
        "\n      \"\xc5\x82\": 160,",                               /* U+0142 */
        "\n      \"\xc2\xa1\": 161,", "\n      \"\xc5\x83\": 173,", /* U+0143 */
        "\n      \"\xc3\xbf\": 255,",
    };
    struct err err = {0};
    struct tokenizer *t;
    struct str text = {0};

    (void)state;
    assert_int_equal(tokenizer_new(&t, ".", NULL, 0, &err), 0);
    tokenizer_write(&text, t);
    for (size_t i = 0; i < COUNT(lines); i++)
        if (strstr(text.at, lines[i]) == NULL)
            fail_msg("there is no line %s", lines[i]);
    str_clear(&text);
    tokenizer_free(t);
}

/* A whole tokenizer.json with the bytes as ids 0 … 255 in the order of their spellings. */
static char *json_of(const char *pre_tokenizer, const char *more_vocab, const char *merges,
                     const char *more)
{
    struct err err = {0};
    struct tokenizer *t;
    struct str whole = {0};

    assert_int_equal(tokenizer_new(&t, ".", NULL, 0, &err), 0);
    tokenizer_write(&whole, t);
    tokenizer_free(t);
    const char *vocab = strstr(whole.at, "\"vocab\": {") + strlen("\"vocab\": {");
    const char *mark = strstr(vocab, ",\n      \"<|endoftext|>\"");
    char *text = mem_printf("{%s\"pre_tokenizer\": %s, \"model\": {\"type\": \"BPE\", "
                            "\"vocab\": {%.*s%s}, \"merges\": %s}}",
                            more, pre_tokenizer, (int)(mark - vocab), vocab, more_vocab, merges);
    str_clear(&whole);
    return text;
}

#define BYTE_LEVEL "{\"type\": \"ByteLevel\", \"add_prefix_space\": false}"

static void the_forms_of_others_open_too(void **state)
{
    static const char *const pre_tokenizers[] = {
        BYTE_LEVEL,
        "{\"type\": \"Sequence\", \"pretokenizers\": [" BYTE_LEVEL "]}",
    };
    static const char *const merges[] = {"[\"\xc4\xa0 a\", \"b c\"]",
                                         "[[\"\xc4\xa0\", \"a\"], [\"b\", \"c\"]]"};
    struct err err = {0};
    char *dir = new_dir();

    (void)state;
    for (size_t i = 0; i < COUNT(merges); i++) {
        /* The ids of merged tokens need not follow the ranks, nor be without gaps. */
        char *text = json_of(pre_tokenizers[i],
                             ", \"\xc4\xa0"
                             "a\": 300, \"bc\": 260",
                             merges[i], "");
        static const uint32_t expected[] = {'a', 300, 260, '\'', 's'};
        struct tokenizer *t;
        struct ids ids = {0};
        size_t n;
        write_json(dir, text);
        assert_int_equal(tokenizer_open(&t, dir, &err), 0);
        assert_int_equal(tokenizer_encode(&ids, t, "a abc's", 7, &err), 0);
        assert_int_equal(ids.n, COUNT(expected));
        assert_memory_equal(ids.at, expected, sizeof expected);
        assert_int_equal(tokenizer_endoftext(t), -1);
        assert_memory_equal(tokenizer_decode(&n, t, 300), " a", 2);
        assert_null(tokenizer_decode(&n, t, 299));
        ids_clear(&ids);
        tokenizer_free(t);
        free(text);
    }
    assert_int_equal(file_remove(dir, &err), 0);
    free(dir);
}

static void what_would_give_other_ids_is_refused(void **state)
{
    static const struct {
        const char *pre_tokenizer, *vocab, *merges, *more, *said;
    } cases[] = {
        {BYTE_LEVEL, "", "[]", "\"normalizer\": {\"type\": \"NFKC\"}, ", "normalizer"},
        {"{\"type\": \"ByteLevel\", \"add_prefix_space\": true}", "", "[]", "", "pre_tokenizer"},
        {"{\"type\": \"Whitespace\"}", "", "[]", "", "pre_tokenizer"},
        {"null", "", "[]", "", "pre_tokenizer"},
        {BYTE_LEVEL, "", "[\"a b\"]", "", "merge 0"},
        {BYTE_LEVEL, "", "[\"ab\"]", "", "merge 0"},
        {BYTE_LEVEL, "", "[7]", "", "merge 0"},
        {BYTE_LEVEL, "", "7", "", "merges"},
        {BYTE_LEVEL, ", \"ab\": 1000000", "[]", "", "'ab'"},
        {BYTE_LEVEL, ", \"ab\": -1", "[]", "", "'ab'"},
        {BYTE_LEVEL, ", \"ab\": 1.5", "[]", "", "'ab'"},
        {BYTE_LEVEL, ", \"ab\": 97", "[]", "", "id 97"},
        {BYTE_LEVEL, ", \"a b\": 300", "[]", "", "'a b'"},
        {BYTE_LEVEL, ", \"\xe6\x97\xa5\": 300", "[]", "", "byte-level"},
        {BYTE_LEVEL, ", \"\xe4\x84\xa1\": 300", "[]", "", "byte-level"}, /* U+4121 */
        {BYTE_LEVEL, ", \"\": 300", "[]", "", "byte-level"},
        {BYTE_LEVEL, "", "[]", "\"added_tokens\": [{\"id\": 97, \"content\": \"<s>\"}], ", "0x61"},
        {BYTE_LEVEL, "", "[]", "\"added_tokens\": [{\"id\": 300}], ", "added token 0"},
        {BYTE_LEVEL "}", "", "[]", "", "tokenizer.json:1:"},
    };
    char *dir = new_dir();
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tokenizer *t = NULL;
        char *text =
            json_of(cases[i].pre_tokenizer, cases[i].vocab, cases[i].merges, cases[i].more);
        err = (struct err){0};
        write_json(dir, text);
        assert_int_equal(tokenizer_open(&t, dir, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        if (strstr(err.text, cases[i].said) == NULL)
            fail_msg("case %zu: '%s' does not say '%s'", i, err.text, cases[i].said);
        free(text);
    }
    assert_int_equal(file_remove(dir, &err), 0);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_patterns_cut_text_as_they_are_written),
        cmocka_unit_test(characters_are_those_of_rfc_3629),
        cmocka_unit_test(pieces_do_not_depend_on_the_chunks),
        cmocka_unit_test(patterns_that_cannot_work_are_refused),
        cmocka_unit_test(a_pattern_that_matches_nothing_still_goes_on),
        cmocka_unit_test(words_are_counted_exactly_while_there_is_room),
        cmocka_unit_test(a_full_table_keeps_the_frequent_words),
        cmocka_unit_test(of_a_long_word_the_front_is_counted),
        cmocka_unit_test(merges_are_those_of_the_literal_definition),
        cmocka_unit_test(training_stops_where_nothing_occurs_twice),
        cmocka_unit_test(training_ends_when_its_watch_says_so),
        cmocka_unit_test(pieces_are_encoded_by_the_lowest_rank_first),
        cmocka_unit_test(every_byte_string_comes_back_exactly),
        cmocka_unit_test(a_piece_as_long_as_the_window_is_encoded_in_little_time),
        cmocka_unit_test(ids_that_stand_for_nothing_decode_to_nothing),
        cmocka_unit_test(a_tokenizer_that_is_written_and_read_is_the_same),
        cmocka_unit_test(bytes_are_spelt_as_gpt2_does),
        cmocka_unit_test(the_forms_of_others_open_too),
        cmocka_unit_test(what_would_give_other_ids_is_refused),
    };

    return cmocka_run_group_tests_name("tokenizer", tests, NULL, NULL);
}
