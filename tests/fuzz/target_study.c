/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The study file.  What is taken has a canonical text, and its start values are a config. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "study.h"
#include "target.h"
#include "trial.h"

extern const struct target target_study;

static void use(const struct study *study)
{
    struct value *start = mem_new(study->space.n + 1, sizeof *start);
    struct str spec = {0}, change = {0}, yaml = {0};
    char sha[SHA256_TEXT];

    study_write_spec(&spec, study);
    study_describe_change(&change, spec.at, spec.at);
    space_start(start, &study->space);
    trial_hash(sha, &study->space, start);
    trial_write_yaml(&yaml, &study->space, start);
    if (change.len > 0)
        abort();
    free(start);
    str_clear(&yaml);
    str_clear(&change);
    str_clear(&spec);
}

static void read(const uint8_t *bytes, size_t len)
{
    char *text = mem_strndup((const char *)bytes, len);
    struct study study;
    struct err err = {0};

    if (study_parse(&study, text, len, "fuzz.yaml", &err) == 0) {
        use(&study);
        study_clear(&study);
    } else {
        target_check_refusal(&err);
    }
    free(text);
}

const struct target target_study = {
    .name = "study",
    .summary = "the study file",
    .read = read,
};
