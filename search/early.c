/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "early.h"
#include "mem.h"

extern const struct early_kind early_paired_curves;
extern const struct early_kind early_hyperband;

const struct early_kind *const early_kinds[] = {
    &early_paired_curves,
    &early_hyperband,
    NULL,
};

const struct early_kind *early_kind_find(const char *name)
{
    for (size_t i = 0; early_kinds[i] != NULL; i++)
        if (strcmp(early_kinds[i]->name, name) == 0)
            return early_kinds[i];
    return NULL;
}

static struct noise noise_of(const struct curve_pairs *pairs, double place)
{
    double *diff = mem_new(pairs->n, sizeof *diff);
    size_t n = 0;

    for (size_t i = 0; i < pairs->n; i++) {
        double d = curve_at(pairs->a[i], place) - curve_at(pairs->b[i], place);
        if (isfinite(d))
            diff[n++] = d;
    }
    struct noise noise = noise_sample(diff, n);
    free(diff);
    return noise;
}

struct noise early_noise(const struct early_case *c, double place)
{
    double *s2 = mem_new(c->n_noise, sizeof *s2), *df = mem_new(c->n_noise, sizeof *df);
    struct noise prior = {NAN, 0}, audit = prior;

    for (size_t i = 0; i < c->n_noise; i++) {
        struct noise group = noise_of(&c->noise[i], place);
        if (i == 0)
            audit = group;
        s2[i] = group.s2;
        df[i] = group.df;
    }
    if (c->n_noise > 0)
        noise_prior(&prior, &audit, s2 + 1, df + 1, c->n_noise - 1);
    free(s2);
    free(df);
    return prior;
}

void early_measure(struct early_end *out, const struct early_case *c,
                   const struct curve_point *point)
{
    struct noise noise = early_noise(c, point->place);

    *out = (struct early_end){.place = point->place,
                              .progress = point->place / c->end,
                              .gap = point->value - curve_at(c->rival, point->place),
                              .z = NAN,
                              .line = point->line};
    if (isfinite(out->gap) && noise.df > 0 && noise.s2 > 0)
        out->z = noise_z(-out->gap / sqrt(noise.s2), noise.df);
}
