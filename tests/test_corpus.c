/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "corpus.h"
#include "file.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "prepare.h"
#include "pretokenize.h"
#include "rng.h"
#include "str.h"
#include "token_file.h"
#include "tokenizer.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define READ_MAX     ((size_t)64 << 20)

/* --- a folder of its own for each test ----------------------------------------------------- */

static int set_up(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = mem_printf("%s/corpus-XXXXXX", tmp != NULL ? tmp : "/tmp");

    log_quiet(true);
    *state = dir;
    return mkdtemp(dir) == NULL;
}

static int tear_down(void **state)
{
    struct err err = {0};
    int rc = file_remove(*state, &err);

    free(*state);
    return rc;
}

/* Writes a file of the test's folder; the caller frees its path. */
static char *put(const char *dir, const char *name, const void *bytes, size_t n)
{
    struct err err = {0};
    char *path = path_join(dir, name);

    assert_int_equal(file_write(path, bytes, n, &err), 0);
    return path;
}

static char *get(size_t *n, const char *dir, const char *name)
{
    struct err err = {0};
    char *path = path_join(dir, name), *bytes;

    if (file_read(&bytes, n, path, READ_MAX, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
    return bytes;
}

/* --- documents ----------------------------------------------------------------------------- */

/* The walk as text: each document ends in '|' and the offset. */
static int write_text(void *context, int64_t at, const unsigned char *bytes, size_t n,
                      struct err *err)
{
    (void)at;
    (void)err;
    str_addn(context, (const char *)bytes, n);
    return 0;
}

static int write_end(void *context, int64_t at, struct err *err)
{
    (void)err;
    str_addf(context, "|%lld ", (long long)at);
    return 0;
}

static void documents_end_where_asked_whatever_the_chunks(void **state)
{
    static const struct {
        enum document_end end;
        const char *a, *b, *walk;
    } cases[] = {
        {DOCUMENT_FILES, "one\n\ntwo", "x<|endoftext|>y", "one\n\ntwo|8 x<|endoftext|>y|23 "},
        {DOCUMENT_BLANK_LINES, "one\ntwo\n\n\nthree", "\n\n x\r\n\r\ny\n",
         "one\ntwo\n\n\n|10 three|15 \n\n x\r\n\r\n|23 y\n|25 "},
        {DOCUMENT_BLANK_LINES, "a\n", "\nb", "a\n|2 \nb|4 "}, /* runs do not cross files */
        {DOCUMENT_BLANK_LINES, "\n\n\n", "a\n\n", "\n\n\n|3 a\n\n|6 "},
        {DOCUMENT_ENDOFTEXT, "one<|endoftext|>two", "three<|endoftext|>",
         "one|16 two|19 three|37 "},
        {DOCUMENT_ENDOFTEXT, "<|endoftext|><|endoftext|>", "<|endoftext<|endoftext|>|>",
         "|13 |26 <|endoftext|50 |>|52 "},
        {DOCUMENT_ENDOFTEXT, "<|endoftext|", ">x", "<|endoftext||12 >x|14 "},
    };
    static const size_t chunks[] = {1, 2, 3, 5, 13, CORPUS_CHUNK};
    struct err err = {0};

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *a = put(*state, "a", cases[i].a, strlen(cases[i].a));
        char *b = put(*state, "b", cases[i].b, strlen(cases[i].b));
        for (size_t k = 0; k < COUNT(chunks); k++) {
            struct str walk = {0};
            struct corpus_visitor visitor = {write_text, write_end, NULL, &walk};
            struct corpus c;
            assert_int_equal(corpus_open(&c, (const char *const[]){a, b}, 2, &err), 0);
            c.end = cases[i].end;
            c.chunk = chunks[k];
            assert_int_equal(corpus_walk(&c, CORPUS_ALL, &visitor, &err), 0);
            assert_string_equal(walk.at, cases[i].walk);
            str_clear(&walk);
            corpus_close(&c);
        }
        free(a);
        free(b);
    }
}

static void the_mark_is_found_also_across_chunks(void **state)
{
    static const struct {
        const char *text;
        int holds;
    } cases[] = {{"some text <|endoftext|>", 1},
                 {"<|endoftext|>x", 1},
                 {"<|endoftext |> <|endoftext|", 0},
                 {"plain", 0}};
    struct err err = {0};

    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t chunk = 1; chunk < 20; chunk += 3) {
            char *path = put(*state, "a", cases[i].text, strlen(cases[i].text));
            struct corpus c;
            assert_int_equal(corpus_open(&c, (const char *const[]){path}, 1, &err), 0);
            c.chunk = chunk;
            assert_int_equal(corpus_holds_mark(&c, NULL, &err), cases[i].holds);
            corpus_close(&c);
            free(path);
        }
}

