/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "cholesky.h"
#include "density.h"
#include "mem.h"

#define PRIOR 4.0 /* experiments spread over the whole range that every spread is mixed with */

static bool is_searched(const struct param *param)
{
    return param_levels(param) > 1;
}

static bool is_plain(const struct param *param)
{
    return is_searched(param) && !param_is_choice(param) && param->when < 0;
}

static const struct past *member(const struct density *density, size_t k)
{
    return &density->history->past[density->list[k].at];
}

/* --- widths ----------------------------------------------------------------------------------- */

/* The standard deviation of a parameter among the experiments in which it is active. */
static double deviation(const struct density *density, size_t param)
{
    double sum = 0, squares = 0, n = 0;

    for (size_t k = 0; k < density->n; k++) {
        const struct past *past = member(density, k);
        if (past->config[param].type == VALUE_NONE)
            continue;
        double x = past->unit[param];
        sum += x;
        squares += x * x;
        n++;
    }
    double about = n > 1 ? fmax(0, squares - sum * sum / n) : 0;
    return sqrt((about + PRIOR / 12) / (n + PRIOR));
}

static void fill_width(struct density *density)
{
    const struct space *space = density->space;
    double d = 0;

    density->width = mem_new(space->n, sizeof *density->width);
    for (size_t i = 0; i < space->n; i++)
        d += is_searched(&space->params[i]);
    double scott = pow((double)(density->n > 0 ? density->n : 1), -1 / (d + 4));
    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        if (!is_searched(param))
            continue;
        double least = fmax(DENSITY_WIDTH_MIN, 0.5 / param_levels(param));
        double sd = fmax(fmin(scott * deviation(density, i), DENSITY_WIDTH_MAX), least);
        density->width[i] = param_is_choice(param) ? scott / 2 : sd;
    }
}

/* --- what does not depend on the config ------------------------------------------------------- */

/* The share of a normal density about `centre` that lies within 0 … 1; sd <= 0.5: above 0.47. */
static double inside(double centre, double sd)
{
    return 0.5 * (erf(M_SQRT1_2 * (1 - centre) / sd) + erf(M_SQRT1_2 * centre / sd));
}

/* log of what a normal density about `centre` has to be divided by: sd sqrt(2 pi) P(0 … 1). */
static double log_mass(double centre, double sd)
{
    return log(sd * sqrt(2 * M_PI) * inside(centre, sd));
}

static void fill_plain(struct density *density)
{
    const struct space *space = density->space;

    density->plain = mem_new(space->n, sizeof *density->plain);
    for (size_t i = 0; i < space->n; i++)
        if (is_plain(&space->params[i]))
            density->plain[density->n_plain++] = i;
}

static struct density_part part_of(const struct density *density, size_t at)
{
    const struct param *param = &density->space->params[at];
    double k = (double)param->n_values, width = density->width[at];

    if (!param_is_choice(param))
        return (struct density_part){at, false, NAN, NAN};
    return (struct density_part){at, true, log(1 - width + width / k) + log(k),
                                 log(width / k) + log(k)};
}

static void fill_others(struct density *density)
{
    const struct space *space = density->space;

    density->others = mem_new(space->n, sizeof *density->others);
    for (size_t i = 0; i < space->n; i++)
        if (is_searched(&space->params[i]) && !is_plain(&space->params[i]))
            density->others[density->n_others++] = part_of(density, i);
}

/* Where a config stands in a parameter; NAN where it is inactive. */
static double standing(const struct value *config, const double *unit, size_t at)
{
    return config[at].type == VALUE_NONE ? (double)NAN : unit[at];
}

static void fill_centres(struct density *density)
{
    size_t m = density->n_others;

    density->centre = mem_new(density->n * m, sizeof *density->centre);
    density->mass = mem_new(density->n * m, sizeof *density->mass);
    for (size_t k = 0; k < density->n; k++)
        for (size_t j = 0; j < m; j++) {
            size_t at = density->others[j].at;
            double centre = standing(member(density, k)->config, member(density, k)->unit, at);
            density->centre[k * m + j] = centre;
            if (!density->others[j].choice && !isnan(centre))
                density->mass[k * m + j] = log_mass(centre, density->width[at]);
        }
}

/* log of the product over the plain parameters of what experiment k's densities are divided by: a
 * product of up to LOT shares has its logarithm at once. */
static double log_plain_mass(const struct density *density, size_t k)
{
    enum { LOT = 512 }; /* 0.47^512 is 1e-168 */
    const double *unit = member(density, k)->unit;
    double sum = 0, product = 1;

    for (size_t i = 0; i < density->n_plain; i++) {
        size_t at = density->plain[i];
        product *= inside(unit[at], density->width[at]);
        if (i % LOT == LOT - 1) {
            sum += log(product);
            product = 1;
        }
    }
    return sum + log(product);
}

