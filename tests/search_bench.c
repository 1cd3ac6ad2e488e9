/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_bench - whole studies on problems whose truth is known, for the table of docs/search.md.
 *
 *     search_bench list
 *     search_bench night --problem P --noise S --instance I [--budgets 50,100,300]
 *                        [--contestants gp,gp+two_level,forerunner]
 *     search_bench serve --problem P --noise S --instance I
 *     search_bench cost [--experiments 1000]
 *
 * A contestant is a strategy alone, STRATEGY+two_level (the strategy under the whole decision
 * procedure, as simulated_night.c drives it) or `forerunner`.  Every row of `night` is
 *
 *     problem, noise, budget, contestant, instance,
 *     regret    true loss of what is recommended above the least, in units (bench_problem.h)
 *     excess    by how much that loss is above what was claimed of it, in units; nan: no claim
 *     lost      failed runs after the first 20
 *     ms        of processor time for a proposal
 *
 * with tabs between.  A strategy alone has one run for each config, and what is recommended has the
 * least posterior mean + SD (recommend.h), and the mean is the claim.  Under two_level it is the
 * verified incumbent, the claim is what the confirmation says of its gain; the search head has a
 * row of its own.  The forerunner takes each lower loss for better, and claims it.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_cost.h"
#include "bench_problem.h"
#include "bench_serve.h"
#include "mem.h"
#include "recommend.h"
#include "simulated_night.h"

enum { FIRST_RUNS = 20, BUDGETS = 8 };

struct options {
    const struct bench_problem *problem;
    const struct bench_noise *noise;
    uint64_t instance;
    int64_t budget[BUDGETS];
    size_t n_budgets;
    char *contestants;
    size_t experiments;
};

static const struct option names[] = {
    {"problem", required_argument, NULL, 'p'},
    {"noise", required_argument, NULL, 'n'},
    {"instance", required_argument, NULL, 'i'},
    {"budgets", required_argument, NULL, 'b'},
    {"contestants", required_argument, NULL, 'c'},
    {"experiments", required_argument, NULL, 'e'},
    {NULL, 0, NULL, 0},
};

static void die(const char *what, const char *which)
{
    fprintf(stderr, "search_bench: %s '%s'\n", what, which);
    exit(2);
}

static uint64_t whole(const char *text, unsigned long long most)
{
    unsigned long long n;

    if (!integer_read(&n, text, most))
        die("this is no whole number in range:", text);
    return n;
}

static void read_budgets(struct options *options, char *text)
{
    char *word;

    options->n_budgets = 0;
    while ((word = strsep(&text, ",")) != NULL && options->n_budgets < BUDGETS)
        options->budget[options->n_budgets++] = (int64_t)whole(word, 100000);
}

static void set(struct options *options, int which)
{
    switch (which) {
    case 'p':
        if ((options->problem = bench_problem_find(optarg)) == NULL)
            die("there is no problem", optarg);
        break;
    case 'n':
        if ((options->noise = bench_noise_find(optarg)) == NULL)
            die("there is no noise", optarg);
        break;
    case 'i':
        options->instance = whole(optarg, 1000000);
        break;
    case 'b':
        read_budgets(options, optarg);
        break;
    case 'c':
        options->contestants = optarg;
        break;
    case 'e':
        options->experiments = (size_t)whole(optarg, 100000);
        break;
    default:
        die("see the first comment of", "tests/search_bench.c");
    }
}

/* --- a problem answers a night ------------------------------------------------------------------
 */

struct arena { /* one contestant on one instance */
    const struct options *options;
    const struct bench_instance *instance;
    struct surface surface;
};

static double truth(const void *of, const struct space *space, const struct value *config)
{
    const struct arena *arena = of;

    return bench_regret(arena->instance, space, config);
}

static double spread(const void *of, double regret)
{
    const struct arena *arena = of;

    return regret > arena->instance->bad ? arena->options->noise->bad : 1;
}

