/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>

#include "answers.h"
#include "json.h"
#include "refusals.h"
#include "table.h"
#include "view_line.h"

enum { REASON_WIDTH = 100 };

void refusals_write_status(struct str *out, const struct record *record)
{
    struct answers_count count = answers_count(record);

    if (!record->study.strategy->outside)
        return;
    str_addf(out, "program      %zu proposal%s taken, %zu refused", count.taken,
             count.taken == 1 ? "" : "s", count.refused);
    if (count.given_up)
        str_addf(out, "; after %d refused in a row perturb proposes", ANSWERS_REFUSED_MOST);
    if (count.last_refused != NULL) {
        char *reason = text_shorten(count.last_refused->refusal, REASON_WIDTH);
        str_addf(out, "; last refused for experiment %" PRId64 ": %s",
                 count.last_refused->experiment, reason);
        free(reason);
    }
    str_add(out, "\n");
}

void refusals_write_log(struct str *out, const struct record *record, int64_t first)
{
    for (size_t i = 0; i < record->n_answers; i++) {
        const struct answer *answer = &record->answers[i];
        if (answer->refusal != NULL && answer->experiment >= first)
            str_addf(out, "refused for experiment %" PRId64 ": %s\n", answer->experiment,
                     answer->refusal);
    }
    if (answers_count(record).given_up)
        str_addf(out, "after %d refused proposals in a row perturb proposes\n",
                 ANSWERS_REFUSED_MOST);
}

json_t *refusals_as_json(const struct record *record)
{
    struct answers_count count = answers_count(record);
    const char *last = count.last_refused != NULL ? count.last_refused->refusal : NULL;

    if (!record->study.strategy->outside)
        return NULL;
    return json_pack("{s:I, s:I, s:b, s:o}", "taken", (json_int_t)count.taken, "refused",
                     (json_int_t)count.refused, "given_up", (int)count.given_up, "last_refusal",
                     view_json_text(last));
}

static void write_reasons(struct str *out, const struct record *record, int64_t id)
{
    bool first = true;

    str_add(out, "[");
    for (size_t i = 0; i < record->n_answers; i++) {
        if (record->answers[i].refusal == NULL || record->answers[i].experiment != id)
            continue;
        str_add(out, first ? "" : ",");
        view_write_text(out, record->answers[i].refusal);
        first = false;
    }
    str_add(out, "]");
}

void refusals_add_experiment(struct json_line *line, const struct record *record, int64_t id)
{
    char *message;

    if (!record->study.strategy->outside)
        return;
    message = answers_message(record, id);
    write_reasons(json_line_add(line, "refused"), record, id);
    view_write_text(json_line_add(line, "message"), message);
    if (record->source[0] != '\0')
        json_write_string(json_line_add(line, "source"), record_source(record, id));
    free(message);
}
