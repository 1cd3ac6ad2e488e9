/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nvml.h - the energy that NVIDIA's accelerators have used, by their driver's library (NVML,
 * libnvidia-ml.so.1), loaded where it is installed.
 */
#ifndef HARNESS_NVML_H
#define HARNESS_NVML_H

#include <stddef.h>

struct nvml {
    void *library; /* NULL: there is none */
    size_t n;      /* devices that tell their energy */
};

void nvml_begin(struct nvml *out);
void nvml_end(struct nvml *nvml);

/* Of all devices since the driver was loaded [J]; NAN where one does not tell. */
double nvml_joules(const struct nvml *nvml);

#endif
