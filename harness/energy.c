/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "clock.h"
#include "energy.h"

static const double EVERY_S = 10; /* of a package at 500 W a counter wraps after 8 min or more */

void energy_begin(struct energy *out)
{
    *out = (struct energy){.began = clock_s()};
    rapl_begin(&out->rapl, "/sys/class/powercap");
    nvml_begin(&out->nvml);
    out->nvml_first = nvml_joules(&out->nvml);
    out->next = out->began + EVERY_S;
}

void energy_tend(struct energy *energy)
{
    double now = clock_s();

    if (now < energy->next)
        return;
    rapl_sample(&energy->rapl);
    energy->next = now + EVERY_S;
}

static void write_number(struct str *out, const char *between, double x)
{
    char number[NUMBER_TEXT];

    str_addf(out, "%s%s", between, isfinite(x) ? number_text(number, x) : "null");
}

void energy_text(struct str *out, double package_j, double gpu_j, double seconds)
{
    write_number(out, "{\"gpu_j\":", gpu_j);
    write_number(out, ",\"package_j\":", package_j);
    write_number(out, ",\"seconds\":", seconds);
    str_add(out, "}");
}

int energy_end(struct energy *energy, struct store *store, bool ran, struct err *err)
{
    struct str text = {0};
    int rc = 0;

    rapl_sample(&energy->rapl);
    double package = energy->rapl.n > 0 ? energy->rapl.joules : (double)NAN;
    double gpu = nvml_joules(&energy->nvml) - energy->nvml_first;
    if (ran && (isfinite(package) || isfinite(gpu))) {
        energy_text(&text, package, gpu, clock_s() - energy->began);
        rc = store_event_alone(store, "energy", 0, str_text(&text), err);
    }
    nvml_end(&energy->nvml);
    str_clear(&text);
    return rc;
}
