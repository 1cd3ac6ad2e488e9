/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "mem.h"
#include "str.h"

void str_clear(struct str *s)
{
    free(s->at);
    *s = (struct str){NULL, 0};
}

enum { WORD = 16, LINE = 128 };

/* Room for a word, for a line, or the power of two that holds `want` bytes: most texts are one of
 * the first two, and come there without a step between. */
static size_t capacity(size_t want)
{
    if (want <= LINE)
        return want <= WORD ? WORD : LINE;
    return (size_t)1 << (64 - __builtin_clzll((unsigned long long)want - 1));
}

/* Whether so many bytes and their end fit where `had` do: capacity(had + 1) == capacity(want + 1),
 * which is so for the powers of two where the highest bits of both are the same. */
static bool fits(size_t had, size_t want)
{
    if (want < LINE)
        return want < WORD || had >= WORD;
    return had >= LINE && (had ^ want) <= (had & want);
}

char *str_room(struct str *s, size_t len)
{
    size_t had = s->len, want = had + len;

    if (s->at == NULL || !fits(had, want))
        s->at = mem_resize(s->at, capacity(want + 1), 1);
    s->at[want] = '\0';
    s->len = want;
    return s->at + had;
}

void str_addn(struct str *s, const char *bytes, size_t len)
{
    memcpy(str_room(s, len), bytes, len);
}

void str_add(struct str *s, const char *text)
{
    str_addn(s, text, strlen(text));
}

void str_addf(struct str *s, const char *fmt, ...)
{
    char usual[256], *text = NULL;
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(usual, sizeof usual, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof usual) {
        str_addn(s, usual, (size_t)len);
        return;
    }
    va_start(args, fmt);
    len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len >= 0)
        str_addn(s, text, (size_t)len);
    free(text);
}

const char *str_text(const struct str *s)
{
    return s->at != NULL ? s->at : "";
}

char *str_take(struct str *s)
{
    char *text = s->at != NULL ? s->at : mem_strdup("");

    *s = (struct str){NULL, 0};
    return text;
}

/* The "C" locale, made once: numbers in files never follow the user's decimal comma. */
static locale_t plain_locale(void)
{
    static locale_t plain;

    if (plain == (locale_t)0)
        plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return plain;
}

const char *number_short(char out[NUMBER_TEXT], double x, int digits)
{
    if (isnan(x))
        return strcpy(out, "nan");
    if (isinf(x))
        return strcpy(out, x > 0 ? "inf" : "-inf");
    if (decimal_write(out, x, digits))
        return out;
    locale_t before = uselocale(plain_locale());
    snprintf(out, NUMBER_TEXT, "%.*g", digits, x);
    uselocale(before);
    return out;
}

void str_add_fixed(struct str *s, double x, int decimals)
{
    char text[NUMBER_TEXT];

    if (decimal_write_fixed(text, x, decimals)) {
        str_add(s, text);
        return;
    }
    locale_t before = uselocale(plain_locale());
    str_addf(s, "%.*f", decimals, x);
    uselocale(before);
}

/* "1e-05" is written "1e-5": the exponent needs no padding to be read back. */
static void trim_exponent(char *text)
{
    char *e = strchr(text, 'e');

    if (e == NULL)
        return;
    char *digits = e + 1 + (e[1] == '-' || e[1] == '+');
    char *from = digits + strspn(digits, "0");
    if (*from == '\0')
        from--;
    char *to = e[1] == '+' ? e + 1 : digits;
    memmove(to, from, strlen(from) + 1);
}

/*
 * What has 15 significant digits or fewer comes back from a double unchanged (DBL_DIG), and "%g"
 * leaves trailing zeros out: with 15 digits the text is already as short as it can be.  Subnormal
 * numbers have fewer digits than that.
 */
static void find_shortest(char out[NUMBER_TEXT], double x)
{
    for (int digits = fabs(x) < DBL_MIN ? 1 : DBL_DIG; digits <= 17; digits++) {
        double back;
        number_short(out, x, digits);
        if (!isfinite(x) || (number_read(&back, out) && back == x))
            break;
    }
}

const char *number_text(char out[NUMBER_TEXT], double x)
{
    if (decimal_write_whole(out, x))
        return out;
    if (!decimal_write_shortest(out, x))
        find_shortest(out, x);
    /* %g turns to exponents too early for whole numbers: 2000000, not 2e+06. */
    if (isfinite(x) && x == rint(x) && fabs(x) < 1e15)
        snprintf(out, NUMBER_TEXT, "%.0f", x);
    trim_exponent(out);
    return out;
}

/* Plain digits with a point perhaps, "0.0006" and "128", of at most 15: both the whole number that
 * they make and the power of ten are exact, so one division rounds as it should (Clinger 1990). */
static bool read_short(double *out, const char *text)
{
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool minus = *text == '-', point = false;
    int64_t whole = 0;
    int digits = 0, behind = 0;

    for (text += minus; isdigit((unsigned char)*text) || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        whole = 10 * whole + (*text - '0');
        behind += point;
        if (++digits > DBL_DIG)
            return false;
    }
    *out = (minus ? -1.0 : 1.0) * (double)whole / tens[behind];
    return digits > 0 && *text == '\0';
}

bool number_read(double *out, const char *text)
{
    char *end = NULL;

    if (read_short(out, text))
        return true;
    if (*text == '\0' || isspace((unsigned char)*text) || strpbrk(text, "xX(") != NULL)
        return false;
    *out = strtod_l(text, &end, plain_locale());
    return *end == '\0';
}

bool integer_read(unsigned long long *out, const char *text, unsigned long long max)
{
    char *end = NULL;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0 && *out <= max;
}

/* Levenshtein distance with transpositions counted as one (optimal string alignment). */
static size_t distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t n = strlen(a), m = strlen(b);
    size_t d[MAX + 1][MAX + 1];

    if (n > MAX || m > MAX)
        return MAX;
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m];
}

const char *word_suggest(const char *word, const char *const *words, size_t n)
{
    size_t len = strlen(word), best = len / 3 + 2;
    const char *found = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t away = distance(word, words[i]);
        if (away < best && away < len) {
            best = away;
            found = words[i];
        }
    }
    return found;
}

size_t utf8_read(uint32_t *code, const char *bytes, size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;

    if (n == 4 && (p[0] & 0xf8) != 0xf0)
        return 0;
    if (n > len)
        return 0;
    *code = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < least[n] || *code > 0x10ffff || surrogate ? 0 : n;
}

static bool code_is_printable(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool bidi = (code >= 0x200e && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
                (code >= 0x2066 && code <= 0x2069) || code == 0x061c;

    return !control && !bidi;
}

void str_add_printable(struct str *s, const char *bytes, size_t len, size_t max)
{
    const unsigned char *p = (const unsigned char *)bytes;

    if (len > max)
        len = max;
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t plain = 0;
        while (i + plain < len && p[i + plain] >= ' ' && p[i + plain] <= '~')
            plain++;
        str_addn(s, bytes + i, plain);
        i += plain;
        if (i == len)
            break;
        size_t n = utf8_read(&code, bytes + i, len - i);
        if (n > 0 && code_is_printable(code)) {
            str_addn(s, bytes + i, n);
        } else {
            n = n > 0 ? n : 1;
            for (size_t k = 0; k < n; k++)
                str_addf(s, "\\x%02x", p[i + k]);
        }
        i += n;
    }
}
