/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claimed.h"
#include "errand.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "paired_test.h"
#include "referee.h"
#include "say.h"
#include "test_split.h"
#include "view.h"

extern const struct command command_confirm;

enum { SEEDS_USUAL = 8, SEEDS_LEAST = 2 };

/* What a confirmation found: the metric, and the test loss, which nothing has seen before. */
struct confirmed {
    const struct record *record;
    const struct decision *decision;
    struct claimed claimed;
    struct effect test_loss;
    size_t test_n; /* pairs whose runs both printed one */
};

static int read_confirmed(struct confirmed *out, const struct record *record, struct store *store,
                          int64_t experiment, struct err *err)
{
    *out =
        (struct confirmed){.record = record, .decision = claimed_confirmation(record, experiment)};
    claimed_read(&out->claimed, record, experiment);
    return test_split_measure(&out->test_loss, &out->test_n, record, out->decision, store, err);
}

/* --- as text -------------------------------------------------------------------------------- */

static const char *claim(double low, double high)
{
    if (low > 0)
        return "better";
    return high < 0 ? "worse" : "no difference can be claimed";
}

static void write_effect(struct str *out, const char *what, double mean, double low, double high,
                         const char *verdict)
{
    str_addf(out, "%-11s  ", what);
    say_measured(out, mean, low, high);
    str_addf(out, "; %s\n", verdict);
}

static void write_claimed(struct str *out, const struct confirmed *c)
{
    const struct claimed *claimed = &c->claimed;

    if (claimed->tests == 0)
        return;
    str_add(out, "optimistic   ");
    say_measured(out, claimed->mean, claimed->low, claimed->high);
    if (!claimed->verified)
        str_add(out, " by the search head's estimate\n");
    else if (claimed->tests == 1)
        str_add(out, " at the test that kept it\n");
    else
        str_addf(out, ", the sum of the %zu tests that kept it and those before it\n",
                 claimed->tests);
    str_add(out, "difference   ");
    say_effect(out, claimed->mean - c->decision->mean);
    str_add(out, " optimistic less confirmed: luck of the draw\n");
}

static void write_text(struct str *out, const struct confirmed *c)
{
    const struct decision *d = c->decision;
    const struct effect *t = &c->test_loss;
    const char *metric = c->record->study.metric;

    str_addf(out,
             "experiment %" PRId32 " against the baseline (experiment %" PRId32 "), %d pair%s on "
             "fresh seeds\n",
             d->experiment, d->against, d->n, d->n == 1 ? "" : "s");
    write_effect(out, metric, d->mean, d->low, d->high,
                 d->verdict == OUTCOME_FAILED ? "it failed" : claim(d->low, d->high));
    if (d->verdict == OUTCOME_FAILED)
        str_addf(out, "failed       %s\n", d->reason);
    write_claimed(out, c);
    if (c->test_n > 0)
        write_effect(out, "test_loss", t->mean, t->low, t->high, claim(t->low, t->high));
    str_addf(out, "(95 %% intervals; positive is better; decision %" PRId32 ")\n", d->number);
}

/* --- as JSON -------------------------------------------------------------------------------- */

static json_t *effect_json(const struct effect *e, int n)
{
    return json_pack("{s:o, s:o, s:o, s:i}", "mean", json_number_or_null(e->mean), "low",
                     json_number_or_null(e->low), "high", json_number_or_null(e->high), "n", n);
}

static json_t *claimed_json(const struct claimed *c)
{
    return json_pack("{s:o, s:o, s:o, s:i, s:b}", "mean", json_number_or_null(c->mean), "low",
                     json_number_or_null(c->low), "high", json_number_or_null(c->high), "tests",
                     (int)c->tests, "verified", c->verified);
}

static json_t *seeds_json(const struct confirmed *c)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n =
        record_pairs(c->record, c->decision->experiment, c->decision->test, pairs, PAIRS_MAX);
    json_t *list = json_array();

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
        json_array_append_new(list, json_integer(pairs[i]->seed));
    return list;
}

static json_t *as_json(const struct confirmed *c)
{
    const struct decision *d = c->decision;
    bool claimed = c->claimed.tests > 0;
    json_t *object = json_object();

    json_object_set_new(object, "study", view_json_text(c->record->study.name));
    json_object_set_new(object, "metric", view_json_text(c->record->study.metric));
    json_object_set_new(object, "experiment", json_integer(d->experiment));
    json_object_set_new(object, "against", json_integer(d->against));
    json_object_set_new(object, "decision", json_integer(d->number));
    json_object_set_new(object, "seeds", seeds_json(c));
    json_object_set_new(object, "failed", json_boolean(d->verdict == OUTCOME_FAILED));
    json_object_set_new(object, "confirmed", json_boolean(d->verdict == OUTCOME_KEEP));
    json_object_set_new(object, "reason", view_json_text(d->reason));
    json_object_set_new(object, "level", json_real(CONFIRM_LEVEL));
    json_object_set_new(object, "effect", view_json_effect(d));
    json_object_set_new(object, "optimistic", claimed ? claimed_json(&c->claimed) : json_null());
    json_object_set_new(object, "difference",
                        json_number_or_null(claimed ? c->claimed.mean - d->mean : (double)NAN));
    json_object_set_new(object, "test_loss",
                        c->test_n > 0 ? effect_json(&c->test_loss, (int)c->test_n) : json_null());
    return object;
}

