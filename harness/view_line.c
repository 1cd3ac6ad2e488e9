/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "view_line.h"

static bool is_ascii(const char *text)
{
    while ((unsigned char)*text < 0x80 && *text != '\0')
        text++;
    return *text == '\0';
}

void view_write_text(struct str *out, const char *text)
{
    if (text != NULL && is_ascii(text)) {
        json_write_string(out, text);
        return;
    }
    json_t *value = view_json_text(text);
    json_write(out, value);
    json_decref(value);
}

void view_write_id(struct str *out, int64_t id)
{
    if (id > 0)
        json_write_integer(out, id);
    else
        str_add(out, "null");
}

void view_write_value(struct str *out, const struct value *value)
{
    switch (value->type) {
    case VALUE_NUMBER:
        json_write_number(out, value->number);
        break;
    case VALUE_TEXT:
        view_write_text(out, value->text);
        break;
    case VALUE_BOOL:
        json_write_bool(out, value->number != 0);
        break;
    case VALUE_NONE:
        str_add(out, "null");
        break;
    }
}

void view_write_config(struct str *out, const struct facts *facts, const struct value *config)
{
    const struct space *space = &facts->record->study.space;
    bool first = true;

    str_addn(out, "{", 1);
    for (size_t k = 0; k < space->n; k++) {
        size_t i = facts->by_name[k];
        if (config[i].type == VALUE_NONE)
            continue;
        json_write_key(out, space->params[i].name, first);
        first = false;
        view_write_value(out, &config[i]);
    }
    str_addn(out, "}", 1);
}

void view_write_effect(struct str *out, const struct decision *decision)
{
    static const struct decision none = {.mean = NAN, .low = NAN, .high = NAN};
    const struct decision *d = decision != NULL ? decision : &none;

    str_add(out, "{\"high\":");
    json_write_number(out, d->high);
    str_add(out, ",\"low\":");
    json_write_number(out, d->low);
    str_add(out, ",\"mean\":");
    json_write_number(out, d->mean);
    str_add(out, ",\"n\":");
    json_write_integer(out, d->n);
    str_addn(out, "}", 1);
}

static void add_seeds(struct json_line *line, const uint32_t *seeds, size_t n)
{
    struct str *out = json_line_add(line, "seeds");

    str_addn(out, "[", 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            str_addn(out, ",", 1);
        json_write_integer(out, seeds[i]);
    }
    str_addn(out, "]", 1);
}

static void add_values(struct json_line *line, const struct facts *facts, int64_t id,
                       const uint32_t *seeds, size_t n)
{
    struct str *out = json_line_add(line, "values");

    str_addn(out, "[", 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            str_addn(out, ",", 1);
        json_write_number(out, facts_value(facts, id, seeds[i]));
    }
    str_addn(out, "]", 1);
}

static void add_decision(struct json_line *line, const struct view *view, int64_t id)
{
    const struct decision *d = record_decision(&view->record, id);

    json_write_string(json_line_add(line, "decision"),
                      outcome_name(facts_outcome(&view->facts, id)));
    view_write_id(json_line_add(line, "decision_number"), d != NULL ? d->number : 0);
    json_write_bool(json_line_add(line, "verified"), view->record.experiments[id - 1].verified);
    view_write_text(json_line_add(line, "reason"), d != NULL ? d->reason : NULL);
    view_write_effect(json_line_add(line, "effect"), d);
    view_write_text(json_line_add(line, "commit"), record_commit(&view->record, id));
}

void view_line_experiment(struct json_line *line, const struct view *view, int64_t id)
{
    const struct value *config = view->record.experiments[id - 1].config;

    view_write_config(json_line_add(line, "params"), &view->facts, config);
    view_line_fate(line, view, id);
}

void view_line_fate(struct json_line *line, const struct view *view, int64_t id)
{
    const struct experiment *e = &view->record.experiments[id - 1];
    char *change = facts_change(&view->facts, id);
    uint32_t *seeds;
    size_t n = facts_seeds(&seeds, &view->facts, id);

    json_write_integer(json_line_add(line, "id"), id);
    json_write_string(json_line_add(line, "purpose"), purpose_names[e->purpose]);
    view_write_id(json_line_add(line, "against"), e->against);
    view_write_text(json_line_add(line, "change"), change);
    view_write_text(json_line_add(line, "remark"), e->remark);
    add_seeds(line, seeds, n);
    add_values(line, &view->facts, id, seeds, n);
    add_decision(line, view, id);
    free(seeds);
    free(change);
}

int view_print_line(struct json_line *line, struct err *err)
{
    struct str *text = json_line_whole(line);

    str_addn(text, "\n", 1);
    return view_print(text, err);
}
