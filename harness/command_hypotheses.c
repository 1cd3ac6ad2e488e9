/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>

#include "command.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "say.h"
#include "studies.h"
#include "table.h"
#include "view.h"

extern const struct command command_hypotheses;

/* --- as text ---------------------------------------------------------------------------------- */

static char *claim_text(const struct hypothesis *h)
{
    if (h->given[0] == '\0')
        return mem_strdup(h->claim);
    return mem_printf("%s, given %s", h->claim, h->given);
}

static char *effect_text(const struct decision *d)
{
    struct str text = {0};

    if (d == NULL)
        return mem_strdup("-");
    say_measured(&text, d->mean, d->low, d->high);
    return str_take(&text);
}

static const char *paint_of(const struct registry_claim *claim)
{
    if (claim->stands == CLAIM_VERIFIED)
        return "32";
    return claim->stands == CLAIM_DISPROVED ? "31" : NULL;
}

static char *status_text(const struct registry *registry, const struct registry_claim *claim)
{
    char *moves = registry_moves(registry, claim);
    char *text = claim->verdicts > 1 ? mem_printf("retested: %s", moves)
                                     : mem_strdup(registry_status(claim));

    free(moves);
    return text;
}

static void add_row(struct table *table, const struct registry *registry,
                    const struct registry_claim *claim)
{
    const struct registry_test *t = registry_told_by(registry, claim);
    int64_t sides[2];

    registry_sides(sides, t);
    table_row(table, paint_of(claim));
    table_take(table, registry_ids(registry, claim));
    table_take(table, registry_studies(registry, claim));
    table_take(table, status_text(registry, claim));
    table_take(table, effect_text(t->decision));
    table_number(table, t->decision != NULL ? t->decision->n : 0);
    table_take(table, sides[0] > 0 ? mem_printf("%" PRId64 " %" PRId64, sides[0], sides[1])
                                   : mem_strdup("-"));
    table_take(table, registry_date(t));
    table_take(table, claim_text(t->hypothesis));
}

static int print_table(const struct registry *registry, struct err *err)
{
    static const char *const heads[] = {"id",    "study",       "status", "effect",
                                        "seeds", "experiments", "date",   "claim"};
    struct table table;
    struct str out = {0};

    table_init(&table, heads, "llllrlll");
    for (size_t i = 0; i < registry->n_claims; i++)
        add_row(&table, registry, &registry->claims[i]);
    table_fit(&table, view_columns(), "   3   1");
    table_write(&out, &table, view_has_colour());
    table_clear(&table);
    int rc = view_print(&out, err);
    str_clear(&out);
    return rc;
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static json_t *seeds_json(const struct registry_test *t)
{
    const struct pair *pairs[BOUNDARY_MAX];
    json_t *list = json_array();
    size_t n = t->decision == NULL ? 0
                                   : record_pairs(t->record, t->decision->experiment,
                                                  t->decision->test, pairs, BOUNDARY_MAX);

    for (size_t i = 0; i < n && i < BOUNDARY_MAX; i++)
        json_array_append_new(list, json_integer(pairs[i]->seed));
    return list;
}

static json_t *sides_json(const struct registry_test *t)
{
    json_t *list = json_array();
    int64_t sides[2];

    registry_sides(sides, t);
    for (size_t i = 0; i < 2; i++)
        json_array_append_new(list, sides[i] > 0 ? json_integer(sides[i]) : json_null());
    return list;
}

static json_t *test_json(const struct registry_test *t)
{
    const struct decision *d = t->decision;
    json_t *object = json_object();
    char *date = registry_date(t);

    json_object_set_new(object, "study", view_json_text(t->study));
    json_object_set_new(object, "id", view_json_text(t->hypothesis->id));
    json_object_set_new(object, "status", json_string(claim_verdict_names[t->verdict]));
    json_object_set_new(object, "effect", view_json_effect(d));
    json_object_set_new(object, "level", json_number_or_null(claim_effect(d).level));
    json_object_set_new(object, "seeds", seeds_json(t));
    json_object_set_new(object, "experiments", sides_json(t));
    json_object_set_new(object, "decision", d != NULL ? json_integer(d->number) : json_null());
    json_object_set_new(object, "reason", view_json_text(d != NULL ? d->reason : NULL));
    json_object_set_new(object, "date", t->ended > 0 ? json_string(date) : json_null());
    json_object_set_new(object, "repeats", json_boolean(t->repeats));
    free(date);
    return object;
}

static json_t *claim_json(const struct registry *registry, const struct registry_claim *claim)
{
    const struct registry_test *t = registry_told_by(registry, claim);
    json_t *object = test_json(t), *tests = json_array();

    json_object_set_new(object, "claim", view_json_text(t->hypothesis->claim));
    json_object_set_new(object, "given", view_json_text(t->hypothesis->given));
    json_object_set_new(object, "by", json_number_or_null(t->hypothesis->by));
    json_object_set_new(object, "metric", view_json_text(t->record->study.metric));
    json_object_set_new(object, "status", json_string(registry_status(claim)));
    json_object_set_new(object, "stands", json_string(claim_verdict_names[claim->stands]));
    json_object_set_new(object, "identity", json_string(t->identity));
    for (size_t i = claim->first; i < claim->first + claim->n; i++)
        json_array_append_new(tests, test_json(&registry->tests[i]));
    json_object_set_new(object, "tests", tests);
    return object;
}

static int print_json(const struct registry *registry, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < registry->n_claims && rc == 0; i++) {
        json_t *object = claim_json(registry, &registry->claims[i]);
        rc = view_print_json(object, err);
        json_decref(object);
    }
    return rc;
}

