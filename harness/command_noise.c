/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "errand.h"
#include "json.h"
#include "log.h"
#include "measured.h"
#include "mem.h"
#include "say.h"
#include "table.h"
#include "view.h"

extern const struct command command_noise;

/* --- as text -------------------------------------------------------------------------------- */

static void add_row(struct table *table, const char *what, char *value, char *meaning)
{
    table_row(table, NULL);
    table_cell(table, what);
    table_take(table, value);
    table_take(table, meaning);
}

static char *repeat_text(const struct measured *m)
{
    if (!m->audit.repeated)
        return mem_strdup("-");
    return mem_strdup(m->audit.deterministic ? "bit-equal" : "NOT EQUAL");
}

static char *repeat_meaning(const struct measured *m)
{
    char gap[NUMBER_TEXT];

    if (!m->audit.repeated)
        return mem_strdup("not measured");
    if (!m->audit.deterministic)
        return mem_printf("the losses are %s apart: the trainer is not deterministic",
                          number_short(gap, m->audit.repeat_gap, 3));
    if (m->files > 0)
        return mem_printf("the loss; of %zu files %zu", m->files, m->same);
    return mem_strdup("the loss");
}

static char *share_text(double share, const char *of)
{
    char text[NUMBER_TEXT];

    return isfinite(share) ? mem_printf("; %s %s", number_short(text, share, 3), of)
                           : mem_strdup("");
}

static char *speed_text(const struct measured *m)
{
    struct str text = {0};

    say_rough(&text, m->audit.rate_mean);
    if (isfinite(m->audit.rate_sd)) {
        str_add(&text, " ± ");
        say_rough(&text, m->audit.rate_sd);
    }
    return str_take(&text);
}

static char *speed_meaning(const struct measured *m)
{
    char share[NUMBER_TEXT] = "-";

    if (m->rate_unit == NULL)
        return mem_strdup("the trainer prints neither tokens nor steps");
    if (isfinite(m->audit.rate_sd))
        number_short(share, 100 * m->audit.rate_sd / m->audit.rate_mean, 2);
    return mem_printf("%s, SD %s %%, over %d runs of the baseline", m->rate_unit, share,
                      m->audit.rates);
}

static void write_table(struct str *out, const struct measured *m)
{
    const struct audit *a = &m->audit;
    char *share = share_text(a->paired_se / a->sigma_d, "sigma_d");
    char visible[NUMBER_TEXT], alpha[NUMBER_TEXT];
    struct table table;

    table_init(&table, NULL, "lrl");
    add_row(&table, "same seed twice", repeat_text(m), repeat_meaning(m));
    add_row(&table, "sigma_seed", say_text(say_rough, a->sigma_seed),
            mem_strdup("SD of one config over seeds"));
    add_row(&table, "rho", say_text(say_rough, a->rho),
            mem_strdup("correlation of the two configs over seeds"));
    add_row(&table, "sigma_d", say_text(say_rough, a->sigma_d),
            mem_printf("SD of a paired difference, %.0f degrees of freedom", a->df));
    add_row(&table, "validation set", say_text(say_rough, a->paired_se),
            mem_printf("%s%s",
                       isfinite(a->paired_se) ? "paired standard error of its choice"
                                              : "no val_losses.f32 was left",
                       share));
    add_row(&table, "speed", speed_text(m), speed_meaning(m));
    add_row(&table, "smallest effect", say_text(say_rough, a->visible_effect),
            mem_printf("seen with probability %.1f: %s sigma_d at alpha %s, %d pairs", AUDIT_POWER,
                       number_short(visible, a->visible, 3),
                       number_short(alpha, m->judge.rule.alpha, 3), m->judge.boundary.looks));
    table_write(out, &table, false);
    table_clear(&table);
    free(share);
}

static void write_text(struct str *out, const struct record *record, const struct measured *m)
{
    const struct study *study = &record->study;

    str_addf(out, "noise of %s in %s: the baseline and ", study->name, study->metric);
    if (m->neighbour != NULL)
        str_addf(out, "its neighbour (%s), %d pairs\n\n", m->neighbour, m->audit.n);
    else
        str_add(out, "no neighbour: the space has no number to move\n\n");
    write_table(out, m);
    str_add(out, "\n");
    if (study->procedure == PROCEDURE_GREEDY)
        str_addf(out,
                 "The procedure greedy tests nothing; what follows is of a test at alpha %g.\n",
                 study->rule.alpha);
    audit_recommend(out, &m->audit, &m->judge);
}

/* --- as JSON -------------------------------------------------------------------------------- */

static json_t *sentences(const struct measured *m)
{
    struct str text = {0};
    json_t *list = json_array();

    audit_recommend(&text, &m->audit, &m->judge);
    for (const char *at = str_text(&text); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        json_array_append_new(list, json_stringn(at, len));
        at += len + (at[len] == '\n');
    }
    str_clear(&text);
    return list;
}

static json_t *speed_json(const struct measured *m)
{
    const struct audit *a = &m->audit;

    return json_pack("{s:o, s:o, s:o, s:i}", "unit",
                     m->rate_unit != NULL ? json_string(m->rate_unit) : json_null(), "mean",
                     json_number_or_null(a->rate_mean), "sd", json_number_or_null(a->rate_sd), "n",
                     a->rates);
}

