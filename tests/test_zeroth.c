/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training without a backward pass: directions, what the estimates are worth, what a step does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "ops.h"
#include "preset.h"
#include "small_run.h"
#include "zeroth.h"

/* --- directions ---------------------------------------------------------------------------------
 */

enum { DRAWS = 1 << 20 };

/*
 * Moments of 2^20 draws and shares beyond 1, 2, 3 and 4: each within 4.5 standard errors of the
 * normal's (for the k-th moment sqrt((E x^2k - (E x^k)^2) / n)).
 */
static void normal_draws_are_normal(void **state)
{
    static const double tail[] = {0.31731051, 0.04550026, 0.00269980, 6.334e-5};
    real *z = mem_new(DRAWS, sizeof *z);
    double sum[5] = {0}, n = DRAWS, beyond[4] = {0}, next = 0;

    (void)state;
    direction_draw(z, DRAWS, 42, DRAW_GAUSSIAN);
    for (size_t i = 0; i < DRAWS; i++) {
        double x = (double)z[i], power = 1;
        for (int k = 1; k <= 4; k++)
            sum[k] += power *= x;
        for (int k = 0; k < 4; k++)
            beyond[k] += fabs(x) > k + 1;
        next += i > 0 ? x * (double)z[i - 1] : 0;
        assert_true(fabs(x) < 5.4);
    }
    assert_close(sum[1] / n, 0, 0, 4.5 / sqrt(n));
    assert_close(sum[2] / n, 1, 0, 4.5 * sqrt(2 / n));
    assert_close(sum[3] / n, 0, 0, 4.5 * sqrt(15 / n));
    assert_close(sum[4] / n, 3, 0, 4.5 * sqrt(96 / n));
    assert_close(next / n, 0, 0, 4.5 / sqrt(n));
    for (int k = 0; k < 4; k++)
        assert_close(beyond[k] / n, tail[k], 0, 4.5 * sqrt(tail[k] / n));
    free(z);
}

static void signs_are_even(void **state)
{
    real *z = mem_new(DRAWS, sizeof *z);
    double sum = 0, next = 0;

    (void)state;
    direction_draw(z, DRAWS, 42, DRAW_RADEMACHER);
    for (size_t i = 0; i < DRAWS; i++) {
        assert_true(z[i] == 1 || z[i] == -1);
        sum += (double)z[i];
        next += i > 0 ? (double)(z[i] * z[i - 1]) : 0;
    }
    assert_close(sum / DRAWS, 0, 0, 4.5 / sqrt(DRAWS));
    assert_close(next / DRAWS, 0, 0, 4.5 / sqrt(DRAWS));
    free(z);
}

/* --- a trainer by hand --------------------------------------------------------------------------
 */

struct hand {
    struct config config;
    struct data data;
    struct trainer *t;
    real *before; /* the weights as they start */
    size_t n;
};

static void hand_open(struct hand *h, const struct fixture *f, const char *changes, size_t threads)
{
    struct err err = {0};

    config_with(&h->config, f, changes);
    assert_int_equal(data_open(&h->data, f->data, VOCAB, &err), 0);
    if (trainer_open(&h->t, &h->config, VOCAB, threads, 1, &err) != 0)
        fail_msg("%s", err.text);
    trainer_start(h->t);
    h->n = trainer_reals(h->t);
    h->before = mem_new(h->n, sizeof *h->before);
    memcpy(h->before, h->t->moved, h->n * sizeof *h->before);
    data_draw(h->t->starts, (size_t)h->config.batch, &h->data.split[SPLIT_TRAIN],
              (size_t)h->config.seq, 1, 0);
}

static void hand_close(struct hand *h)
{
    free(h->before);
    trainer_close(h->t);
    data_close(&h->data);
    config_clear(&h->config);
}

static void hand_reset(struct hand *h)
{
    memcpy(h->t->moved, h->before, h->n * sizeof *h->before);
}

static struct step_result hand_step(struct hand *h, double lr)
{
    return trainer_step(h->t, &h->data.split[SPLIT_TRAIN], 0, lr);
}

