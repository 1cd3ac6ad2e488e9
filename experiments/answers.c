/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>

#include "answers.h"
#include "mem.h"

const struct answer *answers_taken(const struct record *record, int64_t id)
{
    for (size_t i = record->n_answers; i > 0; i--) {
        const struct answer *answer = &record->answers[i - 1];
        if (answer->experiment == id && answer->refusal == NULL)
            return answer;
    }
    return NULL;
}

char *answers_message(const struct record *record, int64_t id)
{
    const struct answer *answer = answers_taken(record, id);
    json_t *said = answer != NULL ? json_loads(answer->text, 0, NULL) : NULL;
    const char *message = json_string_value(json_object_get(said, "message"));
    char *copy = message != NULL ? mem_strdup(message) : NULL;

    json_decref(said);
    return copy;
}

size_t answers_refused_in_row(const struct record *record, int64_t id)
{
    size_t n = 0;

    for (size_t i = record->n_answers; i > 0; i--) {
        const struct answer *answer = &record->answers[i - 1];
        if (answer->experiment > id)
            continue;
        if (answer->refusal == NULL)
            break;
        n++;
    }
    return n;
}

bool answers_given_up(const struct record *record, int64_t id)
{
    return answers_refused_in_row(record, id) >= ANSWERS_REFUSED_MOST;
}

struct answers_count answers_count(const struct record *record)
{
    struct answers_count count = {0};

    for (size_t i = 0; i < record->n_answers; i++) {
        const struct answer *answer = &record->answers[i];
        count.taken += answer->refusal == NULL;
        count.refused += answer->refusal != NULL;
        if (answer->refusal != NULL)
            count.last_refused = answer;
    }
    count.given_up = answers_given_up(record, INT64_MAX);
    return count;
}
