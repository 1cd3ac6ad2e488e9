/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The study file.  What is taken has a canonical text, and its start values are a config. */
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

static void use(const struct study *study)
{
    struct value *start = mem_new(study->space.n + 1, sizeof *start);
    struct str spec = {0}, yaml = {0};
    char sha[SHA256_TEXT];

    study_write_spec(&spec, study);
    describe(study, spec.at);
    space_start(start, &study->space);
    trial_hash(sha, &study->space, start);
    trial_write_yaml(&yaml, &study->space, start);
    if (study_passes_baseline(study) && study->lookahead < LOOKAHEAD_WIDE)
        abort();
    free(start);
    str_clear(&yaml);
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
