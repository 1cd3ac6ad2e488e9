/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rapl.h - the energy that the machine's processor packages have used, as Linux tells it
 * (Documentation/power/powercap: energy_uj counts microjoules and begins anew beyond
 * max_energy_range_uj, after minutes to an hour at full load).
 *
 * The files are root's alone since 2020, and virtual machines have none: then nothing is measured.
 */
#ifndef HARNESS_RAPL_H
#define HARNESS_RAPL_H

#include <stddef.h>

enum { RAPL_PACKAGES = 16 };

struct rapl {
    struct rapl_package {
        char path[192];
        double last, range; /* [uJ] */
    } packages[RAPL_PACKAGES];
    size_t n; /* 0: nothing can be read */
    double joules;
};

/* Finds the packages below `root` (as /sys/class/powercap): folders intel-rapl:NUMBER, their
 * parts apart.  AMD's processors go by the same name. */
void rapl_begin(struct rapl *out, const char *root);

/* Adds what was used since the last call; to be called before a counter can wrap twice. */
void rapl_sample(struct rapl *rapl);

#endif
