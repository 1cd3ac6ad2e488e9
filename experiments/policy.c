/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "mem.h"
#include "policy.h"

enum { BREAKER_USUAL = 10, OUTPUT_USUAL = 64 << 20 };

const char *const keep_files_names[] = {"kept", "all", "none", NULL};
const char *const sandbox_names[] = {"off", "bwrap", NULL};

void policy_init(struct policy *policy)
{
    *policy = (struct policy){.breaker = BREAKER_USUAL,
                              .min_free = FLOOR_USUAL,
                              .min_memory = FLOOR_USUAL,
                              .limits = {.output = OUTPUT_USUAL}};
}

void policy_clear(struct policy *policy)
{
    for (size_t i = 0; i < policy->n_notify; i++)
        free(policy->notify[i]);
    free(policy->notify);
    *policy = (struct policy){0};
}

void policy_copy(struct policy *to, const struct policy *from)
{
    char **notify = mem_new(from->n_notify, sizeof *notify);

    for (size_t i = 0; i < from->n_notify; i++)
        notify[i] = mem_strdup(from->notify[i]);
    policy_clear(to);
    *to = *from;
    to->notify = notify;
}
