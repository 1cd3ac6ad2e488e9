/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - comparisons of numbers that say where they fail.  Include after cmocka.h.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <math.h>
#include <stddef.h>

/* |a - b| <= rtol * |b| + atol, and neither is NAN. */
#define assert_close(a, b, rtol, atol)                                                             \
    do {                                                                                           \
        double left_ = (a), right_ = (b);                                                          \
        if (!(fabs(left_ - right_) <= (rtol)*fabs(right_) + (atol)))                               \
            fail_msg("%s = %.9g, and %s = %.9g (tolerance %g relative, %g absolute)", #a, left_,   \
                     #b, right_, (double)(rtol), (double)(atol));                                  \
    } while (0)

/*
 * The derivative of f at *at by central difference, step h; *at is left as it was.
 */
static inline double numeric_derivative(double (*f)(void *), void *arg, double *at, double h)
{
    double kept = *at, up, down;

    *at = kept + h;
    up = f(arg);
    *at = kept - h;
    down = f(arg);
    *at = kept;
    return (up - down) / (2 * h);
}

#endif
