/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On what it ran: study, trainer, inputs, machine, libraries. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart_script.h"
#include "clock.h"
#include "json.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"

static void write_fact(struct str *out, const char *what, const char *text)
{
    markdown_cell(out, what);
    markdown_cell(out, text != NULL ? text : "-");
    markdown_end(out);
}

static void write_time(struct str *out, const char *what, int64_t when)
{
    char text[CLOCK_TEXT];

    if (when > 0)
        clock_text(text, (time_t)when);
    write_fact(out, what, when > 0 ? text : NULL);
}

static char *command_text(const struct study *study)
{
    struct str text = {0};

    for (size_t i = 0; i < study->n_command; i++) {
        str_add(&text, i > 0 ? " " : "");
        str_add(&text, study->command[i]);
    }
    return str_take(&text);
}

static int64_t last_end(const struct record *record)
{
    int64_t last = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        if (record->runs[i].ended > last)
            last = record->runs[i].ended;
    return last;
}

/* "false discovery rate 0.05, levels by LOND", or the level that every test has. */
static char *level_text(const struct study *study)
{
    char number[NUMBER_TEXT];

    if (study->procedure == PROCEDURE_GREEDY)
        return mem_strdup("none: nothing is tested");
    if (isfinite(study->fdr))
        return mem_printf("false discovery rate %s, levels by LOND",
                          number_text(number, study->fdr));
    return mem_printf("%s for every test", number_text(number, study->rule.alpha));
}

static void write_rules(struct str *out, const struct study *study)
{
    char *level = level_text(study), *gain = say_text(say_value, study->rule.min_gain);
    char *placebo =
        study->placebo > 0 ? mem_printf("one proposal in %d", study->placebo) : mem_strdup("none");
    char *confirm =
        study->confirm > 0 ? mem_printf("%d seeds", study->confirm) : mem_strdup("none");
    char *pairs = mem_printf("%d", study->rule.max_seeds);
    char *ahead = mem_printf("%d", study->lookahead);

    write_fact(out, "procedure", procedure_names[study->procedure]);
    write_fact(out, "level", level);
    write_fact(out, "pairs of a test at most", pairs);
    write_fact(out, "gain that does not matter (min_gain)", gain);
    write_fact(out, "noise audit", study->audit ? "yes" : "no");
    write_fact(out, "placebos", placebo);
    write_fact(out, "confirmation at the end of a night", confirm);
    write_fact(out, "look-ahead", ahead);
    free(level);
    free(gain);
    free(placebo);
    free(confirm);
    free(pairs);
    free(ahead);
}

static void write_strategy(struct str *out, const struct record *record)
{
    const struct study *study = &record->study;
    char *text = study->strategy != NULL ? record_describe_strategy(record) : NULL;
    char *guesses = study->n_enqueued > 0 ? mem_printf("%zu", study->n_enqueued) : NULL;

    write_fact(out, "strategy", text);
    if (guesses != NULL)
        write_fact(out, "configs of the study file that ran first", guesses);
    free(guesses);
    free(text);
}

static void write_study(struct str *out, const struct record *record)
{
    static const char *const heads[] = {"what", "which"};
    const struct study *study = &record->study;
    const char *spec = record->spec != NULL ? record->spec : "";
    char sha[SHA256_TEXT];
    char *command = command_text(study), *seed = mem_printf("%" PRIu64, study->seed);

    sha256_bytes(sha, spec, strlen(spec));
    markdown_head(out, heads, "ll");
    write_fact(out, "study", study->name);
    write_fact(out, "study SHA-256 (what decides the results)", sha);
    write_strategy(out, record);
    write_fact(out, "study seed", seed);
    write_rules(out, study);
    write_fact(out, "trainer command", command);
    if (record->source[0] != '\0')
        write_fact(out, "trainer built from commit", record->source);
    write_time(out, "first run began", record->n_runs > 0 ? record->runs[0].started : 0);
    write_time(out, "last run ended", last_end(record));
    str_add(out, "\n");
    free(seed);
    free(command);
}

static int write_inputs(struct str *out, struct store *store, struct err *err)
{
    static const char *const heads[] = {"input", "bytes", "SHA-256"};
    struct artifact *inputs;
    size_t n;

    if (store_artifacts(store, &inputs, &n, 0, err) != 0)
        return -1;
    if (n > 0)
        markdown_head(out, heads, "lrl");
    for (size_t i = 0; i < n; i++) {
        markdown_cell(out, inputs[i].path);
        str_addf(out, "| %" PRId64 " ", inputs[i].bytes);
        markdown_cell(out, inputs[i].sha);
        markdown_end(out);
    }
    str_add(out, n > 0 ? "\n" : "No input files are recorded (key `files` of the study).\n\n");
    artifacts_free(inputs, n);
    return 0;
}

static void write_member(struct str *out, const char *key, const json_t *value)
{
    struct str text = {0};

    if (json_is_string(value))
        str_add(&text, json_string_value(value));
    else
        json_write(&text, value);
    write_fact(out, key, str_text(&text));
    str_clear(&text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The members in the order of their names, so that equal objects give equal bytes; those of an
 * object inside stand behind its own name. */
static void write_members(struct str *out, json_t *object, const char *prefix)
{
    size_t n = 0;
    const char **keys = mem_new(json_object_size(object), sizeof *keys);

    for (void *it = json_object_iter(object); it != NULL; it = json_object_iter_next(object, it))
        keys[n++] = json_object_iter_key(it);
    qsort(keys, n, sizeof *keys, by_name);
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_object_get(object, keys[i]);
        char *key = mem_printf("%s%s", prefix, keys[i]);
        if (json_is_object(value) && *prefix == '\0') {
            char *inside = mem_printf("%s: ", keys[i]);
            write_members(out, value, inside);
            free(inside);
        } else {
            write_member(out, key, value);
        }
        free(key);
    }
    free(keys);
}

/* Where the newest session ran. */
static int write_machine(struct str *out, struct store *store, struct err *err)
{
    static const char *const heads[] = {"machine", "value"};
    char *text;
    json_t *object = NULL;
    int rc = -1;

    if (store_session(store, &text, err) != 0)
        return -1;
    if (text == NULL) {
        str_add(out, "No session is recorded.\n");
        return 0;
    }
    if (json_read(&object, text, strlen(text), "session", err) != 0)
        goto out;
    str_add(out, "The newest session ran here:\n\n");
    markdown_head(out, heads, "ll");
    write_members(out, object, "");
    rc = 0;
out:
    json_decref(object);
    free(text);
    return rc;
}

/* The first line of the script names the package that it was made from. */
static void write_charts(struct str *out)
{
    const char *end = memchr(chart_script, '\n', chart_script_len);

    if (chart_script_len == 0 || end == NULL) {
        str_add(out, "The charts are drawn ones alone: this program was built without Debian's "
                     "libjs-vega.\n");
        return;
    }
    char *name = mem_strndup(chart_script + 3, (size_t)(end - chart_script) - 3);
    str_add(out, "The live charts of report.html are drawn by Vega (");
    markdown_text(out, name);
    str_add(out, ", BSD-3-Clause; its licence stands in the page), the figures by gnuplot.\n");
    free(name);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    const struct record *record = facts->record;

    write_study(out, record);
    if (write_inputs(out, store, err) != 0)
        return -1;
    if (write_machine(out, store, err) != 0)
        return -1;
    str_add(out, "\n");
    write_charts(out);
    return 0;
}

const struct section section_provenance = {
    .name = "provenance",
    .title = "On what did it run?",
    .write = write,
};
