/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "mem.h"
#include "rapl.h"
#include "str.h"

static bool read_counter(double *out, const char *dir, const char *name)
{
    char *path = path_join(dir, name), *text = NULL;
    struct err ignored;
    bool known = file_exists(path) && file_read(&text, NULL, path, 64, &ignored) == 0;

    if (known) {
        text[strcspn(text, "\n")] = '\0';
        known = number_read(out, text) && *out >= 0;
    }
    free(text);
    free(path);
    return known;
}

void rapl_begin(struct rapl *out, const char *root)
{
    *out = (struct rapl){0};
    for (int i = 0; i < RAPL_PACKAGES; i++) {
        struct rapl_package *package = &out->packages[out->n];
        int len = snprintf(package->path, sizeof package->path, "%s/intel-rapl:%d", root, i);
        if (len > 0 && (size_t)len < sizeof package->path &&
            read_counter(&package->range, package->path, "max_energy_range_uj") &&
            read_counter(&package->last, package->path, "energy_uj"))
            out->n++;
    }
}

void rapl_sample(struct rapl *rapl)
{
    for (size_t i = 0; i < rapl->n; i++) {
        struct rapl_package *package = &rapl->packages[i];
        double now;
        if (!read_counter(&now, package->path, "energy_uj"))
            continue;
        double used = now - package->last;
        rapl->joules += (used >= 0 ? used : used + package->range) / 1e6;
        package->last = now;
    }
}
