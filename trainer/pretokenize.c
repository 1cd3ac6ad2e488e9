/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "mem.h"
#include "pretokenize.h"

/*
 * Published forms: gpt2 is GPT-2's (openai/gpt-2, encoder.py); cl100k the one of tiktoken's
 * cl100k_base in the spelling without possessive quantifiers that Llama 3's tokenizer.json has;
 * qwen2 is that of Qwen2's tokenizer.json; smollm does in one expression what SmolLM's does in two
 * steps: a digit ends what the other alternatives see.
 */
const struct split_pattern split_patterns[] = {
    {"cl100k",
     "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
     " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     "as in cl100k_base and Llama 3: numbers by three digits, line ends apart"},
    {"gpt2", "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
     "as in GPT-2: whole numbers, blanks in front of words"},
    {"qwen2",
     "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
     " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     "as in Qwen2 and Qwen3: cl100k with each digit alone"},
    {"smollm",
     "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|"
     "\\s+(?![^\\s\\p{N}])|\\s+",
     "as in SmolLM: each digit alone, then gpt2 on what stands between digits"},
};
const size_t split_patterns_n = sizeof split_patterns / sizeof split_patterns[0];

const char *split_pattern_find(const char *text)
{
    for (size_t i = 0; i < split_patterns_n; i++)
        if (strcmp(text, split_patterns[i].name) == 0)
            return split_patterns[i].regex;
    return text;
}

enum {
    JIT_STACK_MAX = 8 << 20,
    MARGIN = 4, /* bytes behind the window that tell whether its last character is whole */
};

struct pretokenizer {
    char *regex;
    pcre2_code *code;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_match_data *match;
    bool jit;
};

static int refuse_lookbehind(const struct pretokenizer *p, struct err *err)
{
    uint32_t characters = 0;

    pcre2_pattern_info(p->code, PCRE2_INFO_MAXLOOKBEHIND, &characters);
    if (characters > 0)
        return err_usage(err,
                         "the pattern '%s' looks behind (\\b counts too): pieces would depend "
                         "on where the text was cut",
                         p->regex);
    return 0;
}

static int compile(struct pretokenizer *p, struct err *err)
{
    PCRE2_UCHAR said[256];
    PCRE2_SIZE at = 0;
    int code = 0;

    p->code = pcre2_compile((PCRE2_SPTR)p->regex, PCRE2_ZERO_TERMINATED,
                            PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
    if (p->code == NULL) {
        pcre2_get_error_message(code, said, sizeof said);
        return err_usage(err, "the pattern '%s' is wrong at character %zu: %s", p->regex, at + 1,
                         (const char *)said);
    }
    if (refuse_lookbehind(p, err) != 0)
        return -1;
    p->jit = pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0;
    return 0;
}

static int prepare_match(struct pretokenizer *p, struct err *err)
{
    p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
    p->context = pcre2_match_context_create(NULL);
    p->stack = pcre2_jit_stack_create(32 << 10, JIT_STACK_MAX, NULL);
    if (p->match == NULL || p->context == NULL || (p->jit && p->stack == NULL))
        return err_environment(err, "no memory for the pattern '%s'", p->regex);
    if (p->jit)
        pcre2_jit_stack_assign(p->context, NULL, p->stack);
    return 0;
}

int pretokenizer_new(struct pretokenizer **out, const char *regex, struct err *err)
{
    struct pretokenizer *p = mem_new(1, sizeof *p);

    p->regex = mem_strdup(regex);
    if (compile(p, err) != 0 || prepare_match(p, err) != 0) {
        pretokenizer_free(p);
        return -1;
    }
    *out = p;
    return 0;
}

void pretokenizer_free(struct pretokenizer *p)
{
    if (p == NULL)
        return;
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->context);
    pcre2_jit_stack_free(p->stack);
    pcre2_code_free(p->code);
    free(p->regex);
    free(p);
}

const char *pretokenizer_regex(const struct pretokenizer *p)
{
    return p->regex;
}

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The lead byte's length; 0 for a byte that starts nothing. */
static size_t lead_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Overlong forms, surrogates and what lies above U+10FFFF show in the second byte. */
static bool second_fits(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return true;
    }
}

size_t utf8_length(const unsigned char *at, size_t n)
{
    size_t length = n > 0 ? lead_length(at[0]) : 0;

    if (length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (!continues(at[i]))
            return 0;
    if (length > 1 && !second_fits(at[0], at[1]))
        return 0;
    return length;
}

/* Bytes of whole characters at the front of n bytes. */
static size_t valid_run(const unsigned char *at, size_t n)
{
    size_t run = 0, length;

    while (run < n && (length = at[run] < 0x80 ? 1 : utf8_length(at + run, n - run)) > 0)
        run += length;
    return run;
}

/* Bytes at the front, at most a window, that start no character. */
static size_t invalid_run(const unsigned char *at, size_t n)
{
    size_t run = 0, limit = n < PIECE_WINDOW ? n : PIECE_WINDOW;

    while (run < limit && utf8_length(at + run, n - run) == 0)
        run++;
    return run;
}

/* A run of whole characters cut to the window without cutting a character. */
static size_t within_window(const unsigned char *at, size_t n)
{
    if (n <= PIECE_WINDOW)
        return n;
    n = PIECE_WINDOW;
    while (continues(at[n]))
        n--;
    return n;
}

static int match_front(struct pretokenizer *p, const unsigned char *at, size_t n)
{
    const uint32_t options = PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK;

    if (p->jit)
        return pcre2_jit_match(p->code, at, n, 0, PCRE2_NOTEMPTY, p->match, p->context);
    return pcre2_match(p->code, at, n, 0, options, p->match, p->context);
}

/* Length of the first piece of n > 0 bytes of whole characters. */
static int first_piece(size_t *length, struct pretokenizer *p, const unsigned char *at, size_t n,
                       struct err *err)
{
    size_t window = within_window(at, n);
    int found = match_front(p, at, window);
    PCRE2_UCHAR said[256];

    *length = window;
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    if (found < 0) {
        pcre2_get_error_message(found, said, sizeof said);
        return err_usage(err, "the pattern '%s' cannot be matched: %s", p->regex,
                         (const char *)said);
    }
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(p->match);
    if (ends[0] > 0)
        *length = ends[0]; /* what stands before the match is a piece */
    else if (ends[1] > 0)
        *length = ends[1];
    return 0;
}

/*
 * Hands on the pieces of `bytes`: all of them where the text ends here, otherwise those with a
 * whole window behind their start.  *used is how far it came.
 */
static int hand_on(size_t *used, struct piece_stream *s, const unsigned char *bytes, size_t n,
                   bool ends, struct err *err)
{
    size_t at = 0, valid_end = 0;

    while (at < n && (ends || n - at >= PIECE_WINDOW + MARGIN)) {
        size_t length;
        if (at >= valid_end)
            valid_end = at + valid_run(bytes + at, n - at);
        if (valid_end == at)
            length = invalid_run(bytes + at, n - at);
        else if (first_piece(&length, s->by, bytes + at, valid_end - at, err) != 0)
            return -1;
        if (s->piece(s->context, bytes + at, length, err) != 0)
            return -1;
        at += length;
    }
    *used = at;
    return 0;
}

static void hold(struct piece_stream *s, const unsigned char *bytes, size_t n)
{
    if (s->held_n + n > s->held_room) {
        s->held_room = 2 * (s->held_n + n);
        s->held = mem_resize(s->held, s->held_room, 1);
    }
    if (n > 0)
        memcpy(s->held + s->held_n, bytes, n);
    s->held_n += n;
}

static void drop_held(struct piece_stream *s, size_t n)
{
    s->held_n -= n;
    memmove(s->held, s->held + n, s->held_n);
}

int piece_stream_add(struct piece_stream *s, const unsigned char *bytes, size_t n, struct err *err)
{
    size_t used = 0;

    if (s->held_n == 0) {
        if (hand_on(&used, s, bytes, n, false, err) != 0)
            return -1;
        hold(s, bytes + used, n - used);
        return 0;
    }
    hold(s, bytes, n);
    if (s->held_n < 2 * (PIECE_WINDOW + MARGIN))
        return 0; /* moving the rest down costs a window; let it pay */
    if (hand_on(&used, s, s->held, s->held_n, false, err) != 0)
        return -1;
    drop_held(s, used);
    return 0;
}

int piece_stream_end(struct piece_stream *s, struct err *err)
{
    size_t used = 0;

    if (s->held_n > 0 && hand_on(&used, s, s->held, s->held_n, true, err) != 0)
        return -1;
    s->held_n = 0;
    return 0;
}

void piece_stream_clear(struct piece_stream *s)
{
    free(s->held);
    s->held = NULL;
    s->held_n = s->held_room = 0;
}
