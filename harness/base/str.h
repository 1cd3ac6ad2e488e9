/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * str.h - text that grows, numbers as text, and words that are nearly right.
 *
 * `at` is always terminated once something was added; a zeroed struct is an empty text.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    char *at;
    size_t len;
};

void str_clear(struct str *s); /* frees; the struct is empty again */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *bytes, size_t len);
/* Adds `len` bytes, which the caller writes before the next call; borrowed until then. */
char *str_room(struct str *s, size_t len);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *str_text(const struct str *s); /* never NULL; borrowed */
char *str_take(struct str *s);             /* the text, which the caller frees; s is empty again */

/*
 * The shortest decimal text that reads back as exactly `x` ("0.0006", "1e-05", "128"): the one
 * spelling of a number in configs, commits and reports.  "nan", "inf", "-inf" where it is not
 * finite.  Independent of the locale.
 */
#define NUMBER_TEXT 32
const char *number_text(char out[NUMBER_TEXT], double x);

/* `x` with `digits` significant digits, for people. */
const char *number_short(char out[NUMBER_TEXT], double x, int digits);

/* Adds `x` with so many decimals, as "%.*f" of the C locale does. */
void str_add_fixed(struct str *s, double x, int decimals);

/*
 * Reads the whole of `text` as a number ("1e-3", "0.5", "nan", "-inf"; no blanks, no hex, no
 * trailing junk).  Independent of the locale.  True when it is one.
 */
bool number_read(double *out, const char *text);

/* Reads the whole of `text` as an unsigned decimal integer of at most `max`. */
bool integer_read(unsigned long long *out, const char *text, unsigned long long max);

/* The word of `words[n]` that `word` was probably meant to be, or NULL.  Borrowed. */
const char *word_suggest(const char *word, const char *const *words, size_t n);

/* Length of the well-formed UTF-8 character at bytes [len > 0], its code point in *code; 0 when it
 * is none (overlong, surrogate, beyond U+10FFFF, cut off). */
size_t utf8_read(uint32_t *code, const char *bytes, size_t len);

/*
 * Text from outside, fit for a terminal: control characters (C0, C1, DEL), bidirectional controls
 * and invalid UTF-8 become \xNN; newlines too.  At most `max` bytes of input are used.
 */
void str_add_printable(struct str *s, const char *bytes, size_t len, size_t max);

#endif
