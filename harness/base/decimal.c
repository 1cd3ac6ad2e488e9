/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "decimal.h"

enum { TENS = 28, MOST = 17 }; /* powers that a long double of 64 bits holds exactly; digits */

static const long double tens[TENS] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                       1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                       1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                       1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

struct decimal {
    int64_t digits;         /* a whole number of so many digits as were asked for */
    int exponent;           /* of the first of them */
    int scale;              /* power of ten by which x was multiplied */
    long double gap, error; /* |digits - scaled x|, and how wrong that may be */
};

static bool scale(long double *out, double x, int by)
{
    if (by <= -TENS || by >= TENS)
        return false;
    *out = by >= 0 ? (long double)x * tens[by] : (long double)x / tens[-by];
    return true;
}

/* x > 0 rounded to so many digits; false where that is not sure. */
static bool round_to(struct decimal *out, double x, int digits)
{
    int exponent = (int)floor(log10(x));
    long double scaled;

    if (!scale(&scaled, x, digits - 1 - exponent))
        return false;
    if (scaled >= tens[digits] || scaled < tens[digits - 1]) {
        exponent += scaled >= tens[digits] ? 1 : -1;
        if (!scale(&scaled, x, digits - 1 - exponent))
            return false;
    }
    long double nearest = floorl(scaled + 0.5L);
    *out = (struct decimal){.digits = (int64_t)nearest,
                            .exponent = exponent,
                            .scale = digits - 1 - exponent,
                            .gap = fabsl(nearest - scaled),
                            .error = 2 * scaled * LDBL_EPSILON};
    return scaled >= tens[digits - 1] && nearest < tens[digits] && 0.5L - out->gap > out->error;
}

/* 1: reads back as x; 0: does not; -1: not sure. */
static int reads_back(const struct decimal *d, double x)
{
    int exponent;
    long double half;

    if (frexp(x, &exponent) == 0.5 || !scale(&half, (nextafter(x, INFINITY) - x) / 2, d->scale))
        return -1; /* below a power of two the neighbour is nearer */
    if (d->gap + d->error < half)
        return 1;
    return d->gap - d->error > half ? 0 : -1;
}

/* Written by hand: printf takes longer over it than all of the above. */
static char *put_digits(char *out, const char *digits, int n)
{
    memcpy(out, digits, (size_t)n);
    return out + n;
}

static char *put_zeros(char *out, int n)
{
    memset(out, '0', (size_t)n);
    return out + n;
}

static char *put_scientific(char *out, const char *digits, int n, int exponent)
{
    int size = exponent < 0 ? -exponent : exponent;

    *out++ = digits[0];
    if (n > 1)
        *out++ = '.';
    out = put_digits(out, digits + 1, n - 1);
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    *out++ = (char)('0' + size / 10); /* a scale has at most 27 zeros */
    *out++ = (char)('0' + size % 10);
    return out;
}

static char *put_fixed(char *out, const char *digits, int n, int exponent)
{
    int whole = exponent + 1;

    if (whole <= 0) {
        out = put_digits(out, "0.", 2);
        out = put_zeros(out, -whole);
        return put_digits(out, digits, n);
    }
    if (n <= whole)
        return put_zeros(put_digits(out, digits, n), whole - n);
    out = put_digits(out, digits, whole);
    *out++ = '.';
    return put_digits(out, digits + whole, n - whole);
}

/* The digits of a whole number > 0 into out[20], without an end; how many. */
static int split(char *out, int64_t whole)
{
    char reversed[20];
    int n = 0;

    for (; whole > 0; whole /= 10)
        reversed[n++] = (char)('0' + whole % 10);
    for (int i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

/* As %g does: without zeros at the end, and with an exponent where it is small or large. */
static void put(char *out, const struct decimal *d, bool minus, int precision)
{
    char digits[20];
    int n = split(digits, d->digits);

    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (minus)
        *out++ = '-';
    if (d->exponent < -4 || d->exponent >= precision)
        out = put_scientific(out, digits, n, d->exponent);
    else
        out = put_fixed(out, digits, n, d->exponent);
    *out = '\0';
}

bool decimal_write(char out[DECIMAL_TEXT], double x, int digits)
{
    struct decimal d;

    if (!isfinite(x) || x == 0 || digits < 1 || digits > MOST || !round_to(&d, fabs(x), digits))
        return false;
    put(out, &d, x < 0, digits);
    return true;
}

bool decimal_write_shortest(char out[DECIMAL_TEXT], double x)
{
    struct decimal d;

    if (!isfinite(x) || fabs(x) < DBL_MIN)
        return false;
    for (int digits = DBL_DIG; digits <= MOST; digits++) {
        int back = round_to(&d, fabs(x), digits) ? reads_back(&d, fabs(x)) : -1;
        if (back < 0)
            return false;
        if (back == 1) {
            put(out, &d, x < 0, digits);
            return true;
        }
    }
    return false;
}

bool decimal_write_whole(char out[DECIMAL_TEXT], double x)
{
    if (x != rint(x) || fabs(x) >= 1e15 || x == 0)
        return false;
    if (x < 0)
        *out++ = '-';
    out[split(out, (int64_t)fabs(x))] = '\0';
    return true;
}
