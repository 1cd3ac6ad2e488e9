/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "ledger.h"
#include "mem.h"
#include "say.h"
#include "verdicts.h"
#include "view_line.h"

/* The first row of the outbox about decision `number` or one behind it: they stand in their order.
 */
static size_t first_commit(const struct record *record, int64_t number)
{
    size_t low = 0, high = record->n_outbox;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (record->outbox[middle].decision < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The commit that this very decision made on the -log ref, NULL while there is none. */
static const char *decision_commit(const struct record *record, const struct decision *d)
{
    char ref[160];

    ledger_ref_name(ref, record->study.name, true);
    for (size_t i = first_commit(record, d->number);
         i < record->n_outbox && record->outbox[i].decision == d->number; i++)
        if (strcmp(record->outbox[i].ref, ref) == 0)
            return record->outbox[i].commit;
    return NULL;
}

void verdicts_line(struct json_line *line, const struct record *record, const struct decision *d)
{
    json_write_integer(json_line_add(line, "number"), d->number);
    json_write_string(json_line_add(line, "kind"), decision_kind_names[d->kind]);
    json_write_integer(json_line_add(line, "experiment"), d->experiment);
    view_write_id(json_line_add(line, "against"), d->against);
    json_write_string(json_line_add(line, "verdict"), outcome_name(d->verdict));
    json_write_bool(json_line_add(line, "verified"), d->verified);
    view_write_id(json_line_add(line, "test"), d->test);
    json_write_number(json_line_add(line, "alpha"), d->alpha);
    json_write_integer(json_line_add(line, "n"), d->n);
    view_write_effect(json_line_add(line, "effect"), d);
    view_write_id(json_line_add(line, "head"), d->head);
    view_write_id(json_line_add(line, "incumbent"), d->incumbent);
    view_write_text(json_line_add(line, "reason"), d->reason);
    view_write_text(json_line_add(line, "commit"), decision_commit(record, d));
}

char *verdicts_effect(const struct decision *d)
{
    struct str text = {0};

    if (d != NULL)
        say_measured(&text, d->mean, d->low, d->high);
    else
        str_add(&text, "-");
    return str_take(&text);
}

void verdicts_init(struct table *out, bool wide)
{
    static const char *const heads[] = {"no", "kind",   "id",   "vs",   "verdict", "level",
                                        "n",  "effect", "head", "best", "reason",  "commit"};

    table_init(out, heads, wide ? "rlrrlrrlrrll" : "rlrrlrrl");
}

void verdicts_fit(struct table *table, size_t width, bool wide)
{
    table_fit(table, width, wide ? "       2  1 " : "       1");
}

static void add_id(struct table *table, int64_t id)
{
    if (id > 0)
        table_number(table, id);
    else
        table_cell(table, "-");
}

void verdicts_add(struct table *table, const struct record *record, const struct decision *d,
                  bool wide)
{
    const char *commit = decision_commit(record, d);

    table_row(table, outcome_paint(d->verdict));
    table_number(table, d->number);
    table_cell(table, decision_kind_names[d->kind]);
    table_number(table, d->experiment);
    add_id(table, d->against);
    table_take(table, mem_printf("%c %s", outcome_mark(d->verdict),
                                 d->verified ? "verified" : outcome_name(d->verdict)));
    table_take(table, say_text(say_rough, d->alpha));
    table_number(table, d->n);
    table_take(table, verdicts_effect(d));
    if (!wide)
        return;
    add_id(table, d->head);
    add_id(table, d->incumbent);
    table_cell(table, d->reason != NULL ? d->reason : "-");
    table_take(table, mem_printf("%.7s", commit != NULL ? commit : "-"));
}
