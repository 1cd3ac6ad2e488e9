/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The study file.  What is taken has a canonical text, and its start values are a config
 * that both of its texts are read back as; of them and the command an argv is made. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "str.h"
#include "study.h"
#include "target.h"
#include "trial.h"

extern const struct target target_study;

/* Told against another study, and from the file's own text, which stands for what may stand in a
 * record: there is something to be told just where the texts differ. */
static void describe(const struct study *study, const char *spec)
{
    static const char other[] =
        "{\"name\":\"other\",\"audit\":false,\"files\":[],\"parameters\":[{\"name\":\"n\"},"
        "{\"name\":\"gone\"},{\"name\":\"x\",\"start\":null}],\"hypotheses\":[]}";
    const char *const pairs[][2] = {
        {spec, spec}, {other, spec}, {spec, other}, {study->text, spec}};

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct str change = {0};
        study_describe_change(&change, pairs[i][0], pairs[i][1]);
        if (i < 3 && (change.len > 0) != (i > 0))
            abort();
        str_clear(&change);
    }
}

/* Reads a config back from one of its texts. */
static void read_again(const struct space *space, const char *text, const char *sha)
{
    struct value *config = mem_new(space->n + 1, sizeof *config);
    char again[SHA256_TEXT];
    struct err err;

    if (trial_parse(config, space, text, &err) != 0)
        abort();
    trial_hash(again, space, config);
    if (strcmp(sha, again) != 0)
        abort();
    free(config);
}

static void use_start(const struct study *study, const struct value *start)
{
    const struct argv_values values = {.config_path = "config.json",
                                       .dir = target_folder(),
                                       .study_dir = target_folder(),
                                       .seed = 1,
                                       .steps = 2};
    const struct space *space = &study->space;
    struct str json = {0}, yaml = {0};
    char sha[SHA256_TEXT];

    trial_hash(sha, space, start);
    trial_write_json(&json, space, start);
    trial_write_yaml(&yaml, space, start);
    read_again(space, json.at, sha);
    read_again(space, yaml.at, sha);
    argv_free(trial_argv(space, start, study->command, study->n_command, &values));
    str_clear(&yaml);
    str_clear(&json);
}

static void use(const struct study *study)
{
    struct value *start = mem_new(study->space.n + 1, sizeof *start);
    struct str spec = {0};

    study_write_spec(&spec, study);
    describe(study, spec.at);
    space_start(start, &study->space);
    use_start(study, start);
    if (study_passes_baseline(study) && study->lookahead < LOOKAHEAD_WIDE)
        abort();
    free(start);
    str_clear(&spec);
}

static void read(const uint8_t *bytes, size_t len)
{
    char *path = target_path("fuzz.yaml");
    struct study study;
    struct err err = {0};

    target_put("fuzz.yaml", bytes, len);
    if (study_read(&study, path, &err) == 0) {
        use(&study);
        study_clear(&study);
    } else {
        target_check_refusal(&err);
    }
    free(path);
}

const struct target target_study = {
    .name = "study",
    .summary = "the study file",
    .read = read,
};
