/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"
#include "placeholder.h"
#include "study_part.h"

enum { MAX_NAME = 64, MAX_WORD = 200, MAX_PATH = 4096, NOT_GIVEN = -1 };

const char *const procedure_names[] = {"two_level", "paired", "greedy", NULL};

/* --- words of several sections ---------------------------------------------------------------- */

static bool is_word(const struct yaml *node, const char *const *words)
{
    for (; node->kind == YAML_SCALAR && *words != NULL; words++)
        if (strcmp(node->text, *words) == 0)
            return true;
    return false;
}

static bool is_off(const struct yaml *node)
{
    return is_word(node, (const char *const[]){"off", "0", "false", NULL});
}

static bool is_on(const struct yaml *node)
{
    return is_word(node, (const char *const[]){"on", "true", NULL});
}

/* --- metric ----------------------------------------------------------------------------------- */

/* Names that have a meaning of their own on the trainer's standard output (docs/trainer.md). */
static bool metric_is_taken(const char *name)
{
    static const char *const taken[] = {"test_loss", "config", "progress", "step"};

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    return false;
}

static bool is_metric_name(const char *name)
{
    for (size_t n; *name != '\0'; name += n + (name[n] == '/'))
        if ((n = name_length(name)) == 0 || (name[n] != '\0' && name[n] != '/'))
            return false;
    return true;
}

static int read_metric_name(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = into;
    const char *name;

    if (yaml_read_text(&name, node, MAX_NAME, err) != 0)
        return -1;
    if (strcmp(name, "test_loss") == 0)
        return yaml_refuse(node, err,
                           "'test_loss' is withheld until the end; choose a metric of "
                           "the validation data");
    if (metric_is_taken(name))
        return yaml_refuse(node, err, "'%s' has another meaning and cannot be the metric", name);
    if (!is_metric_name(name))
        return yaml_refuse(node, err, "'%s' is no metric's name: use letters, digits, _ . - /",
                           name);
    study->metric = mem_strdup(name);
    return 0;
}

static int read_goal(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = into;
    const char *goal;

    if (yaml_read_text(&goal, node, MAX_WORD, err) != 0)
        return -1;
    study->maximize = strcmp(goal, "maximize") == 0;
    if (!study->maximize && strcmp(goal, "minimize") != 0)
        return yaml_refuse(node, err, "the goal is 'minimize' or 'maximize', not '%s'", goal);
    return 0;
}

static int read_metric(void *into, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"name", true, read_metric_name},
        {"goal", false, read_goal},
        {NULL, false, NULL},
    };
    struct study_reading *reading = into;

    return yaml_read_map(reading->study, node, keys, err);
}

/* --- trainer ---------------------------------------------------------------------------------- */

static int remember_command(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    (void)err;
    reading->command = node;
    return 0;
}

static int read_timeout(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    return yaml_read_duration(&reading->study->timeout_s, node, err);
}

static int read_trainer(void *into, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"command", true, remember_command},
        {"timeout", false, read_timeout},
        {NULL, false, NULL},
    };

    return yaml_read_map(into, node, keys, err);
}

/* --- search and decision ---------------------------------------------------------------------- */

static struct study *study_of(void *reading)
{
    return ((struct study_reading *)reading)->study;
}

static int read_proposer_timeout(void *into, const struct yaml *node, struct err *err)
{
    return yaml_read_duration(&study_of(into)->proposer_timeout_s, node, err);
}

static int read_writable(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = study_of(into);

    return yaml_read_texts(&study->writable, &study->n_writable, node, MAX_PATH, err);
}

static int refuse_strategy(const struct yaml *node, const char *name, struct err *err)
{
    const char *names[64];
    size_t n = 0;

    for (; n < 64 && strategies[n] != NULL; n++)
        names[n] = strategies[n]->name;
    const char *meant = word_suggest(name, names, n);
    if (meant != NULL)
        return yaml_refuse(node, err, "unknown strategy '%s' (did you mean '%s'?)", name, meant);
    return yaml_refuse(node, err, "unknown strategy '%s' (see `nightshift list strategies`)", name);
}

