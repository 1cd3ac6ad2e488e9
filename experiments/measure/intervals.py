# SPDX-License-Identifier: GPL-3.0-or-later
"""Intervals of a mean and of a share, by Python's own library alone."""

import math
import statistics


def beta_cdf(x, a, b):
    """The regularised incomplete beta function I_x(a, b), by its continued fraction.

    Lentz's method, DLMF 8.17.22; it converges fast below (a + 1) / (a + b + 2), so that the other
    half is taken from I_x(a, b) = 1 - I_(1-x)(b, a).
    """
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_front += a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + term * d)
            c = 1 + term / c
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(log_front) * value / a


def root(rises, low, high):
    """Where an increasing function crosses 0, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        if rises(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def t_quantile(p, df):
    """The p-quantile, p > 1/2, of Student's t."""
    return root(lambda t: 1 - beta_cdf(df / (df + t * t), df / 2, 0.5) / 2 - p, 0, 1e4)


def mean_interval(values, level=0.95):
    """Mean and Student's t interval, (mean, low, high); fewer than two values: no interval."""
    if not values:
        return (math.nan,) * 3
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, math.nan, math.nan
    error = statistics.stdev(values) / math.sqrt(len(values))
    half = t_quantile((1 + level) / 2, len(values) - 1) * error
    return mean, mean - half, mean + half


def share_interval(k, n, level=0.95):
    """Clopper and Pearson's interval (1934) of a share of which k of n were seen, (low, high)."""
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else root(lambda p: beta_cdf(p, k, n - k + 1) - tail, 0, 1)
    high = 1.0 if k == n else root(lambda p: beta_cdf(p, k + 1, n - k) - (1 - tail), 0, 1)
    return low, high