static struct night_plan plan_of(const struct arena *arena, const char *strategy,
                                 enum procedure_kind procedure)
{
    return (struct night_plan){
        .surface = &arena->surface,
        .strategy = strategy,
        .procedure = procedure,
        .sigma_d = sqrt(2) * arena->options->noise->sd * arena->instance->unit,
        .seed = arena->options->instance,
        .jobs = 1,
        .study = "",
    };
}

static double processor_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* The whole night; the program ends where the study is not valid. */
static double run_night(struct simulated_night *night, const struct night_plan *plan)
{
    struct err err = {0};
    double before = processor_ms();

    if (simulated_whole(night, plan, &err) != 0)
        die("this night failed:", err.text);
    return (processor_ms() - before) / (double)night->record.n_experiments;
}

static double regret_of(const struct arena *arena, const struct simulated_night *night, int64_t id)
{
    return simulated_truth(night, id) / arena->instance->unit;
}

static size_t count_lost(const struct record *record, size_t runs)
{
    size_t lost = 0;

    for (size_t i = FIRST_RUNS; i < runs && i < record->n_runs; i++)
        lost += record->runs[i].class != CLASS_OK;
    return lost;
}

struct row {
    const char *contestant, *part;
    int64_t budget;
    double regret, excess, ms;
    size_t lost;
};

static void print_row(const struct arena *arena, const struct row *row)
{
    const struct options *options = arena->options;

    printf("%s\t%s\t%lld\t%s%s\t%llu\t%.6g\t%.6g\t%zu\t%.4g\n", options->problem->name,
           options->noise->name, (long long)row->budget, row->contestant, row->part,
           (unsigned long long)options->instance, row->regret, row->excess, row->lost, row->ms);
}

/* --- a strategy alone, and the forerunner -------------------------------------------------------
 */

/* Each experiment of such a night is one run. */
static void fill_past(struct past *past, const struct record *record, size_t runs)
{
    for (size_t i = 0; i < runs; i++) {
        const struct experiment *e = &record->experiments[i];
        bool failed = record->runs[i].class != CLASS_OK;
        past[i] = (struct past){e->unit,
                                e->config,
                                failed ? OUTCOME_FAILED : OUTCOME_REVERT,
                                record_loss(record, &record->runs[i]),
                                NAN,
                                NAN};
    }
}

static void report_alone(struct row *row, const struct arena *arena,
                         const struct simulated_night *night, size_t runs)
{
    struct past *past = mem_new(runs, sizeof *past);
    struct history history = {.past = past, .n = runs, .head = SIZE_MAX};
    struct recommendation best = {0, NAN};

    fill_past(past, &night->record, runs);
    recommend(&best, &night->record.study.space, &history);
    row->regret = regret_of(arena, night, (int64_t)best.at + 1);
    row->excess = row->regret - best.loss / arena->instance->unit;
    free(past);
}

static void report_forerunner(struct row *row, const struct arena *arena,
                              const struct simulated_night *night, size_t runs)
{
    const struct record *record = &night->record;
    size_t head = 0;

    for (size_t i = 0; i < runs; i++)
        if (record->decisions[i].verdict == OUTCOME_KEEP)
            head = i;
    row->regret = regret_of(arena, night, (int64_t)head + 1);
    row->excess = row->regret - record->runs[head].value / arena->instance->unit;
}

static void run_alone(const struct arena *arena, const char *contestant)
{
    const struct options *options = arena->options;
    bool forerunner = strcmp(contestant, "forerunner") == 0;
    struct night_plan plan = plan_of(arena, forerunner ? "autoane" : contestant, PROCEDURE_GREEDY);
    struct simulated_night night;
    struct row row = {.contestant = contestant, .part = ""};

    plan.cap = options->budget[options->n_budgets - 1];
    row.ms = run_night(&night, &plan);
    for (size_t i = 0; i < options->n_budgets; i++) {
        size_t runs = (size_t)options->budget[i];
        runs = runs < night.record.n_runs ? runs : night.record.n_runs;
        row.budget = options->budget[i];
        row.lost = count_lost(&night.record, runs);
        (forerunner ? report_forerunner : report_alone)(&row, arena, &night, runs);
        print_row(arena, &row);
    }
    simulated_end(&night);
}

