/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "command.h"
#include "json.h"
#include "mem.h"
#include "pager.h"
#include "say.h"
#include "table.h"
#include "view.h"

extern const struct command command_diff;

/* Two experiments: what was measured is "by how much is b better than a". */
struct two {
    int64_t a, b;
    struct comparison shared; /* on the seeds that both ran */
    struct comparison tested; /* by the study's own test of one against the other; n 0: never */
    struct comparison means;  /* over all seeds of each, not paired */
};

/* The newest test or confirmation of one against the other; NULL: none. */
static const struct decision *test_between(const struct record *record, int64_t experiment,
                                           int64_t against)
{
    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->experiment == experiment && d->against == against && d->test > 0 && d->n > 0 &&
            isfinite(d->mean))
            return d;
    }
    return NULL;
}

/* The test of b against a, or else that of a against b seen from the other side. */
static void find_test(struct comparison *out, const struct record *record, int64_t a, int64_t b)
{
    const struct decision *d = test_between(record, b, a);
    const struct decision *back = d == NULL ? test_between(record, a, b) : NULL;

    *out = (struct comparison){0};
    if (d != NULL)
        *out = (struct comparison){(size_t)d->n, d->mean, d->sd, d->low, d->high};
    else if (back != NULL)
        *out = (struct comparison){(size_t)back->n, -back->mean, back->sd, -back->high, -back->low};
}

static void compare(struct two *out, const struct view *view, int64_t a, int64_t b)
{
    *out = (struct two){.a = a, .b = b};
    facts_compare(&out->shared, &view->facts, a, b);
    find_test(&out->tested, &view->record, a, b);
    facts_compare_means(&out->means, &view->facts, a, b);
}

static json_t *changes_as_json(const struct view *view, const struct two *two)
{
    const struct space *space = &view->record.study.space;
    json_t *a = view_json_config(space, view->record.experiments[two->a - 1].config);
    json_t *b = view_json_config(space, view->record.experiments[two->b - 1].config);
    json_t *changes = json_object();

    for (size_t i = 0; i < space->n; i++) {
        const char *name = space->params[i].name;
        json_t *x = json_object_get(a, name), *y = json_object_get(b, name);
        if ((x == NULL && y == NULL) || (x != NULL && y != NULL && json_equal(x, y)))
            continue;
        json_t *change = json_array();
        json_array_append_new(change, x != NULL ? json_incref(x) : json_null());
        json_array_append_new(change, y != NULL ? json_incref(y) : json_null());
        json_object_set_new(changes, name, change);
    }
    json_decref(a);
    json_decref(b);
    return changes;
}

static json_t *side_as_json(const struct view *view, int64_t id)
{
    struct summary s = record_summary(&view->record, id);
    json_t *side = json_object();

    json_object_set_new(side, "id", json_integer(id));
    json_object_set_new(side, "value", json_number_or_null(s.mean));
    json_object_set_new(side, "se", json_number_or_null(summary_se(&s)));
    json_object_set_new(side, "n", json_integer((json_int_t)s.n));
    return side;
}

static json_t *comparison_as_json(const struct comparison *c)
{
    json_t *object = json_object();

    json_object_set_new(object, "mean", json_number_or_null(c->mean));
    json_object_set_new(object, "low", json_number_or_null(c->low));
    json_object_set_new(object, "high", json_number_or_null(c->high));
    json_object_set_new(object, "n", json_integer((json_int_t)c->n));
    return object;
}

static int print_json(const struct view *view, const struct two *two, struct err *err)
{
    json_t *object = json_object();

    json_object_set_new(object, "a", side_as_json(view, two->a));
    json_object_set_new(object, "b", side_as_json(view, two->b));
    json_object_set_new(object, "metric", view_json_text(view->record.study.metric));
    json_object_set_new(object, "params", changes_as_json(view, two));
    json_object_set_new(object, "shared_seeds", comparison_as_json(&two->shared));
    json_object_set_new(object, "means", comparison_as_json(&two->means));
    json_object_set_new(object, "tested",
                        two->tested.n > 0 ? comparison_as_json(&two->tested) : json_null());
    int rc = view_print_json(object, err);
    json_decref(object);
    return rc;
}

static char *printed(const struct value *value)
{
    struct str text = {0};

    value_print(&text, value);
    return str_take(&text);
}

static char *mean_text(const struct view *view, int64_t id)
{
    struct summary s = record_summary(&view->record, id);
    struct str text = {0};

    say_mean(&text, &s);
    str_addf(&text, " (%zu)", s.n);
    return str_take(&text);
}

