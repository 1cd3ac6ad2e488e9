/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the study cost: time, processors, memory, work; and how fast it went. */
#include <math.h>

#include "clock.h"
#include "markdown.h"
#include "say.h"
#include "section.h"
#include "spent.h"
#include "store_audit.h"

static void write_fact(struct str *out, const char *what, struct str *text)
{
    markdown_cell(out, what);
    markdown_cell(out, text->len > 0 ? str_text(text) : "-");
    markdown_end(out);
    str_clear(text);
}

static void write_duration(struct str *out, const char *what, double seconds)
{
    char duration[CLOCK_TEXT];
    struct str text = {0};

    if (isfinite(seconds)) {
        duration_text(duration, seconds);
        str_add(&text, duration);
    }
    write_fact(out, what, &text);
}

static void write_number(struct str *out, const char *what, double x, const char *unit)
{
    struct str text = {0};

    if (isfinite(x)) {
        say_rough(&text, x);
        str_add(&text, unit);
    }
    write_fact(out, what, &text);
}

/* Unknown is a dash: nothing was measured, and nothing is guessed. */
static int write_energy(struct str *out, struct store *store, struct err *err)
{
    struct store_energy energy;

    if (store_sum_energy(store, &energy, err) != 0)
        return -1;
    write_number(out, "energy of the processor packages while sessions ran (RAPL)",
                 energy.package_j / 3.6e6, " kWh");
    write_number(out, "energy of the accelerators while sessions ran (NVML)", energy.gpu_j / 3.6e6,
                 " kWh");
    return 0;
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    static const char *const heads[] = {"what", "measured"};
    struct spent s;
    struct str text = {0};

    spent_count(&s, facts->record);
    markdown_head(out, heads, "lr");
    str_addf(&text, "%zu", s.runs);
    write_fact(out, "runs, every attempt", &text);
    write_duration(out, "from the first start to the last end, pauses too", s.elapsed_s);
    write_duration(out, "all runs, one after the other", s.wall_s);
    write_duration(out, "processor time of all runs", s.cpu_s);
    write_number(out, "runs at a time, on average", s.wall_s / s.elapsed_s, "");
    write_number(out, "runs an hour", (double)s.ended / s.elapsed_s * 3600, "");
    write_number(out, "steps a second of a run (median)", s.steps_per_s, "");
    write_number(out, "steps of all runs", s.steps, "");
    write_number(out, "floating-point operations of all runs, as the trainer says", s.flops, "");
    write_number(out, "most memory of a run", s.peak_mib, " MiB");
    return write_energy(out, store, err);
}

const struct section section_cost = {
    .name = "cost",
    .title = "What did it cost?",
    .empty = "Nothing has run yet.",
    .write = write,
};
