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
    int64_t digits; /* a whole number of so many digits as were asked for */
    int exponent;   /* of the first of them */
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
    long double gap = fabsl(nearest - scaled), error = 2 * scaled * LDBL_EPSILON;
    *out = (struct decimal){.digits = (int64_t)nearest, .exponent = exponent};
    return scaled >= tens[digits - 1] && nearest < tens[digits] && 0.5L - gap > error;
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

enum { SPLIT = 20 };

/* The digits of a whole number > 0, two at a time, as a text at the end of out[SPLIT + 1]; where it
 * begins. */
static const char *split(char *out, int64_t whole)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char *at = out + SPLIT;

    *at = '\0';
    for (uint64_t left = (uint64_t)whole; left > 0; left /= 100) {
        at -= 2;
        memcpy(at, pairs + 2 * (left % 100), 2);
    }
    return at + (*at == '0');
}

/* As %g does: without zeros at the end, and with an exponent where it is small or large. */
static void put(char *out, const struct decimal *d, bool minus, int precision)
{
    char room[SPLIT + 1];
    const char *digits = split(room, d->digits);
    int n = (int)(room + SPLIT - digits);

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

/* --- the shortest ----------------------------------------------------------------------------- */

__extension__ typedef unsigned __int128 wide;

/*
 * x > 0 as a decimal fraction of 17 digits, exactly: x 10^scale = (whole 2^shift + rest) / 2^shift.
 * In the same unit, of 2^-shift, a step of the last bit of x is 5^scale.
 */
struct exact {
    uint64_t mantissa; /* x = mantissa 2^power */
    uint64_t step;
    int scale, shift;
    uint64_t whole;
    wide rest;
};

/* False where it does not fit: x is below 1e-11 or so, or a whole number of 17 digits. */
static bool expand(struct exact *out, uint64_t mantissa, int power, int scale)
{
    static const uint64_t five_13 = 1220703125; /* 5^13 */
    uint64_t step = 1;
    int shift = -(power + scale);

    if (scale < 0 || scale >= TENS || shift < 1)
        return false;
    for (int left = scale; left > 0; left -= left >= 13 ? 13 : 1)
        step *= left >= 13 ? five_13 : 5;
    wide product = (wide)mantissa * step;
    *out = (struct exact){.mantissa = mantissa,
                          .step = step,
                          .scale = scale,
                          .shift = shift,
                          .whole = (uint64_t)(product >> shift),
                          .rest = product & (((wide)1 << shift) - 1)};
    return true;
}

/* The first guess at the exponent may be one too small. */
static bool expand_to_17(struct exact *out, double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    uint64_t mantissa = (bits & 0xfffffffffffff) | 1ull << 52;
    int power = (int)(bits >> 52) - 1075;
    int exponent = (int)floor((power + 52) * 0.30102999566398120); /* log10(2) */

    if (!expand(out, mantissa, power, MOST - 1 - exponent))
        return false;
    return out->whole < 100000000000000000u || expand(out, mantissa, power, MOST - 2 - exponent);
}

/* Rounds to so many digits, ties to even; true where that reads back as x, which is what lies
 * within half a step (a quarter below a power of two), ties to an even mantissa. */
static bool round_back(struct decimal *out, const struct exact *x, int digits)
{
    uint64_t unit = digits == MOST ? 1 : digits == MOST - 1 ? 10 : 100;
    wide one = (wide)unit << x->shift, below = ((wide)(x->whole % unit) << x->shift) + x->rest;
    uint64_t kept = x->whole / unit;
    bool up = 2 * below > one || (2 * below == one && kept % 2 == 1);
    wide gap = up ? one - below : below, reach = x->step;

    *out = (struct decimal){.digits = (int64_t)(kept + up), .exponent = MOST - 1 - x->scale};
    gap *= !up && x->mantissa == 1ull << 52 ? 4 : 2;
    return gap < reach || (gap == reach && x->mantissa % 2 == 0);
}

/* A nine that was rounded up made a digit more. */
static void carry(struct decimal *d, int digits)
{
    if (d->digits < (int64_t)tens[digits])
        return;
    d->digits /= 10;
    d->exponent++;
}

bool decimal_write_shortest(char out[DECIMAL_TEXT], double x)
{
    struct exact exact;
    struct decimal d;
    int digits = DBL_DIG;

    if (!isfinite(x) || fabs(x) < DBL_MIN || !expand_to_17(&exact, fabs(x)))
        return false;
    while (!round_back(&d, &exact, digits) && digits < MOST)
        digits++;
    carry(&d, digits);
    put(out, &d, x < 0, digits);
    return true;
}

/* --- a number of decimals ----------------------------------------------------------------------
 */

/* x 10^decimals as a whole number, exactly rounded, ties to even.  0 <= x < 1e9. */
static uint64_t round_scaled(double x, uint64_t ten)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    int shift = 1075 - (int)(bits >> 52); /* above 22, for x is below 2^30 */
    if (shift > 100)                      /* below 1e-14: the product has less than 74 bits */
        return 0;
    wide product = (wide)((bits & 0xfffffffffffff) | 1ull << 52) * ten;
    wide half = (wide)1 << (shift - 1), rest = product & (2 * half - 1);
    uint64_t whole = (uint64_t)(product >> shift);
    return whole + (rest > half || (rest == half && whole % 2 == 1));
}

bool decimal_write_fixed(char out[DECIMAL_TEXT], double x, int decimals)
{
    char text[DECIMAL_TEXT], *at = text + sizeof text;
    uint64_t ten = 1;

    if (!(fabs(x) < 1e9) || decimals < 1 || decimals > 6)
        return false;
    for (int i = 0; i < decimals; i++)
        ten *= 10;
    uint64_t left = round_scaled(fabs(x), ten);
    *--at = '\0';
    for (int i = 0; i < decimals; i++, left /= 10)
        *--at = (char)('0' + left % 10);
    *--at = '.';
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (signbit(x))
        *--at = '-';
    memcpy(out, at, (size_t)(text + sizeof text - at));
    return true;
}

bool decimal_write_whole(char out[DECIMAL_TEXT], double x)
{
    char room[SPLIT + 1];

    if (x != rint(x) || fabs(x) >= 1e15)
        return false;
    if (signbit(x))
        *out++ = '-';
    if (x == 0)
        *out++ = '0';
    const char *digits = split(room, (int64_t)fabs(x));
    *put_digits(out, digits, (int)(room + SPLIT - digits)) = '\0';
    return true;
}