static void write_table(struct str *out, const struct view *view, const struct two *two)
{
    const struct record *record = &view->record;
    const struct value *a = record->experiments[two->a - 1].config;
    const struct value *b = record->experiments[two->b - 1].config;
    char *left = mem_printf("experiment %" PRId64, two->a);
    char *right = mem_printf("experiment %" PRId64, two->b);
    const char *const heads[] = {"", left, right};
    struct table table;

    table_init(&table, heads, "lrr");
    for (size_t i = 0; i < record->study.space.n; i++) {
        if (value_same(&a[i], &b[i]))
            continue;
        table_row(&table, NULL);
        table_cell(&table, record->study.space.params[i].name);
        table_take(&table, printed(&a[i]));
        table_take(&table, printed(&b[i]));
    }
    table_row(&table, NULL);
    table_take(&table, mem_printf("%s (seeds)", record->study.metric));
    table_take(&table, mean_text(view, two->a));
    table_take(&table, mean_text(view, two->b));
    table_write(out, &table, false);
    table_clear(&table);
    free(left);
    free(right);
}

/* What may be said of a difference: only an interval that leaves zero out is a claim. */
static const char *claim(double low, double high, bool tested)
{
    if (low > 0)
        return tested ? "better, by the study's own test" : "better, but never tested";
    if (high < 0)
        return tested ? "worse, by the study's own test" : "worse, but never tested";
    return "no difference can be claimed";
}

static void write_verdict(struct str *out, const struct two *two)
{
    const struct comparison *c = &two->shared, *t = &two->tested;

    str_addf(out, "\nexperiment %" PRId64 " against %" PRId64 ": ", two->b, two->a);
    if (t->n > 0) {
        say_measured(out, t->mean, t->low, t->high);
        str_addf(out, ", %zu pair%s; %s\n", t->n, t->n == 1 ? "" : "s",
                 claim(t->low, t->high, true));
    } else if (c->n > 0) {
        say_measured(out, c->mean, c->low, c->high);
        str_addf(out, " on %zu seed%s that both ran (Student's t); %s\n", c->n,
                 c->n == 1 ? "" : "s", claim(c->low, c->high, false));
    } else {
        say_measured(out, two->means.mean, two->means.low, two->means.high);
        str_addf(out, " between means over different seeds (Welch's t); %s\n",
                 claim(two->means.low, two->means.high, false));
    }
}

/* Where one of them has no value nothing was measured. */
static bool write_absent(struct str *out, const struct view *view, const struct two *two)
{
    const int64_t ids[] = {two->a, two->b};

    for (size_t i = 0; i < 2; i++)
        if (record_summary(&view->record, ids[i]).n == 0) {
            bool failed = facts_outcome(&view->facts, ids[i]) == OUTCOME_FAILED;
            str_addf(out, "\nnothing to compare: experiment %" PRId64 " %s\n", ids[i],
                     failed ? "failed" : "has no value yet");
            return true;
        }
    return false;
}

static int print_text(const struct view *view, const struct two *two, struct err *err)
{
    struct str text = {0};

    write_table(&text, view, two);
    if (!write_absent(&text, view, two))
        write_verdict(&text, two);
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

/* B left out: the verified incumbent, or else the baseline. */
static int read_ids(int64_t *a, int64_t *b, const struct view *view,
                    const struct operands *operands, struct err *err)
{
    int64_t best = facts_verified(&view->facts);

    *b = best > 0 ? best : facts_baseline(&view->facts);
    if (view_read_id(a, view, operands->words[0], err) != 0)
        return -1;
    if (operands->n > 1 && view_read_id(b, view, operands->words[1], err) != 0)
        return -1;
    if (*a == *b)
        return err_usage(err, "diff: experiment %" PRId64 "%s: name another one", *a,
                         operands->n > 1 ? " twice" : " is the one it would be compared with");
    return 0;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    struct view view;
    struct two two;
    int64_t a, b;

    if (view_operands(&operands, &command_diff, arguments, 1, 2, err) != 0 ||
        view_open_parts(&view, operands.study, option_value(&command_diff, arguments, "dir"),
                        STORE_RUNS, err) != 0)
        return -1;
    int rc = read_ids(&a, &b, &view, &operands, err);
    if (rc == 0 && (rc = view_load_config(&view, a, err)) == 0)
        rc = view_load_config(&view, b, err);
    if (rc == 0) {
        compare(&two, &view, a, b);
        rc = option_value(&command_diff, arguments, "json") != NULL ? print_json(&view, &two, err)
                                                                    : print_text(&view, &two, err);
    }
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    PAGER_OPTION,
    {NULL, 0, NULL, NULL},
};

const struct command command_diff = {
    .name = "diff",
    .operands = "[STUDY] A [B]",
    .summary = "two experiments: what differs, and by how much B is better than A",
    .help =
        "The parameters that differ, the means over all seeds of each, and the difference seed by\n"
        "seed: from the study's own test or confirmation of one against the other, else on the\n"
        "seeds that both ran (by which the search may have chosen, so it flatters what was\n"
        "kept), else from their means.  Positive: B is better.  B left out is the\n"
        "verified incumbent, or else the baseline.\n"
        "\n"
        "  nightshift diff 1 17\n",
    .options = options,
    .run = run,
};