/* --- with the decision procedure ----------------------------------------------------------------
 */

/* The claimed gain over the baseline less the true one: of the last confirmation of `id`. */
static double excess_of_gain(const struct arena *arena, const struct simulated_night *night,
                             int64_t id)
{
    const struct record *record = &night->record;

    for (size_t i = record->n_decisions; i-- > 0;) {
        const struct decision *d = &record->decisions[i];
        if (d->kind != DECISION_CONFIRM || d->experiment != id)
            continue;
        double gain = regret_of(arena, night, d->against) - regret_of(arena, night, id);
        return d->mean / arena->instance->unit - gain;
    }
    return NAN;
}

static void run_judged_budget(const struct arena *arena, const char *contestant,
                              const char *strategy, int64_t budget)
{
    struct night_plan plan = plan_of(arena, strategy, PROCEDURE_TWO_LEVEL);
    struct simulated_night night;
    struct row row = {.contestant = contestant, .part = "", .budget = budget};

    plan.runs = budget;
    row.ms = run_night(&night, &plan);
    row.lost = count_lost(&night.record, night.record.n_runs);
    int64_t best = record_incumbent(&night.record), head = record_head(&night.record);
    row.regret = regret_of(arena, &night, best > 0 ? best : 1);
    row.excess = best > 0 ? excess_of_gain(arena, &night, best) : (double)NAN;
    print_row(arena, &row);
    row.part = ":head";
    row.regret = regret_of(arena, &night, head > 0 ? head : 1);
    row.excess = NAN;
    print_row(arena, &row);
    simulated_end(&night);
}

static void run_judged(const struct arena *arena, const char *contestant)
{
    char *strategy = mem_strndup(contestant, strcspn(contestant, "+"));

    for (size_t i = 0; i < arena->options->n_budgets; i++)
        run_judged_budget(arena, contestant, strategy, arena->options->budget[i]);
    free(strategy);
}

/* --- commands -----------------------------------------------------------------------------------
 */

static void run_contestants(const struct options *options, const struct bench_instance *instance)
{
    struct arena arena = {.options = options, .instance = instance};
    char *list = mem_strdup(options->contestants), *rest = list, *name;

    arena.surface = (struct surface){instance->parameters, &arena, truth, spread};
    while ((name = strsep(&rest, ",")) != NULL)
        (strchr(name, '+') != NULL ? run_judged : run_alone)(&arena, name);
    free(list);
}

static void list_problems(void)
{
    for (size_t i = 0; i < n_bench_problems; i++)
        printf("%-14s %s\n", bench_problems[i].name, bench_problems[i].summary);
}

static int on_instance(const struct options *options, bool serve)
{
    struct bench_instance instance;
    struct err err = {0};

    if (options->problem == NULL || options->noise == NULL)
        die("this is missing:", options->problem == NULL ? "--problem" : "--noise");
    if (bench_instance_init(&instance, options->problem, options->instance, &err) != 0)
        die("this problem is not valid:", err.text);
    if (serve)
        bench_serve(&instance, options->noise, options->instance);
    else
        run_contestants(options, &instance);
    bench_instance_clear(&instance);
    return 0;
}

int main(int argc, char **argv)
{
    static char usual[] = "gp";
    struct options options = {.instance = 1,
                              .budget = {50, 100, 300},
                              .n_budgets = 3,
                              .contestants = usual,
                              .experiments = 1000};

    for (int which; (which = getopt_long(argc, argv, "", names, NULL)) != -1;)
        set(&options, which);
    const char *command = optind < argc ? argv[optind] : "";
    if (strcmp(command, "list") == 0)
        list_problems();
    else if (strcmp(command, "cost") == 0)
        bench_cost(options.experiments);
    else if (strcmp(command, "night") == 0 || strcmp(command, "serve") == 0)
        return on_instance(&options, strcmp(command, "serve") == 0);
    else
        die("there is no command", command);
    return 0;
}
