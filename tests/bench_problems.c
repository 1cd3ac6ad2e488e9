/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The problems of the search benchmark.
 *
 * f1, f2, f3, f7, f8 and f10 are those of Hansen, Finck, Ros & Auger 2009, "Real-parameter
 * black-box optimization benchmarking 2009: noiseless functions definitions", INRIA RR-6828, with
 * optima and rotations of our own and the least value 0.  Their penalty is 0 inside the range.
 */
#include <math.h>
#include <string.h>

#include "bench_problem.h"
#include "losses.h"

/* --- RR-6828, section 0.2 -----------------------------------------------------------------------
 */

/* The place of coordinate i among n: 0 … 1. */
static double rank_of(size_t i, size_t n)
{
    return n > 1 ? (double)i / (double)(n - 1) : 0;
}

static double t_osz(double x)
{
    double c1 = x > 0 ? 10 : 5.5, c2 = x > 0 ? 7.9 : 3.1;

    if (x == 0)
        return 0;
    double hat = log(fabs(x));
    return copysign(exp(hat + 0.049 * (sin(c1 * hat) + sin(c2 * hat))), x);
}

static double t_asy(double x, double beta, double rank)
{
    return x > 0 ? pow(x, 1 + beta * rank * sqrt(x)) : x;
}

static double conditioning(double alpha, double rank)
{
    return pow(alpha, 0.5 * rank);
}

static void from_optimum(double *z, const struct bench_instance *instance, const double *x)
{
    for (size_t i = 0; i < instance->problem->dims; i++)
        z[i] = x[i] - instance->optimum[i];
}

static void rotate(double *out, const double *rotation, const double *z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        for (size_t k = 0; k < n; k++)
            out[i] += rotation[i * n + k] * z[k];
    }
}

/* --- functions ----------------------------------------------------------------------------------
 */

static double sum_of_squares(const double *z, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += z[i] * z[i];
    return sum;
}

static double sphere(const struct bench_instance *instance, const double *x)
{
    double z[BENCH_DIMS];

    from_optimum(z, instance, x);
    return sum_of_squares(z, instance->problem->dims);
}

/* f2 where z is along the axes, f10 where it is rotated. */
static double ellipsoid_of(const double *z, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double t = t_osz(z[i]);
        sum += pow(1e6, rank_of(i, n)) * t * t;
    }
    return sum;
}

static double ellipsoid(const struct bench_instance *instance, const double *x)
{
    double z[BENCH_DIMS];

    from_optimum(z, instance, x);
    return ellipsoid_of(z, instance->problem->dims);
}

static double rotated_ellipsoid(const struct bench_instance *instance, const double *x)
{
    double z[BENCH_DIMS], turned[BENCH_DIMS];

    from_optimum(z, instance, x);
    rotate(turned, instance->first, z, instance->problem->dims);
    return ellipsoid_of(turned, instance->problem->dims);
}

/* f8 */
static double rosenbrock(const struct bench_instance *instance, const double *x)
{
    size_t n = instance->problem->dims;
    double z[BENCH_DIMS], scale = fmax(1, sqrt((double)n) / 8), sum = 0;

    from_optimum(z, instance, x);
    for (size_t i = 0; i < n; i++)
        z[i] = scale * z[i] + 1;
    for (size_t i = 0; i + 1 < n; i++) {
        double bend = z[i] * z[i] - z[i + 1];
        sum += 100 * bend * bend + (z[i] - 1) * (z[i] - 1);
    }
    return sum;
}

/* f7 */
static double step_ellipsoid(const struct bench_instance *instance, const double *x)
{
    size_t n = instance->problem->dims;
    double z[BENCH_DIMS] = {0}, turned[BENCH_DIMS], sum = 0;

    from_optimum(z, instance, x);
    rotate(turned, instance->first, z, n);
    for (size_t i = 0; i < n; i++)
        turned[i] *= conditioning(10, rank_of(i, n));
    double along = fabs(turned[0]);
    for (size_t i = 0; i < n; i++)
        turned[i] =
            fabs(turned[i]) > 0.5 ? floor(0.5 + turned[i]) : floor(0.5 + 10 * turned[i]) / 10;
    rotate(z, instance->second, turned, n);
    for (size_t i = 0; i < n; i++)
        sum += pow(100, rank_of(i, n)) * z[i] * z[i];
    return 0.1 * fmax(along / 1e4, sum);
}

