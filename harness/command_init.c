/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "placeholder.h"
#include "schema_path.h"
#include "study.h"

static const struct option_row options[] = {
    {"metric", 0, "NAME", "what the trainer prints and the study minimises (default val_loss)"},
    {"command", 0, "ARGV…", "a trainer of your own: all words behind this are its command"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_init;

/* --- the parts of the file -------------------------------------------------------------------- */

static const char head[] =
    "# A study for nightshift: what is searched, and by which rule a change is kept.\n"
    "#   nightshift check FILE   says what this file means and where it is wrong\n"
    "#   nightshift run FILE     begins the study, or goes on with it\n"
    "\n";

static const char own_trainer[] =
    "trainer:\n"
    "  # An argv, no shell.  {config} is a JSON file with all parameters, {seed} a number, {dir} "
    "the\n"
    "  # run's own folder, {lr} the value of lr; {args} alone becomes --name=value for each one.\n"
    "  command: [";

static const char builtin[] =
    "trainer:\n"
    "  # nightshift-lm trains one small Llama.  Its data comes from your text:\n"
    "  #   nightshift-lm prepare --text FILE --vocab 2048 --out data\n"
    "  command: [nightshift-lm, train, --config, \"{config}\", --seed, \"{seed}\", --out, "
    "\"{dir}\",\n"
    "            --data, \"{study_dir}/data\", --steps, \"{steps}\", --threads, 1]\n"
    "  timeout: 15m              # per run; one that takes longer is ended and counts as failed\n"
    "files: [data]               # recorded by SHA-256, and checked before every session\n"
    "\n"
    "# Each searched parameter has a range and a start; the starts together are the baseline.\n"
    "# `nightshift-lm options` lists all there are.\n"
    "parameters:\n"
    "  lr:           {distribution: log_uniform_values, min: 1e-4, max: 2e-2, start: 1e-3}\n"
    "  warmup:       {distribution: uniform, min: 0, max: 0.3, start: 0.05}   # of the budget\n"
    "  weight_decay: {distribution: log_uniform_values, min: 1e-3, max: 1, start: 0.1}\n"
    "  beta2:        {distribution: uniform, min: 0.9, max: 0.999, start: 0.95}\n"
    "  schedule:     {values: [cosine, linear, constant], start: cosine}\n"
    "  dim:          {distribution: q_uniform, q: 64, min: 64, max: 256, start: 128}\n"
    "  layers:       {distribution: int_uniform, min: 1, max: 6, start: 3}\n"
    "  heads:        {values: [2, 4, 8], start: 4}\n"
    "  batch:        {distribution: q_uniform, q: 4, min: 4, max: 64, start: 16}\n"
    "  tokens:       {value: 2000000}   # the budget of one run, the same for every config\n"
    "  save:         {value: false}     # true keeps the weights of every run\n"
    "constraints:\n"
    "  - dim % heads == 0\n"
    "  - dim / heads >= 16\n"
    "\n";

static const char tail[] =
    "search:\n"
    "  strategy: auto            # picks by space and experiments so far; `nightshift list "
    "strategies`\n"
    "  seed: 1\n"
    "  # enqueue: [{lr: 3e-3}]   # configs of your own, tried first; all else as at the start\n"
    "decision:\n"
    "  procedure: two_level      # go on from what is probably better, believe what a test on "
    "fresh\n"
    "                            # seeds has kept; `nightshift list procedures`\n"
    "  fdr: 0.05                 # share of the verified keeps that may be luck\n"
    "  max_seeds: 8              # pairs of runs in a test, at most\n"
    "  min_gain: 0               # a gain up to this does not matter\n"
    "  confirm: 8                # pairs on fresh seeds, baseline and winner, at a night's end; "
    "off\n"
    "audit: on                   # 13 runs first: how large is the noise?  off: learnt on the way\n"
    "placebo: 15                 # one proposal in so many is a placebo: how often are we fooled?\n"
    "jobs: 1                     # runs at a time, each on cores of its own\n"
    "run_cap: 100                # experiments; `hours: 8` and until: \"07:30\" also end a night\n"
    "breaker: 10                 # failures in a row after which it pauses\n"
    "# notify: [./tell.sh, \"{event}\", \"{message}\"]    told of verified, breaker, pause, "
    "finish\n";

/* --- a trainer of one's own ------------------------------------------------------------------- */

/* As it stands where YAML takes it as it is, else in quotes. */
static void add_element(struct str *out, const char *word)
{
    bool plain = *word != '\0' && strcmp(word, "-") != 0;

    for (const char *p = word; *p != '\0'; p++)
        plain = plain && isascii(*p) && (isalnum((unsigned char)*p) || strchr("_./=+-", *p));
    if (plain)
        str_add(out, word);
    else
        json_write_string(out, word);
}

/* The names of parameters in the command, each once; *n of them.  The caller frees both. */
static char **named_parameters(size_t *n, bool *passes_all, const char *const *argv, size_t n_argv)
{
    char **names = NULL;
    size_t len;

    *n = 0;
    *passes_all = false;
    for (size_t i = 0; i < n_argv; i++) {
        const char *p = argv[i];
        for (; (p = placeholder_find(&len, p)) != NULL; p += len) {
            enum placeholder kind = placeholder_kind(p + 1, len - 2);
            *passes_all |= kind == PLACEHOLDER_ARGS || kind == PLACEHOLDER_CONFIG;
            char *name = mem_strndup(p + 1, len - 2);
            bool is_new = kind == PLACEHOLDER_PARAMETER;
            for (size_t k = 0; k < *n; k++)
                is_new = is_new && strcmp(names[k], name) != 0;
            if (is_new) {
                names = mem_room(names, *n, sizeof *names);
                names[(*n)++] = name;
            } else {
                free(name);
            }
        }
    }
    return names;
}

static void add_own_parameters(struct str *out, char *const *names, size_t n)
{
    str_add(out, "\n# Each searched parameter has a range and a start; the starts together are the "
                 "baseline.\nparameters:\n");
    for (size_t i = 0; i < n; i++)
        str_addf(out,
                 "  %s: {distribution: uniform, min: 0, max: 1, start: 0.5}   # the real range\n",
                 names[i]);
    if (n == 0)
        str_add(out,
                "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2, start: 1e-3}\n");
    str_add(out, "  # depth:     {distribution: int_uniform, min: 2, max: 12, start: 8}\n"
                 "  # optimizer: {values: [adamw, muon], start: adamw}\n"
                 "  # muon_lr:   {min: 0.001, max: 0.1, start: 0.02, when: {optimizer: muon}}\n"
                 "  # budget:    {value: 300}                     # a constant\n"
                 "# constraints: [\"depth * dim <= 4096\"]\n\n");
}

static void add_own(struct str *out, const char *const *argv, size_t n)
{
    bool passes_all;
    size_t n_names;
    char **names = named_parameters(&n_names, &passes_all, argv, n);

    str_add(out, own_trainer);
    for (size_t i = 0; i < n; i++) {
        str_add(out, i > 0 ? ", " : "");
        add_element(out, argv[i]);
    }
    str_add(out, passes_all || n_names > 0 ? "]\n" : ", \"{args}\"]\n");
    str_add(out, "  timeout: 15m              # per run; one that takes longer is ended and counts "
                 "as failed\n"
                 "# files: [data]             # inputs: recorded by SHA-256, checked before every "
                 "session\n"
                 "# env: [HF_HOME]            # environment variables that runs may see\n");
    add_own_parameters(out, names, n_names);
    for (size_t i = 0; i < n_names; i++)
        free(names[i]);
    free(names);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* "My Study.yaml" -> "my-study": what the study is called after its file. */
static char *name_after(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    struct str name = {NULL, 0};

    for (const char *p = base; *p != '\0' && (*p != '.' || p == base) && name.len < 60; p++) {
        char c = (char)tolower((unsigned char)*p);
        if (isascii(c) && isalnum((unsigned char)c))
            str_addn(&name, &c, 1);
        else if (name.len > 0 && name.at[name.len - 1] != '-')
            str_add(&name, "-");
    }
    if (name.len == 0)
        str_add(&name, "study");
    if (name.len >= 4 && strcmp(name.at + name.len - 4, "-log") == 0)
        str_add(&name, "s");
    return str_take(&name);
}

static void write_study(struct str *out, const char *path, const char *metric,
                        const struct arguments *arguments)
{
    char *name = name_after(path), *schema = schema_path();

    if (schema != NULL)
        str_addf(out, "# yaml-language-server: $schema=%s\n", schema);
    str_add(out, head);
    str_addf(out, "name: %s\nmetric: {name: ", name);
    add_element(out, metric);
    str_add(out, ", goal: minimize}   # the trainer prints `");
    str_addf(out, "%s: 0.99`, or JSON with that key\n\n", metric);
    if (arguments->n_rest > 0)
        add_own(out, arguments->rest, arguments->n_rest);
    else
        str_add(out, builtin);
    str_add(out, tail);
    free(schema);
    free(name);
}

/* What was asked for may not make a study: {a}{b or a metric with blanks.  Nothing is written then.
 */
static int check_text(const struct str *text, struct err *err)
{
    struct study study;

    if (study_parse(&study, text->at, text->len, "init", err) != 0)
        return -1;
    study_clear(&study);
    return 0;
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *path = arguments->n_words > 0 ? arguments->words[0] : "study.yaml";
    const char *metric = option_value(&command_init, arguments, "metric");
    struct str text = {NULL, 0};
    int rc = -1;

    if (arguments->n_words > 1)
        return err_usage(err, "init: one FILE at a time ('%s' is too many)", arguments->words[1]);
    if (file_exists(path))
        return err_usage(err, "init: '%s' is there already; nothing was written", path);
    write_study(&text, path, metric != NULL ? metric : "val_loss", arguments);
    if (check_text(&text, err) == 0)
        rc = file_write(path, text.at, text.len, err);
    str_clear(&text);
    if (rc == 0)
        log_info("wrote %s; now edit it, then: nightshift check %s", path, path);
    return rc;
}

const struct command command_init = {
    .name = "init",
    .operands = "[FILE]",
    .summary = "write a commented study file",
    .help = "FILE is study.yaml where it is left out; a file that is there is never overwritten.\n"
            "\n"
            "Without --command the study is for the built-in trainer.  --command stands last: the\n"
            "words behind it are the command of your own trainer, and each {name} in them becomes\n"
            "a parameter.\n"
            "\n"
            "  nightshift init kjv.yaml\n"
            "  nightshift init mine.yaml --command python3 train.py '--lr={lr}' '--seed={seed}'\n",
    .options = options,
    .run = run,
};
