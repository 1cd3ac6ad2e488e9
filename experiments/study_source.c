/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `source` and `evaluate`: a trainer that may be patched, and the program that judges what it left.
 */
#include <string.h>

#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_PATH = 4096 };

static int read_repo(void *into, const struct yaml *node, struct err *err)
{
    struct source_rule *source = into;
    const char *path;

    if (yaml_read_text(&path, node, MAX_PATH, err) != 0)
        return -1;
    source->repo = mem_strdup(path);
    return 0;
}

static int read_commit(void *into, const struct yaml *node, struct err *err)
{
    struct source_rule *source = into;
    const char *commit;

    if (yaml_read_text(&commit, node, MAX_PATH, err) != 0)
        return -1;
    source->commit = mem_strdup(commit);
    return 0;
}

static int read_build(void *into, const struct yaml *node, struct err *err)
{
    struct source_rule *source = into;

    if (yaml_read_texts(&source->build, &source->n_build, node, MAX_PATH, err) != 0)
        return -1;
    return source->n_build > 0 ? 0 : yaml_refuse(node, err, "the command is empty");
}

/* A path that stays below the folder that it is relative to. */
static bool stays_inside(const char *path)
{
    if (*path == '\0' || *path == '/')
        return false;
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        size_t len = strcspn(part, "/");
        if ((len == 1 && part[0] == '.') || (len == 2 && memcmp(part, "..", 2) == 0))
            return false;
    }
    return true;
}

static int read_binary(void *into, const struct yaml *node, struct err *err)
{
    struct source_rule *source = into;
    const char *path;

    if (yaml_read_text(&path, node, MAX_PATH, err) != 0)
        return -1;
    if (!stays_inside(path))
        return yaml_refuse(node, err, "'%.100s' is no path inside the source", path);
    source->binary = mem_strdup(path);
    return 0;
}

static int read_allow(void *into, const struct yaml *node, struct err *err)
{
    struct source_rule *source = into;

    if (yaml_read_texts(&source->allow, &source->n_allow, node, MAX_PATH, err) != 0)
        return -1;
    if (source->n_allow == 0)
        return yaml_refuse(node, err, "an empty list allows no patch");
    for (size_t i = 0; i < source->n_allow; i++)
        if (!stays_inside(source->allow[i]))
            return yaml_refuse(node->items[i], err, "'%.100s' is no path inside the source",
                               source->allow[i]);
    return 0;
}

static int read_build_timeout(void *into, const struct yaml *node, struct err *err)
{
    struct source_rule *source = into;

    return yaml_read_duration(&source->timeout_s, node, err);
}

int study_read_source(void *into, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"repo", false, read_repo},   {"commit", false, read_commit},
        {"build", false, read_build}, {"binary", true, read_binary},
        {"allow", true, read_allow},  {"timeout", false, read_build_timeout},
        {NULL, false, NULL},
    };
    struct study_reading *reading = into;

    reading->source = node;
    return yaml_read_map(&reading->study->source, node, keys, err);
}

int study_remember_evaluate(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    (void)err;
    reading->evaluate = node;
    return 0;
}

/* What judges a trainer must not be chosen by it. */
int study_check_source(const struct study_reading *reading, struct err *err)
{
    const struct study *study = reading->study;

    if (reading->source == NULL)
        return 0;
    if (!study->strategy->outside)
        return yaml_refuse_key(reading->source, err,
                               "'source' is for patches, which only the strategy exec proposes");
    if (reading->evaluate == NULL)
        return yaml_refuse_key(reading->source, err,
                               "'source' needs 'evaluate': a patched trainer must not judge "
                               "itself");
    return 0;
}