/* f3 */
static double rastrigin(const struct bench_instance *instance, const double *x)
{
    size_t n = instance->problem->dims;
    double z[BENCH_DIMS], waves = 0;

    from_optimum(z, instance, x);
    for (size_t i = 0; i < n; i++) {
        double rank = rank_of(i, n);
        z[i] = conditioning(10, rank) * t_asy(t_osz(z[i]), 0.2, rank);
        waves += cos(2 * M_PI * z[i]);
    }
    return 10 * ((double)n - waves) + sum_of_squares(z, n);
}

/* Ackley 1987, "A connectionist machine for genetic hillclimbing", over his [-32.768, 32.768]. */
static double ackley(const struct bench_instance *instance, const double *x)
{
    const double stretch = 6.5536;
    size_t n = instance->problem->dims;
    double z[BENCH_DIMS], waves = 0, d = (double)n;

    from_optimum(z, instance, x);
    for (size_t i = 0; i < n; i++) {
        z[i] *= stretch;
        waves += cos(2 * M_PI * z[i]);
    }
    return fmax(0, 20 + exp(1) - 20 * exp(-0.2 * sqrt(sum_of_squares(z, n) / d)) - exp(waves / d));
}

/* A sphere; runs in a box beside its optimum fail. */
static double crash(const struct bench_instance *instance, const double *x)
{
    bool inside = true;

    for (int i = 0; i < 2; i++)
        inside = inside && x[i] >= instance->box[i][0] && x[i] <= instance->box[i][1];
    return inside ? (double)NAN : sphere(instance, x);
}

/* --- a language model's surface -----------------------------------------------------------------
 */

static double square(double x)
{
    return x * x;
}

/*
 * Near their best, losses of language models are quadratic in the logarithms of what matters, with
 * interactions: the best learning rate rises with the root of the batch and falls with the width
 * (and is another one for each optimizer), too high costs more than too low, and for a fixed time
 * width and depth share one best size.  Everything is in nats.
 *
 *   0 lr  1 batch  2 width  3 layers  4 optimizer  5 muon_momentum  6 warmup  7 weight_decay
 */
static double lm_loss(const struct space *space, const struct value *config)
{
    static const double shift[] = {0, 2.5, 5}, floor_of[] = {0.03, 0, 0.25};
    size_t optimizer = (size_t)(place(space, config, 4) * 3);
    double batch = log2(config[1].number / 48), width = log2(config[2].number / 320);
    double lr = log2(config[0].number / 3e-3) - shift[optimizer] - 0.5 * batch + width;
    double size = 2 * width + log2(config[3].number / 6);
    double momentum = config[5].type == VALUE_NONE ? 0.9 : config[5].number;

    return floor_of[optimizer] + (lr > 0 ? 0.03 : 0.012) * square(lr) + 0.025 * square(size) +
           0.02 * square(width) + 0.03 * square(batch) + 1.5 * square(momentum - 0.9) +
           0.3 * square(config[6].number - 0.1) + 0.006 * square(log2(config[7].number / 0.1));
}

/* --- the table ----------------------------------------------------------------------------------
 */

/* clang-format off */
#define LM_PARAMETERS                                                                              \
    "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1, start: 1e-3}\n"                   \
    "  batch: {distribution: int_log_uniform_values, min: 8, max: 512, start: 256}\n"              \
    "  width: {distribution: q_uniform, q: 64, min: 64, max: 768, start: 128}\n"                   \
    "  layers: {distribution: int_uniform, min: 1, max: 16, start: 3}\n"                           \
    "  optimizer: {values: [adamw, muon, sgd], start: adamw}\n"                                    \
    "  muon_momentum: {distribution: uniform, min: 0.5, max: 0.99, start: 0.7, "                   \
    "when: {optimizer: muon}}\n"                                                                   \
    "  warmup: {distribution: uniform, min: 0, max: 0.9, start: 0.5}\n"                            \
    "  weight_decay: {distribution: log_uniform_values, min: 1e-3, max: 1, start: 1e-2}\n"

#define CHOICES_PARAMETERS                                                                         \
    "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-1, start: 5e-2}\n"                \
    "  layers: {distribution: int_uniform, min: 1, max: 12, start: 3}\n"                           \
    "  decay: {distribution: uniform, min: 0, max: 1, start: 0.9}\n"                               \
    "  optimizer: {values: [sgd, adamw, lion, muon], start: sgd}\n"