static int read_strategy(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    const char *name;

    if (yaml_read_text(&name, node, MAX_WORD, err) != 0)
        return -1;
    reading->strategy = node;
    bool none = strcmp(name, strategy_none.name) == 0;
    reading->study->strategy = none ? &strategy_none : strategy_find(name);
    return reading->study->strategy != NULL ? 0 : refuse_strategy(node, name, err);
}

static int read_seed(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    return yaml_read_integer(&reading->study->seed, node, 0, UINT64_MAX, err);
}

static int remember_enqueue(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    if (node->kind != YAML_LIST)
        return yaml_refuse(node, err, "'enqueue' must be a list of configs: [{name: value}, …]");
    reading->enqueue = node;
    return 0;
}

static int read_search(void *into, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"strategy", false, read_strategy},
        {"seed", false, read_seed},
        {"command", false, study_read_proposer},
        {"timeout", false, read_proposer_timeout},
        {"writable", false, read_writable},
        {"enqueue", false, remember_enqueue},
        {NULL, false, NULL},
    };

    if (yaml_read_map(into, node, keys, err) != 0)
        return -1;
    return study_check_proposer(study_of(into), node, err);
}

static int read_procedure(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = study_of(into);
    const char *name;

    if (yaml_read_text(&name, node, MAX_WORD, err) != 0)
        return -1;
    for (size_t i = 0; procedure_names[i] != NULL; i++) {
        if (strcmp(name, procedure_names[i]) != 0)
            continue;
        study->procedure = (enum procedure_kind)i;
        return 0;
    }
    return yaml_refuse(node, err, "the procedure is 'two_level', 'paired' or 'greedy', not '%s'",
                       name);
}

static int read_alpha(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = study_of(into);

    return yaml_read_number(&study->rule.alpha, node, 0.001, 0.2, err);
}

static int read_fdr(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    reading->fdr = node;
    return yaml_read_number(&reading->study->fdr, node, 0.001, 0.2, err);
}

static int read_confirm(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = study_of(into);
    uint64_t n = 0;

    if (!is_off(node) && yaml_read_integer(&n, node, 2, CONFIRM_MAX, err) != 0)
        return -1;
    study->confirm = (int)n;
    return 0;
}

static int read_max_seeds(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = study_of(into);
    uint64_t n;

    if (yaml_read_integer(&n, node, 1, BOUNDARY_MAX, err) != 0)
        return -1;
    study->rule.max_seeds = (int)n;
    return 0;
}

static int read_min_gain(void *into, const struct yaml *node, struct err *err)
{
    struct study *study = study_of(into);

    return yaml_read_number(&study->rule.min_gain, node, 0, INFINITY, err);
}

static int read_decision(void *into, const struct yaml *node, struct err *err)
{
    static const struct yaml_key keys[] = {
        {"procedure", false, read_procedure},
        {"alpha", false, read_alpha},
        {"fdr", false, read_fdr},
        {"max_seeds", false, read_max_seeds},
        {"min_gain", false, read_min_gain},
        {"confirm", false, read_confirm},
        {NULL, false, NULL},
    };

    return yaml_read_map(into, node, keys, err);
}

/* --- single values ---------------------------------------------------------------------------- */

static int read_name(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    const char *name;
    size_t len;

    if (yaml_read_text(&name, node, MAX_NAME, err) != 0)
        return -1;
    len = strlen(name);
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len || *name == '-')
        return yaml_refuse(node, err,
                           "the name '%s' may hold only a-z, 0-9 and -, and not begin "
                           "with -",
                           name);
    if (len >= 4 && strcmp(name + len - 4, "-log") == 0)
        return yaml_refuse(node, err, "the name '%s' may not end in -log", name);
    reading->study->name = mem_strdup(name);
    return 0;
}

