/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "spent.h"

/* What is known adds up; a sum of nothing known is unknown. */
static void add(double *sum, double x)
{
    if (isfinite(x))
        *sum = isfinite(*sum) ? *sum + x : x;
}

static void add_run(struct spent *out, const struct run *run)
{
    out->ended += run->class != CLASS_NONE;
    add(&out->wall_s, run->wall_s);
    add(&out->cpu_s, run->cpu_s);
    add(&out->flops, run->flops);
    add(&out->steps, run->steps > 0 ? (double)run->steps : (double)NAN);
    out->peak_mib = fmax(out->peak_mib, run->peak_mib); /* a number, where one is NAN */
    if (run->started > 0 && (out->first == 0 || run->started < out->first))
        out->first = run->started;
    if (run->ended > out->last)
        out->last = run->ended;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_rate(const struct record *record)
{
    double *rates = mem_new(record->n_runs, sizeof *rates);
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        if (run->class == CLASS_OK && run->steps > 0 && run->wall_s > 0)
            rates[n++] = (double)run->steps / run->wall_s;
    }
    qsort(rates, n, sizeof *rates, by_size);
    double median = n > 0 ? (rates[(n - 1) / 2] + rates[n / 2]) / 2 : (double)NAN;
    free(rates);
    return median;
}

void spent_count(struct spent *out, const struct record *record)
{
    *out = (struct spent){.runs = record->n_runs,
                          .wall_s = NAN,
                          .cpu_s = NAN,
                          .peak_mib = NAN,
                          .steps = NAN,
                          .flops = NAN,
                          .elapsed_s = NAN};
    for (size_t i = 0; i < record->n_runs; i++)
        add_run(out, &record->runs[i]);
    out->steps_per_s = median_rate(record);
    if (out->first > 0 && out->last >= out->first)
        out->elapsed_s = (double)(out->last - out->first);
}
