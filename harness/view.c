/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "mem.h"
#include "pager.h"
#include "table.h"
#include "view.h"

enum { TEXT_MAX = 4000 };

int view_operands(struct operands *out, const struct command *command,
                  const struct arguments *arguments, size_t least, size_t most, struct err *err)
{
    const char *const *words = (const char *const *)arguments->words;
    size_t n = arguments->n_words;

    if (n > most + 1)
        return err_usage(err, "%s: '%s' is too many; it takes %s", command->name, words[most + 1],
                         command->operands);
    if (n < least)
        return err_usage(err, "%s: it takes %s", command->name, command->operands);
    bool has_study = n > most || (n > least && place_is_study(words[0]));
    *out = (struct operands){has_study ? words[0] : NULL, words + has_study, n - has_study};
    return 0;
}

int view_open(struct view *out, const char *study, const char *dir, struct err *err)
{
    return view_open_parts(out, study, dir, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS, err);
}

/* A record takes about as much memory as its file, and what is printed of it perhaps as much again.
 */
static void expect(const char *db)
{
    enum { LARGE = 4 << 20 };
    struct stat st;

    if (stat(db, &st) == 0 && st.st_size >= LARGE)
        mem_expect(2 * (size_t)st.st_size);
}

int view_open_parts(struct view *out, const char *study, const char *dir, unsigned parts,
                    struct err *err)
{
    *out = (struct view){0};
    if (place_find(&out->place, study, dir, err) != 0)
        return -1;
    expect(out->place.db);
    if (place_load(&out->place, &out->store, &out->record, parts, err) != 0) {
        place_clear(&out->place);
        return -1;
    }
    facts_init(&out->facts, &out->record);
    return 0;
}

int view_load_config(struct view *view, int64_t id, struct err *err)
{
    struct record *record = &view->record;
    int64_t origin = facts_origin(&view->facts, id);

    if (origin > 0 && store_load_config(view->store, record, origin, err) != 0)
        return -1;
    return store_load_config(view->store, record, id, err);
}

int view_load_commits(struct view *view, int64_t id, struct err *err)
{
    struct record *record = &view->record;

    for (size_t i = 0; i < record->n_decisions; i++)
        if (record->decisions[i].experiment == id &&
            store_load_commits(view->store, record, record->decisions[i].number, err) != 0)
            return -1;
    return 0;
}

void view_close(struct view *view)
{
    facts_clear(&view->facts);
    record_clear(&view->record);
    store_close(view->store);
    place_clear(&view->place);
}

int view_read_id(int64_t *out, const struct view *view, const char *word, struct err *err)
{
    unsigned long long id;
    size_t n = view->record.n_experiments;

    if (!integer_read(&id, word, INT64_MAX) || id == 0)
        return err_usage(err, "'%s' is no experiment's number (1 is the baseline)", word);
    if (id > n)
        return err_usage(err, "there is no experiment %llu: study '%s' has %zu", id,
                         view->record.study.name, n);
    *out = (int64_t)id;
    return 0;
}

int view_print(const struct str *text, struct err *err)
{
    if (fwrite(str_text(text), 1, text->len, stdout) != text->len)
        return err_sys(err, "cannot write to standard output");
    return 0;
}

int view_print_json(const json_t *value, struct err *err)
{
    struct str text = {0};

    json_write(&text, value);
    str_add(&text, "\n");
    int rc = view_print(&text, err);
    str_clear(&text);
    return rc;
}

size_t view_columns(void)
{
    enum { USUAL = 80, LEAST = 40, MOST = 10000 };
    const char *said = getenv("COLUMNS");
    struct winsize size;
    unsigned long long n;

    if (said != NULL && integer_read(&n, said, MOST) && n >= LEAST)
        return (size_t)n;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= LEAST)
        return size.ws_col;
    return USUAL;
}

bool view_has_colour(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return (no == NULL || *no == '\0') && term != NULL && strcmp(term, "dumb") != 0 &&
           pager_shows_terminal();
}

const char *outcome_paint(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_KEEP:
        return "32";
    case OUTCOME_FAILED:
        return "31";
    case OUTCOME_REVERT:
    case OUTCOME_PENDING:
        break;
    }
    return NULL;
}

char outcome_mark(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_KEEP:
        return '+';
    case OUTCOME_REVERT:
        return '-';
    case OUTCOME_FAILED:
        return 'x';
    case OUTCOME_PENDING:
        break;
    }
    return '.';
}

json_t *view_json_text(const char *text)
{
    struct str clean = {0};

    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    if (value == NULL) {
        str_add_printable(&clean, text, strlen(text), TEXT_MAX);
        value = json_string(str_text(&clean));
        str_clear(&clean);
    }
    return value;
}

static json_t *value_as_json(const struct value *value)
{
    switch (value->type) {
    case VALUE_NUMBER:
        return json_number_or_null(value->number);
    case VALUE_TEXT:
        return view_json_text(value->text);
    case VALUE_BOOL:
        return json_boolean(value->number != 0);
    case VALUE_NONE:
        break;
    }
    return json_null();
}

json_t *view_json_config(const struct space *space, const struct value *config)
{
    json_t *object = json_object();

    for (size_t i = 0; i < space->n; i++)
        if (config[i].type != VALUE_NONE)
            json_object_set_new(object, space->params[i].name, value_as_json(&config[i]));
    return object;
}

json_t *view_json_effect(const struct decision *d)
{
    json_t *effect = json_object();

    json_object_set_new(effect, "mean", json_number_or_null(d != NULL ? d->mean : (double)NAN));
    json_object_set_new(effect, "low", json_number_or_null(d != NULL ? d->low : (double)NAN));
    json_object_set_new(effect, "high", json_number_or_null(d != NULL ? d->high : (double)NAN));
    json_object_set_new(effect, "n", json_integer(d != NULL ? d->n : 0));
    return effect;
}

json_t *view_json_failures(const struct view *view)
{
    const struct record *record = &view->record;
    json_t *object = json_object();

    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        if (!run_is_failure(record, run))
            continue;
        const char *class = class_names[run->class];
        json_int_t n = json_integer_value(json_object_get(object, class));
        json_object_set_new(object, class, json_integer(n + 1));
    }
    return object;
}

void view_add_config(struct str *out, const struct space *space, const struct value *config)
{
    struct table table;

    table_init(&table, NULL, "ll");
    for (size_t i = 0; i < space->n; i++) {
        struct str text = {0};
        value_print(&text, &config[i]);
        table_row(&table, NULL);
        table_take(&table, mem_printf("  %s", space->params[i].name));
        table_take(&table, str_take(&text));
    }
    table_write(out, &table, false);
    table_clear(&table);
}
