/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "level.h"
#include "mem.h"
#include "origin.h"

const char *const level_words[] = {
    "",
    "L1: same machine, same program",
    "L2: another build, or other libraries",
    "L3: another processor",
};

void level_clear(struct level *level)
{
    str_clear(&level->data);
    str_clear(&level->fact);
}

/* The inputs that are the program, or those that are not.  Borrowed texts; the caller frees. */
static struct artifact *only(size_t *n, const struct artifact *from, size_t n_from,
                             const char *program, bool wanted)
{
    struct artifact *out = mem_new(n_from, sizeof *out);

    *n = 0;
    for (size_t i = 0; i < n_from; i++)
        if ((strcmp(from[i].path, program) == 0) == wanted)
            out[(*n)++] = from[i];
    return out;
}

static void compare(struct str *out, const struct artifact *recorded, size_t n_recorded,
                    const struct artifact *now, size_t n_now, const char *program, bool wanted)
{
    size_t n_before, n_after;
    struct artifact *before = only(&n_before, recorded, n_recorded, program, wanted);
    struct artifact *after = only(&n_after, now, n_now, program, wanted);

    inputs_compare(out, before, n_before, after, n_after);
    if (out->len > 0)
        out->at[out->len = strcspn(out->at, "\n")] = '\0';
    free(before);
    free(after);
}

void level_measure(struct level *out, const struct artifact *recorded, size_t n_recorded,
                   const struct artifact *now, size_t n_now, const char *program, const char *then,
                   const char *here)
{
    struct str program_change = {0}, origin = {0};

    *out = (struct level){.number = LEVEL_SAME};
    compare(&out->data, recorded, n_recorded, now, n_now, program, false);
    compare(&program_change, recorded, n_recorded, now, n_now, program, true);
    origin_compare(&origin, then, here);
    if (origin_is_of_processor(then, here))
        out->number = LEVEL_OTHER_CPU;
    else if (program_change.len > 0 || origin.len > 0)
        out->number = LEVEL_REBUILT;
    str_add(&out->fact, program_change.len > 0 ? program_change.at : str_text(&origin));
    str_clear(&program_change);
    str_clear(&origin);
}
