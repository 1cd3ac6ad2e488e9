/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `early_terminate`: which runs are ended before their end.  The words are W&B's. */
#include <math.h>
#include <string.h>

#include "early.h"
#include "study_part.h"

enum { MAX_WORD = 200, MIN_ITER_MOST = 1000000, RUNGS_MOST = 8 };

/* What a type takes, with its defaults; NULL: it does not take the key. */
struct early_reading {
    struct early_rule rule; /* NAN, 0: not given */
    const struct yaml *z, *min_progress, *eta, *min_iter, *s;
};

static int read_type(void *into, const struct yaml *node, struct err *err)
{
    struct early_reading *reading = into;
    const char *name;

    if (yaml_read_text(&name, node, MAX_WORD, err) != 0)
        return -1;
    reading->rule.kind = early_kind_find(name);
    if (reading->rule.kind != NULL)
        return 0;
    return yaml_refuse(node, err, "the type is 'paired_curves' or 'hyperband', not '%s'", name);
}

static int read_z(void *into, const struct yaml *node, struct err *err)
{
    struct early_reading *reading = into;

    reading->z = node;
    return yaml_read_number(&reading->rule.z, node, 1, 10, err);
}

static int read_min_progress(void *into, const struct yaml *node, struct err *err)
{
    struct early_reading *reading = into;

    reading->min_progress = node;
    return yaml_read_number(&reading->rule.min_progress, node, 0, 0.95, err);
}

static int read_eta(void *into, const struct yaml *node, struct err *err)
{
    struct early_reading *reading = into;

    reading->eta = node;
    return yaml_read_number(&reading->rule.eta, node, 1.5, 10, err);
}

static int read_min_iter(void *into, const struct yaml *node, struct err *err)
{
    struct early_reading *reading = into;
    uint64_t n;

    reading->min_iter = node;
    if (yaml_read_integer(&n, node, 1, MIN_ITER_MOST, err) != 0)
        return -1;
    reading->rule.min_iter = (int)n;
    return 0;
}

static int read_s(void *into, const struct yaml *node, struct err *err)
{
    struct early_reading *reading = into;
    uint64_t n;

    reading->s = node;
    if (yaml_read_integer(&n, node, 1, RUNGS_MOST, err) != 0)
        return -1;
    reading->rule.s = (int)n;
    return 0;
}

static int refuse_foreign(const struct yaml *node, const char *type, struct err *err)
{
    if (node == NULL)
        return 0;
    return yaml_refuse_key(node, err, "'%s' is not for the type %s", node->key, type);
}

static int settle_paired_curves(struct early_reading *reading, struct err *err)
{
    struct early_rule *rule = &reading->rule;

    if (refuse_foreign(reading->eta, rule->kind->name, err) != 0 ||
        refuse_foreign(reading->min_iter, rule->kind->name, err) != 0 ||
        refuse_foreign(reading->s, rule->kind->name, err) != 0)
        return -1;
    if (reading->z == NULL)
        rule->z = EARLY_Z;
    if (reading->min_progress == NULL)
        rule->min_progress = EARLY_MIN_PROGRESS;
    return 0;
}

static int settle_hyperband(struct early_reading *reading, struct err *err)
{
    struct early_rule *rule = &reading->rule;

    if (refuse_foreign(reading->z, rule->kind->name, err) != 0 ||
        refuse_foreign(reading->min_progress, rule->kind->name, err) != 0)
        return -1;
    if (reading->s != NULL && reading->min_iter != NULL)
        return yaml_refuse_key(reading->s, err,
                               "'min_iter' and 's' exclude each other: give one of them");
    if (reading->eta == NULL)
        rule->eta = EARLY_ETA;
    if (reading->s == NULL && reading->min_iter == NULL)
        rule->s = EARLY_RUNGS;
    return 0;
}

int study_read_early(struct study *study, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"type", true, read_type},
        {"z", false, read_z},
        {"min_progress", false, read_min_progress},
        {"eta", false, read_eta},
        {"min_iter", false, read_min_iter},
        {"s", false, read_s},
        {NULL, false, NULL},
    };
    struct early_reading reading = {.rule = {.kind = NULL}};

    if (yaml_read_map(&reading, node, keys, err) != 0)
        return -1;
    int rc = reading.rule.kind->ranks ? settle_hyperband(&reading, err)
                                      : settle_paired_curves(&reading, err);
    study->early = reading.rule;
    return rc;
}

int study_check_early(const struct study *study, const struct yaml *node, struct err *err)
{
    if (study->procedure == PROCEDURE_PAIRED)
        return yaml_refuse_key(node, err,
                               "'early_terminate' ends no run of a test, and the procedure "
                               "paired has no others");
    if (study->source.binary != NULL || study->n_evaluate > 0)
        return yaml_refuse_key(node, err,
                               "'early_terminate' goes by what a trainer prints of itself, and "
                               "%s says that this is not to be believed",
                               study->n_evaluate > 0 ? "'evaluate'" : "'source'");
    if (study->timed)
        return yaml_refuse_key(node, err,
                               "'early_terminate' compares runs at the same place, which the "
                               "clock decides with 'budget: time'");
    if (!study->early.kind->ranks && !study->audit)
        return yaml_refuse_key(node, err,
                               "paired_curves learns the noise from the audit: add 'audit: on'");
    return 0;
}