/* --- the command ---------------------------------------------------------------------------- */

static int print(const struct confirmed *c, bool json, struct err *err)
{
    struct str text = {0};
    int rc;

    if (json) {
        json_t *object = as_json(c);
        rc = view_print_json(object, err);
        json_decref(object);
    } else {
        write_text(&text, c);
        rc = view_print(&text, err);
        str_clear(&text);
    }
    if (rc != 0)
        return rc;
    return c->decision->verdict == OUTCOME_FAILED ? ERR_FAILED : 0;
}

static int check_id(int64_t id, const struct record *record, struct err *err)
{
    int64_t baseline = record_baseline(record);

    if (record_incumbent(record) == 0)
        return err_usage(err, "confirm: study '%s' has no baseline yet: `nightshift run` makes one",
                         record->study.name);
    if (id == baseline)
        return err_usage(err,
                         "confirm: experiment %" PRId64 " is the baseline itself: there is "
                         "nothing to compare",
                         id);
    if (strcmp(record->experiments[id - 1].sha, record->experiments[baseline - 1].sha) == 0)
        return err_usage(err,
                         "confirm: experiment %" PRId64 " has the baseline's own config: there is "
                         "nothing to compare",
                         id);
    return 0;
}

/* Which experiment: as the user says, or the verified incumbent. */
static int choose(int64_t *out, const struct view *view, const char *word, struct err *err)
{
    const struct record *record = &view->record;

    *out = facts_verified(&view->facts);
    if (word != NULL && view_read_id(out, view, word, err) != 0)
        return -1;
    if (*out == 0 && record_incumbent(record) > 0)
        return err_usage(err, "confirm: nothing is verified yet; name an experiment");
    return check_id(*out, record, err);
}

/* The choice is checked before anything is opened for writing. */
static int choose_from_record(int64_t *out, const struct operands *operands, const char *dir,
                              struct err *err)
{
    struct view view;

    if (view_open(&view, operands->study, dir, err) != 0)
        return -1;
    int rc = choose(out, &view, operands->n > 0 ? operands->words[0] : NULL, err);
    view_close(&view);
    return rc;
}

static int confirm(const char *study, int64_t id, size_t seeds, const struct arguments *arguments,
                   struct err *err)
{
    bool json = option_value(&command_confirm, arguments, "json") != NULL;
    struct confirmed confirmed;
    struct session session;
    int jobs, status = -1;

    if (session_open(&session, study, option_value(&command_confirm, arguments, "dir"), NULL,
                     err) != 0)
        return -1;
    const struct record *record = &session.record;
    struct errand errand = {ERRAND_CONFIRM, id, referee_asked_test(record, id), seeds};
    if (errand_jobs(&jobs, &command_confirm, arguments, &record->study, err) == 0)
        status = errand_run(&session, &errand, jobs, err);
    if (status == 0) {
        status = read_confirmed(&confirmed, record, session.store, id, err);
        if (status == 0)
            status = print(&confirmed, json, err);
    }
    session_close(&session);
    return status;
}

static int read_seeds(size_t *out, const struct arguments *arguments, struct err *err)
{
    const char *word = option_value(&command_confirm, arguments, "seeds");
    unsigned long long n = *out;

    if (word != NULL && (!integer_read(&n, word, CONFIRM_MAX) || n < SEEDS_LEAST))
        return err_usage(err, "confirm: --seeds '%s' is not a whole number from %d to %d", word,
                         SEEDS_LEAST, CONFIRM_MAX);
    *out = (size_t)n;
    return 0;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    size_t seeds = SEEDS_USUAL;
    int64_t id;
    int jobs;

    if (view_operands(&operands, &command_confirm, arguments, 0, 1, err) != 0 ||
        read_seeds(&seeds, arguments, err) != 0 ||
        errand_jobs(&jobs, &command_confirm, arguments, NULL, err) != 0)
        return -1;
    log_quiet(option_value(&command_confirm, arguments, "quiet") != NULL);
    const char *dir = option_value(&command_confirm, arguments, "dir");
    if (choose_from_record(&id, &operands, dir, err) != 0)
        return -1;
    return confirm(operands.study, id, seeds, arguments, err);
}

static const struct option_row options[] = {
    {"seeds", 0, "N", "pairs of runs, 2 to 32 (default 8)"},
    {"json", 0, NULL, "one JSON object"},
    ERRAND_JOBS,
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {"quiet", 'q', NULL, "no progress, only warnings"},
    {NULL, 0, NULL, NULL},
};

const struct command command_confirm = {
    .name = "confirm",
    .operands = "[STUDY] [ID]",
    .summary = "measure the gain again, on seeds that no decision has seen",
    .help =
        "Runs the verified incumbent, or the experiment ID, against the baseline on N fresh seeds\n"
        "each, without looking in between, and prints the effect with its 95 % interval; beside\n"
        "it the effect at the test that kept it, which was selected and so is optimistic, and\n"
        "the difference; and the same of the test loss, where the trainer prints one: only this\n"
        "command and the report show it, of a confirmation's runs.  After Ctrl-C or a crash the "
        "same command goes on.\n"
        "\n"
        "Exit 0: measured, whatever came out; 1: the experiment failed on a seed.\n"
        "\n"
        "  nightshift confirm kjv.yaml --seeds 16\n"
        "  nightshift confirm kjv.yaml 12 --json | jq .effect\n",
    .options = options,
    .run = run,
};
