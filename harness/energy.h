/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * energy.h - what the machine used while a session ran: its processor packages (rapl.h) and its
 * accelerators (nvml.h), whoever used them.  Told to the record when the session ends, and only
 * what was measured: never a guess.
 */
#ifndef HARNESS_ENERGY_H
#define HARNESS_ENERGY_H

#include <stdbool.h>

#include "err.h"
#include "nvml.h"
#include "rapl.h"
#include "store.h"

struct energy {
    struct rapl rapl;
    struct nvml nvml;
    double nvml_first;  /* [J] at the beginning */
    double began, next; /* clock_s() */
};

void energy_begin(struct energy *out);

/* Cheap: looks at the counters every few seconds only. */
void energy_tend(struct energy *energy);

/* Ends; writes the event "energy" where something was measured and is worth it (`ran`: a run was
 * begun meanwhile). */
int energy_end(struct energy *energy, struct store *store, bool ran, struct err *err);

/* The text of that event: {"gpu_j": …, "package_j": …, "seconds": …}, unknown ones null. */
void energy_text(struct str *out, double package_j, double gpu_j, double seconds);

#endif
