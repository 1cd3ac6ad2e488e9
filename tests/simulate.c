/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulate - thousands of nights whose truth is known, as a table (docs/simulation.md).
 *
 *     simulate [--nights N] [--runs R] [--sigma S] [--rho R] [--procedure P] [--landscape NAME]
 *              [--strategy NAME] [--seed K] [--study LINES]
 *
 * Options that are given narrow what is simulated; those left out have every value of the table:
 * each landscape and procedure, 100 and 300 runs.  Every figure stands beside its standard error.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulated_night.h"

struct options {
    size_t nights;
    int64_t runs;          /* 0: 100 and 300 */
    const char *procedure; /* NULL: each */
    const char *landscape; /* NULL: each */
    struct night_plan plan;
};

static const struct option names[] = {
    {"nights", required_argument, NULL, 'n'},
    {"runs", required_argument, NULL, 'r'},
    {"sigma", required_argument, NULL, 's'},
    {"rho", required_argument, NULL, 'c'},
    {"procedure", required_argument, NULL, 'p'},
    {"landscape", required_argument, NULL, 'l'},
    {"strategy", required_argument, NULL, 't'},
    {"seed", required_argument, NULL, 'k'},
    {"study", required_argument, NULL, 'y'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void usage(void)
{
    puts("simulate - whole nights on landscapes whose truth is known\n\n"
         "  --nights N       nights a row [600]\n"
         "  --runs R         runs a night, all counted [100 and 300]\n"
         "  --sigma S        SD of a paired difference [0.3]\n"
         "  --rho R          correlation of two configs over seeds [0]\n"
         "  --procedure P    two_level, paired, greedy [each]\n"
         "  --landscape NAME one of [each]:");
    for (size_t i = 0; landscapes[i] != NULL; i++)
        printf("                     %-10s %s\n", landscapes[i]->name, landscapes[i]->summary);
    puts("  --strategy NAME  what proposes, `nightshift list strategies` [perturb]\n"
         "  --seed K         of the first night [1]\n"
         "  --study LINES    more lines of the study file\n");
}

static double number_of(const char *text, double low, double high)
{
    char *end;
    double x = strtod(text, &end);

    if (*end == '\0' && end != text && x >= low && x <= high)
        return x;
    fprintf(stderr, "simulate: '%s' is not a number from %g to %g\n", text, low, high);
    exit(2);
}

static void set(struct options *options, int which)
{
    switch (which) {
    case 'n':
        options->nights = (size_t)number_of(optarg, 2, 1e7);
        break;
    case 'r':
        options->runs = (int64_t)number_of(optarg, 10, 1e5);
        break;
    case 's':
        options->plan.sigma_d = number_of(optarg, 1e-9, 1e9);
        break;
    case 'c':
        options->plan.rho = number_of(optarg, 0, 0.99);
        break;
    case 'p':
        options->procedure = optarg;
        break;
    case 'l':
        options->landscape = optarg;
        break;
    case 't':
        options->plan.strategy = optarg;
        break;
    case 'k':
        options->plan.seed = (uint64_t)number_of(optarg, 0, 1e15);
        break;
    case 'y':
        options->plan.study = optarg;
        break;
    default:
        usage();
        exit(which == 'h' ? 0 : 2);
    }
}

/* --- the table ------------------------------------------------------------------------------ */

static const struct {
    const char *title;
    enum measure measure;
} columns[] = {
    {"runs", MEASURE_RUNS},       {"excess loss", MEASURE_EXCESS}, {"tests", MEASURE_TESTS},
    {"keeps", MEASURE_KEEPS},     {"harmful", MEASURE_HARMFUL},    {"false keep", MEASURE_ANY},
    {"false share", MEASURE_FDP}, {"bias", MEASURE_BIAS},          {"optimism", MEASURE_OPTIMISM},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void print_head(const struct options *options)
{
    const struct night_plan *plan = &options->plan;

    printf("%zu nights a row, sigma_d %g, rho %g, seeds from %llu; mean and standard error of a "
           "night\n\n%-10s %-9s",
           options->nights, plan->sigma_d, plan->rho, (unsigned long long)plan->seed, "landscape",
           "procedure");
    for (size_t i = 0; i < COLUMNS; i++)
        printf(" %15s", columns[i].title);
    printf(" %17s %17s\n", "placebo moves", "placebo keeps");
}

static void print_figure(const struct tally *tally)
{
    double mean = tally_mean(tally);

    if (isfinite(mean))
        printf(" %8.3f %6.3f", mean, tally_se(tally));
    else
        printf(" %8s %6s", "-", "");
}

static void print_rate(const struct tally *events, const struct tally *trials)
{
    char text[32];

    snprintf(text, sizeof text, "%.0f of %.0f", events->sum, trials->sum);
    printf(" %17s", text);
}

static void print_row(const struct night_plan *plan, const struct tally *tallies)
{
    printf("%-10s %-9s", plan->landscape->name, procedure_names[plan->procedure]);
    for (size_t i = 0; i < COLUMNS; i++)
        print_figure(&tallies[columns[i].measure]);
    print_rate(&tallies[MEASURE_MOVES], &tallies[MEASURE_PLACEBOS]);
    print_rate(&tallies[MEASURE_LUCKY], &tallies[MEASURE_TRIALS]);
    putchar('\n');
    fflush(stdout);
}

/* --- all rows ------------------------------------------------------------------------------- */

static void simulate_row(const struct options *options, const struct night_plan *plan)
{
    struct tally tallies[MEASURES];
    struct err err = {0};

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "%s, %s, %lld runs …\r", plan->landscape->name,
                procedure_names[plan->procedure], (long long)plan->runs);
    if (simulate_nights(tallies, plan, options->nights, &err) != 0) {
        fprintf(stderr, "simulate: %s\n", err.text);
        exit(1);
    }
    print_row(plan, tallies);
}

static size_t simulate_procedures(const struct options *options, struct night_plan *plan)
{
    size_t rows = 0;

    for (int i = 0; procedure_names[i] != NULL; i++) {
        if (options->procedure != NULL && strcmp(options->procedure, procedure_names[i]) != 0)
            continue;
        plan->procedure = (enum procedure_kind)i;
        simulate_row(options, plan);
        rows++;
    }
    return rows;
}

static size_t simulate_table(const struct options *options)
{
    static const int64_t budgets[] = {100, 300};
    struct night_plan plan = options->plan;
    size_t rows = 0;

    for (size_t i = 0; landscapes[i] != NULL; i++) {
        plan.landscape = landscapes[i];
        if (options->landscape != NULL && strcmp(options->landscape, landscapes[i]->name) != 0)
            continue;
        for (size_t b = 0; b < (options->runs > 0 ? 1 : 2); b++) {
            plan.runs = options->runs > 0 ? options->runs : budgets[b];
            rows += simulate_procedures(options, &plan);
        }
    }
    return rows;
}

int main(int argc, char **argv)
{
    struct options options = {
        .nights = 600,
        .plan = {.sigma_d = 0.3, .seed = 1, .jobs = 1, .study = ""},
    };

    for (int which; (which = getopt_long(argc, argv, "", names, NULL)) != -1;)
        set(&options, which);
    print_head(&options);
    if (optind < argc || simulate_table(&options) == 0) {
        fprintf(stderr, "simulate: nothing to simulate (--help)\n");
        return 2;
    }
    return 0;
}
