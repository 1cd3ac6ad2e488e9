/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

static double read_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double clock_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double clock_boot_s(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void clock_text(char out[CLOCK_TEXT], time_t when)
{
    struct tm utc;

    gmtime_r(&when, &utc);
    strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void duration_text(char out[CLOCK_TEXT], double seconds)
{
    if (!isfinite(seconds)) {
        strcpy(out, "-");
        return;
    }
    long s = lround(seconds < 0 ? 0 : seconds);
    if (s < 10 && seconds < 9.95)
        snprintf(out, CLOCK_TEXT, "%.1f s", seconds < 0 ? 0 : seconds);
    else if (s < 120)
        snprintf(out, CLOCK_TEXT, "%ld s", s);
    else if (s < 7200)
        snprintf(out, CLOCK_TEXT, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(out, CLOCK_TEXT, "%ld h %02ld min", s / 3600, s / 60 % 60);
}
