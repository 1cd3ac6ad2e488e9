/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include <math.h>

#include "nvml.h"

/* NVML's own types and names, from NVIDIA's API reference: results are 0 where all is well. */
typedef int init_function(void);
typedef int count_function(unsigned *count);
typedef int handle_function(unsigned index, void **device);
typedef int energy_function(void *device, unsigned long long *millijoules);

/* ISO C has no conversion from an object's pointer to a function's; POSIX asks for this form. */
static void find(void *function, void *library, const char *name)
{
    *(void **)function = dlsym(library, name);
}

void nvml_begin(struct nvml *out)
{
    init_function *init;
    count_function *count;
    unsigned n = 0;

    *out = (struct nvml){.library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)};
    if (out->library == NULL)
        return;
    find(&init, out->library, "nvmlInit_v2");
    find(&count, out->library, "nvmlDeviceGetCount_v2");
    if (init != NULL && count != NULL && init() == 0 && count(&n) == 0)
        out->n = n;
    if (!isfinite(nvml_joules(out)))
        out->n = 0;
}

void nvml_end(struct nvml *nvml)
{
    init_function *shutdown;

    if (nvml->library == NULL)
        return;
    find(&shutdown, nvml->library, "nvmlShutdown");
    if (shutdown != NULL)
        shutdown();
    dlclose(nvml->library);
    *nvml = (struct nvml){0};
}

double nvml_joules(const struct nvml *nvml)
{
    handle_function *handle;
    energy_function *energy;
    double sum = 0;

    if (nvml->n == 0)
        return NAN;
    find(&handle, nvml->library, "nvmlDeviceGetHandleByIndex_v2");
    find(&energy, nvml->library, "nvmlDeviceGetTotalEnergyConsumption");
    if (handle == NULL || energy == NULL)
        return NAN;
    for (unsigned i = 0; i < nvml->n; i++) {
        unsigned long long millijoules = 0;
        void *device = NULL;
        if (handle(i, &device) != 0 || energy(device, &millijoules) != 0)
            return NAN;
        sum += (double)millijoules / 1000;
    }
    return sum;
}