static int read_parameters(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    return study_read_parameters(reading->study, node, err);
}

static int remember_constraints(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    if (node->kind != YAML_LIST)
        return yaml_refuse(node, err, "'constraints' must be a list of texts");
    reading->constraints = node;
    return 0;
}

static int read_jobs(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    uint64_t n;

    if (yaml_read_integer(&n, node, 1, 1024, err) != 0)
        return -1;
    reading->study->jobs = (int)n;
    return 0;
}

static int read_lookahead(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    uint64_t n;

    if (yaml_read_integer(&n, node, 1, 4096, err) != 0)
        return -1;
    reading->study->lookahead = (int)n;
    return 0;
}

static int read_run_cap(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    uint64_t n;

    if (yaml_read_integer(&n, node, 1, 1000000000, err) != 0)
        return -1;
    reading->study->run_cap = (int64_t)n;
    return 0;
}

static int read_hours(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    if (yaml_read_number(&reading->study->hours, node, 0, 24 * 366, err) != 0)
        return -1;
    if (reading->study->hours == 0)
        return yaml_refuse(node, err, "'hours' must be more than 0");
    return 0;
}

static int read_until(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    const char *until;

    if (yaml_read_time(&until, node, err) != 0)
        return -1;
    reading->study->until = mem_strdup(until);
    return 0;
}

/* The budgets of work need nothing from us: they are parameters or flags of the trainer. */
static int read_budget(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    reading->study->timed = is_word(node, (const char *const[]){"time", NULL});
    if (reading->study->timed ||
        is_word(node, (const char *const[]){"steps", "tokens", "flops", NULL}))
        return 0;
    return yaml_refuse(node, err, "the budget is 'time', 'steps', 'tokens' or 'flops'");
}

static int read_files(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    return yaml_read_texts(&reading->study->files, &reading->study->n_files, node, MAX_PATH, err);
}

static int read_env(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    struct study *study = reading->study;

    if (yaml_read_texts(&study->env, &study->n_env, node, MAX_WORD, err) != 0)
        return -1;
    for (size_t i = 0; i < study->n_env; i++)
        if (name_length(study->env[i]) != strlen(study->env[i]) ||
            strpbrk(study->env[i], ".-") != NULL)
            return yaml_refuse(node->items[i], err, "'%s' is no name of an environment variable",
                               study->env[i]);
    return 0;
}

/* --- keys that this version knows only in their plain form ------------------------------------ */

static int read_audit(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    if (!is_on(node) && !is_off(node))
        return yaml_refuse(node, err, "'audit' is on or off");
    reading->audit = is_on(node);
    return 0;
}

static int read_early(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    reading->early = node;
    return study_read_early(reading->study, node, err);
}

static int read_placebo(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;
    uint64_t n = PLACEBO_USUAL;

    if (is_off(node))
        n = 0;
    else if (!is_on(node) && yaml_read_integer(&n, node, 2, 1000, err) != 0)
        return -1;
    reading->study->placebo = (int)n;
    return 0;
}

static int remember_hypotheses(void *into, const struct yaml *node, struct err *err)
{
    struct study_reading *reading = into;

    (void)err;
    reading->hypotheses = node;
    return 0;
}

/* Words of W&B sweep files that stand elsewhere here. */
static int refuse_wandb(void *into, const struct yaml *node, struct err *err)
{
    (void)into;
    if (strcmp(node->key, "method") == 0)
        return yaml_refuse_key(node, err, "unknown key 'method' (here: search: {strategy: …})");
    return yaml_refuse_key(node, err, "unknown key '%s' (here: trainer: {command: […]})",
                           node->key);
}

/* --- the whole -------------------------------------------------------------------------------- */