#define CONDITION_PARAMETERS                                                                       \
    "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-1, start: 5e-2}\n"                \
    "  optimizer: {values: [adamw, muon], start: adamw}\n"                                         \
    "  beta2: {distribution: uniform, min: 0, max: 1, start: 0.9, when: {optimizer: adamw}}\n"     \
    "  muon_lr: {distribution: log_uniform_values, min: 1e-3, max: 1, start: 2e-3, "               \
    "when: {optimizer: muon}}\n"                                                                   \
    "  momentum: {distribution: uniform, min: 0, max: 1, start: 0.1, when: {optimizer: muon}}\n"

#define HARTMANN_PARAMETERS                                                                        \
    "  x0: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"                                  \
    "  x1: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"                                  \
    "  x2: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"                                  \
    "  x3: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"                                  \
    "  x4: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"                                  \
    "  x5: {distribution: uniform, min: 0, max: 1, start: 0.5}\n"

#define BRANIN_PARAMETERS                                                                          \
    "  x: {distribution: uniform, min: -5, max: 10, start: 0}\n"                                   \
    "  y: {distribution: uniform, min: 0, max: 15, start: 0}\n"

#define FUNCTION(NAME, SUMMARY, DIMS, ENCODING, VALUE, REACH)                                      \
    {.name = NAME, .summary = SUMMARY, .dims = DIMS, .encoding = ENCODING, .value = VALUE,         \
     .optimum_reach = REACH}
#define SPACE(NAME, SUMMARY, PARAMETERS, LOSS, LEAST)                                              \
    {.name = NAME, .summary = SUMMARY, .parameters = PARAMETERS, .loss = LOSS, .least = LEAST}

const struct bench_problem bench_problems[] = {
    FUNCTION("sphere-5", "f1; logarithmic and stepped parameters among others", 5, "ulqui", sphere, 4),
    FUNCTION("sphere-10", "f1; the same in 10 dimensions", 10, "ulqui", sphere, 4),
    FUNCTION("ellipsoid-5", "f2, along the axes, condition 1e6", 5, "ul", ellipsoid, 4),
    FUNCTION("ellipsoid-10", "f10, rotated, condition 1e6", 10, "u", rotated_ellipsoid, 4),
    FUNCTION("rosenbrock-5", "f8, a bent valley", 5, "u", rosenbrock, 3),
    FUNCTION("rosenbrock-10", "f8", 10, "u", rosenbrock, 3),
    FUNCTION("step-5", "f7, terraces on a rotated ellipsoid", 5, "ul", step_ellipsoid, 4),
    FUNCTION("step-10", "f7", 10, "ul", step_ellipsoid, 4),
    FUNCTION("rastrigin-5", "f3, some ten local minima along each axis", 5, "u", rastrigin, 4),
    FUNCTION("rastrigin-10", "f3", 10, "u", rastrigin, 4),
    FUNCTION("ackley-5", "a funnel in a field of small dents", 5, "ul", ackley, 4),
    FUNCTION("ackley-10", "the same in 10 dimensions", 10, "ul", ackley, 4),
    SPACE("branin-2", "three equal minima", BRANIN_PARAMETERS, branin_loss, 0.39788735772973816),
    SPACE("hartmann-6", "six local minima", HARTMANN_PARAMETERS, hartmann_loss, -3.3223680114155),
    SPACE("choices-4", "four optimizers with optima of their own", CHOICES_PARAMETERS, choices_loss, 0),
    SPACE("condition-5", "the better branch of a condition is worse at its start",
          CONDITION_PARAMETERS, condition_loss, 0),
    SPACE("lm-8", "a language model: lr x batch x width x depth, a condition", LM_PARAMETERS, lm_loss, 0),
    {.name = "crash-5", .summary = "a sphere, a tenth of the volume beside its optimum fails", .dims = 5,
     .encoding = "ul", .value = crash, .optimum_reach = 0.8, .fails = true},
};
/* clang-format on */
const size_t n_bench_problems = sizeof bench_problems / sizeof *bench_problems;

const struct bench_problem *bench_problem_find(const char *name)
{
    for (size_t i = 0; i < n_bench_problems; i++)
        if (strcmp(bench_problems[i].name, name) == 0)
            return &bench_problems[i];
    return NULL;
}

const struct bench_noise bench_noises[] = {
    {"0", 0, 1}, {"0.25", 0.25, 1}, {"1", 1, 1}, {"4", 4, 1}, {"0.25x4", 0.25, 4},
};
const size_t n_bench_noises = sizeof bench_noises / sizeof *bench_noises;

const struct bench_noise *bench_noise_find(const char *name)
{
    for (size_t i = 0; i < n_bench_noises; i++)
        if (strcmp(bench_noises[i].name, name) == 0)
            return &bench_noises[i];
    return NULL;
}
