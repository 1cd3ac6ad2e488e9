/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <string.h>

#include "preset.h"

/* clang-format off */
const struct preset presets[] = {
    /* name, summary, model,
          dim, layers, heads, kv, head_dim, hidden,  vocab, seq, batch, tied, theta,  eps */
    {"small", "0.9 M parameters, for short nights", "llama",
          128,      3,     4,  4,        0,    384,   2048, 128,    16, true,   1e4, 1e-5},
    {"medium", "6 M parameters, for long nights", "llama",
          256,      6,     4,  4,        0,    704,   4096, 256,    16, true,   1e4, 1e-5},
    {"autoresearch", "AutoANE's model with its compact vocabulary", "llama",
          512,      4,     8,  2,        0,   1408,  16893, 128,    10, true,   1e4, 1e-5},
    {"autoresearch_1536", "AutoANE's larger model", "llama",
         1536,      4,    24,  6,        0,   4224,  49152, 256,    10, true,   1e4, 1e-5},
    {"autoresearch_2048", "AutoANE's largest model", "llama",
         2048,      4,    32,  8,        0,   5632,  49152, 256,    10, true,   1e4, 1e-5},
    {"stories110m", "llama2.c's 110 M model", "llama",
          768,     12,    12, 12,        0,   2048,  32000, 256,     4, true,   1e4, 1e-5},
    {"smollm2_135m", "SmolLM2 135 M", "llama",
          576,     30,     9,  3,        0,   1536,  49152, 256,     4, true,   1e5, 1e-5},
    {"smollm2_360m", "SmolLM2 360 M", "llama",
          960,     32,    15,  5,        0,   2560,  49152, 256,     4, true,   1e5, 1e-5},
    {"qwen3_06b", "Qwen3 0.6 B", "qwen3",
         1024,     28,    16,  8,      128,   3072, 151936, 256,     4, true,   1e6, 1e-6},
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
