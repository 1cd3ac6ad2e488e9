/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "mem.h"
#include "study_part.h"

static int refuse_name(const struct space *space, const struct yaml *member, struct err *err)
{
    const char **names = mem_new(space->n, sizeof *names);

    for (size_t i = 0; i < space->n; i++)
        names[i] = space->params[i].name;
    const char *meant = word_suggest(member->key, names, space->n);
    if (meant != NULL)
        yaml_refuse_key(member, err, "unknown parameter '%.60s' (did you mean '%s'?)", member->key,
                        meant);
    else
        yaml_refuse_key(member, err, "unknown parameter '%.60s'", member->key);
    free(names);
    return -1;
}

int study_set_member(struct value *config, struct space *space, const struct yaml *member,
                     struct err *err)
{
    int at = space_find(space, member->key);

    if (at < 0)
        return refuse_name(space, member, err);
    return study_read_value(&config[at], space, (size_t)at, member, err);
}

/* What a guess names is set; all else keeps its start. */
static int set_members(struct value *config, struct space *space, const struct yaml *guess,
                       struct err *err)
{
    for (size_t i = 0; i < guess->n; i++)
        if (study_set_member(config, space, guess->items[i], err) != 0)
            return -1;
    return 0;
}

/* A parameter that is ignored must never look like one that was tried. */
static int check_active(const struct value *config, const struct space *space,
                        const struct yaml *guess, struct err *err)
{
    for (size_t i = 0; i < guess->n; i++) {
        const struct yaml *member = guess->items[i];
        if (config[space_find(space, member->key)].type == VALUE_NONE)
            return yaml_refuse_key(member, err, "'%s' has no meaning beside the other values",
                                   member->key);
    }
    return 0;
}

/* A repeat would be paid for twice, and is refused where it stands. */
static int check_new(const struct study *study, const struct value *config,
                     const struct yaml *guess, struct err *err)
{
    struct value *start = mem_new(study->space.n, sizeof *start);

    space_start(start, &study->space);
    bool baseline = space_same(&study->space, config, start);
    free(start);
    if (baseline)
        return yaml_refuse(guess, err, "this config is the baseline, which runs first anyway");
    for (size_t i = 0; i < study->n_enqueued; i++)
        if (space_same(&study->space, config, study->enqueued[i]))
            return yaml_refuse(guess, err, "this config stands here twice (it is number %zu too)",
                               i + 1);
    return 0;
}

/* config [space->n] */
static int read_guess(struct value *config, struct study *study, const struct yaml *guess,
                      struct err *err)
{
    struct space *space = &study->space;
    const char *broken;

    if (guess->kind != YAML_MAP || guess->n == 0)
        return yaml_refuse(guess, err, "a config is a map of names and values: {lr: 1e-3}");
    for (size_t i = 0; i < space->n; i++)
        config[i] = space->params[i].start;
    if (set_members(config, space, guess, err) != 0)
        return -1;
    space_settle(config, space);
    if (check_active(config, space, guess, err) != 0)
        return -1;
    if (!space_allows(space, config, &broken))
        return yaml_refuse(guess, err, "this config breaks the constraint '%s'", broken);
    return check_new(study, config, guess, err);
}

int study_read_enqueue(struct study *study, const struct yaml *node, struct err *err)
{
    study->enqueued = mem_new(node->n, sizeof(struct value *));
    for (size_t i = 0; i < node->n; i++) {
        struct value *config = mem_new(study->space.n, sizeof *config);
        if (read_guess(config, study, node->items[i], err) != 0) {
            free(config);
            return -1;
        }
        study->enqueued[study->n_enqueued++] = config;
    }
    return 0;
}
