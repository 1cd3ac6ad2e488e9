/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "enqueued.h"
#include "inbox.h"
#include "json.h"
#include "mem.h"

static const struct option_row options[] = {
    {"dir", 0, "DIR", "the run directory"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_enqueue;

static int unknown_parameter(const struct space *space, const char *name, struct err *err)
{
    const char **names = mem_new(space->n, sizeof *names);

    for (size_t i = 0; i < space->n; i++)
        names[i] = space->params[i].name;
    const char *near = word_suggest(name, names, space->n);
    free(names);
    if (near != NULL)
        return err_usage(err, "enqueue: the study has no parameter '%s' (did you mean '%s'?)", name,
                         near);
    return err_usage(err, "enqueue: the study has no parameter '%s'", name);
}

/* One name=value, checked against the space; kept as text, so that nothing is rounded on the way.
 */
static int add_setting(json_t *config, const struct space *space, const char *word, struct err *err)
{
    const char *equals = strchr(word, '=');
    struct value value;

    if (equals == NULL)
        return err_usage(err, "enqueue: '%s' is no name=value", word);
    char *name = mem_strndup(word, (size_t)(equals - word));
    int at = space_find(space, name), rc = 0;
    if (at < 0)
        rc = unknown_parameter(space, name, err);
    else if (json_object_get(config, name) != NULL)
        rc = err_usage(err, "enqueue: '%s' is set twice", name);
    else
        rc = space_read_value(&value, space, (size_t)at, equals + 1, err);
    if (rc == 0)
        json_object_set_new(config, name, json_string(equals + 1));
    free(name);
    return rc;
}

/* With the current incumbent's other values, the whole must be allowed. */
static int check_whole(json_t *config, const struct record *record, struct err *err)
{
    const struct space *space = &record->study.space;
    int64_t incumbent = record_incumbent(record);
    struct value *whole = mem_new(space->n, sizeof *whole);
    const char *broken;

    if (incumbent > 0)
        memcpy(whole, record->experiments[incumbent - 1].config, space->n * sizeof *whole);
    else
        space_start(whole, space);
    int rc = enqueued_apply(whole, space, config, err);
    if (rc == 0 && !space_allows(space, whole, &broken))
        rc = err_usage(err, "enqueue: this breaks the constraint '%s'", broken);
    for (size_t i = 0; rc == 0 && i < record->n_experiments; i++)
        if (space_same(space, whole, record->experiments[i].config))
            rc = err_usage(err, "enqueue: this is experiment %zu already", i + 1);
    free(whole);
    return rc;
}

static int enqueue(const struct place *place, const struct arguments *arguments, size_t first,
                   struct err *err)
{
    struct store *store = NULL;
    struct record record = {0};
    struct str message = {0};
    json_t *config = json_object();
    bool left;

    int rc = place_load(place, &store, &record, STORE_CONFIGS | STORE_RUNS, err);
    for (size_t i = first; rc == 0 && i < arguments->n_words; i++)
        rc = add_setting(config, &record.study.space, arguments->words[i], err);
    if (rc == 0)
        rc = check_whole(config, &record, err);
    store_close(store);
    str_add(&message, "{\"enqueue\":");
    json_write(&message, config);
    str_add(&message, "}");
    if (rc == 0)
        rc = inbox_deliver(place, message.at, &left, err);
    if (rc == 0)
        printf("enqueued%s\n", left ? "; the running study takes it up next"
                                    : "; `nightshift run` takes it up next");
    str_clear(&message);
    json_decref(config);
    record_clear(&record);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    bool named = arguments->n_words > 0 && strchr(arguments->words[0], '=') == NULL;
    const char *dir = option_value(&command_enqueue, arguments, "dir");
    struct place place;

    if (arguments->n_words == (named ? 1 : 0))
        return err_usage(err, "enqueue: what? give name=value…");
    if (place_find(&place, named ? arguments->words[0] : NULL, dir, err) != 0)
        return -1;
    int rc = enqueue(&place, arguments, named ? 1 : 0, err);
    place_clear(&place);
    return rc;
}

const struct command command_enqueue = {
    .name = "enqueue",
    .operands = "[STUDY] name=value…",
    .summary = "try this config next",
    .help =
        "Parameters that are not named keep the incumbent's values.  The config is judged like\n"
        "any other; one that a constraint forbids, or that was tried, is refused.  `search:\n"
        "{enqueue: […]}` in the study file tries configs before all proposals.\n"
        "\n"
        "  nightshift enqueue kjv.yaml lr=3e-4 layers=4\n",
    .options = options,
    .run = run,
};
