/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of policy.h. */
#include <string.h>

#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_WORD = 200, MAX_ARGUMENT = 4096, MOST_FAILURES = 1000000, MOST_FILES = 1 << 20 };

static const double largest = 0x1p50; /* bytes: a petabyte */

static struct policy *policy_of(void *reading)
{
    return &((struct study_reading *)reading)->study->policy;
}

static bool says(const struct yaml *node, const char *word)
{
    return node->kind == YAML_SCALAR && strcmp(node->text, word) == 0;
}

static bool says_off(const struct yaml *node)
{
    return says(node, "off") || says(node, "0") || says(node, "false");
}

/* The index of the node's word among `names`; refused with all of them where it is none. */
static int read_word(int *out, const struct yaml *node, const char *const *names, struct err *err)
{
    const char *word;
    struct str all = {0};

    if (yaml_read_text(&word, node, MAX_WORD, err) != 0)
        return -1;
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out = i;
            str_clear(&all);
            return 0;
        }
        str_addf(&all, "%s'%s'", i == 0 ? "" : names[i + 1] != NULL ? ", " : " or ", names[i]);
    }
    yaml_refuse(node, err, "'%s' is %s, not '%s'", node->key, all.at, word);
    str_clear(&all);
    return -1;
}

int study_read_breaker(void *into, const struct yaml *node, struct err *err)
{
    uint64_t n = 0;

    if (!says_off(node) && yaml_read_integer(&n, node, 1, MOST_FAILURES, err) != 0)
        return -1;
    policy_of(into)->breaker = (int)n;
    return 0;
}

/* --- who is told ------------------------------------------------------------------------------ */

static bool is_known(const char *word, size_t len)
{
    static const char *const known[] = {"event", "message"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == len && memcmp(known[i], word, len) == 0)
            return true;
    return false;
}

static int check_argument(const struct yaml *item, bool program, struct err *err)
{
    const char *text = item->text;
    size_t len;

    for (; (text = placeholder_find(&len, text)) != NULL; text += len) {
        int at = (int)(text - item->text) + 1;
        if (program)
            return yaml_refuse_at(item, at, err, "the program's name cannot hold a placeholder");
        if (!is_known(text + 1, len - 2))
            return yaml_refuse_at(item, at, err,
                                  "unknown placeholder '%.*s' (there are '{event}' and "
                                  "'{message}')",
                                  (int)len, text);
    }
    return 0;
}

int study_read_notify(void *into, const struct yaml *node, struct err *err)
{
    struct policy *policy = policy_of(into);
    const char *text;

    if (says_off(node))
        return 0;
    if (node->kind != YAML_LIST || node->n == 0)
        return yaml_refuse(node, err,
                           "'notify' must be a list: the program and its arguments, one element "
                           "each");
    policy->notify = mem_new(node->n, sizeof *policy->notify);
    for (size_t i = 0; i < node->n; i++) {
        if (yaml_read_text(&text, node->items[i], MAX_ARGUMENT, err) != 0 ||
            check_argument(node->items[i], i == 0, err) != 0)
            return -1;
        policy->notify[policy->n_notify++] = mem_strdup(text);
    }
    return 0;
}

/* --- room ------------------------------------------------------------------------------------- */

static int read_floor(double *out, const struct yaml *node, struct err *err)
{
    *out = 0;
    return says_off(node) ? 0 : yaml_read_size(out, node, 1, largest, err);
}

int study_read_min_free(void *into, const struct yaml *node, struct err *err)
{
    return read_floor(&policy_of(into)->min_free, node, err);
}

int study_read_min_memory(void *into, const struct yaml *node, struct err *err)
{
    return read_floor(&policy_of(into)->min_memory, node, err);
}

int study_read_keep_files(void *into, const struct yaml *node, struct err *err)
{
    int word = 0;

    if (read_word(&word, node, keep_files_names, err) != 0)
        return -1;
    policy_of(into)->keep_files = (enum keep_files)word;
    return 0;
}

int study_read_sandbox(void *into, const struct yaml *node, struct err *err)
{
    int word = 0;

    if (read_word(&word, node, sandbox_names, err) != 0)
        return -1;
    policy_of(into)->sandbox = (enum sandbox_kind)word;
    return 0;
}

/* --- what a run may use ----------------------------------------------------------------------- */

static int read_memory(void *into, const struct yaml *node, struct err *err)
{
    return yaml_read_size(&((struct run_limits *)into)->memory, node, 1 << 20, largest, err);
}

static int read_file_size(void *into, const struct yaml *node, struct err *err)
{
    return yaml_read_size(&((struct run_limits *)into)->file_size, node, 1 << 10, largest, err);
}

static int read_output(void *into, const struct yaml *node, struct err *err)
{
    return yaml_read_size(&((struct run_limits *)into)->output, node, 1 << 10, 0x1p40, err);
}

static int read_open_files(void *into, const struct yaml *node, struct err *err)
{
    uint64_t n;

    if (yaml_read_integer(&n, node, 16, MOST_FILES, err) != 0)
        return -1;
    ((struct run_limits *)into)->open_files = (int)n;
    return 0;
}

int study_read_limits(void *into, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"memory", false, read_memory},
        {"file_size", false, read_file_size},
        {"open_files", false, read_open_files},
        {"output", false, read_output},
        {NULL, false, NULL},
    };

    return yaml_read_map(&policy_of(into)->limits, node, keys, err);
}
