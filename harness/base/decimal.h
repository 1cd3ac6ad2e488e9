/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decimal.h - the decimal digits of a double, quickly, where that is sure.
 *
 * x is scaled by a power of ten in long double, whose rounding error is known: where the digit
 * would be the same for anything within twice that error, it is the right one, and where not (a
 * tie, or nearly; very large and very small numbers; a long double that is no longer than a double)
 * the caller asks printf, which is exact and slow.  So the texts are printf's, always.
 *
 * The shortest text is found in whole numbers of 128 bits: x is mantissa 2^power, and times a power
 * of ten that makes it a number of 17 digits it still fits, for 1e-11 < x < 1e15 and somewhat
 * beyond.  There it is exact, ties too.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>

#define DECIMAL_TEXT 32

/* What "%.*g" of the C locale writes.  False: ask printf. */
bool decimal_write(char out[DECIMAL_TEXT], double x, int digits);

/* The same with as many digits, 15 to 17, as it takes to read back as x.  False: find out. */
bool decimal_write_shortest(char out[DECIMAL_TEXT], double x);

/* What "%.*f" writes, of at most 6 decimals.  False: ask printf. */
bool decimal_write_fixed(char out[DECIMAL_TEXT], double x, int decimals);

/* What "%.0f" writes of a whole number below 1e15.  False: it is none. */
bool decimal_write_whole(char out[DECIMAL_TEXT], double x);

#endif
