/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long each run took, over the time at which it ended. */
#include <inttypes.h>
#include <math.h>

#include "figure.h"
#include "spent.h"

extern const struct figure figure_runs;

/* Since the start of the first run [h]; NAN unknown. */
static double hours(const struct run *run, const struct spent *spent)
{
    if (run->ended == 0 || spent->first == 0)
        return NAN;
    return (double)(run->ended - spent->first) / 3600;
}

static bool is_shown(const struct run *run, const struct thin *shown)
{
    return run->class != CLASS_NONE && thin_shows(shown, (size_t)run->experiment - 1);
}

static void csv(struct str *out, const struct facts *facts, const struct thin *shown)
{
    const struct record *record = facts->record;
    struct spent spent;

    spent_count(&spent, record);
    str_add(out, "run,experiment,seed,class,hours,wall_s,cpu_s,peak_mib,steps\n");
    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        if (!is_shown(run, shown))
            continue;
        str_addf(out, "%" PRId32 ",%" PRId32 ",%" PRIu32 ",%s", run->id, run->experiment, run->seed,
                 class_names[run->class]);
        figure_number(out, ',', rint(hours(run, &spent) * 1e4) / 1e4, ""); /* to the second */
        figure_number(out, ',', run->wall_s, "");
        figure_number(out, ',', run->cpu_s, "");
        figure_number(out, ',', run->peak_mib, "");
        figure_number(out, ',', run->steps >= 0 ? (double)run->steps : (double)NAN, "");
        str_add(out, "\n");
    }
}

/* Columns: hours, seconds, 1 where it ended well. */
static size_t data(struct str *out, const struct record *record, const struct thin *shown)
{
    struct spent spent;
    size_t n = 0;

    spent_count(&spent, record);
    str_add(out, "$data << EOD\n");
    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        double at = hours(run, &spent);
        if (!is_shown(run, shown) || !isfinite(at) || !isfinite(run->wall_s))
            continue;
        figure_number(out, ' ', at, "NaN");
        figure_number(out, ' ', run->wall_s, "NaN");
        str_addf(out, " %d\n", run->class == CLASS_OK);
        n++;
    }
    str_add(out, "EOD\n");
    return n;
}

static void plot(struct str *out, const struct facts *facts, const struct thin *shown)
{
    struct str rows = {0};
    size_t n = data(&rows, facts->record, shown);

    if (n >= 3) {
        str_add(out, str_text(&rows));
        str_add(out, "set xlabel 'hours since the first run began'\nset ylabel 'run, s'\n"
                     "set yrange [0:*]\n"
                     "plot $data using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 0.4 lc '#2f6fb3' "
                     "title 'ok', \\\n"
                     "     $data using 1:($3 == 0 ? $2 : NaN) with points pt 2 ps 0.6 lc '#c93c37' "
                     "title 'not ok'\n");
    }
    str_clear(&rows);
}

const struct figure figure_runs = {
    .name = "runs",
    .title = "How long each run took, by when it ended",
    .section = "cost",
    .width = 960,
    .height = 300,
    .csv = csv,
    .plot = plot,
    .most = 400,
};
