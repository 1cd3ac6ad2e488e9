/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "str.h"

/*
 * Continuous values are rounded to about a millionth of their range, so that a config can be read
 * and typed by a person; no training run can tell the difference.
 */
enum { DIGITS = 6, EXACT_DIGITS = 15 };

/* The decimal place of x's leading digit: 2 for 345, -4 for 0.0006. */
static int decimal_place(double x)
{
    return (int)floor(log10(fabs(x)));
}

/* x rounded to a multiple of 10^place. */
static double round_place(double x, int place)
{
    double power = pow(10, abs(place));

    return place < 0 ? round(x * power) / power : round(x / power) * power;
}

/* The double nearest to the decimal number that x is with so many digits. */
static double round_digits(double x, int digits)
{
    char text[NUMBER_TEXT];
    double rounded;

    return number_read(&rounded, number_short(text, x, digits)) ? rounded : x;
}

static double between(double low, double high, double x)
{
    return fmin(fmax(x, low), high);
}

/* --- continuous ------------------------------------------------------------------------------ */

static double uniform_decode(const struct param *param, double unit)
{
    if (unit <= 0)
        return param->min;
    if (unit >= 1)
        return param->max;
    double x = param->min * (1 - unit) + param->max * unit;
    int place = decimal_place(param->max / 2 - param->min / 2) - DIGITS;
    return between(param->min, param->max, round_place(x, place));
}

static double uniform_encode(const struct param *param, double value)
{
    return between(0, 1, (value / 2 - param->min / 2) / (param->max / 2 - param->min / 2));
}

static double log_decode(const struct param *param, double unit)
{
    if (unit <= 0)
        return param->min;
    if (unit >= 1)
        return param->max;
    double width = log(param->max) - log(param->min);
    int narrow = (int)fmax(0, ceil(-log10(width))); /* a narrow range needs more digits */
    double x = exp(log(param->min) + unit * width);
    return between(param->min, param->max, round_digits(x, DIGITS + (narrow < 9 ? narrow : 9)));
}

static double log_encode(const struct param *param, double value)
{
    double low = log(param->min);

    return between(0, 1, (log(value) - low) / (log(param->max) - low));
}

/* --- stepped: numbers first … last of the multiples of a step, or of the powers of two ---------
 */

struct ladder {
    double step, first, last;
    bool powers;
};

bool distribution_is_stepped(const struct distribution *distribution)
{
    return distribution->takes_q || distribution->integer;
}

double distribution_step(const struct param *param)
{
    return param->distribution->takes_q ? param->q : 1;
}

/* The number of a multiple or power; between two of them for what is neither. */
static double rung(const struct ladder *ladder, double value)
{
    return ladder->powers ? log2(value) : value / ladder->step;
}

/* The range in steps is off by rounding (0.3 / 0.1 is below 3), hence the slack. */
static struct ladder ladder_of(const struct param *param)
{
    struct ladder m = {.step = distribution_step(param),
                       .powers = param->distribution->power_of_two};
    double low = rung(&m, param->min), high = rung(&m, param->max);

    m.first = ceil(low - 1e-12 * fmax(1, fabs(low)));
    m.last = floor(high + 1e-12 * fmax(1, fabs(high)));
    if (param->distribution->log && !m.powers)
        m.first = fmax(m.first, 1);
    return m;
}

double distribution_levels(const struct param *param)
{
    if (!distribution_is_stepped(param->distribution))
        return INFINITY;
    struct ladder m = ladder_of(param);
    return fmax(0, m.last - m.first + 1);
}

/* The k-th power of two; or multiple, as the decimal number that it is meant to be: 3 * 0.1 is 0.3.
 */
static double at_rung(const struct ladder *m, double k)
{
    double within = between(m->first, m->last, k), x = within * m->step;

    if (m->powers)
        return ldexp(1, (int)within);
    return (x == rint(x) ? x : round_digits(x, EXACT_DIGITS)) + 0.0;
}

double distribution_nth(const struct param *param, double level)
{
    struct ladder m = ladder_of(param);

    return at_rung(&m, m.first + level);
}

double distribution_level(const struct param *param, double value)
{
    struct ladder m = ladder_of(param);

    return between(m.first, m.last, round(rung(&m, value))) - m.first;
}

/* Every multiple, or power, has a cell of the same width. */
static double step_decode(const struct param *param, double unit)
{
    struct ladder m = ladder_of(param);

    return at_rung(&m, floor(m.first + unit * (m.last - m.first + 1)));
}

static double step_encode(const struct param *param, double value)
{
    struct ladder m = ladder_of(param);
    double cell = round(rung(&m, value)) - m.first + 0.5;

    return between(0, 1, cell / (m.last - m.first + 1));
}

/* The cell of multiple k reaches from log(k - 1/2) to log(k + 1/2), so the ends get a whole one. */
static double log_step_decode(const struct param *param, double unit)
{
    struct ladder m = ladder_of(param);
    double low = log(m.first - 0.5), high = log(m.last + 0.5);

    return at_rung(&m, round(exp(low + unit * (high - low))));
}

static double log_step_encode(const struct param *param, double value)
{
    struct ladder m = ladder_of(param);
    double low = log(m.first - 0.5), high = log(m.last + 0.5);
    double k = between(m.first, m.last, round(value / m.step));
    double centre = (log(k - 0.5) + log(k + 0.5)) / 2;

    return between(0, 1, (centre - low) / (high - low));
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct distribution uniform = {
    .name = "uniform",
    .summary = "any number from min to max, all alike",
    .decode = uniform_decode,
    .encode = uniform_encode,
};

static const struct distribution log_uniform_values = {
    .name = "log_uniform_values",
    .summary = "any number from min to max, every decade alike",
    .log = true,
    .decode = log_decode,
    .encode = log_encode,
};

static const struct distribution q_uniform = {
    .name = "q_uniform",
    .summary = "multiples of q from min to max, all alike",
    .takes_q = true,
    .decode = step_decode,
    .encode = step_encode,
};

static const struct distribution q_log_uniform_values = {
    .name = "q_log_uniform_values",
    .summary = "multiples of q from min to max, every doubling alike",
    .takes_q = true,
    .log = true,
    .decode = log_step_decode,
    .encode = log_step_encode,
};

static const struct distribution int_uniform = {
    .name = "int_uniform",
    .summary = "whole numbers from min to max, all alike",
    .integer = true,
    .decode = step_decode,
    .encode = step_encode,
};

static const struct distribution int_log_uniform_values = {
    .name = "int_log_uniform_values",
    .summary = "whole numbers from min to max, every doubling alike",
    .integer = true,
    .log = true,
    .decode = log_step_decode,
    .encode = log_step_encode,
};

static const struct distribution power_of_two = {
    .name = "power_of_two",
    .summary = "powers of two from min to max, all alike",
    .integer = true,
    .power_of_two = true,
    .log = true,
    .decode = step_decode,
    .encode = step_encode,
};

const struct distribution *const distributions[] = {
    &uniform,     &log_uniform_values,     &q_uniform,    &q_log_uniform_values,
    &int_uniform, &int_log_uniform_values, &power_of_two, NULL,
};

const struct distribution *distribution_find(const char *name)
{
    for (size_t i = 0; distributions[i] != NULL; i++)
        if (strcmp(distributions[i]->name, name) == 0)
            return distributions[i];
    return NULL;
}
