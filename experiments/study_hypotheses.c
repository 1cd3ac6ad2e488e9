/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hypotheses`: what a study claims, as two configs each. */
#include <stdlib.h>
#include <string.h>

#include "claim_text.h"
#include "hypothesis.h"
#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_ID = 32 };

void hypothesis_clear(struct hypothesis *h)
{
    free(h->id);
    free(h->claim);
    free(h->given);
    free(h->better);
    free(h->worse);
    *h = (struct hypothesis){.by = 0};
}

/* --- one hypothesis as it is read ------------------------------------------------------------- */

struct reading {
    struct study *study;
    struct hypothesis *hypothesis;
    const struct yaml *claim, *given; /* NULL: absent */
};

static int read_id(void *into, const struct yaml *node, struct err *err)
{
    struct reading *reading = into;
    const struct study *study = reading->study;
    const char *id;

    if (yaml_read_text(&id, node, MAX_ID, err) != 0)
        return -1;
    if (name_length(id) != strlen(id))
        return yaml_refuse(node, err,
                           "the id '%.40s' must begin with a letter or _, and hold only letters, "
                           "digits, _ . -",
                           id);
    for (size_t i = 0; i < study->n_hypotheses; i++)
        if (&study->hypotheses[i] != reading->hypothesis &&
            strcmp(study->hypotheses[i].id, id) == 0)
            return yaml_refuse(node, err, "the id '%s' is taken by hypothesis number %zu", id,
                               i + 1);
    reading->hypothesis->id = mem_strdup(id);
    return 0;
}

static int remember_claim(void *into, const struct yaml *node, struct err *err)
{
    struct reading *reading = into;

    (void)err;
    reading->claim = node;
    return 0;
}

static int remember_given(void *into, const struct yaml *node, struct err *err)
{
    struct reading *reading = into;

    reading->given = node;
    if (node->kind == YAML_MAP)
        return 0;
    return yaml_refuse(node, err, "'given' is a map of names and values: {tokens: 2000000}");
}

/* --- the config of one side ------------------------------------------------------------------- */

/* A part of the claim's text as a node of its own, so that errors have its place. */
static struct yaml node_of(const struct yaml *claim, const struct claim_assignment *a)
{
    int shift = claim->verbatim ? !claim->plain - 1 : 0;

    return (struct yaml){.kind = YAML_SCALAR,
                         .file = claim->file,
                         .line = claim->line,
                         .column = claim->column + (claim->verbatim ? a->value_at + shift : 0),
                         .key = a->name,
                         .key_line = claim->line,
                         .key_column = claim->column + (claim->verbatim ? a->name_at + shift : 0),
                         .text = a->value,
                         .plain = !a->quoted};
}

static int set_given(struct value *config, const struct reading *reading, struct err *err)
{
    for (size_t i = 0; reading->given != NULL && i < reading->given->n; i++)
        if (study_set_member(config, &reading->study->space, reading->given->items[i], err) != 0)
            return -1;
    return 0;
}

/* Twice, here or in what is given, would leave open which is meant. */
static int check_once(const struct reading *reading, const struct claim_side *side, size_t index,
                      const struct yaml *member, struct err *err)
{
    bool given = reading->given != NULL && yaml_find(reading->given, member->key) != NULL;

    for (size_t i = 0; i < index; i++)
        if (strcmp(side->of[i].name, member->key) == 0)
            return yaml_refuse_key(member, err, "'%s' is set twice on one side", member->key);
    if (given)
        return yaml_refuse_key(member, err, "'%s' stands in 'given' too: leave one of them out",
                               member->key);
    return 0;
}

static int set_side(struct value *config, const struct reading *reading,
                    const struct claim_side *side, struct err *err)
{
    struct space *space = &reading->study->space;

    for (size_t i = 0; i < side->n; i++) {
        const struct yaml member = node_of(reading->claim, &side->of[i]);
        if (check_once(reading, side, i, &member, err) != 0 ||
            study_set_member(config, space, &member, err) != 0)
            return -1;
    }
    space_settle(config, space);
    for (size_t i = 0; i < side->n; i++) {
        const struct yaml member = node_of(reading->claim, &side->of[i]);
        if (config[space_find(space, side->of[i].name)].type == VALUE_NONE)
            return yaml_refuse_key(&member, err, "'%s' has no meaning beside the other values",
                                   member.key);
    }
    return 0;
}

static int check_metric(const struct reading *reading, const struct claim_side *side,
                        struct err *err)
{
    const char *metric = reading->study->metric;

    if (strcmp(side->metric, metric) == 0)
        return 0;
    return yaml_refuse_at(reading->claim, side->at, err,
                          "'%.60s' is not the study's metric: write '%s'", side->metric, metric);
}

/* *out [space->n] is the caller's to free. */
static int read_side(struct value **out, const struct reading *reading,
                     const struct claim_side *side, struct err *err)
{
    struct space *space = &reading->study->space;
    const char *broken;

    *out = mem_new(space->n, sizeof **out);
    for (size_t i = 0; i < space->n; i++)
        (*out)[i] = space->params[i].start;
    if (check_metric(reading, side, err) != 0 || set_given(*out, reading, err) != 0 ||
        set_side(*out, reading, side, err) != 0)
        return -1;
    if (space_allows(space, *out, &broken))
        return 0;
    return yaml_refuse_at(reading->claim, side->at, err,
                          "this side breaks the constraint '%s': set what goes with it too",
                          broken);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void describe_given(struct hypothesis *h, const struct yaml *given)
{
    struct str text = {0};

    for (size_t i = 0; given != NULL && i < given->n; i++)
        str_addf(&text, "%s%s=%s", i > 0 ? ", " : "", given->items[i]->key, given->items[i]->text);
    h->given = mem_strdup(str_text(&text));
    str_clear(&text);
}

static int check_sides(const struct reading *reading, struct err *err)
{
    const struct study *study = reading->study;
    const struct hypothesis *h = reading->hypothesis;

    if (space_same(&study->space, h->better, h->worse))
        return yaml_refuse(reading->claim, err, "both sides are the same config");
    for (size_t i = 0; i + 1 < study->n_hypotheses; i++) {
        const struct hypothesis *other = &study->hypotheses[i];
        if (space_same(&study->space, h->better, other->better) &&
            space_same(&study->space, h->worse, other->worse) && !(h->by < other->by) &&
            !(h->by > other->by))
            return yaml_refuse(reading->claim, err, "hypothesis '%s' says the same", other->id);
    }
    return 0;
}

static int read_claim(struct reading *reading, struct err *err)
{
    struct hypothesis *h = reading->hypothesis;
    struct claim_text text;
    int rc = claim_text_read(&text, reading->claim, err);

    if (rc == 0) {
        h->left_is_better = text.less != reading->study->maximize;
        h->by = text.by;
        h->claim = mem_strdup(reading->claim->text);
        rc = read_side(h->left_is_better ? &h->better : &h->worse, reading, &text.left, err);
    }
    if (rc == 0)
        rc = read_side(h->left_is_better ? &h->worse : &h->better, reading, &text.right, err);
    claim_text_clear(&text);
    if (rc == 0)
        describe_given(h, reading->given);
    return rc == 0 ? check_sides(reading, err) : -1;
}

static int read_hypothesis(struct study *study, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"id", true, read_id},
        {"claim", true, remember_claim},
        {"given", false, remember_given},
        {NULL, false, NULL},
    };
    struct reading reading = {.study = study};

    study->hypotheses = mem_room(study->hypotheses, study->n_hypotheses, sizeof *study->hypotheses);
    reading.hypothesis = &study->hypotheses[study->n_hypotheses++];
    *reading.hypothesis = (struct hypothesis){.by = 0};
    if (yaml_read_map(&reading, node, keys, err) != 0)
        return -1;
    return read_claim(&reading, err);
}

int study_read_hypotheses(struct study *study, const struct yaml *node, struct err *err)
{
    if (node->kind != YAML_LIST || node->n == 0)
        return yaml_refuse(node, err,
                           "'hypotheses' is a list: [{id: H1, claim: \"%s(name=value) < "
                           "%s(name=value)\"}]",
                           study->metric, study->metric);
    if (node->n > HYPOTHESES_MAX)
        return yaml_refuse(node, err, "more than %d hypotheses", HYPOTHESES_MAX);
    if (study->rule.max_seeds < 2)
        return yaml_refuse_key(node, err,
                               "'hypotheses' need 2 seeds at least: 'decision: {max_seeds: 8}'");
    for (size_t i = 0; i < node->n; i++)
        if (read_hypothesis(study, node->items[i], err) != 0)
            return -1;
    return 0;
}
