/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "inbox.h"
#include "json.h"

static const struct option_row options[] = {
    {"dir", 0, "DIR", "the run directory"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_note;

static int check_experiment(const struct place *place, unsigned long long id, struct err *err)
{
    struct store *store = NULL;
    struct record record = {0};
    int rc = place_load(place, &store, &record, STORE_RUNS, err);

    if (rc == 0 && id > record.n_experiments)
        rc = err_usage(err, "note: there is no experiment %llu (there are %zu)", id,
                       record.n_experiments);
    store_close(store);
    record_clear(&record);
    return rc;
}

/* It travels as JSON, which is UTF-8. */
static int check_text(const char *text, struct err *err)
{
    json_t *value = json_string(text);

    if (value == NULL)
        return err_usage(err, "note: the text is not UTF-8");
    json_decref(value);
    return 0;
}

static int note(const struct place *place, const char *id_text, const char *text, struct err *err)
{
    unsigned long long id;
    struct str message = {0};
    bool left;

    if (!integer_read(&id, id_text, INT64_MAX) || id < 1)
        return err_usage(err, "note: '%s' is no experiment", id_text);
    if (check_text(text, err) != 0 || check_experiment(place, id, err) != 0)
        return -1;
    str_addf(&message, "{\"experiment\":%llu,\"note\":", id);
    json_write_string(&message, text);
    str_add(&message, "}");
    int rc = inbox_deliver(place, message.at, &left, err);
    if (rc == 0)
        printf("noted%s\n", left ? "; the running study takes it up" : "");
    str_clear(&message);
    return rc;
}

static bool is_number(const char *word)
{
    unsigned long long n;

    return integer_read(&n, word, INT64_MAX);
}

/* All words behind the id, with blanks between them; the caller frees. */
static char *joined(const char *const *words, size_t n)
{
    struct str text = {0};

    for (size_t i = 0; i < n; i++)
        str_addf(&text, "%s%s", i > 0 ? " " : "", words[i]);
    return str_take(&text);
}

/* STUDY is left out where the first word is a number and no study of that name is here. */
static int run(const struct arguments *arguments, struct err *err)
{
    const char *const *words = arguments->words;
    size_t n = arguments->n_words;
    size_t id = n > 0 && is_number(words[0]) && !place_is_study(words[0]) ? 0 : 1;
    struct place place;

    if (n < id + 2)
        return err_usage(err, "note: give an experiment's number and a text");
    if (place_find(&place, id > 0 ? words[0] : NULL, option_value(&command_note, arguments, "dir"),
                   err) != 0)
        return -1;
    char *text = joined(words + id + 1, n - id - 1);
    int rc = note(&place, words[id], text, err);
    free(text);
    place_clear(&place);
    return rc;
}

const struct command command_note = {
    .name = "note",
    .operands = "[STUDY] ID TEXT",
    .summary = "remember a remark about an experiment",
    .help = "The remark is shown by `log`, `show` and the report.  A second one takes the first\n"
            "one's place.\n"
            "\n"
            "  nightshift note kjv.yaml 12 'loss spikes at step 400'\n",
    .options = options,
    .run = run,
};
