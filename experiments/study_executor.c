/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key `executor`. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_WORD = 200, MAX_LINE = 4096, MOST_RUNS = 4096, MOST_CPUS = 1024 };

static const char *const kinds[] = {"local", "slurm", "command"};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static int read_kind(void *into, const struct yaml *node, struct err *err)
{
    struct executor_rule *rule = into;
    const char *word;

    if (yaml_read_text(&word, node, MAX_WORD, err) != 0)
        return -1;
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(word, kinds[i]) == 0) {
            free(rule->kind);
            rule->kind = mem_strdup(word);
            return 0;
        }
    const char *near = word_suggest(word, kinds, N_KINDS);
    return yaml_refuse(node, err, "unknown executor '%s' (%s%s%s)", word,
                       near != NULL ? "did you mean '" : "there are ",
                       near != NULL ? near : "local, slurm and command", near != NULL ? "'?" : "");
}

/* --- texts and numbers ------------------------------------------------------------------------ */

static int read_text(char **out, const struct yaml *node, size_t max, struct err *err)
{
    const char *text;

    if (yaml_read_text(&text, node, max, err) != 0)
        return -1;
    *out = mem_strdup(text);
    return 0;
}

/* A word for an option of sbatch: no blanks, and no option of its own. */
static int read_word(char **out, const struct yaml *node, struct err *err)
{
    if (read_text(out, node, MAX_WORD, err) != 0)
        return -1;
    if ((*out)[0] == '-' || strpbrk(*out, " \t") != NULL)
        return yaml_refuse(node, err, "'%s' is one word, and does not begin with '-'", node->key);
    return 0;
}

static int read_partition(void *into, const struct yaml *node, struct err *err)
{
    return read_word(&((struct executor_rule *)into)->partition, node, err);
}

static int read_gres(void *into, const struct yaml *node, struct err *err)
{
    return read_word(&((struct executor_rule *)into)->gres, node, err);
}

static int read_shared(void *into, const struct yaml *node, struct err *err)
{
    struct executor_rule *rule = into;

    if (read_text(&rule->shared, node, MAX_LINE, err) != 0)
        return -1;
    if (rule->shared[0] != '/')
        return yaml_refuse(node, err, "'shared' is an absolute path, the same on every node");
    return 0;
}

static int read_count(int *out, const struct yaml *node, uint64_t most, struct err *err)
{
    uint64_t n;

    if (yaml_read_integer(&n, node, 1, most, err) != 0)
        return -1;
    *out = (int)n;
    return 0;
}

static int read_concurrency(void *into, const struct yaml *node, struct err *err)
{
    return read_count(&((struct executor_rule *)into)->concurrency, node, MOST_RUNS, err);
}

static int read_cpus(void *into, const struct yaml *node, struct err *err)
{
    return read_count(&((struct executor_rule *)into)->cpus, node, MOST_CPUS, err);
}

/* Slurm counts whole minutes. */
static int read_time(void *into, const struct yaml *node, struct err *err)
{
    double *time_s = &((struct executor_rule *)into)->time_s;

    if (yaml_read_duration(time_s, node, err) != 0)
        return -1;
    return *time_s < 60 ? yaml_refuse(node, err, "'time' is at least 1m") : 0;
}

/* "8G" is how Slurm's users write it; the study's other sizes are "8GiB". */
static int read_memory(void *into, const struct yaml *node, struct err *err)
{
    double *memory = &((struct executor_rule *)into)->memory;
    size_t len = node->kind == YAML_SCALAR ? strlen(node->text) : 0;
    unsigned long long n;

    if (len > 1 && strchr("KMGT", node->text[len - 1]) != NULL) {
        char *digits = mem_strndup(node->text, len - 1);
        bool ok = integer_read(&n, digits, 1000000000);
        free(digits);
        if (ok && n > 0) {
            *memory = (double)n;
            for (const char *unit = "KMGT";; unit++) {
                *memory *= 1024;
                if (*unit == node->text[len - 1])
                    return 0;
            }
        }
    }
    return yaml_read_size(memory, node, 1 << 20, 0x1p50, err);
}

static int read_every(void *into, const struct yaml *node, struct err *err)
{
    double *every_s = &((struct executor_rule *)into)->every_s;

    if (yaml_read_duration(every_s, node, err) != 0)
        return -1;
    return *every_s < 1 ? yaml_refuse(node, err, "'every' is at least 1s") : 0;
}

static int read_patience(void *into, const struct yaml *node, struct err *err)
{
    return yaml_read_duration(&((struct executor_rule *)into)->patience_s, node, err);
}

/* --- lists ------------------------------------------------------------------------------------ */

static int read_list(struct word_list *out, const struct yaml *node, struct err *err)
{
    const char *text;

    if (node->kind != YAML_LIST || node->n == 0)
        return yaml_refuse(node, err, "'%s' must be a list of texts", node->key);
    out->at = mem_new(node->n + 1, sizeof *out->at);
    for (size_t i = 0; i < node->n; i++) {
        if (yaml_read_text(&text, node->items[i], MAX_LINE, err) != 0)
            return -1;
        out->at[out->n++] = mem_strdup(text);
    }
    return 0;
}

static int read_setup(void *into, const struct yaml *node, struct err *err)
{
    return read_list(&((struct executor_rule *)into)->setup, node, err);
}

/* What we set ourselves, or what would make a task something else than we wait for. */
static bool is_ours(const char *option)
{
    static const char *const ours[] = {
        "array",         "job-name",   "comment",  "output",    "error", "chdir",     "signal",
        "requeue",       "no-requeue", "parsable", "partition", "time",  "mem",       "gres",
        "cpus-per-task", "wait",       "wrap",     "export",    "help",  "test-only", "hold"};
    size_t len = strcspn(option, "=");

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strlen(ours[i]) == len && memcmp(ours[i], option, len) == 0)
            return true;
    return false;
}

