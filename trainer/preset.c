/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <string.h>

#include "preset.h"

/* clang-format off */
const struct preset presets[] = {
    /* name, summary,                              dim, layers, heads, kv, hidden, vocab, seq, batch, tied,  theta, eps */
    {"small", "0.9 M parameters, for short nights",
                                                   128,      3,     4,  4,    384,  2048, 128,    16, true,  1e4, 1e-5},
    {"medium", "6 M parameters, for long nights",
                                                   256,      6,     4,  4,    704,  4096, 256,    16, true,  1e4, 1e-5},
    {"autoresearch", "AutoANE's model with its compact vocabulary",
                                                   512,      4,     8,  2,   1408, 16893, 128,    10, true,  1e4, 1e-5},
    {"autoresearch_1536", "AutoANE's larger model",
                                                  1536,      4,    24,  6,   4224, 49152, 256,    10, true,  1e4, 1e-5},
    {"autoresearch_2048", "AutoANE's largest model",
                                                  2048,      4,    32,  8,   5632, 49152, 256,    10, true,  1e4, 1e-5},
    {"stories110m", "llama2.c's 110 M model",
                                                   768,     12,    12, 12,   2048, 32000, 256,     4, true,  1e4, 1e-5},
    {"smollm2_135m", "SmolLM2 135 M",
                                                   576,     30,     9,  3,   1536, 49152, 256,     4, true,  1e5, 1e-5},
    {"smollm2_360m", "SmolLM2 360 M",
                                                   960,     32,    15,  5,   2560, 49152, 256,     4, true,  1e5, 1e-5},
    {0},
};
/* clang-format on */

const struct preset *preset_find(const char *name)
{
    for (const struct preset *p = presets; p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
