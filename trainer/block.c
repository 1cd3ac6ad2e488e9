/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "block.h"
#include "memory.h"

#define LINE      ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)

real *block_new(size_t n)
{
    size_t bytes = n * sizeof(real), unit = bytes < 4 * HUGE_PAGE ? LINE : HUGE_PAGE;
    size_t whole = (bytes + unit) / unit * unit;
    real *at = aligned_alloc(unit, whole);

    if (at == NULL) {
        fprintf(stderr, "nightshift-lm: out of memory: no %.2f GiB in one piece\n",
                (double)whole / 0x1p30);
        exit(ERR_ENVIRONMENT);
    }
    if (unit == HUGE_PAGE)
        (void)madvise(at, whole, MADV_HUGEPAGE); /* a wish: without it the block works too */
    if (unit == LINE || madvise(at, whole, MADV_DONTNEED) != 0)
        memset(at, 0, whole);
    return at;
}

int block_check_memory(double bytes, size_t threads, struct err *err)
{
    struct memory there = memory_there(threads);

    if (bytes > there.bytes)
        return err_usage(err, "this run needs %.2f GiB of memory, and %s %.2f GiB", bytes / 0x1p30,
                         there.source, there.bytes / 0x1p30);
    return 0;
}

/* Of this program's own memory; NAN where the kernel does not say. */
static double own_peak_kib(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    double kib = (double)NAN;

    while (file != NULL && isnan(kib) && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %lf", &kib) != 1)
            kib = (double)NAN;
    if (file != NULL)
        fclose(file);
    return kib;
}

/* What getrusage() tells outlives exec: it may be the peak of the program that started this one. */
double block_peak_mib(void)
{
    double kib = own_peak_kib();
    struct rusage usage;

    if (isnan(kib) && getrusage(RUSAGE_SELF, &usage) == 0)
        kib = (double)usage.ru_maxrss;
    return kib / 1024;
}
