/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "feature_map.h"
#include "mem.h"

/* How many features a parameter has; 0 where there is nothing to search. */
static size_t count(const struct param *param)
{
    if (!(param_levels(param) > 1))
        return 0;
    return (param_is_choice(param) ? param->n_values : 1) + (param->when >= 0);
}

void features_init(struct features *features, const struct space *space)
{
    *features = (struct features){.space = space};
    for (size_t i = 0; i < space->n; i++)
        features->n += count(&space->params[i]);
    features->group = mem_new(features->n, sizeof *features->group);
    for (size_t i = 0, f = 0; i < space->n; i++) {
        size_t n = count(&space->params[i]);
        for (size_t k = 0; k < n; k++)
            features->group[f++] = features->groups;
        features->groups += n > 0;
    }
}

void features_clear(struct features *features)
{
    free(features->group);
    *features = (struct features){0};
}

size_t feature_choice(const struct param *param, const struct value *value)
{
    return (size_t)param_level(param, value);
}

void features_write(double *out, const struct features *features, const struct value *config)
{
    for (size_t i = 0; i < features->space->n; i++) {
        const struct param *param = &features->space->params[i];
        if (count(param) == 0)
            continue;
        if (!param_is_choice(param))
            *out++ = param_encode(param, &config[i]);
        for (size_t k = 0; param_is_choice(param) && k < param->n_values; k++)
            *out++ = value_same(&param->values[k], &config[i]) ? sqrt(0.5) : 0;
        if (param->when >= 0)
            *out++ = config[i].type != VALUE_NONE;
    }
}