static void a_file_that_changes_between_two_readings_is_noticed(void **state)
{
    static const char *const changed[] = {"other words", "longer than before"};
    struct corpus_visitor nothing = {0};
    struct err err = {0};

    for (size_t i = 0; i < COUNT(changed); i++) {
        char *path = put(*state, "a", "first words", 11);
        struct corpus c;
        assert_int_equal(corpus_open(&c, (const char *const[]){path}, 1, &err), 0);
        assert_int_equal(corpus_walk(&c, CORPUS_ALL, &nothing, &err), 0);
        assert_int_equal(corpus_walk(&c, CORPUS_ALL, &nothing, &err), 0);
        free(put(*state, "a", changed[i], strlen(changed[i])));
        assert_int_equal(corpus_walk(&c, CORPUS_ALL, &nothing, &err), -1);
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        assert_non_null(strstr(err.text, "changed while it was read"));
        corpus_close(&c);
        free(path);
    }
}

/* --- cuts ---------------------------------------------------------------------------------- */

static int cut_text(struct cuts *out, const char *dir, const char *text, double val, double test,
                    struct err *err)
{
    char *path = put(dir, "a", text, strlen(text));
    struct corpus c;

    assert_int_equal(corpus_open(&c, (const char *const[]){path}, 1, err), 0);
    c.end = DOCUMENT_BLANK_LINES;
    c.chunk = 3;
    int rc = corpus_cut(out, &c, val, test, NULL, err);
    corpus_close(&c);
    free(path);
    return rc;
}

static void cuts_are_at_the_borders_nearest_to_the_shares(void **state)
{
    /* Ten documents of four bytes end at 4, 8, … 40; lines end at 3, 4, 7, 8, … */
    static const char *const even = "aa\n\nbb\n\ncc\n\ndd\n\nee\n\nff\n\ngg\n\nhh\n\nii\n\njj\n\n";
    /* Documents end at 17, 24, 28, 30. */
    static const char *const uneven = "aaaaaaaaaaaaaaa\n\nbbbbb\n\ncc\n\ndd";
    /* Documents end at 27, 38, 40: validation would have 11 bytes for 4. */
    static const char *const large = "a\na\na\na\na\na\na\na\na\na\na\na\na\n\n"
                                     "b\nb\nb\nb\nb\n\nc\n";
    /* Documents end at 32, 39, 40: the test would have 1 byte for 4. */
    static const char *const small = "a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\n\n\n"
                                     "b\nb\nb\n\nc";
    static const char *const lines = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
    const struct {
        const char *text;
        double val, test;
        long long train, valid;
        int at_lines;
    } cases[] = {
        {even, 0.1, 0.1, 32, 36, 0},
        {even, 0.2, 0.3, 20, 28, 0},
        {even, 0, 0.1, 36, 36, 0},
        {even, 0.1, 0, 36, 40, 0},
        {even, 0, 0, 40, 40, 0},
        {even, 0.05, 0.05, 36, 39, 1}, /* one document is more than both shares */
        {uneven, 0.2, 0.2, 17, 24, 0}, /* the targets are 18 and 24 */
        {large, 0.1, 0.1, 31, 35, 1},
        {small, 0.1, 0.1, 32, 36, 1},
        {lines, 0.1, 0.1, 16, 18, 1},
    };
    struct err err = {0};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cuts cuts;
        if (cut_text(&cuts, *state, cases[i].text, cases[i].val, cases[i].test, &err) != 0)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(cuts.end[SPLIT_TRAIN], cases[i].train);
        assert_int_equal(cuts.end[SPLIT_VAL], cases[i].valid);
        assert_int_equal(cuts.end[SPLIT_TEST], strlen(cases[i].text));
        assert_int_equal(cuts.at_lines, cases[i].at_lines);
    }
}

static void a_text_without_borders_is_not_split(void **state)
{
    static const char *const texts[] = {"x", "one long line without an end",
                                        "a\nthe rest is one line"};
    struct err err = {0};
    struct cuts cuts;

    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(cut_text(&cuts, *state, texts[i], 0.1, 0.1, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, "cannot be split"));
    }
}

/* --- token files --------------------------------------------------------------------------- */