/* --- the command ------------------------------------------------------------------------------ */

/* Of all configs only the two sides of each claim are looked at, of which one may be the baseline.
 */
static int load_sides(struct view *view, struct err *err)
{
    struct record *record = &view->record;

    for (size_t i = 0; i < record->n_experiments && record->study.n_hypotheses > 0; i++) {
        enum purpose purpose = record->experiments[i].purpose;
        if ((purpose == PURPOSE_BASELINE || purpose == PURPOSE_HYPOTHESIS) &&
            store_load_config(view->store, record, record->experiments[i].id, err) != 0)
            return -1;
    }
    return 0;
}

static int read_claims(struct registry *out, struct studies *studies, struct err *err)
{
    for (size_t i = 0; i < studies->n; i++) {
        if (load_sides(&studies->views[i], err) != 0)
            return -1;
        registry_add(out, &studies->views[i].record);
    }
    registry_settle(out);
    return 0;
}

static int print(const struct registry *registry, bool json, struct err *err)
{
    if (registry->n_claims == 0 && !json)
        log_info("no study here states a hypothesis; `nightshift help hypotheses` tells how");
    return json ? print_json(registry, err) : print_table(registry, err);
}

static int run(const struct arguments *arguments, struct err *err)
{
    bool json = option_value(&command_hypotheses, arguments, "json") != NULL;
    struct studies studies;
    struct registry registry = {0};

    if (studies_open(&studies, arguments, option_value(&command_hypotheses, arguments, "dir"),
                     STORE_RUNS, err) != 0)
        return -1;
    int rc = read_claims(&registry, &studies, err);
    if (rc == 0)
        rc = print(&registry, json, err);
    registry_clear(&registry);
    studies_close(&studies);
    return rc;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object a claim, with every test of it"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_hypotheses = {
    .name = "hypotheses",
    .operands = "[STUDY…]",
    .summary = "what was claimed, and whether it is true, over many studies",
    .help =
        "Lists the hypotheses of the studies named, or of all below this folder: verified,\n"
        "disproved, inconclusive, open, or retested where studies with the same trainer made\n"
        "the same claim on other seeds.  The effect is how much better the config that is\n"
        "claimed to be better is; the experiments are that one and the other.  Nothing is kept\n"
        "beside the records: what is listed is what they say now.\n"
        "\n"
        "  nightshift hypotheses\n"
        "  nightshift hypotheses depth.yaml lr-scaling.yaml --json | jq .status\n",
    .options = options,
    .run = run,
};
