/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench_problem.h"
#include "mem.h"
#include "rng.h"

/* --- coordinates as parameters ------------------------------------------------------------------
 */

enum { WHOLE = 41, MULTIPLES = 48 };
#define START 0.75 /* of every range */

static char letter(const struct bench_problem *problem, size_t i)
{
    return problem->encoding[i % strlen(problem->encoding)];
}

static void write_parameter(struct str *out, char how, size_t i)
{
    switch (how) {
    case 'l':
        str_addf(out,
                 "  x%zu: {distribution: log_uniform_values, min: 1e-4, max: 1e-1, start: %.6g}\n",
                 i, 1e-4 * pow(1e3, START));
        break;
    case 'q':
        str_addf(out, "  x%zu: {distribution: q_uniform, q: 64, min: 64, max: %d, start: %d}\n", i,
                 64 * MULTIPLES, 64 * (1 + (int)(START * MULTIPLES)));
        break;
    case 'i':
        str_addf(out, "  x%zu: {distribution: int_uniform, min: 0, max: %d, start: %d}\n", i,
                 WHOLE - 1, (int)(START * WHOLE));
        break;
    default:
        str_addf(out, "  x%zu: {distribution: uniform, min: -5, max: 5, start: %.6g}\n", i,
                 10 * START - 5);
    }
}

static char *write_parameters(const struct bench_problem *problem)
{
    struct str text = {0};

    if (problem->dims == 0)
        return mem_strdup(problem->parameters);
    for (size_t i = 0; i < problem->dims; i++)
        write_parameter(&text, letter(problem, i), i);
    return str_take(&text);
}

/* x in [-5, 5] moved to where the parameter has a value. */
static double to_level(double x, char how)
{
    double levels = how == 'q' ? MULTIPLES : how == 'i' ? WHOLE : 0;

    return levels > 0 ? -5 + 10 * (floor((x + 5) / 10 * levels) + 0.5) / levels : x;
}

/* --- drawing ------------------------------------------------------------------------------------
 */

/* Rows of normal deviates made orthonormal, one after another. */
static void draw_rotation(double *out, size_t n, struct rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * n, squares = 0;
        for (size_t k = 0; k < n; k++)
            row[k] = rng_normal(rng);
        for (size_t j = 0; j < i; j++) {
            double along = 0;
            for (size_t k = 0; k < n; k++)
                along += row[k] * out[j * n + k];
            for (size_t k = 0; k < n; k++)
                row[k] -= along * out[j * n + k];
        }
        for (size_t k = 0; k < n; k++)
            squares += row[k] * row[k];
        for (size_t k = 0; k < n; k++)
            row[k] /= sqrt(squares);
    }
}

static void draw_function(struct bench_instance *instance, uint64_t number)
{
    const struct bench_problem *problem = instance->problem;
    struct rng rng;

    rng_init(&rng, number, problem->name, 0);
    for (size_t i = 0; i < problem->dims; i++) {
        double x = problem->optimum_reach * (2 * rng_uniform(&rng) - 1);
        instance->optimum[i] = to_level(x, letter(problem, i));
    }
    draw_rotation(instance->first, problem->dims, &rng);
    draw_rotation(instance->second, problem->dims, &rng);
}

/* A tenth of the volume, as a square of the first two coordinates: 0.3 below the optimum in the
 * first one, about it in the second. */
static void place_box(struct bench_instance *instance)
{
    const double side = 10 * sqrt(0.1), gap = 0.3;

    instance->box[0][1] = instance->optimum[0] - gap;
    instance->box[0][0] = instance->box[0][1] - side;
    instance->box[1][0] = instance->optimum[1] - side / 2;
    instance->box[1][1] = instance->optimum[1] + side / 2;
}

/* --- the unit -----------------------------------------------------------------------------------
 */

enum { DRAWS = 20, ROUNDS = 199 };

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double draw_regret(const struct bench_instance *instance, double *unit, struct value *config,
                          struct rng *rng)
{
    const struct space *space = &instance->study.space;

    for (size_t i = 0; i < space->n; i++)
        unit[i] = rng_uniform(rng);
    space_decode(config, space, unit);
    double regret = bench_regret(instance, space, config);
    return isnan(regret) ? (double)INFINITY : regret;
}

static void measure_unit(struct bench_instance *instance, uint64_t number)
{
    size_t n = instance->study.space.n;
    double *unit = mem_new(n, sizeof *unit), all[DRAWS * ROUNDS], least[ROUNDS];
    struct value *config = mem_new(n, sizeof *config);
    struct rng rng;

    rng_init(&rng, number, "unit", 0);
    for (size_t r = 0; r < ROUNDS; r++) {
        double *some = all + r * DRAWS;
        least[r] = INFINITY;
        for (size_t i = 0; i < DRAWS; i++) {
            some[i] = draw_regret(instance, unit, config, &rng);
            least[r] = fmin(least[r], some[i]);
        }
    }
    qsort(least, ROUNDS, sizeof *least, by_size);
    qsort(all, (size_t)DRAWS * ROUNDS, sizeof *all, by_size);
    instance->unit = least[ROUNDS / 2];
    instance->bad = all[DRAWS * ROUNDS / 2];
    free(unit);
    free(config);
}

/* --- instances ----------------------------------------------------------------------------------
 */

static int parse_space(struct bench_instance *instance, struct err *err)
{
    char *text = mem_printf("name: bench\n"
                            "metric: {name: loss, goal: minimize}\n"
                            "trainer: {command: [none, \"{config}\"]}\n"
                            "parameters:\n%s",
                            instance->parameters);
    int rc = study_parse(&instance->study, text, strlen(text), instance->problem->name, err);

    free(text);
    return rc;
}

int bench_instance_init(struct bench_instance *out, const struct bench_problem *problem,
                        uint64_t number, struct err *err)
{
    *out = (struct bench_instance){.problem = problem, .parameters = write_parameters(problem)};
    if (parse_space(out, err) != 0) {
        free(out->parameters);
        return -1;
    }
    draw_function(out, number);
    if (problem->fails)
        place_box(out);
    measure_unit(out, number);
    return 0;
}

void bench_instance_clear(struct bench_instance *instance)
{
    study_clear(&instance->study);
    free(instance->parameters);
}

double bench_regret(const struct bench_instance *instance, const struct space *space,
                    const struct value *config)
{
    const struct bench_problem *problem = instance->problem;
    double x[BENCH_DIMS];

    if (problem->dims == 0)
        return problem->loss(space, config) - problem->least;
    for (size_t i = 0; i < problem->dims; i++)
        x[i] = -5 + 10 * param_encode(&space->params[i], &config[i]);
    return problem->value(instance, x);
}

double bench_sd(const struct bench_instance *instance, const struct bench_noise *noise,
                double regret)
{
    return instance->unit * noise->sd * (regret > instance->bad ? noise->bad : 1);
}