static void tokens_are_little_endian_in_16_or_32_bits(void **state)
{
    static const uint32_t ids[] = {1, 0x1234, 65535};
    static const unsigned char narrow[] = {1, 0, 0x34, 0x12, 0xff, 0xff};
    static const unsigned char wide[] = {1, 0, 0, 0, 0x34, 0x12, 0, 0, 0xff, 0xff, 0, 0};
    struct err err = {0};

    assert_int_equal(token_bits(257), 16);
    assert_int_equal(token_bits(65536), 16);
    assert_int_equal(token_bits(65537), 32);
    for (int bits = 16; bits <= 32; bits += 16) {
        const unsigned char *expected = bits == 16 ? narrow : wide;
        char *path = path_join(*state, bits == 16 ? "16.bin" : "32.bin"), *bytes;
        struct token_file f;
        size_t n;
        assert_int_equal(token_file_create(&f, path, bits, &err), 0);
        assert_int_equal(token_file_add(&f, ids, 3, &err), 0);
        assert_int_equal(f.tokens, 3);
        assert_int_equal(token_file_finish(&f, &err), 0);
        bytes = get(&n, path, path);
        assert_int_equal(n, 3 * (size_t)bits / 8);
        assert_memory_equal(bytes, expected, n);
        free(bytes);
        free(path);
    }
}

/* --- prepare ------------------------------------------------------------------------------- */

/* Documents of random words, each ended by `end`; the caller frees. */
static char *make_text(size_t documents, const char *end, uint64_t seed)
{
    static const char *const words[] = {"the ", "lamb ",  "and ",         "lion\n", "shall ",
                                        "lie ", "down, ", "caf\xc3\xa9 ", "12345 ", "\xff\xfe "};
    struct str text = {0};
    struct rng rng;

    rng_init(&rng, seed, "documents", 0);
    for (size_t i = 0; i < documents; i++) {
        for (uint64_t k = 5 + rng_below(&rng, 60); k > 0; k--)
            str_add(&text, words[rng_below(&rng, COUNT(words))]);
        str_add(&text, end);
    }
    return str_take(&text);
}

static void prepare_one(const char *text_path, const char *out, struct prepare_options more)
{
    struct err err = {0};

    more.texts = &text_path;
    more.texts_n = 1;
    more.out = out;
    more.vocab = more.vocab > 0 ? more.vocab : 280;
    more.val = more.test = 0.1;
    more.regex = split_pattern_find("cl100k");
    if (prepare(&more, &err) != 0)
        fail_msg("%s", err.text);
}

static const char *const outputs[] = {"train.bin", "val.bin", "test.bin", "tokenizer.json",
                                      "meta.json"};

static void assert_same_outputs(const char *a, const char *b)
{
    for (size_t i = 0; i < COUNT(outputs); i++) {
        size_t a_n, b_n;
        char *a_bytes = get(&a_n, a, outputs[i]), *b_bytes = get(&b_n, b, outputs[i]);
        if (a_n != b_n || memcmp(a_bytes, b_bytes, a_n) != 0)
            fail_msg("%s differs", outputs[i]);
        free(a_bytes);
        free(b_bytes);
    }
}

static void prepare_gives_the_same_bytes_whatever_the_chunk(void **state)
{
    static const size_t chunks[] = {1, 7, 1000};
    static const enum document_end ends[] = {DOCUMENT_ENDOFTEXT, DOCUMENT_BLANK_LINES,
                                             DOCUMENT_FILES};
    static const char *const marks[] = {ENDOFTEXT, "\n\n", "\n"};

    for (size_t e = 0; e < COUNT(ends); e++) {
        char *text = make_text(60, marks[e], e), *path = put(*state, "text", text, strlen(text));
        char *whole = path_join(*state, "whole"), *parts = path_join(*state, "parts");
        prepare_one(path, whole, (struct prepare_options){.end = (int)ends[e]});
        for (size_t i = 0; i < COUNT(chunks); i++) {
            prepare_one(path, parts,
                        (struct prepare_options){.end = (int)ends[e], .chunk = chunks[i]});
            assert_same_outputs(whole, parts);
        }
        free(text);
        free(path);
        free(whole);
        free(parts);
    }
}

/* Adds the decoded text of one split. */
static void decode_split(struct str *out, const char *dir, const char *name)
{
    struct err err = {0};
    struct tokenizer *t;
    size_t n, len;
    char *bytes = get(&n, dir, name);

    assert_int_equal(tokenizer_open(&t, dir, &err), 0);
    for (size_t i = 0; i < n; i += 2) {
        uint32_t id = (uint32_t)(unsigned char)bytes[i] | (uint32_t)(unsigned char)bytes[i + 1]
                                                              << 8;
        const unsigned char *token = tokenizer_decode(&len, t, id);
        assert_non_null(token);
        str_addn(out, (const char *)token, len);
    }
    tokenizer_free(t);
    free(bytes);
}