static const struct yaml_key study_keys[] = {
    {"name", true, read_name},
    {"metric", true, read_metric},
    {"trainer", true, read_trainer},
    {"parameters", true, read_parameters},
    {"constraints", false, remember_constraints},
    {"search", false, read_search},
    {"source", false, study_read_source},
    {"evaluate", false, study_remember_evaluate},
    {"decision", false, read_decision},
    {"jobs", false, read_jobs},
    {"lookahead", false, read_lookahead},
    {"run_cap", false, read_run_cap},
    {"hours", false, read_hours},
    {"until", false, read_until},
    {"budget", false, read_budget},
    {"files", false, read_files},
    {"env", false, read_env},
    {"executor", false, study_read_executor},
    {"placebo", false, read_placebo},
    {"audit", false, read_audit},
    {"early_terminate", false, read_early},
    {"hypotheses", false, remember_hypotheses},
    {"notify", false, study_read_notify},
    {"breaker", false, study_read_breaker},
    {"min_free", false, study_read_min_free},
    {"min_memory", false, study_read_min_memory},
    {"keep_files", false, study_read_keep_files},
    {"sandbox", false, study_read_sandbox},
    {"limits", false, study_read_limits},
    {"method", false, refuse_wandb},
    {"command", false, refuse_wandb},
    {"program", false, refuse_wandb},
    {NULL, false, NULL},
};

static void study_init(struct study *study, const char *text, size_t len)
{
    *study = (struct study){
        .text = mem_strndup(text, len),
        .text_len = len,
        .timeout_s = INFINITY,
        .strategy = strategy_find("auto"),
        .seed = 1,
        .proposer_timeout_s = 60,
        .source = {.timeout_s = 600},
        .fdr = NAN,
        .rule = {.alpha = NAN, .max_seeds = NOT_GIVEN, .min_gain = 0},
        .placebo = NOT_GIVEN,
        .confirm = NOT_GIVEN,
        .jobs = 1,
        .lookahead = NOT_GIVEN,
        .hours = NAN,
    };
    policy_init(&study->policy);
    executor_rule_init(&study->executor);
}

static void set_default(int *value, int usual)
{
    if (*value == NOT_GIVEN)
        *value = usual;
}

/* A level for all tests together needs a procedure that counts them. */
static int check_fdr(const struct study_reading *reading, struct err *err)
{
    if (reading->fdr == NULL)
        return 0;
    if (isfinite(reading->study->rule.alpha))
        return yaml_refuse_key(reading->fdr, err,
                               "'alpha' and 'fdr' exclude each other: give one of them");
    if (reading->study->procedure != PROCEDURE_TWO_LEVEL)
        return yaml_refuse_key(reading->fdr, err,
                               "'fdr' is for the procedure two_level; '%s' "
                               "takes 'alpha'",
                               procedure_names[reading->study->procedure]);
    return 0;
}

/* What was not given depends on the procedure: the two-level one brings audit, placebos and
 * confirmation with it. */
static void settle(struct study *study, int audit)
{
    bool two = study->procedure == PROCEDURE_TWO_LEVEL;

    if (isnan(study->rule.alpha)) {
        study->rule.alpha = 0.05;
        if (two && isnan(study->fdr))
            study->fdr = 0.05;
    }
    set_default(&study->rule.max_seeds, two ? 8 : 6);
    set_default(&study->placebo, two ? PLACEBO_USUAL : 0);
    set_default(&study->confirm, two ? 8 : 0);
    set_default(&study->lookahead, two ? 2 : 1);
    study->planned = study->run_cap;
    study->audit = audit == NOT_GIVEN ? two && study->strategy != &strategy_none : audit != 0;
}

bool study_passes_baseline(const struct study *study)
{
    return study->lookahead >= LOOKAHEAD_WIDE && study->procedure != PROCEDURE_PAIRED &&
           !study->strategy->outside && study->n_hypotheses == 0 && study->early.kind == NULL;
}