/* The gradient of step 0 at the starting weights, by backprop; the caller frees. */
static real *true_gradient(const struct fixture *f, const char *changes)
{
    struct hand h;
    real *gradient;

    hand_open(&h, f, changes, 1);
    hand_step(&h, 0);
    gradient = mem_new(h.n, sizeof *gradient);
    memcpy(gradient, h.t->gradient, h.n * sizeof *gradient);
    hand_close(&h);
    return gradient;
}

static double dot(const real *a, const real *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void note_draws(void *context, const struct zeroth_part *part, real *w, const real *z)
{
    (void)w;
    memcpy((real *)context + part->tensor->at + part->at, z, part->n * sizeof *z);
}

/* z [n] of a direction, whole. */
static void take_draws(real *z, struct hand *h, const struct direction *d)
{
    zeroth_walk(h->t, d, note_draws, z);
}

/* --- the estimate -------------------------------------------------------------------------------
 */

#define SMALL "\"dim\": 8, \"hidden\": 8, \"layers\": 1, \"batch\": 2, \"micro_batch\": 2"
enum { ESTIMATES = 2000 };

struct moments {
    double along;  /* mean of <g z, gradient> / |gradient|^2: 1 where the estimate has no bias */
    double square; /* mean of |g z|^2 / |gradient|^2 */
    double off;    /* ESTIMATES |mean of g z - gradient|^2 / |gradient|^2 */
};

static struct moments measure(const struct fixture *f, const char *draw, size_t *dimensions)
{
    char *changes = mem_printf("{" SMALL ", \"method\": \"mezo\", \"zo_draw\": \"%s\"}", draw);
    real *gradient = true_gradient(f, "{" SMALL "}"), *z;
    double *sum, norm;
    struct moments m = {0};
    struct hand h;

    hand_open(&h, f, changes, 1); /* there is one micro-batch */
    z = mem_new(h.n, sizeof *z);
    sum = mem_new(h.n, sizeof *sum);
    norm = dot(gradient, gradient, h.n);
    for (uint64_t i = 0; i < ESTIMATES; i++) {
        struct direction d = zeroth_direction(h.t, 0, i);
        struct zeroth_pair pair;
        double g;
        take_draws(z, &h, &d);
        pair = zeroth_both(h.t, &h.data.split[SPLIT_TRAIN], &d);
        g = zeroth_slope(h.t, &pair);
        hand_reset(&h);
        m.along += g * dot(z, gradient, h.n) / norm / ESTIMATES;
        m.square += g * g * dot(z, z, h.n) / norm / ESTIMATES;
        for (size_t k = 0; k < h.n; k++)
            sum[k] += g * (double)z[k] / ESTIMATES;
    }
    for (size_t k = 0; k < h.n; k++)
        m.off += ESTIMATES * pow(sum[k] - (double)gradient[k], 2) / norm;
    *dimensions = h.n;
    free(sum);
    free(z);
    hand_close(&h);
    free(gradient);
    free(changes);
    return m;
}

/*
 * With s = <z, gradient> / |gradient| and no curvature of odd order the estimate is g z, g = s
 * |gradient|.  For normal z: E s^2 = 1 with variance 2 (signs: less); E s^2 |z|^2 = d + 2 (signs:
 * d, |z|^2 being d); E|mean - gradient|^2 is (d + 1)/N (signs: (d - 1)/N) of |gradient|^2.
 * Tolerances: 4.5 standard errors; of s^2 |z|^2 about d sqrt(2/N).  The last one is, across the
 * gradient, the mean of s^2 times a chi-square of d - 1 degrees: d sqrt(2/N + 2/d); and along it
 * N times a squared mean of variance 2/N, 2 chi-square of one degree, below 2 * 4.5^2.  eps = 1e-3
 * adds O(eps^2) < 1e-3.
 */
static void the_estimate_is_the_gradient_with_the_variance_of_the_formula(void **state)
{
    double error = 4.5 * sqrt(2.0 / ESTIMATES), along = 2 * 4.5 * 4.5, across;
    struct moments m;
    size_t d;

    m = measure(*state, "gaussian", &d);
    assert_close(m.along, 1, 0, error + 1e-3);
    assert_close(m.square, (double)d + 2, error, 0);
    across = 4.5 * sqrt(2.0 / ESTIMATES + 2.0 / (double)d);
    assert_close(m.off, (double)d + 1, across, along);
    m = measure(*state, "rademacher", &d);
    assert_close(m.along, 1, 0, error + 1e-3);
    assert_close(m.square, (double)d, error, 0);
    assert_close(m.off, (double)d - 1, across, along);
}

/*
 * The error of a slope is eps^2/6 times a third derivative: four times as large at twice the eps.
 * Mean over 60 directions of the absolute error, at 0.005 and 0.01, where rounding (1e-7 / eps) is
 * a hundredth of it at most; the next term makes it 4 to within a tenth.
 */
static void the_bias_of_a_slope_is_of_second_order(void **state)
{
    real *gradient = true_gradient(*state, "{" SMALL "}"), *z;
    double error[2] = {0};

    for (int k = 0; k < 2; k++) {
        char *changes =
            mem_printf("{" SMALL ", \"method\": \"mezo\", \"zo_eps\": %g}", k == 0 ? 0.005 : 0.01);
        struct hand h;
        hand_open(&h, *state, changes, 1);
        z = mem_new(h.n, sizeof *z);
        for (uint64_t i = 0; i < 60; i++) {
            struct direction d = zeroth_direction(h.t, 0, i);
            struct zeroth_pair pair;
            take_draws(z, &h, &d);
            pair = zeroth_both(h.t, &h.data.split[SPLIT_TRAIN], &d);
            error[k] += fabs(zeroth_slope(h.t, &pair) - dot(z, gradient, h.n)) / 60;
            hand_reset(&h);
        }
        free(z);
        hand_close(&h);
        free(changes);
    }
    assert_close(error[1] / error[0], 4, 0.1, 0);
    free(gradient);
}

/* Of each addition half a unit in the last place of its result, as the header says. */
static void weights_come_back_but_for_rounding(void **state)
{
    struct hand h;
    struct direction d;
    real *z;
    size_t moved = 0;

    hand_open(&h, *state, "{\"method\": \"mezo\"}", 2);
    z = mem_new(h.n, sizeof *z);
    d = zeroth_direction(h.t, 0, 0);
    take_draws(z, &h, &d);
    zeroth_both(h.t, &h.data.split[SPLIT_TRAIN], &d);
    zeroth_move(h.t, &d, h.config.zo_eps);
    for (size_t i = 0; i < h.n; i++) {
        double far = fabs((double)h.before[i]) + h.config.zo_eps * fabs((double)z[i]);
        assert_close((double)h.t->moved[i], (double)h.before[i], 0, 1.5 * 0x1p-23 * far);
        moved += h.t->moved[i] != h.before[i];
    }
    assert_true(moved > 0); /* not exact: who wants that must keep a copy */
    free(z);
    hand_close(&h);
}

/* --- what a step does ---------------------------------------------------------------------------
 */

#define PLAIN "\"weight_decay\": 0, \"clip\": 0"

/* The slope of a direction (shaped or not) at the starting weights, which it leaves. */
static double slope_along(struct hand *h, const struct direction *d)
{
    struct zeroth_pair pair = zeroth_both(h->t, &h->data.split[SPLIT_TRAIN], d);

    hand_reset(h);
    return zeroth_slope(h->t, &pair);
}

/* Half a dozen additions in binary32. */
static void assert_moved(const struct hand *h, const double *step, double far, double atol)
{
    for (size_t i = 0; i < h->n; i++)
        assert_close((double)h->t->moved[i] - (double)h->before[i], step[i], 1e-4,
                     4 * 0x1p-23 * (fabs((double)h->before[i]) + far) + atol);
}

static void mezo_steps_against_the_slope_with_decay_of_matrices(void **state)
{
    static const char *const changes[] = {
        "{\"method\": \"mezo\", \"weight_decay\": 0.5, \"clip\": 0}",
        "{\"method\": \"mezo\", \"weight_decay\": 0.5, \"clip\": 0.01}",
        "{\"method\": \"mezo\", \"weight_decay\": 0.5, \"clip\": 0, \"zo_directions\": 3}"};

    for (size_t k = 0; k < 3; k++) {
        struct hand h;
        double *step, slopes[3], squares = 0;
        size_t n = k == 2 ? 3 : 1;
        real *z;
        hand_open(&h, *state, changes[k], 2);
        z = mem_new(h.n, sizeof *z);
        step = mem_new(h.n, sizeof *step);
        for (size_t i = 0; i < h.t->trained->n_tensors; i++) {
            const struct tensor *t = &h.t->trained->tensors[i];
            for (size_t at = t->at; tensor_is_matrix(t) && at < t->at + tensor_size(t); at++)
                step[at] = -0.01 * 0.5 * (double)h.before[at];
        }
        for (size_t i = 0; i < n; i++) {
            struct direction d = zeroth_direction(h.t, 0, i);
            double g = slope_along(&h, &d), used = k == 1 ? copysign(0.01, g) : g;
            slopes[i] = g;
            squares += g * g;
            take_draws(z, &h, &d);
            for (size_t at = 0; at < h.n; at++)
                step[at] -= 0.01 * used / (double)n * (double)z[at];
        }
        assert_true(k != 1 || fabs(slopes[0]) > 0.01);
        assert_close(hand_step(&h, 0.01).norm, sqrt(squares / (double)n), 1e-4, 0);
        /* The second direction's losses are of weights that came back to rounding: 4e-7 over 2 eps
         * in a slope, times lr and z. */
        assert_moved(&h, step, 0.01, k == 2 ? 4e-7 / 2e-3 * 0.01 * 5 : 0);
        free(step);
        free(z);
        hand_close(&h);
    }
}

static void fzoo_divides_its_step_by_the_spread_of_its_losses(void **state)
{
    struct hand h;
    double *step, rise[4], base, mean = 0, squares = 0, sigma;
    real *z;

    hand_open(&h, *state, "{\"method\": \"fzoo\", " PLAIN "}", 2);
    z = mem_new(h.n, sizeof *z);
    step = mem_new(h.n, sizeof *step);
    base = trainer_loss(h.t, &h.data.split[SPLIT_TRAIN]);
    for (size_t i = 0; i < 4; i++) {
        struct direction d = zeroth_direction(h.t, 0, i);
        d.kind = DRAW_RADEMACHER;
        zeroth_move(h.t, &d, h.config.zo_eps);
        rise[i] = trainer_loss(h.t, &h.data.split[SPLIT_TRAIN]) - base;
        mean += rise[i] / 4;
        hand_reset(&h);
    }
    for (size_t i = 0; i < 4; i++)
        squares += (rise[i] - mean) * (rise[i] - mean);
    sigma = sqrt(squares / 3);
    for (size_t i = 0; i < 4; i++) {
        struct direction d = zeroth_direction(h.t, 0, i);
        d.kind = DRAW_RADEMACHER;
        take_draws(z, &h, &d);
        for (size_t at = 0; at < h.n; at++)
            step[at] -= 0.001 * rise[i] / sigma / 4 * (double)z[at];
    }
    assert_close(hand_step(&h, 0.001).norm, sigma / h.config.zo_eps, 1e-2, 0);
    for (size_t i = 0; i < h.n; i++) /* losses after other roundings: 1e-7 of 4 over sigma, 1e-2 */
        assert_close((double)h.t->moved[i] - (double)h.before[i], step[i], 0.02, 2e-5);
    free(step);
    free(z);
    hand_close(&h);
}

static void sparse_mezo_leaves_the_largest_weights_as_they_are(void **state)
{
    struct hand h;

    hand_open(&h, *state,
              "{\"method\": \"sparse_mezo\", \"zo_sparsity\": 0.7, \"zo_eps\": 0.01, " PLAIN "}",
              2);
    hand_step(&h, 0.1);
    for (size_t i = 0; i < h.t->trained->n_tensors; i++) {
        const struct tensor *t = &h.t->trained->tensors[i];
        double most_moved = 0, least_left = (double)INFINITY;
        size_t left = 0, n = tensor_size(t);
        for (size_t at = t->at; at < t->at + n; at++) {
            double size = fabs((double)h.before[at]);
            bool stays = h.t->moved[at] == h.before[at];
            left += stays;
            most_moved = !stays && size > most_moved ? size : most_moved;
            least_left = stays && size < least_left ? size : least_left;
        }
        if (!tensor_is_matrix(t)) { /* gains that are all 1: none is larger */
            assert_true(left == 0);
            continue;
        }
        assert_int_equal(left, n - (size_t)ceil((1 - 0.7) * (double)n));
        assert_true(most_moved < least_left);
    }
    hand_close(&h);
}

static void hizoo_learns_the_curvature_behind_its_step(void **state)
{
    struct hand h;
    struct direction d;
    double alpha = 0.3, eps = 0.01, up, down, base, curvature, *step;
    real *z;

    hand_open(&h, *state,
              "{\"method\": \"hizoo\", \"hizoo_alpha\": 0.3, \"zo_eps\": 0.01, " PLAIN "}", 1);
    z = mem_new(h.n, sizeof *z);
    step = mem_new(h.n, sizeof *step);
    d = zeroth_direction(h.t, 0, 0);
    take_draws(z, &h, &d);
    base = trainer_loss(h.t, &h.data.split[SPLIT_TRAIN]);
    zeroth_move(h.t, &d, eps); /* h is 1 still: its directions are the draws */
    up = trainer_loss(h.t, &h.data.split[SPLIT_TRAIN]);
    zeroth_move(h.t, &d, -2 * eps);
    down = trainer_loss(h.t, &h.data.split[SPLIT_TRAIN]);
    hand_reset(&h);
    curvature = fabs(up + down - 2 * base) / (2 * eps * eps);
    for (size_t i = 0; i < h.n; i++)
        step[i] = -0.01 * (up - down) / (2 * eps) * (double)z[i];
    hand_step(&h, 0.01);
    assert_moved(&h, step, 0.03, 0);
    for (size_t i = 0; i < h.n; i++) {
        double want = 1 - alpha + alpha * curvature * (double)z[i] * (double)z[i];
        assert_close((double)h.t->kept[i], want, 1e-3, 0);
    }
    assert_true(curvature > 0.1); /* of that there is some to learn */
    free(step);
    free(z);
    hand_close(&h);
}

/* With rank 1 every row of a matrix's step is a multiple of every other. */
static void p_gap_stays_in_its_subspace(void **state)
{
    struct hand h;

    hand_open(&h, *state, "{\"method\": \"p_gap\", \"p_gap_rank\": 1, " PLAIN "}", 2);
    hand_step(&h, 1);
    for (size_t i = 0; i < h.t->trained->n_tensors; i++) {
        const struct tensor *t = &h.t->trained->tensors[i];
        size_t cols = (size_t)t->cols;
        double first[64], square = 0;
        if (t->role != ROLE_MATRIX && t->role != ROLE_RESIDUAL)
            continue;
        for (size_t c = 0; c < cols; c++) {
            first[c] = (double)h.t->moved[t->at + c] - (double)h.before[t->at + c];
            square += first[c] * first[c];
        }
        assert_true(square > 1e-8);
        for (size_t r = 1; r < (size_t)t->rows; r++) {
            double along = 0;
            const real *now = h.t->moved + t->at + r * cols, *was = h.before + t->at + r * cols;
            for (size_t c = 0; c < cols; c++)
                along += ((double)now[c] - (double)was[c]) * first[c] / square;
            for (size_t c = 0; c < cols; c++)
                assert_close((double)now[c] - (double)was[c], along * first[c], 1e-3, 2e-6);
        }
    }
    hand_close(&h);
}

/* Cosine between the change of the hidden matrices and the way down. */
static double cosine(const struct hand *h, const real *gradient)
{
    double product = 0, steps = 0, gradients = 0;

    for (size_t i = 0; i < h->t->trained->n_tensors; i++) {
        const struct tensor *t = &h->t->trained->tensors[i];
        for (size_t at = t->at; at < t->at + tensor_size(t); at++) {
            double step = (double)h->t->moved[at] - (double)h->before[at], g = (double)gradient[at];
            if (t->role != ROLE_MATRIX && t->role != ROLE_RESIDUAL)
                continue;
            product -= step * g;
            steps += step * step;
            gradients += g * g;
        }
    }
    return product / sqrt(steps * gradients);
}

/* 400 probes know more of the gradient than one direction does: by far more than one in three. */
static void p_gap_goes_along_what_its_probes_have_found(void **state)
{
    real *gradient = true_gradient(*state, "{}");
    struct hand plain, aligned;
    double usual, better;

    hand_open(&plain, *state, "{\"method\": \"mezo\", " PLAIN "}", 2);
    hand_step(&plain, 0.01);
    usual = cosine(&plain, gradient);
    hand_open(&aligned, *state,
              "{\"method\": \"p_gap\", \"p_gap_probes\": 400, \"p_gap_delta\": 1000, "
              "\"lr\": 0.01, " PLAIN "}",
              2);
    hand_step(&aligned, 0.01);
    better = cosine(&aligned, gradient);
    if (!(better > 3 * fabs(usual) && better > 0.1))
        fail_msg("cosine %g of p_gap, %g of mezo", better, usual);
    hand_close(&aligned);
    hand_close(&plain);
    free(gradient);
}

/* Each matrix's goodness of right text grows over that of wrong text. */
static void forward_forward_parts_right_from_wrong(void **state)
{
    struct hand h;
    size_t m;
    double before = 0, after = 0;

    hand_open(&h, *state, "{\"method\": \"ff_lora\", \"lora_rank\": 4, \"weight_decay\": 0}", 2);
    m = h.t->trained->n_tensors / 2;
    hand_step(&h, 0);
    for (size_t i = 0; i < m; i++)
        before += (double)h.t->scratch[i] - (double)h.t->scratch[m + i];
    for (uint64_t step = 1; step < 40; step++)
        trainer_step(h.t, &h.data.split[SPLIT_TRAIN], step, 0.01);
    hand_step(&h, 0);
    for (size_t i = 0; i < m; i++)
        after += (double)h.t->scratch[i] - (double)h.t->scratch[m + i];
    assert_true(after > before + 0.01);
    hand_close(&h);
}

/* Every method makes the loss less where its options suit it, on data with much to learn.  In d
 * dimensions a direction finds 1/sqrt(d) of the gradient, so a small model says as much as a large
 * one.
 */
static void every_method_learns(void **state)
{
    static const struct {
        const char *method, *changes;
    } cases[] = {
        {"backprop", "\"steps\": 60, \"lr\": 0.01"},
        {"mezo", "\"steps\": 150, \"lr\": 0.02, \"zo_directions\": 4"},
        {"fzoo", "\"steps\": 150, \"lr\": 0.006"},
        {"sparse_mezo", "\"steps\": 600, \"lr\": 0.01"},
        {"hizoo", "\"steps\": 300, \"lr\": 0.01"},
        {"p_gap", "\"steps\": 300, \"lr\": 0.01"},
    };
    const struct fixture *f = *state;
    double start = val_loss_with(f, "{\"steps\": 1, \"lr\": 0, " SMALL "}");

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *changes = mem_printf("{\"method\": \"%s\", %s, \"weight_decay\": 0, \"warmup\": 0,"
                                   " \"clip\": 5, " SMALL "}",
                                   cases[i].method, cases[i].changes);
        double end = val_loss_with(f, changes);
        if (!(end < start - 0.05))
            fail_msg("%s: %g after %g", cases[i].method, end, start);
        free(changes);
    }
}