static void the_three_splits_decode_to_the_text(void **state)
{
    char *text = make_text(60, ENDOFTEXT, 4), *path = put(*state, "text", text, strlen(text));
    char *dir = path_join(*state, "out");
    struct str back = {0};

    prepare_one(path, dir, (struct prepare_options){.end = PREPARE_END_AUTO});
    for (int s = 0; s < SPLITS; s++) {
        size_t before = back.len;
        decode_split(&back, dir, outputs[s]);
        /* Every split ends with a document, and the shares are near a tenth. */
        assert_memory_equal(back.at + back.len - strlen(ENDOFTEXT), ENDOFTEXT, strlen(ENDOFTEXT));
        assert_close((double)(back.len - before) / (double)strlen(text), s == 0 ? 0.8 : 0.1, 0,
                     0.03);
    }
    assert_string_equal(back.at, text);
    str_clear(&back);
    free(text);
    free(path);
    free(dir);
}

static json_t *read_meta(const char *dir)
{
    struct err err = {0};
    size_t n;
    char *text = get(&n, dir, "meta.json");
    json_t *meta;

    if (json_read(&meta, text, n, "meta.json", &err) != 0)
        fail_msg("%s", err.text);
    free(text);
    return meta;
}

static json_t *of_split(const json_t *meta, const char *key, int split)
{
    return json_object_get(json_object_get(meta, key), split_names[split]);
}

static int64_t count_text(const char *text, const char *part)
{
    int64_t n = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        n++;
    return n;
}

static void meta_says_what_the_files_hold(void **state)
{
    char *text = make_text(80, ENDOFTEXT, 5), *path = put(*state, "text", text, strlen(text));
    char *dir = path_join(*state, "out"), hash[SHA256_TEXT];

    prepare_one(path, dir, (struct prepare_options){.end = PREPARE_END_AUTO});
    json_t *meta = read_meta(dir);
    assert_int_equal(json_integer_value(json_object_get(meta, "vocab")), 280);
    assert_int_equal(json_integer_value(json_object_get(meta, "token_bits")), 16);
    assert_int_equal(json_integer_value(json_object_get(meta, "endoftext")), 279);
    assert_string_equal(json_string_value(json_object_get(meta, "document_end")), "endoftext");
    for (int s = 0; s < SPLITS; s++) {
        struct str split = {0};
        size_t n;
        char *bytes = get(&n, dir, outputs[s]);
        decode_split(&split, dir, outputs[s]);
        int64_t documents = count_text(split.at, ENDOFTEXT);
        int64_t text_bytes = (int64_t)split.len - documents * (int64_t)strlen(ENDOFTEXT);
        assert_int_equal(json_integer_value(of_split(meta, "documents", s)), documents);
        assert_int_equal(json_integer_value(of_split(meta, "tokens", s)), n / 2);
        assert_int_equal(json_integer_value(of_split(meta, "bytes", s)), text_bytes);
        assert_close(json_real_value(of_split(meta, "bytes_per_token", s)),
                     (double)text_bytes / (double)(n / 2), 1e-15, 0);
        str_clear(&split);
        free(bytes);
    }
    for (size_t i = 0; i + 1 < COUNT(outputs); i++) {
        size_t n;
        char *bytes = get(&n, dir, outputs[i]);
        sha256_bytes(hash, bytes, n);
        assert_string_equal(
            json_string_value(json_object_get(json_object_get(meta, "sha256"), outputs[i])), hash);
        free(bytes);
    }
    sha256_bytes(hash, text, strlen(text));
    const json_t *source = json_array_get(json_object_get(meta, "texts"), 0);
    assert_string_equal(json_string_value(json_object_get(source, "sha256")), hash);
    assert_int_equal(json_integer_value(json_object_get(source, "bytes")), strlen(text));
    json_decref(meta);
    free(text);
    free(path);
    free(dir);
}