/* Said before the night, not by a night that ends at once. */
static int check_strategy(const struct study_reading *reading, struct err *err)
{
    const struct study *study = reading->study;
    struct err why = {0, ""};

    if (study->strategy == &strategy_none && reading->hypotheses == NULL &&
        reading->enqueue == NULL)
        return yaml_refuse(reading->strategy, err,
                           "without a search, 'hypotheses' must say what there is to do");
    if (reading->strategy == NULL || strategy_serves(study->strategy, &study->space, &why) == 0)
        return 0;
    return yaml_refuse(reading->strategy, err, "%s", why.text);
}

static int read_study(struct study *study, const struct yaml *root, struct err *err)
{
    struct study_reading reading = {.study = study, .audit = NOT_GIVEN};

    if (yaml_read_map(&reading, root, study_keys, err) != 0)
        return -1;
    if (study_read_command(study, reading.command, err) != 0)
        return -1;
    if (study_check_source(&reading, err) != 0 || study_read_evaluate(study, &reading, err) != 0)
        return -1;
    if (check_fdr(&reading, err) != 0 || check_strategy(&reading, err) != 0)
        return -1;
    settle(study, reading.audit);
    if (reading.early != NULL && study_check_early(study, reading.early, err) != 0)
        return -1;
    if (reading.constraints != NULL && study_read_constraints(study, reading.constraints, err) != 0)
        return -1;
    if (reading.enqueue != NULL && study_read_enqueue(study, reading.enqueue, err) != 0)
        return -1;
    return reading.hypotheses != NULL ? study_read_hypotheses(study, reading.hypotheses, err) : 0;
}

int study_parse(struct study *out, const char *text, size_t len, const char *name, struct err *err)
{
    struct yaml *root = NULL;
    int rc = -1;

    *out = (struct study){0};
    if (yaml_parse(&root, text, len, name, err) == 0) {
        study_init(out, text, len);
        rc = read_study(out, root, err);
    }
    if (rc != 0)
        study_clear(out);
    yaml_free(root);
    return rc;
}

/* A missing or unreadable study file is the user's to mend, unlike a failing disk. */
static int read_file(char **text, size_t *len, const char *path, struct err *err)
{
    if (access(path, R_OK) != 0)
        return err_usage(err, "%s: %s", path, strerror(errno));
    if (file_is_dir(path))
        return err_usage(err, "%s: a folder, not a study file", path);
    return file_read(text, len, path, YAML_MAX_BYTES, err);
}

int study_read(struct study *out, const char *path, struct err *err)
{
    struct str name = {NULL, 0};
    char *text = NULL;
    size_t len = 0;
    int rc = -1;

    *out = (struct study){0};
    str_add_printable(&name, path, strlen(path), MAX_PATH);
    if (read_file(&text, &len, path, err) == 0)
        rc = study_parse(out, text, len, str_text(&name), err);
    free(text);
    str_clear(&name);
    return rc;
}

static void free_texts(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

void study_clear(struct study *study)
{
    free(study->text);
    free(study->name);
    free(study->metric);
    free(study->until);
    free_texts(study->command, study->n_command);
    free_texts(study->proposer, study->n_proposer);
    free_texts(study->writable, study->n_writable);
    free_texts(study->source.build, study->source.n_build);
    free_texts(study->source.allow, study->source.n_allow);
    free_texts(study->evaluate, study->n_evaluate);
    free(study->source.repo);
    free(study->source.commit);
    free(study->source.binary);
    free_texts(study->files, study->n_files);
    free_texts(study->env, study->n_env);
    for (size_t i = 0; i < study->n_enqueued; i++)
        free(study->enqueued[i]);
    free(study->enqueued);
    for (size_t i = 0; i < study->n_hypotheses; i++)
        hypothesis_clear(&study->hypotheses[i]);
    free(study->hypotheses);
    space_clear(&study->space);
    policy_clear(&study->policy);
    executor_rule_clear(&study->executor);
    *study = (struct study){0};
}