/* --- memory -------------------------------------------------------------------------------------
 */

/*
 * Of shapes that are ready: MeZO takes the weights, what a forward pass works in, and little more;
 * beside adapters nothing is added but they.  (Peaks that were measured stand in
 * docs/zeroth-order.md.)
 */
static void mezo_has_the_memory_of_a_forward_pass(void **state)
{
    static const char *const names[] = {"small", "autoresearch", "stories110m", "smollm2_135m"};
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct preset *p = preset_find(names[i]);
        char *changes = mem_printf("{\"preset\": \"%s\", \"method\": \"mezo\"}", names[i]);
        json_t *root = json_loads(changes, 0, NULL);
        struct config config;
        struct model model;
        struct err err = {0};
        struct shape shape;
        double forward, rows;
        (void)f;
        config_init(&config);
        assert_int_equal(config_take(&config, root, names[i], &err), 0);
        shape = config_shape(&config, 32000);
        assert_int_equal(model_list(&model, architecture_find(p->model), &shape, &err), 0);
        rows = (double)config_micro_batch(&config) * (double)config.seq;
        forward = sizeof(real) *
                  ((double)model.n_weights + 2 * model_scratch(&model, (size_t)rows, false));
        assert_true(trainer_memory(&config, &model, 2) <= 1.1 * forward);
        model_clear(&model);
        config_clear(&config);
        json_decref(root);
        free(changes);
    }
}