static int read_options(void *into, const struct yaml *node, struct err *err)
{
    struct word_list *options = &((struct executor_rule *)into)->options;

    if (read_list(options, node, err) != 0)
        return -1;
    for (size_t i = 0; i < options->n; i++) {
        const char *text = options->at[i];
        if (strncmp(text, "--", 2) != 0 || text[2] == '\0')
            return yaml_refuse(node->items[i], err,
                               "an option of sbatch is written '--name' or '--name=value'");
        if (is_ours(text + 2))
            return yaml_refuse(node->items[i], err, "'%s' is set by nightshift itself", text);
    }
    return 0;
}

static int read_arguments(void *into, const struct yaml *node, struct err *err)
{
    return read_list(&((struct executor_rule *)into)->resume, node, err);
}

static int read_state(void *into, const struct yaml *node, struct err *err)
{
    struct executor_rule *rule = into;

    if (read_text(&rule->state, node, MAX_WORD, err) != 0)
        return -1;
    if (strchr(rule->state, '/') != NULL)
        return yaml_refuse(node, err, "'state' is the name of a file in the run's own folder");
    return 0;
}

static int read_resume(void *into, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"arguments", true, read_arguments},
        {"state", true, read_state},
        {NULL, false, NULL},
    };

    return yaml_read_map(into, node, keys, err);
}

/* --- templates of the kind `command` ---------------------------------------------------------- */

static bool is_known(const char *const *known, const char *word, size_t len)
{
    for (; *known != NULL; known++)
        if (strlen(*known) == len && memcmp(*known, word, len) == 0)
            return true;
    return false;
}

/* An argv with no placeholder but the known ones; `wanted` must be in it. */
static int read_template(struct word_list *out, const struct yaml *node, const char *const *known,
                         const char *wanted, struct err *err)
{
    bool found = wanted == NULL;
    size_t len;

    if (read_list(out, node, err) != 0)
        return -1;
    for (size_t i = 0; i < out->n; i++)
        for (const char *at = out->at[i]; (at = placeholder_find(&len, at)) != NULL; at += len) {
            int column = (int)(at - out->at[i]) + 1;
            if (i == 0 || !is_known(known, at + 1, len - 2))
                return yaml_refuse_at(node->items[i], column, err, "'%.*s' has no meaning here",
                                      (int)len, at);
            found |=
                wanted != NULL && strlen(wanted) == len - 2 && memcmp(wanted, at + 1, len - 2) == 0;
        }
    return found ? 0 : yaml_refuse(node, err, "'%s' must hold '{%s}'", node->key, wanted);
}

static int read_submit(void *into, const struct yaml *node, struct err *err)
{
    static const char *const known[] = {"script", "name", "cpus", NULL};

    return read_template(&((struct executor_rule *)into)->submit, node, known, "script", err);
}

static int read_poll(void *into, const struct yaml *node, struct err *err)
{
    static const char *const known[] = {NULL};

    return read_template(&((struct executor_rule *)into)->poll, node, known, NULL, err);
}

static int read_cancel(void *into, const struct yaml *node, struct err *err)
{
    static const char *const known[] = {"id", NULL};

    return read_template(&((struct executor_rule *)into)->cancel, node, known, "id", err);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Which kinds take a key; a letter each. */
static const struct {
    const char *key, *kinds;
} takers[] = {
    {"partition", "s"},    {"time", "s"},   {"memory", "s"}, {"gres", "s"},    {"options", "s"},
    {"concurrency", "sc"}, {"cpus", "sc"},  {"setup", "sc"}, {"shared", "sc"}, {"every", "sc"},
    {"patience", "sc"},    {"resume", "sc"}, {"submit", "c"}, {"poll", "c"},    {"cancel", "c"},
};

static int check_keys(const struct executor_rule *rule, const struct yaml *node, struct err *err)
{
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
        const struct yaml *key = yaml_find(node, takers[i].key);
        if (key != NULL && strchr(takers[i].kinds, rule->kind[0]) == NULL)
            return yaml_refuse_key(key, err, "'%s' is not for the executor '%s'", takers[i].key,
                                   rule->kind);
    }
    if (strcmp(rule->kind, "command") != 0)
        return 0;
    if (rule->submit.n == 0 || rule->poll.n == 0 || rule->cancel.n == 0)
        return yaml_refuse(node, err, "the executor 'command' needs submit, poll and cancel");
    return 0;
}

int study_read_executor(void *reading, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"kind", true, read_kind},
        {"partition", false, read_partition},
        {"time", false, read_time},
        {"cpus", false, read_cpus},
        {"memory", false, read_memory},
        {"gres", false, read_gres},
        {"concurrency", false, read_concurrency},
        {"options", false, read_options},
        {"setup", false, read_setup},
        {"shared", false, read_shared},
        {"every", false, read_every},
        {"patience", false, read_patience},
        {"resume", false, read_resume},
        {"submit", false, read_submit},
        {"poll", false, read_poll},
        {"cancel", false, read_cancel},
        {NULL, false, NULL},
    };
    struct executor_rule *rule = &((struct study_reading *)reading)->study->executor;

    if (node->kind == YAML_SCALAR)
        return read_kind(rule, node, err) != 0 ? -1 : check_keys(rule, node, err);
    return yaml_read_map(rule, node, keys, err) != 0 ? -1 : check_keys(rule, node, err);
}