static json_t *as_json(const struct record *record, const struct measured *m)
{
    const struct audit *a = &m->audit;
    json_t *object = json_object();

    json_object_set_new(object, "study", view_json_text(record->study.name));
    json_object_set_new(object, "metric", view_json_text(record->study.metric));
    json_object_set_new(object, "neighbour", view_json_text(m->neighbour));
    json_object_set_new(object, "pairs", json_integer(a->n));
    json_object_set_new(object, "bit_equal",
                        a->repeated ? json_boolean(a->deterministic) : json_null());
    json_object_set_new(object, "repeat_gap", json_number_or_null(a->repeat_gap));
    json_object_set_new(object, "files", json_integer((json_int_t)m->files));
    json_object_set_new(object, "files_equal", json_integer((json_int_t)m->same));
    json_object_set_new(object, "sigma_seed", json_number_or_null(a->sigma_seed));
    json_object_set_new(object, "rho", json_number_or_null(a->rho));
    json_object_set_new(object, "sigma_d", json_number_or_null(a->sigma_d));
    json_object_set_new(object, "df", json_number_or_null(a->df > 0 ? a->df : (double)NAN));
    json_object_set_new(object, "paired_se", json_number_or_null(a->paired_se));
    json_object_set_new(object, "rate", speed_json(m));
    json_object_set_new(object, "smallest_effect", json_number_or_null(a->visible_effect));
    json_object_set_new(object, "smallest_effect_in_sigma_d", json_number_or_null(a->visible));
    json_object_set_new(object, "power", json_real(AUDIT_POWER));
    json_object_set_new(object, "alpha", json_number_or_null(m->judge.rule.alpha));
    json_object_set_new(object, "recommendation", sentences(m));
    return object;
}

/* --- the command ---------------------------------------------------------------------------- */

static int print_measured(const struct record *record, const struct measured *m, bool json,
                          struct err *err)
{
    struct str text = {0};
    int rc;

    if (json) {
        json_t *object = as_json(record, m);
        rc = view_print_json(object, err);
        json_decref(object);
        return rc;
    }
    write_text(&text, record, m);
    rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

/* What was measured, once all runs are there. */
static int print(const struct record *record, struct store *store, const struct place *place,
                 bool json, struct err *err)
{
    struct measured measured;
    struct needs needs;

    bool none = record_baseline(record) > (int64_t)record->n_experiments;
    if (none && record->n_decisions > 0)
        return errand_baseline_failed(record, &record->decisions[record->n_decisions - 1], err);
    if (measured_is_complete(&needs, record) && needs.decision.verdict == OUTCOME_FAILED &&
        record_incumbent(record) == 0)
        return errand_baseline_failed(record, &needs.decision, err);
    if (measured_read(&measured, record, store, place, err) != 0)
        return -1;
    int rc = print_measured(record, &measured, json, err);
    if (measured.audit.repeated && !measured.audit.deterministic)
        log_warn("the trainer is NOT deterministic: the same config and seed gave two results");
    measured_clear(&measured);
    return rc;
}

/* Where nothing is left to run, looking is enough: also while a night goes on.  1: it is not. */
static int print_if_complete(const char *study, const char *dir, bool json, struct err *err)
{
    struct place place;
    struct view view;
    struct needs needs;

    if (place_find(&place, study, dir, err) != 0)
        return -1;
    bool begun = file_exists(place.db);
    place_clear(&place);
    if (!begun)
        return 1;
    if (view_open(&view, study, dir, err) != 0)
        return -1;
    int rc = 1;
    if (measured_is_complete(&needs, &view.record))
        rc = print(&view.record, view.store, &view.place, json, err);
    view_close(&view);
    return rc;
}

static int measure(const char *study, const struct arguments *arguments, struct err *err)
{
    const char *dir = option_value(&command_noise, arguments, "dir");
    bool json = option_value(&command_noise, arguments, "json") != NULL;
    struct errand errand = {.kind = ERRAND_NOISE};
    struct session session;
    int jobs, status = -1;

    if (session_open(&session, study, dir, NULL, err) != 0)
        return -1;
    if (errand_jobs(&jobs, &command_noise, arguments, &session.record.study, err) == 0)
        status = errand_run(&session, &errand, jobs, err);
    if (status == 0)
        status = print(&session.record, session.store, &session.place, json, err);
    session_close(&session);
    return status;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct operands operands;
    int jobs;

    if (view_operands(&operands, &command_noise, arguments, 0, 0, err) != 0 ||
        errand_jobs(&jobs, &command_noise, arguments, NULL, err) != 0)
        return -1;
    log_quiet(option_value(&command_noise, arguments, "quiet") != NULL);
    int rc = print_if_complete(operands.study, option_value(&command_noise, arguments, "dir"),
                               option_value(&command_noise, arguments, "json") != NULL, err);
    return rc == 1 ? measure(operands.study, arguments, err) : rc;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "one JSON object"},
    ERRAND_JOBS,
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {"quiet", 'q', NULL, "no progress, only warnings"},
    {NULL, 0, NULL, NULL},
};

const struct command command_noise = {
    .name = "noise",
    .operands = "[STUDY]",
    .summary = "how large is the noise, and what can this study see?",
    .help =
        "The baseline runs on six seeds, once more on the first (which must give the same bits),\n"
        "and a neighbour of it, one parameter moved a little, on the same six.  A study of the\n"
        "procedure two_level begins with these runs; `noise` makes those that are missing, also\n"
        "where the study says `audit: off`, and prints what they tell: how far a seed moves the\n"
        "metric, how far pairing helps, how large an effect must be to be seen.\n"
        "\n"
        "  nightshift noise kjv.yaml\n"
        "  nightshift noise kjv.yaml --json | jq .sigma_d\n",
    .options = options,
    .run = run,
};
