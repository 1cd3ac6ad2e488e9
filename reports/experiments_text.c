/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EXPERIMENTS.md. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "clock.h"
#include "facts.h"
#include "fate.h"
#include "findings.h"
#include "markdown.h"
#include "mem.h"
#include "registry_text.h"
#include "say.h"

enum { MOST_ROWS = 1000 };

/* --- what was run ----------------------------------------------------------------------------- */

static int64_t last_end(const struct record *record)
{
    int64_t last = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        if (record->runs[i].ended > last)
            last = record->runs[i].ended;
    return last;
}

static void write_fact(struct str *out, const char *name, char *text)
{
    str_addf(out, "* %s: ", name);
    markdown_text(out, text);
    str_add(out, "\n");
    free(text);
}

static char *date_text(const struct record *record)
{
    char text[CLOCK_TEXT];
    int64_t last = last_end(record);

    if (last == 0)
        return mem_strdup("-");
    clock_text(text, (time_t)last);
    return mem_strndup(text, strcspn(text, "T"));
}

static char *status_text(const struct record *record)
{
    size_t claims = record->study.n_hypotheses, decided = record_hypotheses_decided(record);

    if (record->n_decisions == 0)
        return mem_strdup("nothing is decided yet");
    return claims > 0 ? mem_printf("%zu of %zu claims decided", decided, claims)
                      : mem_printf("%zu decisions", record->n_decisions);
}

static char *command_text(const struct study *study)
{
    struct str text = {0};

    for (size_t i = 0; i < study->n_command; i++)
        str_addf(&text, "%s%s", i > 0 ? " " : "", study->command[i]);
    return str_take(&text);
}

/* "Intel Xeon …, 2 cores": what a session has found; NULL: not known. */
static char *hardware_text(const char *environment)
{
    json_error_t ignored;
    json_t *host = environment != NULL ? json_loads(environment, 0, &ignored) : NULL;
    const char *cpu = json_string_value(json_object_get(host, "cpu"));
    json_int_t cores = json_integer_value(json_object_get(host, "cores"));
    char *text = cpu == NULL ? mem_strdup("-")
                             : mem_printf("%s, %" JSON_INTEGER_FORMAT " core%s", cpu, cores,
                                          cores == 1 ? "" : "s");

    json_decref(host);
    return text;
}

/* Names and values of what does not change, or ranges of what does. */
static char *params_text(const struct space *space, bool searched)
{
    struct str text = {0};

    for (size_t i = 0; i < space->n; i++) {
        const struct param *param = &space->params[i];
        if (param_is_searched(param) != searched)
            continue;
        str_addf(&text, "%s%s", text.len > 0 ? ", " : "", param->name);
        str_add(&text, searched ? "" : " ");
        if (!searched)
            value_print(&text, &param->start);
    }
    return text.len > 0 ? str_take(&text) : mem_strdup("none");
}

static char *duration_of(const struct record *record)
{
    char text[CLOCK_TEXT];
    double sum = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        sum += isfinite(record->runs[i].wall_s) ? record->runs[i].wall_s : 0;
    duration_text(text, sum);
    return mem_strdup(text);
}

static void write_entry(struct str *out, const struct found_study *study)
{
    const struct record *r = study->record;
    char *question = findings_question(&r->study);

    str_add(out, "## ");
    markdown_text(out, study->label);
    str_add(out, "\n\n");
    if (question[0] != '\0') {
        str_add(out, "**Question.** ");
        markdown_text(out, question);
        str_add(out, "\n\n");
    }
    free(question);
    write_fact(out, "Date", date_text(r));
    write_fact(out, "Status", status_text(r));
    write_fact(out, "Automated via", command_text(&r->study));
    write_fact(
        out, "Metric",
        mem_printf("%s, %s is better", r->study.metric, r->study.maximize ? "more" : "less"));
    write_fact(out, "Varied", params_text(&r->study.space, true));
    write_fact(out, "The same for all", params_text(&r->study.space, false));
    write_fact(out, "Hardware", hardware_text(study->environment));
    write_fact(out, "Time of all runs", duration_of(r));
    str_add(out, "\n");
}

/* --- results ---------------------------------------------------------------------------------- */