/* Losses agree to 1e-5 and slopes to 1e-5 * 4 / (2 eps); the steps follow. */
static void adapters_in_the_weights_are_adapters_beside_them(void **state)
{
    static const char *const changes[] = {
        "{\"method\": \"mezo\", \"lora_rank\": 3, \"zo_eps\": 0.05}",
        "{\"method\": \"mezo\", \"lora_rank\": 3, \"zo_eps\": 0.05, \"zo_merge\": true}"};
    struct step_result result[2];
    real *moved[2];
    size_t n = 0;

    for (int k = 0; k < 2; k++) {
        struct hand h;
        hand_open(&h, *state, changes[k], 2);
        result[k] = hand_step(&h, 0.01);
        moved[k] = mem_new(n = h.n, sizeof **moved);
        memcpy(moved[k], h.t->moved, n * sizeof **moved);
        hand_close(&h);
    }
    assert_close(result[1].loss, result[0].loss, 1e-5, 0);
    assert_close(result[1].norm, result[0].norm, 0, 4e-4);
    for (size_t i = 0; i < n; i++)
        assert_close((double)moved[1][i], (double)moved[0][i], 0, 4e-4 * 0.01 * 5.4);
    free(moved[0]);
    free(moved[1]);
}

static void methods_without_what_they_need_are_refused(void **state)
{
    static const struct {
        const char *changes, *error;
    } cases[] = {{"{\"method\": \"fzoo\", \"zo_directions\": 1}", "two directions"},
                 {"{\"method\": \"ff_lora\"}", "lora_rank"},
                 {"{\"method\": \"mezo\", \"zo_merge\": true}", "zo_merge"},
                 {"{\"lora_rank\": 2, \"zo_merge\": true}", "zo_merge"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        struct err err = {0};
        config_with(&config, *state, cases[i].changes);
        assert_int_equal(config_check(&config, &err), -1);
        assert_true(err.code == ERR_USAGE && strstr(err.text, cases[i].error) != NULL);
        config_clear(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_draws_are_normal),
        cmocka_unit_test(signs_are_even),
        cmocka_unit_test(the_estimate_is_the_gradient_with_the_variance_of_the_formula),
        cmocka_unit_test(the_bias_of_a_slope_is_of_second_order),
        cmocka_unit_test(weights_come_back_but_for_rounding),
        cmocka_unit_test(mezo_steps_against_the_slope_with_decay_of_matrices),
        cmocka_unit_test(fzoo_divides_its_step_by_the_spread_of_its_losses),
        cmocka_unit_test(sparse_mezo_leaves_the_largest_weights_as_they_are),
        cmocka_unit_test(hizoo_learns_the_curvature_behind_its_step),
        cmocka_unit_test(p_gap_stays_in_its_subspace),
        cmocka_unit_test(p_gap_goes_along_what_its_probes_have_found),
        cmocka_unit_test(forward_forward_parts_right_from_wrong),
        cmocka_unit_test(every_method_learns),
        cmocka_unit_test(mezo_has_the_memory_of_a_forward_pass),
        cmocka_unit_test(adapters_in_the_weights_are_adapters_beside_them),
        cmocka_unit_test(methods_without_what_they_need_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