static void fill_scaled(struct density *density)
{
    size_t m = density->n_plain;
    double widths = 0;

    density->scaled = mem_new(density->n * m, sizeof *density->scaled);
    density->constant = mem_new(density->n, sizeof *density->constant);
    for (size_t i = 0; i < m; i++)
        widths += log(density->width[density->plain[i]] * sqrt(2 * M_PI));
    for (size_t k = 0; k < density->n; k++) {
        double *row = density->scaled + k * m;
        for (size_t i = 0; i < m; i++) {
            size_t at = density->plain[i];
            row[i] = member(density, k)->unit[at] / density->width[at];
        }
        density->constant[k] =
            -widths - log_plain_mass(density, k) - 0.5 * cholesky_dot(row, row, m);
    }
}

void density_init(struct density *density, const struct space *space, const struct history *history,
                  const struct ranked *list, size_t n)
{
    *density = (struct density){.space = space, .history = history, .list = list, .n = n};
    fill_width(density);
    fill_plain(density);
    fill_others(density);
    fill_centres(density);
    fill_scaled(density);
}

void density_clear(struct density *density)
{
    free(density->width);
    free(density->plain);
    free(density->scaled);
    free(density->constant);
    free(density->others);
    free(density->centre);
    free(density->mass);
}

/* --- the density of a config ------------------------------------------------------------------ */

/* What all but the plain parameters add about experiment k; here [n_others]: where the config
 * stands. */
static double log_others(const struct density *density, size_t k, const double *here)
{
    const double *centre = density->centre + k * density->n_others;
    const double *mass = density->mass + k * density->n_others;
    double sum = 0;

    for (size_t j = 0; j < density->n_others; j++) {
        const struct density_part *part = &density->others[j];
        if (isnan(here[j]) || isnan(centre[j]))
            continue;
        double z = (here[j] - centre[j]) / density->width[part->at];
        if (part->choice)
            sum += z == 0 ? part->same : part->differs;
        else
            sum += -0.5 * z * z - mass[j];
    }
    return sum;
}

/* The log of a sum of exponentials, and of 1 for the whole space, the largest taken out. */
static double log_sum(const double *part, size_t n, double most)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += exp(part[k] - most);
    return most + log(sum + exp(-most));
}

double density_log(const struct density *density, const struct value *config, const double *unit)
{
    size_t n = density->n, m = density->n_plain;
    double *part = mem_new(n + m + density->n_others, sizeof *part), most = 0;
    double *scaled = part + n, *here = scaled + m;

    for (size_t i = 0; i < m; i++)
        scaled[i] = unit[density->plain[i]] / density->width[density->plain[i]];
    for (size_t j = 0; j < density->n_others; j++)
        here[j] = standing(config, unit, density->others[j].at);
    double half = 0.5 * cholesky_dot(scaled, scaled, m);
    for (size_t k = 0; k < n; k++) {
        part[k] = cholesky_dot(scaled, density->scaled + k * m, m) + density->constant[k] - half;
        if (density->n_others > 0)
            part[k] += log_others(density, k, here);
        most = part[k] > most ? part[k] : most;
    }
    double log_of_sum = log_sum(part, n, most);
    free(part);
    return log_of_sum - log((double)(n + 1));
}

/* --- drawing ---------------------------------------------------------------------------------- */

static double draw_normal(double centre, double sd, struct rng *rng)
{
    double low = gsl_cdf_ugaussian_P(-centre / sd);
    double high = gsl_cdf_ugaussian_P((1 - centre) / sd);
    double p = low + (high - low) * rng_uniform(rng);

    return fmin(fmax(centre + sd * gsl_cdf_ugaussian_Pinv(p), 0), 1);
}

static double draw_near(const struct param *param, double centre, double width, struct rng *rng)
{
    if (width == 0)
        return centre;
    if (!param_is_choice(param))
        return draw_normal(centre, width, rng);
    return rng_uniform(rng) < width ? rng_uniform(rng) : centre;
}

void density_draw(double *unit, const struct density *density, struct rng *rng)
{
    size_t part = (size_t)rng_below(rng, density->n + 1);
    const struct past *past = part < density->n ? member(density, part) : NULL;

    for (size_t i = 0; i < density->space->n; i++) {
        const struct param *param = &density->space->params[i];
        if (past == NULL || past->config[i].type == VALUE_NONE)
            unit[i] = rng_uniform(rng);
        else
            unit[i] = draw_near(param, past->unit[i], density->width[i], rng);
    }
}