static void the_tokenizer_learns_from_the_training_split_alone(void **state)
{
    char *text = make_text(60, "\n\n", 6);
    size_t n = strlen(text), a_n, b_n;
    char *a = path_join(*state, "a"), *b = path_join(*state, "b");
    char *path = put(*state, "text", text, n);

    prepare_one(path, a, (struct prepare_options){.end = DOCUMENT_BLANK_LINES});
    /* Other letters in the last sixth, where validation and test lie; the borders stay. */
    for (size_t i = n - n / 6; i < n; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            text[i] = 'q';
    free(put(*state, "text", text, n));
    prepare_one(path, b, (struct prepare_options){.end = DOCUMENT_BLANK_LINES});
    char *before = get(&a_n, a, "tokenizer.json"), *after = get(&b_n, b, "tokenizer.json");
    assert_string_equal(before, after);
    free(before);
    free(after);
    before = get(&a_n, a, "test.bin");
    after = get(&b_n, b, "test.bin");
    assert_true(a_n != b_n || memcmp(before, after, a_n) != 0);
    free(before);
    free(after);
    free(a);
    free(b);
    free(path);
    free(text);
}

static void documents_end_by_themselves_where_nothing_is_asked(void **state)
{
    static const struct {
        const char *end, *chosen;
        size_t files;
    } cases[] = {{ENDOFTEXT, "endoftext", 1}, {"\n\n", "blank-lines", 1}, {"\n\n", "files", 40}};
    struct err err = {0};
    char *dir = path_join(*state, "out");

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = make_text(cases[i].files > 1 ? 2 : 60, cases[i].end, 7);
        char *path = put(*state, "text", text, strlen(text));
        const char *paths[40];
        for (size_t k = 0; k < cases[i].files; k++)
            paths[k] = path;
        struct prepare_options options = {.texts = paths,
                                          .texts_n = cases[i].files,
                                          .out = dir,
                                          .vocab = 270,
                                          .val = 0.1,
                                          .test = 0.1,
                                          .end = PREPARE_END_AUTO,
                                          .regex = split_pattern_find("gpt2")};
        assert_int_equal(prepare(&options, &err), 0);
        json_t *meta = read_meta(dir);
        assert_string_equal(json_string_value(json_object_get(meta, "document_end")),
                            cases[i].chosen);
        if (cases[i].files > 1)
            assert_int_equal(json_integer_value(of_split(meta, "documents", SPLIT_VAL)), 4);
        json_decref(meta);
        free(path);
        free(text);
    }
    free(dir);
}

static void a_cap_on_what_is_counted_changes_the_tokenizer_alone(void **state)
{
    char *text = make_text(60, "\n\n", 9), *path = put(*state, "text", text, strlen(text));
    char *few = path_join(*state, "few"), *same = path_join(*state, "same");

    prepare_one(
        path, few,
        (struct prepare_options){.end = DOCUMENT_BLANK_LINES, .train_bytes = 3000, .vocab = 290});
    json_t *meta = read_meta(few);
    assert_int_equal(json_integer_value(json_object_get(meta, "tokenizer_bytes")), 3000);
    assert_true(json_integer_value(of_split(meta, "bytes", SPLIT_TRAIN)) > 3000);
    json_decref(meta);
    /* The cap does not depend on the chunks either, nor does a full table of words. */
    prepare_one(path, same,
                (struct prepare_options){
                    .end = DOCUMENT_BLANK_LINES, .train_bytes = 3000, .vocab = 290, .chunk = 11});
    assert_same_outputs(few, same);
    prepare_one(
        path, few,
        (struct prepare_options){.end = DOCUMENT_BLANK_LINES, .word_limit = 8, .vocab = 258});
    prepare_one(path, same,
                (struct prepare_options){
                    .end = DOCUMENT_BLANK_LINES, .word_limit = 8, .vocab = 258, .chunk = 11});
    assert_same_outputs(few, same);
    free(text);
    free(path);
    free(few);
    free(same);
}

static size_t entries(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

static void a_failed_prepare_leaves_nothing_behind(void **state)
{
    char *text = make_text(30, "\n\n", 10), *path = put(*state, "text", text, strlen(text));
    char *dir = path_join(*state, "out");
    struct err err = {0};
    struct prepare_options options = {.texts = (const char *const[]){path},
                                      .texts_n = 1,
                                      .out = dir,
                                      .vocab = 60000,
                                      .val = 0.1,
                                      .test = 0.1,
                                      .end = PREPARE_END_AUTO,
                                      .regex = split_pattern_find("gpt2")};

    assert_int_equal(prepare(&options, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "too short for a vocabulary of 60000"));
    assert_int_equal(entries(*state), 1);
    free(text);
    free(path);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(documents_end_where_asked_whatever_the_chunks, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_mark_is_found_also_across_chunks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_changes_between_two_readings_is_noticed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(cuts_are_at_the_borders_nearest_to_the_shares, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_text_without_borders_is_not_split, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_are_little_endian_in_16_or_32_bits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(prepare_gives_the_same_bytes_whatever_the_chunk, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_three_splits_decode_to_the_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(meta_says_what_the_files_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_tokenizer_learns_from_the_training_split_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(documents_end_by_themselves_where_nothing_is_asked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cap_on_what_is_counted_changes_the_tokenizer_alone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_prepare_leaves_nothing_behind, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