struct ranked {
    const struct record *record;
    int64_t id;
    struct summary summary;
};

/* Best first; what has no value last, in order. */
static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    bool known_x = isfinite(x->summary.mean), known_y = isfinite(y->summary.mean);
    double sign = x->record->study.maximize ? -1 : 1;
    double gap = sign * (x->summary.mean - y->summary.mean);

    if (known_x != known_y)
        return known_x ? -1 : 1;
    if (known_x && (gap < 0 || gap > 0))
        return gap < 0 ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Means over the runs that ended well. */
static double mean_of(const struct record *record, int64_t id, double (*of)(const struct run *))
{
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        if (run->experiment != id || run->class != CLASS_OK || run->variant != RUN_OWN)
            continue;
        sum += of(run);
        n++;
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

static double steps_of(const struct run *run)
{
    return run->steps >= 0 ? (double)run->steps : (double)NAN;
}

static double wall_of(const struct run *run)
{
    return run->wall_s;
}

static void write_result(struct str *out, const struct facts *facts, const struct ranked *row,
                         size_t rank)
{
    struct str mean = {0};

    str_addf(out, "| %zu | %" PRId64 " ", rank, row->id);
    markdown_take(out, facts_change(facts, row->id));
    markdown_take(out, fate_text(row->record, row->id));
    markdown_take(out, mem_printf("%zu", row->summary.n));
    say_mean(&mean, &row->summary);
    markdown_take(out, str_take(&mean));
    markdown_take(out, say_text(say_rough, mean_of(row->record, row->id, steps_of)));
    markdown_take(out, say_text(say_rough, mean_of(row->record, row->id, wall_of)));
    markdown_end(out);
}

static void write_results(struct str *out, const struct record *record)
{
    static const char *const heads[] = {"rank",  "experiment", "config", "became",
                                        "seeds", "mean",       "steps",  "s a run"};
    size_t n = record->n_experiments;
    struct ranked *rows = mem_new(n, sizeof *rows);
    struct facts facts;

    facts_init(&facts, record);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct ranked){record, (int64_t)i + 1, record_summary(record, (int64_t)i + 1)};
    if (n > 0)
        qsort(rows, n, sizeof *rows, by_rank);
    str_add(out, "### Results\n\nMean ± standard error over the seeds that ended well. Which seeds "
                 "differs from row to row: what is claimed rests on pairs, below.\n\n");
    markdown_head(out, heads, "rrllrrrr");
    for (size_t i = 0; i < n && i < MOST_ROWS; i++)
        write_result(out, &facts, &rows[i], i + 1);
    if (n > MOST_ROWS)
        str_addf(out, "\n%zu more, worse than these.\n", n - MOST_ROWS);
    str_add(out, "\n");
    facts_clear(&facts);
    free(rows);
}

/* --- claims ----------------------------------------------------------------------------------- */

static void write_claims(struct str *out, const struct found_studies *found,
                         const struct record *record)
{
    const struct registry *registry = &found->registry;

    for (size_t h = 0; h < record->study.n_hypotheses; h++)
        for (size_t i = 0; i < registry->n; i++) {
            const struct registry_test *t = &registry->tests[i];
            if (t->record != record || t->index != h)
                continue;
            str_add(out, "### ");
            markdown_text(out, t->hypothesis->id);
            str_add(out, ": ");
            registry_write_claim(out, t->hypothesis);
            str_add(out, "\n\n");
            registry_write_verdict(out, t);
            str_add(out, "\n\n");
            registry_write_pairs(out, t);
            str_add(out, t->decision != NULL ? "\n" : "");
        }
}

void experiments_compose(struct str *out, const struct found_studies *found)
{
    str_add(out, "# Experiments\n\nMade by `nightshift report --findings` from the records. "
                 "[FINDINGS.md](FINDINGS.md) says what follows from them.\n\n");
    for (size_t i = 0; i < found->n; i++) {
        const struct record *record = found->studies[i].record;
        write_entry(out, &found->studies[i]);
        write_results(out, record);
        write_claims(out, found, record);
    }
    while (out->len > 1 && out->at[out->len - 1] == '\n' && out->at[out->len - 2] == '\n')
        out->at[--out->len] = '\0';
}
